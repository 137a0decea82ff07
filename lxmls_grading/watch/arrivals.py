"""What has arrived: in the exchange of nbgrader, or in a folder as ``lxmls-nb collect`` takes it.

Nothing is read before it is complete: nbgrader writes the secret of a submission last, and files in
a folder have to be unchanged for some seconds. Links and other odd files are left out.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default.collect import ExchangeCollect

from lxmls_grading.collect.archives import File, Unreadable, files_in
from lxmls_grading.collect.course import read_course
from lxmls_grading.collect.names import NoFileError
from lxmls_grading.collect.sorting import HandedIn, sort_files, whose
from lxmls_grading.collect.taking import Submitted, set_time
from lxmls_grading.deadlines.lateness import STAMP_FILE
from lxmls_grading.deadlines.times import zone_of
from lxmls_grading.intake.files import (
    MAX_TOTAL_BYTES,
    UNPRINTABLE,
    UnsafeFileError,
    plain_files,
    read_plain,
)
from lxmls_grading.machine.sharing import share_folder
from lxmls_grading.nbgrader_patches import SECRET_FILE
from lxmls_grading.people.matching import NotFoundError
from lxmls_grading.watch.ledger import PASSED, REFUSED, WAITING, Ledger, Try, now
from lxmls_nb.files import is_shared, make_folder

#: Seconds for which files must not have changed, before they count as complete: in a folder; and in
#: the exchange, if what has put them there writes no secret.
SETTLED, SETTLED_WITHOUT_SECRET = 2.0, 10.0

#: What can be a student's name in the exchange, where it becomes that of a folder: neither "..",
#: nor a pattern, by which other folders would be meant, too.
NAME = re.compile(r"[^./*?\[\]][^/*?\[\]]*")

#: Numbers of errors for which nothing can be written at all: a full disk, or one that is broken.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class NotStagedError(Exception):
    """A try cannot be taken in. The message is a clause for the instructor."""


class Source(Protocol):
    """Where submissions arrive."""

    def look(self, ledger: Ledger, busy: dict[str, Try]) -> list[str]:
        """Write down what is new, and return lines on what fits nobody.

        Parameters
        ----------
        ledger : Ledger
        busy : dict of Try
            By student, the tries that are being graded.
        """

    def stage(self, student: str, one: Try) -> None:
        """Put the files of a try in the folder of tries.

        Raises
        ------
        NotStagedError
            If that is not possible, because of what was handed in.
        OSError
            If it is not possible for another reason, such as a full disk.
        """


class Exchange:
    """The inbound folder of nbgrader's exchange.

    Parameters
    ----------
    coursedir, tries : CourseDirectory
        Of the course; and the same with the folder of tries as ``submitted_directory``.
    parent : nbgrader.apps.NbGrader

    Raises
    ------
    ExchangeError
        If there is no such folder, or it may not be read.
    """

    def __init__(self, coursedir: CourseDirectory, tries: CourseDirectory, parent: Any):
        self.coursedir, self.tries, self.log = coursedir, tries, parent.log
        self.collecting = ExchangeCollect(coursedir=coursedir, parent=parent)
        self.collecting.init_src()
        self.inbound = Path(self.collecting.inbound_path)
        self.assignment = coursedir.assignment_id
        self.records: dict[str, tuple[str, str] | None] = {}
        self.problems: list[str] = []

    def look(self, ledger: Ledger, busy: dict[str, Try]) -> list[str]:
        """Write down the submissions that are new; see :class:`Source`.

        With nbgrader's ``c.ExchangeCollect.before_duedate``, the newest that is not late is the one
        that is wanted, as with ``nbgrader collect``; here an extension counts, too.
        """
        found: dict[str, list[tuple[str, str]]] = {}
        for entry in os.scandir(self.inbound):
            if (record := self._record(entry.name)) is not None:
                student, handed_in = record
                found.setdefault(student, []).append((handed_in, entry.name))
        for student, names in found.items():
            earlier = ledger.of(student)
            known = {one.id for one in earlier}
            new = [
                each
                for each in names
                if each[1] not in known and self._is_complete(self.inbound / each[1])
            ]
            if not new:
                continue
            due = self._due(student)
            new.sort(key=lambda each: (_rank(each[0], due), each[1]))
            ranks = [_rank(one.handed_in, due) for one in earlier if one.state != REFUSED]
            tries = []
            for handed_in, name in new:
                one = Try(name, handed_in, now())
                if problem := self._problem(self.inbound / name, student):
                    one.state, one.why, one.done = REFUSED, problem, now()
                elif ranks and _rank(handed_in, due) < max(ranks):
                    one.state = PASSED
                tries.append(one)
            newer = [one for one in tries if one.state == WAITING]
            for one in [*earlier, *newer[:-1]] if newer else []:
                if one.state == WAITING and one is not busy.get(student):
                    one.state = PASSED
            ledger.add(student, *tries)
        return self.problems

    def _due(self, student: str) -> datetime | None:
        """Return until when a submission is preferred to later ones, if there is such a time."""
        if not self.collecting.before_duedate:
            return None
        return read_course(self.coursedir).due_for(self.assignment, student)

    def _record(self, name: str) -> tuple[str, str] | None:
        """Return the student and the time in the name of a folder, if it is of the assignment."""
        if name not in self.records:
            parts = name.rsplit("+", 3)  # as nbgrader has it
            if len(parts) < 3 or parts[1] != self.assignment:
                self.records[name] = None
            elif UNPRINTABLE.search(name) or not NAME.fullmatch(parts[0]):
                self.records[name] = None
                self.problems.append(f"{name!a} does not begin with the name of a student")
            else:
                record = self.collecting._path_to_record(str(self.inbound / name))
                self.records[name] = str(record["username"]), record["timestamp"].isoformat()
        return self.records[name]

    def _is_complete(self, folder: Path) -> bool:
        """Whether all of a submission is there: nbgrader's own command writes the secret last."""
        with suppress(OSError):
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                return True  # it is refused, with a reason
            with suppress(OSError):
                if os.lstat(folder / SECRET_FILE).st_size and os.access(folder, os.R_OK | os.X_OK):
                    return True
            newest = max(_changed(folder), default=0.0)
            return time.time() - newest > SETTLED_WITHOUT_SECRET
        return False

    def _problem(self, folder: Path, student: str) -> str:
        """Return why a submission is refused, or an empty string."""
        status = os.lstat(folder)
        if not stat.S_ISDIR(status.st_mode):
            return "it is no folder, or a link to one"
        if self.collecting.check_owner:
            import pwd

            try:
                owner = pwd.getpwuid(status.st_uid).pw_name
            except KeyError:
                owner = f"user {status.st_uid}"
            if owner != student:
                return (
                    f"it belongs to {owner}, not to {student} (if all students have one account "
                    "here, set c.ExchangeCollect.check_owner = False)"
                )
        return ""

    def stage(self, student: str, one: Try) -> None:
        """Copy a submission to the folder of tries, without links; see :class:`Source`."""
        folder = self.inbound / one.id
        if not folder.is_dir():
            raise NotStagedError("it is no longer in the exchange")

        def fill(new: Path) -> None:
            # A notebook that is too large is refused where it is read, with a reason.
            for path in plain_files(folder, self.coursedir.ignore, self.log, MAX_TOTAL_BYTES):
                try:
                    data = read_plain(path, MAX_TOTAL_BYTES)
                except UnsafeFileError as problem:
                    self.log.warning("Left out %r, which %s", path, problem)
                    continue
                target = new / os.path.relpath(path, folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

        with _as_not_staged(self.tries, student):
            replace_folder(staged_folder(self.tries, student), fill)


@dataclass
class _Dropped:
    """What lies in a folder for a student."""

    handed_in: HandedIn
    id: str


class Drop:
    """A folder into which submissions are put, as ``lxmls-nb collect`` takes them.

    Parameters
    ----------
    coursedir, tries : CourseDirectory
        Of the course; and one whose root is the watcher's folder, so that notes on files are apart.
    folder : path
    """

    def __init__(self, coursedir: CourseDirectory, tries: CourseDirectory, folder: Path):
        self.coursedir, self.folder = coursedir, folder
        self.tries = tries
        self.zone = zone_of(coursedir)
        self.assignment = coursedir.assignment_id
        self.seen: object = None
        self.dropped: dict[str, _Dropped] = {}
        self.problems: list[str] = []
        self.download_times = True

    def look(self, ledger: Ledger, busy: dict[str, Try]) -> list[str]:
        """Write down what is new; see :class:`Source`."""
        changed = dict(_signatures(self.folder))
        quiet = time.time() - SETTLED
        unsettled = {
            unicodedata.normalize("NFC", os.path.relpath(path, self.folder))
            for path, signature in changed.items()
            if signature[-1] > quiet
        }
        state = (changed, frozenset(unsettled))
        if state != self.seen:
            self._read(unsettled)
            self.seen = state
        for student, found in self.dropped.items():
            tries = ledger.of(student)
            if student in busy or (tries and tries[-1].id == found.id):
                continue
            for one in tries:
                if one.state == WAITING:
                    one.state = PASSED
            times = [each.time for each in found.handed_in.files.values() if each.time]
            handed_in = max(times).isoformat() if times else ""
            ledger.add(student, Try(found.id, handed_in, now()))
        return self.problems

    def _read(self, unsettled: set[str]) -> None:
        """Sort what is in the folder by student, without those whose files still change."""
        self.course = read_course(self.coursedir)
        people, notebooks = self.course.people, self.course.notebooks[self.assignment]
        complete: list[File | Unreadable] = []
        still: set[str] = set()
        for found in files_in(self.folder, self.zone):
            if isinstance(found, File):
                if any(part.startswith(".") for part in found.parts[1:]):
                    continue  # a copy that is under way, as some programs name it
                if "/".join(found.parts[1:]) in unsettled:
                    with suppress(NoFileError, NotFoundError):
                        still.add(whose(found, people, notebooks)[0])
                    continue
            complete.append(found)
        found_now = sort_files(
            complete, people, self.assignment, self.course.notebooks, self.coursedir.ignore
        )
        self.download_times = found_now.download_times
        self.problems = [f"{each.where} {each.why}" for each in found_now.problems]
        for student, handed_in in found_now.students.items():
            if student not in still and handed_in.has_notebook():
                self.dropped[student] = _Dropped(handed_in, _digest(handed_in))

    def stage(self, student: str, one: Try) -> None:
        """Add to the folder of tries what is new; see :class:`Source`."""
        found = self.dropped.get(student)
        if found is None or found.id != one.id:
            raise NotStagedError("it is no longer in the folder")
        submitted = Submitted(self.tries, self.assignment, student)
        real = Path(
            self.coursedir.format_path(self.coursedir.submitted_directory, student, self.assignment)
        )
        with _as_not_staged(self.tries, student):
            if not submitted.folder.exists() and real.is_dir():  # what was collected by hand before
                copy_submission(real, submitted.folder, self.coursedir)
            taken = submitted.compare(found.handed_in, trust_times=True)
        due = self.course.due_for(self.assignment, student)
        if taken.changes:
            set_time(taken, found.handed_in, due, self.download_times, trust=True)
            with _as_not_staged(self.tries, student):
                submitted.write(found.handed_in, taken)
        if taken.problems:
            raise NotStagedError("; ".join(taken.problems))


@contextmanager
def _as_not_staged(tries: CourseDirectory, student: str) -> Iterator[None]:
    """Let an error of a file concern this try alone, but not one of the disk, or of our folder."""
    own = staged_folder(tries, student).parent
    try:
        yield
    except OSError as error:
        ours = isinstance(error, PermissionError) and Path(error.filename or "").is_relative_to(own)
        if error.errno in FULL or ours:
            raise
        raise NotStagedError(f"it cannot be copied ({error.strerror or error})") from error


def staged_folder(tries: CourseDirectory, student: str) -> Path:
    """Return the folder of a student's newest try."""
    return Path(tries.format_path(tries.submitted_directory, student, tries.assignment_id))


def copy_submission(source: Path, target: Path, coursedir: CourseDirectory) -> None:
    """Copy the plain files of a submission; the folder that was there is replaced as a whole.

    Raises
    ------
    OSError
        If that is not possible; the folder that was there stays.
    """

    def fill(new: Path) -> None:
        for path in plain_files(source, coursedir.ignore, coursedir.log, MAX_TOTAL_BYTES):
            copy = new / os.path.relpath(path, source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)

    replace_folder(target, fill)


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a new folder, and put it in the place of another, as a whole or not at all.

    Parameters
    ----------
    target : path
    fill : callable
        Gets the new folder, which is empty.
    """
    make_folder(target.parent)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as partial:
        new = Path(partial, "new")
        new.mkdir(mode=0o755)
        fill(new)
        if is_shared(target.parent):  # another grader may have to replace it
            share_folder(new)
        if os.path.lexists(target):
            os.replace(target, Path(partial, "old"))
        os.replace(new, target)


def _rank(handed_in: str, due: datetime | None) -> tuple[bool, str]:
    """Return what is larger for the try that is wanted: on time before late, then the newest."""
    return due is None or handed_in <= due.isoformat(), handed_in


def _changed(folder: Path) -> Iterable[float]:
    return (signature[-1] for _, signature in _signatures(folder))


def _signatures(top: Path) -> Iterable[tuple[str, tuple[float, ...]]]:
    """Yield the paths below a folder, with what tells that a file was changed, its time at last."""
    for folder, folders, files in os.walk(top):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in files:
            path = os.path.join(folder, name)
            with suppress(OSError):
                status = os.lstat(path)
                # The time of the last change of its entry, which no program can set back.
                yield path, (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime)


def _digest(handed_in: HandedIn) -> str:
    digest = hashlib.sha256()
    for target, version in sorted(handed_in.files.items()):
        if target != STAMP_FILE:
            digest.update(f"{target!r} {hashlib.sha256(version.data).hexdigest()}\n".encode())
    return digest.hexdigest()[:32]
