"""Export plugins of nbgrader: points as Canvas and Moodle import them.

::

    nbgrader export --exporter lxmls_grading.nbgrader_steps.CanvasExporter --to canvas.csv
    nbgrader export --exporter lxmls_grading.nbgrader_steps.MoodleExporter --to moodle.csv

``--assignment`` and ``--student`` select, as in nbgrader's own export; what they name has to be
there. What else a course may want to set stands in ``nbgrader_config.py``, for example::

    c.CanvasExporter.titles = {"day2": "Day 2 (1234)"}  # of the assignment, and its number
    c.MoodleExporter.identifier = "Email address"

Points are nbgrader's: with extra credit, less the penalty for being late, never below 0. Only what
is final is exported: where an answer waits for points by hand, or a submission is not graded, the
cell is left empty and the student is named in a warning. Students who handed in nothing have an
empty cell too, unless `missing` is "zero".

In an import, an empty cell can erase a grade that is there. A student without any points to export
has no row; export one assignment at a time where that matters.

Identifiers are written as they are, since an import finds students by them; a warning names those
that a spreadsheet would take for a formula, and those that differ in capital letters only. Names
are made safe, as in reports.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, Student
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from sqlalchemy.engine import make_url
from traitlets import Bool, Dict, Enum, Unicode

from lxmls_grading.deadlines.lateness import follow_points
from lxmls_grading.listing import list_names
from lxmls_grading.people.roster_file import lookalikes
from lxmls_grading.results.gradebook import ReportError, assignment_in, natural
from lxmls_grading.results.messages import printable
from lxmls_grading.results.report import FORMULA, number, safe
from lxmls_grading.results.submissions import (
    GRADED,
    NOT_HANDED_IN,
    Assignment,
    Points,
    Submission,
)
from lxmls_grading.results.survey import short
from lxmls_nb.files import atomic_path

__all__ = ["CanvasExporter", "LMSExporter", "MoodleExporter"]

#: How many students are named in a warning.
NAMED = 20


class LMSExporter(ExportPlugin):
    """What the exporters have in common.

    Parameters
    ----------
    titles : dict
        What the learning management system calls an assignment, by its name here; by default
        the same.
    missing : str
        What a student gets who handed in nothing: "blank" (an empty cell) or "zero".
    unfinished : str
        What a student gets whose points are not final, because an answer waits for points by
        hand: "blank" or "export" (the points so far). Either way a warning names them.
    """

    titles = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="What the learning management system calls an assignment, by its name here.",
    ).tag(config=True)
    missing = Enum(
        ("blank", "zero"), "blank", help="What a student gets who handed in nothing."
    ).tag(config=True)
    unfinished = Enum(
        ("blank", "export"),
        "blank",
        help="What a student gets while an answer waits for points by hand.",
    ).tag(config=True)

    #: Where to write without ``--to``.
    default_to = "grades.csv"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coursedir = getattr(self.parent, "coursedir", None) or CourseDirectory(parent=self)
        url = make_url(self.coursedir.db_url)
        # nbgrader's command, which makes its plugin first, would make an empty gradebook next.
        if url.get_backend_name() == "sqlite" and not os.path.isfile(url.database or ""):
            self._fail(f"there is no gradebook {url.database}: is this the course's folder?")

    def export(self, gradebook: Gradebook) -> None:
        """Write the file; if that is not possible, log why and exit with status 1.

        Parameters
        ----------
        gradebook : Gradebook
        """
        path = Path(self.to or self.default_to)
        try:
            for name in self._assignments(gradebook):
                late = follow_points(self.coursedir, self, name)
                points = [f"{student} ({penalty:g})" for student, penalty in late.items()]
                self._warn(f"{name}: points that being late costs now", points)
            gradebook.db.expire_all()
            rows = self.table(gradebook)
            with (
                atomic_path(path) as partial,
                open(partial, "w", encoding="utf-8", newline="") as out,
            ):
                csv.writer(out).writerows(rows)
        except (ReportError, OSError) as error:
            self._fail(str(error))
        self.log.info("Exported grades to %s", path)

    def table(self, gradebook: Gradebook) -> list[list[str]]:
        """Return what is written, row by row.

        Parameters
        ----------
        gradebook : Gradebook

        Returns
        -------
        rows : list of list of str
            The header first.

        Raises
        ------
        lxmls_grading.results.gradebook.ReportError
            If an assignment or a student is not known, or two of them could not be told apart.
        """
        names = self._assignments(gradebook)
        titles = [self.titles.get(name, name) for name in names]
        unique("assignments", "title", zip(names, titles, strict=True))
        assignments = [assignment_in(gradebook, self.coursedir, name) for name in names]
        students = self._students(gradebook, assignments)
        rows = []
        for student in students:
            cells = [self._points(each.submission_of(student.id)) for each in assignments]
            if any(text for text, _ in cells):
                rows.append((student, cells))
        self._warn_of_unfinished(assignments, students)
        return self.layout(assignments, titles, self._identified(rows))

    def layout(
        self, assignments: list[Assignment], titles: list[str], rows: Rows
    ) -> list[list[str]]:
        """Return the rows of the file.

        Parameters
        ----------
        assignments : list of Assignment
        titles : list of str
            Of each assignment.
        rows : list of tuple
            Of each student: nbgrader's Student, the identifier, and for each assignment the
            points as text, empty where there are none to export, and what they are made of.
        """
        raise NotImplementedError

    def identify(self, student: Student) -> str:
        """Return what the learning management system knows a student by."""
        return str(student.id)

    def _assignments(self, gradebook: Gradebook) -> list[str]:
        known = [assignment.name for assignment in gradebook.assignments]
        if not known:
            raise ReportError("the gradebook has no assignment: is this the course's folder?")
        wanted = [str(name) for name in self.assignment]
        check_known("assignment", wanted, known)
        check_known("assignment", self.titles, known, " (titles name it)")
        return [name for name in known if name in wanted or not wanted]

    def _students(self, gradebook: Gradebook, assignments: list[Assignment]) -> list[Student]:
        known = {student.id: student for student in gradebook.students}
        # Whoever handed in, but is not graded, may not be in the gradebook yet.
        for assignment in assignments:
            for name in assignment.submissions.keys() - known.keys():
                known[name] = Student(id=name)
        wanted = [str(name) for name in self.student]
        check_known("student", wanted, known)
        return [known[name] for name in sorted(wanted or known, key=natural)]

    def _points(self, submission: Submission) -> tuple[str, Points | None]:
        """Return the points, and what they are made of; nothing where they are not final."""
        status, points = submission.status(), submission.points
        if status == NOT_HANDED_IN:
            return ("0" if self.missing == "zero" else ""), None
        if status != GRADED or points is None:
            return "", None
        if points.waiting and self.unfinished == "blank":
            return "", None
        return number(points.total, 4), points

    def _warn_of_unfinished(self, assignments: list[Assignment], students: list[Student]) -> None:
        for assignment in assignments:
            waiting, others = [], []
            for name in (student.id for student in students):
                submission = assignment.submission_of(name)
                status, points = submission.status(), submission.points
                if status not in (GRADED, NOT_HANDED_IN):
                    others.append(f"{name} ({status})")
                elif status == GRADED and points and points.waiting:
                    waiting.append(name)
            what = "left empty" if self.unfinished == "blank" else "exported as they are so far"
            self._warn(f"{assignment.name}: answers wait for points by hand, {what}", waiting)
            self._warn(f"{assignment.name}: no points, left empty", others)

    def _identified(self, rows: list[tuple[Student, list[tuple[str, Points | None]]]]) -> Rows:
        """Add identifiers; leave out students who have none."""
        found = [(student, self.identify(student), cells) for student, cells in rows]
        # Moodle would take a row without one for the student of the row before.
        self._warn(
            "left out, there is no identifier of", [s.id for s, name, _ in found if not name]
        )
        found = [row for row in found if row[1]]
        unique("students", "identifier", ((student.id, name) for student, name, _ in found))
        for group in lookalikes([name for _, name, _ in found]):
            self._warn(
                "these identifiers differ in capital letters only, and may be taken for one", group
            )
        self._warn(
            "a spreadsheet would take identifiers for formulas, import the file without opening it",
            [name for _, name, _ in found if FORMULA.search(name)],
        )
        return found

    def _warn(self, what: str, names: list[str]) -> None:
        if names:
            shown = list_names([printable(name) for name in names], NAMED)
            self.log.warning("%s: %s", what, shown)

    def _fail(self, message: str) -> None:
        self.log.error("Nothing is exported: %s", message)
        sys.exit(1)


class CanvasExporter(LMSExporter):
    """Write what Canvas imports: Grades, Import.

    The columns are ``Student``, ``ID``, ``SIS User ID``, ``SIS Login ID``, ``Section`` and one for
    each assignment; the first row holds "Points Possible". ``ID`` is the number of the student in
    Canvas, from the gradebook's column ``lms_user_id`` where it is filled in
    (``nbgrader db student add ID --lms-user-id NUMBER``).

    Canvas finds an assignment by its number in the title, ``Day 2 (1234)``, else by its title; it
    offers to make one if there is none.

    Parameters
    ----------
    identifier : str
        The column of nbgrader's student ids: "SIS Login ID" (what students log in with), "SIS User
        ID", or "ID".
    section : str
        What stands in the column "Section"; Canvas does not read it.
    """

    identifier = Enum(
        ("SIS Login ID", "SIS User ID", "ID"),
        "SIS Login ID",
        help="The column of nbgrader's student ids.",
    ).tag(config=True)
    section = Unicode("", help="What stands in the column Section.").tag(config=True)

    default_to = "canvas.csv"

    #: Canvas leaves out columns with these words in their titles: they are its own sums.
    reserved = (
        *("Current Score", "Current Points", "Current Grade", "Final Score", "Final Points"),
        *("Final Grade", "Override Score", "Override Grade", "Override Status"),
    )

    def layout(
        self, assignments: list[Assignment], titles: list[str], rows: Rows
    ) -> list[list[str]]:
        """Return the rows of the file."""
        for title in titles:
            for words in self.reserved:
                if words in title:
                    raise ReportError(
                        f"Canvas would leave out the column {title!r}, because of {words!r} in it: "
                        "rename the assignment there, and set CanvasExporter.titles"
                    )
        columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        table = [[*columns, *titles]]
        most = [number(assignment.most, 4) for assignment in assignments]
        table.append(["    Points Possible", *[""] * 4, *most])
        for student, identifier, cells in rows:
            values = dict.fromkeys(columns, "") | {
                "Student": self._name(student),
                "ID": student.lms_user_id or "",
                "Section": self.section,
                self.identifier: identifier,
            }
            if values["ID"] and not (values["ID"].isascii() and values["ID"].isdecimal()):
                raise ReportError(
                    f"the ID of {student.id} is {values['ID']!r}, and Canvas's IDs are numbers: "
                    "mend lms_user_id in the gradebook, or CanvasExporter.identifier"
                )
            table.append([*values.values(), *[text for text, _ in cells]])
        return table

    @staticmethod
    def _name(student: Student) -> str:
        """Return a name as Canvas sorts it, "Lovelace, Ada": it is for people to read."""
        names = [name for name in (student.last_name, student.first_name) if name]
        # On one line: Canvas looks at lines to find out what separates columns.
        return safe(printable(", ".join(names) or student.id))


class MoodleExporter(LMSExporter):
    """Write what Moodle imports: Grades, Import, CSV file.

    The first column identifies students, and is called as in Moodle's own export; after it comes a
    column for each assignment. In Moodle's preview, choose the first column at "Map from" and the
    same field at "Map to", then a grade item for each of the other columns. Its maximum should be
    that of the assignment, which a log message of level INFO tells.

    Parameters
    ----------
    identifier : str
        What nbgrader's student ids are in Moodle, "Username" or "ID number"; or "Email address",
        which is the address in the gradebook, or the student id if that is one.
    feedback : bool
        Whether a column "(feedback)" follows each assignment: the points of each exercise.
    """

    identifier = Enum(
        ("Username", "ID number", "Email address"),
        "Username",
        help="What identifies students in Moodle.",
    ).tag(config=True)
    feedback = Bool(
        False, help="Whether a column with the points of each exercise follows each assignment."
    ).tag(config=True)

    default_to = "moodle.csv"

    def identify(self, student: Student) -> str:
        """Return the first column: an id, or an address."""
        if self.identifier != "Email address":
            return super().identify(student)
        return str(student.email or (student.id if "@" in student.id else ""))

    def layout(
        self, assignments: list[Assignment], titles: list[str], rows: Rows
    ) -> list[list[str]]:
        """Return the rows of the file."""
        header = [self.identifier]
        for assignment, title in zip(assignments, titles, strict=True):
            header += [title, f"{title} (feedback)"] if self.feedback else [title]
            self.log.info("%s: the maximum is %s", title, number(assignment.most, 4))
        table = [header]
        for _, identifier, cells in rows:
            row = [identifier]
            for assignment, (text, points) in zip(assignments, cells, strict=True):
                row += [text, self._comment(assignment, points)] if self.feedback else [text]
            table.append(row)
        return table

    @staticmethod
    def _comment(assignment: Assignment, points: Points | None) -> str:
        """Return the points of each exercise, and the penalty."""
        if points is None:
            return ""
        parts = [
            f"{short(name)}: {number(points.of(name))} of {number(most)}"
            for name, most in assignment.points_by_notebook().items()
        ]
        if points.penalty:
            parts.append(f"late: {number(-points.penalty)}")
        return safe("; ".join(parts))


#: Of each student: nbgrader's Student, the identifier, and points with what they are made of.
Rows = list[tuple[Student, str, list[tuple[str, Points | None]]]]


def check_known(kind: str, wanted: Iterable[str], known: Iterable[str], where: str = "") -> None:
    """Raise ReportError if something is wanted that the gradebook does not know."""
    known = list(known)
    for name in wanted:
        if name not in known:
            some = ", ".join(sorted(known, key=natural)[:NAMED])
            more = ", …" if len(known) > NAMED else ""
            raise ReportError(f"there is no {kind} {name!r}{where}, there are: {some}{more}")


def unique(what: str, kind: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Raise ReportError if two have the same title or identifier."""
    pairs = list(pairs)
    for value, count in Counter(value for _, value in pairs).items():
        if count > 1:
            names = ", ".join(name for name, found in pairs if found == value)
            raise ReportError(f"the {what} {names} have the same {kind}: {value!r}")
