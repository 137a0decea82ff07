"""Ctrl-C: the terminal sends it to all processes, and one line is all that is seen of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import nbformat
import psutil
import pytest

from lxmls_grading.records import read_records
from tests.support.course import run
from tests.support.small_course import RIGHT, SLOW, check_whole, submit, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_warm_process")]

STUDENTS = [f"student-{number}" for number in range(8)]


@pytest.fixture
def started(course):
    """A run on this machine, as a shell starts it: with a group of processes of its own."""
    with start(course) as process:
        yield process


@contextmanager
def start(course):
    for student in STUDENTS:
        submit(course, student, SLOW, RIGHT)
    process = subprocess.Popen(
        [sys.executable, "-m", "lxmls_grading.cli", "grade", "day2", "--workers", "2"],
        cwd=course,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    process.kill()
    process.communicate()


def interrupt(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGINT)


def end_of(process: subprocess.Popen) -> tuple[str, str]:
    """Wait until all of it has ended; return what it wrote."""
    family = psutil.Process(process.pid).children(recursive=True)
    out, err = process.communicate(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
    assert process.returncode == 130, err
    return out, err


@pytest.mark.parametrize("seconds", [0, 1])
@pytest.mark.parametrize("moment", ["imports", "cluster"])
def test_before_anything_is_graded_it_ends_at_once(course, started, moment, seconds):
    if moment == "imports":
        time.sleep(0.5)  # Python itself has started
    else:
        wait_for(lambda: (course / ".lxmls_nb" / "day2" / "grade.log").exists())
    time.sleep(seconds)
    interrupt(started)
    out, err = end_of(started)
    assert out == ""
    assert err.count("\n") == 1, err
    assert err.startswith("lxmls-nb: stopped")
    assert not (course / "autograded").exists()


def test_while_tests_are_tried_it_ends_at_once(course):
    path = course / "source" / "day2" / "first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = notebook.cells[1].source.replace(RIGHT, SLOW)
    notebook.cells[2].source += "\nassert answers"
    nbformat.write(notebook, path)
    run("nbgrader", "generate_assignment", "day2", "--force", cwd=course)
    with start(course) as started:
        line = started.stderr.readline()
        assert line.startswith("first is new or changed")
        time.sleep(0.5)
        interrupt(started)
        out, err = end_of(started)
    assert out == f"day2: 0 graded, {len(STUDENTS)} left.\n"
    assert err.count("\n") == 1, err
    assert err.startswith("lxmls-nb: stopped")
    for kept in (course / ".lxmls_nb" / "day2").glob("plans/*"):
        assert json.loads(kept.read_text())["plan"]


def test_a_run_ends_in_good_order_and_goes_on_later(course, started, grade):
    wait_for(lambda: len(read_records(course, "day2")) >= 2, 120)
    interrupt(started)
    out, err = end_of(started)
    graded = read_records(course, "day2")
    assert 2 <= len(graded) < len(STUDENTS)
    assert err == (
        f"lxmls-nb: stopped: {len(graded)} of {len(STUDENTS)} graded; run it again to continue\n"
    )
    assert f"{len(graded)} graded" in out
    check_whole(course, dict.fromkeys(graded, 4.0))
    status, summary, _ = grade()
    assert (status, sorted(summary["skipped"])) == (0, sorted(graded))
    check_whole(course, dict.fromkeys(STUDENTS, 4.0))


def test_a_second_one_ends_it_at_once(course, started, grade):
    wait_for(lambda: read_records(course, "day2"), 120)
    interrupt(started)
    time.sleep(0.05)
    interrupt(started)
    before = time.monotonic()
    _, err = end_of(started)
    assert time.monotonic() - before < 10
    assert "Traceback" not in err
    assert err.count("\n") <= 1, err
    grade()
    check_whole(course, dict.fromkeys(STUDENTS, 4.0))


def test_when_all_is_graded_it_is_too_late(course, started):
    wait_for(lambda: len(read_records(course, "day2")) == len(STUDENTS), 120)
    interrupt(started)
    out, err = started.communicate(timeout=60)
    assert "Traceback" not in out + err
    assert started.returncode in (0, 130)  # the last one may still have been written
    check_whole(course, dict.fromkeys(STUDENTS, 4.0))
