"""Grades a class: the workers of a cluster execute submissions, and the results are written here.

Three things happen at the same time: submissions are read, as many as will be needed next; workers
execute one submission for each of their threads; and another thread writes the results. Only a few
submissions are in memory at any time.
"""

from __future__ import annotations

import logging
import queue
import time
from collections import deque
from concurrent import futures
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from distributed import CancelledError, Client, Future
from distributed.scheduler import KilledWorker
from nbgrader.converters.base import NbGraderException
from sqlalchemy.exc import OperationalError

from lxmls_grading.class_run.cluster import CLUSTER_TIMEOUT, MAX_TRIES, ClusterError
from lxmls_grading.class_run.marker import Marker, PreparedSubmission, UnreadableSubmissionError
from lxmls_grading.class_run.progress import Progress
from lxmls_grading.class_run.task import (
    OtherInstallationError,
    check_worker,
    execute_submission,
    installed,
)
from lxmls_grading.reasons import Reason
from lxmls_grading.records import Record, read_record, write_record
from lxmls_grading.sandbox.bubblewrap import SandboxError

log = logging.getLogger(__name__)

#: Errors that concern all submissions, and end a run.
FATAL = (
    SandboxError,
    OtherInstallationError,
    NbGraderException,
    ClusterError,
    OperationalError,
    OSError,
)


@dataclass
class Summary:
    """The results of a run.

    Attributes
    ----------
    graded, skipped, failed : list of str
        Students: graded now, before, and not at all.
    reasons : dict
        Lists of reasons, by student.
    left : int
        Number of submissions that the run has not reached.
    seconds : float
        How long it took.
    error : str, optional
        Why it has ended early.
    """

    graded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    reasons: dict[str, list[Reason]] = field(default_factory=dict)
    left: int = 0
    seconds: float = 0.0
    error: str | None = None

    @property
    def status(self) -> int:
        """The exit status: 0 if all is graded, 1 if there are reasons, 2 if nothing could run."""
        if self.error and not self.graded:
            return 2
        return 1 if self.error or self.reasons or self.left else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the summary and its status as plain data, for JSON."""
        reasons = {name: [each.to_dict() for each in own] for name, own in self.reasons.items()}
        return asdict(self) | {"reasons": reasons, "status": self.status}


class ClassRun:
    """One run over the submissions of an assignment.

    Parameters
    ----------
    marker : Marker
    progress : Progress
    force : bool
        Whether to grade again what is graded and unchanged.
    """

    client: Client

    def __init__(self, marker: Marker, progress: Progress, force: bool = False):
        self.marker, self.progress, self.force = marker, progress, force
        self.root, self.assignment = marker.coursedir.root, marker.assignment
        self.settings = marker.settings
        self.summary = Summary()
        # Events from other threads: a student's submission is executed (None), or written (future).
        self.events: queue.SimpleQueue[tuple[str, futures.Future[None] | None]] = (
            queue.SimpleQueue()
        )
        self.running: dict[str, tuple[PreparedSubmission, Future[dict[str, Any]], int]] = {}
        self.writing: set[str] = set()
        self.writer_thread = futures.ThreadPoolExecutor(1, "writer")
        self.last_seen = time.monotonic()  # when the scheduler answered

    def select(self, students: list[str]) -> list[str]:
        """Return the students whose submissions are to be graded; skip the others."""
        return [student for student in students if not self._is_done(student)]

    def run(self, client: Client, students: list[str]) -> None:
        """Grade the submissions of some students; the results are in :attr:`summary`.

        Parameters
        ----------
        client : distributed.Client
        students : list of str
        """
        start = time.monotonic()
        self.client = client
        try:
            self._check_workers()
            self._run(deque(students))
        except KeyboardInterrupt:
            self.summary.error = "stopped: run it again to continue"
        except FATAL as error:
            log.exception("The run has ended")
            self.summary.error = _explain(error)
        finally:
            for _, future, _ in self.running.values():
                with suppress(Exception):
                    future.cancel()
            self.writer_thread.shutdown(wait=True)  # what is being written is written whole
        done = self.summary
        done.left = len(students) - len(done.graded) - len(done.failed)
        done.seconds = round(time.monotonic() - start, 3)

    # --- the loop ------------------------------------------------------------------------------

    def _run(self, todo: deque[str]) -> None:
        ready: deque[PreparedSubmission] = deque()
        while todo or ready or self.running or self.writing:
            threads = self._threads()
            while ready and len(self.running) < threads and len(self.writing) <= 2 * threads:
                self._submit(ready.popleft())
            if todo and len(ready) <= threads // 4:
                self._prepare(todo.popleft(), ready)
            else:
                with suppress(queue.Empty):
                    self._handle(*self.events.get(timeout=1))
            self._handle_all()
            self.progress.tick()

    def _handle_all(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._handle(*self.events.get_nowait())

    def _prepare(self, student: str, ready: deque[PreparedSubmission]) -> None:
        """Add a submission to those that are ready to be executed, if it can be read."""
        try:
            ready.append(self.marker.prepare(student))
        except UnreadableSubmissionError as problem:
            self._fail(student, "unreadable", f"The submission could not be read: {problem}.")

    def _is_done(self, student: str) -> bool:
        """Whether a submission is graded and unchanged."""
        if self.force or not self.marker.has_output(student):
            return False
        record = read_record(self.root, self.assignment, student)
        if record is None:  # it was graded by nbgrader alone, whose own rule applies
            done = not self.marker.is_newer(student)
        else:
            done = record.graded and record.digest == self.marker.digest(student)
        if done:
            self.summary.skipped.append(student)
            if record and record.reasons:
                self.summary.reasons[student] = record.reasons
            self.progress.skip()
        return done

    # --- the workers ---------------------------------------------------------------------------

    def _check_workers(self) -> None:
        """Make sure that each worker can execute notebooks, and start its warm process."""
        end = time.monotonic() + CLUSTER_TIMEOUT
        while not self._threads():
            if time.monotonic() > end:
                raise ClusterError("the cluster has no workers: start some with `dask worker`")
            time.sleep(0.1)
        self.client.run(check_worker, installed(), self.settings)

    def _threads(self) -> int:
        """Return how many submissions can be executed at the same time."""
        if self.client.status != "running":
            closed = self.client.status in ("closed", "closing")  # else Dask tries to reconnect
            if closed or time.monotonic() - self.last_seen > CLUSTER_TIMEOUT:
                raise ClusterError("the scheduler is gone: start it and run this again to continue")
            return 0
        self.last_seen = time.monotonic()
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return sum(worker["nthreads"] for worker in workers.values())

    def _submit(self, submission: PreparedSubmission, tries: int = 1) -> None:
        future = self.client.submit(
            execute_submission,
            installed(),
            self.settings,
            submission.notebooks,
            submission.files,
            pure=False,
        )
        self._wait_for(submission, future, tries)

    def _wait_for(
        self, submission: PreparedSubmission, future: Future[dict[str, Any]], tries: int
    ) -> None:
        self.running[submission.student] = (submission, future, tries)
        self.progress.start(submission.student)
        future.add_done_callback(lambda _: self.events.put((submission.student, None)))

    # --- what comes back -----------------------------------------------------------------------

    def _handle(self, student: str, written: futures.Future[None] | None) -> None:
        """Handle the event that a submission is executed or written."""
        if written is None:
            self._handle_executed(student)
        else:
            self.writing.discard(student)
            written.result()

    def _handle_executed(self, student: str) -> None:
        submission, executed, tries = self.running.pop(student)
        try:
            result = executed.result(timeout=10)
        except KilledWorker:
            what = f"the process that ran it has ended {MAX_TRIES} times"
            result = {"notebooks": self.marker.give_up(submission, what), "seconds": {}}
        except TimeoutError:  # its worker ended before the result was fetched
            self._threads()  # it raises if the scheduler is gone
            self._wait_for(submission, executed, tries)  # another worker repeats it
            return
        except (futures.CancelledError, CancelledError) as error:
            raise ClusterError("the scheduler is gone: run this again to continue") from error
        except FATAL:
            raise
        except Exception as error:
            log.exception("%s could not be executed", student)
            if tries < MAX_TRIES:
                self._submit(submission, tries + 1)
                return
            what = f"{type(error).__name__}: {error}"[:300]
            result = {"notebooks": self.marker.give_up(submission, what), "seconds": {}}
        self.progress.executed(student, *result.get("slowest", (0.0, "", "")))
        executed.release()  # its result need not stay in the cluster's memory
        self.writing.add(student)
        writing = self.writer_thread.submit(self._write, submission, result)
        writing.add_done_callback(lambda done: self.events.put((student, done)))

    def _write(self, submission: PreparedSubmission, result: dict[str, Any]) -> None:
        """Write the results of a submission; called in the writer's thread."""
        student = submission.student
        try:
            reasons = self.marker.finish(submission, result["notebooks"])
            self._record(student, True, submission.digest, reasons, result["seconds"])
        except FATAL:
            raise
        except Exception as error:  # one submission must stop no other
            log.exception("%s could not be written", student)
            self._fail(student, "test", f"Its grades could not be written: {error!r}")
            return
        self.summary.graded.append(student)
        self.progress.graded(student, reasons)

    def _fail(self, student: str, kind: str, text: str) -> None:
        """Note that a submission is not graded, and why."""
        reasons = [Reason(kind, text)]
        self._record(student, False, "", reasons, {})
        self.summary.failed.append(student)
        self.progress.graded(student, reasons)

    def _record(
        self,
        student: str,
        graded: bool,
        digest: str,
        reasons: list[Reason],
        seconds: dict[str, float],
    ) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        sandbox = self.settings.sandbox
        record = Record(student, self.assignment, graded, digest, now, sandbox, reasons, seconds)
        write_record(self.root, record)
        if reasons:
            self.summary.reasons[student] = reasons


def _explain(error: BaseException) -> str:
    """Return what an instructor needs to know about an error that ends a run."""
    if isinstance(error, OperationalError):
        return f"the gradebook cannot be used ({error.orig}): repair it and run again to continue"
    if isinstance(error, OSError):
        return f"{error.strerror or error} ({error.filename}): repair it and run again to continue"
    return str(error)
