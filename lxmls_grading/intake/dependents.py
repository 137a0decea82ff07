"""Finds the tests that need an answer which a person looks at, through what other cells make of it.

Where an answer was not run, or runs below its tests, other cells that call it fail, and so do the
tests of these cells: they wait for the same person.
"""

from __future__ import annotations

from dataclasses import replace

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.definitions import analyse, names_from_elsewhere
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
            continue  # a stub defines nothing of use
        if needs:
            lacking |= code.bound
        else:
            lacking -= code.bound - never
    return tests
