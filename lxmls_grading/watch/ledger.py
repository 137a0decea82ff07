"""What the watcher remembers of each student's tries, in a file per student.

A try is something that a student has handed in. It is written down before anything is done about
it, and again when something was done, so that a watcher which was killed goes on from there. Files
are replaced as a whole.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxmls_grading.records import records_folder, student_file
from lxmls_nb.files import atomic_path

#: States of a try. One that was passed over was followed by a newer one before its turn came.
WAITING, GRADED, REFUSED, PASSED = "waiting", "graded", "refused", "passed over"

HOUR = timedelta(hours=1)


@dataclass
class Try:
    """Something that a student has handed in.

    Attributes
    ----------
    id : str
        What tells it from the student's other tries: the name of a folder, or a hash of the files.
    handed_in : str
        When, in ISO 8601 and UTC, as the submission tells; empty if it does not.
    seen : str
        When this machine saw it first.
    state : str
        One of `WAITING`, `GRADED`, `REFUSED` and `PASSED`.
    why : str
        A clause or sentence for the instructor, where it is refused.
    staged : bool
        Whether its files are in the folder of tries.
    noticed : bool
        Whether the student was told that it waits, because of the limit.
    done : str
        When it was graded or refused.
    points : float, optional
        What it got, after a penalty for being late.
    counts : bool
        Whether its results went to the gradebook.
    writing : bool
        Whether its results are being written to the gradebook.
    told : bool
        Whether its feedback is complete.
    told_at : str
        When its feedback was complete.
    """

    id: str
    handed_in: str
    seen: str
    state: str = WAITING
    why: str = ""
    staged: bool = False
    noticed: bool = False
    done: str = ""
    points: float | None = None
    counts: bool = False
    writing: bool = False
    told: bool = False
    told_at: str = ""

    def seconds(self) -> float:
        """Return how long it took from the first sight of the try to its feedback."""
        try:
            between = datetime.fromisoformat(self.told_at) - datetime.fromisoformat(self.seen)
        except ValueError:
            return float("nan")
        return between.total_seconds()


def now() -> str:
    """Return the time, as it is written down."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Ledger:
    """The tries of all students.

    Parameters
    ----------
    root : path
        The folder of the course.
    assignment : str
    """

    def __init__(self, root: str | Path, assignment: str):
        self.folder = watch_folder(root, assignment) / "students"
        self._lock = threading.Lock()  # results are written in another thread
        self.tries: dict[str, list[Try]] = {}
        for path in sorted(self.folder.glob("*.json")):
            student, tries = _read(path)
            if student:
                self.tries[student] = tries

    def of(self, student: str) -> list[Try]:
        """Return the tries of a student, in the order in which they were seen."""
        return self.tries.get(student, [])

    def add(self, student: str, *new: Try) -> None:
        """Write down tries, before anything is done about them."""
        with self._lock:
            self.tries[student] = [*self.of(student), *new]
        self.save(student)

    def save(self, student: str) -> None:
        """Write down what has changed.

        Raises
        ------
        OSError
            If that is not possible; what was written before stays.
        """
        with (
            self._lock,
            atomic_path(self.folder / student_file(student)) as partial,
        ):
            values = {"student": student, "tries": [asdict(each) for each in self.of(student)]}
            partial.write_text(json.dumps(values, indent=1), encoding="utf-8")

    def waiting(self, student: str) -> Try | None:
        """Return the newest try of a student that is not graded yet, or None."""
        return next((one for one in reversed(self.of(student)) if one.state == WAITING), None)

    def waits_since(self, student: str) -> str:
        """Return since when a student waits: since the first try after the last that had its turn.

        One that was refused on arrival had none, and changes nothing: whoever can write to the
        exchange can leave some there, also under the name of another student.
        """
        since = ""
        for one in reversed(self.of(student)):
            if one.state in (WAITING, PASSED):
                since = one.seen
            elif since and (one.state == GRADED or one.staged):
                break
        return since

    def graded(self, student: str) -> list[Try]:
        """Return the tries of a student that were graded."""
        return [one for one in self.of(student) if one.state == GRADED]

    def allowed_from(self, student: str, limit: int) -> datetime | None:
        """Return when a student may have another try graded, or None if that is now.

        Parameters
        ----------
        student : str
        limit : int
            Most tries that are graded in an hour; 0 if there is no limit.
        """
        times = sorted(datetime.fromisoformat(one.done) for one in self.graded(student))
        if not limit or len(times) < limit or times[-limit] + HOUR <= datetime.now(UTC):
            return None
        return times[-limit] + HOUR


def watch_folder(root: str | Path, assignment: str) -> Path:
    """Return the folder of what the watcher keeps."""
    return records_folder(root, assignment) / "watch"


def _read(path: Path) -> tuple[str, list[Try]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return str(found["student"]), [Try(**values) for values in found["tries"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "", []  # it was damaged: what the student handed in is seen as new
