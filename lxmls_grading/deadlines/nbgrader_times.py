"""Functions of nbgrader that are replaced, since they misread times or keep what is no longer true.

Written for nbgrader 0.9.6. It reads a zone name that it does not know as UTC, keeps the time of a
submission whose ``timestamp.txt`` was removed, and lets one time that it cannot read stop all
collecting and the formgrader's page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import nbgrader.apps.api
import nbgrader.apps.zipcollectapp
import nbgrader.coursedir
import nbgrader.exchange.default.collect
import nbgrader.utils
from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.apps import NbGraderAPI
from nbgrader.apps.dbapp import DbAssignmentAddApp, DbAssignmentImportApp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default.collect import ExchangeCollect
from nbgrader.utils import as_timezone

from lxmls_grading.deadlines.lateness import read_stamp
from lxmls_grading.deadlines.times import TimeError, course_zone, read_time, zone_of

_stock_parse_utc = nbgrader.utils.parse_utc
_stock_path_to_record = ExchangeCollect._path_to_record
_stock_init_assignment = Autograde.init_assignment
_stock_get_assignment = NbGraderAPI.get_assignment


def _parse_utc(given: datetime | str | None) -> datetime | None:
    """Return a time in UTC, as ``nbgrader.utils.parse_utc``; raise TimeError if it is in doubt."""
    if isinstance(given, str):
        return read_time(given)
    parsed: datetime | None = _stock_parse_utc(given)
    return parsed


# --- due dates ------------------------------------------------------------------------------------


def _with_due_date(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of the gradebook that reads a due date in favour of the students."""

    def method(self: Gradebook, name: str, **values: Any) -> Any:
        if isinstance(values.get("duedate"), str):
            values["duedate"] = read_time(values["duedate"], latest=True)
        return stock(self, name, **values)

    return method


def _in_course_zone(stock: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return the method of a command that reads times in the course's zone, or ends in a line."""

    def start(self: Any) -> None:
        try:
            with course_zone(zone_of(self)):
                stock(self)
        except TimeError as problem:
            self.fail("Nothing is changed by this time: %s", problem)

    return start


def _due_date(self: SubmittedAssignment) -> datetime | None:
    """Return a submission's due date; nbgrader fails on an extension where there is none."""
    due: datetime | None = self.assignment.duedate
    return due + self.extension if due is not None and self.extension is not None else due


def _get_assignment(self: NbGraderAPI, *given: Any, **options: Any) -> Any:
    """Return what the formgrader shows of an assignment, with the zone's offset at its due date.

    nbgrader gives today's offset: to save the form would move the due date when clocks have
    changed between today and then.
    """
    found = _stock_get_assignment(self, *given, **options)
    if found and found.get("duedate"):
        due = datetime.fromisoformat(found["duedate"])
        offset = as_timezone(due, self.timezone).strftime("%z")
        found["duedate_timezone"] = offset or found["duedate_timezone"]
    return found


# --- times of submissions -------------------------------------------------------------------------


def _timestamp(self: CourseDirectory, dest_path: str) -> datetime | None:
    """Return when a submission was handed in, or None if no file of it can be read as a time."""
    try:
        return read_stamp(self, dest_path)
    except TimeError as problem:
        self.log.warning("Left out the time in %s", problem)
        return None


def _submitted_timestamp(self: NbGraderAPI, assignment_id: str, student_id: str) -> datetime | None:
    """Return the time of a submission for the formgrader, whose pages must not depend on it."""
    step = self.coursedir.submitted_directory
    folder = self.coursedir.format_path(step, student_id, assignment_id)
    time: datetime | None = self.coursedir.get_existing_timestamp(os.path.abspath(folder))
    return time


def _path_to_record(self: ExchangeCollect, path: str) -> Any:
    """Read the name of a folder in the exchange; one without a time that can be read is oldest."""
    try:
        with course_zone(zone_of(self)):
            return _stock_path_to_record(self, path)
    except TimeError as problem:
        self.log.error("No time in the name of %s: %s", ascii(path), problem)
        name = os.path.basename(path)
        student = name.rsplit("+", 3)[0]
        return {"username": student, "filename": name, "timestamp": datetime.min}


def refuse_unreadable(converter: Autograde) -> None:
    """Leave out submissions whose time cannot be read; the command ends with an error for them.

    Parameters
    ----------
    converter : Autograde
        Which has found what to grade: this comes before anything is graded.
    """
    pattern = converter._format_source(".*", "(?P<student>.*)", escape=True)
    converter.refused = []
    for folder in sorted(converter.assignments):
        try:
            read_stamp(converter.coursedir, folder)
        except TimeError as problem:
            found = re.fullmatch(pattern, folder)
            student = found["student"] if found else folder
            converter.log.error("%s is not graded: %s", student, problem)
            converter.refused.append(student)
            del converter.assignments[folder]


def fail_for_refused(converter: Autograde) -> None:
    """Raise NbGraderException if somebody was left out because of a time, at the end of a run."""
    refused, converter.refused = getattr(converter, "refused", []), []
    if refused:
        raise NbGraderException(
            f"not graded, because the time in timestamp.txt is in doubt: {', '.join(refused)}"
        )


def _init_assignment(self: Autograde, assignment_id: str, student_id: str) -> None:
    """Do what nbgrader does before it grades, and take back a time that is no longer there."""
    _stock_init_assignment(self, assignment_id, student_id)
    source = self._format_source(assignment_id, student_id)
    if self.coursedir.get_existing_timestamp(source) is None:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            submission = gradebook.find_submission(assignment_id, student_id)
            if submission.timestamp is not None:
                submission.timestamp = None
                gradebook.db.commit()


#: What is replaced: an owner, a name, and what takes its place.
TIME_PATCHES: list[tuple[Any, str, Any]] = [
    *[
        (module, "parse_utc", _parse_utc)
        for module in (
            nbgrader.utils,
            nbgrader.apps.api,
            nbgrader.apps.zipcollectapp,
            nbgrader.exchange.default.collect,
            nbgrader.coursedir,
        )
    ],
    (Gradebook, "add_assignment", _with_due_date(Gradebook.add_assignment)),
    (
        Gradebook,
        "update_or_create_assignment",
        _with_due_date(Gradebook.update_or_create_assignment),
    ),
    (DbAssignmentAddApp, "start", _in_course_zone(DbAssignmentAddApp.start)),
    (DbAssignmentImportApp, "start", _in_course_zone(DbAssignmentImportApp.start)),
    (SubmittedAssignment, "duedate", property(_due_date)),
    (NbGraderAPI, "get_assignment", _get_assignment),
    (NbGraderAPI, "get_submitted_timestamp", _submitted_timestamp),
    (CourseDirectory, "get_existing_timestamp", _timestamp),
    (ExchangeCollect, "_path_to_record", _path_to_record),
    (Autograde, "init_assignment", _init_assignment),
]
