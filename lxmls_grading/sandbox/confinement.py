"""What a forked process does to itself before it runs a student's code.

It joins the namespaces that bubblewrap has made (see :mod:`~lxmls_grading.sandbox.bubblewrap`),
gives up every privilege and sets limits. Nothing of this can be undone. All of it is done with
system calls of Linux.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lxmls_grading.settings import Settings

#: Namespaces that are joined (``<linux/sched.h>``): mount, UTS, IPC, pid, network, and user.
PID_NAMESPACE, USER_NAMESPACE, NETWORK_NAMESPACE = 0x20000000, 0x10000000, 0x40000000
MOUNT_NAMESPACE = 0x00020000
NAMESPACES = MOUNT_NAMESPACE | 0x04000000 | 0x08000000 | PID_NAMESPACE | NETWORK_NAMESPACE

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION_3 = 0x20080522

#: What the command line of a kernel is, for whoever looks at the processes of a machine.
TITLE = b"lxmls-nb student kernel"

#: Most bytes of a command line and an environment together: a quarter of the largest stack.
MAX_START = 2**21

#: Files that one process may have open.
OPEN_FILES = 512

#: Terminals (``/dev/pts``) that a sandbox may have at a time; ``!command`` in a cell takes one. All
#: users of the machine share some 3000.
TERMINALS = 16

#: Of <sys/mount.h>: change a mount, without set-user-id and programs.
MS_REMOUNT, MS_NOSUID, MS_NOEXEC = 32, 2, 8

#: Of <linux/sockios.h>, <net/if.h> and <linux/nsfs.h>.
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP, NS_GET_USERNS = 0x8913, 0x8914, 1, 0xB701


class ConfinementError(OSError):
    """A step of the confinement failed: the student's code must not run."""


def _call(name: str, *arguments: Any) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise ConfinementError(number, f"{name}: {os.strerror(number)}")


def prctl(option: int, *arguments: int) -> None:
    """Change a property of this process (``man 2 prctl``).

    Raises
    ------
    ConfinementError
        If Linux refuses.
    """
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    _call("prctl", ctypes.c_int(option), *values)


def join_namespaces(pidfd: int, namespaces: int) -> None:
    """Join namespaces of a process. Only later children of this process join a pid namespace.

    Parameters
    ----------
    pidfd : int
        A file descriptor from :func:`os.pidfd_open`, or of one namespace.
    namespaces : int
        :data:`NAMESPACES` or some of them, and :data:`USER_NAMESPACE`.

    Raises
    ------
    ConfinementError
        If Linux refuses.
    """
    _call("setns", pidfd, namespaces)


@contextmanager
def children_inside(pidfd: int) -> Iterator[None]:
    """Let this process fork children into the pid namespace of another one, for a while.

    Only root can leave a pid namespace again.

    Parameters
    ----------
    pidfd : int
        A file descriptor from :func:`os.pidfd_open`.

    Raises
    ------
    ConfinementError
        If Linux refuses.
    """
    with open("/proc/self/ns/pid", "rb", buffering=0) as own:
        join_namespaces(pidfd, PID_NAMESPACE)
        try:
            yield
        finally:
            join_namespaces(own.fileno(), PID_NAMESPACE)


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends; other systems cannot."""
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def address_space() -> int:
    """Return the bytes of this process that ``RLIMIT_AS`` counts."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def join_owner(pid: int) -> None:
    """Join the user namespace that owns what bubblewrap has made for a sandbox.

    bubblewrap makes two, and puts the processes of the sandbox into the inner one.

    Parameters
    ----------
    pid : int
        Of a process in the sandbox.

    Raises
    ------
    ConfinementError
        If Linux refuses.
    """
    with open(f"/proc/{pid}/ns/net", "rb", buffering=0) as network:
        owner = fcntl.ioctl(network, NS_GET_USERNS)
    try:
        join_namespaces(owner, USER_NAMESPACE)
    finally:
        os.close(owner)


def loopback_down(pid: int) -> None:
    """Switch the loopback of a sandbox off: what its connections buffer is counted nowhere.

    This process, which has one thread, is in the network namespace of the sandbox afterwards. It
    must have all rights in it (:func:`join_owner`).

    Parameters
    ----------
    pid : int
        Of a process in the sandbox.

    Raises
    ------
    ConfinementError
        If Linux refuses.
    """
    with open(f"/proc/{pid}/ns/net", "rb", buffering=0) as network:
        join_namespaces(network.fileno(), NETWORK_NAMESPACE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            found = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
            (flags,) = struct.unpack("16xh22x", found)
            wanted = struct.pack("16sh22x", b"lo", flags & ~IFF_UP)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, wanted)
        except OSError as error:
            raise ConfinementError(error.errno, f"lo: {error.strerror}") from None


def limit_terminals(pid: int) -> None:
    """Let a sandbox have no more than :data:`TERMINALS` terminals at a time.

    This process, which has one thread, is in the mount namespace of the sandbox afterwards. It must
    have all rights in it (:func:`join_owner`).

    Parameters
    ----------
    pid : int
        Of a process in the sandbox.

    Raises
    ------
    ConfinementError
        If Linux refuses.
    """
    with open(f"/proc/{pid}/ns/mnt", "rb", buffering=0) as mounts:
        join_namespaces(mounts.fileno(), MOUNT_NAMESPACE)
    flags = ctypes.c_ulong(MS_REMOUNT | MS_NOSUID | MS_NOEXEC)
    # Linux forgets what is not repeated: the modes are those that bubblewrap gives.
    options = f"ptmxmode=0666,mode=620,max={TERMINALS}".encode()
    _call("mount", b"devpts", b"/dev/pts", b"devpts", flags, options)


def die_first() -> None:
    """Ask Linux to end this process before any other where memory runs out."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def forget_start() -> None:
    """Forget the environment and the command line that this process, or its parent, began with.

    A fork keeps what Linux wrote into its memory when the program was started, where
    ``/proc/self/environ`` and ``/proc/self/cmdline`` read it. All of it becomes zeros, but for
    a title, and so does what Python has of the environment.

    Raises
    ------
    ConfinementError
        If it is not known where in the memory this is.
    """
    kept = [text for pair in os.environ._data.items() for text in pair]  # type: ignore[attr-defined]
    os.environ.clear()
    for text in kept:
        if len(text) > 1:  # Python has one object for all texts of a certain byte
            ctypes.memset(id(text) + sys.getsizeof(b"") - 1, 0, len(text))
    with open("/proc/self/stat") as file:
        places = file.read().rpartition(")")[2].split()[45:49]  # behind the name of the program
    first, last, start, end = map(int, places)
    if not (0 < first <= last <= start <= end < first + MAX_START):
        raise ConfinementError(1, "the place of the environment is not known")
    ctypes.memset(first, 0, end - first)
    ctypes.memmove(first, TITLE, min(len(TITLE), last - first - 1))


def set_limits(settings: Settings) -> None:
    """Set the limits of each single process; the warm process watches the sums of all."""
    for what, value in (
        (resource.RLIMIT_AS, address_space() + settings.memory),
        (resource.RLIMIT_NPROC, settings.processes),
        (resource.RLIMIT_FSIZE, settings.disk),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        # With 0, Linux would still start the host's program for core dumps, where there is one.
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_MEMLOCK, 64 * 2**10),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 1000),
        # What may take a core for itself alone can take it from all others.
        (resource.RLIMIT_RTPRIO, 0),
        (resource.RLIMIT_NICE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))


def drop_privileges(identity: int | None) -> None:
    """Become an ordinary user for good.

    Parameters
    ----------
    identity : int or None
        User and group to become, where this process is root outside of a user namespace.

    Raises
    ------
    ConfinementError
        If any privilege is left.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except ConfinementError:
            break  # the kernel has no more
    if identity is not None:
        os.setgroups([])
        os.setresgid(identity, identity, identity)
        os.setresuid(identity, identity, identity)
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    _call("capset", header, bytes(24))
    prctl(PR_SET_DUMPABLE, 1)  # else the warm process could not read how much memory it uses
    with open("/proc/self/status") as file:
        held = dict(line.split(":\t", 1) for line in file if line.startswith("Cap"))
    if any(int(value, 16) for value in held.values()):
        raise ConfinementError(1, f"capabilities are left: {held}")
