"""Points that a person gave stay confirmed for as long as the answer is the same."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import shutil
import sqlite3

import pytest
from nbformat import write
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import NbGraderException

from lxmls_grading.cells import read_notebook
from lxmls_grading.gradebook import points_by_hand
from lxmls_grading.intake.rebuild import rebuild
from lxmls_grading.reasons import add_reason
from tests.support import odd_course
from tests.support.conversion import ANSWER, NAME, TEST, convert, details, feedback, find, hand_in

pytestmark = pytest.mark.usefixtures("_guarded")

ESSAY = "log-linear-comments"


def give(course, **points: float) -> None:
    """Give points by hand, as the formgrader does."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for name, score in points.items():
            grade = gradebook.find_grade(name.replace("_", "-"), NAME, "day2", "ada")
            grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()


@pytest.fixture
def graded(course):
    """A course in which the answer and a test of one student have points by hand."""
    hand_in(course, "ada")
    convert(Autograde, course)
    assert details(course, "ada")[0][ESSAY] == (None, None, True)
    give(course, log_linear_comments=1.5, test_loss=1)
    return course


@contextlib.contextmanager
def changed(course, name: str):
    """Change a cell of the source, and release the assignment anew."""
    path = course / "source" / "day2" / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    yield find(notebook, name)
    write(notebook, path)
    convert(GenerateAssignment, course)


def state(course) -> dict[str, tuple]:
    grades, _ = details(course, "ada")
    return {name: grades[name][1:] for name in (ESSAY, TEST)}


def test_they_stay_confirmed_where_the_answer_is_the_same(graded):
    for _ in range(2):
        convert(Autograde, graded)
        assert state(graded) == {ESSAY: (1.5, False), TEST: (1, False)}
    assert "by hand" not in str(details(graded, "ada")[1][ESSAY])


def test_another_file_or_outputs_change_nothing(graded):
    path = graded / "submitted" / "ada" / "day2" / f"{NAME}.ipynb"
    path.write_text(path.read_text() + "\n\n")
    (path.parent / "notes.txt").write_text("hello")
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, False), TEST: (1, False)}


def test_they_wait_with_a_comment_where_the_answer_has_changed(graded):
    hand_in(graded, "ada", **{ESSAY: "Something else."})
    for _ in range(2):  # and again: it is still to be confirmed
        convert(Autograde, graded)
        # The test is about all that a student wrote in the notebook.
        assert state(graded) == {ESSAY: (1.5, True), TEST: (1, True)}
        comment = details(graded, "ada")[1][ESSAY]
        assert "log-linear-comments: 1.5 points were given by hand to an earlier answer" in comment
        assert "test-loss: 1 point was given by hand" in comment
    give(graded, log_linear_comments=0.5)
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (0.5, False), TEST: (1, True)}


def test_one_changed_answer_does_not_ask_for_another(graded):
    hand_in(graded, "ada", **{ANSWER: "def log_linear_gradients(weight, bias, input, output): ..."})
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, False), TEST: (1, True)}


def test_a_mended_test_asks_for_its_own_points_only(graded):
    with changed(graded, TEST) as cell:
        cell.source += "\nassert True"
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, False), TEST: (1, True)}


def test_those_of_a_task_wait_where_the_student_wrote_something_else(graded):
    """nbgrader never asks for them again, whatever is handed in."""
    task = "log-linear-comments-rubric"

    def of_task() -> tuple:
        return details(graded, "ada")[0][task][1:]

    with changed(graded, task) as cell:
        cell.metadata.nbgrader.points = 3
    convert(Autograde, graded)
    give(graded, log_linear_comments_rubric=2)
    for _ in range(2):
        convert(Autograde, graded)
        assert of_task() == (2, False)
    with changed(graded, task) as cell:
        cell.source += "\nAnother word."
    convert(Autograde, graded)
    assert of_task() == (2, False)
    where = graded, "day2", "ada"
    notes = points_by_hand.read_digests(*where)[NAME]
    del notes[task]  # as an earlier version wrote them
    points_by_hand.write_digests(*where, NAME, notes)
    convert(Autograde, graded)
    assert of_task() == (2, False)  # notes of tests are about all that was written
    points_by_hand.write_digests(*where, NAME, {ESSAY: notes[ESSAY]})
    convert(Autograde, graded)
    assert of_task() == (2, True)
    give(graded, log_linear_comments_rubric=2)
    hand_in(graded, "ada", **{ESSAY: "Something else."})
    for _ in range(2):
        convert(Autograde, graded)
        assert of_task() == (2, True)
        comment = details(graded, "ada")[1][task]
        assert (
            comment == f"{task}: 2 points were given by hand to an earlier answer, to be confirmed."
        )


@pytest.mark.parametrize("worth", [1, 0])
def test_they_wait_where_the_answer_is_worth_less_now(worth, graded):
    with changed(graded, ESSAY) as cell:
        cell.metadata.nbgrader.points = worth
    for _ in range(2):
        convert(Autograde, graded)
        assert state(graded) == {ESSAY: (1.5, True), TEST: (1, False)}
        comment = details(graded, "ada")[1][ESSAY]
        assert f"1.5 points were given by hand, and it is worth {worth} now" in comment
    give(graded, log_linear_comments=worth)
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (worth, False), TEST: (1, False)}


def test_they_stay_confirmed_where_the_answer_is_worth_more_now(graded):
    with changed(graded, ESSAY) as cell:
        cell.metadata.nbgrader.points = 5
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, False), TEST: (1, False)}
    assert not details(graded, "ada")[1][ESSAY]  # nobody is blamed for the marks either


def test_without_the_digests_they_wait_and_none_is_lost(graded):
    shutil.rmtree(graded / ".lxmls_nb" / "day2" / "answers")
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, True), TEST: (1, True)}


def failing_second(before):
    """Return a ``write_single_notebook`` that does something and fails, when a notebook is graded.

    The first time, nothing is graded yet.
    """

    def write_single_notebook(self, output, resources):
        if calls.pop():
            before()
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, output, resources)

    calls, write = [True, False], Autograde.write_single_notebook
    return write_single_notebook


def test_where_grading_fails_none_counts_for_an_answer_that_nobody_has_read(graded, monkeypatch):
    before = points_by_hand.read_digests(graded, "day2", "ada")
    hand_in(graded, "ada", **{ESSAY: "Something else."})
    with monkeypatch.context() as patch:
        patch.setattr(Autograde, "write_single_notebook", failing_second(lambda: None))
        with pytest.raises((OSError, NbGraderException)):
            convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, False), TEST: (1, False)}
    assert points_by_hand.read_digests(graded, "day2", "ada") == before
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, True), TEST: (1, True)}


def test_where_grading_is_killed_and_fails_then_they_are_those_of_the_folder(graded, monkeypatch):
    """The folder that comes back is that of the earlier answer: whoever reads it confirms that."""

    def end(self, output, resources):
        if not calls.pop():  # the first time, nothing is graded yet
            os._exit(9)
        write(self, output, resources)

    def fail(*_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    calls, write = [False, True], Autograde.write_single_notebook
    hand_in(graded, "ada", **{ESSAY: "Something else."})
    with monkeypatch.context() as patch:
        patch.setattr(Autograde, "write_single_notebook", end)
        killed = multiprocessing.get_context("fork").Process(
            target=convert, args=(Autograde, graded)
        )
        killed.start()
        killed.join()
        assert killed.exitcode == 9
        assert state(graded)[ESSAY] == (1.5, True)
        patch.setattr(Autograde, "write_single_notebook", fail)
        with pytest.raises((OSError, NbGraderException)):
            convert(Autograde, graded, force=False)
    folder = graded / "autograded" / "ada" / "day2"
    assert "Something else." not in (folder / f"{NAME}.ipynb").read_text()
    give(graded, log_linear_comments=1.5)
    convert(Autograde, graded)
    assert state(graded)[ESSAY] == (1.5, True)


def test_what_a_person_gives_while_grading_fails_is_kept_and_waits(graded, monkeypatch):
    before = details(graded, "ada")[0][ESSAY][0]
    hand_in(graded, "ada", **{ESSAY: "Something else."})
    person = failing_second(lambda: give(graded, log_linear_comments=2))
    with monkeypatch.context() as patch:
        patch.setattr(Autograde, "write_single_notebook", person)
        with pytest.raises((OSError, NbGraderException)):
            convert(Autograde, graded)
    # Which answer it was for, nobody can tell.
    assert details(graded, "ada")[0][ESSAY] == (before, 2, True)
    assert state(graded)[TEST] == (1, False)


def test_where_the_gradebook_is_locked_they_are_not_confirmed_unread(graded, monkeypatch):
    """Rows cannot be put back, and the folder and the notes are those of the earlier answer."""
    monkeypatch.setattr("lxmls_grading.gradebook.transaction.DATABASE_TIMEOUT", 0.3)
    hand_in(graded, "ada", **{ESSAY: "Something else."})
    other = sqlite3.connect(graded / "gradebook.db", isolation_level=None)
    with monkeypatch.context() as patch:
        locked = failing_second(lambda: other.execute("BEGIN EXCLUSIVE"))
        patch.setattr(Autograde, "write_single_notebook", locked)
        with pytest.raises((OSError, NbGraderException)):
            convert(Autograde, graded)
    other.execute("ROLLBACK")
    other.close()
    give(graded, log_linear_comments=1.5)
    convert(Autograde, graded)
    assert state(graded)[ESSAY] == (1.5, True)


@pytest.mark.parametrize("content", ["", "[]", '{"exercise_2_1": 3}', "\udcff"])
def test_a_damaged_file_of_digests_is_none(graded, content):
    path = points_by_hand._path(graded, "day2", "ada")
    path.write_bytes(content.encode(errors="surrogateescape"))
    convert(Autograde, graded)
    assert state(graded) == {ESSAY: (1.5, True), TEST: (1, True)}
    assert points_by_hand.read_digests(graded, "day2", "ada")[NAME]


def test_points_that_are_given_later_do_not_escape_the_penalty(course):
    """A penalty is a number of points: nbgrader would keep that of the first grading."""
    folder = hand_in(course, "ada")
    (folder / "timestamp.txt").write_text("2026-07-02 10:00 UTC")
    url = f"sqlite:///{course}/gradebook.db"
    with Gradebook(url) as gradebook:
        gradebook.update_or_create_assignment("day2", duedate="2026-07-01 10:00 UTC")
    late = {"LateSubmissionPlugin": {"penalty_method": "zero"}}
    convert(Autograde, course, sections=late)
    give(course, log_linear_comments=1.5)
    with Gradebook(url) as gradebook:
        submission = gradebook.find_submission("day2", "ada")
        assert submission.score - submission.late_submission_penalty == 1.5
    convert(GenerateFeedback, course, sections=late)
    with Gradebook(url) as gradebook:
        submission = gradebook.find_submission("day2", "ada")
        assert submission.score == submission.late_submission_penalty > 1.5
    assert "Score: 0.0 /" in feedback(course, "ada")


def test_extra_credit_waits_for_another_answer_too(graded):
    def of_test() -> tuple:
        with Gradebook(f"sqlite:///{graded}/gradebook.db") as gradebook:
            grade = gradebook.find_grade(TEST, NAME, "day2", "ada")
            return grade.manual_score, grade.extra_credit, grade.needs_manual_grade

    with Gradebook(f"sqlite:///{graded}/gradebook.db") as gradebook:
        grade = gradebook.find_grade(TEST, NAME, "day2", "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = None, 0.5, False
        gradebook.db.commit()
    convert(Autograde, graded)
    assert of_test() == (None, 0.5, False)
    hand_in(graded, "ada", **{ANSWER: "def log_linear_gradients(weight, bias, input, output): ..."})
    for _ in range(2):
        convert(Autograde, graded)
        assert of_test() == (None, 0.5, True)
        comment = str(details(graded, "ada")[1])
        assert "test-loss: 0.5 points were given by hand to an earlier answer" in comment


def test_a_task_waits_where_its_notebook_was_missing_before(course):
    task = "log-linear-comments-rubric"
    with changed(course, task) as cell:
        cell.metadata.nbgrader.points = 3
    path = hand_in(course, "ada") / f"{NAME}.ipynb"
    whole = path.read_bytes()
    path.unlink()
    convert(Autograde, course)
    assert details(course, "ada")[0][task] == (0, None, False)
    path.write_bytes(whole)
    convert(Autograde, course)
    assert details(course, "ada")[0][task] == (None, None, True)
    give(course, log_linear_comments_rubric=0)
    convert(Autograde, course)
    assert details(course, "ada")[0][task] == (None, 0, False)


@pytest.mark.parametrize("later", ["Other words of mine.", ""])
def test_those_of_an_answer_in_another_cell_are_for_what_stands_there(later):
    """Its own cell is blank both times, and would pass for the same answer."""

    def noted(words: str) -> str:
        notebook = odd_course.submission()
        odd_course.cell(notebook, "essay").source = odd_course.stub("essay")
        place = odd_course.place(notebook, "essay")
        notebook.cells.insert(place, odd_course.own(words, new_markdown_cell))
        rebuilt, reasons = rebuild(notebook, odd_course.originals())
        for each in reasons:
            add_reason(rebuilt, each)
        return points_by_hand.digests(rebuilt)["essay"]

    assert noted("Words of mine.") == noted("Words of mine.") != noted(later)
