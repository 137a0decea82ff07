"""The step of nbgrader that executes a notebook in two halves."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Enum, Float, Integer, List, Unicode

from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.plans import MODES, Plans
from lxmls_grading.execution.warm_process import shared_process
from lxmls_grading.intake.working_files import (
    AssignmentFilesError,
    FileLimits,
    WorkingFiles,
    read_assignment_files,
    read_working_files,
)
from lxmls_grading.machine.temporary_folder import TemporaryFolderError, check_temporary_folder
from lxmls_grading.reasons import nothing_read, reasons_of
from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError
from lxmls_grading.settings import Settings


class ExecuteApart(NbGraderPreprocessor):
    """Executes a notebook: students' cells in a sandbox, test cells in a judge outside.

    It takes the place of nbgrader's ``Execute``. Test cells get outputs from which nbgrader's
    ``SaveGrades`` reads their points; why a test did not run is noted in the metadata.
    """

    _assignment_files: dict[str, bytes] | None = None
    _plans: dict[str, NotebookPlan] | None = None

    #: Whether plans that needed a trial are written; a dry run writes nothing.
    keep_plans = True

    tests = Enum(
        list(MODES),
        "auto",
        help="Where test cells run: apart from the student's process; together with it, as in "
        "nbgrader; or apart where the reference solution gets the same points there (auto). The "
        "tags tests-apart and tests-together decide for a cell.",
    ).tag(config=True)

    sandbox = Bool(
        True,
        help="Whether submissions run in a sandbox. Without one they have the rights of whoever "
        "grades: only for code that you trust.",
    ).tag(config=True)
    timeout = Float(120, min=0.1, help="Seconds per cell.").tag(config=True)
    ungraded_timeout = Float(
        30,
        min=0.1,
        help="Seconds per cell without points. After one that takes longer, those cells without "
        "points are skipped that no later answer or test needs.",
    ).tag(config=True)
    notebook_timeout = Float(900, min=0.1, help="Seconds per notebook.").tag(config=True)
    memory = Integer(2048, min=1, help="MiB of memory for all processes of a notebook.").tag(
        config=True
    )
    processes = Integer(100, min=1, help="Processes and threads of a notebook.").tag(config=True)
    disk = Integer(256, min=1, help="MiB of files that a notebook can write.").tag(config=True)
    student_files = List(
        Unicode(),
        ["*"],
        help="Patterns of the files beside a notebook that a student's code finds there. Files of "
        "the assignment itself, in source/, always are there, in the instructor's version.",
    ).tag(config=True)
    max_student_file = Integer(1000, min=0, help="kB of such a file of a student.").tag(config=True)
    max_student_files = Integer(10_000, min=0, help="kB of all of them.").tag(config=True)
    max_output = Integer(2048, min=1, help="KiB of output that are kept per cell.").tag(config=True)

    def settings(self) -> Settings:
        """Return what is configured, in the units of the rest of grading."""
        return Settings(
            timeout=self.timeout,
            ungraded_timeout=self.ungraded_timeout,
            notebook_timeout=self.notebook_timeout,
            max_output=self.max_output * 2**10,
            memory=self.memory * 2**20,
            processes=self.processes,
            disk=self.disk * 2**20,
            sandbox=self.sandbox,
            hide=(os.getcwd(),),  # nbgrader works in the folder of the course
        )

    def working_files(self, coursedir: CourseDirectory, student: str) -> WorkingFiles:
        """Return the files that lie beside a student's notebooks while they run.

        Raises
        ------
        NbGraderException
            If the assignment has too many.
        """
        assignment = coursedir.assignment_id
        limits = FileLimits(
            tuple(self.student_files), self.max_student_file * 1000, self.max_student_files * 1000
        )
        return read_working_files(
            coursedir.format_path(coursedir.submitted_directory, student, assignment),
            self.assignment_files(coursedir),
            limits,
            coursedir.ignore,
            self.log,
        )

    def assignment_files(self, coursedir: CourseDirectory) -> dict[str, bytes]:
        """Return the files of the assignment that are not notebooks; see `working_files`."""
        assignment = coursedir.assignment_id
        if self._assignment_files is None:
            source = coursedir.format_path(coursedir.source_directory, ".", assignment)
            try:
                self._assignment_files = read_assignment_files(source, coursedir.ignore)
            except AssignmentFilesError as error:
                raise NbGraderException(str(error)) from error
            total = sum(map(len, self._assignment_files.values()))
            if total > self.disk * 2**20 / 2:
                raise NbGraderException(
                    f"{source} holds {total / 2**20:.0f} MiB of files besides notebooks, which is "
                    f"more than half of what a notebook can write: set c.ExecuteApart.disk (MiB, "
                    f"now {self.disk}) higher."
                )
        return self._assignment_files

    def planner(self, coursedir: CourseDirectory) -> Plans:
        """Return what plans how the tests of the assignment run; see `tests`."""
        files = self.assignment_files(coursedir)

        def execute(notebook: NotebookNode, plan: NotebookPlan) -> NotebookNode:
            return shared_process().execute(notebook, self.settings(), WorkingFiles(files), plan)

        return Plans(coursedir, self.tests, files, execute, self.config, self.keep_plans)

    def plans(
        self, coursedir: CourseDirectory, tell: Callable[[str], None] | None = None
    ) -> dict[str, NotebookPlan]:
        """Return how the tests of each notebook of the assignment run; see `tests`.

        Parameters
        ----------
        coursedir : CourseDirectory
        tell : callable, optional
            Is called with a line for each notebook that has to be tried first, and for what does
            not pass then; by default, they are logged.
        """
        if self._plans is None:
            self._plans = dict(self.planner(coursedir).read(tell or self.log.warning))
        return self._plans

    def check(self) -> None:
        """Make sure, once before a run begins, that notebooks can be executed on this machine.

        Raises
        ------
        NbGraderException
            If no sandbox can be made and one is configured, or no sockets can be made.
        """
        try:
            check_temporary_folder()
            if self.sandbox:
                Sandbox(self.settings()).close()
            else:
                self.log.warning("Submissions run WITHOUT a sandbox, with all your rights.")
        except (SandboxError, TemporaryFolderError) as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from error

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Execute a notebook whose test cells are the instructor's, and log its reasons.

        Raises
        ------
        SandboxError
            If no sandbox can be made.
        GradingError
            If grading itself has failed.
        """
        names = resources["nbgrader"]
        coursedir = getattr(self.parent, "coursedir", None)
        files = WorkingFiles()
        if coursedir is not None:
            files = self.working_files(coursedir, names["student"])
        executed = nb
        if not nothing_read(nb):
            plan = None if coursedir is None else self.plans(coursedir).get(names["notebook"])
            executed = shared_process().execute(nb, self.settings(), files, plan)
        for why in reasons_of(executed):
            self.log.warning("%s, %s: %s", names["student"], names["notebook"], why.full_text)
        return executed, resources
