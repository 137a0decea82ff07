"""A cgroup (version 2) for each student kernel: limits that Linux itself keeps, at every moment.

Where none can be had (see :mod:`~lxmls_grading.sandbox.delegation`), or a file of it cannot be
written, kernels are looked at ten times a second alone: see
:meth:`~lxmls_grading.kernel.forked.ForkedKernel.watch`. They are looked at all the same.
"""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from lxmls_grading.sandbox.delegation import KERNEL, CgroupError, prepare, read, remove, write
from lxmls_grading.settings import Settings

#: Bytes that a leaf may have beyond those of its processes and files: tables of pages, for example.
ROOM = 64 * 2**20

#: Processes of a leaf beyond those of the kernel: one waits for it, one is the sandbox's first.
BESIDE = 2

#: The weight of a kernel among its neighbours; the grader's own leaf has 100.
WEIGHT = 20

_numbers = itertools.count(1)


class Leaf:
    """The cgroup of one student kernel, until :meth:`close`.

    Parameters
    ----------
    base : Path
        What :func:`prepare` has returned.
    settings : Settings

    Raises
    ------
    OSError
        If it cannot be made, or a limit cannot be set.
    """

    def __init__(self, base: Path, settings: Settings):
        self.path = base / f"{KERNEL}{os.getpid()}-{next(_numbers)}"
        self._ran_out = False
        self.path.mkdir()
        try:
            # Files in memory and their pages count, too, which the looks count apart.
            most = settings.memory + settings.disk + min(settings.disk, 2**26) + ROOM
            write(self.path / "memory.max", str(most))
            write(self.path / "memory.oom.group", "1")
            write(self.path / "pids.max", str(settings.processes + BESIDE))
            for name, value in (("memory.swap.max", "0"), ("cpu.weight", str(WEIGHT))):
                if (self.path / name).exists():  # not each machine can swap
                    write(self.path / name, value)
        except OSError:
            self.close()
            raise

    def enter(self) -> None:
        """Move this process, which has one thread, into the leaf; its children begin there.

        Raises
        ------
        OSError
            If Linux refuses.
        """
        write(self.path / "cgroup.procs", "0")

    def has_processes(self) -> bool:
        """Whether there is a process in it."""
        with suppress(OSError):
            return bool(read(self.path / "cgroup.procs").strip())
        return False

    def ran_out_of_memory(self) -> bool:
        """Whether Linux has ended its processes because they took more than the leaf may have.

        Linux also ends processes when the whole machine has no memory left: that is not told here.
        """
        with suppress(OSError, ValueError):
            lines = read(self.path / "memory.events").splitlines()
            events = {name: int(value) for name, value in map(str.split, lines)}
            self._ran_out |= bool(events.get("oom") and events.get("oom_kill"))
        return self._ran_out

    def close(self) -> None:
        """End all of its processes and remove it."""
        self.ran_out_of_memory()
        remove(self.path)


@cache
def _prepared() -> Path | None:
    try:
        return prepare()
    except CgroupError:
        return None


def make_leaf(settings: Settings) -> Leaf | None:
    """Return a leaf for a kernel, or None where there is none to be had."""
    base = _prepared()
    try:
        return None if base is None else Leaf(base, settings)
    except OSError:
        return None
