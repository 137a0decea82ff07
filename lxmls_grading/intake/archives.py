"""Lists the notebooks in a submission's folder, below it, and in zip archives: bounded, unpacked
nowhere, and read only when they are asked for.
"""

from __future__ import annotations

import fnmatch
import io
import logging
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from lxmls_grading.intake.files import (
    MAX_FILE_BYTES,
    MAX_PATH,
    UnreadableError,
    UnsafeFileError,
    plain_files,
    read_plain,
)

#: Most archives that are opened, entries of an archive that are listed, and notebooks in all.
MAX_ARCHIVES, MAX_MEMBERS, MAX_NOTEBOOKS = 10, 1000, 40

#: Most bytes of the notebooks of an archive, unpacked.
MAX_UNPACKED = 100_000_000

#: The end of a notebook's name. Browsers add `.json` or `.txt`, or a number after that.
NOTEBOOK = re.compile(r"\.ipynb(\.json|\.txt)?( ?\(\d+\))?$", re.IGNORECASE)

#: Folders and files that systems add to archives.
NOT_HANDED_IN = ("__MACOSX", "._*", ".ipynb_checkpoints")

_quiet = logging.Logger("unlogged", logging.CRITICAL)  # other steps report files that are left out


@dataclass(frozen=True)
class Member:
    """A notebook's file, or its place in an archive.

    Attributes
    ----------
    path : str
        Relative to the submission's folder.
    state : tuple
        Changes when the file changes.
    read : callable
        Returns the file's bytes, or raises UnsafeFileError or UnreadableError.
    """

    path: str
    state: tuple[int, int]
    read: Callable[[], bytes]


def list_notebooks(folder: str, ignore: list[str]) -> list[Member]:
    """Return the notebooks in a folder, in the folders below it, and in zip archives there.

    Parameters
    ----------
    folder : str
    ignore : list of str
        Patterns of names of files and folders that are left out.
    """
    found: list[Member] = []
    archives = 0
    exclude = [*ignore, *NOT_HANDED_IN]
    for path in plain_files(folder, exclude, _quiet):
        relative = os.path.relpath(path, folder)
        try:
            status = os.lstat(path)
        except OSError:
            continue
        state = (status.st_mtime_ns, status.st_size)
        if NOTEBOOK.search(path):
            found.append(Member(relative, state, partial(read_plain, path, MAX_FILE_BYTES)))
        elif path.casefold().endswith(".zip") and archives < MAX_ARCHIVES:
            archives += 1
            found += _members(path, relative, state, exclude)
    return found[:MAX_NOTEBOOKS]


def list_others(folder: str, ignore: list[str]) -> list[str]:
    """Return the paths of the files in a folder and below it that are no notebooks."""
    paths = plain_files(folder, [*ignore, *NOT_HANDED_IN], _quiet)
    return [os.path.relpath(path, folder) for path in paths if not NOTEBOOK.search(path)]


def _members(
    path: str, relative: str, state: tuple[int, int], exclude: list[str]
) -> Iterator[Member]:
    """Yield the notebooks in a zip archive; none of one that is damaged, locked or too large."""
    try:
        data = read_plain(path, MAX_FILE_BYTES)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()[:MAX_MEMBERS]
    except (UnsafeFileError, zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return
    total = 0
    for member in members:
        parts = PurePosixPath(member.filename).parts
        excluded = any(fnmatch.fnmatch(part, pattern) for part in parts for pattern in exclude)
        if excluded or not NOTEBOOK.search(member.filename) or ".." in parts:
            continue
        total += member.file_size
        if len(member.filename) > MAX_PATH or total > MAX_UNPACKED:
            continue
        yield Member(f"{relative}/{member.filename}", state, partial(_unpack, path, member))


def _unpack(path: str, member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a file in an archive, whose size the archive may not tell truly.

    Raises
    ------
    UnreadableError
        If it cannot be unpacked, or is too large.
    """
    try:
        with (
            zipfile.ZipFile(io.BytesIO(read_plain(path, MAX_FILE_BYTES))) as archive,
            archive.open(member) as file,
        ):
            data = file.read(MAX_FILE_BYTES + 1)
    except Exception as error:  # a password, an unknown or damaged compression
        raise UnreadableError("its archive cannot be unpacked") from error
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableError("it is too large")
    return data
