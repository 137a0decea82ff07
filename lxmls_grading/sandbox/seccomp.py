"""The system calls that a student's code is refused, as a filter that Linux applies (seccomp)."""

from __future__ import annotations

import ctypes
import platform
import struct

from lxmls_grading.sandbox.confinement import (
    NAMESPACES,
    USER_NAMESPACE,
    ConfinementError,
    prctl,
)

#: Other flags of ``clone`` that are refused. With ``CLONE_PARENT``, a new process would be a child
#: of the warm process, which does not know of it and would never wait for it.
CLONE_NEWCGROUP, CLONE_PARENT = 0x02000000, 0x00008000

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

#: Numbers of the system calls that are refused, by architecture. No exercise needs them, and they
#: give access to the kernel, to other processes or to memory that is not counted.
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


def deny_system_calls() -> None:
    """Refuse the calls of :data:`DENIED`, new namespaces and siblings, from now on.

    Raises
    ------
    ConfinementError
        If there is no list for the architecture of this machine.
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
        (equal, 0, 1, clone3),  # a filter cannot read its flags; libc then uses clone
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
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(holder))
