"""Saves points, and keeps those that a person gave for as long as the answer is the same.

nbgrader asks for all points by hand again whenever it grades again, be it only because a test was
mended elsewhere. Here a digest of each answer is kept beside the records, in ``answers/``. If that
is deleted, points by hand wait to be confirmed, and none is lost.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import partial
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Grade
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import is_grade, is_solution, is_task

from lxmls_grading.cells import grade_id, is_answer, is_test
from lxmls_grading.feedback.comments import DID_NOT_RUN, add_texts
from lxmls_grading.gradebook.of_notebook import NotebookGradebook
from lxmls_grading.gradebook.transaction import after_commit
from lxmls_grading.machine.sharing import share_folder
from lxmls_grading.reasons import reasons_of
from lxmls_grading.records import RECORDS_FOLDER, records_folder, student_file
from lxmls_nb.files import atomic_path


class SaveGrades(SaveAutoGrades):
    """Save points as nbgrader does, but for those by hand whose answer has not changed.

    These stay confirmed, or waiting, as they were. Where the answer has changed, or is worth less
    now than they are, they count until somebody confirms them, as in nbgrader, and a comment tells
    it.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Save the points of a notebook."""
        names = resources["nbgrader"]
        where = names["assignment"], names["student"]
        coursedir = self.parent.coursedir
        root = coursedir.root
        written = names.get("records", root)  # elsewhere in a dry run
        if coursedir.groupshared and written == root:
            share_folder(Path(root, RECORDS_FOLDER))
        self._now = digests(nb)
        self._tests = {str(grade_id(cell)) for cell in nb.cells if is_test(cell)}
        self._tasks = {str(grade_id(cell)) for cell in nb.cells if is_task(cell)}
        known = {} if names.get("doubted") else read_digests(root, *where)
        self._earlier = known.get(names["notebook"], {})
        self._waiting: dict[str, str] = {}  # why, by cell: a sentence
        # As nbgrader's own method does, but for the gradebook.
        place = names["notebook"], names["assignment"], names["student"]
        self.notebook_id, self.assignment_id, self.student_id = place
        with NotebookGradebook(names["db_url"], *place) as self.gradebook:
            self._by_hand = self.gradebook.points_by_hand()
            nb, resources = super(SaveAutoGrades, self).preprocess(nb, resources)
            # Of cells that did not run, SaveReasons sets the points aside, and tells it.
            for each in reasons_of(nb):
                if each.kind in DID_NOT_RUN:
                    self._waiting = {k: v for k, v in self._waiting.items() if k not in each.cells}
            if self._waiting:
                _comment(nb, self.gradebook, self._waiting)
        # What is noted has to fit the answer that people read: a process may be killed at any time.
        # Without a note, points wait that need not. With a note of another answer they would count
        # as confirmed for one that nobody has read. So notes of what changes go before anything is
        # committed, and new ones come last.
        if self._now != self._earlier:
            note = partial(write_digests, written, *where, names["notebook"])
            same = dict(self._earlier.items() & self._now.items())
            if same != self._earlier:
                note(same)
            after_commit(partial(note, self._now))
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        super()._add_score(cell, resources)
        self._confirm(cell)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Save the points of a cell. nbgrader saves none for a task, and never asks again."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if is_task(cell):
            grade = self._grade_of(cell)
            if grade.auto_score is not None and grade.manual_score is None:
                # The 0 points of an earlier notebook that was missing or did not run.
                grade.auto_score, grade.needs_manual_grade = None, True
                self.gradebook.db.commit()
            self._confirm(cell)
        return cell, resources

    def _grade_of(self, cell: NotebookNode) -> Grade:
        where = self.notebook_id, self.assignment_id, self.student_id
        return self.gradebook.find_grade(str(grade_id(cell)), *where)

    def _is_same(self, name: str) -> bool:
        """Whether the answer is the one that was graded last."""
        if name in self._tasks and name not in self._earlier:  # in notes of an earlier version
            # What was noted of a test is about all that the student wrote.
            noted = self._tests & self._earlier.keys()
            return bool(noted) and self._earlier.items() <= self._now.items()
        return self._earlier.get(name) == self._now[name]

    def _confirm(self, cell: NotebookNode) -> None:
        """Let the points by hand of a cell, if it has any, stay confirmed or wait."""
        name = str(grade_id(cell))
        worth = float(cell.metadata.nbgrader.points)  # the course's own, as all marks by now
        given, grade = self._by_hand.get(name), self._grade_of(cell)
        if given is None or (given.points is None and grade.auto_score is None):
            return  # there are none, or the answer waits for points anyway
        points = (given.points or 0) + given.extra
        if points == worth == 0:  # a rubric never waits
            return
        number = "1 point was" if points == 1 else f"{points:g} points were"
        if (given.points or 0) > worth:  # the formgrader takes no such points: it was worth more
            why = f"{number} given by hand, and it is worth {worth:g} now: to be confirmed."
        elif given.waits or not self._is_same(name):
            why = f"{number} given by hand to an earlier answer, to be confirmed."
        else:
            why = ""
        if why:
            self._waiting[name] = why
        grade.needs_manual_grade = bool(why)
        self.gradebook.db.commit()


def digests(notebook: NotebookNode) -> dict[str, str]:
    """Return a hash of what each cell with points is about, by its name.

    For an answer that is read by a person it is its text. For a test it is the test, and all that
    the student wrote in the notebook; for a task the latter alone. So it is, with its text, for an
    answer that may stand in another cell.
    """
    own = [cell for cell in notebook.cells if is_answer(cell) or grade_id(cell) is None]
    all_own = _digest([cell.source for cell in own])
    elsewhere = {
        name for each in reasons_of(notebook) if each.kind == "set aside" for name in each.cells
    }
    digests = {}
    for cell in notebook.cells:
        if is_grade(cell) or is_task(cell):
            name = str(grade_id(cell))
            is_alone = is_solution(cell) and name not in elsewhere
            whole = _digest([cell.source, *([] if is_alone else [all_own])])
            digests[name] = all_own if is_task(cell) else whole
    return digests


def _digest(texts: list[str]) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _comment(notebook: NotebookNode, gradebook: NotebookGradebook, waiting: dict[str, str]) -> None:
    """Add to comments on answers which points by hand wait to be confirmed, and why."""
    answers = [str(grade_id(cell)) for cell in notebook.cells if is_solution(cell)]
    tasks = [str(grade_id(cell)) for cell in notebook.cells if is_task(cell)]
    notes: dict[str, list[str]] = {}
    for name, why in waiting.items():
        place = name if name in answers + tasks else next(iter(answers), None)
        notes.setdefault(str(place), []).append(f"{name}: {why}")
    add_texts(gradebook.comments, notes)
    gradebook.db.commit()


# --- the files ------------------------------------------------------------------------------------


def _path(root: str | Path, assignment: str, student: str) -> Path:
    return records_folder(root, assignment) / "answers" / student_file(student)


def read_digests(root: str | Path, assignment: str, student: str) -> dict[str, dict[str, str]]:
    """Return the hashes of the answers graded last, by notebook and cell; none if there are none.

    Parameters
    ----------
    root : path
        The folder of the course.
    assignment, student : str
    """
    try:
        found = json.loads(_path(root, assignment, student).read_text(encoding="utf-8"))
        return {str(name): dict(cells) for name, cells in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def write_digests(
    root: str | Path, assignment: str, student: str, notebook: str, cells: dict[str, str]
) -> None:
    """Note the hashes of a notebook's answers.

    Parameters
    ----------
    root : path
    assignment, student, notebook : str
    cells : dict
        What :func:`digests` has returned.
    """
    found = read_digests(root, assignment, student) | {notebook: cells}
    _write(_path(root, assignment, student), found)


def _write(path: Path, found: dict[str, dict[str, str]]) -> None:
    with atomic_path(path) as new:
        new.write_text(json.dumps(found, indent=1), encoding="utf-8")


def put_back_digests(
    root: str | Path, assignment: str, student: str, earlier: dict[str, dict[str, str]]
) -> None:
    """Note the hashes that were noted before, where points are put back, too.

    Parameters
    ----------
    root : path
    assignment, student : str
    earlier : dict
        What :func:`read_digests` has returned.
    """
    path = _path(root, assignment, student)
    path.unlink(missing_ok=True)
    if earlier:
        with suppress(OSError):  # without them, points wait to be confirmed
            _write(path, earlier)
