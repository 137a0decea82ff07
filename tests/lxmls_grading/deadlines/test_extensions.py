"""Extensions: what is accepted, and what follows for points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from lxmls_grading.deadlines.extensions import ExtensionError, More, extend, parse_extension
from lxmls_grading.results.gradebook import read_assignment
from lxmls_grading.results.submissions import NOT_HANDED_IN
from tests.support.conversion import convert, hand_in

ZERO = {"LateSubmissionPlugin": {"penalty_method": "zero"}}
DUE = datetime(2026, 11, 26, 12)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("+48h", 48), ("+2d", 48), ("+1w", 168), ("+90m", 1.5), ("+1d12h", 36), ("+1.5h", 1.5)],
)
def test_what_is_written_is_what_is_given(text, hours):
    assert parse_extension(text).after(DUE, UTC) == DUE + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("due", "text", "moved"),
    [
        # In Lisbon, clocks are set back on 25 October 2026 at 1:00 UTC, and forward on 28 March.
        (datetime(2026, 10, 24, 17), "+2d", datetime(2026, 10, 26, 18)),
        (datetime(2026, 10, 24, 17), "+48h", datetime(2026, 10, 26, 17)),
        (datetime(2026, 10, 24, 17), "+1w", datetime(2026, 10, 31, 18)),
        (datetime(2026, 10, 24, 17), "+1.5d", datetime(2026, 10, 26, 6)),
        (datetime(2026, 10, 24, 0, 30), "+1d", datetime(2026, 10, 25, 1, 30)),  # twice: the later
        (datetime(2027, 3, 27, 18), "+1d", datetime(2027, 3, 28, 17)),
    ],
)
def test_a_day_is_one_of_the_calendar_when_clocks_change(due, text, moved):
    assert parse_extension(text).after(due, ZoneInfo("Europe/Lisbon")) == moved


@pytest.mark.parametrize("text", ["0", "+0", "+0h"])
def test_zero_takes_it_back(text):
    assert parse_extension(text) == More()


@pytest.mark.parametrize("text", ["48h", "-2h", "+2", "2 days", "+2y", "+h", "", "+1h+1h", "+9e9h"])
def test_other_texts_are_refused_with_what_to_write(text):
    with pytest.raises(ExtensionError, match=r"\+48h"):
        parse_extension(text)


def test_what_is_too_long_is_refused():
    with pytest.raises(ExtensionError, match="too long"):
        parse_extension("+99999999999w")


@pytest.fixture
def late(course):
    """A course with a due date, and a function that gives extensions in it."""
    hand_in(course, "ada")
    (course / "submitted" / "ada" / "day2" / "timestamp.txt").write_text("2026-11-27 12:00 UTC")
    coursedir = CourseDirectory(root=str(course))
    with Gradebook(coursedir.db_url) as gradebook:
        gradebook.update_or_create_assignment("day2", duedate=DUE)
    app = NbGrader(config=Config(ZERO))

    def give(student: str, assignment: str, hours: float):
        return extend(coursedir, app, student, assignment, More(hours=timedelta(hours=hours)))

    return give


@pytest.mark.usefixtures("_guarded")
def test_penalties_follow_at_once_and_when_graded_again(course, late):
    convert(Autograde, course, sections=ZERO)
    found = late("ada", "day2", 12)
    assert (found.due, found.late) == (DUE + timedelta(hours=12), True)
    assert found.penalty == found.penalty_before > 0
    found = late("ada", "day2", 24)  # in place of the first one
    assert (found.due, found.late, found.penalty) == (DUE + timedelta(hours=24), False, 0)
    convert(Autograde, course, sections=ZERO)
    found = late("ada", "day2", 0)
    assert (found.due, found.penalty_before) == (DUE, 0)
    assert found.penalty > 0


@pytest.mark.usefixtures("_guarded")
def test_it_can_be_given_before_anything_is_handed_in(course, late):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.add_student("bob")
        gradebook.add_student("jose\u0301")
    assert not late("bob", "day2", 48).late
    assert late("jos\xe9", "day2", 48).due == DUE + timedelta(hours=48)
    status = read_assignment(CourseDirectory(root=str(course)), "day2").submission_of("bob").status
    assert status() == NOT_HANDED_IN
    hand_in(course, "bob")
    (course / "submitted" / "bob" / "day2" / "timestamp.txt").write_text("2026-11-28 11:59 UTC")
    convert(Autograde, course, sections=ZERO)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        saved = gradebook.find_submission("day2", "bob")
        assert (saved.total_seconds_late, saved.late_submission_penalty) == (0, 0)


@pytest.mark.usefixtures("_guarded")
def test_a_time_in_doubt_is_told_and_changes_nothing(course, late):
    convert(Autograde, course, sections=ZERO)
    (course / "submitted" / "ada" / "day2" / "timestamp.txt").write_text("2026-11-26 12:00 EDT")
    found = late("ada", "day2", 0)
    assert found.handed_in == datetime(2026, 11, 27, 12)
    assert "EDT" in str(found.problem)


def test_who_and_what_is_not_known_is_refused_with_what_there_is(course, late):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.add_student("lovelace")
        gradebook.add_student("joão.çã")
        gradebook.add_assignment("day3")
    for student, assignment, said in (
        ("lovelacy", "day2", "did you mean lovelace"),
        ("Lovelace", "day2", "did you mean lovelace"),
        ("joao.ca", "day2", "did you mean joão"),
        ("zoe", "day2", "there are joão.çã, lovelace"),
        ("lovelace", "day22", "did you mean day2"),
        ("lovelace", "day3", "no due date"),
    ):
        with pytest.raises(ExtensionError, match=said):
            late(student, assignment, 1)
