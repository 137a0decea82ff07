"""Finds what was handed in and lies where neither nbgrader nor a class run looks.

nbgrader finds submissions by a pattern of paths. What does not fit it gets no grade, and nobody is
told: a folder that begins with a dot, ``Day2`` in place of ``day2``, a file in place of a folder, a
submission that is one folder too deep. Here they are found, so that instructors learn of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from lxmls_grading.intake.archives import OTHER_ARCHIVES

#: How names end of what may hold somebody's work.
WORK = (".ipynb", ".zip", *OTHER_ARCHIVES)

#: What systems and programs put into folders.
JUNK = re.compile(
    r"__MACOSX|__pycache__|\.ipynb_checkpoints|\.git.*|\.DS_Store|\._.*|\.#.*|\.nfs.*|\.Trash.*"
    r"|Thumbs\.db|desktop\.ini|lost\+found"
)

#: Most entries of folders that are looked at, to find whether one holds somebody's work.
MAX_LOOKED_AT = 1000


@dataclass(frozen=True)
class Overlooked:
    """Something that was handed in and is not graded.

    Attributes
    ----------
    student : str
        The name of the folder, or file, at the place of a student's.
    path : str
        From the folder of the course on.
    why : str
        A clause without its subject: "is a file".
    """

    student: str
    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def find_overlooked(
    coursedir: CourseDirectory,
    assignment: str,
    known: Iterable[str] = (),
    patterns: str = "*",
) -> list[Overlooked]:
    """Return what may be submissions of an assignment and is not looked at by any grading.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment : str
    known : iterable of str
        Other assignments of the course, besides those in the folders of sources and releases.
    patterns : str
        Of students, with commas between them.

    Returns
    -------
    found : list of Overlooked
        Sorted by path; nothing where submissions are kept in folders of another structure.
    """
    path = coursedir.format_path(coursedir.submitted_directory, "\0", assignment)
    before, _, after = path.partition("\0")
    if not before.endswith(os.sep):
        return []
    looking = _Looking(coursedir.root, after.strip(os.sep), {*known, *_assignments(coursedir)})
    excluded = (coursedir.student_id_exclude or "").split(",")
    wanted = [each.strip() for each in patterns.split(",")]
    return [
        found
        for found in looking.at_students(Path(before))
        if found.student not in excluded
        and any(each == found.student or fnmatchcase(found.student, each) for each in wanted)
    ]


def _assignments(coursedir: CourseDirectory) -> set[str]:
    """Return the names of the folders in ``source/`` and ``release/``."""
    names = set()
    for step in (coursedir.source_directory, coursedir.release_directory):
        folder = Path(coursedir.format_path(step, ".", "x")).parent
        names |= {entry.name for entry in _entries(folder) or () if entry.is_dir()}
    return names


@dataclass(frozen=True)
class _Looking:
    """Looks through the folders of submissions.

    Attributes
    ----------
    root : str
        The folder of the course.
    place : str
        Where an assignment lies in the folder of a student; empty if that is the folder itself.
    known : set of str
        The assignments of the course.
    """

    root: str
    place: str
    known: set[str]

    def at_students(self, folder: Path) -> Iterator[Overlooked]:
        """Look at what stands where each student has a folder."""
        for entry in _entries(folder) or ():
            hidden = entry.name.startswith(".")
            if not entry.is_dir():
                if entry.is_symlink() and not hidden:
                    yield self._found(entry, entry, "is a link that leads to no folder")
                elif _is_work(entry.name) or not ("." in entry.name or entry.is_symlink()):
                    yield self._found(entry, entry, "is a file, where a student has a folder")
            elif hidden:
                if _holds_work(entry.path, self.known - {self.place}):
                    why = "begins with a dot, and such folders are not seen: rename it"
                    yield self._found(entry, entry, why)
            elif self.place:
                yield from self._of_student(entry)

    def _of_student(self, student: os.DirEntry[str]) -> Iterator[Overlooked]:
        """Look at what lies in a student's folder, besides the assignment's."""
        entries = _entries(student.path)
        if entries is None:
            yield self._found(student, student, "may not be read by the grader")
            return
        there = os.path.isdir(os.path.join(student.path, self.place))
        for entry in entries:
            if not entry.is_dir():
                if entry.name == self.place:
                    why = f"is no folder, and the notebooks are looked for in a folder {self.place}"
                    yield self._found(student, entry, why)
                elif not there and _is_work(entry.name):
                    why = f"is not in a folder {self.place}, where it is looked for"
                    yield self._found(student, entry, why)
            elif entry.name not in self.known | {self.place} and _holds_work(entry.path):
                deep = os.path.isdir(os.path.join(entry.path, self.place))
                if deep:
                    yield self._found(student, entry, f"has the folder {self.place} one too deep")
                elif _plain(entry.name).startswith(_plain(self.place)):
                    yield self._found(student, entry, f"is not called {self.place}: rename it")
                elif not there:
                    yield self._found(student, entry, "is not the folder of any assignment")

    def _found(self, student: os.DirEntry[str], entry: os.DirEntry[str], why: str) -> Overlooked:
        path = os.path.relpath(entry.path, self.root)
        shown = path if path.isprintable() else ascii(path)[1:-1]
        return Overlooked(student.name, shown, why)


def _entries(folder: str | Path) -> list[os.DirEntry[str]] | None:
    """Return what is in a folder and not junk, sorted by name; None if it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not JUNK.fullmatch(entry.name)]
    except OSError:
        return None
    return sorted(found, key=lambda entry: entry.name)


def _is_work(name: str) -> bool:
    return name.lower().endswith(WORK)


def _plain(name: str) -> str:
    """Return a name without what people write in different ways."""
    return re.sub(r"[\W_]", "", name.casefold())


def _holds_work(folder: str, without: Iterable[str] = ()) -> bool:
    """Whether there may be a notebook or an archive in a folder, or it cannot be looked into.

    Parameters
    ----------
    folder : str
    without : iterable of str
        Names of folders in it that are not looked into.
    """
    folders, left = [(folder, set(without))], MAX_LOOKED_AT
    while folders:
        path, leave = folders.pop()
        entries = _entries(path)
        if entries is None:
            return True
        left -= len(entries)
        if left < 0 or any(not entry.is_dir() and _is_work(entry.name) for entry in entries):
            return True
        folders += [
            (entry.path, set())
            for entry in entries
            if entry.name not in leave and entry.is_dir(follow_symlinks=False)
        ]
    return False
