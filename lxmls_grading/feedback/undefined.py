"""Explains errors of what is there where a student works, and not where notebooks are graded.

Here it is names: those defined in cells that are run as released, those that tests define, and
those that are defined further down, or nowhere because of a magic.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import added_names, grade_id, is_answer, is_locked, is_test
from lxmls_grading.definitions import TRANSPARENT, analyse, global_names, used_names
from lxmls_grading.feedback.surroundings import error_text, explain_missing
from lxmls_grading.reasons import Reason, reason, reasons_of

#: The message of Python where a name is not defined.
NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")

#: A magic that takes the rest of a cell for itself, and that rest.
CELL_MAGIC = re.compile(r"\s*(%%\w+)[^\n]*\n(.*)", re.DOTALL)


def explain_errors(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of all kinds.

    See :func:`explain_undefined`, :func:`explain_borrowed`, :func:`explain_unreached` and
    :func:`~lxmls_grading.feedback.surroundings.explain_missing`.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    found = explain_undefined(notebook) + explain_missing(notebook) + explain_borrowed(notebook)
    told = [each for each in reasons_of(notebook) + found if each.kind == "set aside"]
    return found + explain_unreached(notebook, {cell for each in told for cell in each.cells})


def explain_unreached(notebook: NotebookNode, told: Collection[str] = ()) -> list[Reason]:
    """Return the reasons of names that a student defines, but not where they are needed.

    They are defined in a cell further down, which may have run first where the student works; or
    below a magic such as ``%%timeit``, which may have been added later. A person looks at the tests
    that failed for want of them.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    told : collection of str
        Names of cells that a person looks at for another reason.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    missed = [next(iter(NOT_DEFINED.findall(error_text(cell))), "") for cell in code]
    if not any(name for cell, name in zip(code, missed, strict=True) if is_test(cell)):
        return []
    names_missed = {*missed}
    last: dict[str, int] = {}  # by name, the place of the last cell that defines it
    magics: dict[str, tuple[str, list[str]]] = {}  # and what keeps which answer from it
    for place, cell in enumerate(code):
        if not is_locked(cell):
            magic, names = _kept_off(cell)
            about = magic, [str(grade_id(cell))] * is_answer(cell)
            magics |= dict.fromkeys(names & names_missed, about)
            here = analyse(cell.source).bound if not error_text(cell) else frozenset[str]()
            last |= dict.fromkeys(here & names_missed, place)
    lacking: dict[str, str] = {}  # by the name that a cell does not define, that which it misses
    tests: dict[str, list[str]] = {}
    for place, (cell, name) in enumerate(zip(code, missed, strict=True)):
        wants = lacking.get(name, name)
        if wants != name or wants in magics or last.get(wants, -1) > place:
            if is_test(cell) and grade_id(cell) not in told:
                tests.setdefault(wants, []).append(str(grade_id(cell)))
            elif not is_locked(cell):
                lacking |= dict.fromkeys(analyse(cell.source).bound & names_missed, wants)
    reasons = []
    for name, failed in tests.items():
        what = f"your code uses `{name}`, which a cell further down defines"
        answers = _answers_with(name, notebook)
        if name in magics:
            magic, own = magics[name]
            what = f"`{magic}` is above the code that defines `{name}`, and keeps it undefined"
            answers += own
        reasons.append(reason("set aside", dict.fromkeys([*answers, *failed]), what=what))
    return reasons


def _kept_off(cell: NotebookNode) -> tuple[str, frozenset[str]]:
    """Return the magic that takes a cell for itself, and the names that it would define."""
    found = CELL_MAGIC.match(TRANSPARENT.sub("", cell.source, count=1))
    return (found[1], analyse(found[2]).bound) if found else ("", frozenset())


def explain_borrowed(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of names that a student's code uses and that only a test defines.

    A test that runs apart defines nothing in the student's process, so that the code fails where
    it runs in nbgrader: a person looks at these tests. So they do at those below that lack what a
    test defines which has failed in this way.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    if not any(is_test(cell) and NOT_DEFINED.search(error_text(cell)) for cell in notebook.cells):
        return []
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    own = frozenset[str]().union(*(analyse(c.source).bound for c in code if not is_test(c)))
    used = frozenset[str]().union(*(global_names(c.source) for c in code if not is_locked(c)))
    known: set[str] = set()  # what tests define
    lacking: dict[str, str] = {}  # the name that a failed test did for want of, by what it defines
    tests: dict[str, list[str]] = {}
    for cell in filter(is_test, code):
        bound = analyse(cell.source).bound - own
        known |= bound
        for name in NOT_DEFINED.findall(error_text(cell))[:1]:
            borrowed = name if name in known & used else lacking.get(name)
            if borrowed:
                tests.setdefault(borrowed, []).append(str(grade_id(cell)))
                lacking |= dict.fromkeys(bound, borrowed)
    return [
        reason(
            "set aside",
            [*_answers_with(name, notebook), *failed],
            what=f"your code uses `{name}`, which only a test defines: import or define it in a "
            "cell of yours",
        )
        for name, failed in tests.items()
    ]


def explain_undefined(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of names that a student has added to cells of the course.

    Such a cell is run as it was released. There is a reason where the name was missed later, and a
    test has failed.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    added = added_names(notebook)
    missed: dict[str, list[str]] = {}
    failed = False
    for cell in notebook.cells if added else []:
        text = error_text(cell)
        failed = failed or (bool(text) and is_test(cell))
        for name in set(NOT_DEFINED.findall(text)) & added.keys():
            missed.setdefault(name, []).append(str(grade_id(cell)))
    if not failed:
        return []
    return [
        reason(
            "added name",
            [*_answers_with(name, notebook), *(each for each in cells if each != "None")],
            name=name,
            cell=added[name],
        )
        for name, cells in missed.items()
    ]


def _answers_with(name: str, notebook: NotebookNode) -> list[str]:
    """Return the answers that use a name."""
    return [
        str(grade_id(cell))
        for cell in notebook.cells
        if is_answer(cell) and cell.cell_type == "code" and name in used_names(cell.source)
    ]
