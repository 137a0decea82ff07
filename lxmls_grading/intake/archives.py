"""Lists the notebooks in a submission's folder, below it, and in zip archives: bounded, unpacked
nowhere, and read only when they are asked for. Archives that cannot be opened are listed, too.
"""

from __future__ import annotations

import fnmatch
import io
import logging
import math
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

#: Most bytes of a notebook, as in its place (``SubmissionExporter.max_bytes``).
MAX_NOTEBOOK_BYTES = 20_000_000

#: Most bytes of the notebooks of an archive, unpacked.
MAX_UNPACKED = 100_000_000

#: The end of a notebook's name. Browsers add `.json` or `.txt`, or a number after that.
NOTEBOOK = re.compile(r"\.ipynb(\.json|\.txt)?( ?\(\d+\))?$", re.IGNORECASE)

#: The end of an archive's name, or of a compressed notebook's. Only zip archives are opened.
ARCHIVE = re.compile(
    r"\.(zip|7z|rar|tar|tgz|tbz2?|txz|(tar|ipynb)\.(gz|bz2|xz|zst))( ?\(\d+\))?$", re.IGNORECASE
)

#: What is listed.
WANTED = re.compile(f"{NOTEBOOK.pattern}|{ARCHIVE.pattern}", re.IGNORECASE)

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


def list_notebooks(folder: str, ignore: list[str]) -> tuple[list[Member], list[str]]:
    """Return the notebooks in a folder, in the folders below it, and in zip archives there.

    Parameters
    ----------
    folder : str
    ignore : list of str
        Patterns of names of files and folders that are left out.

    Returns
    -------
    notebooks : list of Member
    closed : list of str
        Paths of archives that are not opened: of another kind, damaged, too large, or inside of
        another one; and of what is too much.
    """
    found: list[Member] = []
    closed: list[str] = []
    archives = 0
    exclude = [*ignore, *NOT_HANDED_IN]
    for path in plain_files(folder, exclude, _quiet, math.inf, WANTED):
        relative = os.path.relpath(path, folder)
        try:
            status = os.lstat(path)
        except OSError:
            continue
        state = (status.st_mtime_ns, status.st_size)
        if NOTEBOOK.search(path):
            found.append(Member(relative, state, partial(read_plain, path, MAX_NOTEBOOK_BYTES)))
            continue
        archives += 1
        members = _zip_members(path) if archives <= MAX_ARCHIVES else None
        if members is None:
            closed.append(relative)
            continue
        for name, read in _in_zip(path, members, exclude):
            if read is None:
                closed.append(f"{relative}/{name}")
            else:
                found.append(Member(f"{relative}/{name}", state, read))
    closed += [each.path for each in found[MAX_NOTEBOOKS:]]
    return found[:MAX_NOTEBOOKS], closed


def list_others(folder: str, ignore: list[str]) -> list[str]:
    """Return the paths of the files in a folder and below it that are neither of these."""
    paths = plain_files(folder, [*ignore, *NOT_HANDED_IN], _quiet)
    return [os.path.relpath(path, folder) for path in paths if not WANTED.search(path)]


def _zip_members(path: str) -> list[zipfile.ZipInfo] | None:
    """Return what a zip archive lists; None if it is damaged, too large, or none."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_plain(path, MAX_FILE_BYTES))) as archive:
            return archive.infolist()
    except (UnsafeFileError, zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None


def _in_zip(
    path: str, members: list[zipfile.ZipInfo], exclude: list[str]
) -> Iterator[tuple[str, Callable[[], bytes] | None]]:
    """Yield the notebooks in a zip archive with their readers, and with None what is not read."""
    total = 0
    wanted = [member for member in members if WANTED.search(member.filename)]
    for member in wanted[:MAX_MEMBERS]:
        name = member.filename
        parts = PurePosixPath(name).parts
        excluded = any(fnmatch.fnmatch(part, pattern) for part in parts for pattern in exclude)
        if excluded or ".." in parts or len(name) > MAX_PATH:
            continue
        is_read = NOTEBOOK.search(name) and total + member.file_size <= MAX_UNPACKED
        total += member.file_size if is_read else 0
        yield name, partial(_unpack, path, member) if is_read else None


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
