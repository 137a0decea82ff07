"""Shows the error of a test that has failed, and where it comes from."""

from __future__ import annotations

import traceback
from collections.abc import Iterable

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.definitions import analyse
from lxmls_grading.execution import connection as connections
from lxmls_grading.execution.decisions import TEST_FILE
from lxmls_grading.feedback.undefined import NOT_DEFINED
from lxmls_nb.errors import UNWRITTEN, CheckFailed, NotAttempted

#: Characters of a test's output that are kept.
MAX_OUTPUT = 20_000


class FaultyTest(Exception):
    """A test cell could not be carried out: an instructor has to mend it.

    A clause whose subject is the test tells why.
    """


def error_output(error: BaseException, source: str) -> NotebookNode:
    """Return the output of a test that has failed, without any line of a hidden test."""
    name, text = type(error).__name__, _text(error)
    if isinstance(error, CheckFailed):
        lines = error.lines()
    elif isinstance(error, NotImplementedError) and any(each in text for each in UNWRITTEN):
        name, lines = NotAttempted.__name__, [f"Not attempted: {text}"]
    else:
        line = _visible_line(error, source)
        lines = [f"  {line}"] if line else []
        lines += [f"{name}: {text}" if text else name]
        lines += [f"  in your code: {note}" for note in getattr(error, "__notes__", [])]
    output: NotebookNode = new_output("error", ename=name, evalue=text, traceback=lines)
    return output


def _text(error: BaseException) -> str:
    """Return the message of an error, whose parts may be objects of the student."""
    try:
        return str(error)[:MAX_OUTPUT]
    except Exception:
        return "an error that cannot be shown"


def failed_line(error: BaseException) -> int | None:
    """Return the number of the line of a test cell that has failed, if there is one."""
    numbers = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == TEST_FILE and frame.lineno
    ]
    return numbers[-1] if numbers else None


def _visible_line(error: BaseException, source: str) -> str:
    """Return the line of a test cell that has failed, if students can see it."""
    number = failed_line(error)
    lines = source.split("\n")
    if number is None or number > len(lines):
        return ""
    above = "\n".join(lines[:number])
    hidden = above.count("BEGIN HIDDEN TESTS") > above.count("END HIDDEN TESTS")
    return "" if hidden else lines[number - 1].strip()


def is_borrowed(error: NameError, sources: Iterable[str]) -> bool:
    """Whether the student's code lacks a name that tests bind; with nbgrader it has it.

    Parameters
    ----------
    error : NameError
    sources : iterable of str
        The code of the tests.
    """
    found = NOT_DEFINED.search(_text(error))
    if not found or not getattr(error, "__notes__", None):  # it is raised by the test itself
        return False
    return any(found[1] in analyse(source).bound for source in sources)


def missing_module(error: BaseException | None) -> str | None:
    """Return the name of a module that a test itself, not the student's code, has not found."""
    if not isinstance(error, ModuleNotFoundError):
        return None
    frames = traceback.extract_tb(error.__traceback__)
    return None if any(each.filename == connections.__file__ for each in frames) else error.name
