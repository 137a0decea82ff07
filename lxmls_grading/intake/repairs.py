"""Tells what was changed of a submission's cells of the course, and what students read about it."""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_grade, is_solution, is_task

from lxmls_grading.cells import grade_id, is_locked
from lxmls_grading.definitions import analyse, syntax_error
from lxmls_grading.intake.matching import Found
from lxmls_grading.intake.originals import Originals, is_unchanged, same_text
from lxmls_grading.listing import list_names
from lxmls_grading.reasons import Reason, reason

#: Most names that a student has added to locked cells which are kept, and characters of one.
MAX_ADDED, MAX_NAME = 50, 100

#: Most cells that are looked at for newer syntax.
MAX_BROKEN = 10

#: Lines that may be code in a version of Python, and are a syntax error in those before it: quotes
#: inside of an f-string, types with parameters; t-strings, exceptions without parentheses.
NEWER_LINES = {
    (3, 12): re.compile(
        r"(?<![\w'\"])[rR]?[fF][rR]?[\"']|^\s*type\s+\w|^\s*(?:(async\s+)?def|class)\s+\w+\s*\["
    ),
    (3, 14): re.compile(r"(?<![\w'\"])[rR]?[tT][rR]?[\"']|^\s*except\*?\s+[^(:]+,"),
}


def repaired(cells: list[str], what: str) -> Reason:
    """Return the reason of a repair that changed nothing which the student did.

    Parameters
    ----------
    cells : list of str
        Names of the cells that were repaired.
    what : str
        A clause for the student.
    """
    return reason("repaired", cells, what=what)


def set_aside(name: str, what: str, originals: Originals) -> Reason:
    """Return the reason for which a person has to look at an answer.

    Parameters
    ----------
    name : str
        Of the answer. It and its tests wait for manual grading.
    what : str
        A clause for the student.
    originals : Originals
    """
    return reason("set aside", [name, *originals.answers[name].checks], what=what)


def reasons_for_given(found: Found, originals: Originals) -> list[Reason]:
    """Return the reasons of what was changed of cells that students don't write.

    Nobody is told of prose that is missing or from an earlier release: some is added or corrected
    now and then, after a release, and it gives no points.
    """
    changes = {name: _change(found, name, originals) for name in originals.known}
    missing = [name for name in originals.known if name not in found.names]
    # An earlier release may lack some of them, and nobody is to blame for that.
    lacking = [
        name
        for name, what in changes.items()
        if what == "missing" and not is_grade(originals.known[name])
    ]
    tampered = {name: what for name, what in changes.items() if what and name not in lacking}
    old = [name for name in originals.known if _is_old(found, name, originals)]
    reasons = []
    if len(missing) == len(originals.known):
        what = "none of the cells of this exercise is left, not even those of your answers"
        reasons.append(reason("tampered", missing, what=what))
    elif tampered:
        what = list_names([f"{name} ({what})" for name, what in tampered.items()])
        reasons.append(reason("tampered", tampered, what=what))
    if lacking and len(missing) < len(originals.known):
        what = f"cells without points were missing, and were put in ({list_names(lacking)})"
        reasons.append(repaired(lacking, what))
    if old:
        what = f"cells of an earlier release were replaced by those of this one ({list_names(old)})"
        reasons.append(repaired(old, what))
    lost = found.lost_marks()
    if lost:
        number = "1 cell" if len(lost) == 1 else f"{len(lost)} cells"
        what = (
            f"the marks of nbgrader were lost on {number}, as happens in some programs, and what "
            "they marked was found by ids and texts"
        )
        reasons.append(repaired([], what))
    return reasons


def _is_prose(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "markdown" and not is_task(cell) and not is_solution(cell))


def _change(found: Found, name: str, originals: Originals) -> str:
    """Return what a student has changed of a cell and should not have; empty if nothing."""
    released = originals.known[name]
    copies = found.copies(name)
    answer = bool(is_solution(released))
    if not copies:
        return "" if answer or _is_prose(released) else "missing"
    if len(copies) > 1 and not answer:
        return "" if _is_prose(released) else "copied"
    cell = found.cells[copies[0]]
    # Some editors drop all tags; none adds any.
    if not answer and not _tags(cell) <= _tags(released):
        return "tagged"
    if found.marked[copies[0]]:
        earlier = _is_of_another_release(cell, released) if answer else is_unchanged(cell)
        if _role(cell) != _role(released) and not earlier:
            return "marked as another kind of cell"
    elif grade_id(cell) and not answer:
        return "renamed"
    if answer:
        return ""
    if cell.cell_type != released.cell_type:
        return "made a cell of another type"
    if not same_text(cell, released) and not is_unchanged(cell):
        return "edited"
    return ""


def _is_old(found: Found, name: str, originals: Originals) -> bool:
    """Whether a cell that matters for points is as it was in an earlier release."""
    released = originals.known[name]
    cells = [found.cells[index] for index in found.copies(name)]
    if is_solution(released) or _is_prose(released) or len(cells) != 1:
        return False
    return not same_text(cells[0], released) and is_unchanged(cells[0])


def _tags(cell: NotebookNode) -> set[str]:
    """Return the tags of a cell."""
    tags = cell.metadata.get("tags")
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()


def _role(cell: NotebookNode) -> tuple[bool, bool, bool, float | None]:
    """Return whether nbgrader's marks make a cell graded, a solution and locked, and its points."""
    points = cell.metadata.nbgrader.get("points")
    points = float(points) if is_grade(cell) and isinstance(points, int | float) else None
    return bool(is_grade(cell)), bool(is_solution(cell)), is_locked(cell), points


def _is_of_another_release(answer: NotebookNode, released: NotebookNode) -> bool:
    """Whether the marks of an answer are those of another release, such as one with other points.

    The text is the student's, so that the checksum, which nbgrader made of the released text and
    marks, cannot be made again. It differs from that of this release, or the marks were changed.
    """
    checksum = answer.metadata.nbgrader.get("checksum")
    return isinstance(checksum, str) and checksum != released.metadata.nbgrader.get("checksum")


def names_added(found: Found, name: str, originals: Originals) -> set[str]:
    """Return the names that a student has bound in a cell of the course that is not theirs."""
    index = edited(found, name, originals)
    if index is None:
        return set()
    released = originals.known[name]
    return set(analyse(found.cells[index].source).bound - analyse(released.source).bound)


def edited(found: Found, name: str, originals: Originals) -> int | None:
    """Return the index of a cell of code that is not the student's and was changed, or None.

    Parameters
    ----------
    found : Found
    name : str
        Of a cell of the course.
    originals : Originals
    """
    released, index = originals.known[name], found.counts.get(name)
    if is_solution(released) or released.cell_type != "code":
        return None
    return None if index is None or same_text(found.cells[index], released) else index


def all_added(found: Found, originals: Originals) -> dict[str, str]:
    """Return the names that were added to cells of the course, each with the name of its cell."""
    added: dict[str, str] = {}
    for name in originals.known:
        for each in sorted(names_added(found, name, originals)):
            if len(added) < MAX_ADDED and len(each) <= MAX_NAME:
                added.setdefault(each, name)
    return added


def newer_syntax(
    cells: list[NotebookNode], student: str | None, grader: str, originals: Originals
) -> list[Reason]:
    """Return the reasons of code that a Python older than the student's cannot parse.

    A person looks at an answer in which that is likely.

    Parameters
    ----------
    cells : list of NotebookNode
    student : str, optional
        The version of Python that the student's notebook names. Some programs, such as Google
        Colab, name none: then only what is likely to be newer is reported.
    grader : str
        The version of Python that grades.
    originals : Originals
    """
    if student is not None and _release(student) <= _release(grader):
        return []
    reasons = []
    written = [c for c in cells if c.cell_type == "code" and (is_solution(c) or not grade_id(c))]
    broken = [cell for cell in written if not analyse(cell.source).parsed]
    broken.sort(key=lambda cell: grade_id(cell) is None)  # answers first
    for cell in broken[:MAX_BROKEN]:
        error, name = syntax_error(cell.source), grade_id(cell)
        if error is None:
            continue
        line, message = error
        if name and _may_be_newer(cell.source, line, message, grader):
            what = (
                f"the answer {name} is no code in Python {grader}, which grades this course (see "
                f"its line {line}), and may be in a newer one"
            )
            reasons.append(set_aside(name, what, originals))
        elif student is not None:
            reasons.append(
                reason(
                    "newer Python",
                    [name] if name else [],
                    cell=f"The answer {name}" if name else "A cell of your own",
                    line=str(line),
                    grader=grader,
                    student=student,
                )
            )
    return reasons


def _may_be_newer(source: str, line: int, message: str, grader: str) -> bool:
    """Whether a line with a syntax error may be code in a Python that is newer than the grader."""
    text = "".join(source.split("\n")[line - 1 : line])
    if message.startswith("f-string") and _release(grader) < [3, 12]:
        return True  # such a string may have several lines
    return any(
        list(version) > _release(grader) and pattern.search(text)
        for version, pattern in NEWER_LINES.items()
    )


def _release(version: str) -> list[int]:
    """Return the first two numbers of a version."""
    return [int(number) for number in version.split(".")[:2]]
