"""After a kernel ends, the rest goes on in a fresh one; the second end is final."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from lxmls_grading.execution.warm_process import Executor
from tests.support.execution import RIGHT, SETTINGS, TEST, graded, kinds
from tests.support.submissions import points_of

ENDING = "import os; os._exit(3)"
DEAF = """
import signal, time
signal.signal(2, signal.SIG_IGN)
while True: time.sleep(0.01)
"""


def answer(source: str, name: str = "answer"):
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {"grade": False, "solution": True, "grade_id": name}
    return cell


def execute(warm, cells, **settings):
    """Return an executed notebook, its points and its reasons."""
    executed = warm.execute(new_notebook(cells=cells), replace(SETTINGS, **settings))
    return executed, points_of(executed), executed.metadata["lxmls_nb"].get("reasons", [])


@pytest.mark.parametrize("ending", [ENDING, DEAF], ids=["dies", "time-out"])
def test_answers_after_a_kernel_that_ended_are_graded(warm, ending):
    cells = [
        new_code_cell("letter = 'b'"),
        answer("answers = {'a': letter}"),
        new_code_cell("print('once')"),
        new_code_cell(ending),
        graded(TEST, "first"),
        answer("more = {'a': answers['a']}", "later"),
        graded(TEST.replace("answers", "more"), "second"),
    ]
    executed, points, reasons = execute(warm, cells, timeout=2)
    assert points == {"first": 2, "second": 2}
    assert kinds(reasons) == ["timeout" if ending == DEAF else "kernel"]
    assert reasons[0]["cells"] == []
    assert "in a fresh kernel, without it" in reasons[0]["text"]
    assert [output.text for output in executed.cells[2].outputs] == ["once\n"]


def test_cells_that_run_again_change_nothing_of_the_notebook(warm):
    """Their displays, which a progress bar updates, are in it from the first time."""
    shown = "bar = display('0 %', display_id='bar')\nbar.update('100 %')"
    cells = [
        new_markdown_cell("# Answers"),
        answer(RIGHT),
        new_code_cell(shown),
        new_code_cell(ENDING),
        new_code_cell("bar.update('again')"),
        graded(TEST, "test"),
    ]
    sources, ids = [cell.source for cell in cells], [cell.id for cell in cells]
    executed, points, reasons = execute(warm, cells)
    assert points == {"test": 2}
    assert kinds(reasons) == ["kernel"]
    assert [cell.source for cell in executed.cells] == sources
    assert [cell.id for cell in executed.cells] == ids
    assert [output.data["text/plain"] for output in executed.cells[2].outputs] == ["'again'"]


def test_test_whose_call_ends_the_kernel_waits_and_the_others_run(warm):
    cells = [
        answer(f"{RIGHT}\ndef deadly():\n    import os\n    os._exit(1)"),
        graded("assert deadly() == 3", "deadly"),
        graded(TEST, "after"),
    ]
    _, points, reasons = execute(warm, cells)
    assert points == {"deadly": 0, "after": 2}
    assert [(each["kind"], each["cells"]) for each in reasons] == [("kernel", ["deadly"])]


def test_second_end_is_final(warm):
    cells = [
        answer(RIGHT),
        graded(TEST, "before"),
        new_code_cell(ENDING),
        graded(TEST, "between"),
        new_code_cell(ENDING),
        graded(TEST, "after"),
    ]
    _, points, reasons = execute(warm, cells)
    assert points == {"before": 2, "between": 2, "after": 0}
    assert [each["cells"] for each in reasons] == [[], ["after"]]
    assert reasons[1]["text"].endswith("The rest of the notebook could not run.")


def test_cell_that_ends_the_fresh_kernel_too_is_final(warm):
    cells = [
        answer(f"{RIGHT}\nimport os, threading\nthreading.Timer(1, os._exit, [1]).start()"),
        new_code_cell("import time; time.sleep(20)"),
        answer("import time; time.sleep(10)", "later"),
        graded(TEST, "after"),
    ]
    _, points, reasons = execute(warm, cells)
    assert points == {"after": 0}
    assert reasons[-1]["cells"] == ["after"]


def test_cells_without_points_have_their_own_limit_and_others_are_then_skipped(warm):
    cells = [
        answer(RIGHT),
        new_code_cell("while True: pass"),
        new_code_cell("import time\ntime.sleep(60)"),
        new_code_cell("needed = dict(answers)"),
        graded(TEST.replace("answers", "needed"), "needs one"),
        new_code_cell("print('not needed')"),
        answer("import time; time.sleep(1.5); late = answers", "late"),
        graded(TEST.replace("answers", "late"), "late test"),
    ]
    executed, points, reasons = execute(warm, cells, ungraded_timeout=1)
    assert points == {"needs one": 2, "late test": 2}
    assert kinds(reasons) == ["timeout"]
    assert "longer than 1 s" in reasons[0]["text"]
    skipped = [
        place
        for place, cell in enumerate(executed.cells)
        if any("Not run: an earlier cell" in str(output.get("text")) for output in cell.outputs)
    ]
    assert skipped == [2, 5]


def test_slowest_cell_is_known(warm):
    cells = [answer(RIGHT), answer("import time; time.sleep(1)", "slow"), graded(TEST)]
    with Executor(warm) as executor:
        _, measured = executor.execute(writes(new_notebook(cells=cells)), SETTINGS)
    assert measured.slowest.name == "slow"
    assert 1 <= measured.slowest.seconds < 10


def test_fault_of_the_kernel_ends_at_once_and_waits_for_a_person(warm):
    cells = [
        answer(RIGHT),
        graded(TEST, "before"),
        new_code_cell("get_ipython().kernel.do_execute = lambda *a, **k: 1 / 0"),
        answer("answers = {'a': 'b', 'c': 'd'}", "never"),
        graded("checks.dictionary(answers, expected={'a': 'b', 'c': 'd'})", "after"),
    ]
    _, points, reasons = execute(warm, cells)
    assert points == {"before": 2, "after": 0}
    assert [(each["kind"], each["cells"]) for each in reasons] == [("fault", ["after"])]
    assert "ZeroDivisionError" in reasons[0]["text"]
