"""Lists and reads the files of an archive, of a folder, or one file, with care.

Nothing is unpacked here. What cannot be read, or must not be, is an :class:`Unreadable`: a line for
the instructor, while the other files are read.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from lxmls_grading.intake.archives import OTHER_ARCHIVES, path_in_zip
from lxmls_grading.intake.files import (
    MAX_FILE_BYTES,
    MAX_PATH,
    UNPRINTABLE,
    UnsafeFileError,
    read_plain,
)

#: Bytes of a notebook or an archive that a student handed in; entries of an archive or folder.
#: Grading reads only smaller notebooks, and tells the student so. Left out, one would be missing.
MAX_WORK_BYTES, MAX_ENTRIES = 100_000_000, 100_000

TOO_MANY = f"has more than {MAX_ENTRIES} files: the rest is left out"

#: What systems put beside files by themselves.
JUNK = re.compile(r"__MACOSX|\._.*|\.DS_Store|Thumbs\.db|desktop\.ini|\.ipynb_checkpoints", re.I)


@dataclass(frozen=True)
class File:
    """A file that somebody handed in.

    Attributes
    ----------
    origin : str
        The archive or folder that it is in.
    parts : tuple of str
        Its path there.
    time : datetime, optional
        In UTC, of its last change as the archive tells it.
    read : callable
        Returns the contents, or raises UnsafeFileError.
    """

    origin: str
    parts: tuple[str, ...]
    time: datetime | None
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """The path in the archive."""
        return "/".join(self.parts)


@dataclass(frozen=True)
class Unreadable:
    """Something that is left out.

    Attributes
    ----------
    where : str
    why : str
        A clause without its subject: "is a link".
    """

    where: str
    why: str


def limit_of(name: str) -> int:
    """Return how many bytes a file of this name may have."""
    return MAX_WORK_BYTES if name.lower().endswith((".ipynb", ".zip")) else MAX_FILE_BYTES


def is_junk(parts: tuple[str, ...]) -> bool:
    """Whether a file was put there by a system, not by a person."""
    return any(JUNK.fullmatch(part) for part in parts)


def files_in(path: str | Path, zone: tzinfo) -> Iterator[File | Unreadable]:
    """Yield the files at a path: of an archive, of a folder and all below it, or the file itself.

    Parameters
    ----------
    path : path
    zone : tzinfo
        Of the times in an archive, which have none.
    """
    path = Path(path)
    if path.is_dir():
        yield from _in_folder(path)
    elif not path.exists():
        yield Unreadable(str(path), "is not there")
    elif zipfile.is_zipfile(path):
        try:
            yield from _in_zip(zipfile.ZipFile(path), path.name, zone)
        except (OSError, zipfile.BadZipFile, ValueError, struct.error) as error:
            yield Unreadable(path.name, f"is a damaged archive ({error})")
    elif path.suffix.lower() in (".zip", *OTHER_ARCHIVES):
        yield Unreadable(str(path), "is no zip archive: unpack it and collect the folder")
    else:
        yield _plain(path, path.parent.name, (path.name,))


def _plain(path: Path, origin: str, parts: tuple[str, ...]) -> File | Unreadable:
    try:
        time = datetime.fromtimestamp(os.lstat(path).st_mtime, UTC).replace(tzinfo=None)
    except (OSError, OverflowError, ValueError):
        time = None
    if UNPRINTABLE.search("/".join(parts)):
        return Unreadable(ascii(str(path)), "has a name that cannot be shown")
    parts = tuple(unicodedata.normalize("NFC", part) for part in parts)
    return File(origin, parts, time, lambda: read_plain(path, limit_of(path.name)))


def _in_folder(top: Path) -> Iterator[File | Unreadable]:
    name = Path(os.path.abspath(top)).name
    entries = 0
    for folder, folders, files in os.walk(top):
        folders.sort()
        for link in [each for each in folders if Path(folder, each).is_symlink()]:
            yield Unreadable(str(Path(folder, link)), "is a link to another folder")
        for file in sorted(files):
            entries += 1
            if entries > MAX_ENTRIES:
                yield Unreadable(
                    str(top), f"has more than {MAX_ENTRIES} files: the rest is left out"
                )
                return
            path = Path(folder, file)
            yield _plain(path, name, (name, *path.relative_to(top).parts))


def files_in_zip(data: bytes, origin: str, time: datetime | None) -> Iterator[File | Unreadable]:
    """Yield the files of an archive that a student handed in.

    Parameters
    ----------
    data : bytes
    origin : str
        How it is called in messages.
    time : datetime, optional
        When it was handed in: the times inside are those of the student's own clock.
    """
    try:
        for found in _in_zip(zipfile.ZipFile(io.BytesIO(data)), origin, UTC):
            if isinstance(found, File):
                yield File(found.origin, found.parts, time, found.read)
            else:
                yield found
    except (OSError, zipfile.BadZipFile, ValueError, struct.error) as error:
        yield Unreadable(origin, f"is a damaged archive ({error})")


def _in_zip(archive: zipfile.ZipFile, origin: str, zone: tzinfo) -> Iterator[File | Unreadable]:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        yield Unreadable(origin, TOO_MANY)
    for info in infos[:MAX_ENTRIES]:
        name = path_in_zip(info.orig_filename, info.flag_bits)
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if name.endswith("/") or not parts:
            continue
        if problem := _problem(info, name, parts):
            where = f"{origin}: {name}"
            yield Unreadable(ascii(where)[1:-1] if UNPRINTABLE.search(where) else where, problem)
        else:
            yield File(origin, parts, _time(info, zone), _reader(archive, info))


def _problem(info: zipfile.ZipInfo, name: str, parts: tuple[str, ...]) -> str | None:
    mode = info.external_attr >> 16
    if name.startswith("/") or ".." in parts or re.match("[A-Za-z]:", name):
        return "has a path that leads out of the archive"
    if UNPRINTABLE.search(name):
        return "has a name that cannot be shown"
    if len(name) > MAX_PATH or any(len(os.fsencode(part)) > 250 for part in parts):
        return "has a path that is too long"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is a link to another file" if stat.S_ISLNK(mode) else "is not a plain file"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.file_size > limit_of(name):
        return f"is larger than {limit_of(name) / 1e6:g} MB"
    return None


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        limit = limit_of(info.filename)
        try:
            with archive.open(info) as file:
                data = file.read(limit + 1)  # whatever size it is said to have
        except (
            *(OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError),
            *(NotImplementedError, ValueError, struct.error),
        ) as error:
            raise UnsafeFileError(f"is damaged ({error})") from error
        if len(data) > limit:
            raise UnsafeFileError(f"is larger than {limit / 1e6:g} MB")
        return data

    return read


def _time(info: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    """Return the time of an entry in UTC, or None if it has none."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == 0x5455 and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            (seconds,) = struct.unpack_from("<i", extra, 5)  # in UTC, where a program notes it
            return datetime(1970, 1, 1) + timedelta(seconds=seconds)
        extra = extra[4 + size :]
    if info.date_time[:3] == (1980, 1, 1):
        return None  # what is written where no time is known
    try:
        local = datetime(*info.date_time)
        times = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    except (ValueError, OverflowError):
        return None
    return min(times).replace(tzinfo=None)
