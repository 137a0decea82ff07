"""nbgrader's commands read times as they are meant, or name who is refused."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.apps.dbapp import DbAssignmentAddApp, DbAssignmentImportApp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default.collect import ExchangeCollect
from traitlets.config import Config

from lxmls_grading.deadlines.times import TimeError
from tests.support.conversion import convert, hand_in

pytestmark = pytest.mark.usefixtures("_guarded")

DUE = "2026-11-26 12:00 UTC"
BAD = "=1+1 \x1b[2J now\u202e or never"
ZERO = {"LateSubmissionPlugin": {"penalty_method": "zero"}}


def set_due(course: Path, text: str | None = DUE) -> None:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("day2", duedate=text)


def write_time(course: Path, student: str, text: str | None) -> None:
    path = course / "submitted" / student / "day2" / "timestamp.txt"
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)


def lateness(course: Path, student: str) -> tuple[datetime | None, float]:
    """Return the time of a submission, and its penalty."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        found = gradebook.find_submission("day2", student)
        return found.timestamp, found.late_submission_penalty


def autograde(course: Path, force: bool = True, **sections) -> None:
    convert(Autograde, course, force=force, sections=ZERO | sections)


def test_those_whose_time_is_in_doubt_are_refused_by_name_before_grading(course, caplog):
    caplog.set_level("INFO", "traitlets")
    set_due(course)
    for student, text in (("ada", "2026-07-01 18:00 CEST"), ("bob", DUE), ("eve [2]", BAD)):
        hand_in(course, student)
        write_time(course, student, text)
    hand_in(course, "dan")
    os.mkfifo(course / "submitted" / "dan" / "day2" / "timestamp.txt")
    with pytest.raises(NbGraderException, match=r"ada, dan, eve \[2\]"):
        autograde(course)
    logged = [record.getMessage() for record in caplog.records]
    refused = [place for place, text in enumerate(logged) if "is not graded" in text]
    assert len(refused) == 3
    assert max(refused) < min(place for place, text in enumerate(logged) if "Sanitizing" in text)
    assert "'2026-07-01 18:00 CEST'" in logged[refused[0]]
    assert ascii(BAD) in logged[refused[2]]  # shown without its control characters
    assert sorted(path.name for path in (course / "autograded").iterdir()) == ["bob"]
    # What was graded before is not touched by it.
    write_time(course, "bob", "2026-11-26 12:00 XYZ")
    with pytest.raises(NbGraderException, match="bob"):
        autograde(course)
    assert (course / "autograded" / "bob" / "day2" / "exercise_2_1.ipynb").exists()


def test_a_time_without_a_zone_is_in_that_of_the_course(course):
    set_due(course)
    hand_in(course, "ada")
    write_time(course, "ada", "2026-11-26 13:30:00")
    autograde(course)
    assert lateness(course, "ada")[0] == datetime(2026, 11, 26, 13, 30)
    assert lateness(course, "ada")[1] > 0
    autograde(course, CourseTime={"timezone": "Europe/Helsinki"})
    assert lateness(course, "ada") == (datetime(2026, 11, 26, 11, 30), 0)


@pytest.mark.parametrize("force", [True, False], ids=["again", "skipped"])
@pytest.mark.parametrize("now", [None, "2026-11-26 11:59 UTC"], ids=["removed", "earlier"])
def test_a_time_that_is_removed_or_earlier_takes_the_penalty_back(course, now, force):
    set_due(course)
    hand_in(course, "ada")
    write_time(course, "ada", "2026-11-26 12:01 UTC")
    autograde(course)
    assert lateness(course, "ada")[1] > 0
    write_time(course, "ada", now)
    autograde(course, force)
    assert lateness(course, "ada") == (now and datetime(2026, 11, 26, 11, 59), 0)


def test_an_extension_without_a_due_date_stops_nothing(course):
    hand_in(course, "ada")
    write_time(course, "ada", DUE)
    set_due(course)
    autograde(course)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.grant_extension("day2", "ada", hours=1)
    set_due(course, None)
    autograde(course)
    assert lateness(course, "ada")[1] == 0


def test_due_dates_are_read_as_times_are(course):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for text in ("2026-11-26 18:00 CEST", "03/04/2026"):
            with pytest.raises(TimeError):
                gradebook.update_or_create_assignment("day2", duedate=text)
        saved = gradebook.update_or_create_assignment("day2", duedate="2026-11-26T18:00 +0100")
        assert saved.duedate == datetime(2026, 11, 26, 17)


@pytest.mark.parametrize("app", [DbAssignmentAddApp, DbAssignmentImportApp])
def test_commands_read_due_dates_in_the_course_s_zone_or_end_in_a_line(app, course, tmp_path):
    def call(text: str) -> None:
        config = Config({"CourseTime": {"timezone": "Europe/Berlin"}})
        command = app(config=config, coursedir=CourseDirectory(root=str(course)))
        command.extra_args = ["day2"]
        if app is DbAssignmentAddApp:
            command.duedate = text
        else:
            command.extra_args = [str(tmp_path / "due.csv")]
            (tmp_path / "due.csv").write_text(f"name,duedate\nday2,{text}\n")
        command.start()

    def due() -> datetime:
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            return gradebook.find_assignment("day2").duedate

    call("2026-11-26 18:00")
    assert due() == datetime(2026, 11, 26, 17)
    call("2026-10-25 02:30")  # it happens twice: the later one
    assert due() == datetime(2026, 10, 25, 1, 30)
    with pytest.raises(SystemExit):
        call("2026-11-26 18:00 EDT")
    assert due() == datetime(2026, 10, 25, 1, 30)


def test_the_formgrader_shows_what_it_would_save(course):
    (course / "source" / "day2").mkdir(parents=True, exist_ok=True)
    api = NbGraderAPI(CourseDirectory(root=str(course)), timezone="Europe/Berlin")
    for text, offset in (("2026-07-01 12:00 UTC", "+0200"), ("2026-12-01 12:00 UTC", "+0100")):
        set_due(course, text)
        shown = api.get_assignment("day2", released={"day2"})
        assert shown["duedate_timezone"] == offset
        set_due(course, f"{shown['duedate_notimezone']} {shown['duedate_timezone']}")
        assert api.get_assignment("day2", released={"day2"})["duedate"] == shown["duedate"]


def test_the_formgrader_s_page_does_not_depend_on_one_time(course):
    hand_in(course, "ada")
    write_time(course, "ada", "soon")
    api = NbGraderAPI(CourseDirectory(root=str(course)))
    assert [found["student"] for found in api.get_submissions("day2")] == ["ada"]


def test_one_name_without_a_time_does_not_stop_collecting(course, caplog):
    config = Config({"Exchange": {"timezone": "Europe/Lisbon"}})
    collect = ExchangeCollect(coursedir=CourseDirectory(root=str(course)), config=config)
    read = collect._path_to_record("/inbound/ada+day2+2026-07-01 18:00:00.000000 WEST+x")
    assert (read["username"], read["timestamp"]) == ("ada", datetime(2026, 7, 1, 17))
    doubtful = collect._path_to_record("/inbound/bob+day2+2026-07-01 18:00:00.000000 CEST+x")
    assert (doubtful["username"], doubtful["timestamp"]) == ("bob", datetime.min)
    assert "CEST" in caplog.text
    assert json.dumps(read["filename"])
