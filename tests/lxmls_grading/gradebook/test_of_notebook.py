"""Grades and comments of a notebook are nbgrader's own, and read at once."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy import event

from lxmls_grading.gradebook.of_notebook import ByHand, NotebookGradebook
from lxmls_grading.gradebook.transaction import TRANSACTION_PATCHES, one_transaction

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader causes it

COURSE = "default_course"
HERE = "tally", "day2", "ada"


@pytest.fixture
def url(tmp_path, monkeypatch) -> str:
    """Return the address of a gradebook with two notebooks of two students, whose cells are named
    alike."""
    for owner, name, new in TRANSACTION_PATCHES:
        monkeypatch.setattr(owner, name, new)
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    with Gradebook(url, COURSE) as gradebook:
        gradebook.add_assignment("day2")
        for notebook in ("other", "tally"):
            gradebook.add_notebook(notebook, "day2")
            for name in ("first", "second"):
                gradebook.add_grade_cell(name, notebook, "day2", max_score=2, cell_type="code")
                gradebook.add_solution_cell(name, notebook, "day2")
            gradebook.add_task_cell("task", notebook, "day2", max_score=3, cell_type="markdown")
        for student in ("ada", "bob"):
            gradebook.add_student(student)
            gradebook.add_submission("day2", student)
    return url


@contextmanager
def statements(gradebook):
    """Collect what is sent to the database."""
    sent: list[str] = []

    def note(connection, cursor, statement, *more) -> None:
        sent.append(statement)

    event.listen(gradebook.engine, "before_cursor_execute", note)
    yield sent
    event.remove(gradebook.engine, "before_cursor_execute", note)


def test_it_finds_what_nbgrader_finds(url):
    with NotebookGradebook(url, *HERE) as ours, Gradebook(url) as stock:
        for name in ("first", "second", "task"):
            for student in ("ada", "bob"):
                place = "tally", "day2", student
                assert ours.find_grade(name, *place).id == stock.find_grade(name, *place).id
                assert ours.find_comment(name, *place).id == stock.find_comment(name, *place).id
        for find in (ours.find_grade, ours.find_comment):
            with pytest.raises(MissingEntry, match="nobody"):
                find("nobody", *HERE)
    with pytest.raises(MissingEntry):
        NotebookGradebook(url, "tally", "day2", "cleo")


def test_points_by_hand_are_those_of_this_notebook(url):
    with Gradebook(url) as gradebook:
        for name, place, waits in (
            ("first", HERE, True),
            ("second", ("other", "day2", "ada"), True),
            ("task", HERE, False),
        ):
            grade = gradebook.find_grade(name, *place)
            grade.manual_score, grade.needs_manual_grade = 1.5, waits
        gradebook.db.commit()
    with NotebookGradebook(url, *HERE) as gradebook:
        assert gradebook.points_by_hand() == {
            "first": ByHand(1.5, extra=0, waits=True),
            "task": ByHand(1.5, extra=0, waits=False),
        }


def test_in_a_transaction_nothing_is_read_twice(url):
    with one_transaction(url, COURSE), NotebookGradebook(url, *HERE) as gradebook:
        with statements(gradebook) as sent:
            for name in ("first", "second", "task"):
                gradebook.find_grade(name, *HERE).auto_score = 1
                gradebook.db.commit()
                assert gradebook.find_grade(name, *HERE).auto_score == 1
        assert len(sent) > 3
        assert not [each for each in sent if each.startswith("SELECT")]
    with Gradebook(url) as gradebook:
        assert gradebook.find_grade("second", *HERE).auto_score == 1


def test_elsewhere_what_somebody_writes_meanwhile_is_seen(url):
    with NotebookGradebook(url, *HERE) as gradebook:
        gradebook.find_grade("first", *HERE).auto_score = 1
        gradebook.db.commit()
        with Gradebook(url) as formgrader:
            formgrader.find_grade("second", *HERE).manual_score = 2
            formgrader.db.commit()
        assert gradebook.find_grade("second", *HERE).manual_score == 2
