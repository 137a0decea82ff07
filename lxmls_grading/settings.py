"""How notebooks are executed: what an instructor sets, and what all sides wait for each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxmls_grading.sandbox.confinement import Limits

#: Seconds that a kernel has to start.
START_TIMEOUT = 60

#: Seconds that a kernel has to stop what it does when it is interrupted.
GRACE = 5


@dataclass(frozen=True)
class Options:
    """How notebooks are executed.

    Attributes
    ----------
    timeout : float
        Seconds for a cell, and for each call of an answer by a test.
    notebook_timeout : float
        Seconds for a notebook.
    max_output : int
        Bytes of output that are kept of a cell; five times as much of a notebook.
    limits : Limits
        Of the student kernel.
    sandbox : bool
    user_namespace : bool, optional
        See :class:`~lxmls_grading.sandbox.bubblewrap.Sandbox`.
    hide : list of str
        Folders that the student kernel must not see: the course.
    """

    timeout: float = 120
    notebook_timeout: float = 900
    max_output: int = 2 * 2**20
    limits: Limits = field(default_factory=Limits)
    sandbox: bool = True
    user_namespace: bool | None = None
    hide: list[str] = field(default_factory=list)

    @classmethod
    def from_dict(cls, values: dict) -> Options:
        """Return options that have travelled as JSON."""
        return cls(**values | {"limits": Limits(**values["limits"])})
