"""The cells of a notebook: those that were run, and those of its file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Files of a folder that are looked at to find the one that is open.
MAX_FILES = 50


@dataclass(frozen=True)
class CodeCell:
    """A code cell.

    Attributes
    ----------
    key : str
        What tells it from other cells: its id, or its text where a front end sends no ids.
    source : str
    number : int
        What stands in brackets beside it; 0 if it was not run.
    """

    key: str
    source: str
    number: int = 0

    def described(self) -> str:
        """Return how the cell is called: by the comment it begins with, else by its number."""
        if comment := self._comment():
            return f"the cell “{comment}”"
        return f"cell [{self.number}]" if self.number else self.by_its_beginning()

    def by_its_beginning(self) -> str:
        """Return how a cell is called whose number says nothing, as it may not have been run."""
        if comment := self._comment():
            return f"the cell “{comment}”"
        return f"the cell that begins with `{self._first_line()[:60].rstrip(':')}`"

    def _comment(self) -> str:
        """Return the comment that the cell begins with, up to its first colon or full stop."""
        first = self._first_line()
        return re.split(r"[.:](?:\s|$)", first.strip("#% "))[0] if first[:1] == "#" else ""

    def _first_line(self) -> str:
        lines = map(str.strip, self.source.splitlines())
        return next((line for line in lines if line and not line.startswith("%%")), "")


@dataclass(frozen=True)
class NotebookFile:
    """A notebook as it was last saved.

    Attributes
    ----------
    cells : tuple of CodeCell
        The code cells.
    tests : dict of str to float
        What each cell with checks is worth, by its key.
    points : float
        What the whole notebook is worth.
    """

    cells: tuple[CodeCell, ...] = ()
    tests: Mapping[str, float] = field(default_factory=dict)
    points: float = 0


def file_of(run: Sequence[CodeCell]) -> NotebookFile:
    """Return the notebook that some cells are from, as it was last saved.

    Parameters
    ----------
    run : sequence of CodeCell
        Cells that were run, the present one last. The file that JupyterLab names is taken if it
        contains that; else, as exercises have ids in common, the one that contains most of them.

    Returns
    -------
    notebook : NotebookFile
        An empty one where no file is found.
    """
    keys, present = {cell.key for cell in run}, run[-1].key
    named = _read(Path(os.environ.get("JPY_SESSION_NAME", "")))
    if _shared(named, keys, present):
        return named
    others = map(_read, sorted(Path.cwd().glob("*.ipynb"))[:MAX_FILES])
    return max([NotebookFile(), *others], key=lambda other: _shared(other, keys, present))


def _shared(notebook: NotebookFile, keys: set[str], present: str) -> int:
    """Return how many of some keys a notebook has; none if it lacks the present cell."""
    there = {cell.key for cell in notebook.cells}
    return len(keys & there) if present in there else 0


def _read(path: Path) -> NotebookFile:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [one for one in cells if one["cell_type"] == "code"]
        graded = [one for one in cells if _nbgrader(one).get("grade")]
        tests = {str(one["id"]): _points(one) for one in graded if not _nbgrader(one)["solution"]}
        return NotebookFile(
            tuple(CodeCell(str(one["id"]), "".join(one["source"])) for one in code),
            tests,
            sum(map(_points, graded)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return NotebookFile()  # a file of another kind, or one that is being written


def _nbgrader(cell: dict[str, Any]) -> dict[str, Any]:
    nbgrader: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return nbgrader


def _points(cell: dict[str, Any]) -> float:
    return float(_nbgrader(cell).get("points") or 0)
