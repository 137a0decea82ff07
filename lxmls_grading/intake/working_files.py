"""Collects the files that lie beside a notebook while it runs: the assignment's, and a student's.

Student code reads them as it would at home. The instructor's version of a file counts.
"""

from __future__ import annotations

import io
import logging
import os
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from lxmls_grading.intake.archives import MAX_ARCHIVES, NOTEBOOK, Member, list_zip
from lxmls_grading.intake.files import (
    MAX_TOTAL_BYTES,
    UnreadableError,
    UnsafeFileError,
    plain_files,
    read_plain,
)
from lxmls_grading.intake.notebooks import clean_text

#: Files that are never there: the time is the grader's.
NEVER = ("timestamp.txt", ".*", "__pycache__")

#: Those of an assignment that are not there either, since they hold solutions.
NOTEBOOKS = "*.ipynb"

#: Says nothing: what is left out has been told.
QUIET = logging.Logger("quiet", logging.CRITICAL + 1)

#: Most files that lie beside notebooks in folders and archives.
MAX_NESTED = 1000

#: Most bytes of all files of an assignment together.
MAX_ASSIGNMENT_BYTES = 100_000_000


#: Returns the bytes of a file, of which there may be so many.
Reader = Callable[[int], bytes]


class AssignmentFilesError(Exception):
    """The files of an assignment cannot be put beside submissions. The message is a sentence."""


@dataclass(frozen=True)
class FileLimits:
    """Which of a student's own files are there when the notebook runs.

    Attributes
    ----------
    patterns : tuple of str
        Of the names of files.
    max_bytes, max_total : int
        Most bytes of a file, and of all of them.
    """

    patterns: tuple[str, ...] = ("*",)
    max_bytes: int = 1_000_000
    max_total: int = 10_000_000


@dataclass
class WorkingFiles:
    """Files beside a notebook.

    Attributes
    ----------
    contents : dict of bytes
        By their paths, relative to the notebook.
    left_out : dict of str
        Why a student's file is not there: a clause without a subject, by its path.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def pack(self) -> bytes:
        """Return the files as a tar archive; nothing if there are none."""
        if not self.contents:
            return b""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in self.contents.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o644
                archive.addfile(member, io.BytesIO(content))
        return packed.getvalue()


def read_assignment_files(folder: str | Path, ignore: Sequence[str]) -> dict[str, bytes]:
    """Return the files of an assignment that are not notebooks, by their paths.

    Parameters
    ----------
    folder : path
        ``source/<assignment>``. It is the instructor's: links to files are followed.
    ignore : sequence of str
        Further patterns of names that are left out: ``CourseDirectory.ignore``.

    Raises
    ------
    AssignmentFilesError
        If they are too large, since student code would miss them without a word.
    """
    found: dict[str, bytes] = {}
    total = 0
    for path in sorted(Path(folder).rglob("*")):
        name = path.relative_to(folder)
        left_out = (*ignore, *NEVER, NOTEBOOKS)
        if any(fnmatch(part, pattern) for part in name.parts for pattern in left_out):
            continue
        if path.is_file():
            total += path.stat().st_size
            if total > MAX_ASSIGNMENT_BYTES:
                raise AssignmentFilesError(
                    f"{folder} holds more than {MAX_ASSIGNMENT_BYTES / 1e6:g} MB of files besides "
                    "notebooks, which is too much to lie beside each submission."
                )
            found[name.as_posix()] = path.read_bytes()
    return found


def read_working_files(
    folder: str | Path,
    assignment: Mapping[str, bytes],
    limits: FileLimits,
    ignore: Sequence[str],
    log: logging.Logger,
) -> WorkingFiles:
    """Return the files that lie beside the notebooks of a submission while they run.

    Parameters
    ----------
    folder : path
        What the student has handed in.
    assignment : mapping of bytes
        What :func:`read_assignment_files` has returned.
    limits : FileLimits
    ignore : sequence of str
        Further patterns of names that are left out.
    log : logging.Logger
    """
    files = WorkingFiles(dict(assignment))
    # The assignment's files win, also where a student's file is called like one of their folders.
    taken = {str(part) for name in assignment for part in (Path(name), *Path(name).parents)}
    # Notebooks come last: those that are graded take up much, and few are read by another one.
    paths = plain_files(folder, [*ignore, *NEVER, NOTEBOOKS], log, MAX_TOTAL_BYTES)
    others = plain_files(folder, [*ignore, *NEVER], QUIET, MAX_TOTAL_BYTES)
    notebooks = [each for each in others if fnmatch(each, NOTEBOOKS)]
    readers: dict[str, Reader] = {}
    for path in paths + notebooks:
        readers[os.path.relpath(path, folder)] = partial(read_plain, path)
    own = {*readers}
    totals = {True: 0, False: 0}  # what lies in a second place takes nothing from the first
    excluded = [*ignore, *NEVER]
    nested = _beside_nested(str(folder), paths, notebooks, excluded, limits.max_bytes)
    for name, read in nested.items():
        readers.setdefault(name, read)
    for name, read in readers.items():
        if name in taken or any(str(above) in assignment for above in Path(name).parents):
            continue
        try:
            if not any(fnmatch(os.path.basename(name), pattern) for pattern in limits.patterns):
                raise UnsafeFileError("is of a kind that the course does not take")
            content = read(limits.max_bytes)
            if totals[name in own] + len(content) > limits.max_total:
                raise UnsafeFileError(
                    f"is too much: {limits.max_total / 1e6:g} MB are taken in all"
                )
        except (UnsafeFileError, UnreadableError) as problem:
            files.left_out[clean_text(name)] = str(problem)
        else:
            totals[name in own] += len(content)
            files.contents[name] = content
    return files


def _beside_nested(
    folder: str, paths: list[str], notebooks: list[str], ignore: list[str], max_bytes: int
) -> dict[str, Reader]:
    """Return the readers of files that lie beside a notebook in a folder or a zip archive.

    The notebook may be graded in place of one that is missing. What lies beside it has to be where
    it looks for it. Files of one name beside several notebooks have to be the same.
    """
    found: dict[str, list[Reader]] = {}
    for above in _nearest({os.path.dirname(each) for each in notebooks} - {folder}):
        for path in paths:
            if path.startswith(f"{above}{os.sep}"):
                name = os.path.relpath(path, above)
                found.setdefault(name, []).append(partial(read_plain, path))
    for archive in [each for each in paths if each.lower().endswith(".zip")][:MAX_ARCHIVES]:
        members = list_zip(archive, ignore, max_bytes)
        tops = {os.path.dirname(each.path) for each in members if NOTEBOOK.search(each.path)}
        for above in _nearest(tops):
            for each in members:
                beside = not above or each.path.startswith(f"{above}/")
                if beside and not NOTEBOOK.search(each.path):
                    name = os.path.relpath(each.path, above or ".")
                    found.setdefault(name, []).append(partial(_read_member, each))
    return {name: partial(_read_all, read) for name, read in [*found.items()][:MAX_NESTED]}


def _nearest(folders: set[str]) -> list[str]:
    """Return the folders with notebooks that are looked into: as many as there are archives."""
    return sorted(folders, key=lambda each: (each.count("/"), each))[:MAX_ARCHIVES]


def _read_all(readers: list[Reader], max_bytes: int) -> bytes:
    """Return the bytes of files that are the same.

    Raises
    ------
    UnsafeFileError
        If they differ: each notebook needs its own.
    """
    first, *others = readers
    content = first(max_bytes)
    if any(each(max_bytes) != content for each in others):
        raise UnsafeFileError("lies beside several notebooks, and is another file beside each")
    return content


def _read_member(member: Member, _: int) -> bytes:
    return member.read()
