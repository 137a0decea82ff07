"""Moves imports that a student has added to a cell of the course into a cell of their own.

Cells of the course run as they were released. To add an import to the first of them is what many
do, and what programs do that put imports in order.
"""

from __future__ import annotations

import ast

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.utils import is_grade

from lxmls_grading.definitions import tree_of
from lxmls_grading.intake.matching import Found
from lxmls_grading.intake.originals import Originals, is_unchanged
from lxmls_grading.intake.repairs import edited, repaired
from lxmls_grading.listing import list_names
from lxmls_grading.reasons import Reason


def move_imports(
    own: dict[int, list[NotebookNode]], found: Found, originals: Originals
) -> list[Reason]:
    """Add cells with the imports that were added to cells of the course; return the reasons.

    Parameters
    ----------
    own : dict
        A student's own cells, by the place of the course's cell that they follow. It is changed.
    found : Found
    originals : Originals
    """
    moved = []
    for name, place in originals.order.items():
        text = _added(name, found, originals)
        if text:
            own.setdefault(place, []).insert(0, new_code_cell(text, id=f"added-{name}"[:64]))
            moved.append(name)
    if not moved:
        return []
    what = f"imports that were added to cells of the course ({list_names(moved)}) were put below"
    return [repaired(moved, f"{what}, into cells of your own")]


def _added(name: str, found: Found, originals: Originals) -> str:
    """Return the imports at the top level of a cell that it was not released with."""
    released, index = originals.known[name], edited(found, name, originals)
    if index is None or is_grade(released):
        return ""
    if found.marked[index] and is_unchanged(found.cells[index]):
        return ""  # it comes from an earlier release
    there = {ast.dump(each) for each in _imports(released.source)}
    added = [each for each in _imports(found.cells[index].source) if ast.dump(each) not in there]
    return "\n".join(ast.unparse(each) for each in added)


def _imports(source: str) -> list[ast.stmt]:
    tree = tree_of(source)
    statements = tree.body if tree else []
    return [
        each
        for each in statements
        if isinstance(each, ast.Import | ast.ImportFrom)
        and getattr(each, "module", "") != "__future__"
    ]
