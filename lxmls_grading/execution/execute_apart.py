"""The step of nbgrader that executes a notebook in two halves."""

from __future__ import annotations

import os
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer

from lxmls_grading.execution.warm_process import shared_process
from lxmls_grading.reasons import reasons_of
from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError
from lxmls_grading.settings import Settings


class ExecuteApart(NbGraderPreprocessor):
    """Executes a notebook: students' cells in a sandbox, test cells in a judge outside.

    It takes the place of nbgrader's ``Execute``. Test cells get outputs from which nbgrader's
    ``SaveAutoGrades`` reads their points; why a test did not run is noted in the metadata.
    """

    sandbox = Bool(
        True,
        help="Whether submissions run in a sandbox. Without one they have the rights of whoever "
        "grades: only for code that you trust.",
    ).tag(config=True)
    timeout = Float(120, help="Seconds per cell.").tag(config=True)
    ungraded_timeout = Float(
        30,
        help="Seconds per cell without points. After one that takes longer, those cells without "
        "points are skipped that no later answer or test needs.",
    ).tag(config=True)
    notebook_timeout = Float(900, help="Seconds per notebook.").tag(config=True)
    memory = Integer(2048, help="MiB of memory for all processes of a notebook.").tag(config=True)
    processes = Integer(100, help="Processes and threads of a notebook.").tag(config=True)
    disk = Integer(256, help="MiB of files that a notebook can write.").tag(config=True)
    max_output = Integer(2048, help="KiB of output that are kept per cell.").tag(config=True)

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

    def check(self) -> None:
        """Make sure, once before a run begins, that a sandbox can be made if one is configured.

        Raises
        ------
        NbGraderException
            If none can be made.
        """
        if not self.sandbox:
            self.log.warning("Submissions run WITHOUT a sandbox, with all your rights.")
            return
        try:
            Sandbox(self.settings()).close()
        except SandboxError as error:
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
        executed = shared_process().execute(nb, self.settings())
        names = resources["nbgrader"]
        for why in reasons_of(executed):
            self.log.warning("%s, %s: %s", names["student"], names["notebook"], why.text)
        return executed, resources
