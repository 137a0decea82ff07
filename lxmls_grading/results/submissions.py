"""What is known of an assignment: its cells, and what has become of each student's submission.

Submissions can put any text into names, messages and reasons: a page has to escape them.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from lxmls_grading.intake.files import UnreadableError
from lxmls_grading.intake.overlooked import Overlooked
from lxmls_grading.reasons import Reason
from lxmls_grading.records import Record
from lxmls_grading.results.outcomes import (
    NOT_ATTEMPTED,
    UNKNOWN,
    NotebookResult,
    TestResult,
    read_result,
)
from lxmls_grading.settings import weakest_layer

#: What becomes of a submission.
GRADED, GIVEN_UP, NOT_YET, NOT_HANDED_IN = (
    "graded",
    "could not be graded",
    "not graded yet",
    "not handed in",
)


class CellKey(NamedTuple):
    """What names a cell of an assignment: names of cells are unique in a notebook only."""

    notebook: str
    cell: str


@dataclass
class Cell:
    """A cell that gives points: a test, or an answer that is graded by hand."""

    key: CellKey
    points: float
    by_hand: bool


@dataclass
class Points:
    """The points of a submission, as the gradebook has them.

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

    def of(self, notebook: str) -> float:
        """Return the points of a notebook."""
        return sum(score for key, score in self.scores.items() if key.notebook == notebook)


@dataclass
class Submission:
    """What has become of a student's submission.

    Attributes
    ----------
    student : str
    folder : str
        Where the graded notebooks are, if there are any.
    handed_in : bool
    points : Points, optional
        None if the gradebook has no submission.
    given_up : bool
        Whether grading recorded that it could not be graded.
    sandbox : bool, optional
        Whether its code ran in a sandbox; None if that is not known.
    limits : str
        What kept its limits there: one of `settings.LAYERS`, or nothing where that is not known.
    version : str, optional
        Of the package that graded it.
    seconds : dict
        How long each notebook took, by its name.
    reasons : list of Reason
        Why something was not graded as it came.
    tests : dict
        What became of each test, by its cell, once the graded notebooks have been read.
    answers : dict
        The code of each answer then, by its cell.
    """

    student: str
    folder: str
    handed_in: bool = False
    points: Points | None = None
    given_up: bool = False
    sandbox: bool | None = None
    limits: str = ""
    version: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    tests: dict[CellKey, TestResult] = field(default_factory=dict)
    answers: dict[CellKey, str] = field(default_factory=dict)

    def status(self) -> str:
        """Return what has become of it: `GRADED`, `GIVEN_UP`, `NOT_YET` or `NOT_HANDED_IN`."""
        if not self.handed_in:
            return NOT_HANDED_IN
        if self.given_up:
            return GIVEN_UP
        if self.points and (self.points.scored or os.path.isdir(self.folder)):
            return GRADED
        return NOT_YET

    def add_record(self, record: Record) -> None:
        """Add what `lxmls-nb grade` recorded; values that make no sense are left out."""
        self.given_up = record.graded is False
        self.sandbox = record.sandbox if isinstance(record.sandbox, bool) else None
        self.limits = weakest_layer([record.limits])
        self.version = record.version if isinstance(record.version, str) else None
        self.reasons = list(record.reasons)
        self.seconds = {
            name: value
            for name, value in record.seconds.items()
            if math.isfinite(value) and value >= 0
        }
        if self.given_up and not self.reasons:
            self.reasons.append(Reason("given up", "Grading recorded no reason."))

    def read_notebooks(self, cells: list[Cell]) -> None:
        """Add outcomes of tests, answers, the sandbox, more reasons from the graded notebooks."""
        tests: dict[str, list[CellKey]] = {cell.key.notebook: [] for cell in cells}
        for cell in cells:
            if not cell.by_hand:
                tests[cell.key.notebook].append(cell.key)
        sandboxes, layers = [], [self.limits]
        for name, keys in tests.items():
            result = self._read(name, keys)
            sandboxes.append(result.sandbox)
            layers.append(result.limits)
            self.answers |= {CellKey(name, cell): code for cell, code in result.answers.items()}
            known = {reason.text for reason in self.reasons if reason.notebook == name}
            self.reasons += [
                replace(reason, notebook=name)
                for reason in result.reasons
                if reason.text not in known
            ]
            for key in keys:
                self.tests[key] = result.tests.get(key.cell, TestResult(UNKNOWN))
        self.limits = weakest_layer(layers)
        if False in sandboxes:
            self.sandbox = False
        elif self.sandbox is None and all(sandboxes):
            self.sandbox = True

    def _read(self, name: str, keys: list[CellKey]) -> NotebookResult:
        """Read a graded notebook; if that is not possible, return a reason instead of outcomes."""
        path = os.path.join(self.folder, f"{name}.ipynb")
        if os.path.isdir(self.folder) and not os.path.lexists(path):
            # Not handed in: nbgrader gives 0 points. Nothing was executed, in a sandbox or not.
            missing = {key.cell: TestResult(NOT_ATTEMPTED) for key in keys}
            return NotebookResult(tests=missing, sandbox=True)
        try:
            return read_result(path)
        except UnreadableError as problem:
            text = f"The graded notebook could not be read for this report: {problem}."
            return NotebookResult(reasons=[Reason("not in this report", text)])


@dataclass
class Assignment:
    """An assignment and its submissions.

    Attributes
    ----------
    name : str
    cells : list of Cell
        In the order of the notebooks.
    submissions : dict
        Of everybody in the course, by student, in the order of their names.
    overlooked : list of Overlooked
        What may be submissions, and is not graded.
    """

    name: str
    cells: list[Cell]
    submissions: dict[str, Submission]
    overlooked: list[Overlooked] = field(default_factory=list)

    def submission_of(self, student: str) -> Submission:
        """Return a student's submission; of somebody not in the course, none is handed in."""
        return self.submissions.get(student, Submission(student, folder=""))

    @property
    def most(self) -> float:
        """The points that there are."""
        return sum(cell.points for cell in self.cells)

    def points_by_notebook(self) -> dict[str, float]:
        """Return the points that there are in each notebook."""
        points: dict[str, float] = {}
        for cell in self.cells:
            points[cell.key.notebook] = points.get(cell.key.notebook, 0) + cell.points
        return points
