"""Submitted notebooks, read as grading reads them."""

from __future__ import annotations

from pathlib import Path

import nbformat

from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.reasons import reasons_of
from tests.support.conversion import in_time


def read(path: Path):
    """Read a submitted notebook."""
    with in_time():
        return SubmissionExporter().read_submitted(str(path))


def why_unreadable(path: Path) -> str:
    """Return why a notebook is unreadable."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.cells == []
    (only,) = reasons_of(notebook)
    assert only.kind == "unreadable"
    return only.text
