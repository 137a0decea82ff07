"""A cgroup (version 2) for each student kernel: limits that Linux itself keeps, at every moment.

They are made in the cgroup that the grader is in, if that is delegated to it: a systemd scope or
service with ``Delegate=yes``, or the only cgroup of a container. Nothing outside of that is
touched. Linux asks that a cgroup which has others with limits in it has no processes itself;
so the grader's processes move to a leaf of their own first, and its children inherit that.

Where there is no such cgroup, or a file of it cannot be written, kernels are looked at ten times a
second all the same (see :meth:`lxmls_grading.kernel.forked.ForkedKernel.watch`).
"""

from __future__ import annotations

import atexit
import errno
import itertools
import os
import re
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from lxmls_grading.settings import Settings

#: Controllers that limits need, and the one that shares processors fairly where it is there.
NEEDED, WANTED = ("memory", "pids"), "cpu"

#: The leaf of the grader's own processes, and how the leaves of kernels are called: after this come
#: the id of the process that has made it, and a number.
GRADER, KERNEL = "lxmls-nb-grader", "lxmls-nb-kernel-"

#: Bytes that a leaf may have beyond those of its processes and files: tables of pages, for example.
ROOM = 64 * 2**20

#: Processes of a leaf beyond those of the kernel: one waits for it, one is the sandbox's first.
BESIDE = 2

#: The weight of a kernel among its neighbours; the grader's own leaf has 100.
WEIGHT = 20

#: Seconds that Linux has to end the processes of a leaf.
END_TIMEOUT = 2

_numbers = itertools.count(1)


class CgroupError(OSError):
    """There is no cgroup for kernels here. A clause tells why."""


def own_cgroup(proc: Path = Path("/proc/self")) -> tuple[Path, Path]:
    """Return the folder of the cgroup that this process is in, and where its tree is mounted.

    Raises
    ------
    CgroupError
        If there is none of version 2, or it is mounted read-only or not at all.
    """
    try:
        lines = (proc / "cgroup").read_text().splitlines()
        mounts = (proc / "mountinfo").read_text().splitlines()
    except OSError as error:
        raise CgroupError(f"this system has no cgroups ({error.strerror})") from None
    own = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if own is None:
        raise CgroupError("this machine has cgroups of version 1 only")
    why = "its cgroup of version 2 is not mounted"
    for line in mounts:
        left, _, right = line.partition(" - ")
        _, _, _, root, place, options, *_ = left.split()
        if right.split()[0] != "cgroup2" or not Path(own).is_relative_to(_plain(root)):
            continue
        if "ro" in options.split(",") or "ro" in right.split()[2].split(","):
            why = f"{_plain(place)} is mounted read-only"
            continue
        mount = Path(_plain(place))
        return mount / Path(own).relative_to(_plain(root)), mount
    raise CgroupError(why)


def _plain(text: str) -> str:
    """Return a path of ``mountinfo``, where spaces are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def prepare(proc: Path = Path("/proc/self")) -> Path:
    """Return the cgroup in which kernels get theirs; give it controllers if it has none.

    The process that starts all others calls this first, and they find what it has prepared. When
    it ends it puts everything back, unless others still use it. What a killed grader has left
    there is removed.

    Parameters
    ----------
    proc : Path
        What Linux tells of this process.

    Raises
    ------
    CgroupError
        If there is no cgroup for kernels here.
    """
    base, mount = own_cgroup(proc)
    if base.name == GRADER and base != mount:
        base = base.parent
    try:
        found = _read(base / "cgroup.controllers").split()
        missing = [name for name in NEEDED if name not in found]
        if missing:
            raise CgroupError(f"{base} has no controller {' and no '.join(missing)}")
        if not os.access(base, os.W_OK):
            raise CgroupError(f"{base} is not delegated to this user")
        _enable(base, [*NEEDED, *([WANTED] if WANTED in found else [])])
        _remove_left(base)
    except CgroupError:
        raise
    except OSError as error:
        raise CgroupError(f"{base} cannot be used ({error.strerror})") from None
    return base


def _enable(base: Path, wanted: list[str]) -> None:
    """Enable controllers in the cgroups below one, which may have no processes of its own then."""
    enabled = _read(base / "cgroup.subtree_control").split()
    new = [name for name in wanted if name not in enabled]
    if not new:
        return
    line = " ".join(f"+{name}" for name in new)
    moved = False
    try:
        _write(base / "cgroup.subtree_control", line)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        moved = True
        _move(base)
        try:
            _write(base / "cgroup.subtree_control", line)
        except OSError as second:
            _move_back(base)
            if second.errno != errno.EBUSY:
                raise
            raise CgroupError(f"{base} has processes of others, too") from None
    atexit.register(_give_back, base, new, moved, os.getpid())


def _move(base: Path) -> None:
    """Move processes of a cgroup to the leaf of the grader.

    Where systemd has delegated it, or it is all that a container has, that is every process. Else
    it is this one and what it has started.
    """
    leaf = base / GRADER
    leaf.mkdir(exist_ok=True)
    everyone = _is_delegated(base)
    for _ in range(3):  # processes may be started meanwhile
        for pid in _read(base / "cgroup.procs").split():
            if everyone or _is_of(int(pid), os.getpid()):
                with suppress(OSError):  # it has just ended, or is a thread of Linux
                    _write(leaf / "cgroup.procs", pid)


def _is_delegated(base: Path) -> bool:
    """Whether a cgroup is the grader's as a whole."""
    for name in ("user.delegate", "trusted.delegate"):
        with suppress(OSError, AttributeError):
            if os.getxattr(base, name) == b"1":
                return True
    with suppress(CgroupError):
        own, mount = own_cgroup()
        return own == mount == base
    return False


def _is_of(pid: int, ancestor: int) -> bool:
    """Whether a process is another one or has been started by it."""
    while pid > 1 and pid != ancestor:
        try:
            pid = int(_read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return False
    return pid == ancestor


def _move_back(base: Path) -> None:
    """Move all processes of the leaf of the grader back, and remove it."""
    with suppress(OSError):
        for pid in _read(base / GRADER / "cgroup.procs").split():
            with suppress(OSError):
                _write(base / "cgroup.procs", pid)
        (base / GRADER).rmdir()


def _give_back(base: Path, enabled: list[str], moved: bool, pid: int) -> None:
    """Undo what :func:`prepare` has done, at the end of the process that has done it."""
    if os.getpid() != pid:  # a fork of it
        return
    with suppress(OSError):
        _remove_left(base)
        others = [path for path in base.iterdir() if path.is_dir() and path.name != GRADER]
        if not others:
            _write(base / "cgroup.subtree_control", " ".join(f"-{name}" for name in enabled))
            if moved:
                _move_back(base)


def _remove_left(base: Path) -> None:
    """Remove the leaves of graders that have ended."""
    for path in base.glob(f"{KERNEL}*"):
        maker = path.name.removeprefix(KERNEL).partition("-")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists():
            remove(path)


def remove(path: Path) -> None:
    """End all processes of a leaf and remove it, if possible in time."""
    with suppress(OSError):
        _write(path / "cgroup.kill", "1")  # since Linux 5.14; bubblewrap's end does the same
    end = time.monotonic() + END_TIMEOUT
    while True:
        try:
            path.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > end:
                return  # the next run removes it
            time.sleep(0.002)


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
            _write(self.path / "memory.max", str(most))
            _write(self.path / "memory.oom.group", "1")
            _write(self.path / "pids.max", str(settings.processes + BESIDE))
            for name, value in (("memory.swap.max", "0"), ("cpu.weight", str(WEIGHT))):
                if (self.path / name).exists():  # not each machine can swap
                    _write(self.path / name, value)
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
        _write(self.path / "cgroup.procs", "0")

    def has_processes(self) -> bool:
        """Whether there is a process in it."""
        with suppress(OSError):
            return bool(_read(self.path / "cgroup.procs").strip())
        return False

    def ran_out_of_memory(self) -> bool:
        """Whether Linux has ended its processes because they took more than the leaf may have.

        Linux also ends processes when the whole machine has no memory left: that is not told here.
        """
        with suppress(OSError, ValueError):
            lines = _read(self.path / "memory.events").splitlines()
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


def _read(path: Path) -> str:
    return path.read_text()


def _write(path: Path, text: str) -> None:
    """Write a file of a cgroup, at once: it must be there."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
