"""Grading a class: the same as nbgrader, and what is done already is skipped."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from lxmls_grading import cli
from lxmls_grading.class_run.marker import Marker
from lxmls_grading.gradebook import points_by_hand
from lxmls_grading.gradebook.points_by_hand import read_digests
from lxmls_grading.records import read_records, write_record
from tests.support.course import run
from tests.support.small_course import RIGHT, WRONG, check_whole, scores, submit

pytestmark = pytest.mark.slow


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
        content = path.read_bytes() if path.is_file() else b""
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
    assert sorted(summary["reasons"]) == ["blaise", "carl", "emmy"]
    assert scores(course) == {"ada": 4, "blaise": 2, "carl": 0, "dorothy": 2, "emmy": 2}
    assert rows(course) == rows(other)
    assert files(course) == files(other)


def test_a_submission_without_notebooks_gets_no_points_and_a_reason(course, grade):
    submit(course, "ada")
    status, summary, _ = grade()
    assert status == 1
    assert scores(course) == {"ada": 0}
    assert {reason["kind"] for reason in summary["reasons"]["ada"]} == {"missing"}


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


def test_whose_points_are_gone_from_the_gradebook_is_graded_again(course, grade):
    """The student was removed and is back, with more time now; files are as they were."""
    for student in ("ada", "bob"):
        submit(course, student, RIGHT, RIGHT)
    grade()
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.remove_student("ada")
        gradebook.add_student("ada")
        gradebook.add_submission("day2", "ada")
    _, summary, _ = grade()
    assert (summary["graded"], summary["skipped"]) == (["ada"], ["bob"])
    assert scores(course) == {"ada": 4, "bob": 4}


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_whose_points_are_older_than_the_submission_is_graded_again(course, grade, force):
    """A copy of the gradebook was put back; points by hand in it may be for another answer."""
    folder = submit(course, "ada", RIGHT, WRONG)
    submit(course, "bob", RIGHT, RIGHT)
    grade()
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        given = gradebook.find_grade("test", "second", "day2", "ada")
        given.manual_score, given.needs_manual_grade = 1, False
        gradebook.db.commit()
    copy = (course / "gradebook.db").read_bytes()
    shutil.rmtree(folder)
    submit(course, "ada", WRONG, RIGHT)
    grade()
    (course / "gradebook.db").write_bytes(copy)
    assert scores(course) == {"ada": 3, "bob": 4}

    _, dry, _ = grade("--dry-run", *force)
    _, summary, _ = grade(*force)
    assert sorted(summary["graded"]) == ["ada", *(["bob"] if force else [])]
    assert sorted(dry["graded"]) == sorted(summary["graded"])
    assert summary["points"] == dry["points"]
    assert scores(course) == {"ada": 1, "bob": 4}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_grade("test", "second", "day2", "ada").needs_manual_grade
    assert grade()[1]["graded"] == []


def test_what_nbgrader_has_graded_is_skipped_until_it_is_newer(course, grade):
    folder = submit(course, "ada", RIGHT, RIGHT)
    (folder / "timestamp.txt").write_text("2026-11-24 10:00:00 UTC")
    run("nbgrader", "autograde", "day2", cwd=course)
    assert grade()[1]["skipped"] == ["ada"]
    (folder / "timestamp.txt").write_text("2026-11-24 11:00:00 UTC")
    assert grade()[1]["graded"] == ["ada"]


def test_reasons_of_what_is_skipped_are_told_again_but_are_no_failure_of_this_run(course, grade):
    submit(course, "ada", "import os; os._exit(1)", RIGHT)
    first, second = grade(), grade()
    assert (first[0], second[0]) == (1, 0)
    assert [reason["kind"] for reason in first[1]["reasons"]["ada"]] == ["kernel"]
    assert second[1]["earlier_reasons"] == first[1]["reasons"]
    assert second[1]["reasons"] == first[1]["earlier_reasons"] == {}
    assert second[1]["skipped"] == ["ada"]
    submit(course, "blaise", RIGHT, RIGHT)
    third = grade()
    assert (third[0], third[1]["graded"], third[1]["skipped"]) == (0, ["blaise"], ["ada"])


def test_points_are_told_with_what_has_changed(course, cluster, grade, capsys):
    for student, answers in {"ada": (RIGHT, WRONG), "blaise": (WRONG, WRONG)}.items():
        submit(course, student, *answers)
    points = grade()[1]["points"]
    assert points["totals"] == {"ada": 2, "blaise": 0}
    assert points["statistics"]["first"] == {"of": 2, "mean": 1, "median": 1, "min": 0, "max": 2}
    assert points["statistics"]["total"] == {"of": 4, "mean": 1, "median": 1, "min": 0, "max": 2}
    assert points["changed_totals"] == {}
    for student, answers in {"ada": (RIGHT, RIGHT), "blaise": (WRONG, RIGHT)}.items():
        shutil.rmtree(course / "submitted" / student)
        submit(course, student, *answers)
    submit(course, "carl", WRONG, WRONG)
    assert cli.main(["grade", "day2", "--scheduler", cluster.scheduler_address]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("day2: 3 graded in ")
    assert lines[1].split() == ["of", "mean", "median", "min", "max"]
    assert [line.split() for line in lines[2:5]] == [
        ["first", "2", "0.67", "0", "0", "2"],
        ["second", "2", "1.33", "2", "0", "2"],
        ["total", "4", "2", "2", "0", "4"],
    ]
    assert lines[5:9] == [
        "Changed since the last run:",
        "  second test: 2 students +2",
        "  ada: 2 -> 4",
        "  blaise: 0 -> 2",
    ]
    points = grade("--force", "--student", "ada")[1]["points"]
    assert (points["totals"], points["changed_cells"]) == ({"ada": 4}, [])


def test_a_machine_that_fails_later_replaces_no_earlier_points(course, grade, monkeypatch):
    """The worker cannot execute it again; writing fails in the middle; then all is well."""
    folder = submit(course, "ada", RIGHT, RIGHT)
    submit(course, "blaise", RIGHT, RIGHT)
    grade()
    before = rows(course), files(course), read_records(course, "day2")
    shutil.rmtree(folder)
    submit(course, "ada", WRONG, f"{WRONG}  # cannot be executed")
    status, summary, _ = grade()
    assert (status, summary["failed"], summary["skipped"]) == (1, ["ada"], ["blaise"])
    assert "It keeps its earlier points" in summary["reasons"]["ada"][0]["text"]
    assert (rows(course), files(course)) == before[:2]
    assert not read_records(course, "day2")["ada"].graded  # what was handed in last is not

    def full(self, output, resources):
        if resources["unique_key"] == "second":
            raise OSError(errno.ENOSPC, "No space left on device")
        return stock(self, output, resources)

    shutil.rmtree(folder)
    submit(course, "ada", WRONG, WRONG)
    stock = Marker.write_single_notebook
    with monkeypatch.context() as patch:
        patch.setattr(Marker, "write_single_notebook", full)
        status, summary, _ = grade("--force")
    assert status == 2
    assert summary["left"] == 2
    assert (rows(course), files(course)) == before[:2]
    assert read_records(course, "day2")["blaise"] == before[2]["blaise"]
    assert grade()[1]["graded"] == ["ada"]
    check_whole(course, {"ada": 0, "blaise": 4})


class TestPointsByHand:
    """They stay those of the answer that was read, whenever a run fails or is killed."""

    @pytest.fixture
    def digests(self, course, grade) -> dict:
        """Points by hand for one answer, and another answer that is to be graded now."""
        submit(course, "ada", RIGHT, RIGHT)
        grade()
        give(course, 1.5)
        grade("--force")
        assert by_hand(course) == (1.5, False)
        digests = read_digests(course, "day2", "ada")
        shutil.rmtree(course / "submitted" / "ada")
        submit(course, "ada", WRONG, WRONG)
        return digests

    @pytest.mark.parametrize("step", ["write_single_notebook", "_put_in_place"])
    def test_where_a_run_fails(self, course, grade, monkeypatch, digests, step):
        """It fails before the rows are committed, or after it."""

        def fail(self, *arguments):
            if step == "_put_in_place" or "second" in str(arguments[1]["unique_key"]):
                raise ValueError("something is wrong")
            return stock(self, *arguments)

        stock = getattr(Marker, step)
        with monkeypatch.context() as patch:
            patch.setattr(Marker, step, fail)
            assert grade()[1]["failed"] == ["ada"]
        assert by_hand(course) == (1.5, False)
        assert read_digests(course, "day2", "ada") == digests
        assert grade()[1]["graded"] == ["ada"]
        assert by_hand(course) == (1.5, True)

    @pytest.mark.parametrize("moment", ["before the commit", "after it"])
    @pytest.mark.usefixtures("digests")
    def test_where_a_run_is_killed_while_the_folder_is_that_of_the_earlier_answer(
        self, course, cluster, grade, moment
    ):
        place = course / "autograded" / "ada" / "day2" / "first.ipynb"
        earlier = place.read_bytes()
        step = {"before the commit": "transaction._end_whole", "after it": "Marker._put_in_place"}
        kill(course, cluster, step[moment])
        assert place.read_bytes() == earlier
        assert by_hand(course) == (1.5, moment == "after it")
        give(course, 1.5)  # whoever reads the earlier answer confirms them
        assert grade()[1]["graded"] == ["ada"]
        assert by_hand(course) == (1.5, True)

    @pytest.mark.usefixtures("digests")
    def test_where_a_run_is_killed_when_the_folder_is_that_of_the_new_answer(
        self, course, cluster, grade
    ):
        kill(course, cluster, "EarlierPoints.keep_new")
        assert by_hand(course) == (1.5, True)
        give(course, 0.25)  # for the new answer
        shutil.rmtree(course / "submitted" / "ada")
        submit(course, "ada", RIGHT, RIGHT)
        assert grade()[1]["graded"] == ["ada"]
        assert by_hand(course) == (0.25, True)

    @pytest.mark.usefixtures("digests")
    @pytest.mark.parametrize("moment", ["finish", "_put_in_place"])
    def test_what_a_person_writes_before_a_run_fails_stays(
        self, course, grade, monkeypatch, moment
    ):
        def write(self, *arguments):
            give(course, 2)
            return stock(self, *arguments)

        def fail(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        before = scores(course)
        stock = getattr(Marker, moment)
        with monkeypatch.context() as patch:
            patch.setattr(Marker, "set_permissions", fail)
            patch.setattr(Marker, moment, write)
            assert grade()[0] != 0
        # After the commit, nobody can tell which answer it was for.
        assert by_hand(course) == (2, moment == "_put_in_place")
        assert scores(course) == {name: score + 0.5 for name, score in before.items()}

    @pytest.mark.parametrize("first", [True, False], ids=["first time", "again"])
    def test_where_the_note_fails_the_new_results_stay(
        self, course, grade, monkeypatch, request, first
    ):
        def full(root, assignment, student, notebook, cells):
            if cells:  # those of earlier answers go without trouble
                raise OSError(errno.ENOSPC, "No space left on device")
            stock(root, assignment, student, notebook, cells)

        stock = points_by_hand.write_digests
        if first:
            submit(course, "ada", WRONG, WRONG)
        else:
            request.getfixturevalue("digests")
        with monkeypatch.context() as patch:
            patch.setattr(points_by_hand, "write_digests", full)
            assert grade()[0] == 2
        assert WRONG in (course / "autograded" / "ada" / "day2" / "first.ipynb").read_text()
        assert by_hand(course) == ((None, False) if first else (1.5, True))
        grade()
        check_whole(course, {"ada": 0 if first else 1.5})

    @pytest.mark.usefixtures("cluster")
    def test_what_fails_before_anything_is_read_changes_no_note(
        self, course, grade, monkeypatch, digests
    ):
        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("lxmls_grading.class_run.marker.make_folder", full)
            assert grade()[0] == 2
        assert read_digests(course, "day2", "ada") == digests
        assert by_hand(course) == (1.5, False)


def kill(course: Path, cluster, step: str) -> None:
    """Let a run end at once when it comes to a step, as ``kill -9`` does."""
    code = (
        "import os; from lxmls_grading import cli\n"
        "from lxmls_grading.class_run.marker import EarlierPoints, Marker\n"
        "from lxmls_grading.gradebook import transaction\n"
        f"{step} = lambda *arguments: os._exit(9)\n"
        f"cli.main(['grade', 'day2', '--scheduler', {cluster.scheduler_address!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=course, capture_output=True)
    assert done.returncode == 9, done.stderr


def by_hand(course: Path) -> tuple[float, bool]:
    """Return Ada's points by hand in the first notebook, and whether they wait."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        (cell,) = gradebook.find_submission("day2", "ada").notebooks[0].grades
        return cell.manual_score, cell.needs_manual_grade


def give(course: Path, points: float) -> None:
    """Give points as the formgrader does; that confirms them, too."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        (cell,) = gradebook.find_submission("day2", "ada").notebooks[0].grades
        cell.manual_score, cell.needs_manual_grade = points, False
        gradebook.db.commit()


def test_a_sandbox_that_fails_in_the_middle_ends_the_run_and_costs_nothing(course, grade):
    for student in ("ada", "blaise", "carl"):
        submit(course, student, RIGHT, RIGHT)
    grade()
    before = rows(course), files(course), read_records(course, "day2")
    shutil.rmtree(course / "submitted" / "blaise")
    submit(course, "blaise", WRONG, f"{WRONG}  # ends all sandboxes")
    status, summary, said = grade("--student", "blaise")
    assert (status, summary["graded"]) == (2, [])
    assert "No permissions to create new namespace" in said
    assert (rows(course), files(course), read_records(course, "day2")) == before


def test_a_submission_that_gets_no_sandbox_stops_no_other(course, grade):
    """Each time for this one, while an empty sandbox can be made: it concerns nobody else."""
    submit(course, "ada", RIGHT, f"{RIGHT}  # never finds a sandbox")
    submit(course, "blaise", RIGHT, RIGHT)
    status, summary, _ = grade()
    assert status == 1
    assert sorted(summary["graded"]) == ["ada", "blaise"]
    assert {reason["kind"] for reason in summary["reasons"]["ada"]} == {"given up"}
    assert "No permissions to create new namespace" in summary["reasons"]["ada"][0]["text"]
    check_whole(course, {"ada": 0, "blaise": 4})


def test_a_submission_that_cannot_be_prepared_stops_no_other(course, grade, monkeypatch):
    """Such as by an error of Python's own, which no list of errors foresees."""
    for student in ("ada", "blaise", "carl"):
        submit(course, student, RIGHT, RIGHT)
    prepare = Marker.prepare

    def fails(marker, student):
        if student == "blaise":
            raise SystemError("AST constructor recursion depth mismatch (before=87, after=54)")
        return prepare(marker, student)

    with monkeypatch.context() as patch:
        patch.setattr(Marker, "prepare", fails)
        status, summary, _ = grade()
    assert (status, sorted(summary["graded"]), summary["failed"]) == (
        1,
        ["ada", "carl"],
        ["blaise"],
    )
    assert "depth mismatch" in summary["reasons"]["blaise"][0]["text"]
    assert grade()[1]["graded"] == ["blaise"]  # the next run tries it again
    check_whole(course, {"ada": 4, "blaise": 4, "carl": 4})


def test_a_sandbox_that_fails_once_is_tried_again(course, grade):
    submit(course, "ada", RIGHT, f"{RIGHT}  # finds no sandbox at first")
    submit(course, "blaise", RIGHT, RIGHT)
    status, summary, _ = grade()
    assert (status, sorted(summary["graded"])) == (0, ["ada", "blaise"])
    check_whole(course, {"ada": 4, "blaise": 4})


def test_a_run_that_was_killed_while_it_wrote_is_noticed(course, grade):
    submit(course, "ada", RIGHT, RIGHT)
    grade()
    record = read_records(course, "day2")["ada"]
    write_record(course, replace(record, graded=False, digest=""))  # as it is while it is replaced
    assert grade()[1]["graded"] == ["ada"]
    ended = subprocess.Popen(["true"])
    ended.wait()
    (course / "autograded" / "ada" / f".earlier-{ended.pid}-day2").mkdir()  # nbgrader was killed
    assert grade()[1]["graded"] == ["ada"]
    check_whole(course, {"ada": 4})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "day3"], "nbgrader generate_assignment day3"),
        (["grade", "day2", "--student", "nobody"], "nobody"),
        (["grade", "day2", "--scheduler", "tcp://127.0.0.1:9"], "tcp://127.0.0.1:9"),
    ],
)
def test_where_nothing_can_run_the_status_is_2(course, capsys, monkeypatch, arguments, said):
    monkeypatch.setattr("lxmls_grading.class_run.cluster.CLUSTER_TIMEOUT", 1)
    submit(course, "ada", RIGHT, RIGHT)
    assert cli.main([*arguments, "--quiet"]) == 2
    assert said in capsys.readouterr().err
    assert not (course / "autograded").exists()


def test_without_the_course_s_config_nothing_is_graded(course, capsys):
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    submit(course, "ada", RIGHT, RIGHT)
    assert cli.main(["grade", "day2"]) == 2
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
    monkeypatch.setattr("lxmls_grading.class_run.run.installed", lambda: "9.9")
    status, _, said = grade()
    assert status == 2
    assert "9.9" in said


def test_progress_names_who_got_a_reason(course, cluster, capsys):
    submit(course, "ada", RIGHT, RIGHT)
    submit(course, "carl", "import os; os._exit(1)", RIGHT)
    arguments = ["grade", "day2", "--scheduler", cluster.scheduler_address]
    assert cli.main(arguments) == 1
    said = capsys.readouterr()
    assert "carl, first: The kernel died" in said.err
    assert "2 graded" in said.out
    assert "1 with reasons" in said.out
    assert cli.main([*arguments, "--quiet", "--force"]) == 1
    assert capsys.readouterr() == ("", "")


def test_files_of_assignment_and_student_lie_beside_the_notebook(course, tmp_path, grade):
    """Both ways to grade; what was handed in does not take the place of the course's module."""
    source = course / "source" / "day2"
    (source / "helper.py").write_text("LETTER = 'b'")
    (source / "data").mkdir()
    (source / "data" / "letters.csv").write_text("a,b")
    read = "open('data/letters.csv').read().split(',')[1]"
    own = submit(course, "ada", f"import mine\nanswers = {{mine.A: {read}}}", RIGHT)
    (own / "mine.py").write_text("A = 'a'")
    other = submit(course, "blaise", "import helper\nanswers = {'a': helper.LETTER}", RIGHT)
    (other / "helper.py").write_text("LETTER = 'c'")
    (other / "numpy.py").write_text("1 / 0")
    large = submit(course, "carl", "answers = {'a': open('large.bin').read(1)}", RIGHT)
    (large / "large.bin").write_bytes(b"b" * 1_100_000)
    shadowing = submit(
        course, "dora", "import lxmls_nb.plots, mine2\nanswers = mine2.answers", RIGHT
    )
    (shadowing / "lxmls_nb").mkdir()
    (shadowing / "lxmls_nb" / "__init__.py").write_text("1 / 0")
    (shadowing / "mine2.py").write_text(RIGHT)
    by_nbgrader = Path(shutil.copytree(course, tmp_path / "other"))

    _, summary, _ = grade()
    run("nbgrader", "autograde", "day2", cwd=by_nbgrader)
    expected = {"ada": 4, "blaise": 4, "carl": 2, "dora": 4}
    assert scores(course) == scores(by_nbgrader) == expected
    assert rows(course) == rows(by_nbgrader)
    why, aside = summary["reasons"]["carl"]
    assert (why["kind"], aside["kind"]) == ("file", "set aside")
    assert "`large.bin` is larger than 1 MB" in why["text"]
    assert summary["reasons"].keys() == {"carl"}


def lateness(course: Path, student: str) -> float:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return gradebook.find_submission("day2", student).late_submission_penalty


def test_times_decide_before_grading_and_are_followed_afterwards(course, grade):
    config = course / "nbgrader_config.py"
    config.write_text(f'{config.read_text()}\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("day2", duedate="2026-11-23 10:00 UTC")
    for student, time in (("ada", "2026-11-23 10:00 CEST"), ("bob [2]", "2026-11-23 10:01 UTC")):
        (submit(course, student, RIGHT, RIGHT) / "timestamp.txt").write_text(time)
    submit(course, "O'Hara", RIGHT, WRONG)
    status, summary, _ = grade()
    assert (status, summary["failed"]) == (1, ["ada"])
    assert "'2026-11-23 10:00 CEST'" in summary["reasons"]["ada"][0]["text"]
    assert sorted(summary["graded"]) == ["O'Hara", "bob [2]"]
    assert (lateness(course, "bob [2]"), lateness(course, "O'Hara")) == (4, 0)
    # Another due date costs no grading.
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("day2", duedate="2026-11-23 10:02 UTC")
    status, summary, _ = grade("--student", "bob [2]")
    assert (status, summary["graded"], summary["skipped"]) == (0, [], ["bob [2]"])
    assert lateness(course, "bob [2]") == 0
    # A submission that was graded, and whose time is in doubt now, is final no more.
    (course / "submitted" / "bob [2]" / "day2" / "timestamp.txt").write_text("yesterday")
    (course / "submitted" / "ada" / "day2" / "timestamp.txt").unlink()
    status, summary, _ = grade()
    assert (status, summary["graded"], summary["failed"]) == (1, ["ada"], ["bob [2]"])
    assert scores(course)["ada"] == 4
