"""The filter of system calls that Linux applies to a student's code (seccomp)."""

from __future__ import annotations

import ctypes
import platform
import struct
from collections.abc import Sequence

from lxmls_grading.sandbox.confinement import (
    NAMESPACES,
    USER_NAMESPACE,
    ConfinementError,
    prctl,
)
from lxmls_grading.sandbox.system_calls import ALLOWED, LAST, LOOKED_AT, MACHINES, MISSING, numbers

#: Other flags of ``clone`` that are refused. With ``CLONE_PARENT``, a new process would be a child
#: of the warm process, which does not know of it and would never wait for it.
CLONE_NEWCGROUP, CLONE_PARENT = 0x02000000, 0x00008000

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

#: What the filter answers (``<linux/seccomp.h>``): EPERM, and ENOSYS.
ALLOW, DENY, NO_SUCH_CALL, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000

#: AUDIT_ARCH of <linux/audit.h>.
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

#: Instructions (``<linux/filter.h>``): load a word, and with a constant, jump if equal, jump if
#: more or equal, return.
LOAD, AND, EQUAL, MORE, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06

#: All bits of an argument. Linux takes each argument that is looked at here as 32 bits.
ALL = 0xFFFFFFFF

#: Families of sockets, their types, and protocols. With the type 10, ``AF_INET`` would stand for
#: packets of all protocols; each further protocol is another part of Linux that can have holes.
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
STREAM_OR_DATAGRAM, TYPE_MASK = (1, 2), 0xF
TCP_OR_UDP, NETLINK_ROUTE = (0, 6, 17), (0,)

#: Options of ``prctl`` that are allowed (``<linux/prctl.h>``): the signal when the parent ends (1,
#: 2), what only reads (3, 5, 7, 21, 23, 25, 27, 30, 37, 39, 40, 42, 52), the name (15, 16), slack
#: of timers (29), the reaper of children (36), no new privileges (38), huge pages (41),
#: capabilities, of which there are none (47), vectors and pointers of ARM (50, 51, 54, 55, 56, 60,
#: 61, 63, 64), no new code (65, 66), and names of memory (PR_SET_VMA). ``PR_SET_DUMPABLE`` is not:
#: it would keep memory secret from the warm process, which adds it up.
PRCTL = (
    *(1, 2, 3, 5, 7, 15, 16, 21, 23, 25, 27, 29, 30, 36, 37, 38, 39, 40, 41, 42, 47),
    *(50, 51, 52, 54, 55, 56, 60, 61, 63, 64, 65, 66, 0x53564D41),
)

#: Requests of ``ioctl`` that are refused (``<asm-generic/ioctls.h>``): TIOCSTI and TIOCLINUX type
#: into a terminal, and TIOCSETD has the kernel load a driver.
TERMINAL_TRICKS = (0x5412, 0x541C, 0x5423)

#: ``personality``: the ordinary one, and the question which one it is.
PERSONALITIES = (0, ALL)

#: A condition: the position of an argument, which of its bits count, and the values they may have.
Condition = tuple[int, int, Sequence[int]]

#: An instruction: its code, the jumps if true and if false, and its constant.
Instruction = tuple[int, int, int, int]

_SOCKETS: list[tuple[int, list[Condition]]] = [
    (ALLOW, [(0, ALL, (AF_UNIX,))]),
    (ALLOW, [(0, ALL, (AF_NETLINK,)), (2, ALL, NETLINK_ROUTE)]),
    (
        ALLOW,
        [
            (0, ALL, (AF_INET, AF_INET6)),
            (1, TYPE_MASK, STREAM_OR_DATAGRAM),
            (2, ALL, TCP_OR_UDP),
        ],
    ),
]

_NEW_NAMESPACES = NAMESPACES | USER_NAMESPACE | CLONE_NEWCGROUP

#: What is answered to a call whose arguments decide: the answer of the first rule all of whose
#: conditions hold, else the last one.
RULES: dict[str, tuple[list[tuple[int, list[Condition]]], int]] = {
    "socket": (_SOCKETS, DENY),
    "socketpair": (_SOCKETS, DENY),
    "clone": ([(ALLOW, [(0, _NEW_NAMESPACES | CLONE_PARENT, (0,))])], DENY),
    "prctl": ([(ALLOW, [(0, ALL, PRCTL)])], DENY),
    "ioctl": ([(DENY, [(1, ALL, TERMINAL_TRICKS)])], ALLOW),
    "personality": ([(ALLOW, [(0, ALL, PERSONALITIES)])], DENY),
}


def filter_program(machine: str) -> list[Instruction]:
    """Return the filter for a machine, as instructions of the Berkeley packet filter.

    Linux remembers which calls are allowed whatever their arguments are (since 5.11), and does not
    run the filter for them. So a plain list does.

    Parameters
    ----------
    machine : str
        As :func:`platform.machine` names it.

    Raises
    ------
    ConfinementError
        If there is no list for this machine.
    """
    if machine not in MACHINES:
        raise ConfinementError(38, f"no list of system calls for {machine}")
    program = [
        (LOAD, 0, 0, 4),  # the architecture that the call is made for
        (EQUAL, 1, 0, AUDIT[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),  # the number of the call
        (MORE, 0, 1, LAST + 1),  # those of x32 are far beyond, too
        (RETURN, 0, 0, NO_SUCH_CALL),
    ]
    for name, number in numbers(LOOKED_AT, machine).items():
        rules, last = RULES[name]
        body = [each for answer, conditions in rules for each in _rule(answer, conditions)]
        body.append((RETURN, 0, 0, last))
        program += [(EQUAL, 0, len(body), number), *body]
    for answer, calls in ((NO_SUCH_CALL, MISSING), (ALLOW, ALLOWED)):
        for number in numbers(calls, machine).values():
            program += [(EQUAL, 0, 1, number), (RETURN, 0, 0, answer)]
    return [*program, (RETURN, 0, 0, DENY)]


def _rule(answer: int, conditions: Sequence[Condition]) -> list[Instruction]:
    """Return what gives an answer if all conditions hold, and else goes on behind itself."""
    code: list[Instruction] = [(RETURN, 0, 0, answer)]
    for position, mask, values in reversed(conditions):
        test: list[Instruction] = [(LOAD, 0, 0, 16 + 8 * position)]  # its lower half
        test += [(AND, 0, 0, mask)] if mask != ALL else []
        for left, value in zip(reversed(range(len(values))), values, strict=True):
            test.append((EQUAL, left, 0 if left else len(code), value))
        code = test + code
    return code


def restrict_system_calls() -> None:
    """Refuse all system calls but those that a notebook needs, from now on.

    Raises
    ------
    ConfinementError
        If there is no list for the architecture of this machine, or Linux refuses the filter.
    """
    program = filter_program(platform.machine())
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    descriptor = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(descriptor, len(descriptor))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(holder))
