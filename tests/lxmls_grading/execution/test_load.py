"""Time that is up on a loaded machine: who is to blame is measured, and told."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution.load import LoadWatch
from lxmls_grading.execution.warm_process import Executor
from lxmls_grading.sandbox.processor_time import ProcessorTime, cores
from tests.support.execution import SETTINGS


@pytest.fixture
def neighbours():
    """Processes of somebody else that compute for ever, several for each core.

    More of them would keep other tests waiting, which run beside this one. Each is in a session of
    its own: Linux gives every session a share, and one for all of them would take little of a
    kernel's.
    """
    line = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(line, start_new_session=True) for _ in range(3 * cores())]
    yield
    for process in started:
        process.kill()
        process.wait()


def run(warm, code: str, seconds: int):
    """Return whether a cell that needs longer than it may was kept by the machine, and reasons."""
    settings = replace(SETTINGS, ungraded_timeout=seconds)
    with Executor(warm) as executor:
        notebook = nbformat.v4.writes(new_notebook(cells=[new_code_cell(code)]))
        text, measured = executor.execute(notebook, settings)
    return measured.starved, nbformat.v4.reads(text).metadata["lxmls_nb"]["reasons"]


@pytest.mark.slow
def test_who_computes_among_many_others_is_kept_by_the_machine(warm, neighbours):
    starved, reasons = run(warm, "while True: pass", seconds=2)
    assert starved
    assert reasons[0]["kind"] == "timeout"
    assert "the machine was loaded: for " in reasons[0]["detail"]


@pytest.mark.slow
def test_who_only_sleeps_is_not(warm, neighbours):
    # A cell waits for a core before it sleeps: among many more for up to half a second.
    starved, reasons = run(warm, "import time\ntime.sleep(1000)", seconds=5)
    assert [each["kind"] for each in reasons] == ["timeout"]
    assert not starved
    assert reasons[0]["detail"] == ""


class Provisioner:
    """Stands for a kernel: its times are what a test says."""

    has_process = True
    time = ProcessorTime()

    def processor_time(self) -> ProcessorTime:
        return self.time


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("lxmls_grading.execution.load.time.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "lxmls_grading.execution.load.processor_time", lambda proc, pids: ProcessorTime()
    )
    return now


def test_a_loop_on_an_idle_machine_is_its_own_fault(clock):
    kernel = Provisioner()
    watch = LoadWatch(kernel, deadline=2000)
    clock[0] += 30
    kernel.time = ProcessorTime(29.5, 0.5)
    assert watch.look() == ""
    assert not watch.starved


def test_each_cell_is_measured_for_itself(clock):
    kernel = Provisioner()
    watch = LoadWatch(kernel, deadline=2000)
    clock[0] += 100
    kernel.time = ProcessorTime(20, 80)
    watch.start_cell()
    clock[0] += 30  # it sleeps: what was before is no excuse
    assert watch.look() == ""
    watch.start_cell()
    clock[0] += 30
    kernel.time = ProcessorTime(30, 100)
    assert watch.look() == "the machine was loaded: for 20 of 30 s no core was free"
    assert watch.starved


def test_short_cells_share_a_measurement_and_kernels_do_not(clock):
    kernel = Provisioner()
    watch = LoadWatch(kernel, deadline=2000)
    kernel.time = ProcessorTime(20, 80)
    clock[0] += 0.1
    watch.start_cell()  # of what was before, little can lie in so short a time
    clock[0] += 100
    assert watch.look() == "the machine was loaded: for 80 of 100 s no core was free"
    kernel.time = ProcessorTime(0, 0)
    watch.start_kernel()
    watch.start_cell()
    clock[0] += 30
    kernel.time = ProcessorTime(10, 20)
    assert watch.look() == "the machine was loaded: for 20 of 30 s no core was free"


def test_where_the_notebooks_time_is_up_all_of_it_counts(clock):
    kernel = Provisioner()
    watch = LoadWatch(kernel, deadline=1130)
    clock[0] += 100
    kernel.time = ProcessorTime(20, 80)
    watch.start_cell()
    clock[0] += 30
    kernel.time = ProcessorTime(50, 80)
    assert watch.look() == "the machine was loaded: for 80 of 130 s no core was free"
