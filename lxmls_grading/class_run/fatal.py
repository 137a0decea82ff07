"""The errors that concern all submissions, and end a run."""

from __future__ import annotations

from nbgrader.converters.base import NbGraderException
from sqlalchemy.exc import OperationalError

from lxmls_grading.class_run.cluster import ClusterError
from lxmls_grading.class_run.task import OtherInstallationError
from lxmls_grading.sandbox.bubblewrap import SandboxError

FATAL = (
    SandboxError,
    OtherInstallationError,
    NbGraderException,
    ClusterError,
    OperationalError,
    OSError,
)


def explain(error: BaseException) -> str:
    """Return what an instructor needs to know about an error that ends a run."""
    if isinstance(error, OperationalError):
        return f"the gradebook cannot be used ({error.orig}): repair it and run again to continue"
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""  # a full disk may have none
        return f"{error.strerror or error}{place}: repair it and run again to continue"
    return str(error)
