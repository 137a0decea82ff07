"""What grading remembers of each submission: a small file per student, beside the gradebook.

A submission is done when its folder in ``autograded`` exists and its record matches what was handed
in. Records are in ``.lxmls_nb/<assignment>/`` in the folder of the course. If they are deleted,
submissions are graded again, and nothing is lost but time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from lxmls_grading.intake.files import UnsafeFileError, plain_files, read_plain
from lxmls_grading.machine.sharing import share_in_shared
from lxmls_grading.reasons import Reason
from lxmls_nb import __version__
from lxmls_nb.files import atomic_path, make_folder

#: The folder of records in the folder of the course, and the version of their format.
RECORDS_FOLDER, RECORD_FORMAT = ".lxmls_nb", 1

#: Most bytes that are hashed of the files in a folder.
MAX_DIGESTED = 2**27


class AlreadyGradingError(RuntimeError):
    """Another process grades this assignment now."""


@dataclass
class Record:
    """How a submission was graded.

    Attributes
    ----------
    student, assignment : str
    graded : bool
        Whether it has points; else ``reasons`` explain why not.
    digest : str
        Hash of what was handed in, and of the source that it was graded with.
    time : str
        When it was graded, in ISO 8601.
    sandbox : bool
        Whether it was executed in a sandbox.
    reasons : list of Reason
    seconds : dict
        How long each notebook took, by its name.
    limits : str
        What kept its limits: one of `settings.LAYERS`, or nothing where that is not known.
    points : str
        Hash of the automatic points that the gradebook had then; nothing where that is not known.
    """

    student: str
    assignment: str
    graded: bool
    digest: str
    time: str
    sandbox: bool
    reasons: list[Reason] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    limits: str = ""
    points: str = ""
    version: str = __version__
    format: int = RECORD_FORMAT


def records_folder(root: str | Path, assignment: str) -> Path:
    """Return the folder of an assignment's records."""
    return Path(root, RECORDS_FOLDER, assignment)


def student_file(student: str) -> str:
    """Return the name of a file about a student, whose own name may be as long as a folder's."""
    name = os.fsencode(student)
    if len(name) >= 100:
        return f"{hashlib.sha256(name).hexdigest()}.json"
    return f"{student}.json"


def _path(root: str | Path, assignment: str, student: str) -> Path:
    return records_folder(root, assignment) / student_file(student)


def write_record(root: str | Path, record: Record) -> None:
    """Write a record, as a whole or not at all."""
    with atomic_path(_path(root, record.assignment, record.student)) as partial:
        values = asdict(record) | {"reasons": [reason.to_dict() for reason in record.reasons]}
        partial.write_text(json.dumps(values, indent=1), encoding="utf-8")


def read_record(root: str | Path, assignment: str, student: str) -> Record | None:
    """Return the record of a student, or None if there is none that can be read."""
    return _read(_path(root, assignment, student))


def _read(path: Path) -> Record | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        record = Record(**found)
        seconds = {str(name): float(value) for name, value in record.seconds.items()}
        reasons = [Reason.from_dict(each) for each in found["reasons"]]
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    if record.format != RECORD_FORMAT or not isinstance(record.student, str):
        return None
    record.seconds, record.reasons = seconds, reasons
    return record


def read_records(root: str | Path, assignment: str) -> dict[str, Record]:
    """Return all records of an assignment that can be read, by student."""
    found = (_read(path) for path in sorted(records_folder(root, assignment).glob("*.json")))
    return {record.student: record for record in found if record is not None}


@contextmanager
def lock_assignment(root: str | Path, assignment: str) -> Iterator[None]:
    """Lock the assignment for this process; the lock ends with the process, however that ends.

    Raises
    ------
    AlreadyGradingError
        If another process has locked it.
    """
    folder = records_folder(root, assignment)
    make_folder(folder)
    with open(folder / "lock", "a+", encoding="utf-8") as lock:
        share_in_shared(folder / "lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            process = lock.read().strip() or "unknown"
            raise AlreadyGradingError(
                f"{assignment} is being graded already, by process {process}: wait, or stop it"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def digest_submission(folder: str | Path, ignore: Sequence[str], log: logging.Logger) -> str:
    """Return a hash of the names and contents of the plain files in a folder.

    Files of any size count: a notebook with figures has many megabytes. Of a file that cannot be
    read, and of what is beyond :data:`MAX_DIGESTED` bytes, type, size and time of change count
    instead of the contents.

    Parameters
    ----------
    folder : path
    ignore : sequence of str
        Patterns of names that are left out.
    log : logging.Logger
        Gets a warning for each file that is left out for another reason.
    """
    return _digest(plain_files(folder, ignore, log, math.inf, lambda _: True), folder)


def digest_source(folder: str | Path, ignore: Sequence[str]) -> str:
    """Return a hash of the names and contents of an assignment's files in ``source/``.

    They are the instructor's: links to files are followed, as they are in grading. For large files,
    see :func:`digest_submission`.

    Parameters
    ----------
    folder : path
    ignore : sequence of str
        Patterns of names of files and folders that are left out, such as JupyterLab's checkpoints.
    """
    files = []
    for path in Path(folder).rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(fnmatch(part, each) for part in parts for each in ignore):
            files.append(str(path))
    return _digest(sorted(files), folder, follow=True)


def _digest(paths: Iterable[str], folder: str | Path, follow: bool = False) -> str:
    digest, left = hashlib.sha256(), MAX_DIGESTED
    for name in paths:
        path = os.path.realpath(name) if follow else name
        try:
            data = read_plain(path, left)
            left -= len(data)
            content = hashlib.sha256(data).hexdigest()
        except UnsafeFileError as problem:
            try:
                state = os.lstat(path)
                content = f"{problem} {state.st_mode} {state.st_size} {state.st_mtime_ns}"
            except OSError:
                content = str(problem)
        digest.update(f"{os.path.relpath(name, folder)!r} {content}\n".encode(errors="replace"))
    return digest.hexdigest()
