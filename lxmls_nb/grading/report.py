"""A report on a graded class: a page that says what to teach again, and a table of points.

Names, messages and reasons come from submissions. The page is made with all of them escaped, and
its content policy lets it run no script and ask for nothing; in the table nothing is a formula.
"""

from __future__ import annotations

import csv
import os
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from nbgrader.coursedir import CourseDirectory
from tqdm import tqdm

from lxmls_nb import __version__
from lxmls_nb.files import atomic_path
from lxmls_nb.grading.exporter import UnreadableError
from lxmls_nb.grading.outcomes import (
    FAILED,
    NOT_ATTEMPTED,
    NOT_RUN,
    PASSED,
    UNKNOWN,
    Cell,
    CellKey,
    Grades,
    Known,
    Messages,
    NotebookResult,
    Points,
    Remark,
    ReportError,
    handed_in,
    known_of,
    natural,
    printable,
    read_grades,
    read_result,
)
from lxmls_nb.grading.report_figures import draw_tests, draw_totals

__all__ = ["ReportError", "write_report"]

#: How many of each are shown: tests to teach again, messages of a test, submissions with reasons.
TO_TEACH, MESSAGES, ROWS = 5, 5, 500

#: What becomes of a submission.
GRADED, GIVEN_UP, NOT_YET, NOT_HANDED_IN = (
    "graded",
    "could not be graded",
    "not graded yet",
    "not handed in",
)

#: What a spreadsheet takes for the start of a formula, in whatever language it separates cells.
FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")


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
    remarks: list[Remark]
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
        self.waiting = self.late = self.with_remarks = 0
        self.kinds: Counter[str] = Counter()
        self.remarks: list[tuple[Entry, Remark]] = []
        self.left_out = 0  # remarks that are too many for a page

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
        entry = Entry(student, status, list(known.remarks))
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
            if not entry.remarks:
                entry.remarks.append(Remark(None, "given up", "Grading noted no reason."))
        self.with_remarks += bool(entry.remarks)
        self.kinds.update({remark.kind for remark in entry.remarks})
        shown = entry.remarks[: ROWS - len(self.remarks)]
        self.remarks += [(entry, remark) for remark in shown]
        self.left_out += len(entry.remarks) - len(shown)
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
        said = {(remark.notebook, remark.text) for remark in entry.remarks}
        for name, result in results.items():
            for kind, text in result.reasons if result else []:
                if (name, text) not in said:
                    entry.remarks.append(Remark(name, kind, text))
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
                tests={
                    key.cell: (NOT_ATTEMPTED, "") for key in self.tests if key.notebook == name
                },
                sandbox=True,
            )
        try:
            return read_result(path)
        except UnreadableError as problem:
            text = f"What is under autograded/ could not be read for this report: {problem}."
            entry.remarks.append(Remark(name, "not in this report", text))
            return None


def points_of(points: Points, notebook: str) -> float:
    """Return the points of an exercise."""
    return sum(score for key, score in points.scores.items() if key.notebook == notebook)


# --- the table ------------------------------------------------------------------------------------


def safe(value: str | float) -> str:
    """Return a cell of a CSV file that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return number(value, 4)
    text = value.encode("utf-8", "backslashreplace").decode()  # names of files may not be text
    return FORMULA.sub("'", text)


def header_of(survey: Survey) -> list[str]:
    """Return the header of the table."""
    return [
        "student",
        "status",
        *[title(key) for key in columns_of(survey)],
        *[exercise.heading.lower() for exercise in survey.exercises.values()],
        "points",
        "late_penalty",
        "total",
        "max",
        "needs_manual_grade",
        "reasons",
    ]


def columns_of(survey: Survey) -> list[CellKey]:
    """Return the cells that have a column: those that give points."""
    return [cell.key for cell in survey.grades.cells if cell.points]


def row_of(survey: Survey, entry: Entry) -> list[str | float]:
    """Return a student's row of the table."""
    points, keys = entry.points, columns_of(survey)
    reasons = " | ".join(
        f"{short(remark.notebook)}: {printable(remark.text)}"
        if remark.notebook
        else printable(remark.text)
        for remark in entry.remarks
    )
    row: list[str | float] = [entry.student, entry.status]
    if points is None:
        row += [""] * (len(keys) + len(survey.exercises) + 3) + [survey.most, ""]
    else:
        row += [points.scores.get(key, 0.0) for key in keys]
        row += [points_of(points, name) for name in survey.exercises]
        row += [sum(points.scores.values()), points.penalty, points.total, survey.most]
        row += ["yes" if points.waiting else "no"]
    return [*row, reasons]


# --- the page -------------------------------------------------------------------------------------


def number(value: float, digits: int = 2) -> str:
    """Return a number without needless digits."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def seconds(value: float) -> str:
    """Return a time for people."""
    return f"{value:.1f} s" if value < 100 else f"{value:.0f} s"


def marked_up(text: str) -> Markup:
    """Return a message as HTML: what stands in backticks is code."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:  # a backtick too many
        return escape(printable(text))
    shown = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(shown)


def render(survey: Survey, time: datetime) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("lxmls_nb.grading"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "seconds": seconds,
        "marked_up": marked_up,
        "printable": printable,
        "short": short,
    }
    tests = list(survey.tests.values())
    to_teach = sorted((t for t in tests if t.lost > 0), key=lambda t: -t.lost)[:TO_TEACH]
    exercises = sorted(survey.exercises.values(), key=lambda exercise: natural(exercise.name))
    page = environment.get_template("report.html").render(
        assignment=survey.assignment,
        course=survey.coursedir.course_id,
        survey=survey,
        exercises=exercises,
        to_teach=to_teach,
        by_hand=list(survey.by_hand.values()),
        handed_in=len(survey.handed_in),
        status={
            "graded": survey.statuses[GRADED],
            "given_up": survey.statuses[GIVEN_UP],
            "not_yet": survey.statuses[NOT_YET],
            "not_handed_in": survey.statuses[NOT_HANDED_IN],
        },
        GRADED=GRADED,
        states=[PASSED, FAILED, NOT_ATTEMPTED, NOT_RUN]
        + [UNKNOWN] * any(test.counts[UNKNOWN] for test in tests),
        mean=statistics.fmean(survey.totals),
        median=statistics.median(survey.totals),
        kinds=sorted(survey.kinds.items(), key=lambda item: (-item[1], item[0])),
        mean_of=statistics.fmean,
        median_of=statistics.median,
        times=times_of(exercises),
        figure_totals=Markup(draw_totals(survey.totals, survey.most)),
        figure_tests=Markup(draw_tests([t.title for t in tests], [t.counts for t in tests]))
        if tests
        else None,
        messages=MESSAGES,
        version=__version__,
        time=time,
    )
    return page.encode("utf-8", "backslashreplace").decode()


def times_of(exercises: Iterable[Exercise]) -> list[tuple[str, int, Sequence[float]]]:
    """Return how long exercises took: how many are known; median, 95 % and slowest."""
    return [
        (exercise.heading, len(exercise.seconds), np.percentile(exercise.seconds, [50, 95, 100]))
        for exercise in exercises
        if exercise.seconds
    ]


def write_report(
    coursedir: CourseDirectory,
    assignment: str,
    folder: Path | None = None,
    quiet: bool = False,
    time: datetime | None = None,
) -> tuple[Path, Path]:
    """Write a page and a table about a graded class.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment : str
    folder : Path, optional
        Where to write; by default ``reports`` in the folder of the course.
    quiet : bool
        Whether to do without a progress bar.
    time : datetime, optional
        When the report is made; by default now.

    Returns
    -------
    page, table : Path
        ``<assignment>.html`` and ``<assignment>.csv``; both new, or both as they were.

    Raises
    ------
    ReportError
        If the assignment is not known, or nothing of it is graded.
    """
    grades = read_grades(coursedir, assignment)
    survey = Survey(coursedir, assignment, grades, known_of(coursedir.root, assignment))
    if not any(survey.status(student) == GRADED for student in survey.students):
        raise ReportError(f"nothing of {assignment} is graded yet: run `lxmls-nb grade` first")
    folder = Path(coursedir.root, "reports") if folder is None else Path(folder)
    page, table = folder / f"{assignment}.html", folder / f"{assignment}.csv"
    # With a mark at its start, spreadsheets know that it is UTF-8.
    with atomic_path(table) as partial, open(partial, "w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([safe(name) for name in header_of(survey)])
        bar = tqdm(survey.students, "reading", unit=" submissions", disable=quiet)
        for student in bar:
            writer.writerow([safe(value) for value in row_of(survey, survey.add(student))])
        out.flush()
        with atomic_path(page) as partial_page:
            partial_page.write_text(
                render(survey, time or datetime.now().astimezone()), encoding="utf-8", newline="\n"
            )
    return page, table
