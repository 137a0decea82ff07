"""Finds answers of which a notebook holds two versions, since a merge of both was not finished.

Tools for that (git, nbdime) put lines or cells around what differs. Which version counts is for the
student, so that a person has to ask, as where the file itself cannot be read for such lines.
"""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode

from lxmls_grading.definitions import analyse, global_names
from lxmls_grading.intake.matching import Found
from lxmls_grading.intake.originals import Originals
from lxmls_grading.intake.repairs import set_aside
from lxmls_grading.reasons import Reason

#: Lines that begin, part and end two versions: nbdime's have the names that it calls them by.
BEGIN = re.compile(r"^(?:<span[^>\n]*>\*\*)?(<{7} [^*\n]+)", re.MULTILINE)
END = re.compile(r"^(?:<span[^>\n]*>\*\*)?>{7} \S", re.MULTILINE)
DELETED = re.compile(r"^<{7} \w+ CELL DELETED >{7}", re.MULTILINE)


def unsettled(found: Found, originals: Originals) -> list[Reason]:
    """Return the reasons of answers of which there are two versions, or of what they call.

    Parameters
    ----------
    found : Found
    originals : Originals
    """
    lines: dict[str, str] = {}
    for index, line in _inside(found).items():
        name, cell = found.names[index], found.cells[index]
        bound = analyse(cell.source).bound if cell.cell_type == "code" else frozenset[str]()
        for each, answer in originals.answers.items():
            counted = found.cells[found.counts[each]].source if each in found.counts else ""
            is_called = name is None and bound & global_names(counted)
            if each == name or answer.names & bound or is_called:
                lines.setdefault(each, line)
    return [
        set_aside(
            name,
            f"two versions of the answer {name}, or of what it calls, were merged, and it is not "
            f"certain which one counts (see the line {line})",
            originals,
        )
        for name, line in lines.items()
    ]


def _inside(found: Found) -> dict[int, str]:
    """Return the indices of cells that hold two versions or stand in one, with the first line."""
    last = max((i for i, cell in enumerate(found.cells) if END.search(cell.source)), default=-1)
    inside: dict[int, str] = {}
    line = ""  # of two versions that have begun in a cell above
    for index, cell in enumerate(found.cells):
        begins = None if _is_quoted(cell) else BEGIN.search(cell.source)
        here = line or (begins[1].strip() if begins else "")
        if here:
            inside[index] = here
        if END.search(cell.source):
            line = ""
        elif begins and index < last and not DELETED.search(cell.source):
            line = here
    return inside


def _is_quoted(cell: NotebookNode) -> bool:
    """Whether a cell is whole code: what looks like the beginning of two versions is a text in it.

    With the lines around two whole versions it is one nevertheless: the text may be the answer.
    """
    is_code = cell.cell_type == "code" and analyse(cell.source).parsed
    return is_code and not END.search(cell.source)
