"""Parses what was handed in, and reduces it to a valid notebook with the student's texts.

No function here reads or writes a file.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import BASE64, CELL_ID, note_python
from lxmls_grading.intake.files import CLEAR, HAND_IN_FILE, UnreadableError

#: Fields of a cell's nbgrader metadata that are kept, to find out what was changed.
FIELDS = ("grade_id", "grade", "solution", "locked", "task", "points", "checksum")

#: Most objects and lists in a file: in memory, they take many times the size of their text.
MAX_BRACKETS = 1_000_000

#: Lines that a merge of two versions leaves where they disagree.
CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)

DOWNLOAD = "Download the notebook itself (on GitHub: the raw file), and submit that."

#: How files begin that are often handed in in place of a notebook, and what they are.
OTHER_FILES = (
    (b"pk\x03\x04", "the file is a zip archive", "Unpack it, and hand in the notebook."),
    (b"%pdf", "the file is a PDF document", HAND_IN_FILE),
    (b"http", "the file holds a link", DOWNLOAD),
    (b"<!doctype", "the file is a web page", DOWNLOAD),
    (b"<html", "the file is a web page", DOWNLOAD),
    (
        b"version https://git-lfs",
        "the file stands for one that is kept in Git LFS",
        "Run `git lfs pull`, and submit the notebook.",
    ),
)

#: Pictures that a student may attach to a text; the data are base64.
PICTURES = ("image/png", "image/jpeg", "image/gif")
MAX_PICTURES = 20


def parse_notebook(data: bytes) -> dict[str, Any]:
    """Return the object in a notebook's file.

    Raises
    ------
    UnreadableError
        If there is none.
    """
    if not data.strip():
        raise UnreadableError("the file is empty", "Save the notebook anew, and submit it again.")
    for start, what, advice in OTHER_FILES:
        if data[:1000].lstrip().lower().startswith(start):
            raise UnreadableError(what, advice)
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
        raise UnreadableError("the file holds too many small parts", CLEAR)
    try:
        raw = json.loads(data.decode(json.detect_encoding(data)))
    except UnicodeDecodeError as error:
        raise UnreadableError("the file is not text in UTF-8") from error
    except json.JSONDecodeError as error:
        conflict = CONFLICT.search(data)
        if conflict:
            line = data.count(b"\n", 0, conflict.start()) + 1
            raise UnreadableError(
                f"two versions of it were merged, and it holds both (see its line {line}: "
                f"{conflict[1].decode()})",
                "Resolve the conflict, with `nbdime mergetool` or by taking one version with "
                "`git checkout --ours` or `--theirs`, and submit it again.",
            ) from error
        raise UnreadableError(f"the file is no notebook (see its line {error.lineno})") from error
    except RecursionError as error:
        raise UnreadableError("the file is nested too deeply") from error
    except ValueError as error:
        raise UnreadableError("the file holds a number that is too long") from error
    if not isinstance(raw, dict):
        raise UnreadableError("the file is no notebook")
    return raw


def clean_notebook(raw: dict[str, Any], max_cells: int, max_text: int) -> NotebookNode:
    """Return a valid notebook with a student's texts and the marks that nbgrader put on cells.

    The version of Python that the notebook was saved with is noted in its metadata.

    Parameters
    ----------
    raw : dict
        What a file holds, of notebook format 4 or 3.
    max_cells, max_text : int
        The most cells, and characters in them.

    Raises
    ------
    UnreadableError
        If it has no cells, too many, or another format.
    """
    version = raw.get("nbformat", 4)
    sheets = [raw]
    if version == 3:
        sheets = raw["worksheets"] if isinstance(raw.get("worksheets"), list) else []
    elif version != 4:
        raise UnreadableError("its notebook format is neither 4 nor 3")
    lists = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and "cells" in sheet]
    if not lists or not all(isinstance(cells, list) for cells in lists):
        raise UnreadableError("it has no cells")
    if sum(map(len, lists)) > max_cells:
        raise UnreadableError(
            f"it has more than {max_cells} cells",
            "Delete cells that it does not need, and submit it.",
        )
    notebook: NotebookNode = nbformat.v4.new_notebook()
    metadata = raw.get("metadata")
    language = metadata.get("language_info") if isinstance(metadata, dict) else None
    if isinstance(language, dict) and language.get("name", "python") in ("python", "ipython"):
        note_python(notebook, language.get("version"))
    ids: set[str] = set()
    for cell in (cell for cells in lists for cell in cells if isinstance(cell, dict)):
        notebook.cells.append(clean_cell(cell, new_id(cell.get("id"), ids)))
    if sum(len(cell.source) for cell in notebook.cells) > max_text:
        raise UnreadableError(
            f"its cells hold more than {max_text / 1e6:g} MB of text",
            "Keep data in a file beside it, and submit it again.",
        )
    return notebook


def new_id(wish: Any, taken: set[str]) -> str:
    """Return a cell's id, or another one if it is not valid or taken; add it to those taken."""
    name = wish if isinstance(wish, str) else ""
    if not CELL_ID.fullmatch(name) or name in taken:
        name = next(own for n in itertools.count(1) if (own := f"own-{n}") not in taken)
    taken.add(name)
    return name


def clean_cell(raw: dict[str, Any], cell_id: str) -> NotebookNode:
    """Return a cell with its type, text, pictures, and nbgrader's marks and tags; nothing else."""
    kind = raw.get("cell_type")
    source = clean_text(raw.get("source", raw.get("input")))  # "input" in format 3
    if kind == "heading":  # of format 3
        level = raw.get("level")
        level = level if isinstance(level, int) and 1 <= level <= 6 else 1
        kind, source = "markdown", f"{'#' * level} {source}"
    cell = NotebookNode(
        id=cell_id,
        cell_type=kind if kind in ("code", "markdown") else "raw",
        metadata=clean_metadata(raw.get("metadata")),
        source=source,
    )
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    if cell.cell_type == "markdown":
        pictures = clean_attachments(raw.get("attachments"))
        if pictures:
            cell.attachments = pictures
    return cell


def clean_text(text: Any) -> str:
    """Return the text of a cell as a string that can be written, with line feeds at line ends."""
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    if not isinstance(text, str):
        return ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = lines.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return lines.encode("utf-8", "replace").decode("utf-8")  # replaces lone surrogates


def clean_metadata(metadata: Any) -> NotebookNode:
    """Return the tags of a cell, and nbgrader's fields that hold a plain value."""
    clean = NotebookNode()
    if not isinstance(metadata, dict):
        return clean
    fields, tags = metadata.get("nbgrader"), metadata.get("tags")
    if isinstance(fields, dict):
        clean.nbgrader = NotebookNode(
            {key: fields[key] for key in FIELDS if _is_plain(fields.get(key))}
        )
    if isinstance(tags, list):
        texts = dict.fromkeys(clean_text(tag).replace(",", "")[:100] for tag in tags[:100])
        clean.tags = [tag for tag in texts if tag.strip()]
    return clean


def _is_plain(value: Any) -> bool:
    """Whether a value is a truth value, a short text or a number of a usual size."""
    if isinstance(value, str):
        return len(value) <= 200 and value == clean_text(value)
    return isinstance(value, int | float) and abs(value) < 1e9  # False for NaN


def clean_attachments(attachments: Any) -> NotebookNode:
    """Return the pictures among the attachments of a text, by name."""
    clean = NotebookNode()
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        if isinstance(bundle, dict) and name == clean_text(name) and len(clean) < MAX_PICTURES:
            pictures = {
                kind: bundle[kind]
                for kind in PICTURES
                if isinstance(bundle.get(kind), str) and BASE64.fullmatch(bundle[kind])
            }
            if pictures:
                clean[name] = NotebookNode(pictures)
    return clean
