"""Explains errors of what is there where a student works, and not where notebooks are graded.

Here it is names that are defined in cells which are run as released.
"""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import added_names, grade_id, is_answer, is_test
from lxmls_grading.definitions import used_names
from lxmls_grading.feedback.surroundings import error_text, explain_missing
from lxmls_grading.reasons import Reason, reason

#: The message of Python where a name is not defined.
NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")


def explain_errors(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of both kinds; see :func:`explain_undefined` and :func:`explain_missing`.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    return explain_undefined(notebook) + explain_missing(notebook)


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
