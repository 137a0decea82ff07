"""Rebuilds a submitted notebook: the course's cells from source, with the student's answers.

What a student handed in decides only about the text of answers, and about cells without points.
"""

from __future__ import annotations

import copy
import os
import platform
import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_task

from lxmls_grading.cells import grade_id, is_test, note_added, student_python
from lxmls_grading.definitions import analyse, global_names, names_from_elsewhere
from lxmls_grading.intake.added_imports import move_imports
from lxmls_grading.intake.by_hand import uses_of_toolkits
from lxmls_grading.intake.colab import leave_out_colab
from lxmls_grading.intake.conflicts import unsettled
from lxmls_grading.intake.dependents import with_dependents
from lxmls_grading.intake.elsewhere import settle
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.intake.layout import forget
from lxmls_grading.intake.matching import Found, find_cells, is_blank
from lxmls_grading.intake.notebooks import new_id
from lxmls_grading.intake.originals import (
    Originals,
    check_released,
    is_known,
    missing_source,
    name_of,
    read_originals,
)
from lxmls_grading.intake.personal_numbers import PersonalNumbers
from lxmls_grading.intake.repairs import all_added, newer_syntax, reasons_for_given, repaired
from lxmls_grading.intake.sources import read_source
from lxmls_grading.reasons import (
    NOTHING_READ,
    Reason,
    add_reason,
    not_run,
    note_sandbox,
    reasons_of,
)
from lxmls_nb.errors import NotAttempted

#: Delimiters that nbgrader looks for in the cells of the course.
DELIMITER = re.compile(r"\b(BEGIN|END) (HIDDEN TESTS|MARK SCHEME)")


class RebuildCells(NbGraderPreprocessor):
    """Rebuilds a submitted notebook; must be the first of ``c.Autograde.sanitize_preprocessors``.

    Each repair is noted in the metadata of the notebook, as a reason.
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        self._known: dict[tuple[str, int, int], Originals] = {}

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Return the rebuilt notebook.

        Raises
        ------
        NbGraderException
            If the source notebook is not the one that was released, or if the exporter is not a
            :class:`~lxmls_grading.intake.exporter.SubmissionExporter`.
        """
        if not isinstance(self.parent, SubmissionExporter):
            raise NbGraderException(f"set c.Autograde.exporter_class to {SubmissionExporter}")
        names = resources["nbgrader"]
        coursedir = self.parent.coursedir
        folder = coursedir.format_path(coursedir.source_directory, ".", names["assignment"])
        path = os.path.join(folder, f"{names['notebook']}.ipynb")
        originals = self._originals(path, names)
        before = reasons_of(nb)  # the exporter's: it drops students' metadata
        notebook, reasons = rebuild(nb, originals)
        who = names["student"], names["assignment"], names["notebook"]
        PersonalNumbers(parent=self).fill_in(notebook, *who)
        scored = [str(grade_id(c)) for c in notebook.cells if is_grade(c) or is_task(c)]
        unread = [each for each in before if each.kind in NOTHING_READ]
        if unread:
            reasons = []  # that its cells are missing is no news
            _fail_tests(notebook, unread[0])
        for each in (*before, *reasons):
            all_cells = each.kind in NOTHING_READ
            add_reason(notebook, replace(each, cells=tuple(scored)) if all_cells else each)
        return notebook, resources

    def _originals(self, path: str, names: dict[str, str]) -> Originals:
        """Return a source notebook. It is compared with the release once in a run of grading."""
        try:
            state = os.stat(path)
        except FileNotFoundError:
            where = names["notebook"], names["assignment"], names["db_url"]
            raise missing_source(path, *where) from None
        key = (path, state.st_mtime_ns, state.st_size)
        if key not in self._known:
            source = read_source(self.parent.coursedir, names["assignment"], path)
            originals = read_originals(source, self.config)
            check_released(originals, path, **names)
            self._known[key] = originals
        return self._known[key]


def _fail_tests(notebook: NotebookNode, why: Reason) -> None:
    """Write into the tests of a notebook with nothing to execute why they have no result."""
    for cell in filter(is_test, notebook.cells):
        cell.outputs = [not_run(why.text)]
        if why.kind == "missing":
            cell.outputs[0].ename = NotAttempted.__name__
    note_sandbox(notebook, True)  # no code of the student's has run outside of one


def rebuild(submitted: NotebookNode, originals: Originals) -> tuple[NotebookNode, list[Reason]]:
    """Return the cells of the course in their order, with a student's answers and own cells.

    Each cell of the course occurs exactly once. Those that students don't edit are as the gradebook
    has them, tags and marks included. The text of an answer is the student's. Own cells stay after
    the cell that they followed, without metadata, and so do copies of an answer that don't count.

    Parameters
    ----------
    submitted : NotebookNode
        What a student handed in. Nothing about its metadata is taken for granted.
    originals : Originals

    Returns
    -------
    notebook : NotebookNode
    reasons : list of Reason
        One for each repair.
    """
    found = find_cells(submitted, originals)
    own = _own_cells(found, originals)
    moved = move_imports(own, found, originals)
    without_cells = {key: part for key, part in originals.graded.items() if key != "cells"}
    notebook = NotebookNode(copy.deepcopy(without_cells), cells=own[-1])
    for place, cell in enumerate(each for each in originals.graded.cells if is_known(each)):
        cell = copy.deepcopy(cell)
        index = found.counts.get(name_of(cell))
        if name_of(cell) in originals.answers and index is not None:
            _fill_in(cell, found.cells[index])
        notebook.cells += [cell, *own[place]]
    taken = {str(cell.get("id")) for cell in originals.graded.cells if is_known(cell)}
    for cell in notebook.cells:
        if grade_id(cell) is None:
            cell.id = new_id(cell.id, taken)

    reasons = [repaired(names, what) for names, what in found.done]
    reasons += [*reasons_for_given(found, originals), *moved, *_copies(found, originals)]
    for name in originals.answers:
        text, more = settle(name, notebook, found, originals)
        if text is not None:
            _fill_in(_cell(notebook, name), NotebookNode(source=text))
        reasons += more
    reasons += unsettled(found, originals)
    reasons += leave_out_colab(notebook.cells)
    student, grader = student_python(submitted), platform.python_version()
    reasons += newer_syntax(notebook.cells, student, grader, originals)
    reasons += uses_of_toolkits(notebook.cells)
    reasons = with_dependents(reasons, notebook, found, originals)
    note_added(notebook, all_added(found, originals))
    forget()  # what is known of these cells; the next notebook has others
    return notebook, reasons


def _cell(notebook: NotebookNode, name: str) -> NotebookNode:
    found: NotebookNode = next(cell for cell in notebook.cells if grade_id(cell) == name)
    return found


def _own_cells(found: Found, originals: Originals) -> dict[int, list[NotebookNode]]:
    """Return a student's own cells by the place of the course's cell that they follow.

    -1 stands for the beginning. Copies of answers and of given cells that don't count are among
    them, but those that are as they were released: an answer's stub would take the answer's place.
    """
    places: dict[int, int] = {}
    counts = set(found.counts.values())
    place = -1
    for index, (name, cell) in enumerate(zip(found.names, found.cells, strict=True)):
        if name and index in counts:
            place = originals.order[name]
            continue
        here = place
        if name in originals.answers:
            if is_blank(cell, originals.known[name]):
                continue
            here = _place_of_copy(index, name, place, found, originals)
        places[index] = here
    _put_after_what_they_need(places, found, originals)
    _put_before_what_needs_them(places, found, originals)
    own: dict[int, list[NotebookNode]] = defaultdict(list)
    for index, here in places.items():
        own[here].append(_own_cell(found.cells[index]))
    return own


def _put_after_what_they_need(places: dict[int, int], found: Found, originals: Originals) -> None:
    """Put own cells below the cells above them that define what they read, or answers anew.

    Where a student has moved an answer or a text of the course, cells of the course go back to
    their places, and what stands below an answer has to stay there.
    """
    defined: dict[str, int] = {}  # by name, the place of the last cell that binds it
    answered: dict[str, int] = {}  # and of the answer
    for index, (name, cell) in enumerate(zip(found.names, found.cells, strict=True)):
        if cell.cell_type != "code":
            continue
        bound = analyse(cell.source).bound
        if index in places:
            above = [defined[each] for each in names_from_elsewhere(cell.source) & defined.keys()]
            above += [answered[each] for each in bound & answered.keys()]
            places[index] = here = max([places[index], *above])
        elif name and index == found.counts[name]:
            here = originals.order[name]
            answered |= dict.fromkeys(bound if name in originals.answers else (), here)
        else:
            continue
        defined |= dict.fromkeys(bound, here)


def _put_before_what_needs_them(places: dict[int, int], found: Found, originals: Originals) -> None:
    """Put own cells above the cells of the course below them that read what they define.

    Where a student has moved an answer down, it goes back to its place, and what stands above it,
    such as a function that it calls, has to come with it. Cells that are not the student's ask for
    what none of the course defines: an own cell that defines anew what one of them does is a trial.
    """
    counted = {*found.counts.values()}
    codes = [
        found.cells[index].source for index in counted if found.cells[index].cell_type == "code"
    ]
    of_course = frozenset[str]().union(*(analyse(source).bound for source in codes))
    calls: dict[str, frozenset[str]] = {}  # by name of an answer, what it reads when it is called
    for answer in originals.answers.keys() & found.counts.keys():
        source = found.cells[found.counts[answer]].source
        calls |= dict.fromkeys(analyse(source).bound, global_names(source))
    needed: dict[str, int] = {}  # by name, the place of the first cell that reads it
    for index in reversed(range(len(found.cells))):
        name, cell = found.names[index], found.cells[index]
        if cell.cell_type != "code":
            continue
        if index in places and name is None:
            bound = analyse(cell.source).bound
            places[index] = min([places[index], *(needed[each] for each in bound & needed.keys())])
            before, reads = places[index], global_names(cell.source)
        elif name and index == found.counts[name]:
            before, reads = originals.order[name] - 1, global_names(cell.source)
            if name not in originals.answers:
                read = names_from_elsewhere(cell.source)
                called = (calls[each] for each in read & calls.keys())
                reads = read.union(*called) - of_course
        else:
            continue
        for each in reads:
            needed[each] = min(before, needed.get(each, before))


def _place_of_copy(index: int, name: str, place: int, found: Found, originals: Originals) -> int:
    """Return the place of a copy of an answer that doesn't count, so that it changes no points.

    Cells of the course may stand in another order in a submission.
    """
    answer = originals.order[name]
    if index < found.counts[name]:
        return min(place, answer - 1)
    checks = [originals.order[check] for check in originals.answers[name].checks]
    return max(place, answer, *checks)


def _copies(found: Found, originals: Originals) -> list[Reason]:
    """Return the reasons of answers that are there more than once, or of another type."""
    reasons = []
    for name in originals.answers:
        copies = found.copies(name)
        if not copies:
            continue
        released, counted = originals.known[name], found.counts[name]
        if found.cells[counted].cell_type != released.cell_type:
            what = f"the type of the cell {name} was put back to {released.cell_type}"
            reasons.append(repaired([name], what))
        if len(copies) > 1 and name not in found.rewritten:
            number = copies.index(counted) + 1
            above = "above its tests and " if originals.answers[name].checks else ""
            what = (
                f"there were {len(copies)} copies of the answer {name}, of which number {number} "
                f"from the top counts: the last one that was {above}not empty, as it was "
                "given, or broken"
            )
            reasons.append(repaired([name], what))
    return reasons


def _own_cell(cell: NotebookNode) -> NotebookNode:
    """Return a student's own cell: its type and text."""
    kind = cell.cell_type if cell.cell_type in ("code", "markdown") else "raw"
    own = NotebookNode(id=cell.get("id"), cell_type=kind, metadata={})
    if kind == "code":
        own.outputs, own.execution_count = [], None
    _fill_in(own, cell)
    return own


def _fill_in(cell: NotebookNode, submitted: NotebookNode) -> None:
    """Put a student's text, and the pictures in it, into a cell.

    Two things are changed, since nbgrader and nbconvert would refuse to make feedback with them:
    delimiters of hidden tests, and references to missing pictures.
    """
    cell.source = DELIMITER.sub(r"\1-\2", submitted.source)
    cell.pop("attachments", None)
    if cell.cell_type == "markdown":
        pictures = copy.deepcopy(submitted.get("attachments", NotebookNode()))
        if pictures:
            cell.attachments = pictures
        there = "|".join(re.escape(name) for name in pictures)
        pattern = rf"\battachment:(?!({there})[)\s])" if there else r"\battachment:"
        cell.source = re.sub(pattern, "missing-attachment:", cell.source)
