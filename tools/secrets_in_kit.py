"""Finds what students must not get: solutions, hidden tests, outputs, and whatever grades.

`tools/make_kit.py` writes no kit in which any of it is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Lines that delimit regions of a source notebook.
DELIMITER = re.compile(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\s*$")
#: What stands in no file of a kit: delimiters, also mistyped ones, and the instructors' package.
FORBIDDEN = re.compile(
    r"###\s*(?:BEGIN|END)\b.*|\b(?:BEGIN|END) (?:SOLUTION|HIDDEN)\b.*|lxmls_grading"
)
#: What PyTorch has everybody write, and Chapter 4 teaches.
TAUGHT = {"optimizer.zero_grad()", "loss.backward()", "optimizer.step()"}
#: Shorter lines, such as `return gradients`, say nothing where they stand in a module.
LONG = 40
#: Shorter ones are brackets and the like.
SHORT = 4


def regions(source: str) -> Iterator[tuple[bool, str]]:
    """Yield the lines of a source cell, each with whether students must not see it.

    Delimiters are left out; lines are stripped.
    """
    secret = False
    for line in source.splitlines():
        if match := DELIMITER.match(line):
            secret = match[1] == "BEGIN"
        else:
            yield secret, line.strip()


def secret_lines(folder: Path, *others: Path) -> set[str]:
    """Return the lines of solutions, hidden tests and mark schemes of a folder's notebooks.

    Lines that students see elsewhere in these notebooks, or in those of other folders, are not
    among them.
    """
    found = {line for secret, line in _lines(folder) if secret}
    shown = {line for each in (folder, *others) for secret, line in _lines(each) if not secret}
    return {line for line in found - shown - TAUGHT if len(line) >= SHORT}


def _lines(folder: Path) -> Iterator[tuple[bool, str]]:
    """Yield the lines of a folder's notebooks, each with whether students must not see it."""
    for path in sorted(folder.glob("*.ipynb")):
        for cell in read_cells(path):
            yield from regions("".join(cell["source"]))


def read_cells(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook's JSON.

    Raises
    ------
    ValueError
        If the file is no notebook.
    """
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no notebook: {error!r}") from error
    return cells


def problems_of_release(released: Path, source: Path, secret: set[str]) -> Iterator[str]:
    """Yield what is wrong with a released notebook, beside the notebook that it was made from."""
    sources = {cell["id"]: "".join(cell["source"]) for cell in read_cells(source)}
    cells = read_cells(released)
    if [cell.get("id") for cell in cells] != list(sources):
        yield "its cells are not those of source/: run make release"
        return
    for cell in cells:
        text = "".join(cell["source"])
        if cell.get("outputs") or cell.get("execution_count"):
            yield f"the cell {cell['id']} has outputs: run make release"
        lines = {line.strip() for line in text.splitlines()}
        if lines & secret or any(map(DELIMITER.match, text.splitlines())):
            yield f"the cell {cell['id']} has a solution or a hidden test in it"
        elif not {line for hidden, line in regions(sources[cell["id"]]) if not hidden} <= lines:
            yield f"the cell {cell['id']} is not as in source/: run make release"


def text_in(value: Any) -> Iterator[str]:
    """Yield all text of a notebook's JSON, at any depth; lists of lines are joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from text_in(item)
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from text_in(item)


def problems_of_file(path: Path, secret: set[str]) -> Iterator[str]:
    """Yield what a file of the kit has in it that students must not get."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    if match := FORBIDDEN.search(text):
        yield f"it has {match[0][:60]!r} in it"
    if path.suffix == ".ipynb":
        text = "\n".join(text_in(read_cells(path)))
    lines = {line.strip() for line in text.splitlines()}
    for line in sorted(secret & lines):
        if len(line) > LONG or path.suffix == ".ipynb":
            yield f"it has a line of a solution or a hidden test in it: {line!r}"
