"""Grades tries as they arrive, on workers that stay open: a class run whose class never ends.

The order of what is written decides what a killed watcher loses: nothing. A try is written down
first. Then its files are staged, executed, and only if it counts become the submission, whose
results are written as in any class run. Then comes the feedback, and last the note that the student
was told. What of this is missing at the next start is done then.
"""

from __future__ import annotations

import logging
import queue
import time
from collections import deque
from collections.abc import Callable
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory

from lxmls_grading.class_run.fatal import FATAL
from lxmls_grading.class_run.marker import Marker, PreparedSubmission
from lxmls_grading.class_run.progress import Progress
from lxmls_grading.class_run.run import ClassRun
from lxmls_grading.collect.course import read_course
from lxmls_grading.machine.sharing import share_folder
from lxmls_grading.reasons import Reason
from lxmls_grading.records import read_record
from lxmls_grading.watch.arrivals import (
    FULL,
    NotStagedError,
    Source,
    copy_submission,
    staged_folder,
)
from lxmls_grading.watch.best import graded_notebooks, seconds_late, worth
from lxmls_grading.watch.ledger import GRADED, REFUSED, Ledger, Try, now
from lxmls_grading.watch.marking import TryMarker
from lxmls_grading.watch.pages import POINTS, moment, note_on_best
from lxmls_grading.watch.releasing import FeedbackMaker
from lxmls_grading.watch.state import StatePage

#: Seconds between two looks at what has arrived, and before feedback that failed is tried again.
EVERY, AGAIN = 1.0, 60.0

#: Which of a student's tries counts.
BEST, LAST = "best", "last"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What the instructor has set.

    Attributes
    ----------
    tries : int
        Most tries of a student that are graded in an hour; 0 if there is no limit.
    counts : str
        `BEST` or `LAST`.
    tell : str
        What students are told before the due date: see :mod:`~lxmls_grading.watch.pages`.
    """

    tries: int = 0
    counts: str = LAST
    tell: str = POINTS


class WatchRun(ClassRun):
    """Grades tries until it is stopped, or until the source of the assignment changes.

    Parameters
    ----------
    marker : Marker
        Of the course.
    desk : TryMarker
        The same for the folder of tries.
    source : Source
    ledger : Ledger
    page : StatePage
    feedback : FeedbackMaker
    rules : Rules
    progress : Progress
    """

    def __init__(
        self,
        marker: Marker,
        desk: TryMarker,
        source: Source,
        ledger: Ledger,
        page: StatePage,
        feedback: FeedbackMaker,
        rules: Rules,
        progress: Progress,
    ):
        super().__init__(marker, progress)
        self.desk = self.reader = desk
        self.source, self.ledger, self.page = source, ledger, page
        self.feedback, self.rules = feedback, rules
        self.coursedir: CourseDirectory = marker.coursedir
        self.taken: dict[str, Try] = {}  # by student, what is being graded
        self.problems: list[str] = []
        self.looked = self.starved_since = 0.0
        self.retell: dict[str, float] = {}  # when feedback that failed is tried again, by student
        self.state_of_source = desk.state_of_source()
        self.telling: futures.Future[None] | None = None

    # --- the loop ------------------------------------------------------------------------------

    def _run(self, todo: deque[str]) -> None:
        """Grade what arrives. `todo` is empty: the tries that wait are in the ledger."""
        ready: deque[PreparedSubmission] = deque()
        changed = False
        while not self.stopping and not (changed and not self.taken):
            if time.monotonic() - self.looked >= EVERY:
                changed = self.desk.state_of_source() != self.state_of_source
                self.look()
            threads = self._threads()
            while ready and len(self.running) < threads and len(self.writing) <= 2 * threads:
                self._submit(ready.popleft())
            student = None
            if (starved := self._starved(ready)) is not None:
                super()._prepare(starved, ready)
            elif len(ready) <= threads // 4 and not changed:
                student = self.next_student()
            if student is not None:
                self._prepare(student, ready)
            else:
                with suppress(queue.Empty):
                    self._handle(*self.events.get(timeout=EVERY / 2))
            self._handle_all()
        if changed and not self.stopping:
            self.progress.tell("the source of the assignment has changed: it is read again")

    def _starved(self, ready: deque[PreparedSubmission]) -> str | None:
        """Return whose time was up on a loaded machine, once it is idle, or after a minute."""
        if not self.again:
            self.starved_since = time.monotonic()
            return None
        waited = time.monotonic() - self.starved_since > AGAIN
        if not waited and (ready or self.running or self.writing):
            return None
        student = self.again.popleft()
        self.tried_again.add(student)
        return student

    def look(self) -> None:
        """Write down what has arrived, tell students whose feedback is missing, show the state."""
        self.looked = time.monotonic()
        try:
            self.problems = self.source.look(self.ledger, self.taken)
        except FATAL:
            raise
        except Exception as error:  # whatever was handed in must not stop the others
            log.exception("What has arrived could not be read")
            self.page.error(f"What has arrived could not be read: {error!r}")
        if self.telling is not None and self.telling.done():
            done, self.telling = self.telling, None
            done.result()
        if self.telling is None and (tell := self._to_tell()) is not None:
            self.telling = self.writer_thread.submit(tell)
        self.show()

    def show(self, state: str = "watching") -> None:
        """Show the state on its page."""
        waiting = {}
        for student in [*self.ledger.tries]:
            one = self.ledger.waiting(student)
            if one is not None and one is not self.taken.get(student):
                limit = self.rules.tries
                when = self.ledger.allowed_from(student, limit)
                waiting[student] = (
                    f"{when.isoformat(timespec='seconds')}: it had {limit} of {limit} in an hour"
                    if when
                    else "a worker"
                )
        self.page.write(self.ledger, self.taken, waiting, self.problems, state)

    def next_student(self) -> str | None:
        """Return whose try is next: of those that are allowed one, who has waited longest."""
        found = []
        for student in [*self.ledger.tries]:
            one = self.ledger.waiting(student)
            if one is None or student in self.taken:
                continue
            if self.ledger.allowed_from(student, self.rules.tries) is None:
                found.append((self.ledger.waits_since(student), student))
        return min(found)[1] if found else None

    def _prepare(self, student: str, ready: deque[PreparedSubmission]) -> None:
        """Stage a try and add it to those that are ready, if it can be read."""
        one = self.ledger.waiting(student)
        if one is None:
            return
        self.taken[student] = one
        if not self._stage(student, one):
            return
        if self._is_graded(student):
            # A watcher that was killed has graded it, or somebody by hand, who tells it, too.
            points = self._best(student)
            self._note_graded(student, one, points, counts=True, told=not one.writing)
            del self.taken[student]
            return
        super()._prepare(student, ready)

    def _stage(self, student: str, one: Try) -> bool:
        """Put the files of a try in their place; return whether that was possible."""
        if not one.staged or not staged_folder(self.desk.coursedir, student).is_dir():
            try:
                self.source.stage(student, one)
            except NotStagedError as problem:
                self._fail(student, "unreadable", f"{problem}")
                return False
            one.staged = True
            self.ledger.save(student)
        return True

    def _is_graded(self, student: str) -> bool:
        """Whether the submission that is graded is the try that is staged."""
        record = read_record(self.root, self.assignment, student)
        if record is None or not record.graded or not self.marker.has_output(student):
            return False
        return record.digest == self.desk.digest(student)

    # --- what comes back -----------------------------------------------------------------------

    def _handle(self, student: str, written: futures.Future[None] | None) -> None:
        super()._handle(student, written)
        if student and written is not None:
            self.taken.pop(student, None)

    def _write(self, submission: PreparedSubmission, result: dict[str, Any]) -> None:
        """Write the results of a try that counts, and tell the student; in the writer's thread."""
        student = submission.student
        one = self.taken[student]
        staged = staged_folder(self.desk.coursedir, student)
        try:
            notebooks = self.desk.finished(submission, result["notebooks"])
            course = read_course(self.coursedir)
            late = seconds_late(self.desk.coursedir, course, student, staged)
            points, _ = worth(notebooks, student, late, self.marker)
            best = self._best(student) if self.rules.counts == BEST else None
        except FATAL:
            raise
        except Exception as error:  # one submission must stop no other
            log.exception("%s could not be written", student)
            self._fail(student, "given up", f"Its results could not be written: {error!r}")
            return
        counts = best is None or points >= best
        if counts:
            one.writing = True
            self.ledger.save(student)
            submitted = Path(self.marker.submitted(student))
            copy_submission(staged, submitted, self.coursedir)
            if self.coursedir.groupshared:
                share_folder(submitted)
            before = len(self.summary.graded)
            super()._write(submission, result)
            if len(self.summary.graded) == before:
                return  # it is refused, with a reason
        else:
            self.desk.keep(student, notebooks)
            self.progress.graded(student, [])
        self._note_graded(student, one, points, counts, told=False)
        self._tell_student(student, one)

    def _best(self, student: str) -> float | None:
        """Return what the try that counts is worth, or None if there is none."""
        if not self.marker.has_output(student):
            return None
        folder = Path(self.marker.autograded(student))
        late = seconds_late(self.coursedir, read_course(self.coursedir), student, folder)
        return worth(graded_notebooks(folder), student, late, self.marker)[0]

    def _fail(self, student: str, kind: str, text: str, recorded: bool = True) -> None:
        """Note that a try is refused, and why; what counts stays as it is."""
        one = self.taken.pop(student, None) or self.ledger.waiting(student)
        if one is not None:
            one.state, one.why, one.done, one.writing = REFUSED, text, now(), False
            self.ledger.save(student)
        self.summary.failed.append(student)
        self.summary.reasons[student] = [Reason(kind, text)]
        self.progress.graded(student, self.summary.reasons[student])

    def _note_graded(
        self, student: str, one: Try, points: float | None, counts: bool, told: bool
    ) -> None:
        self.tried_again.discard(student)
        if counts:
            for each in self.ledger.of(student):
                each.counts = False
        one.state, one.done, one.points = GRADED, now(), points
        one.counts, one.told, one.writing = counts, told, False
        self.ledger.save(student)

    # --- feedback ------------------------------------------------------------------------------

    def _to_tell(self) -> Callable[[], None] | None:
        """Return what makes a page that is missing, or None if none is."""
        if (student := self._untold()) is not None:
            return partial(self._tell_again, student)
        for student in [*self.ledger.tries] if self.rules.tries else []:
            one = self.ledger.waiting(student)
            if one is None or one.noticed or student in self.taken:
                continue
            when = self.ledger.allowed_from(student, self.rules.tries)
            if when is not None and self._stage(student, one):
                one.noticed = True
                return partial(self._tell_to_wait, student, one, when)
        return None

    def _tell_to_wait(self, student: str, one: Try, when: datetime) -> None:
        """Tell a student that a try is there, and when its turn comes."""
        number = f"{self.rules.tries} tries" if self.rules.tries > 1 else "One try"
        were = "were" if self.rules.tries > 1 else "was"
        text = (
            f"It has arrived, and is graded after {when:%H:%M} UTC. {number} of yours {were} "
            "graded in the hour before; if you hand in again, the newest takes its place."
        )
        try:
            folder = staged_folder(self.desk.coursedir, student)
            self.feedback.notice(student, self.marker.notebook_names, folder, text)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            self.page.error(f"{student} could not be told to wait: {error}")
            log.exception("No notice for %s", student)

    def _untold(self) -> str | None:
        """Return a student whose feedback is missing, and is due to be made, or None."""
        for student in [*self.ledger.tries]:
            graded = self.ledger.graded(student)
            if (
                graded
                and not graded[-1].told
                and student not in self.taken
                and self.retell.get(student, 0.0) <= time.monotonic()
            ):
                return student
        return None

    def _tell_again(self, student: str) -> None:
        one = self.ledger.graded(student)[-1]
        if not one.told:
            self._tell_student(student, one)

    def _tell_student(self, student: str, one: Try) -> None:
        """Make the feedback of a graded try, and release it; if that fails, it is tried again."""
        try:
            self._make_feedback(student, one)
        except Exception as error:  # one submission must stop no other
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            self.retell[student] = time.monotonic() + AGAIN
            self.page.error(f"{student}: feedback is not released, and tried again: {error}")
            log.exception("No feedback for %s", student)
            return
        one.told, one.told_at = True, now()
        self.ledger.save(student)
        self.progress.tell(f"{student}: graded, feedback after {one.seconds():.0f} s")

    def _make_feedback(self, student: str, one: Try) -> None:
        tell = self.tells(student)
        note = ""
        if self.rules.counts == BEST:
            note = "Of your tries, the best counts."
            if tell == POINTS:
                note = note_on_best(one, self.ledger.of(student))
        folder = Path(
            self.marker.autograded(student) if one.counts else self.desk.autograded(student)
        )
        when = moment(one)
        self.feedback.make(student, graded_notebooks(folder), folder, tell, note, when, one.counts)
        self.feedback.release(student)

    def tells(self, student: str) -> str:
        """Return what a student is told now: before the due date, what is set; then the points."""
        due = read_course(self.coursedir).due_for(self.assignment, student)
        past = due is not None and due < datetime.now(UTC).replace(tzinfo=None)
        return POINTS if past else self.rules.tell
