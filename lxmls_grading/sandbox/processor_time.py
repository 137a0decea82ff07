"""For how long processes have computed, and for how long they could not because others did."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

#: The part of its time that a process may have to wait for a core before the machine is to blame.
SUBSTANTIAL = 0.25

#: Nanoseconds in a second.
NANO = 10**9


class ProcessorTime(NamedTuple):
    """Sums over the threads of some processes.

    Attributes
    ----------
    used : float
        Seconds on a core.
    waited : float
        Seconds in which they could have computed and no core was free. To sleep, or to wait for
        something else, is no part of it.
    """

    used: float = 0.0
    waited: float = 0.0


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_time(proc: str, pids: Iterable[int] | None = None) -> ProcessorTime:
    """Return the processor time of processes; what cannot be read counts as none.

    Parameters
    ----------
    proc : str
        A folder like ``/proc``.
    pids : iterable of int, optional
        By default, all that are there. Of children that have ended and that their parents have
        waited for, the time on a core counts, too.
    """
    used = waited = 0.0
    ticks = os.sysconf("SC_CLK_TCK")
    with suppress(OSError):
        if pids is None:
            pids = [int(name) for name in os.listdir(proc) if name.isdigit()]
    for pid in pids or []:
        with suppress(OSError, ValueError, IndexError):
            with open(f"{proc}/{pid}/stat", "rb") as file:  # names of programs can be any bytes
                fields = file.read().rpartition(b")")[2].split()
            used += sum(map(int, fields[13:15])) / ticks
            for thread in os.listdir(f"{proc}/{pid}/task"):
                with suppress(OSError, ValueError):
                    with open(f"{proc}/{pid}/task/{thread}/schedstat") as file:
                        computed, queued, _ = map(int, file.read().split())
                    used, waited = used + computed / NANO, waited + queued / NANO
    return ProcessorTime(used, waited)


def missed(before: ProcessorTime, after: ProcessorTime, seconds: float, cores: int) -> float:
    """Return for how long processes would have computed, besides, if they had been alone.

    They had to wait for as long as they have waited, but no longer than cores were taken by others:
    whoever starts a hundred processes waits for their own.

    Parameters
    ----------
    before, after : ProcessorTime
    seconds : float
        What lies between them.
    cores : int
    """
    used, waited = (max(0.0, late - early) for early, late in zip(before, after, strict=True))
    return max(0.0, min(waited, cores * seconds - used))


def is_substantial(missed_seconds: float, seconds: float) -> bool:
    """Whether processes missed so much of a time that they had less than was meant."""
    return missed_seconds >= SUBSTANTIAL * seconds > 0
