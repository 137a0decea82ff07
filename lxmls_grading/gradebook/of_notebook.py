"""A gradebook that has read all grades and comments of one submitted notebook."""

from __future__ import annotations

from typing import NamedTuple

from nbgrader.api import Comment, Grade, Gradebook

from lxmls_grading.feedback.comments import by_cell
from lxmls_grading.gradebook.transaction import in_transaction


class ByHand(NamedTuple):
    """What a person gave for a cell.

    Attributes
    ----------
    points : float, optional
        In place of the points of the test, if there are any; None where a person gave none.
    extra : float
        Extra credit.
    waits : bool
        Whether it waits to be confirmed.
    """

    points: float | None
    extra: float
    waits: bool


class NotebookGradebook(Gradebook):
    """Finds the grades and comments of a submitted notebook by a query for each table.

    nbgrader's steps ask for each row by a query of its own, which joins seven tables. For whole
    classes that is what takes the process that writes the gradebook longest.

    Parameters
    ----------
    db_url : str
    notebook, assignment, student : str
        Names of the notebook and the assignment, and the student's id.

    Raises
    ------
    nbgrader.api.MissingEntry
        If there is no such notebook in the gradebook.
    """

    def __init__(self, db_url: str, notebook: str, assignment: str, student: str):
        super().__init__(db_url)
        # After each commit, of which nbgrader's step makes one for each cell, all rows would be
        # read again.
        self.db().expire_on_commit = not in_transaction()
        self._place = notebook, assignment, student
        saved = self.find_submission_notebook(*self._place)
        self.grades = by_cell(self.db, Grade, saved)
        self.comments = by_cell(self.db, Comment, saved)

    def find_grade(self, grade_cell: str, notebook: str, assignment: str, student: str) -> Grade:
        """Return the grade of a cell, as ``Gradebook.find_grade`` does."""
        if (notebook, assignment, student) == self._place and grade_cell in self.grades:
            return self.grades[grade_cell]
        return super().find_grade(grade_cell, notebook, assignment, student)

    def find_comment(
        self, solution_cell: str, notebook: str, assignment: str, student: str
    ) -> Comment:
        """Return the comment on an answer, as ``Gradebook.find_comment`` does."""
        if (notebook, assignment, student) == self._place and solution_cell in self.comments:
            return self.comments[solution_cell]
        return super().find_comment(solution_cell, notebook, assignment, student)

    def points_by_hand(self) -> dict[str, ByHand]:
        """Return the points by hand, by cell."""
        return {
            name: ByHand(grade.manual_score, grade.extra_credit or 0, grade.needs_manual_grade)
            for name, grade in self.grades.items()
            if grade.manual_score is not None or grade.extra_credit
        }
