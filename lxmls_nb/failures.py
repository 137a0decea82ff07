"""How a check says that an answer is wrong, or not there yet."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

#: Columns of a message: nbgrader's feedback pages don't wrap lines.
WIDTH = 92


class CheckFailed(AssertionError):
    """An answer is wrong.

    Parameters
    ----------
    message : str
        One or two lines for the student.
    cause : str, optional
        Key of the likely mistake in :data:`lxmls_nb.checks.causes.CAUSES`.
    """

    heading = "Not yet right"

    def __init__(self, message: str, cause: str | None = None):
        super().__init__(message)
        self.cause = cause

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the message alone: the way through the library is no help."""
        return textwrap.wrap(f"{self.heading}: {self}", WIDTH)


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
        raise NotAttempted("this needs your answer: write it in its cell above first.") from None
