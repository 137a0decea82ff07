"""How a check says that an answer is wrong, or not there yet."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

#: Columns of a message: nbgrader's feedback pages don't wrap lines.
WIDTH = 92

#: What a NotImplementedError says where an answer is not written: the text that nbgrader puts in
#: the place of a solution (nbgrader_config.py), and that of the models' methods.
UNWRITTEN = ("not attempted yet", "is yours to write")


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
    """
    try:
        yield
    except NotAttempted:
        raise
    except NotImplementedError:
        raise NotAttempted("this needs your answer, in its cell above, first.") from None


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
