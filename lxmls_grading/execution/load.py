"""Whether a notebook's time was up because the machine was busy with something else."""

from __future__ import annotations

import os
import time

from lxmls_grading.execution.guard import suspended
from lxmls_grading.kernel.provisioner import SandboxProvisioner
from lxmls_grading.sandbox.processor_time import (
    ProcessorTime,
    cores,
    is_substantial,
    missed,
    processor_time,
)

#: Seconds for which a measurement serves the cells that start next. Most take a few milliseconds,
#: and limits are seconds.
FRESH = 0.25


class LoadWatch:
    """Compares, where a limit of time is reached, what processes had with what they asked for.

    Parameters
    ----------
    provisioner : SandboxProvisioner
        Of the student kernel. What this process does itself, for a test, counts with it.
    deadline : float
        When the time of the notebook is up, on the clock of `time.monotonic`.

    Attributes
    ----------
    starved : bool
        Whether a limit was reached while the processes missed a substantial part of the time.
    """

    def __init__(self, provisioner: SandboxProvisioner, deadline: float):
        self.provisioner, self.deadline = provisioner, deadline
        self.starved = False
        self._first = self._cell = self._measure()

    def start_cell(self) -> None:
        """Measure from now on for the next cell, or from a moment ago."""
        if time.monotonic() - self._cell[0] > FRESH:
            self._cell = self._measure()

    def start_kernel(self) -> None:
        """Measure from now on: another kernel, whose times begin at zero, has taken over."""
        self._cell = self._measure()

    def look(self) -> str:
        """Look at the load, now that a limit is reached: the cell's, or the notebook's.

        Returns
        -------
        why : str
            A clause for the instructor if the machine was to blame, or nothing.
        """
        now, reading = self._measure()
        whole = now >= self.deadline - 0.1  # a clock may ring a little early
        for start, before in (self._cell, *([self._first] if whole else [])):
            seconds = now - start
            without = missed(before, reading, seconds, cores())
            if is_substantial(without, seconds):
                self.starved = True
                return (
                    f"the machine was loaded: for {without:.0f} of {seconds:.0f} s no core was free"
                )
        return ""

    def _measure(self) -> tuple[float, ProcessorTime]:
        with suspended():  # a limit can be reached in the middle of a test
            own = processor_time("/proc", [os.getpid()])
        kernel = ProcessorTime()
        if self.provisioner.has_process:
            kernel = self.provisioner.processor_time()
        both = ProcessorTime(kernel.used + own.used, kernel.waited + own.waited)
        return time.monotonic(), both
