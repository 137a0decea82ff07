"""Submissions that were changed, and what is true of all that are rebuilt."""

from __future__ import annotations

import nbformat

from lxmls_grading.cells import is_answer, is_test


def assert_sound(notebook, originals):
    """The cells of the course are there once, in order, from source; no other cell has marks."""
    nbformat.validate(notebook)
    course = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    wanted = [cell for cell in originals.graded.cells if "nbgrader" in cell.metadata]
    for cell, original in zip(course, wanted, strict=True):
        if is_answer(original):
            original = original | {"source": cell.source}
        assert cell == original
    for cell in notebook.cells:
        if cell not in course:
            assert cell.metadata == {}
    assert [c for c in notebook.cells if is_test(c)] == [
        c for c in originals.graded.cells if is_test(c)
    ]


def edited(cell, cells):
    cell.source = "pass"


def missing(cell, cells):
    cells.remove(cell)
