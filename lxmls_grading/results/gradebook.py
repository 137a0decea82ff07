"""Reads an assignment: points from the gradebook, who has handed in, and what grading recorded."""

from __future__ import annotations

import math
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment as NbgraderAssignment
from nbgrader.api import (
    BaseCell,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from lxmls_grading.cells import grade_id, read_notebook
from lxmls_grading.intake.overlooked import find_overlooked
from lxmls_grading.records import read_records
from lxmls_grading.results.submissions import Assignment, Cell, CellKey, Points, Submission


class ReportError(RuntimeError):
    """There is nothing to report on."""


def read_assignment(coursedir: CourseDirectory, name: str) -> Assignment:
    """Read an assignment.

    Raises
    ------
    ReportError
        If there is no gradebook, it cannot be read, or it does not know the assignment.
    """
    try:
        url = make_url(coursedir.db_url)
        # nbgrader would make an empty gradebook.
        if url.get_backend_name() == "sqlite" and not os.path.isfile(url.database or ""):
            raise ReportError(f"there is no gradebook {url.database}: is this the course's folder?")
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            return assignment_in(gradebook, coursedir, name)
    except MissingEntry as error:
        raise ReportError(
            f"the gradebook knows no assignment {name!r}: "
            f"run `nbgrader generate_assignment {name} --force` first"
        ) from error
    except SQLAlchemyError as error:
        raise ReportError(f"the gradebook cannot be read: {error}") from error


def assignment_in(gradebook: Gradebook, coursedir: CourseDirectory, name: str) -> Assignment:
    """Read an assignment from a gradebook that is open; raise MissingEntry if it is not there."""
    found = gradebook.find_assignment(name)
    cells = _cells(gradebook, coursedir, found)
    points = _points(gradebook, found, cells)
    records = read_records(coursedir.root, name)
    # A row without any points is that of an extension.
    scored = {student for student, found in points.items() if found.scored}
    students = {student for (student,) in gradebook.db.query(Student.id)}
    # Who was graded and is in no gradebook was removed from it: a misspelt folder was renamed.
    recorded = {who for who, record in records.items() if who in students or not record.graded}
    handed_in = _folders(coursedir, name) | scored | recorded
    submissions = {}
    for student in sorted(students | handed_in):
        folder = str(coursedir.format_path(coursedir.autograded_directory, student, name))
        submission = Submission(student, folder, student in handed_in, points.get(student))
        if student in records:
            submission.add_record(records[student])
        submissions[student] = submission
    known = [assignment for (assignment,) in gradebook.db.query(NbgraderAssignment.name)]
    return Assignment(name, cells, submissions, find_overlooked(coursedir, name, known))


def _cells(gradebook: Gradebook, coursedir: CourseDirectory, assignment: Any) -> list[Cell]:
    """Return the cells of an assignment that give points, in the order of its notebooks."""

    def of(kind: Any) -> list[Any]:
        query = gradebook.db.query(kind).join(Notebook, Notebook.id == kind.notebook_id)
        return list(query.filter(Notebook.assignment_id == assignment.id))

    answers = {(cell.notebook_id, cell.name) for cell in of(SolutionCell)}
    cells = [
        Cell(
            CellKey(cell.notebook.name, cell.name),
            cell.max_score,
            by_hand=cell.cell_type != "code" or (cell.notebook_id, cell.name) in answers,
        )
        for cell in of(GradeCell) + of(TaskCell)
    ]
    places = {name: _places(coursedir, assignment.name, name) for name, _ in {c.key for c in cells}}

    def place(cell: Cell) -> tuple[Any, ...]:
        notebook, name = cell.key
        return natural(notebook), places[notebook].get(name, math.inf), name

    return sorted(cells, key=place)


def _places(coursedir: CourseDirectory, assignment: str, notebook: str) -> dict[str | None, int]:
    """Return the places of cells in a notebook of the course: the gradebook has no order."""
    folder = coursedir.format_path(coursedir.source_directory, ".", assignment)
    try:
        source = read_notebook(Path(folder, f"{notebook}.ipynb"))
        return {grade_id(cell): place for place, cell in enumerate(source.cells)}
    except Exception:  # no source, or none that can be read: the order of names will do
        return {}


def _points(gradebook: Gradebook, assignment: Any, cells: list[Cell]) -> dict[str, Points]:
    """Return the points of each submission, by student."""
    # Columns, not nbgrader's objects: these would be slow to make for a large class.
    worth = {cell.key: cell.points for cell in cells}
    keys = {key: key for key in worth}  # one object for all submissions
    submissions: dict[str, Points] = defaultdict(Points)
    rows = (
        gradebook.db.query(
            SubmittedAssignment.student_id,
            Notebook.name,
            BaseCell.name,
            Grade.score,
            Grade.auto_score,
            Grade.manual_score,
            Grade.needs_manual_grade,
        )
        .select_from(SubmittedAssignment)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .filter(SubmittedAssignment.assignment_id == assignment.id)
        .yield_per(10_000)
    )
    for student, notebook, cell, score, automatic, manual, waits in rows:
        key = keys.get(CellKey(notebook, cell))
        if key is None:
            continue
        points = submissions[student]
        points.scores[key] = float(score or 0)
        points.scored |= automatic is not None or manual is not None
        # A rubric worth 0 points is "to be graded" in nbgrader until someone opens it; points that
        # it has were given when it was worth more.
        if waits and (worth[key] or score):
            points.waiting.add(key)
    penalties = (
        gradebook.db.query(
            SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty
        )
        .select_from(SubmittedAssignment)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(SubmittedAssignment.assignment_id == assignment.id)
    )
    for student, penalty in penalties:
        submissions[student].penalty += penalty or 0
    return dict(submissions)


def _folders(coursedir: CourseDirectory, assignment: str) -> set[str]:
    """Return the students with a folder of submitted notebooks."""
    path = coursedir.format_path(coursedir.submitted_directory, "\0", assignment)
    before, _, after = path.partition("\0")
    try:
        names = os.listdir(before)
    except (OSError, ValueError):  # none, or a structure of folders of another kind
        return set()
    return {n for n in names if not n.startswith(".") and os.path.isdir(f"{before}{n}{after}")}


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts names as people do: 2 before 10."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
