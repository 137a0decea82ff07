"""When a submission was handed in, whether that was late, and what it costs.

nbgrader assigns penalties once, when it grades. Here they follow what is true now: a time stamp
that was removed or changed, another due date, an extension.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties

from lxmls_grading.deadlines.times import TimeError, decode_stamp, read_time, zone_of
from lxmls_grading.intake.files import UnsafeFileError, is_linked, read_plain

#: The file with the time at which a submission was handed in.
STAMP_FILE = "timestamp.txt"

#: Bytes of it that are read.
MAX_STAMP = 1000


def read_stamp(coursedir: CourseDirectory, folder: str) -> datetime | None:
    """Return when a submission was handed in, in UTC, or None if its folder does not tell.

    Parameters
    ----------
    coursedir : CourseDirectory
        Whose configuration has the zone of times that name none.
    folder : str
        Of the submission.

    Raises
    ------
    TimeError
        If the file is there and cannot be read as one time. The message is a sentence that names
        the file.
    """
    path = os.path.join(folder, STAMP_FILE)
    if not os.path.lexists(path) or is_linked(path, coursedir, coursedir.submitted_directory):
        return None  # of a folder that is a link, no file is read
    try:
        return read_time(decode_stamp(read_plain(path, MAX_STAMP)), zone_of(coursedir))
    except UnsafeFileError as problem:
        what = f"it {problem}"
    except TimeError as problem:
        what = str(problem)
    raise TimeError(f"{ascii(os.path.relpath(path, coursedir.root))[1:-1]}: {what}")


def assign_penalty(submission: SubmittedAssignment, plugin: Any) -> None:
    """Assign a submission's penalties, notebook by notebook, as ``AssignLatePenalties`` does.

    Parameters
    ----------
    submission : SubmittedAssignment
        In a session of the gradebook; what is changed is not committed here.
    plugin : BasePlugin
        nbgrader's plugin that says what being late costs.
    """
    late = submission.total_seconds_late
    for notebook in submission.notebooks:
        penalty = None
        score = notebook.score
        if late > 0:
            penalty = plugin.late_submission_penalty(submission.student_id, score, late)
        if penalty is not None:
            penalty = min(max(penalty, 0), score)
        if notebook.late_submission_penalty != penalty:
            notebook.late_submission_penalty = penalty


def penalty_plugin(parent: Any) -> Any:
    """Return the plugin that ``c.AssignLatePenalties.plugin_class`` names.

    Parameters
    ----------
    parent : Configurable
        An application or converter of nbgrader.
    """
    step = AssignLatePenalties(parent=parent)
    step.init_plugin()
    return step.plugin_inst


def renew_penalties(
    coursedir: CourseDirectory, parent: Any, assignment: str, students: Iterable[str]
) -> dict[str, float]:
    """Bring time stamps and penalties up to date for submissions that are not graded anew.

    Those whose time cannot be read stay as they are.

    Parameters
    ----------
    coursedir : CourseDirectory
    parent : Configurable
        An application or converter, whose configuration has the plugin for penalties.
    assignment : str
    students : iterable of str

    Returns
    -------
    earlier : dict
        The points that being late cost so far, by student: of those for whom this changes.
    """
    plugin = penalty_plugin(parent)
    earlier = {}
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        for student in students:
            try:
                submission = gradebook.find_submission(assignment, student)
                folder = coursedir.format_path(coursedir.submitted_directory, student, assignment)
                time = read_stamp(coursedir, folder)
            except (MissingEntry, TimeError):
                continue
            if submission.timestamp != time:
                submission.timestamp = time
            before, now = _assign_anew(submission, plugin)
            if now != before:
                earlier[student] = before
        gradebook.db.commit()
    return earlier


def follow_points(
    coursedir: CourseDirectory, parent: Any, assignment: str, student: str | None = None
) -> dict[str, float]:
    """Bring penalties up to date with points that a person has given since they were assigned.

    A penalty is a number of points, so that those given by hand later on would escape it. Times are
    those that the gradebook has; where it has none, a penalty stays.

    Parameters
    ----------
    coursedir : CourseDirectory
    parent : Configurable
        An application, converter or exporter, whose configuration has the plugin for penalties.
    assignment : str
    student : str, optional
        By default all.

    Returns
    -------
    penalties : dict
        What being late costs now, by student: of those for whom this has changed.
    """
    plugin = penalty_plugin(parent)
    changed = {}
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            if student is None:
                submissions = gradebook.assignment_submissions(assignment)
            else:
                submissions = [gradebook.find_submission(assignment, student)]
        except MissingEntry:
            return {}
        for submission in submissions:
            if submission.timestamp is None:
                continue
            if submission.total_seconds_late <= 0 and not submission.late_submission_penalty:
                continue
            before, now = _assign_anew(submission, plugin)
            if now != before:
                changed[str(submission.student_id)] = now
        gradebook.db.commit()
    return changed


def _assign_anew(submission: SubmittedAssignment, plugin: Any) -> tuple[float, float]:
    """Assign a submission's penalties; return what being late cost before, and costs now."""
    before = _penalty(submission)
    assign_penalty(submission, plugin)
    return before, _penalty(submission)


def _penalty(submission: SubmittedAssignment) -> float:
    return sum(each.late_submission_penalty or 0.0 for each in submission.notebooks)
