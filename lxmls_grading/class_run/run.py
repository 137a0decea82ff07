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
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from distributed import CancelledError, Client, Future
from distributed.scheduler import KilledWorker
from sqlalchemy.exc import SQLAlchemyError

from lxmls_grading.class_run.cluster import CLUSTER_TIMEOUT, MAX_TRIES, ClusterError
from lxmls_grading.class_run.fatal import FATAL, explain
from lxmls_grading.class_run.marker import Marker, PreparedSubmission, UnreadableSubmissionError
from lxmls_grading.class_run.points import RunPoints, read_cells
from lxmls_grading.class_run.progress import Progress
from lxmls_grading.class_run.summary import Summary
from lxmls_grading.class_run.task import check_worker, execute_submission, installed
from lxmls_grading.execution.plans import describe_together
from lxmls_grading.gradebook.earlier_results import EarlierPoints
from lxmls_grading.gradebook.rows import (
    Rows,
    graded_students,
    hash_points,
    open_gradebook,
    read_rows,
)
from lxmls_grading.reasons import Reason
from lxmls_grading.records import Record, read_record, write_record
from lxmls_grading.sandbox.bubblewrap import SandboxError

#: What a record tells while the results of a submission are being replaced.
INTERRUPTED = "Grading was interrupted before its results were complete: run it again to continue."

#: Seconds in which submissions that a loaded machine has kept are tried again one by one. Those
#: that are left then are tried side by side: whoever loads the machine must not hold up a class.
ALONE_SECONDS = 1800

log = logging.getLogger(__name__)


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
        self.reader = marker  # what reads submissions; the marker writes their results
        self.root, self.assignment = marker.coursedir.root, marker.assignment
        self.records_root = marker.scratch or self.root  # where records are written
        self.settings = marker.settings
        self.summary = Summary()
        self.points = RunPoints(read_cells(marker.coursedir, self.assignment))
        self.points.dry = marker.scratch is not None
        self.begun = self.stopping = False
        # Events from other threads: a student's submission is executed (None), or written (future).
        self.events: queue.SimpleQueue[tuple[str, futures.Future[None] | None]] = (
            queue.SimpleQueue()
        )
        self.running: dict[str, tuple[PreparedSubmission, Future[dict[str, Any]], int]] = {}
        self.writing: set[str] = set()
        self.again: deque[str] = deque()  # whom the load of the machine has kept from finishing
        self.tried_again: set[str] = set()
        self.alone_until: float | None = None  # from when on only those are left
        self.writer_thread = futures.ThreadPoolExecutor(1, "writer")
        self.last_seen = time.monotonic()  # when the scheduler answered

    def select(self, students: list[str]) -> list[str]:
        """Return the students whose submissions are to be graded; skip the others."""
        with open_gradebook(self.marker.coursedir) as session:
            graded = graded_students(session, self.assignment)
            self.hashes = hash_points(session, self.assignment)
        todo = [name for name in students if name not in graded or not self._is_done(name)]
        for student, penalty in self.marker.renew_penalties(self.summary.skipped).items():
            self.points.add_renewed(student, penalty, self._rows(student))
            self.summary.points = self.points
        # Those that are refused come first: whoever watches sees them before anything is graded.
        return sorted(todo, key=lambda student: self.marker.time_problem(student) is None)

    def run(self, client: Client, students: list[str]) -> None:
        """Grade the submissions of some students; the results are in :attr:`summary`.

        Another thread or a handler of signals may call :meth:`stop` meanwhile.

        Parameters
        ----------
        client : distributed.Client
        students : list of str
        """
        start = time.monotonic()
        self.client, self.begun = client, True
        try:
            self._check_workers()
            self.plans = self.marker.executing.plans(self.marker.coursedir, self.progress.tell)
            if together := describe_together(self.plans):
                self.progress.tell(f"{together} (why: lxmls-nb check {self.assignment})")
            self._run(deque(students))
        except FATAL as error:
            log.exception("The run has ended")
            self.summary.error = explain(error)
        finally:
            for _, future, _ in self.running.values():
                with suppress(Exception):
                    future.cancel()
            self.writer_thread.shutdown(wait=True)  # what is being written is written whole
        done = self.summary
        done.left = len(students) - len(done.graded) - len(done.failed)
        done.seconds = round(time.monotonic() - start, 3)
        done.points = self.points
        if self.stopping and done.left:
            done.stopped = True
            graded = f"{len(done.graded)} of {len(students)} graded"
            done.error = f"stopped: {graded}; run it again to continue"

    def stop(self) -> bool:
        """End the run in good order, as soon as possible; return whether it has begun."""
        if self.begun:
            self.stopping = True
            self.events.put(("", None))  # the loop waits for an event
        return self.begun

    # --- the loop ------------------------------------------------------------------------------

    def _run(self, todo: deque[str]) -> None:
        ready: deque[PreparedSubmission] = deque()
        while not self.stopping:
            if not (todo or ready or self.running or self.writing):
                if not self.again:
                    return
                todo = self._begin_again()
            threads = self._threads()
            if self.alone_until is not None and time.monotonic() < self.alone_until:
                threads = min(threads, 1)
            while ready and len(self.running) < threads and len(self.writing) <= 2 * threads:
                self._submit(ready.popleft())
            if todo and len(ready) <= threads // 4:
                self._prepare(todo.popleft(), ready)
            else:
                with suppress(queue.Empty):
                    self._handle(*self.events.get(timeout=1))
            self._handle_all()
            self.progress.tick()

    def _begin_again(self) -> deque[str]:
        """Return those whose time was up on a loaded machine: they are tried once more, alone."""
        todo, self.again = self.again, deque()
        self.tried_again.update(todo)
        self.alone_until = time.monotonic() + ALONE_SECONDS
        names = f"{len(todo)} submissions" if len(todo) > 1 else "1 submission"
        self._tell(f"{names} ran out of time on a loaded machine: tried once more, one at a time")
        return todo

    def _tell(self, line: str) -> None:
        """Show a line, and log it."""
        log.warning(line)
        self.progress.tell(line)

    def _handle_all(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._handle(*self.events.get_nowait())

    def _prepare(self, student: str, ready: deque[PreparedSubmission]) -> None:
        """Add a submission to those that are ready to be executed, if it can be read."""
        try:
            ready.append(self.reader.prepare(student))
        except UnreadableSubmissionError as problem:
            self._fail(student, "unreadable", f"The submission could not be read: {problem}.")
        except FATAL:
            raise
        except Exception as error:  # one submission must stop no other
            log.exception("%s could not be read", student)
            self._fail(student, "given up", f"The submission could not be read: {error!r}")

    def _is_done(self, student: str) -> bool:
        """Whether a submission is graded and unchanged, and so are its points in the gradebook."""
        record = read_record(self.root, self.assignment, student)
        if record is None:  # it was graded by nbgrader alone, whose own rule applies
            done = not self.marker.is_newer(student)
        else:
            done = record.graded and record.digest == self.marker.digest(student)
            if done and record.points not in ("", self.hashes.get(student)):
                self.marker.doubted.add(student)
                done = False
        if self.force or not self.marker.has_output(student):
            return False
        done = done and self.marker.time_problem(student) is None
        if done:
            self.summary.skipped.append(student)
            if record and record.reasons:
                self.summary.earlier_reasons[student] = record.reasons
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
            self.plans,
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
        if not student:  # there is nothing to handle but that the run is to end
            return
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
            self._give_up(submission, f"the process that ran it has ended {MAX_TRIES} times")
            return
        except TimeoutError:  # its worker ended before the result was fetched
            self._threads()  # it raises if the scheduler is gone
            self._wait_for(submission, executed, tries)  # another worker repeats it
            return
        except (futures.CancelledError, CancelledError) as error:
            raise ClusterError("the scheduler is gone: run this again to continue") from error
        except Exception as error:
            if isinstance(error, FATAL) and not isinstance(error, SandboxError):
                raise
            log.exception("%s could not be executed", student)
            if tries < MAX_TRIES:
                self._submit(submission, tries + 1)
                return
            if isinstance(error, SandboxError):
                # A sandbox may fail on a busy machine, or by what this submission alone does. Where
                # no worker can make an empty one either, this raises, and the run ends.
                self.client.run(check_worker, installed(), self.settings)
                self._give_up(submission, f"no sandbox could be made for it ({error.clause})"[:300])
                return
            self._give_up(submission, f"{type(error).__name__}: {error}"[:300])
            return
        self.progress.executed(student, *result["slowest"])
        executed.release()  # its result need not stay in the cluster's memory
        if result["starved"] and student not in self.tried_again:
            self._tell(f"{student}: time was up on a loaded machine; it is tried again at the end")
            self.again.append(student)
            return
        self._write_later(submission, result)

    def _give_up(self, submission: PreparedSubmission, what: str) -> None:
        """Grade a submission as not run; one that has earlier results keeps them.

        Parameters
        ----------
        submission : PreparedSubmission
        what : str
            A clause that tells why it could not be executed.
        """
        if not self.marker.has_output(submission.student):
            notebooks = self.marker.give_up(submission, what)
            result = {"notebooks": notebooks, "seconds": {}, "limits": ""}
            self._write_later(submission, result)
            return
        record = read_record(self.root, self.assignment, submission.student)
        same = record is not None and record.graded and record.digest == submission.digest
        text = f"It could not be graded again: {what}. It keeps its earlier points."
        self._fail(submission.student, "given up", text, recorded=not same)

    def _write_later(self, submission: PreparedSubmission, result: dict[str, Any]) -> None:
        """Let the writer's thread write the results of a submission."""
        student = submission.student
        self.writing.add(student)
        writing = self.writer_thread.submit(self._write, submission, result)
        writing.add_done_callback(lambda done: self.events.put((student, done)))

    def _write(self, submission: PreparedSubmission, result: dict[str, Any]) -> None:
        """Write the results of a submission; called in the writer's thread."""
        student = submission.student
        try:
            with self._keeping_earlier_results(student) as earlier:
                reasons = self.marker.finish(submission, result["notebooks"], earlier)
            with open_gradebook(self.marker.coursedir) as session:
                hashes = hash_points(session, self.assignment, student)
                rows = read_rows(session, self.assignment, student)
            found = {"limits": result["limits"], "points": hashes.get(student, "")}
            self._record(student, True, submission.digest, reasons, result["seconds"], **found)
            self.points.add(student, earlier.rows, rows)
        except FATAL:
            raise
        except Exception as error:  # one submission must stop no other
            log.exception("%s could not be written", student)
            self._fail(student, "given up", f"Its grades could not be written: {error!r}")
            return
        self.summary.graded.append(student)
        if layer := result["limits"]:
            self.summary.limits[layer] = self.summary.limits.get(layer, 0) + 1
        if reasons:
            self.summary.reasons[student] = reasons
        self.progress.graded(student, reasons)

    def _rows(self, student: str) -> Rows:
        with open_gradebook(self.marker.coursedir) as session:
            return read_rows(session, self.assignment, student)

    @contextmanager
    def _keeping_earlier_results(self, student: str) -> Iterator[EarlierPoints]:
        """Yield what reads the points of a submission; put them back if writing fails.

        The record, too: while new rows are written, it tells that the submission is not graded, so
        that the next run grades it again if this process is killed.
        """
        earlier = EarlierPoints(self.marker.coursedir, self.assignment, student, self.records_root)
        record = read_record(self.root, self.assignment, student)
        if record is not None and self.marker.has_output(student):
            self._record(student, False, "", [Reason("given up", INTERRUPTED)], {})
        try:
            yield earlier
        except BaseException:
            try:
                earlier.put_back()
                if record is not None:
                    write_record(self.records_root, record)
            except (SQLAlchemyError, OSError):
                log.exception("The points of %s could not be put back", student)
            raise

    def _fail(self, student: str, kind: str, text: str, recorded: bool = True) -> None:
        """Note that a submission is not graded, and why."""
        reasons = [Reason(kind, text)]
        if recorded:
            self._record(student, False, "", reasons, {})
        self.summary.reasons[student] = reasons
        self.summary.failed.append(student)
        self.progress.graded(student, reasons)

    def _record(
        self,
        student: str,
        graded: bool,
        digest: str,
        reasons: list[Reason],
        seconds: dict[str, float],
        limits: str = "",
        points: str = "",
    ) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        sandbox = self.settings.sandbox
        record = Record(student, self.assignment, graded, digest, now, sandbox, reasons, seconds)
        record.limits, record.points = limits, points
        write_record(self.records_root, record)
