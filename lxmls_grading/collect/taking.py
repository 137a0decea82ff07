"""Compares what was handed in with what is in ``submitted/``, and takes in what is newer.

Nothing is overwritten silently: a file that is replaced goes to ``.lxmls_nb/collected/``. A note
there tells where each file came from and when. The note holds for that file only: where nbgrader or
a person has put another one in its place, it does not count.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory

from lxmls_grading.collect.names import CANVAS, MOODLE
from lxmls_grading.collect.sorting import HandedIn, Version
from lxmls_grading.deadlines.lateness import STAMP_FILE, read_stamp
from lxmls_grading.deadlines.times import TimeError, stamp
from lxmls_grading.intake.files import UnsafeFileError, is_linked, read_plain
from lxmls_grading.records import RECORDS_FOLDER, student_file
from lxmls_nb.files import atomic_path, make_folder

#: What becomes of a file.
NEW, REPLACED, SAME, OLDER, CONFLICT = "new", "replaced", "as it was", "older", "in doubt"

#: Largest file that is compared.
MAX_BYTES = 2**27


@dataclass
class Taken:
    """What becomes of a student's submission.

    Attributes
    ----------
    student : str
    folder : Path
    files : dict
        One of `NEW`, `REPLACED`, `SAME`, `OLDER` and `CONFLICT`, by the path of the file.
    time : datetime, optional
        When it was handed in, in UTC; None if that is not known, or need not be.
    earlier : datetime, optional
        When notebooks that stay, since they were not handed in again, were handed in.
    notes : list of str
        What else there is to know.
    problems : list of str
        What somebody has to look at.
    """

    student: str
    folder: Path
    files: dict[str, str] = field(default_factory=dict)
    time: datetime | None = None
    earlier: datetime | None = None
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether something is to be written."""
        return any(what in (NEW, REPLACED) for what in self.files.values())


class Submitted:
    """The folder of a student's submission, and what is noted of its files.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment, student : str
    """

    def __init__(self, coursedir: CourseDirectory, assignment: str, student: str):
        self.coursedir, self.assignment, self.student = coursedir, assignment, student
        self.folder = Path(
            coursedir.format_path(coursedir.submitted_directory, student, assignment)
        )
        top = Path(coursedir.root, RECORDS_FOLDER, "collected", assignment)
        self.notes_path = top / student_file(student)
        self.aside = top / student
        self.noted = self._read_notes()

    def _read_notes(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads(self.notes_path.read_text(encoding="utf-8"))
            return {str(name): dict(values) for name, values in found.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def compare(self, handed_in: HandedIn, trust_times: bool = False) -> Taken:
        """Return what is to become of each file; nothing is written.

        Parameters
        ----------
        handed_in : HandedIn
        trust_times : bool
            Whether the times of Canvas and Moodle, too, are those of the submissions.
        """
        taken = Taken(self.student, self.folder, notes=list(handed_in.notes))
        if is_linked(self.folder / "file", self.coursedir, self.coursedir.submitted_directory):
            taken.problems.append(f"{self.folder} is a link to another folder")
            return taken
        for target, version in sorted(handed_in.files.items()):
            taken.files[target] = self._compare(version, taken, trust_times)
        there = (
            {path.name for path in self.folder.glob("*.ipynb")} if self.folder.is_dir() else set()
        )
        if there - handed_in.files.keys():
            taken.earlier = self._stamp()
        return taken

    def _compare(self, version: Version, taken: Taken, trust_times: bool) -> str:
        path = self.folder / version.target
        if not os.path.lexists(path):
            above = [folder for folder in path.parents if self.folder in folder.parents]
            if any(os.path.lexists(folder) and not folder.is_dir() for folder in above):
                taken.problems.append(f"{version.target}: there is a file in place of its folder")
                return CONFLICT
            return NEW
        try:
            present = read_plain(path, MAX_BYTES)
        except UnsafeFileError as problem:
            taken.problems.append(f"{version.target}: what is there {problem}, so it stays")
            return CONFLICT
        if present == version.data:
            return SAME
        newer = self._is_newer(version, present, trust_times)
        if newer is None:
            taken.problems.append(
                f"{version.target}: another file is there, and which one is newer is not known: "
                f"it stays; if this one should count, remove {path}"
            )
            return CONFLICT
        if not newer:
            taken.notes.append(f"{version.target}: the file that is there is newer, and stays")
            return OLDER
        return REPLACED

    def _is_newer(self, version: Version, present: bytes, trust_times: bool) -> bool | None:
        """Return whether a file is newer than the one that is there; None if that is not known.

        Two files of the same system are compared by their attempts, or by their times. A time of
        Canvas or Moodle is that of a download, at which the submission may have been weeks old.
        Compared to that of a file that came in another way, it tells only which one is older.
        """
        noted = self.noted.get(version.target)
        if noted is not None and noted.get("sha256") not in (None, _sha256(present)):
            noted = None  # it is about another file
        if noted is None:
            before = self._stamp()
        else:
            try:
                attempt = tuple(int(number) for number in noted.get("attempt", []))
                before = datetime.fromisoformat(noted["time"]) if noted.get("time") else None
            except (ValueError, TypeError):
                return None
            if version.claim.system == noted.get("system") and attempt != version.attempt:
                return version.attempt > attempt
        if before is None or version.time is None or before == version.time:
            return None
        newer = version.time > before
        same_way = noted is not None and noted.get("system") == version.claim.system
        by_download = version.claim.system in (CANVAS, MOODLE) and not (same_way or trust_times)
        return None if newer and by_download else newer

    def _stamp(self) -> datetime | None:
        try:
            return read_stamp(self.coursedir, str(self.folder))
        except TimeError:
            return None

    def is_late_by_its_own(self, taken: Taken, due: datetime | None) -> bool:
        """Whether nothing is new, and the time that was noted with it is later than the due date.

        The due date may have been set or moved after that, and the time be that of a download.
        What somebody else has written stays.
        """
        if due is None or set(taken.files.values()) != {SAME}:
            return False
        present = self._stamp()
        noted = [self.noted.get(target, {}).get("time") for target in taken.files]
        own = max((each for each in noted if isinstance(each, str)), default=None)
        return present is not None and present > due and own == present.isoformat()

    def renew_time(self, taken: Taken) -> None:
        """Write when a submission counts as handed in that is there already."""
        if taken.time != self._stamp():
            self._keep_aside(STAMP_FILE)
            self._write_time(taken.time)

    def _write_time(self, time: datetime | None) -> None:
        if time is None:
            (self.folder / STAMP_FILE).unlink(missing_ok=True)
        else:
            _write(self.folder / STAMP_FILE, stamp(time).encode())

    def write(self, handed_in: HandedIn, taken: Taken) -> None:
        """Take in what is new and newer, and note when it was handed in.

        A submission that was not there appears as a whole; a file that is replaced, too.

        Raises
        ------
        OSError
            If that is not possible.
        """
        if not taken.changes:
            return
        changed = {
            target: version
            for target, version in handed_in.files.items()
            if taken.files[target] in (NEW, REPLACED)
        }
        if self.folder.exists():
            for target, version in changed.items():
                self._keep_aside(target)
                _write(self.folder / target, version.data)
            self._write_notes(changed)
            self._keep_aside(STAMP_FILE)
            self._write_time(taken.time)
            return
        self._write_notes(changed)
        make_folder(self.folder.parent)
        with tempfile.TemporaryDirectory(
            prefix=f".{self.assignment}.", dir=self.folder.parent
        ) as partial:
            whole = Path(partial, self.folder.name)
            for target, version in changed.items():
                _write(whole / target, version.data)
            if taken.time is not None:
                _write(whole / STAMP_FILE, stamp(taken.time).encode())
            os.replace(whole, self.folder)

    def _keep_aside(self, target: str) -> None:
        """Copy a file that is replaced; each copy has a name of its own."""
        path = self.folder / target
        if not path.is_file():
            return
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        _write(self.aside / now / target, read_plain(path, MAX_BYTES))

    def _write_notes(self, changed: dict[str, Version]) -> None:
        for target, version in changed.items():
            self.noted[target] = {
                "time": version.time.isoformat() if version.time else None,
                "attempt": list(version.attempt),
                "system": version.claim.system,
                "source": version.source,
                "sha256": _sha256(version.data),
            }
        text = json.dumps(self.noted, indent=1)
        _write(self.notes_path, text.encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    with atomic_path(path) as partial:
        partial.write_bytes(data)


def set_time(
    taken: Taken, handed_in: HandedIn, due: datetime | None, download_times: bool, trust: bool
) -> None:
    """Decide when a submission counts as handed in.

    Canvas and Moodle give to each file the time at which they made the archive, which is later than
    the submission, be it by minutes or by weeks. By such a time, a student is late only if Canvas
    has marked it. If the times in an archive are not all those of one moment, they are believed.

    Parameters
    ----------
    taken : Taken
        Gets the time, and notes on it.
    handed_in : HandedIn
    due : datetime, optional
        In UTC, with the student's extension.
    download_times : bool
        Whether the times in the archive are those of one moment.
    trust : bool
        Whether the times are right in any case.
    """
    times = [version.time for version in handed_in.files.values() if version.time]
    time = max(times, default=None)
    if time is None:
        taken.notes.append("no time is known: it counts as in time")
    elif due is None or time <= due:
        taken.time = time
        if handed_in.late and due is not None:
            taken.problems.append("marked as late, but not by the due date in the gradebook")
    elif trust or handed_in.late or not (download_times or handed_in.by_canvas):
        taken.time = time
    elif handed_in.by_canvas:
        taken.notes.append("not marked as late by Canvas: it counts as in time")
    else:
        taken.problems.append(
            "whether it was late is not known, since the archive's times are those of the "
            f"download: it counts as in time, unless you write {STAMP_FILE}"
        )
    if taken.earlier is not None:
        taken.time = max(taken.earlier, taken.time or taken.earlier)
