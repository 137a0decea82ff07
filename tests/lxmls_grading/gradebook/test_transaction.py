"""What is written to the gradebook together is committed together, or not at all."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from nbgrader.api import Gradebook, InvalidEntry
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from lxmls_grading.gradebook.transaction import (
    DATABASE_TIMEOUT,
    TRANSACTION_PATCHES,
    TransactionLostError,
    after_commit,
    one_transaction,
    place_of,
)

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader causes it

COURSE = "course"


@pytest.fixture
def url(tmp_path, monkeypatch) -> str:
    """Return the address of a gradebook with a graded cell of one student."""
    for owner, name, new in TRANSACTION_PATCHES:
        monkeypatch.setattr(owner, name, new)
    url = f"sqlite:///{tmp_path / 'gradebook.db'}?timeout=0.1"
    with Gradebook(url, COURSE) as gradebook:
        gradebook.add_assignment("day2")
        gradebook.add_notebook("tally", "day2")
        cell = {"max_score": 2, "cell_type": "code"}
        for name in ("first", "second"):
            gradebook.add_grade_cell(name, "tally", "day2", **cell)
        gradebook.add_student("ada")
        gradebook.add_submission("day2", "ada")
    return url


def give(url: str, name: str, points: float) -> float:
    """Give points as nbgrader does, with a gradebook of its own; return the sum as it is then."""
    with Gradebook(url) as gradebook:
        gradebook.find_grade(name, "tally", "day2", "ada").auto_score = points
        gradebook.db.commit()
        return gradebook.find_submission("day2", "ada").score


def seen(url: str) -> float:
    """Return the sum of points that others see."""
    found = []

    def look() -> None:
        with Gradebook(url, COURSE) as gradebook:
            found.append(gradebook.find_submission("day2", "ada").score)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


def test_others_see_all_of_it_at_the_end(url):
    with one_transaction(url, COURSE):
        assert give(url, "first", 2) == 2
        assert give(url, "second", 1.5) == 3.5  # sums are those of what was written so far
        assert seen(url) == 0
    assert seen(url) == 3.5
    give(url, "second", 2)
    assert seen(url) == 4


def test_nothing_is_written_where_something_fails(url):
    def fail() -> None:
        with one_transaction(url, COURSE):
            give(url, "first", 2)
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert seen(url) == 0
    give(url, "second", 2)  # and the gradebook is closed
    assert seen(url) == 2


def test_a_change_without_a_commit_is_lost_as_in_nbgrader(url):
    with one_transaction(url, COURSE):
        with Gradebook(url) as gradebook:
            grade = gradebook.find_grade("first", "tally", "day2", "ada")
            grade.auto_score = 2
        give(url, "second", 1)
    assert seen(url) == 1


def test_other_gradebooks_are_others(url, tmp_path):
    with one_transaction(url, COURSE):
        give(url, "first", 2)
        with Gradebook(f"sqlite:///{tmp_path / 'another.db'}", COURSE) as another:
            another.add_student("blaise")
    with Gradebook(f"sqlite:///{tmp_path / 'another.db'}", COURSE) as another:
        assert [student.id for student in another.students] == ["blaise"]
    assert seen(url) == 2


def test_a_change_that_a_query_has_sent_is_lost_without_a_commit_too(url):
    with one_transaction(url, COURSE):
        with Gradebook(url) as gradebook:
            gradebook.find_grade("first", "tally", "day2", "ada").auto_score = 2
            gradebook.find_grade("second", "tally", "day2", "ada")
        give(url, "second", 1)
    assert seen(url) == 1


def test_a_gradebook_opened_within_another_leaves_that_one_as_it_was(url):
    # As a plugin for penalties does that looks for other submissions.
    with one_transaction(url, COURSE), Gradebook(url) as gradebook:
        notebook = gradebook.find_submission_notebook("tally", "day2", "ada")
        notebook.late_submission_penalty = None
        give(url, "first", 2)
        notebook.late_submission_penalty = 0.5
        gradebook.db.commit()
    with Gradebook(url, COURSE) as gradebook:
        saved = gradebook.find_submission_notebook("tally", "day2", "ada")
        assert (saved.score, saved.late_submission_penalty) == (2, 0.5)


def test_what_fails_and_is_caught_costs_nothing_that_was_written_before(url):
    with one_transaction(url, COURSE):
        give(url, "first", 2)
        with Gradebook(url) as gradebook, pytest.raises(InvalidEntry):
            gradebook.add_student("ada")  # there is one already
        give(url, "second", 1)
    assert seen(url) == 3


def test_another_spelling_of_its_address_is_no_other_gradebook(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with one_transaction(url, COURSE):
        give(url, "first", 2)
        assert give("sqlite:///gradebook.db", "second", 1) == 3
    assert seen(url) == 3


def test_a_relative_address_leads_to_another_file_from_another_folder(tmp_path, monkeypatch):
    found = set()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        found.add(place_of("sqlite:///gradebook.db"))
    assert found == {str(tmp_path / name / "gradebook.db") for name in ("one", "other")}


def test_a_transaction_within_another_is_refused(url):
    def begin_twice() -> None:
        with one_transaction(url, COURSE), one_transaction(url, COURSE):
            pass

    with pytest.raises(RuntimeError, match="in a transaction already"):
        begin_twice()
    give(url, "first", 2)
    assert seen(url) == 2


def test_what_is_to_follow_follows_the_commit(url):
    found = []
    after_commit(lambda: found.append("at once"))
    with one_transaction(url, COURSE):
        give(url, "first", 2)
        after_commit(lambda: found.append(seen(url)))
        assert found == ["at once"]
    assert found == ["at once", 2]


def test_it_is_one_commit(url):
    commits = []

    def count(connection) -> None:
        commits.append(connection)

    event.listen(Engine, "commit", count)
    try:
        give(url, "first", 1)
        assert commits
        with one_transaction(url, COURSE):
            commits.clear()
            for points in range(5):
                give(url, "first", points)
    finally:
        event.remove(Engine, "commit", count)
    assert len(commits) == 1


@pytest.mark.parametrize(
    ("more", "seconds"), [("", DATABASE_TIMEOUT), ("?timeout=0.1", 0.1)], ids=["stock", "own"]
)
def test_others_wait_for_the_end(url, more, seconds):
    with Gradebook(url.partition("?")[0] + more, COURSE) as gradebook:
        assert gradebook.db.execute(text("PRAGMA busy_timeout")).scalar() == 1000 * seconds


class TestWhereTheDiskIsFull:
    """SQLite undoes the whole transaction by itself, with all savepoints."""

    def fill(self, url: str) -> None:
        """Write more than there is room for."""
        with Gradebook(url) as gradebook:
            pages = gradebook.db.execute(text("PRAGMA page_count")).scalar()
            gradebook.db.execute(text(f"PRAGMA max_page_count = {pages}"))
            gradebook.add_student("x" * 100_000)

    def test_it_is_told(self, url):
        def write() -> None:
            with one_transaction(url, COURSE):
                give(url, "first", 2)
                self.fill(url)

        with pytest.raises(OperationalError, match="disk is full"):
            write()
        assert seen(url) == 0
        give(url, "first", 1)
        assert seen(url) == 1

    def test_nothing_is_written_after_it(self, url):
        def go_on() -> None:
            with one_transaction(url, COURSE):
                give(url, "first", 2)
                with suppress(InvalidEntry):
                    self.fill(url)
                give(url, "second", 2)

        with pytest.raises(TransactionLostError, match="after an error"):
            go_on()
        assert seen(url) == 0

    def test_nor_is_it_passed_over_at_the_end(self, url):
        def pass_over() -> None:
            with one_transaction(url, COURSE), suppress(InvalidEntry):
                self.fill(url)

        with pytest.raises(TransactionLostError):
            pass_over()

    def test_nor_where_a_change_has_begun_another_transaction(self, url):
        def go_on() -> None:
            with one_transaction(url, COURSE), Gradebook(url) as gradebook:
                with suppress(InvalidEntry):
                    self.fill(url)
                connection = gradebook.db.get_bind()
                connection.exec_driver_sql("UPDATE grade SET auto_score = 2")

        with pytest.raises(TransactionLostError):
            go_on()
        assert seen(url) == 0
