"""What is known of a graded class: points from the gradebook, outcomes of tests from notebooks.

Names, messages and reasons are what submissions made them. Whatever shows them has to escape them.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.notebooknode import NotebookNode
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
from nbgrader.utils import determine_grade
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from lxmls_grading.cells import METADATA_KEY, grade_id, is_test, read_notebook
from lxmls_grading.intake.files import UnreadableError, UnsafeFileError, read_plain
from lxmls_grading.reasons import NOT_RUN_ERROR, Reason, reasons_of
from lxmls_grading.records import read_records
from lxmls_nb.errors import CheckFailed, NotAttempted

#: What became of a test. UNKNOWN: there is no notebook to be read that says it.
PASSED, FAILED, NOT_ATTEMPTED, NOT_RUN = "passed", "failed", "not attempted", "not run"
UNKNOWN = "unknown"

#: Bytes of a graded notebook that are read, and characters of a message that are kept.
MAX_BYTES, MAX_MESSAGE = 2**27, 400

#: Numbers that stand alone, so that `float32` and `W1` stay; and rows of them.
NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:\.?e[-+]?\d+)?|\.\d+|inf|nan)(?!\w)", re.I
)
ROW = re.compile(r"#(?:[.,;\s]+#)+")

#: Where an error was raised: a line of the student's code.
PLACE = re.compile(r" \(line \d+: .*\)$")


class ReportError(RuntimeError):
    """There is nothing to report on."""


class CellKey(NamedTuple):
    """What names a cell of an assignment: names of cells are unique in a notebook only."""

    notebook: str
    cell: str


@dataclass
class NotebookResult:
    """What a graded notebook says.

    Attributes
    ----------
    tests : dict
        By name of a test cell, what became of it, and its message if it failed.
    sandbox : bool, optional
        Whether it ran in a sandbox; None if nothing says so.
    reasons : list of Reason
    """

    tests: dict[str, tuple[str, str]] = field(default_factory=dict)
    sandbox: bool | None = None
    reasons: list[Reason] = field(default_factory=list)


@dataclass
class Known:
    """What is known of a submission besides its points.

    Attributes
    ----------
    given_up : bool
        Whether grading says that it could not be graded.
    """

    given_up: bool = False
    sandbox: bool | None = None
    version: str | None = None
    reasons: list[Reason] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Cell:
    """A cell that gives points: a test, or an answer that is graded by hand."""

    key: CellKey
    points: float
    by_hand: bool


@dataclass
class Points:
    """What the gradebook says of a submission.

    Attributes
    ----------
    scores : dict
        Points by cell.
    waiting : set
        The cells that wait for points by hand.
    scored : bool
        Whether any cell has been given points, 0 included.
    penalty : float
        For being late.
    """

    scores: dict[CellKey, float] = field(default_factory=dict)
    waiting: set[CellKey] = field(default_factory=set)
    scored: bool = False
    penalty: float = 0.0

    @property
    def total(self) -> float:
        """Points after the penalty, as nbgrader's own export has them."""
        return max(0.0, sum(self.scores.values()) - self.penalty)


@dataclass
class Grades:
    """What the gradebook says of an assignment.

    Attributes
    ----------
    students : set of str
        Everybody in the course.
    cells : list of Cell
        In the order of the assignment.
    submissions : dict
        By student.
    """

    students: set[str]
    cells: list[Cell]
    submissions: dict[str, Points]


def read_grades(coursedir: CourseDirectory, assignment: str) -> Grades:
    """Read an assignment from the gradebook.

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
            return grades_in(gradebook, coursedir, assignment)
    except MissingEntry as error:
        raise ReportError(
            f"the gradebook knows no assignment {assignment!r}: "
            f"run `nbgrader generate_assignment {assignment}` first"
        ) from error
    except SQLAlchemyError as error:
        raise ReportError(f"the gradebook cannot be read: {error}") from error


def grades_in(gradebook: Gradebook, coursedir: CourseDirectory, assignment: str) -> Grades:
    """Read an assignment from a gradebook that is open; raise MissingEntry if it is not there."""
    # Columns, not nbgrader's objects: these would be slow to make for a large class.
    found = gradebook.find_assignment(assignment)
    by_hand = {(cell.notebook_id, cell.name) for cell in _cells(gradebook, found, SolutionCell)}
    cells = [
        Cell(
            CellKey(cell.notebook.name, cell.name),
            cell.max_score,
            cell.cell_type != "code" or (cell.notebook_id, cell.name) in by_hand,
        )
        for kind in (GradeCell, TaskCell)
        for cell in _cells(gradebook, found, kind)
    ]
    order = {name: _order(coursedir, assignment, name) for name in {c.key.notebook for c in cells}}
    last = math.inf
    cells.sort(
        key=lambda cell: (
            natural(cell.key.notebook),
            order[cell.key.notebook].get(cell.key.cell, last),
            cell.key.cell,
        )
    )
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
        .filter(SubmittedAssignment.assignment_id == found.id)
        .yield_per(10_000)
    )
    for student, notebook, cell, score, automatic, manual, waits in rows:
        key = keys.get(CellKey(notebook, cell))
        if key is None:
            continue
        points = submissions[student]
        points.scores[key] = float(score or 0)
        points.scored |= automatic is not None or manual is not None
        # A rubric worth 0 points is "to be graded" in nbgrader until someone opens it.
        if waits and worth[key]:
            points.waiting.add(key)
    penalties = (
        gradebook.db.query(
            SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty
        )
        .select_from(SubmittedAssignment)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(SubmittedAssignment.assignment_id == found.id)
    )
    for student, penalty in penalties:
        submissions[student].penalty += penalty or 0
    students = {student for (student,) in gradebook.db.query(Student.id)}
    return Grades(students, cells, dict(submissions))


def _cells(gradebook: Gradebook, assignment, kind) -> list:
    """Return the cells of one kind of an assignment."""
    query = gradebook.db.query(kind).join(Notebook, Notebook.id == kind.notebook_id)
    return query.filter(Notebook.assignment_id == assignment.id).all()


def _order(coursedir: CourseDirectory, assignment: str, notebook: str) -> dict[str | None, int]:
    """Return the places of cells in a notebook of the course: the gradebook has no order."""
    folder = coursedir.format_path(coursedir.source_directory, ".", assignment)
    try:
        source = read_notebook(Path(folder, f"{notebook}.ipynb"))
        return {grade_id(cell): place for place, cell in enumerate(source.cells)}
    except Exception:  # no source, or none that can be read: the order of names will do
        return {}


def natural(name: str) -> list:
    """Return a key that sorts names as people do: 2 before 10."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def handed_in(coursedir: CourseDirectory, assignment: str) -> set[str]:
    """Return the students with a folder of submitted notebooks."""
    path = coursedir.format_path(coursedir.submitted_directory, "\0", assignment)
    before, _, after = path.partition("\0")
    try:
        names = os.listdir(before)
    except (OSError, ValueError):  # none, or a structure of folders of another kind
        return set()
    return {n for n in names if not n.startswith(".") and os.path.isdir(f"{before}{n}{after}")}


def known_of(root: str | Path, assignment: str) -> dict[str, Known]:
    """Return what `lxmls-nb grade` noted of each submission, as far as it makes sense."""
    return {
        student: Known(
            given_up=record.graded is False,
            sandbox=record.sandbox if isinstance(record.sandbox, bool) else None,
            version=record.version if isinstance(record.version, str) else None,
            reasons=record.reasons,
            seconds={
                name: value
                for name, value in record.seconds.items()
                if math.isfinite(value) and value >= 0
            },
        )
        for student, record in read_records(root, assignment).items()
    }


def read_result(path: str | Path) -> NotebookResult:
    """Read a graded notebook.

    Raises
    ------
    UnreadableError
        If it is none.
    """
    try:
        # nbformat would validate it, which takes longer than all the rest.
        return _result(nbformat.from_dict(json.loads(read_plain(path, MAX_BYTES))))
    except UnsafeFileError as problem:
        raise UnreadableError(f"it {problem}") from problem
    except Exception as error:  # whatever is in the file: one of many must not stop a report
        raise UnreadableError("it is not a notebook as grading writes it") from error


def _result(notebook: NotebookNode) -> NotebookResult:
    notes = notebook.metadata.get(METADATA_KEY, {})
    result = NotebookResult(
        sandbox=notes.get("sandbox") if isinstance(notes.get("sandbox"), bool) else None,
        reasons=reasons_of(notebook),
    )
    for cell in notebook.cells:
        if is_test(cell):
            result.tests[str(grade_id(cell))] = _outcome(cell)
    return result


def _outcome(cell: NotebookNode) -> tuple[str, str]:
    """Return what became of a test, and its message if it failed."""
    for output in cell.outputs:
        if output.output_type == "error":
            if output.ename == NotAttempted.__name__:
                return NOT_ATTEMPTED, ""
            if output.ename == NOT_RUN_ERROR:
                return NOT_RUN, ""
            message = str(output.evalue)
            if output.ename != CheckFailed.__name__:
                message = f"{output.ename}: {message}"
            return FAILED, message
    score, points = determine_grade(cell, logging.getLogger(__name__))
    if score is not None and score < points:
        return FAILED, f"partly right: {score:g} of {points:g} points"
    return PASSED, ""


class Messages:
    """Counts messages; those that differ in numbers or places are one, shown as it came first."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, message: str) -> None:
        """Count a message."""
        message = printable(message)
        count, example = self._found.get(kind := without_numbers(message), (0, message))
        self._found[kind] = count + 1, example

    def most_frequent(self, number: int) -> list[tuple[int, str]]:
        """Return counts and examples, the most frequent first."""
        return sorted(self._found.values(), key=lambda found: (-found[0], found[1]))[:number]

    def __len__(self) -> int:
        return len(self._found)


def without_numbers(message: str) -> str:
    """Return what a message shares with others of its kind."""
    return ROW.sub("#", NUMBER.sub("#", PLACE.sub("", message)))


def printable(text: str, limit: int = MAX_MESSAGE) -> str:
    """Return text on one line, without characters that are not seen or turn others around."""
    line = " ".join(text[: 4 * limit].split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
