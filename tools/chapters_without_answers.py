"""The copy of a chapter that students get: without the answers of its tasks.

Answers stand in code cells, in regions that begin with `### BEGIN SOLUTION` and end with
`### END SOLUTION`. The repository and the site keep them, with what comes out of them.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

CONFIGURATION = Path(__file__).resolve().parents[1] / "nbgrader_config.py"
#: The tag of cells that tell what becomes of an answer.
OF_ANSWERS = "of-answers"
DELIMITER = re.compile(r"^(\s*)### (BEGIN|END) SOLUTION\s*$")

#: A notebook's JSON, or a node of nbformat.
Notebook = TypeVar("Notebook", bound=MutableMapping[str, Any])


class RegionError(ValueError):
    """A region of a chapter's answers does not begin or does not end.

    Parameters
    ----------
    notebook, cell : str
        The notebook's name and the cell's id.
    what : str
        What is wrong.
    """

    def __init__(self, notebook: str, cell: str, what: str) -> None:
        super().__init__(f"{notebook}, cell {cell}: {what}")
        self.notebook, self.cell = notebook, cell


def stub(configuration: Path = CONFIGURATION) -> str:
    """Return what takes the place of a solution in the exercises, and here in a function.

    Parameters
    ----------
    configuration : Path
        That of nbgrader.

    Raises
    ------
    ValueError
        If it does not say so.
    """
    for node in ast.walk(ast.parse(configuration.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "python":
                    return str(ast.literal_eval(value))
    raise ValueError(f"{configuration} does not say what takes the place of a solution in Python")


def without_answers(notebook: Notebook, name: str) -> Notebook:
    """Return a copy of a chapter without its answers, and without outputs, if it has answers.

    A region at the top level disappears. One that is indented, in a function, gives way to the
    line that the exercises have for a solution that is not written. Outputs would tell what readers
    are to predict, and not only those of the answers: the cell that follows shows the truth.

    Parameters
    ----------
    notebook : dict or NotebookNode
    name : str
        What errors call it.

    Raises
    ------
    RegionError
        If a region begins twice, or does not begin or end.
    """
    unwritten, has_answers = stub(), False
    result = copy.deepcopy(notebook)
    code = [cell for cell in result["cells"] if cell["cell_type"] == "code"]
    for cell in code:
        source = "".join(cell["source"])
        try:
            kept = "".join(_without_regions(source, unwritten))
        except ValueError as error:
            raise RegionError(name, cell.get("id", "without an id"), str(error)) from None
        if kept != source:
            has_answers, kept = True, kept.rstrip("\n")
            is_text = isinstance(cell["source"], str)
            cell["source"] = kept if is_text else kept.splitlines(keepends=True)
    if has_answers:
        for cell in code:
            cell["outputs"], cell["execution_count"] = [], None
    return result


def _without_regions(source: str, unwritten: str) -> Iterator[str]:
    """Yield the lines of a cell that students get.

    Raises
    ------
    ValueError
        If a region begins twice, or does not begin or end.
    """
    is_inside = False
    for line in source.splitlines(keepends=True):
        match = DELIMITER.match(line)
        if match is None:
            if not is_inside:
                yield line
            continue
        if is_inside == (match[2] == "BEGIN"):
            raise ValueError(
                f"### {match[2]} SOLUTION stands there {'twice' if is_inside else 'alone'}"
            )
        is_inside = match[2] == "BEGIN"
        if is_inside and match[1]:
            yield f"{match[1]}{unwritten}\n"
    if is_inside:
        raise ValueError("### BEGIN SOLUTION has no ### END SOLUTION")
