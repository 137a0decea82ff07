"""Reads files of a submission: only small plain ones, and no links."""

from __future__ import annotations

import fnmatch
import logging
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

#: Limits of what is copied from a submission: bytes of a file and of all files, number of files.
MAX_FILE_BYTES = 10_000_000
MAX_TOTAL_BYTES = 100_000_000
MAX_FILES = 1000
#: Most entries of folders that are listed, and characters of a path below the submission's folder.
MAX_ENTRIES = 10_000
MAX_PATH = 500

#: What a name must not have that is to be shown: control characters, and surrogates.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


#: What a student can do about a notebook that cannot be read.
SAVE_AGAIN = "Open it in JupyterLab, save it, and submit it again."
CLEAR = "Open it in JupyterLab, choose Edit > Clear Outputs of All Cells, save it, and submit it."
HAND_IN_FILE = "Hand in the notebook itself: a file that JupyterLab has saved."
ASK = "Please tell your instructor."


class Folders(Protocol):
    """What nbgrader's ``CourseDirectory`` does here, without importing nbgrader."""

    def format_path(self, step: str, student: str, assignment: str, /) -> str:
        """Return the folder of a step."""


class UnsafeFileError(OSError):
    """A file must not be read. The message is a clause without its subject: "is a folder".

    Parameters
    ----------
    what : str
    advice : str
        What the student can do about it: a sentence.
    """

    def __init__(self, what: str, advice: str = HAND_IN_FILE):
        super().__init__(what)
        self.advice = advice


class UnreadableError(Exception):
    """A notebook cannot be read. The message is a clause for the student.

    Parameters
    ----------
    what : str
    advice : str
        What the student can do about it: a sentence.
    """

    def __init__(self, what: str, advice: str = SAVE_AGAIN):
        super().__init__(what)
        self.advice = advice


def read_plain(path: str | Path, limit: int) -> bytes:
    """Return the contents of a plain file, without following a link or waiting for a pipe.

    Raises
    ------
    UnsafeFileError
        If it is no plain file, is larger than ``limit`` bytes, or may not be read.
    """
    try:
        _check(os.lstat(path), limit)
        # The flags hold even if the file is exchanged after this check.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            _check(os.fstat(file.fileno()), limit)
            data = file.read(limit + 1)
    except UnsafeFileError:
        raise
    except FileNotFoundError as error:
        raise UnsafeFileError("is not there") from error
    except (OSError, ValueError) as error:
        raise UnsafeFileError("may not be read by the grader", ASK) from error
    if len(data) > limit:
        raise UnsafeFileError("grows while it is read", ASK)
    return data


def _check(status: os.stat_result, limit: float) -> None:
    """Raise UnsafeFileError if this is not a plain file within the limit."""
    if stat.S_ISLNK(status.st_mode):
        raise UnsafeFileError("is a link to another file")
    if stat.S_ISDIR(status.st_mode):
        raise UnsafeFileError("is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFileError("is not a plain file")
    if status.st_size > limit:
        raise UnsafeFileError(f"is larger than {limit / 1e6:g} MB", CLEAR)


def is_linked(path: str | Path, coursedir: Folders, step: str) -> bool:
    """Whether a folder is a link that is above a path and below the folder of a step.

    Parameters
    ----------
    path : path
    coursedir : Folders
        nbgrader's ``CourseDirectory``.
    step : str
        The folder of all submissions, such as ``coursedir.submitted_directory``.
    """
    top = Path(coursedir.format_path(step, "*", "*").partition("*")[0])
    return any(folder.is_symlink() for folder in Path(path).parents if top in folder.parents)


def plain_files(
    folder: str | Path,
    exclude: Sequence[str],
    log: logging.Logger,
    limit: float = MAX_FILE_BYTES,
    wanted: Callable[[str], bool] | None = None,
) -> list[str]:
    """Return the paths of the plain files below a folder.

    Where there are too many, those that lie near the top are returned: notebooks of a student's do,
    and not the thousand files of a virtual environment or of a repository.

    Parameters
    ----------
    folder : path
    exclude : sequence of str
        Patterns of names, of files and of folders, that are left out.
    log : logging.Logger
        Gets a warning for each file that is left out for another reason.
    limit : float
        Most bytes of a file.
    wanted : callable, optional
        Whether files of a name are returned, which are to be listed alone: the size of all together
        is not limited then. By default, all are returned.
    """
    files: list[str] = []
    total = entries = 0
    folders = [str(folder)]
    while folders:
        try:
            listing = os.scandir(folders.pop(0))
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
                    if wanted is not None and not wanted(entry.name):
                        continue
                    _check(status, limit)
                except OSError as problem:
                    log.warning("Left out %r, which %s", entry.path, problem)
                    continue
                total += status.st_size if wanted is None else 0
                files.append(entry.path)
    return sorted(files)
