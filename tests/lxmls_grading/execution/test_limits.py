"""What ends a notebook that takes too much, and what then becomes of the tests."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution.bounded_outputs import cut_outputs
from lxmls_grading.intake.working_files import WorkingFiles
from lxmls_grading.reasons import reasons_of
from tests.support.execution import OBJECT, SETTINGS, TEST, attempt, graded, kinds, printed


def test_endless_loop_is_interrupted_and_the_rest_runs(warm, settings):
    _, points, reasons = attempt(warm, "while True: pass", replace(settings, timeout=1))
    assert points == 2
    assert kinds(reasons) == ["timeout"]
    assert reasons[0]["cells"] == []


def test_endless_loop_that_ignores_signals_is_ended(warm):
    code = "import signal, time; signal.signal(2, signal.SIG_IGN)\nwhile True: time.sleep(0.01)"
    _, points, reasons = attempt(warm, code, replace(SETTINGS, timeout=1))
    assert points == 2  # in a fresh kernel
    assert kinds(reasons) == ["timeout"]


def test_answer_that_never_ends_is_interrupted_in_its_test(warm):
    code = """
class Slow(dict):
    def __len__(self):
        while True: pass
from lxmls_nb.checks.probes import running
def forever(answer):
    while True: pass
running.PROBES["dictionary"] = forever
"""
    executed, points, reasons = attempt(warm, code, replace(SETTINGS, timeout=1), answer=OBJECT)
    assert points == 0
    assert kinds(reasons) == ["timeout"]
    assert "took longer" in executed.cells[-1].outputs[0].evalue


@pytest.mark.parametrize("limits", [{"memory": 2**20}, {"processes": 0}, {"disk": 1}], ids=str)
def test_where_no_kernel_starts_tests_wait_for_the_instructor(warm, limits):
    """As with limits that are too small, or packages that don't fit: no student is to blame."""
    notebook = new_notebook(cells=[new_code_cell(OBJECT), graded(TEST, "waits")])
    executed = warm.execute(notebook, replace(SETTINGS, **limits))
    [found] = reasons_of(executed)
    assert (found.kind, found.cells) == ("test", ("waits",))
    # It ends by itself where it meets a limit before anybody has looked.
    assert re.search(r"no kernel starts for it \(it (went past the limit|ended)", found.detail)


def test_memory_of_one_process_is_limited(warm, settings):
    code = "import numpy as np\nx = np.ones(10**9)"
    _, points, reasons = attempt(warm, code, settings)
    assert points == 2  # an ordinary error, after which the notebook goes on
    assert kinds(reasons) == ["memory"]


def test_memory_of_all_processes_is_limited(warm):
    """Each of the children takes less than is allowed, all of them more."""
    code = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        x = b"x" * 300_000_000
        time.sleep(60)
time.sleep(60)
"""
    small = replace(SETTINGS, memory=800 * 2**20)
    _, points, reasons = attempt(warm, code, small)
    assert points == 2  # in a fresh kernel
    assert kinds(reasons) == ["memory"]


def test_number_of_processes_is_limited(warm):
    code = """
import os, time
for _ in range(300):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError as error:
        print(error)
        break
"""
    executed, points, reasons = attempt(warm, code, replace(SETTINGS, processes=30))
    assert points == 2
    if not {"processes", "memory"} & set(kinds(reasons)):
        assert "Resource temporarily unavailable" in printed(executed, 2)


def test_disk_is_limited(warm, settings):
    code = """
try:
    with open("big", "wb") as file:
        for _ in range(100):
            file.write(bytes(10**6))
except OSError as error:
    print(error.strerror)
"""
    executed, points, _ = attempt(warm, code, replace(settings, disk=20 * 2**20))
    assert points == 2
    assert printed(executed, 2) in ("No space left on device", "File too large")


def test_number_of_files_is_limited(warm, settings):
    code = "for n in range(10**6): open(f'{n}', 'w').close()"
    _, points, reasons = attempt(warm, code, replace(settings, files=500))
    assert points == 2  # in a fresh kernel
    assert kinds(reasons) == ["disk"]


@pytest.mark.parametrize(
    "code", ["print('x' * 10**8)", "for _ in range(10**4): print('x' * 10**4)"]
)
def test_output_is_limited(warm, code):
    executed, points, _ = attempt(warm, code, replace(SETTINGS, max_output=10**6, timeout=60))
    assert points == 2
    assert 1000 < len(printed(executed, 2)) < 3 * 10**6
    assert "left out" in printed(executed, 2)


@pytest.mark.parametrize(
    "code",
    [
        "h = display('x', display_id='a')\nfor _ in range(300): h.update('y' * 10**5)",
        "for _ in range(200): display('x', display_id='a')\ndisplay('y' * 10**5, display_id='a')",
        "for _ in range(200): h = display('x', display_id='a')\nh.update('y' * 10**5)",
    ],
    ids=["many updates", "shown once more", "an update of many places"],
)
def test_updates_of_displays_are_output(warm, code):
    code = f"from IPython.display import display\n{code}"
    executed, points, _ = attempt(warm, code, replace(SETTINGS, max_output=10**6, timeout=60))
    assert points == 2
    assert len(json.dumps(executed.cells[2].outputs)) < 10**6
    assert "left out" in json.dumps(executed.cells[2].outputs)


def test_a_notebook_is_measured_once_more():
    big = nbformat.v4.new_output("stream", text="x" * 1000)
    test = nbformat.v4.new_code_cell("assert f()", outputs=[big])
    test.metadata["nbgrader"] = {"grade": True, "grade_id": "t", "solution": False, "points": 1}
    text = nbformat.v4.new_markdown_cell("text")
    cells = [nbformat.v4.new_code_cell("f()", outputs=[big]) for _ in range(4)]
    notebook = nbformat.v4.new_notebook(cells=[*cells[:2], text, test, *cells[2:]])
    cut_outputs(notebook, 3500)
    kept = [cell.outputs == [big] for cell in notebook.cells if cell.cell_type == "code"]
    assert kept == [True, True, True, False, False]
    assert "left out" in notebook.cells[-1].outputs[0].text


def test_five_reasons_read_differently(warm):
    texts = {
        kind: attempt(warm, code, settings)[2][0]["text"]
        for kind, code, settings in [
            ("timeout", "while True: pass", replace(SETTINGS, timeout=1)),
            ("kernel", "import os; os._exit(0)", SETTINGS),
            ("memory", "x = bytearray(10**11)", SETTINGS),
        ]
    }
    assert "Time is up" in texts["timeout"]
    assert "kernel died" in texts["kernel"]
    assert "Out of memory" in texts["memory"]


def test_files_that_do_not_fit_into_the_scratch_folder_are_a_reason_and_no_more(warm, settings):
    """The notebook runs with the others; that there is no sandbox would end a whole class run."""
    contents = {"first.csv": b"1", "much.csv": b"2" * 3 * 2**20, "last.csv": b"3", "d" * 300: b""}
    code = "import os; print(sorted(name for name in os.listdir() if name[0] != '.'))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    small = replace(settings, disk=2**20)
    executed = warm.execute(notebook, small, WorkingFiles(contents))
    assert printed(executed) == "['first.csv', 'last.csv']"
    told = [(why.kind, why.text) for why in reasons_of(executed)]
    assert [kind for kind, _ in told] == ["file", "file"]
    assert "`much.csv` could not be put there (No space left on device)" in told[0][1]
    assert "File name too long" in told[1][1]
