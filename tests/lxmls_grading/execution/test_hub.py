"""One warm process serves all workers of a machine, and nobody depends on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution import hub
from lxmls_grading.execution.warm_process import Executor, WarmProcess
from lxmls_grading.reasons import reasons_of
from lxmls_grading.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_warm_process")]

WITHOUT_SANDBOX = Settings(sandbox=False)  # what is tested here has nothing to do with it


#: A warm process that has imported what every kernel needs, and not torch, which takes seconds: who
#: is served by which process, and for how long, has nothing to do with it.
LIGHT = """
from lxmls_grading.execution import warm_server
def import_everything():
    from lxmls_grading.execution import jobs
    from lxmls_grading.kernel import student_kernel
warm_server.import_everything = import_everything
warm_server.main()
"""


@pytest.fixture
def light(monkeypatch):
    """Let warm processes start that have imported little."""

    def popen(line, **options):
        *python, option, module = line[:4]
        assert (option, module) == ("-m", "lxmls_grading.execution.warm_server")
        return begin([*python, "-c", LIGHT, *line[4:]], **options)

    begin = hub.subprocess.Popen
    monkeypatch.setattr(hub.subprocess, "Popen", popen)


@pytest.fixture
def started(monkeypatch):
    """Return the list of the warm processes that have been started."""
    processes = []

    def start(*sockets):
        processes.append(start_process(*sockets))
        return processes[-1]

    start_process = hub.start_process
    monkeypatch.setattr(hub, "start_process", start)
    monkeypatch.setattr("lxmls_grading.execution.warm_process.start_process", start)
    return processes


def run(worker: WarmProcess) -> str:
    """Run a cell in a kernel of a worker's, and return what it printed."""
    notebook = new_notebook(cells=[new_code_cell("print(6 * 7)")])
    return worker.execute(notebook, WITHOUT_SANDBOX).cells[0].outputs[0].text.strip()


@pytest.mark.parametrize("variable", ["HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME"])
def test_settings_of_who_grades_do_not_count(variable, monkeypatch, tmp_path):
    """With `text.usetex`, the warm process did not start where there is no LaTeX."""
    for folder in ("", "matplotlib", ".config/matplotlib"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "matplotlibrc").write_text("text.usetex: True\n")
    for name in ("HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    program = "import matplotlib; print(matplotlib.rcParams['text.usetex'])"
    begin = subprocess.Popen

    def popen(line, **options):
        return begin([line[0], "-c", program], stdout=subprocess.PIPE, text=True, **options)

    monkeypatch.setattr(hub.subprocess, "Popen", popen)
    assert hub.start_process().communicate()[0] == "False\n"
    monkeypatch.delenv("MATPLOTLIBRC", raising=False)
    with_them = popen([sys.executable], env={**os.environ, variable: str(tmp_path)})
    assert with_them.communicate()[0] == "True\n"


def test_workers_share_one_process(light, started, monkeypatch):
    with hub.warm_for_workers() as environment:
        monkeypatch.setenv(*next(iter(environment.items())))
        with WarmProcess() as one, WarmProcess() as other:
            assert run(one) == run(other) == "42"
        with WarmProcess() as later:  # the others have ended
            assert run(later) == "42"
    (process,) = started
    assert process.returncode == 0


def test_one_that_is_there_already_serves_others_too(light, started, monkeypatch):
    with hub.warm_for_workers() as environment:
        monkeypatch.setenv(*next(iter(environment.items())))
        with hub.warm_for_workers() as again, WarmProcess() as worker:
            assert again == environment
            assert run(worker) == "42"
        with WarmProcess() as worker:  # it has not ended with the second
            assert run(worker) == "42"
    assert len(started) == 1
    with hub.warm_for_workers() as other:  # the first has ended
        assert other != environment
    assert len(started) == 2


def test_a_worker_whose_hub_has_ended_starts_a_process_of_its_own(light, started, monkeypatch):
    with hub.warm_for_workers() as environment:
        monkeypatch.setenv(*next(iter(environment.items())))
        with WarmProcess() as worker:
            assert run(worker) == "42"
            os.kill(started[0].pid, signal.SIGKILL)
            started[0].wait()
            end = time.monotonic() + 10  # what it forked for the worker ends with it
            while not worker.has_ended() and time.monotonic() < end:
                time.sleep(0.01)
            assert run(worker) == "42"
            assert len(started) == 2


def test_what_nobody_needs_is_ended_before_it_is_ready(started):
    with hub.warm_for_workers():
        pass
    (process,) = started
    assert process.returncode == -signal.SIGTERM  # it was still importing


def test_executor_that_ends_costs_one_notebook():
    text = nbformat.v4.writes(new_notebook(cells=[new_code_cell("print(6 * 7)")]))
    with WarmProcess() as warm, Executor(warm) as executor:

        def done() -> tuple[int, list[str]]:
            executed = nbformat.v4.reads(executor.execute(text, WITHOUT_SANDBOX)[0])
            return len(executed.cells[0].outputs), [why.kind for why in reasons_of(executed)]

        assert done() == (1, [])
        (forks_executors,) = psutil.Process(warm._process.pid).children()
        before = forks_executors.children()
        assert done() == (1, [])
        assert forks_executors.children() == before  # one a submission
        assert len(before) == 1
        before[0].kill()
        assert done() == (0, ["messages"])
        assert done() == (1, [])
