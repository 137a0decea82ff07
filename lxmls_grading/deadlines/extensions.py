"""Gives a student more time: nbgrader's extensions, with penalties that follow at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.deadlines.lateness import assign_penalty, penalty_plugin, read_stamp
from lxmls_grading.deadlines.times import TimeError
from lxmls_grading.people.matching import close_names, written_alike

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class ExtensionError(ValueError):
    """No extension can be given. The message is a line that says why."""


@dataclass(frozen=True)
class Extension:
    """A student's due date, and what follows from it.

    Attributes
    ----------
    due : datetime
        In UTC.
    penalty_before, penalty : float
        Points.
    late : bool
        Whether the submission is late.
    handed_in : datetime, optional
        In UTC.
    problem : str, optional
        Why it is not known when the submission was handed in.
    """

    due: datetime
    penalty_before: float
    penalty: float
    late: bool
    handed_in: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True)
class More:
    """How much later something is due.

    Attributes
    ----------
    days : timedelta
        Days of the calendar: when clocks change, one has 23 or 25 hours.
    hours : timedelta
        The rest.
    """

    days: timedelta = timedelta(0)
    hours: timedelta = timedelta(0)

    def after(self, due: datetime, zone: tzinfo) -> datetime:
        """Return a due date that is moved. Both are in UTC, without a zone.

        Raises
        ------
        OverflowError
            If it is too far away.
        """
        if self.days:  # where the clocks show two times that it can be, the later one
            there = due.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) + self.days
            times = [there.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
            due = max(times).replace(tzinfo=None)
        return due + self.hours


def parse_extension(text: str) -> More:
    """Return the time that ``+48h``, ``+2d``, ``+1w``, ``+90m`` or ``+1d12h`` means; 0 for ``0``.

    Raises
    ------
    ExtensionError
        If it is something else.
    """
    if re.fullmatch(r"\+?0[mhdw]?", text):
        return More()
    parts = re.findall(r"(\d+(?:\.\d+)?)([mhdw])", text, re.ASCII)
    whole = "+" + "".join(f"{number}{unit}" for number, unit in parts)
    if not parts or whole != text:
        raise ExtensionError(
            f"{text!r} is no extension: write +48h, +2d, +1w or +90m, counted from the due date of "
            "all, or 0 to take it back"
        )
    try:
        times = [(unit, timedelta(**{UNITS[unit]: float(number)})) for number, unit in parts]
        in_days = sum((time for unit, time in times if unit in "dw"), timedelta(0))
        days = timedelta(days=in_days.days)
        hours = sum((time for unit, time in times if unit in "mh"), in_days - days)
        return More(days, hours)
    except OverflowError:
        raise ExtensionError(f"{text!r} is too long") from None


def extend(
    coursedir: CourseDirectory,
    parent: Any,
    student: str,
    assignment: str,
    more: More,
    zone: tzinfo = UTC,
) -> Extension:
    """Give a student an extension in place of an earlier one, and renew the penalties.

    Parameters
    ----------
    coursedir : CourseDirectory
    parent : Configurable
        The application, whose configuration has the plugin for penalties.
    student, assignment : str
    more : More
        Counted from the due date of all; nothing takes an extension back.
    zone : tzinfo
        The course's, in whose calendar days are counted.

    Raises
    ------
    ExtensionError
        If the gradebook does not know one of them, or the assignment has no due date.
    """
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        names = [name for (name,) in gradebook.db.query(Assignment.name)]
        if assignment not in names:
            raise ExtensionError(f"there is no assignment {assignment!r}{close(assignment, names)}")
        due = gradebook.find_assignment(assignment).duedate
        if due is None:
            raise ExtensionError(
                f"{assignment} has no due date, so that nothing is late: set one with "
                f"`nbgrader db assignment add {assignment} --duedate ...`"
            )
        students = [name for (name,) in gradebook.db.query(Student.id)]
        same = written_alike(student, students)
        if student not in students and len(same) == 1:
            student = same[0]
        if student not in students:
            raise ExtensionError(
                f"there is no student {student!r} in the gradebook{close(student, students)}"
            )
        try:
            extension = more.after(due, zone) - due
        except OverflowError:
            raise ExtensionError("this is too long") from None
        submission = _submission(gradebook, assignment, student)
        before = submission.late_submission_penalty or 0.0
        submission.extension = extension or None
        problem = None
        try:
            folder = coursedir.format_path(coursedir.submitted_directory, student, assignment)
            submission.timestamp = read_stamp(coursedir, folder)
        except TimeError as error:
            problem = str(error)
        assign_penalty(submission, penalty_plugin(parent))
        gradebook.db.commit()
        return Extension(
            due=submission.duedate,
            penalty_before=before,
            penalty=submission.late_submission_penalty or 0.0,
            late=submission.total_seconds_late > 0,
            handed_in=submission.timestamp,
            problem=problem,
        )


def _submission(gradebook: Gradebook, assignment: str, student: str) -> SubmittedAssignment:
    """Return the submission's row, which is made for somebody who has not handed in yet.

    Rows for its notebooks are made when it is graded. With them, nbgrader would let no cell be
    added to a notebook any more, or be removed.
    """
    try:
        return gradebook.find_submission(assignment, student)
    except MissingEntry:
        submission = SubmittedAssignment(
            assignment=gradebook.find_assignment(assignment),
            student=gradebook.find_student(student),
        )
        gradebook.db.add(submission)
        gradebook.db.commit()
        return submission


def close(name: str, names: list[str]) -> str:
    """Return a question that suggests names, or a list of some of them."""
    if question := close_names(name, names):
        return question
    return f": there are {', '.join(sorted(names)[:10])}" if names else ": it is empty"
