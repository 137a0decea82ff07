"""Lists the notebooks in a submission's folder, below it, and in zip archives: bounded, unpacked
nowhere, and read only when they are asked for. What may be a notebook and cannot be read is listed,
too.
"""

from __future__ import annotations

import contextlib
import fnmatch
import io
import logging
import math
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import PurePosixPath

from lxmls_grading.intake.files import (
    MAX_FILE_BYTES,
    MAX_PATH,
    UnreadableError,
    UnsafeFileError,
    plain_files,
    read_plain,
)

#: Most archives that are opened, entries that an archive may have, and notebooks in all.
MAX_ARCHIVES, MAX_MEMBERS, MAX_NOTEBOOKS = 10, 10_000, 40

#: Most bytes of the notebooks of an archive, unpacked.
MAX_UNPACKED = 100_000_000

#: Ways to pack a file that unpack no more than they are asked for.
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: The end of a notebook's name. Browsers add `.json` or `.txt`, or a number after that.
NOTEBOOK = re.compile(r"\.ipynb(\.json|\.txt)?( ?\(\d+\))?$", re.IGNORECASE)

#: Endings of what may be an archive of another kind than zip.
OTHER_ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zipx")

#: The end of an archive's name, or of a compressed notebook's. Only zip archives are opened.
ARCHIVE = re.compile(
    r"\.(zipx?|7z|rar|tar|tgz|tbz2?|txz|tzst|(tar|ipynb)\.(gz|bz2|xz|zst))( ?\(\d+\))?$",
    re.IGNORECASE,
)

#: Kinds of files that stand for no notebook, whatever their name: pictures, and data.
DATA = re.compile(
    r"\.(png|jpe?g|gif|svg|webp|csv|tsv|npy|npz|pkl|pickle|pt|pth|h5|hdf5|parquet|xlsx?|mp4)$",
    re.IGNORECASE,
)

#: Kinds of files in which somebody may have handed in code: those that are read, and others.
TEXTS = re.compile(r"\.(py|md|qmd|rmd|tex|txt|html?)$", re.IGNORECASE)
DOCUMENTS = re.compile(r"\.(pdf|docx?|odt|rtf|pages|url|webloc|gdoc)$", re.IGNORECASE)

#: Kinds of texts that people write in words.
PROSE = re.compile(
    r"(?<!readme)(?<!license)(?<!changelog)(?<!contributing)(?<!index)\.(md|tex|html?)$",
    re.IGNORECASE,
)

#: Most texts that are listed.
MAX_TEXTS = 40

#: Folders and files that systems and tools make, with archives of their own in them.
NOT_HANDED_IN = (
    *("__MACOSX", "._*", ".ipynb_checkpoints"),
    *(".git", ".venv", "site-packages", "node_modules"),
)

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


@dataclass(frozen=True)
class Listing:
    """What was found in a submission.

    Attributes
    ----------
    notebooks : list of Member
        Those near the top come first.
    closed : list of str
        Paths of archives that are not opened (of another kind, damaged, too large, inside of
        another one), and of notebooks that are too many or lie where nothing is read.
    named : list of str
        Paths of other files with the name of a notebook, such as what JupyterLab exports.
    """

    notebooks: list[Member]
    closed: list[str]
    named: list[str]


def list_notebooks(
    folder: str, ignore: list[str], is_named: Callable[[str], bool], max_bytes: int
) -> Listing:
    """List the notebooks in a folder, in the folders below it, and in zip archives there.

    Parameters
    ----------
    folder : str
    ignore : list of str
        Patterns of names of files and folders that are left out.
    is_named : callable
        Whether the name of a file is that of a notebook.
    max_bytes : int
        Most bytes of a notebook.
    """

    def is_wanted(name: str) -> bool:
        return bool(NOTEBOOK.search(name)) or (not DATA.search(name) and is_named(name))

    found: list[Member] = []
    closed: list[str] = []
    named: list[str] = []
    for path, state, read in _list(folder, ignore, is_wanted, max_bytes):
        if read is None:
            closed.append(path)
        elif NOTEBOOK.search(path):
            found.append(Member(path, state, read))
        else:
            named.append(path)
    found.sort(key=_depth)
    closed += [each.path for each in found[MAX_NOTEBOOKS:]]
    return Listing(found[:MAX_NOTEBOOKS], closed, named)


def list_texts(folder: str, ignore: list[str], max_bytes: int) -> tuple[list[Member], list[str]]:
    """List other files in which somebody may have handed in code.

    Parameters
    ----------
    folder, ignore, max_bytes
        As of :func:`list_notebooks`.

    Returns
    -------
    texts : list of Member
        Files that are read as text. Those near the top come first.
    documents : list of str
        Paths of files in which text cannot be looked for.
    """

    def is_wanted(name: str) -> bool:
        return bool(TEXTS.search(name) or DOCUMENTS.search(name))

    texts: list[Member] = []
    documents: list[str] = []
    for path, state, read in _list(folder, ignore, is_wanted, max_bytes):
        if read is not None and TEXTS.search(path):
            texts.append(Member(path, state, read))
        elif DOCUMENTS.search(path):
            documents.append(path)
    return sorted(texts, key=_depth)[:MAX_TEXTS], documents


def list_zip(path: str, ignore: list[str], max_bytes: int) -> list[Member]:
    """List the files in a zip archive that can be read; none if it is damaged or too large.

    Parameters
    ----------
    path : str
        Of the archive.
    ignore : list of str
        Patterns of names of files and folders that are left out.
    max_bytes : int
        Most bytes of a file.

    Returns
    -------
    members : list of Member
        Their paths are those in the archive.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return []
    state = (status.st_mtime_ns, status.st_size)
    plain = [each for each in _zip_members(path, state) or [] if not each.is_dir()]
    found = _in_zip(path, state, plain, [*ignore, *NOT_HANDED_IN], max_bytes)
    return [Member(name, state, read) for name, read in found if read is not None]


def _depth(member: Member) -> tuple[int, str]:
    return member.path.count("/"), member.path


def _list(
    folder: str, ignore: list[str], is_wanted: Callable[[str], bool], max_bytes: int
) -> Iterator[tuple[str, tuple[int, int], Callable[[], bytes] | None]]:
    """Yield path, state and reader of the files that are wanted, also of those in zip archives.

    What is not read has no reader: archives that are not opened, and some of what others hold.
    """
    archives = 0
    exclude = [*ignore, *NOT_HANDED_IN]

    def is_listed(name: str) -> bool:
        return bool(ARCHIVE.search(name)) or is_wanted(name)

    for path in plain_files(folder, exclude, _quiet, math.inf, is_listed):
        relative = os.path.relpath(path, folder)
        try:
            status = os.lstat(path)
        except OSError:
            continue
        state = (status.st_mtime_ns, status.st_size)
        if not ARCHIVE.search(path):
            yield relative, state, partial(read_plain, path, max_bytes)
            continue
        archives += 1
        members = _zip_members(path, state) if archives <= MAX_ARCHIVES else None
        if members is None:
            yield relative, state, None
            continue
        paths = [(m, PurePosixPath(path_in_zip(m.filename, m.flag_bits))) for m in members]
        wanted = [member for member, inside in paths if is_listed(inside.name)]
        for name, read in _in_zip(path, state, wanted, exclude, max_bytes):
            yield f"{relative}/{name}", state, read


@lru_cache(maxsize=2 * MAX_ARCHIVES)  # it is asked for once for each notebook
def _zip_members(path: str, state: tuple[int, int]) -> list[zipfile.ZipInfo] | None:
    """Return what a zip archive lists; None if it is damaged, too large, or none."""
    try:
        members = _open_zip(path, state).infolist()
    except (UnsafeFileError, zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    return members if len(members) <= MAX_MEMBERS else None


@lru_cache(maxsize=1)  # its files are read one after the other
def _open_zip(path: str, state: tuple[int, int]) -> zipfile.ZipFile:
    """Return an archive that is in memory as a whole."""
    return zipfile.ZipFile(io.BytesIO(read_plain(path, MAX_FILE_BYTES)))


def path_in_zip(name: str, flags: int) -> str:
    """Return the path of an entry of a zip archive, with slashes between folders.

    Some programs write backslashes, and some UTF-8 without telling.

    Parameters
    ----------
    name : str
        As Python has read it.
    flags : int
        Those of the entry.
    """
    if not flags & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _in_zip(
    path: str,
    state: tuple[int, int],
    members: list[zipfile.ZipInfo],
    exclude: list[str],
    max_bytes: int,
) -> Iterator[tuple[str, Callable[[], bytes] | None]]:
    """Yield the files in a zip archive with their readers, and with None what is not read."""
    total = 0
    for member in members:
        name = path_in_zip(member.filename, member.flag_bits)
        if len(name) > MAX_PATH:
            yield name, None
            continue
        parts = PurePosixPath(name).parts
        if any(fnmatch.fnmatch(part, pattern) for part in parts for pattern in exclude):
            continue
        is_inside = ".." not in parts and not name.startswith("/")
        is_plain = is_inside and not ARCHIVE.search(name)
        is_read = is_plain and total + member.file_size <= MAX_UNPACKED
        total += member.file_size if is_read else 0
        yield name, partial(_unpack, path, state, member, max_bytes) if is_read else None


def _unpack(path: str, state: tuple[int, int], member: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """Return the bytes of a file in an archive, whose size the archive may not tell truly.

    Raises
    ------
    UnreadableError
        If it cannot be unpacked, or is too large.
    """
    if member.compress_type not in BOUNDED:
        raise UnreadableError("its archive is packed in a way that is not read here")
    try:
        with _open_zip(path, state).open(member) as file:
            data = file.read(max_bytes + 1)
    except Exception as error:  # a password, an unknown or damaged compression
        raise UnreadableError("its archive cannot be unpacked") from error
    if len(data) > max_bytes:
        raise UnreadableError("it is too large")
    return data
