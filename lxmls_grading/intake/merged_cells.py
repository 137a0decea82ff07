"""Takes cells apart that were merged, and puts an answer together that was split in the middle.

Editors have commands for both. Of merged cells, the marks of one are left. Where the given text is
whole, what was merged with it can be taken out exactly.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id
from lxmls_grading.definitions import analyse, names_from_elsewhere, tree_of
from lxmls_grading.intake.originals import Originals, is_unchanged, plain_text
from lxmls_grading.listing import list_names

#: Most cells into which an answer was split that are put together, and copies of an answer that are
#: looked at for it: a hostile notebook can have thousands.
MAX_PARTS, MAX_COPIES = 3, 30


@dataclass(frozen=True)
class Part:
    """A part of a merged cell.

    Attributes
    ----------
    text : str
    name : str, optional
        The cell of the course that it is.
    """

    text: str
    name: str | None = None


def as_they_were(
    cells: Sequence[NotebookNode], originals: Originals
) -> tuple[list[NotebookNode], list[tuple[list[str], str]]]:
    """Return the cells of a submission as they were before some were merged, or split.

    Parameters
    ----------
    cells : sequence of NotebookNode
        They are not changed.
    originals : Originals

    Returns
    -------
    cells : list of NotebookNode
    done : list of tuple
        For each change, the cells of the course that it is about, and a clause for the student.
    """
    known = originals.known
    marks = Counter(map(grade_id, cells))
    missing = [name for name in known if not marks[name]]
    if missing:  # as in few notebooks
        texts = {(cell.cell_type, plain_text(cell)) for cell in cells}
        missing = [n for n in missing if (known[n].cell_type, plain_text(known[n])) not in texts]
    found: list[NotebookNode] = []
    done = []
    for cell in cells:
        mark = grade_id(cell)
        name = mark if mark in known else None
        is_one = name is None or marks[name] == 1
        parts = _parts(cell, name, missing, originals) if is_one and (missing or name) else []
        names = [part.name for part in parts if part.name]
        is_added_to = len(names) == 1 and (name is not None or cell.cell_type != "code")
        if is_added_to and not _has_part_of_answer(parts, cell, cells, originals):
            parts = []
        found += [_cell(cell, part, name, originals) for part in parts] or [cell]
        if parts:
            missing = [each for each in missing if each not in names]
            what = f"cells that had been merged were taken apart ({list_names(names)})"
            if len(names) == 1:
                what = f"what was merged with the cell {names[0]} was put into a cell of your own"
            done.append((names, what))
    return _put_together(found, originals, done), done


def _parts(
    cell: NotebookNode, name: str | None, missing: list[str], originals: Originals
) -> list[Part]:
    """Return the parts of a cell that are cells of the course, and what is between them.

    Parameters
    ----------
    cell : NotebookNode
    name : str, optional
        Which cell of the course it is by its marks.
    missing : list of str
        Cells of the course that are nowhere else.
    originals : Originals

    Returns
    -------
    parts : list of Part
        There are none where no cell of the course is in it beside another part, or it is not
        certain.
    """
    text = plain_text(cell)
    if name and text == plain_text(originals.known[name]):
        return []
    blocks = []
    for each in {*missing, name} - originals.answers.keys() - {None}:
        block = plain_text(originals.known[str(each)])
        start = _start_of_lines(block, text)
        if start is not None and originals.known[str(each)].cell_type == cell.cell_type:
            blocks.append((start, start + len(block), str(each)))
    if not blocks or (name and is_unchanged(cell)):
        return []
    wanted = [each for each in originals.answers if each == name or each in missing]
    parts: list[Part] = []
    end, above = 0, -1
    for start, after, each in [*sorted(blocks), (len(text), len(text), None)]:
        below = originals.order[each] if each else len(originals.order)
        if start < end or below < above:
            return []
        between = [a for a in wanted if above < originals.order[a] < below]
        rest = Part(_written(cell, text, end, start))
        if rest.text:
            parts.append(_as_answer(rest, name, between, cell.cell_type, originals))
        if each:
            parts.append(Part(text[start:after], each))
            end, above = after, below
    names = [part.name for part in parts if part.name]
    is_sure = len(parts) > 1 and len(names) == len({*names}) and name in (*names, None)
    if cell.cell_type == "code":
        is_sure = is_sure and all(analyse(part.text).parsed for part in parts)
    return parts if is_sure else []


def _has_part_of_answer(
    parts: list[Part], cell: NotebookNode, cells: Sequence[NotebookNode], originals: Originals
) -> bool:
    """Whether a cell has what an answer lacks that is written in other cells, without one part."""
    if cell.cell_type != "code":
        return False
    own = [part.text for part in parts if part.name is None]
    codes = [each.source for each in cells if each is not cell and each.cell_type == "code"]
    for name, answer in originals.answers.items():
        here = frozenset[str]().union(*(originals.names_written(name, text) for text in own))
        if here and here != answer.names:
            there = frozenset[str]().union(*(analyse(code).bound for code in codes))
            return not here & there and answer.names <= here | there
    return False


def _start_of_lines(block: str, text: str) -> int | None:
    """Return where whole lines stand in a text, or None if they don't, or stand there twice."""
    places = f"\n{text}\n".split(f"\n{block}\n") if block else []
    return len(places[0]) if len(places) == 2 else None


def _written(cell: NotebookNode, text: str, end: int, start: int) -> str:
    """Return what stands in a cell between two places of its plain text, with spaces in strings."""
    lines = cell.source.strip("\n").rstrip().splitlines()
    first = text.count("\n", 0, end) + 1 if end else 0
    last = text.count("\n", 0, start) if start < len(text) else text.count("\n") + 1
    return "\n".join(lines[first:last]).strip("\n")


def _as_answer(
    part: Part, name: str | None, answers: list[str], kind: str, originals: Originals
) -> Part:
    """Return a part with the name of the answer that it is, if one of some fits."""
    if name in answers:
        return replace(part, name=name)
    of_kind = [each for each in answers if originals.known[each].cell_type == kind]
    for each in of_kind:
        names = originals.answers[each].names
        as_released = part.text == plain_text(originals.known[each])
        is_written = bool(names) and originals.names_written(each, part.text) == names
        if as_released or is_written or (len(of_kind) == 1 and not names):
            return replace(part, name=each)
    return part


def _cell(cell: NotebookNode, part: Part, name: str | None, originals: Originals) -> NotebookNode:
    """Return a part of a cell as a cell of its own."""
    made = copy.deepcopy(cell)
    made.source, made.metadata, made.id = part.text, NotebookNode(), ""
    if part.name:
        released = originals.known[part.name]
        made.id = released.get("id", "")
        made.metadata = copy.deepcopy((cell if part.name == name else released).metadata)
    return made


def _put_together(
    cells: list[NotebookNode], originals: Originals, done: list[tuple[list[str], str]]
) -> list[NotebookNode]:
    """Put answers together that were split where a half makes no sense; add to what was done."""
    cells = [*cells]
    for name, answer in originals.answers.items():
        marked = [index for index, cell in enumerate(cells) if grade_id(cell) == name][:MAX_COPIES]
        codes = [analyse(cells[index].source) for index in marked]
        names = answer.names or analyse(originals.known[name].source).defined
        is_whole = any(code.parsed and code.bound >= names for code in codes)
        if not names:
            continue
        span = _span(name, names, cells, marked, originals.known[name], is_whole)
        if span is not None:
            whole = copy.deepcopy(next(cells[index] for index in marked if index in span))
            whole.source = _joined(cells, span)
            cells[span.start : span.stop] = [whole]
            done.append(([name], f"the answer {name}, which had been split, was put together"))
    return cells


def _span(
    name: str,
    names: frozenset[str],
    cells: list[NotebookNode],
    marked: list[int],
    released: NotebookNode,
    is_whole: bool,
) -> range | None:
    """Return which cells are an answer, which defines names, only if they are one; or None.

    Where a cell alone is whole, another one belongs to it only if it cannot stand alone.
    """
    for number in range(2, MAX_PARTS + 1):
        for start in sorted({m - back for m in marked for back in range(number)}):
            span = range(start, start + number)
            if start < 0 or span.stop > len(cells):
                continue
            parts = [cells[index] for index in span]
            if any(p.cell_type != "code" or grade_id(p) not in (None, name) for p in parts):
                continue
            if is_whole or analyse(parts[0].source).parsed:
                texts = [_joined(cells, range(start, index)) for index in span[1:]]
                pairs = [*zip(parts[1:], texts, strict=True)]
                if not all(_is_torn(part, above, name) for part, above in pairs):
                    continue
                if plain_text(parts[0]) == plain_text(released):
                    continue
            elif not all(part.source.strip() for part in parts):
                continue
            whole = analyse(_joined(cells, span))
            if whole.parsed and whole.bound >= names:
                return span
    return None


def _is_torn(cell: NotebookNode, above: str, name: str) -> bool:
    """Whether a cell goes on with a function or a class in the code above it.

    It begins with spaces, which IPython takes away where all lines have them. By itself it cannot
    be parsed, or returns from no function; or it has the marks of the answer, too, or methods of
    the class above. A draft of something that is in the code above is left alone.
    """
    lines = (line for line in cell.source.splitlines() if line.strip())
    if cell.cell_type != "code" or not next(lines, "").startswith((" ", "\t")):
        return False
    joined = f"{above}\n{cell.source}"
    before, here, whole = tree_of(above), tree_of(cell.source), tree_of(joined)
    if before is None or whole is None or _has_loose_ends(whole, joined):
        return False
    if here is None or _has_loose_ends(here, cell.source):
        return _count_unreached(whole) == _count_unreached(before)
    is_part = grade_id(cell) == name or (
        bool(before.body) and isinstance(before.body[-1], ast.ClassDef) and _has_methods_alone(here)
    )
    return is_part and not _functions(here) & _functions(before)


def _has_loose_ends(tree: ast.Module, source: str) -> bool:
    """Whether code returns from no function, or reads the object of no method."""
    nodes: list[ast.AST] = [*tree.body]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Return):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes += ast.iter_child_nodes(node)
    return "self" in names_from_elsewhere(source)


def _count_unreached(tree: ast.Module) -> int:
    """Return how many statements stand in one block below another that leaves the function."""
    blocks = (
        block
        for node in ast.walk(tree)
        for _, block in ast.iter_fields(node)
        if isinstance(block, list)
    )
    ends = ast.Return | ast.Raise
    return sum(isinstance(each, ends) for block in blocks for each in block[:-1])


def _has_methods_alone(tree: ast.Module) -> bool:
    """Whether code defines functions of an object `self`, and nothing else."""
    return bool(tree.body) and all(
        isinstance(each, ast.FunctionDef) and [arg.arg for arg in each.args.args[:1]] == ["self"]
        for each in tree.body
    )


def _functions(tree: ast.Module) -> set[str]:
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _joined(cells: list[NotebookNode], span: range) -> str:
    return "\n".join(cells[index].source.strip("\n") for index in span)
