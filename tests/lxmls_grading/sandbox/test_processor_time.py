"""How long processes compute, and how long they wait for a core."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from lxmls_grading.sandbox.processor_time import (
    ProcessorTime,
    cores,
    is_substantial,
    missed,
    processor_time,
)


def process(folder, pid, children=(0, 0), **threads):
    """Write what Linux tells of a process: of its children in ticks, of threads in nanoseconds."""
    for thread, (used, waited) in threads.items():
        (folder / str(pid) / "task" / thread).mkdir(parents=True)
        text = f"{int(used * 1e9)} {int(waited * 1e9)} 12\n"
        (folder / str(pid) / "task" / thread / "schedstat").write_text(text)
    ticks = os.sysconf("SC_CLK_TCK")
    fields = ["S", "1"] + ["0"] * 9 + ["7", "7"] + [str(int(each * ticks)) for each in children]
    (folder / str(pid) / "stat").write_text(f"{pid} (a) b) {' '.join(fields)} 20 0\n")


def test_threads_and_ended_children_are_added_up(tmp_path):
    process(tmp_path, 1, t1=(1, 2), t2=(0.5, 0.25))
    process(tmp_path, 7, children=(3, 1), t7=(0.25, 0))
    (tmp_path / "self").mkdir()
    assert processor_time(str(tmp_path)) == (5.75, 2.25)
    assert processor_time(str(tmp_path), [1]) == (1.5, 2.25)


def test_what_cannot_be_read_counts_as_none(tmp_path):
    process(tmp_path, 1, t1=(1, 2))
    (tmp_path / "2").mkdir()
    (tmp_path / "1" / "task" / "gone").mkdir()
    assert processor_time(str(tmp_path)) == (1, 2)
    assert processor_time(str(tmp_path / "missing")) == (0, 0)


def test_a_process_that_computes_is_seen_and_one_that_sleeps_is_not():
    sleeping = subprocess.Popen(["sleep", "30"])
    try:
        before = processor_time("/proc", [os.getpid()])
        end = time.process_time() + 0.5
        while time.process_time() < end:
            pass
        used, waited = processor_time("/proc", [os.getpid()])
        assert 0.4 < used - before.used < 1
        assert waited >= before.waited
        assert sum(processor_time("/proc", [sleeping.pid])) < 0.3
    finally:
        sleeping.kill()
        sleeping.wait()


@pytest.mark.parametrize(
    ("what", "used", "waited", "number", "to_blame"),
    [
        ("an endless loop on an idle machine", 29.9, 0.1, 2, False),
        ("an endless loop among 94 others", 1, 29, 2, True),
        ("a cell that sleeps among 94 others", 0, 0.2, 2, False),
        ("a hundred processes on an idle machine", 60, 2940, 2, False),
        ("a hundred processes among 94 others", 30, 2970, 2, True),
        ("a loop on the only core, with a neighbour", 15, 15, 1, True),
        ("a loop that waits a little, as is usual", 27, 3, 2, False),
        ("a kernel that has been started afresh", -50, -9, 2, False),
    ],
)
def test_who_is_to_blame(what, used, waited, number, to_blame):
    before = ProcessorTime(100, 100)
    after = ProcessorTime(100 + used, 100 + waited)
    without = missed(before, after, 30, number)
    assert is_substantial(without, 30) is to_blame, what
    assert 0 <= without <= 30 * number


def test_no_time_is_no_load():
    assert not is_substantial(0, 0)


def test_there_is_a_core():
    assert cores() >= 1
