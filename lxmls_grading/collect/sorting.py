"""Sorts files by student, and picks the newest attempt of each."""

from __future__ import annotations

import fnmatch
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lxmls_grading.collect.archives import (
    File,
    Unreadable,
    files_in_zip,
    is_junk,
)
from lxmls_grading.collect.names import CANVAS, Claim, NoFileError, claims, split_attempt
from lxmls_grading.deadlines.lateness import STAMP_FILE
from lxmls_grading.intake.archives import NOTEBOOK, OTHER_ARCHIVES
from lxmls_grading.intake.files import MAX_FILES, MAX_TOTAL_BYTES, UnsafeFileError
from lxmls_grading.people.matching import NotFoundError, People

#: How deep archives in archives are read.
MAX_DEPTH = 3


@dataclass(frozen=True)
class Version:
    """A file of a student's submission.

    Attributes
    ----------
    target : str
        Its path in the submission.
    data : bytes
    time : datetime, optional
        In UTC, as the archive tells it.
    attempt : tuple of int
        Larger for later ones; empty for the first.
    upload : int
        The number of the file in Canvas.
    source : str
        Where it comes from.
    claim : Claim
    """

    target: str
    data: bytes
    time: datetime | None
    attempt: tuple[int, ...]
    upload: int
    source: str
    claim: Claim

    @property
    def rank(self) -> tuple[object, ...]:
        """What sorts versions of a file by age."""
        return self.attempt, self.time or datetime.min, self.upload


@dataclass
class HandedIn:
    """What a student handed in.

    Attributes
    ----------
    student : str
    files : dict
        The newest version of each file, by its path in the submission.
    notes : list of str
        What was left out.
    """

    student: str
    files: dict[str, Version] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def has_notebook(self) -> bool:
        """Whether there is a notebook among the files, maybe with what a browser has added."""
        return any(NOTEBOOK.search(target) for target in self.files)

    @property
    def late(self) -> bool:
        """Whether a system has marked it as late."""
        return any(version.claim.late for version in self.files.values())

    @property
    def by_canvas(self) -> bool:
        """Whether all of it comes from Canvas, which marks what is late."""
        return all(version.claim.system == CANVAS for version in self.files.values())


@dataclass
class Sorted:
    """All that was found.

    Attributes
    ----------
    students : dict of HandedIn
        By student.
    problems : list of Unreadable
        What fits nobody, or cannot be read.
    download_times : bool
        Whether the times are those of one moment, as systems write them when they make an archive.
    """

    students: dict[str, HandedIn]
    problems: list[Unreadable]
    download_times: bool = True


#: Minutes within which an archive is made.
DOWNLOAD_MINUTES = 15


def sort_files(
    found: Iterable[File | Unreadable],
    people: People,
    assignment: str,
    assignments: Mapping[str, Collection[str]],
    ignore: Sequence[str],
) -> Sorted:
    """Sort files by student.

    Parameters
    ----------
    found : iterable of File and Unreadable
    people : People
    assignment : str
    assignments : mapping of str to collection of str
        The names of the notebooks of all assignments. What lies in a folder of another assignment
        is not taken, but for notebooks that are nowhere else.
    ignore : sequence of str
        Patterns of names that are left out.
    """
    notebooks, others = assignments[assignment], assignments.keys() - {assignment}
    problems: list[Unreadable] = []
    claimed: dict[str, list[tuple[File, Claim]]] = defaultdict(list)
    unknown: dict[tuple[str, str], str] = {}
    for file in found:
        if isinstance(file, Unreadable):
            problems.append(file)
        elif not is_junk(file.parts):
            try:
                student, claim = whose(file, people, notebooks)
                claimed[student].append((file, claim))
            except NoFileError as problem:
                problems.append(Unreadable(f"{file.origin}: {file.name}", str(problem)))
            except NotFoundError as problem:
                # One line for a folder of a student, not for each of its files.
                unknown.setdefault((file.origin, _of_student(file, notebooks)), str(problem))
    problems += [Unreadable(f"{origin}: {name}", why) for (origin, name), why in unknown.items()]
    students = {}
    for student in sorted(claimed):
        if doubt := _doubt(student, [claim for _, claim in claimed[student]]):
            problems.append(doubt)
            continue
        handed_in = HandedIn(student)
        versions, left_out = _versions(claimed[student], notebooks, ignore, others)
        problems += left_out
        _pick(handed_in, versions, problems)
        if handed_in.files:
            students[student] = handed_in
            if not handed_in.has_notebook():
                names = ", ".join(sorted(handed_in.files))
                problems.append(Unreadable(student, f"has handed in no notebook: {names}"))
    times = [v.time for each in students.values() for v in each.files.values() if v.time]
    apart = (max(times) - min(times)).total_seconds() if times else 0
    return Sorted(students, problems, download_times=apart < 60 * DOWNLOAD_MINUTES)


def whose(file: File, people: People, notebooks: Collection[str]) -> tuple[str, Claim]:
    """Return the student whose file it is, and why.

    Raises
    ------
    NoFileError
        If it is no file that a student handed in.
    NotFoundError
        If no student is meant, beyond doubt.
    """
    why: NotFoundError | None = None
    for claim in claims(file.parts, notebooks):
        try:
            return people.find(claim.label, claim.number), claim
        except NotFoundError as problem:
            why = why or problem
    raise why or NotFoundError("no student is named in its path")


def _of_student(file: File, notebooks: Collection[str]) -> str:
    """Return a file's path as far as it seems to name a student."""
    folders = file.parts[:-1]
    labels = [claim.label for claim in claims(file.parts, notebooks)]
    for number, part in enumerate(file.parts, start=1):
        if any(label in part for label in labels if label not in folders):
            return "/".join(file.parts[:number])
    return "/".join(folders[:2] or file.parts)


def _doubt(student: str, found: list[Claim]) -> Unreadable | None:
    """Return why files may be of several people with one name."""
    keys: dict[str, set[str]] = defaultdict(set)
    for claim in found:
        if claim.key:
            keys[claim.system].add(f"{claim.label}_{claim.key}")
    for system, names in keys.items():
        if len(names) > 1:
            listed = ", ".join(sorted(names))
            return Unreadable(listed, f"are several people in {system}, who all fit {student}")
    return None


def _versions(
    claimed: list[tuple[File, Claim]],
    notebooks: Collection[str],
    ignore: Sequence[str],
    others: Collection[str],
) -> tuple[list[Version], list[Unreadable]]:
    """Read the files of a student, archives among them."""
    versions: list[Version] = []
    problems: list[Unreadable] = []
    of_others: list[tuple[File, Claim, str, set[str]]] = []
    total = 0

    def add(file: File, claim: Claim, where: str, depth: int = 0, anywhere: bool = False) -> None:
        nonlocal total
        if is_junk(claim.parts) or claim.parts[-1] == STAMP_FILE:
            return  # when it was handed in is not for students to say
        if any(fnmatch.fnmatch(part, pattern) for part in claim.parts for pattern in ignore):
            return
        foreign = ({*file.parts[:-1], *claim.parts[:-1]} - {claim.label}).intersection(others)
        if foreign and not anywhere:
            of_others.append((file, claim, where, foreign))
            return
        if len(versions) >= MAX_FILES or total > MAX_TOTAL_BYTES:
            problems.append(Unreadable(where, "is left out: the submission is too large"))
            return
        try:
            data = file.read()
        except UnsafeFileError as problem:
            problems.append(Unreadable(where, str(problem)))
            return
        total += len(data)
        *folders, name = claim.parts
        if name.lower().endswith(".zip") and depth < MAX_DEPTH:
            for inner in files_in_zip(data, where, file.time):
                if isinstance(inner, Unreadable):
                    problems.append(inner)
                else:
                    inside = Claim(**vars(claim) | {"parts": (*folders, *inner.parts)})
                    add(inner, inside, f"{where}: {inner.name}", depth + 1, anywhere)
            return
        if name.lower().endswith(OTHER_ARCHIVES):
            problems.append(Unreadable(where, "is no zip archive: unpack it by hand"))
        stem, _, ending = name.rpartition(".")
        attempt: tuple[int, ...] = ()
        if ending.lower() == "ipynb":
            known, attempt = split_attempt(stem, notebooks)
            name = f"{known}.ipynb"
        target = "/".join((*folders, name))
        versions.append(Version(target, data, file.time, attempt, claim.upload, where, claim))

    for file, claim in claimed:
        add(file, claim, f"{file.origin}: {file.name}")
    # Notebooks of two assignments may have the same names; work may be saved in the wrong folder.
    known = {f"{name}.ipynb" for name in notebooks}
    lacking = known - {version.target.rpartition("/")[2] for version in versions}
    told: set[str] = set()
    for file, claim, where, folders in of_others:
        if lacking == known or claim.parts[-1] in lacking:
            add(file, claim, where, anywhere=True)
        elif not folders <= told:  # a line for a folder, not for each of its files
            names = " and ".join(sorted(folders))
            problems.append(Unreadable(where, f"is left out, with what lies in {names}"))
            told |= folders
    return _lifted(versions, notebooks), problems


def _lifted(versions: list[Version], notebooks: Collection[str]) -> list[Version]:
    """Return the files with the folder of the notebooks as the folder of the submission."""
    known = {f"{name}.ipynb" for name in notebooks}
    tops = {v.target.rpartition("/")[0] for v in versions if v.target.split("/")[-1] in known}
    tops = tops or {v.target.rpartition("/")[0] for v in versions}

    def lifted(target: str) -> str:
        folder, _, name = target.rpartition("/")
        if name in known and folder in tops:
            return name
        for top in sorted(tops, key=len, reverse=True):
            if top and target.startswith(f"{top}/"):
                return target.removeprefix(f"{top}/")
        return target

    return [Version(**vars(version) | {"target": lifted(version.target)}) for version in versions]


def _pick(handed_in: HandedIn, versions: list[Version], problems: list[Unreadable]) -> None:
    """Choose the newest version of each file."""
    groups: dict[str, list[Version]] = defaultdict(list)
    for version in versions:
        groups[version.target].append(version)
    for target, group in groups.items():
        newest = max(group, key=lambda version: version.rank)
        rivals = [v for v in group if v.rank == newest.rank and v.data != newest.data]
        if rivals:
            listed = " and ".join(v.source for v in [newest, *rivals])
            problems.append(
                Unreadable(handed_in.student, f"has two files {target}, which is newer? {listed}")
            )
            continue
        older = [v.source for v in group if v.data != newest.data]
        handed_in.notes += [f"an earlier attempt is left out, {source}" for source in older]
        handed_in.files[target] = newest
