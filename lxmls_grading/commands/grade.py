"""The command ``lxmls-nb grade``."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import sys
from pathlib import Path

from nbgrader.converters import Autograde, BaseConverter
from nbgrader.converters.base import NbGraderException
from traitlets import Bool, Dict, Integer, TraitError, Unicode, default

from lxmls_grading.class_run.cluster import ClusterError, connect_to_cluster
from lxmls_grading.class_run.dry_run import NoDryRunError, scratch_copy
from lxmls_grading.class_run.marker import Marker
from lxmls_grading.class_run.progress import Progress
from lxmls_grading.class_run.run import ClassRun
from lxmls_grading.class_run.summary import Summary
from lxmls_grading.commands.base import (
    ALIASES,
    FLAGS,
    STUDENT_ALIAS,
    CourseApp,
    assignments_in,
)
from lxmls_grading.commands.options import CommandError
from lxmls_grading.commands.students import select_students
from lxmls_grading.gradebook.rows import open_gradebook
from lxmls_grading.intake.overlooked import find_overlooked
from lxmls_grading.listing import list_names
from lxmls_grading.machine.interrupts import ending_in_order
from lxmls_grading.machine.sharing import share_in_shared
from lxmls_grading.machine.temporary_folder import TemporaryFolderError, check_temporary_folder
from lxmls_grading.nbgrader_steps import ExecuteApart
from lxmls_grading.people.roster import newcomers
from lxmls_grading.records import AlreadyGradingError, lock_assignment, records_folder
from lxmls_grading.results.messages import printable
from lxmls_grading.settings import describe_layers

WITHOUT_SANDBOX = "Submissions run WITHOUT a sandbox, with all your rights."

#: What is said of students who come into the gradebook by a run alone.
NEWCOMERS = (
    "Not in the gradebook before: {names}. If that is a misspelt name, rename the folder in "
    "submitted/"
)
#: What is to be done besides where they are in it now.
NEWCOMERS_ADDED = (
    ", remove the one in autograded/, and then the student: nbgrader db student remove NAME --force"
)

OVERLOOKED = "Not graded, since they are not where submissions are looked for:"

#: Errors that end the command before anything is graded.
ERRORS = (
    NbGraderException,
    ClusterError,
    AlreadyGradingError,
    TemporaryFolderError,
    NoDryRunError,
    TraitError,
)

FORCE = ({"BaseConverter": {"force": True}}, "Grade again what is graded already.")


class GradeApp(CourseApp):
    """Grades the submissions under ``submitted/`` in parallel."""

    name = "lxmls-nb grade"
    description = (
        "Grade the submissions under submitted/. Those that are graded and unchanged are skipped, "
        "so a run that was stopped continues where it was.\n\n"
        "Exit status: 0 if this run has graded all that it had to, 1 if some of it has reasons or "
        "something is not where submissions are looked for, "
        "2 if nothing could run, 130 if Ctrl-C has stopped it. What is skipped has no part in it."
    )
    examples = (
        "lxmls-nb grade day2\n"
        "lxmls-nb grade day2 --student ada,b* --force\n"
        "lxmls-nb grade day2 --force --dry-run\n"
        "lxmls-nb grade day2 --ExecuteApart.timeout=20"
    )

    aliases = ALIASES | STUDENT_ALIAS | {
        "workers": "GradeApp.workers",
        "scheduler": "GradeApp.scheduler",
    }  # fmt: skip
    flags = FLAGS | {
        ("f", "force"): FORCE,
        ("n", "dry-run"): (
            {"GradeApp": {"dry_run": True}},
            "Show whose points would change, and write nothing.",
        ),
        "json": ({"GradeApp": {"json": True}}, "Print a summary as JSON."),
        "no-sandbox": (
            {"ExecuteApart": {"sandbox": False}},
            "Run submissions with all your rights: only for code that you trust.",
        ),
    }

    workers = Integer(
        None, allow_none=True, min=1, help="Processes on this machine (default: one per core)."
    ).tag(config=True)
    scheduler = Unicode(
        "", help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786, instead."
    ).tag(config=True)
    dry_run = Bool(False, help="Whether to write nothing of the results.").tag(config=True)
    json = Bool(False, help="Whether to print a summary as JSON.").tag(config=True)

    #: Environment variables of workers on this machine: where their warm process listens.
    environment = Dict()

    @default("classes")
    def _classes_default(self) -> list[type]:
        return [*super()._classes_default(), BaseConverter, Autograde, ExecuteApart]

    def work(self) -> int:
        """Grade, and print what has come of it; return the exit status."""
        assignment = self.assignment()
        patterns = self.coursedir.student_id
        self.coursedir.student_id = self.coursedir.notebook_id = "*"
        root = self.coursedir.root
        os.chdir(root)  # nbgrader does so, too: patterns of folders may be relative
        try:
            check_temporary_folder()
            with contextlib.ExitStack() as stack:
                scratch = (
                    stack.enter_context(scratch_copy(self.coursedir)) if self.dry_run else None
                )
                marker = Marker(self.coursedir, self, scratch)
                known = assignments_in(self.coursedir)
                overlooked = [
                    str(found)
                    for found in find_overlooked(self.coursedir, assignment, known, patterns)
                ]
                students = select_students(marker.students(), patterns, assignment, overlooked)
                if scratch is None:
                    stack.enter_context(lock_assignment(root, assignment))
                log_to((scratch or records_folder(root, assignment)) / "grade.log", self)
                with open_gradebook(self.coursedir) as session:
                    new = newcomers(session, students)
                summary = self._grade(marker, students)
                summary.newcomers = [name for name in new if name in summary.graded]
                summary.overlooked = overlooked
        except ERRORS as error:
            raise CommandError(str(error)) from error
        if summary.error:
            print(f"lxmls-nb: {summary.error}", file=sys.stderr)
        if self.json:
            print(json.dumps(summary.to_dict() | {"dry_run": self.dry_run}))
        elif not self.quiet:
            dry = ", dry run (nothing is written)" if self.dry_run else ""
            print(f"{assignment}{dry}: {summary.sentence()}.")
            for line in summary.points.lines() if summary.points else []:
                print(line)
            if broken := summary.broken_tests():
                print("Tests to mend, since they could not be run and give no points:")
                print(*(f"  {printable(line)}" for line in broken), sep="\n")
            if summary.newcomers:
                names = list_names([printable(name) for name in summary.newcomers], 5)
                shown = NEWCOMERS.format(names=names)
                print(f"{shown}." if self.dry_run else f"{shown}{NEWCOMERS_ADDED}")
            if summary.overlooked:
                print(OVERLOOKED)
                print(*(f"  {line}" for line in summary.overlooked), sep="\n")
            if summary.limits and not self.dry_run:
                print(f"Limits were kept {describe_layers(summary.limits)}.")
            if summary.graded and not self.dry_run:
                print(f"What to teach again: lxmls-nb report {assignment}")
        return summary.status

    def _grade(self, marker: Marker, students: list[str]) -> Summary:
        """Grade those of some students whose submissions are not graded yet."""
        if not marker.settings.sandbox and not self.quiet:
            print(WITHOUT_SANDBOX, file=sys.stderr)
        marker.clean_up()
        progress = Progress(len(students), marker.assignment, self.quiet)
        if marker.unreleased:
            progress.tell(marker.unreleased)
        run = ClassRun(marker, progress, marker.force)
        try:
            students = run.select(students)
            if students:
                gc.freeze()  # no object that exists now will become garbage
                with (
                    ending_in_order(run.stop),
                    connect_to_cluster(
                        self.scheduler or None, self.workers, self.environment
                    ) as client,
                ):
                    run.run(client, students)
        finally:
            progress.close()
        return run.summary

    def interrupts(self) -> contextlib.AbstractContextManager[None]:
        """Return what Ctrl-C does: until submissions are graded, it ends this process at once."""
        return contextlib.nullcontext()

    def report_error(self, message: str) -> int:
        """Print why nothing could be done, as JSON, too, if that is asked for; return 2."""
        if self.json:
            print(json.dumps(Summary(error=message).to_dict()))
        return super().report_error(message)


def log_to(path: Path, app: CourseApp) -> None:
    """Send the log of nbgrader and of grading to a file instead of the terminal.

    The file has all information, and with ``--debug`` what is of interest to developers, too.
    """
    # That of its logger is always DEBUG: traitlets keeps the level that is asked for elsewhere.
    level = logging.DEBUG if app.log_level == logging.DEBUG else logging.INFO
    handler = logging.FileHandler(path, encoding="utf-8")
    share_in_shared(path)
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("lxmls_grading")
    for logger in (app.log, ours):
        logger.setLevel(level)
        for old in list(logger.handlers):
            logger.removeHandler(old)
        logger.addHandler(handler)
        logger.propagate = False
