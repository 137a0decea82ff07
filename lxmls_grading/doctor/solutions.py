"""Inspects whether students can read the solutions: on this machine, or in what they are given."""

from __future__ import annotations

import json
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nbgrader.api import Student
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from lxmls_grading.doctor.findings import Finding
from lxmls_grading.listing import list_names

#: Beside the source folder, what a course can have that tells the solutions: a catalogue of right
#: answers, and the history of all of it.
WITH_SOLUTIONS = ("tests/answers", ".git")
#: Larger files are data: they are not searched.
MAX_SEARCHED = 5_000_000  # bytes

#: Permissions to read a file, or to enter a folder and open what has a known name.
OTHERS, GROUP = 0o005, 0o050


def inspect_solutions(app: NbGrader) -> Iterator[Finding]:
    """Report where students can read source notebooks, right answers or their history."""
    paths = solution_paths(app.coursedir)
    exchange = Path(Exchange(parent=app, coursedir=app.coursedir).root)
    found = [
        *_in_exchange(app.coursedir, exchange, paths),
        *_given_to_students(app, exchange),
        *_readable_here(app.coursedir, paths),
    ]
    yield from found
    if paths and not found:
        yield Finding("solutions: nobody but you, or those you grade with, can read them here")


def solution_paths(coursedir: CourseDirectory) -> list[Path]:
    """Return what tells the solutions of a course: those of the paths that exist."""
    names = (coursedir.source_directory, *WITH_SOLUTIONS)
    return [path for name in names if (path := Path(coursedir.root, name)).is_dir()]


def _in_exchange(
    coursedir: CourseDirectory, exchange: Path, paths: list[Path]
) -> Iterator[Finding]:
    """Report a course that lies inside the exchange, which all students can read."""
    root = Path(coursedir.root).resolve()
    if paths and exchange.is_dir() and root.is_relative_to(exchange.resolve()):
        yield Finding(
            f"students can read the solutions: this course is inside the exchange, {exchange}",
            f"move {root} out of it, to a folder that only those who grade can read",
        )


def _given_to_students(app: NbGrader, exchange: Path) -> Iterator[Finding]:
    """Report solutions in the folders that students get: the release, and the exchange's."""
    coursedir = app.coursedir
    folders = [Path(coursedir.root, coursedir.release_directory)]
    if exchange.is_dir():
        pattern = f"{coursedir.course_id or '*'}/outbound"
        folders += sorted(exchange.glob(pattern))
    for folder in folders:
        if wrong := sorted(_files_with_solutions(folder, _delimiters(app.config))):
            first, *others = wrong
            more = f", and {len(others)} more in {folder}" if others else ""
            assignment = shlex.quote(first.relative_to(folder).parts[0])
            if first.suffix == ".ipynb":
                repair = f"nbgrader generate_assignment {assignment} --force"
                if folder != folders[0]:
                    repair += f"\nnbgrader release_assignment {assignment} --force"
            else:
                repair = f"rm -r {shlex.quote(str(first))}, and in source/, if it is there, too"
            yield Finding(
                f"students can read the solutions: they are in what students get, {first}{more}",
                repair,
            )


def _delimiters(config: Config) -> list[str]:
    """Return the texts that begin a solution, hidden tests or a rubric, as JSON writes them."""
    names = (
        ClearSolutions(config=config).begin_solution_delimeter,
        ClearHiddenTests(config=config).begin_test_delimeter,
        ClearMarkScheme(config=config).begin_mark_scheme_delimeter,
    )
    return [
        text
        for name in names
        for text in {name, *(json.dumps(name, ensure_ascii=each)[1:-1] for each in (True, False))}
    ]


def _files_with_solutions(folder: Path, delimiters: list[str]) -> Iterator[Path]:
    """Yield files at any depth that have a delimiter in them; right answers; histories."""
    for parent, folders, files in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
            yield Path(parent, ".git")
        for path in (Path(parent, name) for name in files):
            is_answer = path.name == "right.py" and "answers" in path.parts
            if is_answer or _has_any(path, delimiters):
                yield path


def _has_any(path: Path, texts: list[str]) -> bool:
    """Whether a file that is not too large has one of some texts in it."""
    with suppress(OSError):
        if path.is_file() and path.stat().st_size <= MAX_SEARCHED:
            content = path.read_text(encoding="utf-8", errors="replace")
            return any(text in content for text in texts)
    return False


def _readable_here(coursedir: CourseDirectory, paths: list[Path]) -> Iterator[Finding]:
    """Report what other users of this machine, or members of a group, can read."""
    open_to_all = [path for path in paths if can_read(path, OTHERS)]
    if open_to_all:
        yield Finding(
            "students can read the solutions, if they use this machine: "
            f"all users of it can read {_names(open_to_all, coursedir)}",
            f"chmod -R o-rwx {shlex.join(map(str, open_to_all))}",
            advice=True,
        )
    by_members: dict[tuple[str, ...], list[Path]] = {}
    for path in paths:
        if path in open_to_all or not can_read(path, GROUP):
            continue
        if members := _not_graders(path, coursedir):
            by_members.setdefault(members, []).append(path)
    for members, found in by_members.items():
        who = list_names(members, 3)
        remedy = f"chmod -R g-rwx {shlex.join(map(str, found))}"
        if not coursedir.groupshared:
            remedy += "\nor, if all of these grade, set c.CourseDirectory.groupshared = True"
        yield Finding(
            f"students can read the solutions, if they are in the group {_group(found[0])} "
            f"({who}): it can read {_names(found, coursedir)}",
            remedy,
            advice=not coursedir.groupshared,
        )


def can_read(path: Path, bits: int) -> bool:
    """Whether others, or a path's group, have some permission for it, and can get there.

    Parameters
    ----------
    path : Path
    bits : int
        ``OTHERS`` or ``GROUP``.
    """
    path = path.resolve()  # what a link leads to counts
    if not path.stat().st_mode & bits:
        return False
    group = path.stat().st_gid
    for folder in path.parents:
        status = folder.stat()
        enter = stat.S_IXGRP if bits == GROUP and status.st_gid == group else stat.S_IXOTH
        if not status.st_mode & enter:
            return False
    return True


def _names(paths: list[Path], coursedir: CourseDirectory) -> str:
    """Return what paths are called, from the course's folder on where they lie in it."""
    return ", ".join(
        str(path.relative_to(coursedir.root) if path.is_relative_to(coursedir.root) else path)
        for path in paths
    )


def _group(path: Path) -> str:
    try:
        return path.group()
    except (KeyError, NotImplementedError):
        return f"number {path.stat().st_gid}"


def _not_graders(path: Path, coursedir: CourseDirectory) -> tuple[str, ...]:
    """Return members of a path's group whom its owner may not have had in mind.

    Where the course is shared with a group, its members grade, but for those who are students.
    """
    owner = path.stat().st_uid
    members = members_of(path.stat().st_gid, {0, owner, os.geteuid()})
    if coursedir.groupshared:
        members &= student_ids(coursedir)
    return tuple(sorted(members))


def members_of(group: int, without: set[int]) -> set[str]:
    """Return the names of a Unix group's members, without some users.

    Parameters
    ----------
    group : int
        Its number.
    without : set of int
        Numbers of users.
    """
    import grp
    import pwd

    users = pwd.getpwall()
    names = {user.pw_name for user in users if user.pw_gid == group}
    with suppress(KeyError):
        names |= set(grp.getgrgid(group).gr_mem)
    return names - {user.pw_name for user in users if user.pw_uid in without}


def student_ids(coursedir: CourseDirectory) -> set[str]:
    """Return the ids of the students in the gradebook; none where there is no gradebook."""
    url = make_url(coursedir.db_url)
    in_file = url.get_backend_name() == "sqlite"
    if in_file and not Path(coursedir.root, url.database or "none").is_file():
        return set()
    engine = create_engine(url)
    try:
        with engine.connect() as connection:  # nbgrader's Gradebook would make tables, to look
            return set(connection.execute(select(Student.id)).scalars())
    except SQLAlchemyError:
        return set()
    finally:
        engine.dispose()
