"""Inspects the folder of a course: who can read and write it, and the exchange."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from nbgrader.api import Assignment
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets import TraitError

from lxmls_grading.deadlines.lateness import penalty_plugin
from lxmls_grading.deadlines.times import zone_of
from lxmls_grading.doctor.findings import Finding, wrong_setting
from lxmls_grading.doctor.solutions import solution_paths
from lxmls_grading.intake.overlooked import find_overlooked
from lxmls_grading.intake.personal_numbers import PersonalNumbers
from lxmls_grading.nbgrader_patches import class_of
from lxmls_grading.records import RECORDS_FOLDER

#: Permissions of everybody else on this machine, of a group that shares a folder, and of an
#: exchange.
OTHERS, OTHERS_WRITE, SHARED = 0o007, 0o002, stat.S_ISGID | 0o070

#: Most submissions that are named in a finding.
MOST_NAMED = 10

#: Folders of a course in the exchange, with the modes that nbgrader gives them: nobody lists what
#: others have handed in, or their feedback.
EXCHANGE_MODES = {"inbound": 0o733, "feedback": 0o711}


def inspect_course(app: NbGrader) -> Iterator[Finding]:
    """Look for a course in this folder."""
    name = f"{app.config_file_name}.py"
    root = Path(app.coursedir.root)
    if (root / name).is_file():
        yield Finding(f"course: {root}")
    else:
        yield Finding(
            "course: there is none here", f"cd to the folder of the course, with its {name}"
        )


def inspect_settings(app: NbGrader) -> Iterator[Finding]:
    """Report settings with a wrong value, at which generating, grading or feedback would end."""
    wrong = []
    makers = [partial(step, parent=app) for step in (*_steps(app), PersonalNumbers)]
    for make in (*makers, partial(zone_of, app), partial(penalty_plugin, app)):
        try:
            make()
        except TraitError as error:
            wrong.append(wrong_setting(error))
    yield from wrong or [Finding("settings: all steps of grading accept theirs")]


def inspect_gradebook(app: NbGrader) -> Iterator[Finding]:
    """Report a gradebook that cannot be read; nothing is written, and none is made."""
    url = make_url(app.coursedir.db_url)
    path = Path(url.database or "")  # SQLite takes one from the folder in which a command runs
    if url.get_backend_name() == "sqlite" and not (path.is_file() and path.stat().st_size):
        return
    try:
        with create_engine(url).connect() as connection:
            names = set(connection.execute(select(Assignment.name, Assignment.course_id)).all())
    except (SQLAlchemyError, ImportError) as error:  # its driver may not be installed
        why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        yield Finding(
            f"gradebook: {url.set(query={}).render_as_string()} cannot be read ({why})",
            "put back a copy of it; `nbgrader db upgrade`, if an older nbgrader has made it",
        )
        return
    number = "1 assignment" if len(names) == 1 else f"{len(names)} assignments"
    yield Finding(f"gradebook: it can be read, and has {number}")


def _steps(app: NbGrader) -> Iterator[type]:
    """Return the classes of all steps that a course has configured."""
    autograde = Autograde(coursedir=app.coursedir, parent=app)
    yield from map(class_of, autograde.sanitize_preprocessors)
    yield from map(class_of, autograde.autograde_preprocessors)
    for kind in (GenerateAssignment, GenerateFeedback):
        converter = kind(coursedir=app.coursedir, parent=app)
        yield from map(class_of, converter.preprocessors)
        yield class_of(converter.exporter_class)


def inspect_submissions(app: NbGrader) -> Iterator[Finding]:
    """Report what was handed in and lies where no grading looks for it."""
    coursedir = app.coursedir
    sources = Path(coursedir.format_path(coursedir.source_directory, ".", "x")).parent
    assignments = sorted(path.name for path in sources.glob("[!.]*") if path.is_dir())
    found = dict.fromkeys(
        str(each) for assignment in assignments for each in find_overlooked(coursedir, assignment)
    )
    if found:
        lines = "\n".join([*found][:MOST_NAMED])
        more = f"\nand {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        yield Finding(
            f"submissions: {len(found)} not where they are looked for, so they get no grade",
            f"{lines}{more}\nmove each to where it belongs: {_expected(coursedir)}",
        )


def _expected(coursedir: CourseDirectory) -> str:
    path = coursedir.format_path(coursedir.submitted_directory, "STUDENT", "ASSIGNMENT")
    return str(os.path.relpath(path, coursedir.root))


def private_paths(coursedir: CourseDirectory) -> list[Path]:
    """Return what only instructors should read: those of the paths that exist."""
    steps = ("source", "submitted", "autograded", "feedback")
    names = [getattr(coursedir, f"{step}_directory") for step in steps]
    paths = [Path(coursedir.root, name) for name in [*names, RECORDS_FOLDER]]
    url = make_url(coursedir.db_url)
    if url.get_backend_name() == "sqlite" and url.database:
        paths.insert(0, Path(coursedir.root, url.database))
    return [path for path in paths if path.exists()]


def inspect_modes(app: NbGrader) -> Iterator[Finding]:
    """Report which of the course's files other users of this machine can read or write.

    Who can read the solutions is reported by :mod:`lxmls_grading.doctor.solutions`.
    """
    if not (paths := private_paths(app.coursedir)):
        return
    solutions = solution_paths(app.coursedir)
    open_to_others = {path: _mode(path) & OTHERS for path in paths if _can_be_reached(path)}
    for text, bit, advice in (("write to", OTHERS_WRITE, False), ("read", OTHERS, True)):
        found = [path for path, mode in open_to_others.items() if mode & bit]
        if bit == OTHERS:
            found = [path for path in found if path not in solutions]
        if found:
            names = ", ".join(path.name for path in found)
            what = f"files: all users of this machine can {text} {names}"
            yield Finding(what, f"chmod -R o-rwx {_quoted(found)}", advice)
            return
    yield Finding("files: no other user of this machine can read points and submissions")


def inspect_sharing(app: NbGrader) -> Iterator[Finding]:
    """Report whether several graders can replace what one of them has graded."""
    coursedir = app.coursedir
    paths = private_paths(coursedir)
    if not coursedir.groupshared:
        owners = {_owner(path) for path in paths for path in _two_levels(path)}
        if len(owners) > 1:
            yield Finding(
                f"sharing: files of {' and '.join(sorted(owners))} are here, and "
                "c.CourseDirectory.groupshared is not set",
                "set it to True in nbgrader_config.py, if all of them grade",
                advice=True,
            )
        return
    folders = [Path(coursedir.root), *(path for path in paths if path.is_dir())]
    wrong = [path for path in folders if _mode(path) & SHARED != SHARED]
    files = [path for path in paths if path.is_file() and _mode(path) & 0o060 != 0o060]
    if wrong or files:
        names = ", ".join(path.name for path in [*wrong, *files])
        commands = [f"chmod -R g+rwX {_quoted([*wrong, *files])}"]
        if wrong:
            commands.append(f"find {_quoted(wrong)} -type d -exec chmod g+s {{}} +")
        what = f"sharing: groupshared is set, and your group cannot write to {names}"
        yield Finding(what, "\n".join(commands))
    else:
        yield Finding("sharing: your group can grade what you have graded")


def inspect_exchange(app: NbGrader) -> Iterator[Finding]:
    """Report whether there is an exchange that students can hand in to, and only that."""
    root = Path(Exchange(parent=app, coursedir=app.coursedir).root)
    configured = "root" in app.config.Exchange
    if not root.is_dir():
        what = f"exchange: there is no folder {root}"
        if configured:
            yield Finding(what, f"mkdir -p {_quoted([root])} && chmod 777 {_quoted([root])}")
        else:
            yield Finding(f"{what}: hand out and take in folders")
        return
    if not os.access(root, os.W_OK | os.X_OK):
        yield Finding(f"exchange: you cannot write to {root}", f"sudo chmod 777 {_quoted([root])}")
        return
    wrong = False
    if _mode(root) & 0o777 != 0o777:
        wrong = True
        what = f"exchange: not all users of this machine can write to {root}"
        yield Finding(
            what, f"chmod 777 {_quoted([root])}, unless all are in its group", advice=True
        )
    for name, mode in EXCHANGE_MODES.items():
        folder = root / app.coursedir.course_id / name
        if folder.is_dir() and _mode(folder) & 0o004:
            wrong = True
            what = f"exchange: all users of this machine can list {folder}"
            yield Finding(what, f"chmod {mode:o} {_quoted([folder])}")
    if not wrong:
        yield Finding(f"exchange: {root}")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _can_be_reached(path: Path) -> bool:
    """Whether all users can enter the folders that a path lies in."""
    return all(_mode(folder) & 0o001 for folder in path.absolute().parents)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError):
        return "somebody else"


def _two_levels(path: Path) -> list[Path]:
    """Return a path and what lies in it, as ``autograded`` and the folders of its students."""
    with suppress(OSError):
        if path.is_dir():
            return [path, *path.iterdir()]
    return [path]


def _quoted(paths: list[Path]) -> str:
    return shlex.join(map(str, paths))
