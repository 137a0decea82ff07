"""Notes in an executed notebook what its outputs tell: limits, faults of the kernel, lost files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.intake.notebooks import clean_text
from lxmls_grading.kernel.student_kernel import KERNEL_FAULT
from lxmls_grading.reasons import add_reason, format_bytes, reason
from lxmls_grading.settings import Settings


def note_limit(notebook: NotebookNode, cell: NotebookNode, settings: Settings) -> None:
    """Note a limit that a cell has reached without being stopped."""
    for output in _errors(cell):
        error = f"{output.get('ename')}: {output.get('evalue')}"
        for words, kind, limit in (
            ("MemoryError", "memory", format_bytes(settings.memory)),
            ("can't allocate memory", "memory", format_bytes(settings.memory)),
            ("[Errno 28]", "disk", format_bytes(settings.disk)),  # no space left on device
            ("[Errno 27]", "disk", format_bytes(settings.disk)),  # file too large
            ("[Errno 11]", "processes", str(settings.processes)),  # from a fork
            ("can't start new thread", "processes", str(settings.processes)),
        ):
            if words in error:
                add_reason(notebook, reason(kind, limit=limit))
                return


def note_findings(notebook: NotebookNode, left_out: Mapping[str, str]) -> None:
    """Note what has cost points without being the fault of an answer.

    That is a fault of the kernel, with the tests after it that have failed; and a file beside the
    notebook that was left out (see :func:`lxmls_grading.intake.working_files.read_working_files`)
    where an error names it.

    Parameters
    ----------
    notebook : NotebookNode
        After its execution.
    left_out : mapping of str
        Why files are not there: a clause without a subject, by their paths.
    """
    fault = None
    failed = []
    for cell in notebook.cells:
        for output in _errors(cell):
            if fault is None and output.get("ename") == KERNEL_FAULT:
                fault = str(output.get("evalue"))
        if fault is not None and is_test(cell) and _errors(cell):
            failed.append(str(grade_id(cell)))
    if fault is not None and failed:
        add_reason(notebook, reason("fault", failed, what=fault))
    errors = [str(output.get("evalue")) for cell in notebook.cells for output in _errors(cell)]
    for name, why in left_out.items():
        if any(name.rpartition("/")[2] in error for error in errors):
            add_reason(notebook, reason("file", what=f"`{name}` {why}"))


def note_lost_files(notebook: NotebookNode, lost: Mapping[str, str]) -> None:
    """Note files that could not be put beside the notebook when its kernel started.

    This is always told, also where no error names them: unlike a file that is left out by rule, one
    of the assignment's could be among them.

    Parameters
    ----------
    notebook : NotebookNode
    lost : mapping of str
        Why files are not there: a clause without a subject, by their paths.
    """
    for name, why in lost.items():
        add_reason(notebook, reason("file", what=f"`{clean_text(name)}` {clean_text(why)}"))


def _errors(cell: NotebookNode) -> list[Any]:
    """Return the errors among the outputs of a cell."""
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]
