"""Submissions made from answers: for tests, for the demo and for benchmarks."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade

from lxmls_grading.cells import grade_id, is_answer, is_test

#: Lines that delimit regions of an instructor's notebook.
DELIMITER = re.compile(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\s*$")


def reference_answers(source: NotebookNode) -> dict[str, str]:
    """Return the solution cells of an instructor's notebook, without delimiters.

    Returns
    -------
    answers : dict
        Code by ``grade_id``.
    """
    return {
        str(grade_id(cell)): "\n".join(
            line for line in cell.source.split("\n") if not DELIMITER.match(line)
        )
        for cell in source.cells
        if is_answer(cell)
    }


def complete(release: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Return a copy of a student's notebook with answers filled in.

    Parameters
    ----------
    release : NotebookNode
    answers : mapping
        Code by ``grade_id`` of solution cells; cells without an entry stay as they are.

    Raises
    ------
    KeyError
        If the notebook has no solution cell of that name.
    """
    notebook = copy.deepcopy(release)
    cells = {grade_id(cell): cell for cell in notebook.cells if is_answer(cell)}
    for name, code in answers.items():
        if name not in cells:
            raise KeyError(f"no solution cell {name!r}; there are {', '.join(map(str, cells))}")
        cells[name].source = code
    return notebook


def points_of(executed: NotebookNode) -> dict[str, float | None]:
    """Return the points of the test cells of an executed notebook, as nbgrader reads them.

    Returns
    -------
    points : dict
        By ``grade_id``.
    """
    tests = [cell for cell in executed.cells if is_test(cell)]
    return {str(grade_id(cell)): determine_grade(cell)[0] for cell in tests}
