"""Steps that nbgrader takes with this course, besides its own: see nbgrader_config.py."""

from __future__ import annotations

import textwrap

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from lxmls_nb.failures import WIDTH, CheckFailed, NotAttempted
from lxmls_nb.grading.submissions import is_test

#: What is said instead of an exception's name.
HEADINGS = {kind.__name__: kind.heading for kind in (CheckFailed, NotAttempted)}

#: Characters of an error's message that are shown.
MAX_LENGTH = 1000


class StderrIsNoFailure(NbGraderPreprocessor):
    """Let a test cell keep its points where something was written to stderr.

    nbgrader gives no points to a cell with output on stderr, be it a warning of a library or a
    line of a student's logger. To run after ``Execute`` and before ``SaveAutoGrades``.
    """

    def preprocess_cell(self, cell: NotebookNode, resources, index):
        """Turn what is on stderr into output on stdout."""
        for output in cell.get("outputs", []) if is_test(cell) else []:
            if output.output_type == "stream":
                output.name = "stdout"
        return cell, resources


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
