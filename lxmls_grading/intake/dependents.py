"""Finds the tests that need an answer which a person looks at, through what other cells make of it.

Where an answer was not run, or runs below its tests, other cells that call it fail, and so do the
tests of these cells: they wait for the same person.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.definitions import (
    ODD,
    analyse,
    bound_names,
    names_from_elsewhere,
    needed_by,
    tree_of,
)
from lxmls_grading.intake.matching import Found, is_blank
from lxmls_grading.intake.originals import Originals
from lxmls_grading.intake.repairs import all_added
from lxmls_grading.reasons import Reason


def with_dependents(
    reasons: list[Reason], notebook: NotebookNode, found: Found, originals: Originals
) -> list[Reason]:
    """Return reasons in which the tests that need an answer wait with it.

    Parameters
    ----------
    reasons : list of Reason
        Those of kind "set aside" name the answer first.
    notebook : NotebookNode
        As it is rebuilt.
    found : Found
    originals : Originals
    """
    changed = []
    for each in reasons:
        name = each.cells[0] if each.kind == "set aside" else None
        if name in originals.answers:
            tests = _tests_in_want(str(name), notebook, found, originals)
            more = [test for test in tests if test not in each.cells]
            each = replace(each, cells=(*each.cells, *more))
        changed.append(each)
    return changed


def _tests_in_want(
    name: str, notebook: NotebookNode, found: Found, originals: Originals
) -> list[str]:
    """Return the tests that read what an answer defines, or what is made of it, without having it.

    Where it is not certain which cell is the answer, no cell is taken to define it. What else
    stands in a given cell beside the answer was not run either.
    """
    names = originals.answers[name].names
    never = names if name in found.unsure else frozenset()
    added = all_added(found, originals)
    beside = {added[each] for each in names & added.keys()}
    lacking = {*names, *(each for each, where in added.items() if where in beside)}
    tests = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        needs = lacking & names_from_elsewhere(cell.source)
        if is_test(cell):
            tests += [str(grade_id(cell))] * bool(needs)
            continue
        code, answer = analyse(cell.source), grade_id(cell)
        if not code.parsed:
            continue
        if answer in originals.answers and is_blank(cell, originals.known[str(answer)]):
            # Of a stub, only what the solution does not change is of use.
            given = originals.answers[str(answer)].given if not needs else frozenset()
            lacking -= (code.bound & given) - never
        elif needs:
            lacking = _lacking_after(cell.source, lacking, never)
        else:
            lacking -= code.bound - never
    return tests


def _lacking_after(source: str, lacking: set[str], never: frozenset[str]) -> set[str]:
    """Return the names that are lacking below a cell, which stops where it needs one of them.

    A function is defined there, and fails when it is called. Modules are imported elsewhere, too.
    """
    tree = tree_of(source)
    lacking, has_stopped = set(lacking), False
    for node in tree.body if tree else ():
        made, bound = bound_names([node])
        if has_stopped:
            lacking |= made
        elif _needs(node, lacking):
            lacking |= made
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            has_stopped = not is_function or bool(lacking & needed_by([node]))  # to decorate it
        else:
            lacking -= bound - never
    return lacking


def _needs(statement: ast.stmt, lacking: set[str]) -> bool:
    """Whether a statement reads names that are lacking, also in functions that it defines."""
    if not any(isinstance(node, ast.Name) and node.id in lacking for node in ast.walk(statement)):
        return False
    try:
        return bool(lacking & names_from_elsewhere(ast.unparse(statement)))
    except ODD:
        return True
