"""What is replaced in nbgrader: which files are copied, and what stays where grading fails."""

from __future__ import annotations

import logging
import os
import subprocess

import pytest
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

from lxmls_grading import nbgrader_patches
from lxmls_grading.gradebook.earlier_results import interrupted
from lxmls_grading.intake import files
from lxmls_grading.sandbox.bubblewrap import SandboxError
from tests.support.conversion import ANSWER, StubExecute, convert, hand_in


@pytest.mark.usefixtures("_guarded")
def test_only_small_plain_files_are_copied(course, monkeypatch):
    secret = course.parent / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text("private")
    folder = hand_in(course, "ada")
    (folder / "data").mkdir()
    (folder / "data" / "mine.csv").write_text("1")
    (folder / "page.html").write_text("<script>")
    (folder / "key.txt").symlink_to(secret / "key.txt")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "all").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    (folder / "big").touch()
    os.truncate(folder / "big", files.MAX_FILE_BYTES + 1)
    convert(Autograde, course)
    convert(GenerateFeedback, course)
    found = {
        step: {
            str(path.relative_to(course / step / "ada" / "day2"))
            for path in (course / step / "ada" / "day2").rglob("*")
            if not path.is_dir() and path.suffix != ".ipynb"
        }
        for step in ("autograded", "feedback")
    }
    assert found["autograded"] == {"data/mine.csv", "page.html"}
    pages = {"exercise_2_1.html", "exercise_2_2.html"}
    assert found["feedback"] == {"data/mine.csv"} | pages

    monkeypatch.setattr(files, "MAX_FILES", 1)
    convert(Autograde, course)
    assert len([path for path in (course / "autograded").rglob("*") if path.is_file()]) == 3


@pytest.mark.usefixtures("_guarded")
def test_an_instructors_own_files_are_released_whatever_they_are(course):
    (course.parent / "books").write_text("many")
    (course / "source" / "day2" / "books").symlink_to(course.parent / "books")
    convert(GenerateAssignment, course)
    assert (course / "release" / "day2" / "books").read_text() == "many"


class FailingSandbox(StubExecute):
    """It executes a number of notebooks; then there is no sandbox any more."""

    left = 0

    def preprocess(self, nb, resources):
        FailingSandbox.left -= 1
        if FailingSandbox.left < 0:
            raise SandboxError("No permissions to create new namespace")
        return super().preprocess(nb, resources)


def grade_until_it_fails(course, notebooks: int, **options) -> None:
    FailingSandbox.left = notebooks
    steps = ["nbgrader.preprocessors.SaveAutoGrades", "lxmls_grading.feedback.comments.SaveReasons"]
    with pytest.raises(NbGraderException):
        convert(Autograde, course, {"autograde_preprocessors": [FailingSandbox, *steps]}, **options)


def results(course, student: str) -> tuple[dict, list | None]:
    """Return what a student has: files with their modes, and points with comments."""
    files = {
        str(path.relative_to(course)): (path.stat().st_mode, path.read_bytes())
        for path in (course / "autograded" / student).rglob("*")
        if path.is_file()
    }
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        try:
            submission = gradebook.find_submission("day2", student)
        except MissingEntry:
            return files, None
        cells = [cell for each in submission.notebooks for cell in each.grades + each.comments]
        rows = [{k: v for k, v in vars(cell).items() if not k.startswith("_")} for cell in cells]
        return files, sorted(map(repr, rows))


@pytest.mark.usefixtures("_guarded")
@pytest.mark.parametrize("notebooks", [0, 1, 2, 3])
def test_a_sandbox_that_fails_in_the_middle_removes_nothing_earlier(course, notebooks):
    """Two students with two notebooks each: the sandbox fails at each of the four."""
    for student in ("ada", "blaise"):
        hand_in(course, student)
    convert(Autograde, course)
    before = {student: results(course, student) for student in ("ada", "blaise")}
    for student, (found, rows) in before.items():
        assert len(found) == 2
        assert rows
        hand_in(course, student, **{ANSWER: "raise NotImplementedError"})
    grade_until_it_fails(course, notebooks)
    assert (results(course, "ada") == before["ada"]) == (notebooks < 2)
    assert results(course, "blaise") == before["blaise"]
    assert not list((course / "autograded").glob("*/.*"))
    convert(Autograde, course)
    assert results(course, "blaise") != before["blaise"]
    assert not list((course / "autograded").glob("*/.*"))


@pytest.mark.usefixtures("_guarded")
def test_one_notebook_that_fails_keeps_what_it_had(course):
    hand_in(course, "ada")
    convert(Autograde, course)
    before = results(course, "ada")
    hand_in(course, "ada", **{ANSWER: "raise NotImplementedError"})
    grade_until_it_fails(course, 0, notebook="exercise_2_1")
    assert results(course, "ada") == before
    convert(Autograde, course, notebook="exercise_2_1")
    files, _ = results(course, "ada")
    other = "autograded/ada/day2/exercise_2_2.ipynb"
    assert files.keys() == before[0].keys()
    assert files != before[0]
    assert files[other] == before[0][other]


@pytest.mark.usefixtures("_guarded")
def test_a_first_grading_that_fails_leaves_no_points(course):
    hand_in(course, "ada")
    grade_until_it_fails(course, 1)
    assert results(course, "ada") == ({}, None)
    assert not list((course / "autograded").glob("*/.*"))


@pytest.mark.usefixtures("_guarded")
def test_what_nbgrader_cannot_even_begin_stays_as_well(course, monkeypatch):
    """A full disk, a gradebook that is locked, a time that cannot be read: whatever is raised."""
    hand_in(course, "ada")
    convert(Autograde, course)
    before = results(course, "ada")
    for name in ("_is_newer", "recover"):
        with monkeypatch.context() as patch:
            patch.setattr(nbgrader_patches, name, lambda *_: 1 / 0)
            with pytest.raises(NbGraderException):
                convert(Autograde, course, force=False)
        assert results(course, "ada") == before
    with monkeypatch.context() as patch:
        patch.setattr("lxmls_grading.gradebook.earlier_results.read_rows", lambda *_: 1 / 0)
        with pytest.raises(NbGraderException):
            convert(Autograde, course)
    assert results(course, "ada") == before
    assert not list((course / "autograded").glob("*/.*"))


@pytest.mark.usefixtures("_guarded")
def test_what_a_killed_process_has_set_aside_comes_back_and_is_graded_again(course):
    hand_in(course, "ada")
    convert(Autograde, course)
    before = results(course, "ada")
    folder = course / "autograded" / "ada" / "day2"
    ended = subprocess.Popen(["true"])
    ended.wait()
    folder.rename(folder.parent / f".earlier-{ended.pid}-day2")
    folder.mkdir()
    (folder / "exercise_2_1.ipynb").write_text("half-written")
    assert interrupted(folder)
    grade_until_it_fails(course, 0, force=False)
    assert results(course, "ada") == before
    (folder.parent / f".earlier-{ended.pid}-day2").mkdir()  # it was killed in a first grading
    convert(Autograde, course, force=False)
    assert not interrupted(folder)
    assert results(course, "ada")[0].keys() == before[0].keys()


def test_a_command_opens_the_database_once_and_the_next_one_anew(tmp_path, monkeypatch):
    # A class run that a test before this one has made here shares an engine from then on.
    stock = nbgrader_patches._stock_create_engine
    monkeypatch.setattr("nbgrader.api.create_engine", stock)

    def engine():
        with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
            return gradebook.engine

    with nbgrader_patches.shared_engine():
        first = engine()
        assert engine() is first
        with nbgrader_patches.shared_engine():
            assert engine() is first
        assert engine() is first
    (tmp_path / "gradebook.db").unlink()
    with nbgrader_patches.shared_engine():
        assert engine() is not first
        with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
            assert gradebook.students == []  # its tables are there again
    assert engine() is not engine()


def release_feedback(root, log=None, **options) -> set[str]:
    """Release a course's feedback; return the names of the pages in the exchange."""
    coursedir = CourseDirectory(
        root=str(root), course_id="small", assignment_id="day2", db_url="sqlite://", **options
    )
    exchange = root.parent / "exchange"
    exchange.mkdir(exist_ok=True)
    exchange.chmod(0o777)
    release = ExchangeReleaseFeedback(coursedir=coursedir, root=str(exchange))
    release.log = log or release.log
    release.start()
    return {path.name for path in (exchange / "small" / "feedback").iterdir()}


def give_feedback(root, student: str, secret: str | None) -> set[str]:
    """Write feedback as nbgrader does; return the names of the pages in the exchange."""
    folder = root / "feedback" / student / "day2"
    folder.mkdir(parents=True)
    for name in ("exercise_2_1", "exercise_2_2"):
        (folder / f"{name}.html").write_text(f"{name} of {student}")
    if secret is None:
        return set()
    (folder / "submission_secret.txt").write_text(secret)
    return {
        f"{notebook_hash(secret=secret, notebook_id=name)}.html"
        for name in ("exercise_2_1", "exercise_2_2")
    }


@pytest.mark.usefixtures("_guarded")
def test_feedback_is_released_to_whoever_handed_in_through_the_exchange(tmp_path, caplog):
    log = logging.getLogger("released")
    root = tmp_path / "course"
    root.mkdir()
    with caplog.at_level(logging.INFO, "released"):
        assert release_feedback(root, log) == set()
        assert "run `nbgrader generate_feedback` first" in caplog.text
        caplog.clear()
        give_feedback(root, "ada", None)  # the first one, at which nbgrader stops
        (root / "feedback" / "zoe" / "day2").mkdir(parents=True)  # without a page
        expected = give_feedback(root, "bob", "b0b") | give_feedback(root, "o'c [1]", "s3cret")
        # Neither has a timestamp.txt.
        assert release_feedback(root, log) == expected
    [warning] = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert warning.getMessage().endswith("send each the folder in feedback/ to ada")
    page = tmp_path / "exchange" / "small" / "feedback" / sorted(expected)[0]
    assert page.read_text().endswith((" of bob", " of o'c [1]"))
    assert page.stat().st_mode & 0o777 == 0o644  # students read it


@pytest.mark.usefixtures("_guarded")
def test_feedback_can_be_released_to_some(tmp_path):
    root = tmp_path / "course"
    pages = {name: give_feedback(root, name, name * 3) for name in ("ada", "bob", "cy")}
    assert release_feedback(root, student_id_exclude="ada,cy") == pages["bob"]
    assert release_feedback(root, student_id="cy") == pages["bob"] | pages["cy"]
