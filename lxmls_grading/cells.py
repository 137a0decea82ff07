"""The roles of cells in nbgrader, and what this project notes in the metadata of cells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

#: Key of this project in the metadata of notebooks and cells.
METADATA_KEY = "lxmls_nb"

#: The ids that the notebook format allows for a cell, and the text of a picture in base64.
CELL_ID = re.compile("[A-Za-z0-9_-]{1,64}")
#: A version of Python, and its first two numbers.
PYTHON_VERSION = re.compile(r"\d{1,2}\.\d{1,3}(\.[0-9a-z+]{1,12})?")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")

#: The line with the due date that a release adds to a notebook: whatever day it was then.
DUE_DATE = re.compile(r"\*\*Hand in by \w+, \d{1,2} \w+ \d{4}, \d\d:\d\d \([\w/+:, -]+\)\.\*\*")


def grade_id(cell: NotebookNode) -> str | None:
    """Return the nbgrader id of a cell, or None if it has none that is a string."""
    fields = cell.metadata.get("nbgrader")
    name = fields.get("grade_id") if isinstance(fields, dict) else None
    return name if isinstance(name, str) else None


def is_answer(cell: NotebookNode) -> bool:
    """Whether a cell is one that students fill in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_test(cell: NotebookNode) -> bool:
    """Whether a cell is a test that gives points."""
    metadata = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and metadata.get("grade") and not is_answer(cell))


def is_locked(cell: NotebookNode) -> bool:
    """Whether nbgrader puts a cell back as it was released: a test, or one that is only read.

    It returns what nbgrader's function of this name does. To import that takes half a second, since
    all of nbgrader comes with it, and each run of grading starts processes that need nothing else.
    """
    metadata = cell.metadata.get("nbgrader", {})
    return bool(not is_answer(cell) and (metadata.get("grade") or metadata.get("locked")))


def carries_points(cell: NotebookNode) -> bool:
    """Whether a cell is an answer, or is graded."""
    metadata = cell.metadata.get("nbgrader", {})
    return bool(metadata.get("grade") or metadata.get("solution") or metadata.get("task"))


def read_notebook(path: str | Path) -> NotebookNode:
    """Read a notebook in the current format."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def note(cell: NotebookNode, **values: object) -> None:
    """Note something in the metadata of a cell that is the instructor's."""
    cell.metadata.setdefault(METADATA_KEY, NotebookNode()).update(values)


def noted(cell: NotebookNode) -> dict[str, Any]:
    """Return what :func:`note` has noted in a cell."""
    notes = cell.metadata.get(METADATA_KEY)
    return dict(notes) if isinstance(notes, dict) else {}


def note_cause(cell: NotebookNode, cause: str | None) -> None:
    """Note in the metadata of a test cell which known mistake the test has found.

    Parameters
    ----------
    cell : NotebookNode
    cause : str, optional
        The key of a mistake in :mod:`lxmls_nb.checks.mistakes`; None notes nothing.
    """
    if cause is not None:
        note(cell, cause=cause)


def cause_of(cell: NotebookNode) -> str | None:
    """Return the key of the mistake that a test has found, or None if none is noted."""
    cause = noted(cell).get("cause")
    return cause if isinstance(cause, str) else None


def note_added(notebook: NotebookNode, added: dict[str, str]) -> None:
    """Note in a notebook's metadata which names a student has added to cells that are not theirs.

    Parameters
    ----------
    notebook : NotebookNode
    added : dict
        The name (``grade_id``) of the cell, by the name that is bound there.
    """
    if added:
        notes = notebook.metadata.setdefault(METADATA_KEY, NotebookNode())
        notes["added"] = NotebookNode(added)


def added_names(notebook: NotebookNode) -> dict[str, str]:
    """Return what :func:`note_added` has noted in a notebook."""
    return dict(notebook.metadata.get(METADATA_KEY, {}).get("added", {}))


def note_python(notebook: NotebookNode, version: object) -> None:
    """Note in a notebook's metadata which Python a student has saved it with, if that is known."""
    if isinstance(version, str) and PYTHON_VERSION.fullmatch(version):
        notebook.metadata.setdefault(METADATA_KEY, NotebookNode())["python"] = version


def student_python(notebook: NotebookNode) -> str | None:
    """Return the version that :func:`note_python` has noted, or None."""
    notes = notebook.metadata.get(METADATA_KEY)
    version = notes.get("python") if isinstance(notes, dict) else None
    return version if isinstance(version, str) and PYTHON_VERSION.fullmatch(version) else None
