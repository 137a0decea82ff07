"""The command ``lxmls-nb watch``."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import Exchange as NbgraderExchange
from nbgrader.exchange.default import ExchangeCollect
from traitlets import CaselessStrEnum, Dict, Integer, Unicode, default

from lxmls_grading.class_run.cluster import connect_to_cluster
from lxmls_grading.class_run.marker import Marker
from lxmls_grading.class_run.progress import Progress
from lxmls_grading.commands.base import ALIASES, FLAGS, CourseApp
from lxmls_grading.commands.grade import ERRORS, WITHOUT_SANDBOX, log_to
from lxmls_grading.commands.options import CommandError
from lxmls_grading.machine.interrupts import STATUS, ending_in_order
from lxmls_grading.machine.temporary_folder import check_temporary_folder
from lxmls_grading.nbgrader_steps import ExecuteApart
from lxmls_grading.records import lock_assignment, records_folder
from lxmls_grading.watch.arrivals import Drop, Exchange, Source
from lxmls_grading.watch.ledger import Ledger, watch_folder
from lxmls_grading.watch.marking import TryMarker
from lxmls_grading.watch.pages import CAUSES, NOTHING, POINTS
from lxmls_grading.watch.releasing import FeedbackMaker, another
from lxmls_grading.watch.run import BEST, LAST, Rules, WatchRun
from lxmls_grading.watch.state import StatePage


class WatchApp(CourseApp):
    """Grades what is handed in, as it arrives, and releases feedback."""

    name = "lxmls-nb watch"
    description = (
        "Watch nbgrader's exchange, or a folder: collect what arrives, grade it, and release the "
        "feedback, within a minute where the machine is idle. It runs until Ctrl-C; the same "
        "command goes on from there, also after a crash. Its state is on the page "
        ".lxmls_nb/ASSIGNMENT/watch/state.html.\n\n"
        "Exit status: 2 if nothing can be done any more, as on a full disk; 130 after Ctrl-C."
    )
    examples = (
        "lxmls-nb watch day2\n"
        "lxmls-nb watch day2 --folder /srv/inbox --tries 3 --counts best --tell causes"
    )

    aliases = ALIASES | {
        "folder": "WatchApp.folder",
        "tries": "WatchApp.tries",
        "counts": "WatchApp.counts",
        "tell": "WatchApp.tell",
        "workers": "WatchApp.workers",
        "scheduler": "WatchApp.scheduler",
    }
    flags = FLAGS

    folder = Unicode(
        "", help="A folder as `lxmls-nb collect` takes it (default: nbgrader's exchange)."
    ).tag(config=True)
    tries = Integer(
        0, min=0, help="Tries of a student that are graded in an hour; others wait (0: no limit)."
    ).tag(config=True)
    counts = CaselessStrEnum(
        [LAST, BEST], LAST, help="Which of a student's tries counts: last or best."
    ).tag(config=True)
    tell = CaselessStrEnum(
        [POINTS, CAUSES, NOTHING],
        POINTS,
        help="What students are told before the due date: points, causes (messages without points) "
        "or nothing (a receipt).",
    ).tag(config=True)
    workers = Integer(
        None, allow_none=True, min=1, help="Processes on this machine (default: one per core)."
    ).tag(config=True)
    scheduler = Unicode(
        "", help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786, instead."
    ).tag(config=True)

    #: Environment variables of workers on this machine: where their warm process listens.
    environment = Dict()

    @default("classes")
    def _classes_default(self) -> list[type]:
        more = [Autograde, GenerateFeedback, ExecuteApart, NbgraderExchange, ExchangeCollect]
        return [*super()._classes_default(), *more]

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the command line; the folder is one of the folder that the command is called in."""
        super().initialize(argv)
        if self.folder:
            self.folder = os.path.abspath(os.path.expanduser(self.folder))

    def work(self) -> int:
        """Watch until it is stopped; return the exit status."""
        assignment = self.assignment()
        self.coursedir.student_id = self.coursedir.notebook_id = "*"
        root = self.coursedir.root
        os.chdir(root)  # nbgrader does so, too: patterns of folders may be relative
        if self.folder and not os.path.isdir(self.folder):
            raise CommandError(f"there is no folder {self.folder}")
        try:
            check_temporary_folder()
            with lock_assignment(root, assignment):
                log_to(records_folder(root, assignment) / "watch.log", self)
                return self._watch(assignment)
        except ExchangeError as error:
            raise CommandError(f"{error}; or name a folder: --folder FOLDER") from error
        except ERRORS as error:
            raise CommandError(str(error)) from error

    def _watch(self, assignment: str) -> int:
        """Watch with one cluster, over and over if the source changes."""
        root = self.coursedir.root
        kept = os.path.relpath(watch_folder(root, assignment), root)
        tries = another(
            self.coursedir,
            submitted_directory=f"{kept}/tries",
            autograded_directory=f"{kept}/results",
        )
        source: Source
        if self.folder:
            notes = another(self.coursedir, root=f"{root}/{kept}", submitted_directory="tries")
            source = Drop(self.coursedir, notes, Path(self.folder))
        else:
            source = Exchange(self.coursedir, tries, self)
        rules = Rules(self.tries, self.counts, self.tell)
        shown = {"from": self.folder or "the exchange", "counts": self.counts, "tell": self.tell}
        page = StatePage(root, assignment, shown | {"tries in an hour": self.tries or "no limit"})
        feedback = FeedbackMaker(self.coursedir, self)
        gc.freeze()  # no object that exists now will become garbage
        with connect_to_cluster(self.scheduler or None, self.workers, self.environment) as client:
            while True:
                marker = Marker(self.coursedir, self)
                desk = TryMarker(tries, self)
                if not marker.settings.sandbox:
                    print(WITHOUT_SANDBOX, file=sys.stderr)
                marker.clean_up()
                desk.remove_partial(
                    *(tries.submitted_directory, tries.autograded_directory, f"{kept}/notices"),
                    *(self.coursedir.submitted_directory, self.coursedir.feedback_directory),
                )
                progress = Progress(0, assignment, quiet=True)  # without a bar
                progress.quiet = self.quiet
                if marker.unreleased:
                    progress.tell(marker.unreleased)
                run = WatchRun(
                    marker, desk, source, Ledger(root, assignment), page, feedback, rules, progress
                )
                with ending_in_order(run.stop), _ended_by(signal.SIGTERM, run):
                    if not self.quiet:
                        where = self.folder or "the exchange"
                        page_path = os.path.relpath(page.folder / "state.html")
                        print(
                            f"{assignment}: watching {where}; Ctrl-C stops it, and what it does "
                            f"is on the page {page_path}",
                            file=sys.stderr,
                        )
                    run.run(client, [])
                if run.stopping:
                    break
                if run.summary.error:
                    page.error(run.summary.error)
                    with contextlib.suppress(OSError):  # the disk may be full
                        run.show("ended by an error")
                    print(f"lxmls-nb: {run.summary.error}", file=sys.stderr)
                    return 2
            with contextlib.suppress(OSError):
                run.show("stopped")
        if not self.quiet:
            later = "what is handed in meanwhile is graded when it is started again"
            print(f"{assignment}: stopped; {later}", file=sys.stderr)
        return STATUS

    def interrupts(self) -> contextlib.AbstractContextManager[None]:
        """Return what Ctrl-C does: until something is watched, it ends this process at once."""
        return contextlib.nullcontext()


@contextlib.contextmanager
def _ended_by(number: signal.Signals, run: WatchRun) -> Iterator[None]:
    """Let a signal end a run in good order, as systemd asks for it."""
    before = signal.signal(number, lambda *_: run.stop())
    try:
        yield
    finally:
        signal.signal(number, before)
