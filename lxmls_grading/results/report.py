"""A report on a graded class: a page on what to teach again, and a table of points.

Names, messages and reasons come from submissions. The page is made with all of them escaped, and
its content policy lets it run no script and fetch nothing; in the table nothing is a formula.
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

from lxmls_grading.machine.bars import tqdm
from lxmls_grading.machine.sharing import share_folder
from lxmls_grading.people.roster_file import lookalikes
from lxmls_grading.results.gradebook import ReportError, natural, read_assignment
from lxmls_grading.results.histogram import histogram
from lxmls_grading.results.messages import printable
from lxmls_grading.results.outcomes import FAILED, NOT_ATTEMPTED, NOT_RUN, PASSED, UNKNOWN
from lxmls_grading.results.submissions import (
    GIVEN_UP,
    GRADED,
    NOT_HANDED_IN,
    NOT_YET,
    Assignment,
    CellKey,
    Submission,
)
from lxmls_grading.results.survey import Exercise, Survey, heading, short, title
from lxmls_grading.settings import describe_layers
from lxmls_nb import __version__
from lxmls_nb.files import atomic_path

__all__ = ["ReportError", "write_report"]

#: How many are shown: mistakes to teach again, tests that cost most, and messages of a test.
TO_TEACH, COSTLY, MESSAGES = 10, 5, 5

#: What a spreadsheet takes for the start of a formula, in whatever language it separates cells.
FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")


# --- the table ------------------------------------------------------------------------------------


def safe(value: str | float) -> str:
    """Return a cell of a CSV file that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return number(value, 4)
    text = value.encode("utf-8", "backslashreplace").decode()  # names of files may not be text
    return FORMULA.sub("'", text)


def header_of(assignment: Assignment) -> list[str]:
    """Return the header of the table."""
    return [
        "student",
        "status",
        *[title(key) for key in columns_of(assignment)],
        *[heading(name).lower() for name in assignment.points_by_notebook()],
        "points",
        "late_penalty",
        "total",
        "max",
        "needs_manual_grade",
        "reasons",
    ]


def columns_of(assignment: Assignment) -> list[CellKey]:
    """Return the cells that have a column: those that give points."""
    return [cell.key for cell in assignment.cells if cell.points]


def row_of(assignment: Assignment, submission: Submission) -> list[str | float]:
    """Return a student's row of the table."""
    status, points = submission.status(), submission.points
    keys, notebooks = columns_of(assignment), assignment.points_by_notebook()
    row: list[str | float] = [submission.student, status]
    if status != GRADED or points is None:
        row += [""] * (len(keys) + len(notebooks) + 3) + [assignment.most, ""]
    else:
        row += [points.scores.get(key, 0.0) for key in keys]
        row += [points.of(name) for name in notebooks]
        row += [sum(points.scores.values()), points.penalty, points.total, assignment.most]
        row += ["yes" if points.waiting else "no"]
    reasons = [
        f"{short(reason.notebook)}: {printable(reason.full_text)}"
        if reason.notebook
        else printable(reason.full_text)
        for reason in submission.reasons
    ]
    return [*row, " | ".join(reasons)]


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


def templates() -> Environment:
    """Return what fills in the templates: everything is escaped."""
    environment = Environment(
        loader=PackageLoader("lxmls_grading.results"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "layers": describe_layers,
        "number": number,
        "seconds": seconds,
        "marked_up": marked_up,
        "capital": lambda text: text[:1].upper() + text[1:],
        "printable": printable,
        "short": short,
    }
    return environment


def render(survey: Survey, course: str, time: datetime) -> str:
    """Return the page on a class, made at a time; the name of its course may be empty."""
    tests = list(survey.tests.values())
    costly = sorted((t for t in tests if t.lost > 0), key=lambda t: -t.lost)[:COSTLY]
    mistakes = survey.mistakes.most_costly()
    exercises = sorted(survey.exercises.values(), key=lambda exercise: natural(exercise.name))
    page = (
        templates()
        .get_template("report.html")
        .render(
            assignment=survey.assignment,
            course=course,
            survey=survey,
            exercises=exercises,
            to_mend=[test for test in tests if test.broken],
            to_teach=mistakes[:TO_TEACH],
            more=mistakes[TO_TEACH:],
            costly=costly,
            by_hand=list(survey.by_hand.values()),
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
            tests=tests,
            histogram=histogram(survey.totals, survey.assignment.most),
            messages=MESSAGES,
            lookalikes=lookalikes(list(survey.assignment.submissions)),
            version=__version__,
            time=time,
        )
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
    found = read_assignment(coursedir, assignment)
    if not any(submission.status() == GRADED for submission in found.submissions.values()):
        raise ReportError(f"nothing of {assignment} is graded yet: run `lxmls-nb grade` first")
    for group in lookalikes(list(found.submissions)):
        names = ", ".join(map(printable, group))
        coursedir.log.warning("Ids that differ in capital letters only: %s", names)
    for overlooked in found.overlooked:
        coursedir.log.warning("Not graded: %s", overlooked)
    survey = Survey(found)
    folder = Path(coursedir.root, "reports") if folder is None else Path(folder)
    if coursedir.groupshared:
        share_folder(folder)
    page, table = folder / f"{assignment}.html", folder / f"{assignment}.csv"
    # With a mark at its start, spreadsheets know that it is UTF-8.
    with atomic_path(table) as partial, open(partial, "w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([safe(name) for name in header_of(found)])
        for submission in tqdm(
            found.submissions.values(), "reading", unit=" submissions", disable=quiet
        ):
            survey.add(submission)
            writer.writerow([safe(value) for value in row_of(found, submission)])
        out.flush()
        with atomic_path(page) as partial_page:
            partial_page.write_text(
                render(survey, coursedir.course_id, time or datetime.now().astimezone()),
                encoding="utf-8",
                newline="\n",
            )
    return page, table
