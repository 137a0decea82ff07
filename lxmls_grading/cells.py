"""Submissions made from answers: for the demo, for tests and for benchmarks."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

#: Lines that delimit regions of an instructor's notebook.
DELIMITER = re.compile(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\s*$")


def grade_id(cell: NotebookNode) -> str | None:
    """Return the nbgrader id of a cell, None if it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def is_answer(cell: NotebookNode) -> bool:
    """Whether a cell is one that students fill in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_test(cell: NotebookNode) -> bool:
    """Whether a cell is a test that gives points."""
    metadata = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and metadata.get("grade") and not is_answer(cell))


def read_notebook(path: str | Path) -> NotebookNode:
    """Read a notebook in the current format."""
    return nbformat.read(path, as_version=4)


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
    from nbgrader.utils import determine_grade

    tests = [cell for cell in executed.cells if is_test(cell)]
    return {str(grade_id(cell)): determine_grade(cell)[0] for cell in tests}
