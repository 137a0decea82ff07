"""Rebuilds a submitted notebook: the course's cells from source, with the student's answers.

What a student handed in decides only about the text of answers, and about cells without points.
"""

from __future__ import annotations

import copy
import os
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    NbGraderPreprocessor,
)
from nbgrader.utils import compute_checksum, is_grade, is_locked, is_solution, is_task
from traitlets.config import Config

from lxmls_grading.cells import METADATA_KEY, grade_id, read_notebook
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.intake.notebooks import new_id
from lxmls_grading.reasons import Reason, add_reason, reason, reasons_of

#: Most cells that a reason names; the others are counted.
MAX_NAMES = 6

#: Delimiters that nbgrader looks for in the cells of the course.
DELIMITER = re.compile(r"\b(BEGIN|END) (HIDDEN TESTS|MARK SCHEME)")

#: Texts of repairs of a missing cell: of the course's, and of an answer.
MISSING = "missing"
ANSWER_MISSING = "This cell was missing, and was put back without an answer."


class Originals(NamedTuple):
    """A notebook of the course.

    Attributes
    ----------
    graded : NotebookNode
        As the gradebook has it: without solutions, with hidden tests.
    released : NotebookNode
        As students got it.
    """

    graded: NotebookNode
    released: NotebookNode


@dataclass(frozen=True)
class Repair:
    """A repair of a cell.

    Attributes
    ----------
    cell : str
        Name (``grade_id``) of the cell.
    text : str
        What was wrong with the cell, for the student.
    tampered : bool
        Whether the student has changed what is not theirs to change.
    """

    cell: str
    text: str
    tampered: bool = False


class RebuildCells(NbGraderPreprocessor):
    """Rebuilds a submitted notebook; must be the first of ``c.Autograde.sanitize_preprocessors``.

    Repairs are noted in the metadata of the notebook: all of them as ``repairs``, and edits of
    cells that are not the student's also as a reason.
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
        reasons = reasons_of(nb)  # the exporter's: it drops students' metadata
        notebook, repairs = rebuild(nb, originals)
        if reasons:  # it was unreadable: that its cells are missing is no news
            scored = [str(grade_id(c)) for c in notebook.cells if is_grade(c) or is_task(c)]
            reasons = [replace(each, cells=tuple(scored)) for each in reasons]
            repairs = []
        elif any(repair.tampered for repair in repairs):
            reasons = [tampered(repairs, originals)]
        for each in reasons:
            add_reason(notebook, each)
        if repairs:
            notes = notebook.metadata.setdefault(METADATA_KEY, NotebookNode())
            notes.repairs = [NotebookNode(asdict(repair)) for repair in repairs]
        for repair in repairs:
            self.log.warning("%s of %s: %s", repair.cell, names["student"], repair.text)
        return notebook, resources

    def _originals(self, path: str, names: dict[str, str]) -> Originals:
        """Return a source notebook. It is compared with the release once in a run of grading."""
        try:
            state = os.stat(path)
        except FileNotFoundError:
            raise _not_released(names["assignment"], f"{path} is missing") from None
        key = (path, state.st_mtime_ns, state.st_size)
        if key not in self._known:
            originals = read_originals(read_notebook(path), self.config)
            check_released(originals, path, **names)
            self._known[key] = originals
        return self._known[key]


def read_originals(source: NotebookNode, config: Config | None = None) -> Originals:
    """Return an instructor's notebook as nbgrader keeps it, and as students get it.

    Parameters
    ----------
    source : NotebookNode
    config : Config, optional
        The configuration of nbgrader, which sets what replaces solutions.
    """
    graded, resources = copy.deepcopy(source), ResourcesDict()
    for step in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums):
        graded, resources = step(config=config).preprocess(graded, resources)
    released = copy.deepcopy(graded)
    for step in (ClearHiddenTests, ClearMarkScheme):
        released, resources = step(config=config).preprocess(released, resources)
    return Originals(graded, released)


def check_released(
    originals: Originals, path: str, notebook: str, assignment: str, db_url: str, **_: str
) -> None:
    """Compare a source notebook with the one that the gradebook knows.

    Parameters
    ----------
    originals : Originals
        What :func:`read_originals` has returned for the source notebook.
    path : str
        Its file, for the message.
    notebook, assignment, db_url : str
        Where the gradebook is, and what the two are called there.

    Raises
    ------
    NbGraderException
        If cells, their checksums or their points differ.
    """
    with Gradebook(db_url) as gradebook:
        stored = gradebook.find_notebook(notebook, assignment)
        checksums = {cell.name: cell.checksum for cell in stored.source_cells}
        points = {cell.name: cell.max_score for cell in stored.grade_cells}
        points |= {cell.name: cell.max_score for cell in stored.task_cells}
    known = {grade_id(cell): cell for cell in originals.graded.cells if is_known(cell)}
    differ = known.keys() ^ checksums.keys()
    for name, cell in known.items():
        worth = float(cell.metadata.nbgrader.points) if is_grade(cell) or is_task(cell) else None
        if checksums.get(name) != cell.metadata.nbgrader.checksum or points.get(name) != worth:
            differ.add(name)
    if differ:
        raise _not_released(
            assignment, f"{path} is not what was released: {_shorten(sorted(map(str, differ)))}"
        )


def _not_released(assignment: str, what: str) -> NbGraderException:
    """Return the error that tells an instructor to release the assignment again."""
    return NbGraderException(
        f"{what}. Run `nbgrader generate_assignment {assignment} --force`, then grade again."
    )


def is_known(cell: NotebookNode) -> bool:
    """Whether nbgrader keeps a cell of an instructor's notebook in the gradebook."""
    return bool(is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell))


def rebuild(submitted: NotebookNode, originals: Originals) -> tuple[NotebookNode, list[Repair]]:
    """Return the cells of the course in their order, with a student's answers and own cells.

    Each cell of the course occurs exactly once. Those that students don't edit are as the gradebook
    has them, tags and marks included. The text of an answer is the student's; of several copies,
    the last one counts. Own cells stay after the cell that they followed, without metadata. Earlier
    copies of an answer become own cells before it.

    Parameters
    ----------
    submitted : NotebookNode
        What a student handed in. Nothing about its metadata is taken for granted.
    originals : Originals

    Returns
    -------
    notebook : NotebookNode
    repairs : list of Repair
    """
    known = {grade_id(cell): cell for cell in originals.graded.cells if is_known(cell)}
    copies: dict[str | None, list[NotebookNode]] = defaultdict(list)
    for cell in submitted.cells:
        if grade_id(cell) in known:
            copies[grade_id(cell)].append(cell)
    # The first copy of a cell marks its place. Own cells and further copies follow such a place.
    own: dict[str | None, list[NotebookNode]] = defaultdict(list)
    place = None
    for cell in submitted.cells:
        name = grade_id(cell)
        if name not in known:
            own[place].append(cell)
        elif cell is copies[name][0]:
            place = name
        elif not is_solution(known[name]):
            own[place].append(cell)

    notebook = copy.deepcopy(originals.graded)
    notebook.cells = [_own_cell(cell) for cell in own[None]]
    for name, original in known.items():
        cell = copy.deepcopy(original)
        if is_solution(cell) and copies[name]:
            # An earlier copy must not run after the one that counts.
            notebook.cells += [_own_cell(earlier) for earlier in copies[name][:-1]]
            _fill_in(cell, copies[name][-1])
        notebook.cells += [cell, *(_own_cell(other) for other in own[name])]
    taken = {str(cell.get("id")) for cell in known.values()}
    for cell in notebook.cells:
        if grade_id(cell) is None:
            cell.id = new_id(cell.id, taken)

    released = {grade_id(cell): cell for cell in originals.released.cells if is_known(cell)}
    repairs = [_compare(copies[name], released[name]) for name in known]
    return notebook, [repair for repair in repairs if repair]


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


def _compare(copies: list[NotebookNode], released: NotebookNode) -> Repair | None:
    """Return the repair of a cell of the course, or None if it needs none."""
    name = str(grade_id(released))
    answer = is_solution(released)
    # Nobody is blamed for missing prose: some is added now and then, after a release.
    prose = released.cell_type == "markdown" and not is_task(released)
    if not copies:
        if answer:
            return Repair(name, ANSWER_MISSING)
        return Repair(name, MISSING, tampered=not prose)
    if len(copies) > 1:
        if answer:
            return Repair(name, f"There were {len(copies)} copies of this cell: the last counts.")
        return Repair(name, "copied", tampered=not prose)
    (cell,) = copies
    # Some editors drop all tags; none adds any.
    if not answer and not _tags(cell) <= _tags(released):
        return Repair(name, "tagged", tampered=True)
    if _role(cell) != _role(released) and (answer or not _matches_its_checksum(cell)):
        return Repair(name, "marked as another kind of cell", tampered=True)
    if cell.cell_type != released.cell_type:
        if answer:
            return Repair(name, f"The type of this cell was put back to {released.cell_type}.")
        return Repair(name, "made a cell of another type", tampered=True)
    if not answer and _stripped_text(cell) != _stripped_text(released):
        if _matches_its_checksum(cell):
            return Repair(name, "from an earlier release")
        return Repair(name, "edited", tampered=True)
    return None


def _tags(cell: NotebookNode) -> set[str]:
    """Return the tags of a cell."""
    tags = cell.metadata.get("tags")
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()


def _role(cell: NotebookNode) -> tuple[bool, bool, bool, float | None]:
    """Return whether nbgrader's marks make a cell graded, a solution and locked, and its points."""
    points = cell.metadata.nbgrader.get("points")
    points = float(points) if is_grade(cell) and isinstance(points, int | float) else None
    return bool(is_grade(cell)), bool(is_solution(cell)), bool(is_locked(cell)), points


def _stripped_text(cell: NotebookNode) -> str:
    """Return the text of a cell without what editors change."""
    return "\n".join(line.rstrip() for line in cell.source.rstrip().splitlines())


def _matches_its_checksum(cell: NotebookNode) -> bool:
    """Whether a cell is as it was in this release or an earlier one.

    A student can forge the checksum, which avoids the blame and nothing else.
    """
    try:
        return bool(compute_checksum(cell) == cell.metadata.nbgrader.get("checksum"))
    except (TypeError, ValueError, KeyError, AttributeError):  # malformed marks
        return False


def tampered(repairs: list[Repair], originals: Originals) -> Reason:
    """Return the reason that names the cells of the course that a student has edited."""
    found = [repair for repair in repairs if repair.tampered]
    missing = [repair for repair in repairs if repair.text in (MISSING, ANSWER_MISSING)]
    if len(missing) == sum(map(is_known, originals.graded.cells)):
        what = "none of the cells of this exercise is left, and none of your answers"
    else:
        what = _shorten([f"{repair.cell} ({repair.text})" for repair in found])
    return reason("tampered", [repair.cell for repair in found], what=what)


def _shorten(names: list[str]) -> str:
    """Return the first names, and the number of the others."""
    more = [f"{len(names) - MAX_NAMES} more"] if len(names) > MAX_NAMES else []
    return ", ".join(names[:MAX_NAMES] + more)
