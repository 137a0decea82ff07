"""What is found out about a graded class, student by student: what a report is made of."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from nbgrader.coursedir import CourseDirectory

from lxmls_grading.intake.files import UnreadableError
from lxmls_grading.reasons import Reason
from lxmls_grading.results.gradebook import (
    NOT_ATTEMPTED,
    PASSED,
    UNKNOWN,
    Cell,
    CellKey,
    Grades,
    Known,
    Messages,
    NotebookResult,
    Points,
    handed_in,
    printable,
    read_result,
)

#: How many reasons are kept for the page: all of a large class would be too many to read.
ROWS = 500

#: What becomes of a submission.
GRADED, GIVEN_UP, NOT_YET, NOT_HANDED_IN = (
    "graded",
    "could not be graded",
    "not graded yet",
    "not handed in",
)


@dataclass
class GradedTest:
    """A test, and how the class fared.

    Attributes
    ----------
    cell : Cell
    counts : Counter
        Number of graded submissions by outcome.
    score : float
        Points of all of them.
    """

    cell: Cell
    counts: Counter[str] = field(default_factory=Counter)
    score: float = 0.0
    messages: Messages = field(default_factory=Messages)

    @property
    def title(self) -> str:
        """Number of the exercise, and name of the test."""
        return title(self.cell.key)

    @property
    def possible(self) -> float:
        """The points that all submissions could have."""
        return self.cell.points * self.counts.total()

    @property
    def lost(self) -> float:
        """The points that they don't have."""
        return self.possible - self.score

    @property
    def rate(self) -> float:
        """The share of submissions that pass."""
        return self.counts[PASSED] / max(1, self.counts.total())


@dataclass
class ByHand:
    """An answer that is graded by hand: points of those who have theirs, and who waits."""

    cell: Cell
    scores: list[float] = field(default_factory=list)
    waiting: int = 0

    @property
    def title(self) -> str:
        """Number of the exercise, and name of the answer."""
        return title(self.cell.key)


@dataclass
class Exercise:
    """A notebook: its tests, and points of each graded submission."""

    name: str
    points: float
    tests: list[GradedTest]
    scores: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """What it is called."""
        number = short(self.name)
        return number if number == printable(self.name) else f"Exercise {number}"


@dataclass
class Entry:
    """What a report says of one student."""

    student: str
    status: str
    reasons: list[Reason]
    points: Points | None = None


def short(notebook: str) -> str:
    """Return the number of an exercise: 2.1 of exercise_2_1."""
    number = re.fullmatch(r"exercise_(\d+)_(\d+)", notebook)
    return f"{number[1]}.{number[2]}" if number else printable(notebook)


def title(key: CellKey) -> str:
    """Return what a cell is called in a report."""
    return f"{short(key.notebook)} {printable(key.cell)}"


class Survey:
    """What is found out about a class, submission by submission.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment : str
    grades : Grades
    known : dict
        What grading noted, by student.
    """

    def __init__(
        self,
        coursedir: CourseDirectory,
        assignment: str,
        grades: Grades,
        known: dict[str, Known],
    ):
        self.coursedir, self.assignment = coursedir, assignment
        self.grades, self.known = grades, known
        self.handed_in = handed_in(coursedir, assignment) | known.keys() | grades.submissions.keys()
        self.students = sorted(grades.students | self.handed_in)
        self.tests = {c.key: GradedTest(c) for c in grades.cells if not c.by_hand}
        self.by_hand = {c.key: ByHand(c) for c in grades.cells if c.by_hand and c.points}
        self.exercises: dict[str, Exercise] = {}
        for cell in grades.cells:
            name = cell.key.notebook
            if name not in self.exercises:
                tests = [test for key, test in self.tests.items() if key.notebook == name]
                self.exercises[name] = Exercise(name, 0, tests)
            self.exercises[name].points += cell.points
        self.most = sum(exercise.points for exercise in self.exercises.values())
        self.statuses: Counter[str] = Counter()
        self.sandbox: dict[bool | None, list[str]] = defaultdict(list)
        self.versions: set[str] = set()
        self.totals: list[float] = []
        self.waiting = self.late = self.with_reasons = 0
        self.kinds: Counter[str] = Counter()
        self.reasons: list[tuple[Entry, Reason]] = []
        self.left_out = 0  # reasons that are too many for a page

    def folder(self, student: str) -> str:
        """Return the folder of a student's graded notebooks."""
        step = self.coursedir.autograded_directory
        return str(self.coursedir.format_path(step, student, self.assignment))

    def status(self, student: str) -> str:
        """Return what has become of a student's submission."""
        if student not in self.handed_in:
            return NOT_HANDED_IN
        if student in self.known and self.known[student].given_up:
            return GIVEN_UP
        points = self.grades.submissions.get(student)
        if points and (points.scored or os.path.isdir(self.folder(student))):
            return GRADED
        return NOT_YET

    def add(self, student: str) -> Entry:
        """Count a student, and return what is said of them."""
        status = self.status(student)
        self.statuses[status] += 1
        known = self.known.get(student, Known())
        entry = Entry(student, status, list(known.reasons))
        if status in (GRADED, GIVEN_UP) and known.version:
            self.versions.add(known.version)
        for name, seconds in known.seconds.items():
            if name in self.exercises:
                self.exercises[name].seconds.append(seconds)
        if status == GRADED:
            entry.points = self.grades.submissions[student]
            self._add_graded(entry, known)
        elif status == GIVEN_UP:
            if known.sandbox is False:
                self.sandbox[False].append(student)
            if not entry.reasons:
                entry.reasons.append(Reason("given up", "Grading noted no reason."))
        self.with_reasons += bool(entry.reasons)
        self.kinds.update({reason.kind for reason in entry.reasons})
        shown = entry.reasons[: ROWS - len(self.reasons)]
        self.reasons += [(entry, reason) for reason in shown]
        self.left_out += len(entry.reasons) - len(shown)
        return entry

    def _add_graded(self, entry: Entry, known: Known) -> None:
        assert entry.points is not None
        folder = self.folder(entry.student)
        results = {name: self._read(folder, name, entry) for name in self.exercises}
        sandbox = [result.sandbox if result else None for result in results.values()]
        if False in sandbox or known.sandbox is False:
            self.sandbox[False].append(entry.student)
        elif known.sandbox or all(sandbox):
            self.sandbox[True].append(entry.student)
        else:
            self.sandbox[None].append(entry.student)
        said = {(reason.notebook, reason.text) for reason in entry.reasons}
        for name, result in results.items():
            for reason in result.reasons if result else []:
                if (name, reason.text) not in said:
                    entry.reasons.append(replace(reason, notebook=name))
        points = entry.points
        for key, test in self.tests.items():
            result = results[key.notebook]
            state, message = result.tests.get(key.cell, (UNKNOWN, "")) if result else (UNKNOWN, "")
            test.counts[state] += 1
            test.score += points.scores.get(key, 0)
            if message:
                test.messages.add(message)
        for key, answer in self.by_hand.items():
            if key in points.waiting:
                answer.waiting += 1
            else:
                answer.scores.append(points.scores.get(key, 0))
        for name, exercise in self.exercises.items():
            exercise.scores.append(points_of(points, name))
        self.totals.append(points.total)
        self.waiting += bool(points.waiting)
        self.late += bool(points.penalty)

    def _read(self, folder: str, name: str, entry: Entry) -> NotebookResult | None:
        """Read a graded notebook; None if that cannot be done."""
        path = os.path.join(folder, f"{name}.ipynb")
        if os.path.isdir(folder) and not os.path.lexists(path):
            # Not handed in: nbgrader gives 0 points. Nothing was executed, in a sandbox or not.
            return NotebookResult(
                tests={key.cell: (NOT_ATTEMPTED, "") for key in self.tests if key.notebook == name},
                sandbox=True,
            )
        try:
            return read_result(path)
        except UnreadableError as problem:
            text = f"What is under autograded/ could not be read for this report: {problem}."
            entry.reasons.append(Reason("not in this report", text, notebook=name))
            return None


def points_of(points: Points, notebook: str) -> float:
    """Return the points of an exercise."""
    return sum(score for key, score in points.scores.items() if key.notebook == notebook)
