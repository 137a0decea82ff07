"""Explains errors of what is there where a student works, and not where notebooks are graded.

Here it is names: those defined in cells that are run as released, and those that tests define.
"""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import added_names, grade_id, is_answer, is_locked, is_test
from lxmls_grading.definitions import analyse, global_names, used_names
from lxmls_grading.feedback.surroundings import error_text, explain_missing
from lxmls_grading.reasons import Reason, reason

#: The message of Python where a name is not defined.
NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")


def explain_errors(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of all kinds.

    See :func:`explain_undefined`, :func:`explain_borrowed` and
    :func:`~lxmls_grading.feedback.surroundings.explain_missing`.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    return explain_undefined(notebook) + explain_missing(notebook) + explain_borrowed(notebook)


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
