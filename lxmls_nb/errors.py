"""How a check says that an answer is wrong, or not there yet."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, TracebackType

#: Columns of a message: nbgrader's feedback pages don't wrap lines.
WIDTH = 92

#: What a NotImplementedError says where an answer is not written: the text that nbgrader puts in
#: the place of a solution (nbgrader_config.py), and that of the models' methods.
UNWRITTEN = ("not attempted yet", "is yours to write")

#: Why code that is written stops as if it were not, by fault; see :func:`fault_of_stop`.
PLACEHOLDER, BASE = "placeholder", "base"
STOPS = {
    PLACEHOLDER: "the line `raise NotImplementedError` is still in `{place}`. Is your answer "
    "written? Then delete that line, run its cell, then this one",
    BASE: "`{place}` calls the method of the given class, as by `super()`, and that one is empty: "
    "what it should return is yours to compute",
}


class CheckFailed(AssertionError):
    """An answer is wrong.

    Parameters
    ----------
    message : str
        One or two lines for the student.
    cause : str, optional
        Key of the likely mistake, one of :data:`lxmls_nb.checks.mistakes.KEYS`.
    subject : str
        What the message begins with, before it explains the mistake.
    mistake : str
        That mistake, in a few words that hold for each case of it. A notebook shows these in the
        place of the explanation where another of its cells has given that already.

    Attributes
    ----------
    answers : tuple
        The functions and classes that were looked at.
    """

    heading = "Not yet right"

    def __init__(
        self, message: str, cause: str | None = None, subject: str = "", mistake: str = ""
    ):
        super().__init__(message)
        self.cause, self.subject, self.mistake = cause, subject, mistake
        self.answers: tuple[object, ...] = ()

    def lines(self) -> list[str]:
        """Return the whole message, in lines."""
        return textwrap.wrap(f"{self.heading}: {self}", WIDTH)

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the message alone: the way through the library is no help."""
        return self.lines()


class NotAttempted(CheckFailed, NotImplementedError):
    """There is no answer yet."""

    heading = "Not attempted yet"


@contextmanager
def answer_needed() -> Iterator[None]:
    """Say in a line that an answer is missing, in place of the way there through the library.

    Raises
    ------
    NotAttempted
        If the block raises NotImplementedError.
    CheckFailed
        If it does so although the answer is written.
    """
    try:
        yield
    except NotAttempted:
        raise
    except NotImplementedError as error:
        raise stopped(error.__traceback__) or NotAttempted(
            "this needs your answer, in its cell above, first."
        ) from None


def unwritten(name: str, found: Sequence[str] = ()) -> NotAttempted:
    """Return the failure of a function that is not written, or of a cell: ``"<module>"``.

    Parameters
    ----------
    name : str
    found : sequence of str
        What may have been written in its place, under other names.
    """
    if name.startswith("<"):
        return NotAttempted("write your answer in this cell, and delete its last line.")
    if found:
        there = ", ".join(f"`{each}`" for each in found)
        return NotAttempted(
            f"`{name}` is not written, but there is {there}: if that is your answer, give it the "
            "name that is asked for."
        )
    return NotAttempted(f"write `{name}` in its cell above, run that cell, then this one.")


def stopped(trace: TracebackType | None) -> CheckFailed | None:
    """Return the failure of code that is written and stops as if it were not, None for any other.

    Parameters
    ----------
    trace : traceback, optional
        The way to an error that says that an answer is not written.
    """
    fault, place = fault_of_stop(trace)
    return CheckFailed(f"{STOPS[fault].format(place=place)}.") if fault else None


def fault_of_stop(trace: TracebackType | None) -> tuple[str, str]:
    """Return why code stops as if it were not written, and the function in which it does.

    Parameters
    ----------
    trace : traceback, optional
        The way to an error that says that an answer is not written.

    Returns
    -------
    fault : str
        ``"placeholder"``: the line that stands for an answer is there beside that answer;
        ``"base"``: a method calls the empty one that it should take the place of; ``""``: the
        code is not written.
    place : str
        Such as ``"LogLinear.forward"``.
    """
    codes = []
    while trace is not None:
        codes.append(trace.tb_frame.f_code)
        trace = trace.tb_next
    if not codes:
        return "", ""
    if len(codes) > 1 and codes[-1].co_name == codes[-2].co_name != "<module>":
        return BASE, _place(codes[-2])
    if _holds_more_than_placeholder(codes[-1]):
        return PLACEHOLDER, _place(codes[-1])
    return "", _place(codes[-1])


def _place(code: CodeType) -> str:
    return code.co_qualname.rpartition("<locals>.")[2]


def _holds_more_than_placeholder(code: CodeType) -> bool:
    """Whether a function has more in it than what is given: what stands behind `raise`, too.

    That is not compiled, so the source is looked at.
    """
    function = syntax_of(code)
    return function is not None and not all(map(_is_given, function.body))


def syntax_of(code: CodeType) -> ast.FunctionDef | None:
    """Return the syntax tree of a function, None if there is no source, or it is none."""
    if code.co_name.startswith("<"):
        return None
    try:
        lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
        text = textwrap.dedent("".join(inspect.getblock(lines)))
        (function,) = ast.parse(text).body
    except Exception:  # a cell can hold what is no Python
        return None
    return function if isinstance(function, ast.FunctionDef) else None


def _is_given(statement: ast.stmt) -> bool:
    """Whether a statement stands in a function that is not written yet."""
    if isinstance(statement, ast.Raise):
        return "NotImplementedError" in ast.unparse(statement)
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    is_start = ast.unparse(statement).startswith("super().__init__(")
    return is_text or is_start or isinstance(statement, ast.Pass)
