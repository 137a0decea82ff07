"""Finds the cells without points that no answer and no test needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TypeGuard

from IPython.core.inputtransformer2 import TransformerManager
from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import carries_points
from lxmls_grading.definitions import parse
from lxmls_nb.notebook.names import root_name

#: Cell magics whose cell defines what it would define without them.
TRANSPARENT = re.compile(r"\A(\s*%%(time|capture|timeit|prun)\b[^\n]*\n)+")


def dispensable_cells(cells: Sequence[NotebookNode]) -> set[int]:
    """Return the places of code cells without points that no later answer or test needs.

    A cell is needed if an answer, a test or another needed cell below it uses a name that the cell
    binds, or whose object it changes by an assignment or a method. So is a cell that can define
    anything: by a magic or ``import *``. To give an object to a function does not count, or each
    training of a model would be needed.

    Parameters
    ----------
    cells : sequence of NotebookNode
        Of a notebook that was rebuilt.

    Returns
    -------
    places : set of int
    """
    trees = [_parse(cell) for cell in cells]
    modules = set().union(*map(_imported, trees))
    used: set[str] = set()
    found = set()
    for place in reversed(range(len(cells))):
        if cells[place].cell_type != "code":
            continue
        tree = trees[place]
        bound, changed = _bound(tree), _changed(tree) - modules
        if carries_points(cells[place]) or "*" in bound or used & (bound | changed):
            names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            used |= {node.id for node in names if not isinstance(node.ctx, ast.Store)} - _imported(
                tree
            )
        else:
            found.add(place)
    return found


def _parse(cell: NotebookNode) -> ast.AST:
    """Return the syntax tree of a code cell; an empty one if it cannot run, and defines nothing."""
    source = TRANSPARENT.sub("", cell.source, count=1) if cell.cell_type == "code" else ""
    try:
        return parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _imported(tree: ast.AST) -> set[str]:
    """Return the names of modules that a cell imports: their functions change nothing of theirs.

    What ``from ... import`` gives may be any object, but for the checks of this project.
    """
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) or _from_here(node)
        for alias in node.names
        if isinstance(node, ast.Import) or alias.name == "checks"
    }


def _from_here(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and node.module == "lxmls_nb"


def _bound(tree: ast.AST) -> set[str]:
    """Return the names that a cell binds; an asterisk stands for names that are not known."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Name) and node.id in ("get_ipython", "exec", "globals"):
            found.add("*")
    return found


def _changed(tree: ast.AST) -> set[str]:
    """Return the names whose objects a cell changes by an assignment or a method."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.add(root_name(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.add(root_name(node.func))
    return found
