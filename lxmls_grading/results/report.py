"""A report on a graded class: a page that says what to teach again, and a table of points.

Names, messages and reasons come from submissions. The page is made with all of them escaped, and
its content policy lets it run no script and ask for nothing; in the table nothing is a formula.
"""

from __future__ import annotations

import csv
import re
import statistics
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from nbgrader.coursedir import CourseDirectory
from tqdm import tqdm

from lxmls_grading.results.gradebook import (
    FAILED,
    NOT_ATTEMPTED,
    NOT_RUN,
    PASSED,
    UNKNOWN,
    CellKey,
    ReportError,
    known_of,
    natural,
    printable,
    read_grades,
)
from lxmls_grading.results.report_figures import draw_tests, draw_totals
from lxmls_grading.results.survey import (
    GIVEN_UP,
    GRADED,
    NOT_HANDED_IN,
    NOT_YET,
    Entry,
    Exercise,
    Survey,
    points_of,
    short,
    title,
)
from lxmls_nb import __version__
from lxmls_nb.files import atomic_path

__all__ = ["ReportError", "write_report"]

#: How many are shown: tests to teach again, and messages of a test.
TO_TEACH, MESSAGES = 5, 5

#: What a spreadsheet takes for the start of a formula, in whatever language it separates cells.
FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")


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
        f"{short(reason.notebook)}: {printable(reason.text)}"
        if reason.notebook
        else printable(reason.text)
        for reason in entry.reasons
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
        loader=PackageLoader("lxmls_grading.results"),
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


def times_of(exercises: Iterable[Exercise]) -> list[tuple[str, int, list[float]]]:
    """Return how long exercises took: how many are known; median, 95 % and slowest."""
    times = []
    for exercise in exercises:
        if exercise.seconds:
            found = np.percentile(exercise.seconds, [50, 95, 100]).tolist()
            times.append((exercise.heading, len(exercise.seconds), found))
    return times


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
