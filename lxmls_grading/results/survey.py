"""Adds up what has become of the submissions of a class: what a report is made of."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from lxmls_grading.reasons import BROKEN_TEST, Reason
from lxmls_grading.results.examples import anonymous
from lxmls_grading.results.messages import Messages, printable
from lxmls_grading.results.mistakes import EXAMPLES, ClassMistake, ClassMistakes, add_examples
from lxmls_grading.results.outcomes import FAILED, PASSED, TestResult
from lxmls_grading.results.submissions import (
    GIVEN_UP,
    GRADED,
    Assignment,
    Cell,
    CellKey,
    Submission,
)

#: How many reasons are kept for the page: all of a large class would be too many to read.
ROWS = 500


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
    messages : Messages
        Of those that failed.
    broken : int
        Number of submissions for which the test could not be carried out.
    details : Counter
        Why it could not.
    together : str, optional
        Why it ran together with the student's code; None if it ran apart.
    """

    cell: Cell
    counts: Counter[str] = field(default_factory=Counter)
    score: float = 0.0
    messages: Messages = field(default_factory=Messages)
    broken: int = 0
    details: Counter[str] = field(default_factory=Counter)
    together: str | None = None

    @property
    def title(self) -> str:
        """Number of the exercise, and name of the test."""
        return title(self.cell.key)

    @property
    def possible(self) -> float:
        """The points that submissions could have where the test was carried out."""
        return self.cell.points * (self.counts.total() - self.broken)

    @property
    def lost(self) -> float:
        """The points that they don't have."""
        return self.possible - self.score

    @property
    def rate(self) -> float:
        """The share of submissions that pass, where the test was carried out."""
        return self.counts[PASSED] / max(1, self.counts.total() - self.broken)


@dataclass
class ByHand:
    """An answer that is graded by hand.

    Attributes
    ----------
    cell : Cell
    scores : list of float
        Of the submissions that have their points.
    waiting : int
        Number of submissions that wait for them.
    """

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
        """What the exercise is called in a report."""
        return heading(self.name)


def short(notebook: str) -> str:
    """Return the number of an exercise: 2.1 of exercise_2_1."""
    number = re.fullmatch(r"exercise_(\d+)_(\d+)", notebook)
    return f"{number[1]}.{number[2]}" if number else printable(notebook)


def heading(notebook: str) -> str:
    """Return what an exercise is called in a report: Exercise 2.1."""
    number = short(notebook)
    return number if number == printable(notebook) else f"Exercise {number}"


def title(key: CellKey) -> str:
    """Return what a cell is called in a report."""
    return f"{short(key.notebook)} {printable(key.cell)}"


class Survey:
    """Adds up a class, submission by submission.

    Parameters
    ----------
    assignment : Assignment
    """

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self.tests = {cell.key: GradedTest(cell) for cell in assignment.cells if not cell.by_hand}
        self.by_hand = {
            cell.key: ByHand(cell) for cell in assignment.cells if cell.by_hand and cell.points
        }
        self.exercises = {
            name: Exercise(name, points, [t for t in self.tests.values() if t.cell.key[0] == name])
            for name, points in assignment.points_by_notebook().items()
        }
        self.mistakes = ClassMistakes()
        self.statuses: Counter[str] = Counter()
        self.sandbox: dict[bool | None, list[str]] = defaultdict(list)
        self.limits: Counter[str] = Counter()
        self.versions: set[str] = set()
        self.totals: list[float] = []
        self.handed_in = self.waiting = self.late = self.with_reasons = 0
        self.kinds: Counter[str] = Counter()
        self.reasons: list[tuple[Submission, Reason]] = []
        self.left_out = 0  # reasons that are too many for a page

    def add(self, submission: Submission) -> None:
        """Read a submission's graded notebooks, and count it."""
        status = submission.status()
        self.statuses[status] += 1
        self.handed_in += submission.handed_in
        if status == GRADED:
            submission.read_notebooks(self.assignment.cells)
            self._add_points(submission)
            self.sandbox[submission.sandbox].append(submission.student)
            # Of a submission without notebooks, nothing ran for which limits had to be kept.
            outcomes = {result.outcome for result in submission.tests.values()}
            if submission.sandbox is not False and (
                submission.limits or outcomes & {PASSED, FAILED}
            ):
                self.limits[submission.limits] += 1
        elif status == GIVEN_UP and submission.sandbox is False:
            self.sandbox[False].append(submission.student)
        if status in (GRADED, GIVEN_UP) and submission.version:
            self.versions.add(submission.version)
        for name, seconds in submission.seconds.items():
            if name in self.exercises:
                self.exercises[name].seconds.append(seconds)
        self.with_reasons += bool(submission.reasons)
        self.kinds.update({reason.kind for reason in submission.reasons})
        shown = submission.reasons[: ROWS - len(self.reasons)]
        self.reasons += [(submission, reason) for reason in shown]
        self.left_out += len(submission.reasons) - len(shown)

    def _add_points(self, submission: Submission) -> None:
        """Count the points and the tests of a graded submission."""
        points = submission.points
        assert points is not None  # or it would not count as graded
        broken_tests = {
            CellKey(reason.notebook or "", cell)
            for reason in submission.reasons
            if reason.kind == BROKEN_TEST
            for cell in reason.cells
        }
        for key, test in self.tests.items():
            result = submission.tests[key]
            test.counts[result.outcome] += 1
            # Points of a test that could not be carried out are given by hand.
            test.score += points.scores.get(key, 0) if key not in broken_tests else 0
            if isinstance(result.together, str):
                test.together = result.together
            if result.outcome == FAILED:
                test.messages.add(result)
                if key not in broken_tests:
                    self._add_mistake(submission, test, result)
        submission.answers.clear()  # those of a large class would be too many to keep
        for reason in submission.reasons:
            if reason.kind == BROKEN_TEST:
                for cell in reason.cells:
                    broken = self.tests.get(CellKey(reason.notebook or "", cell))
                    if broken is not None:
                        broken.broken += 1
                        broken.details[reason.detail] += 1
        for key, answer in self.by_hand.items():
            if key in points.waiting:
                answer.waiting += 1
            else:
                answer.scores.append(points.scores.get(key, 0))
        for name, exercise in self.exercises.items():
            exercise.scores.append(points.of(name))
        self.totals.append(points.total)
        self.waiting += bool(points.waiting)
        self.late += bool(points.penalty)

    def _add_mistake(self, submission: Submission, test: GradedTest, result: TestResult) -> None:
        """Count a failure by its mistake, and keep the answer as an example of it."""
        key = test.cell.key
        assert submission.points is not None
        lost = max(0.0, test.cell.points - submission.points.scores.get(key, 0.0))
        mistake = self.mistakes.add(submission.student, key, test.title, result, lost)
        if len(mistake.answers) < EXAMPLES:
            codes = [submission.answers.get(CellKey(key.notebook, each)) for each in result.about]
            add_examples(mistake, [anonymous(c, submission.student) for c in codes if c])

    def points_around(self, mistake: ClassMistake) -> float:
        """Return the points that there are in the tests of the exercises where a mistake shows."""
        notebooks = {key.notebook for key in mistake.tests}
        return sum(t.cell.points for t in self.tests.values() if t.cell.key.notebook in notebooks)

    def tests_of(self, mistake: ClassMistake) -> str:
        """Return the names of the tests that a mistake shows in, in order, by exercise."""
        names: dict[str, list[str]] = defaultdict(list)
        for key in self.tests:
            if key in mistake.tests:
                names[short(key.notebook)].append(printable(key.cell))
        return "; ".join(f"{notebook} {', '.join(cells)}" for notebook, cells in names.items())
