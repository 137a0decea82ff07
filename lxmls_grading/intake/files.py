"""Which files of a submission are read and copied: small plain ones, and no links.

nbgrader copies the files of a submission to ``autograded`` and to ``feedback``, which the student
gets, and follows links on the way: to a private file of the instructor, to ``/dev/zero``. It has no
setting for that, so :func:`install` puts other functions in place of three of nbgrader's.
"""

from __future__ import annotations

import contextlib
import datetime
import fnmatch
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

#: Limits of what is copied from a submission.
MAX_BYTES = 10_000_000
MAX_TOTAL_BYTES = 100_000_000
MAX_FILES = 1000
#: Entries of folders that are looked at; and characters of a path below the submission's folder.
MAX_ENTRIES = 10_000
MAX_PATH = 500

#: Not copied back to students: a browser would run what is in them, as a part of the feedback.
ACTIVE = ("*.htm", "*.html", "*.xhtml", "*.svg", "*.xml")

#: Control characters, and what is no character, in the name of a folder.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")

_stock_init_assignment = BaseConverter.init_assignment
_stock_init_notebooks = BaseConverter.init_notebooks


class UnsafeFileError(OSError):
    """A file that is not read: its message says what it is, after "it"."""


def read_plain(path: str | Path, limit: int) -> bytes:
    """Return what is in a plain file, without following a link or waiting for a pipe.

    Raises
    ------
    UnsafeFileError
        If there is something else, more than ``limit`` bytes, or it may not be read.
    """
    try:
        _check(os.lstat(path), limit)
        # The flags hold where the file is exchanged after the look at it.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            _check(os.fstat(file.fileno()), limit)
            data = file.read(limit + 1)
    except UnsafeFileError:
        raise
    except FileNotFoundError as error:
        raise UnsafeFileError("is not there") from error
    except (OSError, ValueError) as error:
        raise UnsafeFileError("may not be read by the grader") from error
    if len(data) > limit:
        raise UnsafeFileError("grows while it is read")
    return data


def _check(status: os.stat_result, limit: int) -> None:
    """Refuse what is not a plain file within the limit."""
    if stat.S_ISLNK(status.st_mode):
        raise UnsafeFileError("is a link to another file")
    if stat.S_ISDIR(status.st_mode):
        raise UnsafeFileError("is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFileError("is not a plain file")
    if status.st_size > limit:
        raise UnsafeFileError(f"is larger than {limit / 1e6:g} MB")


def is_linked(path: str | Path, coursedir: CourseDirectory, step: str) -> bool:
    """Whether one of the folders above a path is a link, below the folder of a step.

    Parameters
    ----------
    path : path
    coursedir : CourseDirectory
    step : str
        The folder of all submissions, such as ``coursedir.submitted_directory``.
    """
    top = Path(coursedir.format_path(step, "*", "*").partition("*")[0])
    return any(folder.is_symlink() for folder in Path(path).parents if top in folder.parents)


def plain_files(folder: str | Path, exclude: Sequence[str], log) -> list[str]:
    """Return the paths of the small plain files below a folder.

    Parameters
    ----------
    folder : path
    exclude : sequence of str
        Patterns of names, of files and of folders, that are left out.
    log : logging.Logger
        Gets a warning for each file that is left out for another reason.
    """
    files: list[str] = []
    total = entries = 0
    folders = [str(folder)]
    while folders:
        try:
            listing = os.scandir(folders.pop())
        except OSError as error:
            log.warning("Left out a folder that cannot be listed: %s", error)
            continue
        with listing:
            for entry in listing:
                entries += 1
                if entries > MAX_ENTRIES or len(files) >= MAX_FILES or total > MAX_TOTAL_BYTES:
                    log.warning("Left out the other files of %s: too many, or too large", folder)
                    return sorted(files)
                if any(fnmatch.fnmatch(entry.name, pattern) for pattern in exclude):
                    continue
                try:
                    if len(os.path.relpath(entry.path, folder)) > MAX_PATH:
                        raise UnsafeFileError("has a path that is too long")
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(entry.path)
                        continue
                    _check(status, MAX_BYTES)
                except OSError as problem:
                    log.warning("Left out %r, which %s", entry.path, problem)
                    continue
                total += status.st_size
                files.append(entry.path)
    return sorted(files)


def _copy_files(self, assignment_id: str, student_id: str) -> None:
    """Copy the other files of a submission, as ``BaseConverter.init_assignment`` does."""
    if not isinstance(self, Autograde | GenerateFeedback):
        return _stock_init_assignment(self, assignment_id, student_id)  # the instructor's own files
    source = self._format_source(assignment_id, student_id)
    if is_linked(Path(source, "file"), self.coursedir, self._input_directory):
        self.log.warning("Left out all files of %s, which is a link", source)
        return None
    exclude = [*self.coursedir.ignore, "*.ipynb"]
    if isinstance(self, GenerateFeedback):
        exclude += ACTIVE
    for filename in plain_files(source, exclude, self.log):
        path = Path(self._format_dest(assignment_id, student_id), os.path.relpath(filename, source))
        try:
            data = read_plain(filename, MAX_BYTES)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(data)
        except OSError as problem:
            self.log.warning("Left out %r, which %s", filename, problem)
    return None


def _known_notebooks(self) -> None:
    """Find the notebooks to grade, as ``BaseConverter.init_notebooks``: those of the assignment.

    A submission with none of them gets them all, as notebooks that are not there: it gets 0 points
    and a reason. In nbgrader it fails, after asking whether the assignment was ever generated.
    """
    _stock_init_notebooks(self)
    known = []
    with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
        with contextlib.suppress(MissingEntry):  # of which nbgrader says what to do
            notebooks = gradebook.find_assignment(self.coursedir.assignment_id).notebooks
            known = fnmatch.filter([each.name for each in notebooks], self.coursedir.notebook_id)
        known = sorted(f"{name}.ipynb" for name in known)
    for assignment, notebooks in list(self.assignments.items()):
        if UNPRINTABLE.search(assignment):
            # nbgrader stops all grading at a line break in the name of a student's folder.
            self.log.error("Left out %r: its name has characters that cannot be shown", assignment)
            del self.assignments[assignment]
        elif known:
            there = {os.path.basename(path) for path in notebooks}
            if there - set(known):
                self.log.warning(
                    "Left out %d notebooks of %s that are not part of the assignment",
                    len(there - set(known)),
                    assignment,
                )
            names = [name for name in known if name in there] or known
            self.assignments[assignment] = [os.path.join(assignment, name) for name in names]


def _timestamp(self, dest_path: str) -> datetime.datetime | None:
    """Return when a submission was handed in; None where its file does not say so."""
    path = os.path.join(dest_path, "timestamp.txt")
    if not os.path.lexists(path):
        return None
    try:
        return parse_utc(read_plain(path, 1000).decode().strip())
    except Exception as problem:  # parsers of dates raise many kinds
        self.log.warning("Left out the time in %s: %s", path, problem)
        return None


def install() -> None:
    """Put the functions above in place of nbgrader's. To call it again changes nothing."""
    BaseConverter.init_assignment = _copy_files
    Autograde.init_notebooks = _known_notebooks
    CourseDirectory.get_existing_timestamp = _timestamp
