"""Keeps what a submission had, folder and points, until it is graded again as a whole.

nbgrader removes the earlier folder in ``autograded`` first, and commits points cell by cell. If
grading then fails, for example because the sandbox does, both would be lost. So the folder is moved
aside, to ``.earlier-<process>-<name>`` beside its place, and comes back with the rows of the
gradebook unless the new results are complete. If the process itself is killed, the folder that it
has left tells the next run to put the earlier one back and to grade that submission again.
"""

from __future__ import annotations

import glob
import logging
import os
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from lxmls_grading.gradebook.points_by_hand import put_back_digests, read_digests
from lxmls_grading.gradebook.rows import Rows, open_gradebook, put_back_rows, read_rows
from lxmls_grading.gradebook.transaction import after_commit, one_transaction

log = logging.getLogger(__name__)


class EarlierPoints:
    """The points that a submission has, and the notes of which answers those by hand are for.

    Call :meth:`read` before new points are written, in the same transaction if there is one. Then
    call :meth:`keep_new` when the new results are complete, or :meth:`put_back` if they are not.

    Parameters
    ----------
    coursedir : nbgrader.coursedir.CourseDirectory
    assignment, student : str
    records : path
        The folder with the records: that of the course, or another one in a dry run.

    Attributes
    ----------
    rows : Rows
        The rows that the submission had in the gradebook when they were read.
    """

    def __init__(
        self, coursedir: CourseDirectory, assignment: str, student: str, records: str | Path
    ):
        self._coursedir, self._records = coursedir, records
        self._submission = assignment, student
        self._digests: dict[str, dict[str, str]] | None = None
        self._replaced = False  # whether other rows may be in the gradebook
        self.rows: Rows = {}

    def read(self) -> None:
        """Read the points as they are before new ones are written.

        Raises
        ------
        sqlalchemy.exc.SQLAlchemyError
            If the gradebook cannot be read.
        """
        with open_gradebook(self._coursedir) as session:
            self.rows = read_rows(session, *self._submission)
        self._digests = read_digests(self._records, *self._submission)
        after_commit(partial(setattr, self, "_replaced", True))

    def keep_new(self) -> None:
        """Forget what was read: from now on, :meth:`put_back` does nothing."""
        self._digests, self._replaced = None, False

    def put_back_notes(self) -> None:
        """Note again which answers the earlier points by hand are for.

        Raises
        ------
        OSError
            If the notes that are there cannot be removed.
        """
        where = self._records, *self._submission
        if self._digests is not None and read_digests(*where) != self._digests:
            put_back_digests(*where, self._digests)

    def put_back(self) -> None:
        """Give the submission its earlier points again, with their notes.

        What a person has written meanwhile stays, see
        :func:`~lxmls_grading.gradebook.rows.put_back_rows`.

        Raises
        ------
        OSError, sqlalchemy.exc.SQLAlchemyError
            If something cannot be written.
        """
        # With the notes of another answer, points would count as confirmed for that one.
        self.put_back_notes()
        if not self._replaced:
            return
        where = self._coursedir.db_url, self._coursedir.course_id
        with one_transaction(*where), open_gradebook(self._coursedir) as session:
            put_back_rows(session, *self._submission, self.rows)


class EarlierResults:
    """The results that a submission has, before it is graded.

    Call :meth:`set_aside`, and then :meth:`drop` or :meth:`put_back`.

    Parameters
    ----------
    coursedir : nbgrader.coursedir.CourseDirectory
    assignment, student : str
    folder : path
        Its folder in ``autograded``.
    """

    def __init__(self, coursedir: CourseDirectory, assignment: str, student: str, folder: Path):
        self.coursedir, self.assignment, self.student = coursedir, assignment, student
        self.folder = folder
        self.aside = folder.parent / f".earlier-{os.getpid()}-{folder.name}"
        self.points: EarlierPoints | None = None

    def set_aside(self) -> None:
        """Move the folder aside, and read the points.

        Where there is no folder yet, an empty one marks that the submission is being graded.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if self.folder.exists():
            os.replace(self.folder, self.aside)
        else:
            self.aside.mkdir()
        where = self.coursedir, self.assignment, self.student
        points = EarlierPoints(*where, self.coursedir.root)
        points.read()
        self.points = points

    def copy_back(self) -> None:
        """Put a copy of the folder in its place, for a run that replaces only some notebooks."""
        if any(self.aside.iterdir()):
            shutil.copytree(self.aside, self.folder, symlinks=True)

    def drop(self) -> None:
        """Remove what is kept: the new results are complete."""
        shutil.rmtree(self.aside, ignore_errors=True)

    def put_back(self) -> None:
        """Put folder and points back: there are no new results."""
        if not self.aside.exists():  # it could not be moved, and is in its place
            return
        try:
            if self.points is not None:  # before the folder that people read
                self.points.put_back_notes()
        except OSError:
            # The next run finds what is aside, and puts it back.
            log.exception("The earlier results of %s could not be put back", self.student)
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        if _move_back(self.aside, self.folder):
            log.warning("%s keeps its earlier results", self.folder)
        if self.points is not None:
            try:
                self.points.put_back()
            except (SQLAlchemyError, OSError):
                log.exception("The points of %s could not be put back", self.student)


def interrupted(folder: str | Path) -> bool:
    """Whether a process that has ended since has left a submission half-graded.

    Parameters
    ----------
    folder : path
        The folder of the submission in ``autograded``.
    """
    return bool(_left(Path(folder)))


def recover(folder: Path) -> bool:
    """Put back the folder that a killed process has moved aside; return whether there was one."""
    left = _left(folder)
    for aside in left:
        if any(aside.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)
        _move_back(aside, folder)
    return bool(left)


def forget(folder: Path) -> None:
    """Remove what killed processes have moved aside: the submission has new results."""
    for aside in _left(folder):
        shutil.rmtree(aside, ignore_errors=True)


def _move_back(aside: Path, folder: Path) -> bool:
    """Move a folder back to its place; return whether there was one."""
    if any(aside.iterdir()):
        os.replace(aside, folder)
        return True
    aside.rmdir()
    return False


def _left(folder: Path) -> list[Path]:
    """Return the folders that processes which have ended have moved aside."""
    pattern = f"{glob.escape(str(folder.parent))}/.earlier-*-{glob.escape(folder.name)}"
    return [Path(path) for path in glob.glob(pattern) if not _runs(path)]


def _runs(path: str) -> bool:
    with suppress(ValueError, PermissionError):
        process = int(os.path.basename(path).split("-")[1])
        if process == os.getpid():
            return True
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
