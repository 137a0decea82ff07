"""Finds the cells of the course again in a submitted notebook.

nbgrader's marks name them. Where a program has dropped the marks (a conversion, another editor), or
a student has deleted an answer and written it anew, a cell is found by its id, by its text, by the
names that it defines, or by its place between others.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_solution

from lxmls_grading.cells import grade_id
from lxmls_grading.definitions import analyse, needed_names
from lxmls_grading.intake.layout import layout_key
from lxmls_grading.intake.merged_cells import as_they_were
from lxmls_grading.intake.originals import Keys, Originals, plain_text, same_text

#: Most characters in own cells of code for which the layout of code makes no difference.
MAX_LAYOUT = 200_000


@dataclass
class Found:
    """Which cell of the course each cell of a submission is.

    Attributes
    ----------
    cells : list of NotebookNode
        The submission's, those that were merged or split as they were before.
    names : list of (str or None)
        The name of the course's cell, or None for a cell of the student's own.
    marked : list of bool
        Whether a cell was found by nbgrader's marks.
    done : list of tuple
        What was done with merged and split cells before: the cells of the course, and a clause.
    rewritten : dict
        Answers that were found in cells of the student's own: the index of the cell, by name.
    unsure : dict
        Answers of which it is not certain what counts: the reason, a clause, by name.
    counts : dict
        The index of the copy that counts and marks the place of a cell, by name.
    """

    cells: list[NotebookNode]
    names: list[str | None]
    marked: list[bool]
    done: list[tuple[list[str], str]] = field(default_factory=list)
    rewritten: dict[str, int] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def copies(self, name: str) -> list[int]:
        """Return the indices of the cells that are one of the course's."""
        return [index for index, found in enumerate(self.names) if found == name]

    def own(self, kind: str) -> list[int]:
        """Return the indices of the student's own cells of a type, empty ones left out."""
        return [
            index
            for index, cell in enumerate(self.cells)
            if self.names[index] is None and cell.cell_type == kind and cell.source.strip()
        ]

    def lost_marks(self) -> list[str]:
        """Return the cells of the course that have lost their marks, and were found nevertheless.

        In a notebook with other marks, an answer in a cell of the student's own has lost none.
        """
        own = self.rewritten.values() if any(self.marked) else ()
        return [
            name
            for index, (name, cell) in enumerate(zip(self.names, self.cells, strict=True))
            if name and not self.marked[index] and not grade_id(cell) and index not in own
        ]


def find_cells(submitted: NotebookNode, originals: Originals) -> Found:
    """Find the cells of the course in a submitted notebook.

    Parameters
    ----------
    submitted : NotebookNode
        Nothing about its metadata is taken for granted.
    originals : Originals
    """
    found = find_marked(submitted, originals)
    _tell_parts_from_copies(found, originals)
    _find_rewritten(found, originals)
    _find_by_place(found, originals)
    for name in originals.answers:
        copies = found.copies(name)
        if copies:
            found.counts[name] = count(copies, name, found, originals)
    above = -1  # where the answer before the next cell is: of a notebook that is there twice, too
    for name, released in originals.known.items():
        copies = found.copies(name)
        if name not in originals.answers and copies:
            same = [index for index in copies if same_text(found.cells[index], released)] or copies
            found.counts[name] = next((index for index in same if index > above), same[0])
        elif copies:
            above = found.counts[name]
    return found


def find_marked(submitted: NotebookNode, originals: Originals) -> Found:
    """Find cells by nbgrader's marks, else by their texts, else by their ids.

    Parameters
    ----------
    submitted : NotebookNode
    originals : Originals
    """
    known = originals.known
    cells, done = as_they_were(submitted.cells, originals)
    marks = [grade_id(cell) for cell in cells]
    names = [mark if mark in known else None for mark in marks]
    found = Found(cells, names, [name is not None for name in names], done)
    _find_missing(found, originals, _text_keys)
    if sum(len(found.cells[index].source) for index in found.own("code")) <= MAX_LAYOUT:
        _find_missing(found, originals, _layout_keys)
    if _keeps_ids(found, originals):
        _find_missing(found, originals, _id_keys)
    stubs = {
        key: name
        for name, answer in originals.answers.items()
        if answer.names & analyse(known[name].source).bound
        for key in _text_keys(known[name])
    }
    for index in found.own("code"):
        # Run as a cell of the student's own, a copy of a stub would take the answer's place.
        copied = (stubs[key] for key in _text_keys(found.cells[index]) if key in stubs)
        found.names[index] = next(copied, None)
    return found


def _tell_parts_from_copies(found: Found, originals: Originals) -> None:
    """Take cells with the marks of an answer for a student's own where they only add to a copy.

    An editor that splits a cell leaves the marks on each part: on a function that the answer calls,
    which defines nothing of it, or on what changes the answer above. A copy below that defines a
    part of it anew adds that part.
    """
    for name, answer in originals.answers.items():
        copies = found.copies(name)
        codes = {index: analyse(found.cells[index].source) for index in copies}
        needs = {
            index for index in copies if answer.names & needed_names(found.cells[index].source)
        }
        whole = [i for i, code in codes.items() if code.bound & answer.names and i not in needs]
        complete = [i for i in whole if answer.names <= codes[i].bound]
        for index in copies if whole else ():
            cell = found.cells[index]
            defined = codes[index].bound & answer.names
            adds = index > whole[0] if index in needs else not defined
            adds = adds or (defined < answer.names and index > min(complete, default=index))
            if adds and cell.cell_type == "code" and cell.source.strip() and codes[index].parsed:
                found.names[index], found.marked[index] = None, False


def _find_missing(found: Found, originals: Originals, keys: Keys) -> None:
    """Find cells that are missing among those that have no name, by a key that both have."""
    there = set(found.names)
    if None not in there:
        return
    missing: dict[Hashable, list[str]] = {}
    for name, of_released in originals.keys(keys).items():
        if name not in there:
            for key in of_released:
                missing.setdefault(key, []).append(name)
    for index, cell in enumerate(found.cells) if missing else ():
        if found.names[index] is None:
            fitting = (name for key in keys(cell) for name in missing.get(key, ()))
            fits = next((name for name in fitting if name not in there), None)
            if fits is not None and _may_be(cell, originals.known[fits]):
                found.names[index] = fits
                there.add(fits)


def _text_keys(cell: NotebookNode) -> list[Hashable]:
    return [(cell.cell_type, plain_text(cell))]


def _layout_keys(cell: NotebookNode) -> list[Hashable]:
    key = layout_key(cell.source) if cell.cell_type == "code" else ""
    return [key] if key else []


def _id_keys(cell: NotebookNode) -> list[Hashable]:
    return [cell.id] if cell.get("id") else []


def _may_be(cell: NotebookNode, released: NotebookNode) -> bool:
    """Whether a cell has the type of a cell of the course; answers may have lost theirs."""
    return bool(cell.cell_type == released.cell_type or is_solution(released))


def _keeps_ids(found: Found, originals: Originals) -> bool:
    """Whether the cells that were found have the ids that they were released with.

    Programs give new ids, which may be numbers that another cell had.
    """
    ids = [
        cell.get("id") == originals.known[name].get("id")
        for name, cell in zip(found.names, found.cells, strict=True)
        if name
    ]
    return bool(2 * sum(ids) >= len(ids))


def is_blank(cell: NotebookNode, stub: NotebookNode) -> bool:
    """Whether the cell of an answer holds no answer: it is empty, or as it was released."""
    return not cell.source.strip() or same_text(cell, stub)


def is_broken(cell: NotebookNode) -> bool:
    """Whether a cell is code that cannot be parsed."""
    return cell.cell_type == "code" and not analyse(cell.source).parsed


def _find_rewritten(found: Found, originals: Originals) -> None:
    """Find answers that are missing or blank in cells of the student's own, by what they define."""
    # An answer may have become a text by mistake, but a text is no code.
    kinds = ("code", "markdown", "raw")
    codes = {
        index: analyse(found.cells[index].source) for kind in kinds for index in found.own(kind)
    }
    own = {
        index: code.bound
        for index, code in sorted(codes.items())
        if code.parsed or found.cells[index].cell_type == "code"
    }
    for name, answer in originals.answers.items():
        stub = originals.known[name]
        copies = found.copies(name)
        if not answer.names or any(not is_blank(found.cells[i], stub) for i in copies):
            continue
        # What changes an answer, or derives from it, needs the one that is there.
        whole = [
            index
            for index, names in own.items()
            if answer.names <= names
            and not (copies and answer.names & needed_names(found.cells[index].source))
        ]
        if not whole or _is_in_another(name, found, originals):
            continue
        index = count(whole, name, found, originals)
        if len({plain_text(found.cells[each]) for each in whole}) > 1:
            found.unsure[name] = f"{len(whole)} cells of your own look like it"
        before = place_before(index, found)
        below = before is not None and originals.order[before] > originals.order[name]
        if below or before in _neighbours_before(name, found, originals):
            found.names[index] = name
            found.rewritten[name] = index
            del own[index]


def _is_in_another(name: str, found: Found, originals: Originals) -> bool:
    """Whether the cell of another answer defines all of one: an own cell may be a trial of it."""
    names = originals.answers[name].names
    return any(
        other in originals.answers and other != name and names <= analyse(cell.source).bound
        for other, cell in zip(found.names, found.cells, strict=True)
    )


def _neighbours_before(name: str, found: Found, originals: Originals) -> set[str | None]:
    """Return the course's cells after which a cell could stand and still run in the same order.

    Only prose, and cells that are missing, are between these cells and the named one.
    """
    names: list[str | None] = [None, *originals.order]
    place = originals.order[name]
    neighbours: set[str | None] = {name, names[place]}
    while place and (
        originals.known[str(names[place])].cell_type == "markdown"
        or names[place] not in found.names
    ):
        place -= 1
        neighbours.add(names[place])
    return neighbours


def place_before(index: int, found: Found) -> str | None:
    """Return the nearest cell of the course above a cell; None at the beginning."""
    return next((name for name in reversed(found.names[:index]) if name), None)


def count(copies: list[int], name: str, found: Found, originals: Originals) -> int:
    """Return which of several copies of an answer counts: the one that the student has checked.

    That is the last one above the last check of the answer. Copies that are blank or cannot be
    parsed only count where there is no other, and copies that define what the course asks for
    count before those that don't.

    Parameters
    ----------
    copies : list of int
        Their indices in the submission.
    name : str
    found : Found
    originals : Originals
    """
    stub, answer = originals.known[name], originals.answers[name]
    checks = [index for index, other in enumerate(found.names) if other in answer.checks]
    last = max(checks, default=len(found.names))

    def rank(index: int) -> tuple[bool, bool, bool, bool, int, int]:
        cell = found.cells[index]
        bound = answer.names & analyse(cell.source).bound if cell.cell_type == "code" else ()
        defined = len(bound)
        as_released = bool(bound) and not originals.names_written(name, cell.source)
        return (
            not is_blank(cell, stub) and not as_released,
            not is_broken(cell),
            defined > 0,
            index < last,
            defined,
            index,
        )

    return max(copies, key=rank)


def _find_by_place(found: Found, originals: Originals) -> None:
    """Find answers that are still missing where as many own cells stand between their neighbours.

    A text defines nothing, and code may define other names than it should. An own cell is taken
    for code with names only if the notebook has lost all marks: else the answer was deleted.
    """
    unmarked = not any(found.marked)
    groups: dict[tuple[int, int], list[str]] = {}
    for name in originals.answers:
        if name not in found.names:
            groups.setdefault(_gap(name, found, originals), []).append(name)
    for (start, end), names in groups.items():
        for kind in ("markdown", "code"):
            wanted = [
                name
                for name in names
                if originals.known[name].cell_type == kind
                and (unmarked or kind == "markdown" or not originals.answers[name].names)
            ]
            own = [index for index in found.own(kind) if start < index < end]
            if wanted and len(own) == len(wanted):
                for name, index in zip(wanted, own, strict=True):
                    found.names[index] = name
                    found.rewritten[name] = index


def _gap(name: str, found: Found, originals: Originals) -> tuple[int, int]:
    """Return the indices of the cells between which a missing cell belongs."""
    place = originals.order[name]
    indices = {other: index for index, other in reversed([*enumerate(found.names)]) if other}
    above = [index for other, index in indices.items() if originals.order[other] < place]
    below = [index for other, index in indices.items() if originals.order[other] > place]
    start = max(above, default=-1)
    return start, min((index for index in below if index > start), default=len(found.names))
