"""Tracebacks in the feedback show what went wrong, without the lines of hidden tests."""

from __future__ import annotations

import textwrap

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from lxmls_grading.cells import is_test
from lxmls_grading.reasons import NOT_RUN_ERROR
from lxmls_nb.errors import WIDTH, CheckFailed, NotAttempted

#: The headings that replace the names of exceptions.
HEADINGS = {kind.__name__: kind.heading for kind in (CheckFailed, NotAttempted)}
HEADINGS[NOT_RUN_ERROR] = "Not run"

#: Most characters of an error's message that are shown.
MAX_LENGTH = 1000


class ShortenTracebacks(NbGraderPreprocessor):
    """Reduces the traceback of a test cell to what went wrong, for feedback.

    IPython shows the lines around the one that failed, which are lines of hidden tests.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Put the error's message, wrapped, in place of a test cell's traceback."""
        for output in cell.get("outputs", []) if is_test(cell) else []:
            if output.output_type == "error":
                heading = HEADINGS.get(output.ename, output.ename)
                text = f"{heading}: {output.evalue}"
                output.traceback = textwrap.wrap(text[:MAX_LENGTH], WIDTH)
        return cell, resources
