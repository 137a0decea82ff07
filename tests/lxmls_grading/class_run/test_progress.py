"""The bar names what takes long, and its clock goes on while nothing ends."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from lxmls_grading.class_run import progress as module
from lxmls_grading.class_run.progress import Progress
from lxmls_grading.class_run.summary import Summary
from lxmls_grading.reasons import Reason, reason


@pytest.fixture
def screen(monkeypatch):
    """What a terminal would show."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=terminal))
    monkeypatch.setenv("COLUMNS", "300")
    return terminal


@pytest.fixture
def clock(monkeypatch):
    """Let seconds pass: both for the bar and for its clock."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def last(screen) -> str:
    return screen.getvalue().split("\r")[-1]


def test_submission_that_runs_for_long_is_named_while_it_runs(screen, clock):
    bar = Progress(3, "day2")
    bar.start("ada")
    clock[0] += 10
    bar.start("blaise")
    bar.tick()
    assert "ada" not in last(screen)
    clock[0] += 35
    bar.tick()
    assert "ada runs for 45 s" in last(screen)
    bar.executed("ada", 40.2, "exercise_2_2", "train")
    bar.tick()
    assert "blaise runs for 35 s" in last(screen)
    bar.close()


def test_slowest_cell_so_far_is_named(screen, clock):
    bar = Progress(3, "day2")
    for student, seconds in ("ada", 3.0), ("blaise", 40.2), ("carl", 2.0):
        bar.start(student)
        bar.executed(student, seconds, "exercise_2_2", "train")
        bar.graded(student, [Reason("kernel", "It died.")] if student == "ada" else [])
    bar.tick()
    assert "3/3" in last(screen)
    assert "1 with reasons; slowest: blaise, exercise_2_2, train, 40 s" in last(screen)
    bar.close()


def test_clock_ticks_while_nothing_ends(screen, monkeypatch):
    bar = Progress(3, "day2")
    bar.bar.start_t -= 75
    bar.tick()
    assert "01:15<" in last(screen)
    bar.close()


def test_names_cannot_move_the_cursor(screen, clock):
    bar = Progress(1, "day2")
    bar.executed("a\x1b[2Jda", 3.0, "exercise", "cell")
    bar.tick()
    assert "a?[2Jda" in last(screen)
    bar.close()


def test_test_that_cannot_be_run_is_named_once(capsys):
    bar = Progress(3, "day3")
    broken = reason("test", ["v_eq"], detail="it uses `In`", test="v_eq")
    for student in ("ada", "blaise", "carl"):
        bar.graded(student, [replace(broken, notebook="warm_up")])
    bar.close()
    lines = [line for line in capsys.readouterr().err.splitlines() if "v_eq" in line]
    assert len(lines) == 1
    assert lines[0].startswith("ada, warm_up: `v_eq`: this test could not be run;")
    assert lines[0].endswith("(it uses `In`)")


def test_summary_counts_the_students_of_each_test_that_cannot_be_run():
    broken = replace(reason("test", ["v_eq"], detail="it uses `In`", test="v_eq"), notebook="one")
    late = Reason("timeout", "Time is up.", ("v_ne",), "one")
    summary = Summary(graded=["ada", "bo", "cy"], reasons={"ada": [broken, late], "bo": [broken]})
    assert summary.broken_tests() == ["one, v_eq: 2 of 3 students (it uses `In`)"]
    assert summary.to_dict()["broken_tests"] == summary.broken_tests()
