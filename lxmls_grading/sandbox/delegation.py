"""Finds the cgroup (version 2) that is delegated to the grader, in which kernels get theirs.

That is the cgroup that the grader is in, if it may make others there: a systemd scope or service
with ``Delegate=yes``, or the only cgroup of a container. Nothing outside of it is touched. Linux
asks that a cgroup which has others with limits in it has no processes itself; so the processes of
the grader move to a leaf of their own first, where their children begin, too.
"""

from __future__ import annotations

import atexit
import errno
import os
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

#: Controllers that limits need, and the one that shares processors fairly where it is there.
NEEDED, WANTED = ("memory", "pids"), "cpu"

#: The leaf of the grader's own processes, and how the leaves of kernels are called: after this come
#: the id of the process that has made it, and a number.
GRADER, KERNEL = "lxmls-nb-grader", "lxmls-nb-kernel-"

#: Seconds that Linux has to end the processes of a leaf.
END_TIMEOUT = 2

#: Seconds that systemd has to answer.
SYSTEMD_TIMEOUT = 10


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
        inside = Path(own).is_relative_to(_plain(root)) and ".." not in Path(own).parts
        if right.split()[0] != "cgroup2" or not inside:
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
        found = read(base / "cgroup.controllers").split()
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
    enabled = read(base / "cgroup.subtree_control").split()
    new = [name for name in wanted if name not in enabled]
    if not new:
        return
    line = " ".join(f"+{name}" for name in new)
    moved = False
    try:
        write(base / "cgroup.subtree_control", line)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        moved = True
        _move(base)
        try:
            write(base / "cgroup.subtree_control", line)
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
        for pid in read(base / "cgroup.procs").split():
            if everyone or _is_of(int(pid), os.getpid()):
                with suppress(OSError):  # it has just ended, or is a thread of Linux
                    write(leaf / "cgroup.procs", pid)


def _is_delegated(base: Path) -> bool:
    """Whether a cgroup is the grader's as a whole."""
    for name in ("user.delegate", "trusted.delegate"):
        with suppress(OSError, AttributeError):
            if os.getxattr(base, name) == b"1":
                return True
    with suppress(CgroupError):
        own, mount = own_cgroup()
        if own == mount == base:
            return True
    return _is_delegated_by_own_systemd(base)


def _is_delegated_by_own_systemd(base: Path) -> bool:
    """Whether the systemd of this user has delegated a cgroup: unlike root's, it leaves no note."""
    if f"user@{os.getuid()}.service" not in base.parts or base.suffix not in (".scope", ".service"):
        return False
    question = ["systemctl", "--user", "show", "--property=Delegate", "--value", "--", base.name]
    try:
        answer = subprocess.run(
            question, stdin=subprocess.DEVNULL, capture_output=True, timeout=SYSTEMD_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == b"yes"


def _is_of(pid: int, ancestor: int) -> bool:
    """Whether a process is another one or has been started by it."""
    while pid > 1 and pid != ancestor:
        try:
            pid = int(read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return False
    return pid == ancestor


def _move_back(base: Path) -> None:
    """Move all processes of the leaf of the grader back, and remove it."""
    with suppress(OSError):
        for pid in read(base / GRADER / "cgroup.procs").split():
            with suppress(OSError):
                write(base / "cgroup.procs", pid)
        (base / GRADER).rmdir()


def _give_back(base: Path, enabled: list[str], moved: bool, pid: int) -> None:
    """Undo what :func:`prepare` has done, at the end of the process that has done it."""
    if os.getpid() != pid:  # a fork of it
        return
    with suppress(OSError):
        _remove_left(base)
        others = [path for path in base.iterdir() if path.is_dir() and path.name != GRADER]
        if not others:
            write(base / "cgroup.subtree_control", " ".join(f"-{name}" for name in enabled))
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
        write(path / "cgroup.kill", "1")  # since Linux 5.14; bubblewrap's end does the same
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


def read(path: Path) -> str:
    """Return the text of a file of a cgroup.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    return path.read_text()


def write(path: Path, text: str) -> None:
    """Write a file of a cgroup, which must be there, in one go.

    Raises
    ------
    OSError
        If it is not there, or Linux refuses what is written.
    """
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
