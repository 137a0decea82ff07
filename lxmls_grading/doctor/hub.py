"""Inspects a course on a JupyterHub, where students have accounts on the machine that it is on.

Elsewhere, what other users can read is advice. Here these are the students: it has to be repaired.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange

from lxmls_grading.doctor.course import private_paths
from lxmls_grading.doctor.findings import Finding
from lxmls_grading.doctor.solutions import (
    GROUP,
    OTHERS,
    can_read,
    members_of,
    solution_paths,
    student_ids,
)
from lxmls_grading.listing import list_names

#: What is in the menus of JupyterLab for instructors alone, by the plugin that puts it there.
TOOLS = {
    "@jupyter/nbgrader:create-assignment": "Create Assignment",
    "@jupyter/nbgrader:formgrader": "Formgrader",
    "@jupyter/nbgrader:course-list": "Course List",
}
#: Numbers of accounts that people have (login.defs of Debian and others).
PEOPLE = range(1000, 60_000)
#: Names of the programs that accounts of services have as their shell, since nobody logs in there.
NO_LOGIN = ("nologin", "false")


def inspect_hub(app: NbGrader) -> Iterator[Finding]:
    """Report what students on a JupyterHub could read, change or see, and should not.

    Nothing is reported where no JupyterHub is installed in this environment.
    """
    if not is_hub():
        return
    exchange = Path(Exchange(parent=app, coursedir=app.coursedir).root)
    found = [
        *_readable_course(app),
        *_readable_homes(),
        *_exchange(exchange),
        *_environment(Path(sys.prefix)),
        *_tools_of_instructors(Path(sys.prefix)),
    ]
    yield from found
    if not found:
        yield Finding("hub: students can read neither this course nor the homes of others")


def is_hub() -> bool:
    """Whether this environment is one for the users of a JupyterHub."""
    return importlib.util.find_spec("jupyterhub") is not None


def _private_paths(app: NbGrader) -> list[Path]:
    """Return what no student should read: those of the paths that exist."""
    root = Path(app.coursedir.root)
    paths = [*solution_paths(app.coursedir), *private_paths(app.coursedir), root / "reports"]
    if app.config.PersonalNumbers.get("secret"):  # it tells the numbers of everybody's tests
        paths.append(root / f"{app.config_file_name}.py")
    return [path for path in dict.fromkeys(paths) if path.exists()]


def _readable_course(app: NbGrader) -> Iterator[Finding]:
    """Report what all accounts of this machine, or students in a group, can read of a course."""
    coursedir, paths = app.coursedir, _private_paths(app)
    if open_to_all := [path for path in paths if can_read(path, OTHERS)]:
        yield Finding(
            f"hub: students can read {_names(open_to_all, coursedir)}: all accounts of this "
            "machine can",
            f"chmod -R o-rwx {_quoted(open_to_all)}",
        )
    students = student_ids(coursedir)
    by_members: dict[tuple[str, ...], list[Path]] = {}
    for path in paths:
        if path not in open_to_all and can_read(path, GROUP):
            owner = path.stat().st_uid
            if members := members_of(path.stat().st_gid, {0, owner}) & students:
                by_members.setdefault(tuple(sorted(members)), []).append(path)
    for names, found in by_members.items():
        who = list_names(names, 3)
        yield Finding(
            f"hub: students can read {_names(found, coursedir)}: {who}, by the group "
            f"{_group(found[0])}",
            f"take them out of the group (gpasswd --delete {names[0]} {_group(found[0])}), or\n"
            f"chmod -R g-rwx {_quoted(found)}",
        )


def _readable_homes() -> Iterator[Finding]:
    """Report homes that other accounts can read: what students write would be everybody's."""
    found = [home for home in _homes() if can_read(home, OTHERS) or _group_reads(home)]
    if found:
        yield Finding(
            f"hub: students can read each other's work: others can read the homes "
            f"{list_names([str(home) for home in found], 3)}",
            f"sudo chmod go-rwx {_quoted(found)}\n"
            "and set HOME_MODE 0700 in /etc/login.defs, for accounts that are to come",
        )


def _homes() -> list[Path]:
    """Return the homes of this machine's people: of those who can log in."""
    import pwd

    people = [user for user in pwd.getpwall() if user.pw_uid in PEOPLE]
    homes = {Path(user.pw_dir) for user in people if Path(user.pw_shell).name not in NO_LOGIN}
    return sorted(home for home in homes if home.is_dir())


def _group_reads(home: Path) -> bool:
    """Whether somebody else reads a home as a member of its group."""
    status = home.stat()
    return can_read(home, GROUP) and bool(members_of(status.st_gid, {0, status.st_uid}))


def _exchange(root: Path) -> Iterator[Finding]:
    """Report an exchange in which students could put another course in the place of this one.

    nbgrader wants it to be writable to all. Whoever can write to a folder can rename what is in
    it, unless it is sticky, as ``/tmp`` is.
    """
    if root.is_dir():
        mode = root.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            yield Finding(
                f"hub: students can rename the courses in {root}, and put others there",
                f"chmod +t {_quoted([root])}",
            )


def _environment(prefix: Path) -> Iterator[Finding]:
    """Report an environment that students cannot use, or could change."""
    python = Path(sys.executable).resolve()
    closed = [
        folder
        for path in (prefix / "bin", python.parent)
        for folder in (path, *path.parents)
        if not folder.stat().st_mode & stat.S_IXOTH
    ]
    if closed:
        yield Finding(
            f"hub: students cannot start the Python of this environment: {closed[-1]} is closed",
            "make the environment in a folder that all can enter, such as /opt/lxmls_nb, from a "
            "Python that all can start",
        )
    written = [path for path in (prefix, prefix / "bin") if path.stat().st_mode & stat.S_IWOTH]
    if written:
        yield Finding(
            f"hub: students can change the programs that you start: all can write to {written[0]}",
            f"chmod -R o-w {_quoted([prefix])}",
        )


def _tools_of_instructors(prefix: Path) -> Iterator[Finding]:
    """Report which of nbgrader's tools for instructors all users of an environment see."""
    disabled: dict[str, Any] = {}
    folder = prefix / "etc" / "jupyter" / "labconfig"
    for path in [*sorted((folder / "page_config.d").glob("*.json")), folder / "page_config.json"]:
        with suppress(OSError, ValueError, AttributeError):
            disabled |= json.loads(path.read_text(encoding="utf-8")).get("disabledExtensions", {})
    if seen := [title for name, title in TOOLS.items() if disabled.get(name) is not True]:
        yield Finding(
            f"hub: students see {', '.join(seen)} in their menus",
            "make kit, then: pip install ./build/kit/setup/lab",
            advice=True,
        )


def _names(paths: list[Path], coursedir: CourseDirectory) -> str:
    root = coursedir.root
    return ", ".join(os.path.relpath(path, root) for path in paths)


def _group(path: Path) -> str:
    try:
        return path.group()
    except KeyError:
        return f"number {path.stat().st_gid}"


def _quoted(paths: list[Path]) -> str:
    return shlex.join(map(str, paths))
