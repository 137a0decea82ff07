"""Explains errors of names that a student has defined where it is not run."""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import added_names, grade_id, is_answer, is_test
from lxmls_grading.definitions import used_names
from lxmls_grading.reasons import Reason, reason

#: The message of Python where a name is not defined.
NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")


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
        errors = [each for each in cell.get("outputs", []) if each.output_type == "error"]
        failed = failed or (bool(errors) and is_test(cell))
        text = "\n".join(f"{each.get('evalue')}" for each in errors)
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
