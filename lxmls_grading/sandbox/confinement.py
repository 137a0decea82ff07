"""What a forked process does to itself before it runs a student's code.

It joins the namespaces that bubblewrap has made (see :mod:`~lxmls_grading.sandbox.bubblewrap`),
gives up every privilege and sets limits, none of which can be undone. All of it is Linux system
calls.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: Namespaces that are joined (``<linux/sched.h>``): mount, UTS, IPC, pid, network, and user.
PID_NAMESPACE, USER_NAMESPACE = 0x20000000, 0x10000000
NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | PID_NAMESPACE | 0x40000000

#: Other flags of ``clone``: a child of the parent would be left to the warm process, which does not
#: know of it and would never wait for it.
CLONE_NEWCGROUP, CLONE_PARENT = 0x02000000, 0x00008000

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522

#: System calls that no exercise needs, and that reach for the kernel, other processes or memory
#: that nobody counts: their numbers, by machine.
DENIED = {
    "x86_64": {
        "ptrace": 101, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
        "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "setns": 308,
        "unshare": 272, "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321,
        "perf_event_open": 298, "userfaultfd": 323, "memfd_create": 319, "memfd_secret": 447,
        "process_vm_readv": 310, "process_vm_writev": 311, "kexec_load": 246,
        "open_by_handle_at": 304, "io_uring_setup": 425, "fsopen": 430, "open_tree": 428,
        "move_mount": 429, "mount_setattr": 442, "init_module": 175, "finit_module": 313,
        "swapon": 167, "syslog": 103, "personality": 135, "vmsplice": 278,
    },
    "aarch64": {
        "ptrace": 117, "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180,
        "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "setns": 268,
        "unshare": 97, "keyctl": 219, "add_key": 217, "request_key": 218, "bpf": 280,
        "perf_event_open": 241, "userfaultfd": 282, "memfd_create": 279, "memfd_secret": 447,
        "process_vm_readv": 270, "process_vm_writev": 271, "kexec_load": 104,
        "open_by_handle_at": 265, "io_uring_setup": 425, "fsopen": 430, "open_tree": 428,
        "move_mount": 429, "mount_setattr": 442, "init_module": 105, "finit_module": 273,
        "swapon": 224, "syslog": 116, "personality": 92, "vmsplice": 75,
    },
}  # fmt: skip

#: AUDIT_ARCH of <linux/audit.h>, and the numbers of clone and clone3.
ARCHITECTURES = {"x86_64": (0xC000003E, 56, 435), "aarch64": (0xC00000B7, 220, 435)}


class ConfinementError(OSError):
    """A step of the confinement failed: the student's code must not run."""


@dataclass(frozen=True)
class Limits:
    """What a student's code may use.

    Attributes
    ----------
    memory : int
        Bytes, of all its processes together.
    processes : int
        Processes and threads.
    disk : int
        Bytes of the scratch folder, which is in memory.
    files : int
        Files in it.
    """

    memory: int = 2 * 2**30
    processes: int = 100
    disk: int = 256 * 2**20
    files: int = 10_000


def _call(name: str, *arguments) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise ConfinementError(number, f"{name}: {os.strerror(number)}")


def _prctl(option: int, *arguments: int) -> None:
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    _call("prctl", ctypes.c_int(option), *values)


def join(process: int, namespaces: int) -> None:
    """Join namespaces of a process. Of a pid namespace, only what is forked later is a part.

    Parameters
    ----------
    process : int
        A file descriptor from :func:`os.pidfd_open`, or of one namespace.
    namespaces : int
        :data:`NAMESPACES` or some of them, and :data:`USER_NAMESPACE`.
    """
    _call("setns", process, namespaces)


@contextmanager
def children_inside(process: int) -> Iterator[None]:
    """Meanwhile, let what this process forks be in the pid namespace of another; for root."""
    with open("/proc/self/ns/pid", "rb", buffering=0) as own:
        join(process, PID_NAMESPACE)
        try:
            yield
        finally:
            join(own.fileno(), PID_NAMESPACE)


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends; other systems cannot."""
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def address_space() -> int:
    """Return the bytes of this process that ``RLIMIT_AS`` counts."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def set_limits(limits: Limits) -> None:
    """Set the limits that hold for each process; the warm process watches the sums."""
    for what, value in (
        (resource.RLIMIT_AS, address_space() + limits.memory),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 64 * 2**10),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 1000),
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
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        try:
            _prctl(PR_CAPBSET_DROP, capability)
        except ConfinementError:
            break  # the kernel has no more
    if identity is not None:
        os.setgroups([])
        os.setresgid(identity, identity, identity)
        os.setresuid(identity, identity, identity)
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    _call("capset", header, bytes(24))
    _prctl(PR_SET_DUMPABLE, 1)  # else the warm process could not read how much memory it uses
    with open("/proc/self/status") as file:
        held = dict(line.split(":\t", 1) for line in file if line.startswith("Cap"))
    if any(int(value, 16) for value in held.values()):
        raise ConfinementError(1, f"capabilities are left: {held}")


def deny_system_calls() -> None:
    """Refuse the calls of :data:`DENIED`, new namespaces and siblings, from here on.

    Raises
    ------
    ConfinementError
        On a machine that the list is not made for.
    """
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise ConfinementError(38, f"no list of system calls for {machine}")
    audit, clone, clone3 = ARCHITECTURES[machine]
    load, equal, more, bits, back = 0x20, 0x15, 0x35, 0x45, 0x06  # ld, jeq, jge, jset, ret
    allow, deny, missing, kill = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
    program = [
        (load, 0, 0, 4),  # the architecture that the call is made for
        (equal, 1, 0, audit),
        (back, 0, 0, kill),
        (load, 0, 0, 0),  # the number of the call
        (more, 0, 1, 0x40000000),  # x32 calls have other numbers
        (back, 0, 0, deny),
        (equal, 0, 1, clone3),  # its flags cannot be seen from here: libc then takes clone
        (back, 0, 0, missing),
    ]
    for number in DENIED[machine].values():
        program += [(equal, 0, 1, number), (back, 0, 0, deny)]
    program += [
        (equal, 0, 3, clone),
        (load, 0, 0, 16),  # its flags
        (bits, 0, 1, NAMESPACES | USER_NAMESPACE | CLONE_NEWCGROUP | CLONE_PARENT),
        (back, 0, 0, deny),
        (back, 0, 0, allow),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    descriptor = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(descriptor, len(descriptor))
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(holder))
