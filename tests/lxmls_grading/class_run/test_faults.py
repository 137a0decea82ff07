"""A class is graded whole, whatever happens in between."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import psutil
import pytest
from nbgrader.api import Gradebook

from lxmls_grading import cli
from lxmls_grading.records import lock_assignment, read_records
from lxmls_grading.sandbox.bubblewrap import find_bubblewrap
from tests.support.small_course import (
    RIGHT,
    SLOW,
    WRONG,
    check_whole,
    scores,
    start,
    submit,
    wait_for,
)

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("own_warm_process")
def test_killed_in_the_middle_a_second_run_finishes_the_rest(course, grade):
    students = [f"student-{number}" for number in range(6)]
    for student in students:
        submit(course, student, SLOW, RIGHT)
    process = start(course, "--workers", "2")
    wait_for(lambda: len(read_records(course, "day2")) >= 2, 120)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []

    before = {name: record.time for name, record in read_records(course, "day2").items()}
    graded = {name: (course / "autograded" / name / "day2").stat().st_mtime_ns for name in before}
    assert 2 <= len(before) < 6
    status, summary, _ = grade()
    assert status == 0
    assert sorted(summary["graded"]) == sorted(set(students) - set(before))
    assert sorted(summary["skipped"]) == sorted(before)
    for name, when in graded.items():
        assert (course / "autograded" / name / "day2").stat().st_mtime_ns == when
    check_whole(course, dict.fromkeys(students, 4.0))


def test_a_killed_worker_costs_nobody_a_grade(course, cluster, grade):
    students = [f"student-{number}" for number in range(4)]
    for student in students:
        submit(course, student, SLOW, RIGHT)
    pids = [worker.pid for worker in cluster.workers.values()]

    def kill():
        wait_for(lambda: read_records(course, "day2"))
        os.kill(pids[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    status, summary, _ = grade()
    thread.join()
    assert (status, sorted(summary["graded"])) == (0, students)
    check_whole(course, dict.fromkeys(students, 4.0))


def test_a_submission_that_ends_workers_is_given_up(course, grade):
    submit(course, "ada", RIGHT, RIGHT)
    submit(course, "bad", f"{RIGHT}  # ends its worker", RIGHT)
    submit(course, "carl", RIGHT, f"{RIGHT}  # cannot be executed")
    submit(course, "dorothy", RIGHT, RIGHT)
    status, summary, _ = grade()
    assert status == 1
    assert sorted(summary["graded"]) == ["ada", "bad", "carl", "dorothy"]
    assert {r["kind"] for r in summary["reasons"]["bad"]} == {"given up"}
    assert "ended 3 times" in summary["reasons"]["bad"][0]["text"]
    assert "something wrong here" in summary["reasons"]["carl"][0]["text"]
    check_whole(course, {"ada": 4, "bad": 0, "carl": 0, "dorothy": 4})
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        grades = gradebook.find_submission_notebook("first", "day2", "bad").grades
        assert all(each.needs_manual_grade for each in grades)


def test_a_lost_scheduler_ends_the_run_and_loses_nothing(course, grade, capsys, monkeypatch):
    students = [f"student-{number}" for number in range(4)]
    for student in students:
        submit(course, student, SLOW, RIGHT)
    with contextlib.ExitStack() as stack:
        processes = []
        for line in (
            ["scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", "cluster.json"],
            ["worker", "--nthreads", "1", "--no-dashboard", "--scheduler-file", "cluster.json"],
        ):
            log = stack.enter_context(open(course / f"{line[0]}.log", "w"))
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *line], stdout=log, stderr=log, cwd=course
            )
            processes.append(process)
            stack.callback(process.wait)
            stack.callback(process.kill)
        address = wait_for(
            lambda: (course / "cluster.json").exists() and json.loads(
                (course / "cluster.json").read_text() or "{}"
            ).get("address")
        )  # fmt: skip

        def kill():
            wait_for(lambda: read_records(course, "day2"), 120)
            monkeypatch.setattr("lxmls_grading.class_run.run.CLUSTER_TIMEOUT", 2)
            processes[0].kill()

        thread = threading.Thread(target=kill)
        thread.start()
        status = cli.main(["grade", "day2", "--scheduler", address, "--json"])
        thread.join()
    summary = json.loads(capsys.readouterr().out)
    assert status == 1
    assert "scheduler is gone" in summary["error"]
    assert summary["left"] == 4 - len(summary["graded"]) > 0
    again = grade()[1]
    assert sorted(again["graded"] + summary["graded"]) == students
    check_whole(course, dict.fromkeys(students, 4.0))


def test_a_locked_gradebook_is_waited_for(course, grade):
    submit(course, "ada", RIGHT, RIGHT)
    submit(course, "blaise", WRONG, RIGHT)
    locked = threading.Event()

    def hold():
        with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as database:
            database.execute("begin exclusive")
            locked.set()
            time.sleep(20)
            database.rollback()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    status, _, _ = grade()
    thread.join()
    assert status == 0
    check_whole(course, {"ada": 4, "blaise": 2})


def test_a_full_disk_ends_the_run_and_leaves_nothing_half_written(course, cluster, grade):
    students = ["ada", "blaise", "carl"]
    for student in students:
        submit(course, student, RIGHT, RIGHT)
    (course / "autograded").mkdir()
    small = (find_bubblewrap(), "--dev-bind", "/", "/", "--size", "16384", "--tmpfs")
    process = start(
        course,
        *("--scheduler", cluster.scheduler_address, "--json"),
        before=(*small, str(course / "autograded")),
    )
    said, errors = process.communicate(timeout=120)
    assert process.returncode in (1, 2), errors
    summary = json.loads(said)
    assert "No space left on device" in summary["error"]
    assert summary["left"] == 3 - len(summary["graded"]) > 0
    assert set(read_records(course, "day2")) == set(summary["graded"])
    assert grade()[0] == 0
    check_whole(course, dict.fromkeys(students, 4.0))


def test_an_unreadable_folder_is_a_reason(course, cluster):
    submit(course, "ada", RIGHT, RIGHT)
    submit(course, "blaise", RIGHT, RIGHT).chmod(0)
    # root may read everything, unless it gives up the right to
    rights = "--bounding-set=-dac_override,-dac_read_search"
    before = ("setpriv", rights, "--inh-caps=-all") if os.geteuid() == 0 else ()
    process = start(course, "--scheduler", cluster.scheduler_address, "--json", before=before)
    said, errors = process.communicate(timeout=120)
    summary = json.loads(said)
    assert process.returncode == 1, errors
    assert (summary["graded"], summary["failed"]) == (["ada"], ["blaise"])
    assert "Permission denied" in summary["reasons"]["blaise"][0]["text"]
    assert scores(course) == {"ada": 4}
    (course / "submitted" / "blaise" / "day2").chmod(0o755)
    record = read_records(course, "day2")["blaise"]
    assert (record.graded, record.reasons[0].kind) == (False, "unreadable")


def test_started_twice_at_once_one_grades(course, cluster):
    students = [f"student-{number}" for number in range(3)]
    for student in students:
        submit(course, student, SLOW, RIGHT)
    options = ("--scheduler", cluster.scheduler_address, "--json")
    processes = [start(course, *options) for _ in range(2)]
    told = [process.communicate(timeout=120) for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 2]
    graded = [name for said, _ in told for name in json.loads(said)["graded"]]
    assert sorted(graded) == students  # each once
    assert any("is being graded already" in errors for _, errors in told)
    check_whole(course, dict.fromkeys(students, 4.0))


def test_a_lock_ends_with_its_process(course):
    code = (
        "import os, signal\nfrom lxmls_grading.records import lock_assignment\n"
        f"with lock_assignment({str(course)!r}, 'day2'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    with lock_assignment(course, "day2"):
        pass


def test_damaged_records_are_graded_again(course, grade):
    submit(course, "ada", RIGHT, RIGHT)
    grade()
    path = course / ".lxmls_nb" / "day2" / "ada.json"
    for damage in ("", "{", "[]", '{"format": 1}', path.read_text().replace(': "ada"', ": 7")):
        path.write_text(damage)
        assert read_records(course, "day2") == {}
        assert grade()[0] == 0
    check_whole(course, {"ada": 4})
