"""Explains errors of what is there where a student works, and not where notebooks are graded.

Those are names that are defined in cells which are run as released, and modules.
"""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import added_names, grade_id, is_answer, is_test
from lxmls_grading.definitions import analyse, used_names
from lxmls_grading.reasons import Reason, reason

#: The message of Python where a name is not defined.
NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")

#: The message of Python where a module is not there, and packages of which only parts are there.
NO_MODULE = re.compile(r"No module named '([\w.]{1,200})'")
OURS = frozenset({"lxmls_nb", "lxmls_grading"})


def explain_errors(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of both kinds; see :func:`explain_undefined` and :func:`explain_missing`.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    return explain_undefined(notebook) + explain_missing(notebook)


def explain_missing(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of modules that a student's code imports, and that are not there.

    They may be installed where the student works, so that a person looks at the tests that failed:
    those whose error names the module, and those that use what a cell without it did not define.
    A module that a test itself names is not the student's.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    if not any(NO_MODULE.search(_error_text(cell)) for cell in notebook.cells):
        return []  # as for almost all, whose code need not be parsed
    lacking: dict[str, str] = {}  # the module, by the name that was not defined for want of it
    tests: dict[str, list[str]] = {}
    answers: dict[str, list[str]] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        name, text = grade_id(cell), _error_text(cell)
        missing = [
            module
            for module in NO_MODULE.findall(text)
            for package in [module.partition(".")[0]]
            if package not in OURS and not (is_test(cell) and package in cell.source)
        ]
        used = [lacking[each] for each in sorted(used_names(cell.source) & lacking.keys())]
        if is_test(cell):
            for module in (missing or used)[:1] if text else []:
                tests.setdefault(module, []).append(str(name))
            continue
        bound = analyse(cell.source).bound
        written = is_answer(cell) or name is None
        if written and (missing or used):
            module = (missing or used)[0]
            lacking |= dict.fromkeys(bound, module)
            answers.setdefault(module, []).extend([name] if name else [])
        elif not text:
            lacking = {each: module for each, module in lacking.items() if each not in bound}
    return [
        reason(
            "set aside",
            [*answers.get(module, []), *failed],
            what=f"your code needs `{module}`, which is not there where this course is graded",
        )
        for module, failed in tests.items()
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
        text = _error_text(cell)
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


def _error_text(cell: NotebookNode) -> str:
    """Return the names and messages of the errors in a cell's outputs, "" if there are none."""
    errors = (each for each in cell.get("outputs", []) if each.output_type == "error")
    return "\n".join(f"{each.get('ename')}: {each.get('evalue')}" for each in errors)


def _answers_with(name: str, notebook: NotebookNode) -> list[str]:
    """Return the answers that use a name."""
    return [
        str(grade_id(cell))
        for cell in notebook.cells
        if is_answer(cell) and cell.cell_type == "code" and name in used_names(cell.source)
    ]
