"""How a check says that an answer is wrong, or not there yet."""

from __future__ import annotations


class CheckFailed(AssertionError):
    """An answer is wrong.

    Parameters
    ----------
    message : str
        One or two lines for the student.
    cause : str, optional
        Key of the likely mistake in :data:`lxmls_nb.checks.causes.CAUSES`.
    """

    def __init__(self, message: str, cause: str | None = None):
        super().__init__(message)
        self.cause = cause

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the message alone: the way through the library is no help."""
        return [f"{type(self).heading}: {self}"]

    heading = "Not yet right"


class NotAttempted(CheckFailed):
    """There is no answer yet."""

    heading = "Not attempted yet"
