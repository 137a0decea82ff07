"""Grading a class: the same as nbgrader, and whole whatever happens in between."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import distributed
import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from lxmls_grading import cli as command
from lxmls_grading.class_run import run as class_run
from lxmls_grading.class_run.cluster import SETTINGS
from lxmls_grading.records import only_once, read_records
from lxmls_grading.sandbox.bubblewrap import find_bubblewrap
from tests.support.course import ROOT, run

NAMES = ("first", "second")
RIGHT, WRONG = "answers = {'a': 'b'}", "answers = {'a': 'c'}"
SLOW = f"import time; time.sleep(1.5)\n{RIGHT}"

#: Two tasks whose workers end, as if they had run out of memory.
PRELOAD = """
import os
from lxmls_grading.class_run import task
real = getattr(task, "real", task.execute_submission)
task.real = real  # Dask loads this more than once
def execute_submission(expected, settings, notebooks):
    if any("# ends its worker" in text for text in notebooks.values()):
        os._exit(1)
    if any("# cannot be executed" in text for text in notebooks.values()):
        raise RuntimeError("there is something wrong here")
    return real(expected, settings, notebooks)
task.execute_submission = execute_submission
"""


def marks(name: str, grade: bool, solution: bool) -> dict:
    fields = {"grade_id": name, "grade": grade, "solution": solution, "locked": not solution}
    points = {"points": 2} if grade else {}
    return {"nbgrader": {**fields, **points, "task": False, "schema_version": 3}}


def source_notebook():
    hidden = "### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS"
    test = "from lxmls_nb import checks\nchecks.dictionary(answers, expected={'a': 'b'})\n" + hidden
    answer = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
    return new_notebook(
        cells=[
            new_markdown_cell("Say what follows a.", id="text"),
            new_code_cell(answer, id="answer", metadata=marks("answer", False, True)),
            new_code_cell(test, id="test", metadata=marks("test", True, False)),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


def submit(root: Path, student: str, *answers: str) -> Path:
    """Hand in answers to the first notebooks, and return the folder."""
    folder = root / "submitted" / student / "day2"
    folder.mkdir(parents=True)
    for name, answer in zip(NAMES, answers, strict=False):
        notebook = nbformat.read(root / "release" / "day2" / f"{name}.ipynb", as_version=4)
        notebook.cells[1].source = answer
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course with two small notebooks: to be copied."""
    root = tmp_path_factory.mktemp("released")
    (root / "source" / "day2").mkdir(parents=True)
    for name in NAMES:
        nbformat.write(source_notebook(), root / "source" / "day2" / f"{name}.ipynb")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run("nbgrader", "generate_assignment", "day2", cwd=root)
    return root


@pytest.fixture
def course(released, tmp_path, monkeypatch):
    root = Path(shutil.copytree(released, tmp_path / "course"))
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="module")
def cluster():
    """A cluster that tests share: its workers are warm already."""
    import dask

    settings = SETTINGS | {"distributed.worker.preload": [PRELOAD]}
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": 0}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(dashboard_address="127.0.0.1:0", **options) as local,
    ):
        yield local


@pytest.fixture
def grade(cluster, capsys):
    """Return a function that runs the command here, with the shared workers."""

    def call(*arguments: str) -> tuple[int, dict, str]:
        options = ["--scheduler", cluster.scheduler_address, "--json"]
        status = command.main(["grade", "day2", *options, *arguments])
        said = capsys.readouterr()
        return status, json.loads(said.out), said.err

    return call


def start(course: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen:
    """Start the command in a process of its own."""
    line = [*before, sys.executable, "-m", "lxmls_grading.cli", "grade", "day2", *arguments]
    return subprocess.Popen(
        line, cwd=course, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def scores(course: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions("day2")}


def check_whole(course: Path, expected: dict[str, float]) -> None:
    """Everything is graded and nothing is left half-written."""
    assert scores(course) == expected
    for student in expected:
        folder = course / "autograded" / student / "day2"
        assert sorted(path.name for path in folder.iterdir()) == ["first.ipynb", "second.ipynb"]
        for path in folder.iterdir():
            nbformat.validate(nbformat.read(path, as_version=4))
    folders = {path.name for path in (course / "autograded").glob("*/*")}
    assert folders == {"day2"}
    left = [p.name for p in (course / ".lxmls_nb" / "day2").iterdir() if p.name.startswith(".")]
    assert left == []


def wait_for(what, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)
    return found


# --- the same as nbgrader ------------------------------------------------------------------------


def rows(course: Path) -> dict[str, list]:
    """Return what the gradebook holds, without what differs by chance."""
    found = {}
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'"):
            columns = [c[1] for c in database.execute(f"pragma table_info('{table}')")]
            known = [c for c in columns if c != "id" and not c.endswith("_id")]
            if known:
                query = f"select {', '.join(known)} from '{table}'"
                found[table] = sorted(map(repr, database.execute(query)))
    return found


def files(course: Path) -> dict[str, tuple]:
    found = {}
    for path in (course / "autograded").rglob("*"):
        content = path.read_text() if path.is_file() else ""
        found[str(path.relative_to(course))] = (oct(path.stat().st_mode), content)
    return found


def test_rows_and_files_are_those_of_nbgrader(course, tmp_path, grade):
    submit(course, "ada", RIGHT, RIGHT)
    submit(course, "blaise", RIGHT)  # one notebook is missing
    submit(course, "carl", WRONG, "import os, time; time.sleep(1); os._exit(3)")
    late = submit(course, "dorothy", WRONG, RIGHT)
    (late / "timestamp.txt").write_text("2026-11-24 10:00:00 UTC")
    (late / "figures").mkdir()
    (late / "figures" / "mine.txt").write_text("a file")
    (submit(course, "emmy", RIGHT, RIGHT) / "second.ipynb").write_text("{")
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("day2", duedate="2026-11-23 10:00:00 UTC")
    other = Path(shutil.copytree(course, tmp_path / "other"))

    run("nbgrader", "autograde", "day2", cwd=other)
    status, summary, _ = grade()

    assert status == 1  # there are reasons
    assert sorted(summary["graded"]) == ["ada", "blaise", "carl", "dorothy", "emmy"]
    assert sorted(summary["reasons"]) == ["carl", "emmy"]
    assert scores(course) == {"ada": 4, "blaise": 2, "carl": 0, "dorothy": 2, "emmy": 2}
    assert rows(course) == rows(other)
    assert files(course) == files(other)


def test_a_submission_without_notebooks_gets_no_points_and_a_reason(course, grade):
    submit(course, "ada")
    status, summary, _ = grade()
    assert status == 1
    assert scores(course) == {"ada": 0}
    assert {reason["kind"] for reason in summary["reasons"]["ada"]} == {"unreadable"}


# --- what is done, and what is not ---------------------------------------------------------------


def test_what_is_graded_and_unchanged_is_skipped(course, grade):
    submit(course, "ada", RIGHT, RIGHT)
    folder = submit(course, "blaise", WRONG, WRONG)
    assert sorted(grade()[1]["graded"]) == ["ada", "blaise"]
    status, summary, _ = grade()
    assert (status, summary["graded"], summary["skipped"]) == (0, [], ["ada", "blaise"])

    shutil.rmtree(folder)
    submit(course, "blaise", RIGHT, RIGHT)
    summary = grade()[1]
    assert (summary["graded"], summary["skipped"]) == (["blaise"], ["ada"])
    assert scores(course) == {"ada": 4, "blaise": 4}
    assert grade("--force", "--student", "a*")[1]["graded"] == ["ada"]
    check_whole(course, {"ada": 4, "blaise": 4})


def test_what_nbgrader_has_graded_is_skipped_until_it_is_newer(course, grade):
    folder = submit(course, "ada", RIGHT, RIGHT)
    (folder / "timestamp.txt").write_text("2026-11-24 10:00:00 UTC")
    run("nbgrader", "autograde", "day2", cwd=course)
    assert grade()[1]["skipped"] == ["ada"]
    (folder / "timestamp.txt").write_text("2026-11-24 11:00:00 UTC")
    assert grade()[1]["graded"] == ["ada"]


def test_reasons_are_told_again_of_what_is_skipped(course, grade):
    submit(course, "ada", "import os; os._exit(1)", RIGHT)
    first, second = grade(), grade()
    assert first[0] == second[0] == 1
    assert [reason["kind"] for reason in first[1]["reasons"]["ada"]] == ["kernel"]
    assert second[1]["reasons"] == first[1]["reasons"]
    assert second[1]["skipped"] == ["ada"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "day3"], "nbgrader generate_assignment day3"),
        (["grade", "day2", "--student", "nobody"], "nobody"),
        (["grade", "day2", "--scheduler", "tcp://127.0.0.1:9"], "tcp://127.0.0.1:9"),
    ],
)
def test_where_nothing_can_run_the_status_is_2(course, capsys, monkeypatch, arguments, said):
    monkeypatch.setattr("lxmls_grading.class_run.cluster.PATIENCE", 1)
    submit(course, "ada", RIGHT, RIGHT)
    assert command.main([*arguments, "--quiet"]) == 2
    assert said in capsys.readouterr().err
    assert not (course / "autograded").exists()


def test_without_the_course_s_config_nothing_is_graded(course, capsys):
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    submit(course, "ada", RIGHT, RIGHT)
    assert command.main(["grade", "day2"]) == 2
    assert "nbgrader_config.py" in capsys.readouterr().err


def test_a_changed_source_stops_the_run(course, grade):
    submit(course, "ada", RIGHT, RIGHT)
    path = course / "source" / "day2" / "first.ipynb"
    path.write_text(path.read_text().replace("'a': 'b'", "'a': 'z'"))
    status, summary, _ = grade()
    assert status == 2
    assert "nbgrader generate_assignment day2 --force" in summary["error"]
    assert summary["left"] == 1


def test_a_worker_of_another_version_is_refused(course, grade, monkeypatch):
    submit(course, "ada", RIGHT, RIGHT)
    monkeypatch.setattr(class_run, "installed", lambda: "9.9")
    status, _, said = grade()
    assert status == 2
    assert "9.9" in said


def test_progress_names_who_got_a_reason(course, cluster, capsys):
    submit(course, "ada", RIGHT, RIGHT)
    submit(course, "carl", "import os; os._exit(1)", RIGHT)
    arguments = ["grade", "day2", "--scheduler", cluster.scheduler_address]
    assert command.main(arguments) == 1
    said = capsys.readouterr()
    assert "carl, first: The kernel died" in said.err
    assert "2 graded" in said.out
    assert "1 with reasons" in said.out
    assert command.main([*arguments, "--quiet", "--force"]) == 1
    assert capsys.readouterr() == ("", "")


# --- faults --------------------------------------------------------------------------------------


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
            monkeypatch.setattr(class_run, "PATIENCE", 2)
            processes[0].kill()

        thread = threading.Thread(target=kill)
        thread.start()
        status = command.main(["grade", "day2", "--scheduler", address, "--json"])
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
    assert (record.graded, record.reasons[0]["kind"]) == (False, "unreadable")


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
        "import os, signal\nfrom lxmls_grading.records import only_once\n"
        f"with only_once({str(course)!r}, 'day2'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    with only_once(course, "day2"):
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
