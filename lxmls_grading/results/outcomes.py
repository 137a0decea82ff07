"""Reads graded notebooks: the outcome of each test, the reasons, whether there was a sandbox.

Submissions can put any text into messages and reasons: a page has to escape them.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade

from lxmls_grading.cells import METADATA_KEY, cause_of, grade_id, is_answer, is_test, noted
from lxmls_grading.intake.files import UnreadableError, UnsafeFileError, read_plain
from lxmls_grading.reasons import NOT_RUN_ERROR, Reason, reasons_of
from lxmls_grading.results.examples import answers_of
from lxmls_grading.settings import weakest_layer
from lxmls_nb.errors import CheckFailed, NotAttempted

#: What became of a test. UNKNOWN: there is no notebook that could be read.
PASSED, FAILED, NOT_ATTEMPTED, NOT_RUN = "passed", "failed", "not attempted", "not run"
UNKNOWN = "unknown"

#: Causes of failures besides those that a check names: it has named none, or the test gave a part
#: of its points.
UNNAMED, PARTLY = "", "partly right"

#: Bytes of a graded notebook that are read, and characters of a message that are kept.
MAX_NOTEBOOK_BYTES, KEPT_MESSAGE = 2**27, 2000


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a test.

    Attributes
    ----------
    outcome : str
        `PASSED`, `FAILED`, `NOT_ATTEMPTED`, `NOT_RUN` or `UNKNOWN`.
    message : str
        What the student reads if it failed.
    cause : str, optional
        Why it failed: the key of a known mistake, `UNNAMED` or `PARTLY`; None for an error that no
        check has raised.
    together : str, optional
        Why it ran together with the student's code: a clause; None if it ran apart.
    about : tuple of str
        The answers that it is about, by the names of their cells, if it failed.
    """

    outcome: str
    message: str = ""
    cause: str | None = None
    together: str | None = None
    about: tuple[str, ...] = ()


@dataclass
class NotebookResult:
    """What is read from a graded notebook.

    Attributes
    ----------
    tests : dict
        What became of each test, by the name of its cell.
    sandbox : bool, optional
        Whether it ran in a sandbox; None if that is not noted.
    limits : str
        What kept the limits there: one of `settings.LAYERS`, or nothing.
    reasons : list of Reason
    answers : dict
        The code of the answers, by the names of their cells.
    """

    tests: dict[str, TestResult] = field(default_factory=dict)
    sandbox: bool | None = None
    limits: str = ""
    reasons: list[Reason] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


def read_result(path: str | Path) -> NotebookResult:
    """Read a graded notebook.

    Raises
    ------
    UnreadableError
        If the file is no graded notebook.
    """
    try:
        # nbformat would validate it, which takes longer than all the rest.
        notebook = nbformat.from_dict(json.loads(read_plain(path, MAX_NOTEBOOK_BYTES)))
        return _result(notebook)
    except UnsafeFileError as problem:
        raise UnreadableError(f"it {problem}") from problem
    except Exception as error:  # one damaged file of many must not stop a report
        raise UnreadableError("it is not a notebook as grading writes it") from error


def _result(notebook: NotebookNode) -> NotebookResult:
    notes = notebook.metadata.get(METADATA_KEY, {})
    sandbox = notes.get("sandbox")
    tests: dict[str, TestResult] = {}
    answers: dict[str, str] = {}
    for cell in notebook.cells:
        if is_test(cell):
            result = _test_result(cell)
            about = answers_of(_source(cell), answers) if result.outcome == FAILED else ()
            together = noted(cell).get("together")
            tests[str(grade_id(cell))] = replace(result, together=together, about=about)
        elif cell.cell_type == "code" and is_answer(cell):
            answers[str(grade_id(cell))] = _source(cell)
    return NotebookResult(
        tests=tests,
        sandbox=sandbox if isinstance(sandbox, bool) else None,
        limits=weakest_layer([notes.get("limits")]),
        reasons=reasons_of(notebook),
        answers=answers,
    )


def _source(cell: NotebookNode) -> str:
    """Return the source of a cell, which files have in lines."""
    source = cell.source
    return source if isinstance(source, str) else "".join(map(str, source))


def _test_result(cell: NotebookNode) -> TestResult:
    """Return what became of a test."""
    for output in cell.outputs:
        if output.output_type == "error":
            if output.ename == NotAttempted.__name__:
                return TestResult(NOT_ATTEMPTED)
            if output.ename == NOT_RUN_ERROR:
                return TestResult(NOT_RUN)
            message = str(output.evalue)[:KEPT_MESSAGE]
            if output.ename == CheckFailed.__name__:
                return TestResult(FAILED, message, cause_of(cell) or UNNAMED)
            return TestResult(FAILED, f"{output.ename}: {message}" if message else output.ename)
    score, points = determine_grade(cell, logging.getLogger(__name__))
    if score is not None and score < points:
        return TestResult(FAILED, f"partly right: {score:g} of {points:g} points", PARTLY)
    return TestResult(PASSED)
