"""Decides about an answer that is not in its cell: what runs there, and what a person looks at.

The stub of a missing answer is put back only where it runs before everything that defines its
names. Run after that, it would take the answer's place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id
from lxmls_grading.definitions import BINDING, analyse, may_bind_unseen
from lxmls_grading.intake.answered import WORDS, has_words, is_prose
from lxmls_grading.intake.matching import Found, is_blank
from lxmls_grading.intake.originals import FENCE, Originals, plain_text, same_text
from lxmls_grading.intake.repairs import names_added, repaired, set_aside
from lxmls_grading.listing import list_names
from lxmls_grading.reasons import Reason


def settle(
    name: str, notebook: NotebookNode, found: Found, originals: Originals
) -> tuple[str | None, list[Reason]]:
    """Decide about one answer of a rebuilt notebook.

    Parameters
    ----------
    name : str
    notebook : NotebookNode
        As far as it is rebuilt.
    found : Found
    originals : Originals

    Returns
    -------
    text : str, optional
        What the cell of the answer is to hold instead of what is there.
    reasons : list of Reason
    """
    if name in found.unsure:
        what = f"it is not certain which cell is the answer {name}, since {found.unsure[name]}"
        aside = [set_aside(name, what, originals)]
    else:
        aside = []
    index = found.counts.get(name)
    if index is not None and not is_blank(found.cells[index], originals.known[name]):
        return None, aside or _explain_found(name, notebook, found, originals)
    if originals.answers[name].names:
        text, reasons = _settle_code(name, notebook, found, originals)
        if _by_hand(name, originals) and all(each.kind != "set aside" for each in reasons):
            reasons = _settle_text(name, notebook, found, originals) or reasons
        return text, aside + reasons
    return None, aside + _settle_text(name, notebook, found, originals)


def _explain_found(
    name: str, notebook: NotebookNode, found: Found, originals: Originals
) -> list[Reason]:
    """Return the reasons about an answer that was found."""
    answer, index = originals.answers[name], found.counts[name]
    cell = found.cells[index]
    reasons = []
    if name in found.rewritten and any(found.marked):
        tests = [found.counts[check] for check in answer.checks if check in found.counts]
        what = f"the answer {name} was found in a cell of your own"
        if any(test < index for test in tests):
            what += ", below its tests, and was put above them"
            reasons.append(set_aside(name, what, originals))
        else:
            reasons.append(repaired([name], what))
            reasons += _in_given_cells(name, found, originals)[1]  # this one may be a trial
    if cell.cell_type != "code" and _is_code_in_text(name, cell.source, originals):
        what = f"the answer {name} may stand between words or fences: its cell was no code"
        return [*reasons, set_aside(name, what, originals)]
    if cell.cell_type == "code" and not originals.names_written(name, cell.source):
        if may_bind_unseen(cell.source):
            return reasons + _in_given_cells(name, found, originals)[1]
        # It may have been exchanged with another one, or only a line have been added to the stub.
        text, elsewhere = _settle_code(name, notebook, found, originals)
        reasons += [each for each in elsewhere if each.kind == "set aside"]
        if text and answer.names & analyse(cell.source).bound:
            what = f"the answer {name} may be above its cell, which defines it as it was given"
            reasons.append(set_aside(name, what, originals))
    return reasons


def _settle_code(
    name: str, notebook: NotebookNode, found: Found, originals: Originals
) -> tuple[str | None, list[Reason]]:
    """Decide about an answer whose names may be defined in other cells."""
    answer = originals.answers[name]
    names = [grade_id(cell) for cell in notebook.cells]
    place = names.index(name)
    tests = [names.index(check) for check in answer.checks if check in names]
    there = {
        index: cell.source
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and names[index] != name
        if not names[index] or _is_written(str(names[index]), found, originals)
    }
    # Where a part is written, another one may be as it was released.
    if not any(originals.names_written(name, source) for source in there.values()):
        there = {}
    parts = {index: answer.names & analyse(source).bound for index, source in there.items()}
    before = [index for index, part in parts.items() if part and index < place]
    after = [index for index, part in parts.items() if part and index > place]
    defined = frozenset[str]().union(*parts.values())
    if not before and not after:
        text, reasons = _in_given_cells(name, found, originals)
        reasons = reasons or _in_texts(name, notebook, originals)
        if reasons or name in found.counts:
            return text, reasons
        return _settle_unseen(name, notebook, found, originals)
    others = {f"the cell {names[index]}" for index in before + after if names[index]}
    own = {"a cell of your own"} if len(others) < len(before + after) else set()
    where = list_names(sorted(others | own))
    text = f"# The answer {name} is in {where}." if before else None
    late = not before and bool(tests) and min(after) > min(tests)
    if answer.names <= defined and not late and not _by_hand(name, originals):
        return text, [repaired([name], f"the answer {name} was found in {where}")]
    part = "" if answer.names <= defined else "a part of "
    below = ", below its tests" if late else ""
    what = f"{part}the answer {name} was found in {where}{below}"
    return text, [set_aside(name, what, originals)]


def _in_texts(name: str, notebook: NotebookNode, originals: Originals) -> list[Reason]:
    """Return the reason of an answer that may stand, as code between words, in a text."""
    for cell in notebook.cells:
        if cell.cell_type == "code" or grade_id(cell) or plain_text(cell) in originals.texts:
            continue
        if any(originals.names_written(name, code) for code in _codes(cell.source)):
            where = f"a cell of your own that is no code ({_quote(cell.source)})"
            return [set_aside(name, f"the answer {name} may be in {where}", originals)]
    return []


def _is_code_in_text(name: str, text: str, originals: Originals) -> bool:
    """Whether an answer may stand in the text of its cell, between words or fences."""
    fenced, *others = _codes(text)
    if analyse(text).parsed:
        return False  # it is run as it is
    if not originals.answers[name].names:
        return bool(fenced.strip()) and analyse(fenced).parsed
    return any(originals.names_written(name, code) for code in (fenced, *others))


def _codes(text: str) -> list[str]:
    """Return the code in a text: between fences, and beside them what looks like a definition."""
    inside: list[str] = []
    outside: list[str] = []
    is_inside = False
    for line in text.splitlines():
        if FENCE.match(line):
            is_inside = not is_inside
        else:
            (inside if is_inside else outside).append(line)
    codes = [inside]
    is_code = False
    for line in outside:
        if BINDING.match(line):
            codes.append([line])
            is_code = True
        elif is_code and (not line or line[0] in " \t)]}@"):
            codes[-1].append(line)
        else:
            is_code = False
    return ["\n".join(lines) for lines in codes]


def _settle_unseen(
    name: str, notebook: NotebookNode, found: Found, originals: Originals
) -> tuple[str | None, list[Reason]]:
    """Decide about a missing answer that is defined nowhere, as far as can be seen.

    Other code may define it: ``%run``, ``import *``, ``exec``. The stub would take its place.
    """
    own = (
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code"
        if not grade_id(cell)
        or (_is_written(str(grade_id(cell)), found, originals) and analyse(cell.source).parsed)
    )
    if not any(may_bind_unseen(source) for source in own):
        return None, [_put_back(name)]
    text = f"# The answer {name} may come from another cell of yours."
    what = f"the cell {name} was missing, and its answer may come from another cell of yours"
    by_hand = _by_hand(name, originals)
    return text, [set_aside(name, what, originals) if by_hand else repaired([name], what)]


def _is_written(name: str, found: Found, originals: Originals) -> bool:
    """Whether a cell of the course is an answer that a student has written."""
    index = found.counts.get(name)
    if name not in originals.answers or index is None:
        return False
    return not is_blank(found.cells[index], originals.known[name])


def _by_hand(name: str, originals: Originals) -> bool:
    """Whether an answer is graded by hand."""
    return bool(originals.known[name].metadata.nbgrader.get("grade"))


def _put_back(name: str) -> Reason:
    return repaired([name], f"the cell {name} was missing, and was put back without an answer")


def _in_given_cells(
    name: str, found: Found, originals: Originals
) -> tuple[str | None, list[Reason]]:
    """Decide about an answer that may stand in a cell of the course that is not the student's."""
    for other in originals.known:
        added = names_added(found, other, originals)
        cell = found.cells[found.counts[other]] if added else originals.known[other]
        if added & originals.names_written(name, cell.source):
            lines = _added_text(cell, originals.known[other]).splitlines()
            head = f"# This stood in the cell {other}, which is not yours to edit. It was not run."
            what = (
                f"the answer {name} stands in the cell {other}, which is not yours to edit, and "
                "was not run"
            )
            return "\n".join([head, *(f"# {line}" for line in lines)]), [
                set_aside(name, what, originals)
            ]
    return None, []


def _added_text(cell: NotebookNode, released: NotebookNode) -> str:
    """Return what a student has added to a cell of the course; all of it if that is not certain."""
    text, given = plain_text(cell), plain_text(released)
    return text.replace(given, "", 1).strip("\n") if given and given in text else text


def _settle_text(
    name: str, notebook: NotebookNode, found: Found, originals: Originals
) -> list[Reason]:
    """Decide about an answer that defines nothing, and that is missing or blank.

    It may have been written in a cell of the student's own, or into the given text beside it.
    """
    released = originals.known[name]
    names = [grade_id(cell) for cell in notebook.cells]
    start = end = names.index(name)
    while start and not names[start - 1]:
        start -= 1
    while end + 1 < len(names) and not names[end + 1]:
        end += 1
    around = range(start, end + 1) if name in found.counts else range(len(names))
    if name in found.counts and not _by_hand(name, originals):
        return []
    own = _own_texts((notebook.cells[index] for index in around), 1, released, originals)
    near = (_neighbour(name, -1, originals), _neighbour(name, 1, originals))
    edited = [
        other
        for other in originals.known
        if other in found.counts and other not in originals.answers
        if other in near or name not in found.counts
        if _has_new_words(other, 1 if other in near else WORDS, released, found, originals)
    ]
    if not own and not edited:  # somewhere else, a few words are no answer: a name, a heading
        own = _own_texts(notebook.cells, WORDS, released, originals)
    if own or edited:
        state = "is empty" if name in found.counts else "was missing"
        where = [f"a cell of your own ({_quote(text)})" for text in own]
        where += [f"the cell {other}, which is not yours to edit" for other in edited]
        what = f"the cell {name} {state}, and its answer may be in {list_names(where)}"
        return [set_aside(name, what, originals)]
    return [] if name in found.counts else [_put_back(name)]


def _own_texts(
    cells: Iterable[NotebookNode], least: int, released: NotebookNode, originals: Originals
) -> list[str]:
    """Return the texts of own cells that may be an answer that a person reads."""
    return [
        plain_text(cell)
        for cell in cells
        if not grade_id(cell)
        and plain_text(cell) not in originals.texts
        and _may_be_text(cell, least, released, originals)
    ]


def _may_be_text(
    cell: NotebookNode, least: int, released: NotebookNode, originals: Originals
) -> bool:
    """Whether an own cell may be an answer that a person reads: words, also where code belongs."""
    if cell.cell_type != "code" or released.cell_type != "code":
        return is_prose(cell, originals, least)
    words = "\n".join(originals.new_lines(cell.source))
    is_written = has_words(words, least) and re.search("[#'\"]", cell.source) is not None
    return is_written and not analyse(cell.source).bound


def _has_new_words(
    other: str, least: int, released: NotebookNode, found: Found, originals: Originals
) -> bool:
    """Whether a cell of the course has an answer's type, and words from outside the exercise."""
    cell = found.cells[found.counts[other]]
    if cell.cell_type != released.cell_type or same_text(cell, originals.known[other]):
        return False
    return has_words("\n".join(originals.new_lines(cell.source)), least)


def _neighbour(name: str, step: int, originals: Originals) -> str | None:
    names = [*originals.order]
    place = originals.order[name] + step
    return names[place] if 0 <= place < len(names) else None


def _quote(text: str) -> str:
    """Return the beginning of a text, in quotation marks."""
    line = " ".join(text.split())
    return f'"{line if len(line) <= 40 else line[:40] + "…"}"'
