"""Answers that should be worked out by hand, and leave the work to a library."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_solution

from lxmls_grading.cells import grade_id
from lxmls_grading.definitions import parse
from lxmls_grading.reasons import Reason, reason

#: The tag of a solution cell whose gradients should be worked out by hand.
BY_HAND = "by-hand"

#: Libraries that work out gradients by themselves.
TOOLKITS = frozenset({"torch", "tensorflow", "keras", "jax", "autograd"})


def uses_of_toolkits(cells: Iterable[NotebookNode]) -> list[Reason]:
    """Return a reason for each answer that uses such a library where it should not.

    It costs no points, since values decide; the instructor is told.

    Parameters
    ----------
    cells : iterable of NotebookNode
        Of a rebuilt notebook: tags are those of the source notebook.
    """
    reasons = []
    for cell in cells:
        if is_solution(cell) and BY_HAND in cell.metadata.get("tags", []):
            used = sorted(_names(cell.source) & TOOLKITS)
            if used:
                name = str(grade_id(cell))
                reasons.append(reason("toolkit", [name], answer=name, toolkit=", ".join(used)))
    return reasons


def _names(code: str) -> set[str]:
    """Return the names that code uses or imports, none if it is not valid."""
    try:
        nodes = list(ast.walk(parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
