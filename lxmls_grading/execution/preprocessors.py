"""Steps that nbgrader takes with this course, besides its own: see nbgrader_config.py."""

from __future__ import annotations

import os
import textwrap

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer

from lxmls_grading.cells import is_test
from lxmls_grading.execution.warm_process import shared_process
from lxmls_grading.reasons import NOT_RUN, reasons_of
from lxmls_grading.sandbox.bubblewrap import Sandbox
from lxmls_grading.sandbox.confinement import Limits
from lxmls_grading.settings import Options
from lxmls_nb.errors import WIDTH, CheckFailed, NotAttempted

#: What is said instead of an exception's name.
HEADINGS = {kind.__name__: kind.heading for kind in (CheckFailed, NotAttempted)}
HEADINGS[NOT_RUN] = "Not run"

#: Characters of an error's message that are shown.
MAX_LENGTH = 1000


class ExecuteApart(NbGraderPreprocessor):
    """Execute a notebook in a sandbox, but its tests, which a judge outside runs.

    It takes the place of nbgrader's ``Execute``. Test cells get outputs from which nbgrader's
    ``SaveAutoGrades`` reads their points; why a test did not run is noted in the metadata.
    """

    sandbox = Bool(
        True,
        help="Whether submissions run in a sandbox. Without one they have the rights of whoever "
        "grades: only for code that you trust.",
    ).tag(config=True)
    timeout = Float(120, help="Seconds for a cell.").tag(config=True)
    notebook_timeout = Float(900, help="Seconds for a notebook.").tag(config=True)
    memory = Integer(2048, help="MiB of memory for all processes of a notebook.").tag(config=True)
    processes = Integer(100, help="Processes and threads of a notebook.").tag(config=True)
    disk = Integer(256, help="MiB of files that a notebook can write.").tag(config=True)
    max_output = Integer(2048, help="KiB of output that are kept of a cell.").tag(config=True)

    def options(self) -> Options:
        """Return how notebooks are executed: see :class:`~lxmls_grading.settings.Options`."""
        return Options(
            timeout=self.timeout,
            notebook_timeout=self.notebook_timeout,
            max_output=self.max_output * 2**10,
            limits=Limits(
                memory=self.memory * 2**20, processes=self.processes, disk=self.disk * 2**20
            ),
            sandbox=self.sandbox,
            hide=[os.getcwd()],  # nbgrader works in the folder of the course
        )

    def check(self) -> None:
        """Make sure that there is a sandbox, if there is to be one.

        Raises
        ------
        SandboxError
            If there is none.
        """
        if self.sandbox:
            Sandbox(self.options().limits, []).close()
        else:
            self.log.warning("Submissions run WITHOUT a sandbox, with all your rights.")

    def preprocess(self, nb: NotebookNode, resources):
        """Execute a notebook whose test cells are the instructor's."""
        executed = shared_process().execute(nb, self.options())
        names = resources["nbgrader"]
        for why in reasons_of(executed):
            self.log.warning("%s, %s: %s", names["student"], names["notebook"], why.text)
        return executed, resources


class ShortenTracebacks(NbGraderPreprocessor):
    """Leave of a test cell's traceback only what went wrong, for feedback.

    IPython shows the lines around the one that failed: those of the hidden tests.
    """

    def preprocess_cell(self, cell: NotebookNode, resources, index):
        """Put the error's message, wrapped, in place of a test cell's traceback."""
        for output in cell.get("outputs", []) if is_test(cell) else []:
            if output.output_type == "error":
                heading = HEADINGS.get(output.ename, output.ename)
                text = f"{heading}: {output.evalue}"
                output.traceback = textwrap.wrap(text[:MAX_LENGTH], WIDTH)
        return cell, resources
