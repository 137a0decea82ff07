"""Attacks on Linux itself: calls and sockets that no notebook needs. One that succeeds ends."""

from __future__ import annotations

from tests.attacks.attack import Attack

#: Ends the kernel if a call succeeds.
START = """
import ctypes, os, platform, sys

libc = ctypes.CDLL(None, use_errno=True)
column = 1 if platform.machine() == "aarch64" else 0

def call(name, result):
    print(name, result, os.strerror(ctypes.get_errno()))
    if result >= 0:
        sys.stdout.flush()
        os._exit(1)
"""

ATTACKS = [
    Attack(
        "odd-sockets",
        "A25",
        "sockets of every family, protocol and type but those that programs use",
        START
        + """
for family in range(50):
    for kind, protocol in ((1, 0), (2, 0), (3, 0), (5, 0)):
        if family not in (1, 2, 10, 16):
            call(f"family {family}", libc.socket(family, kind, protocol))
for protocol in (4, 9, 12, 15, 16, 20, 21):
    call(f"netlink {protocol}", libc.socket(16, 3, protocol))
for kind, protocol in ((10, 768), (3, 255), (1, 262), (1, 132), (5, 132), (2, 136), (1, 256)):
    call(f"inet {kind} {protocol}", libc.socket(2, kind, protocol))
    # Linux looks at the lower half of a register alone.
    call("inet", libc.syscall((41, 198)[column], ctypes.c_long(2 | 1 << 32), kind, protocol))
""",
        ends_kernel=True,
    ),
    Attack(
        "secret-memory",
        "A35",
        "memory that whoever watches must not read",
        START
        + """
for option in (4, 4 | 1 << 32):
    call("dumpable", libc.syscall((157, 167)[column], ctypes.c_long(option), 0, 0, 0, 0))
if os.fork() == 0:
    os._exit(libc.prctl(4, 0, 0, 0, 0) == 0)
call("dumpable child", 0 if os.wait()[1] else -1)
""",
        ends_kernel=True,
    ),
    Attack(
        "odd-system-calls",
        "A25",
        "watch all files, take what all users share, type into terminals, other personalities",
        START
        + """
import fcntl, pty

context = ctypes.c_ulong()
context_at = ctypes.byref(context)
for name, numbers, *arguments in (
    ("fanotify_init", (300, 262), 0x200, 0),
    ("io_setup", (206, 0), 1, context_at),
    ("io_uring_setup", (425, 425), 1, (ctypes.c_int * 30)()),
    ("userfaultfd", (323, 282), 1),
    ("memfd_create", (319, 279), b"x", 0),
    ("name_to_handle_at", (303, 264), -100, b".", (ctypes.c_int * 40)(128), context_at, 0),
    ("sync", (162, 81)),
    ("process_madvise", (440, 440), os.pidfd_open(os.getpid()), None, 0, 20, 0),
    ("set_mempolicy", (238, 237), 0, None, 0),
    ("seccomp", (317, 277), 2, 0, ctypes.byref(ctypes.c_int(0x7FFF0000))),
    ("personality", (135, 92), 0x0040000),
):
    call(name, libc.syscall(numbers[column], *arguments))
master, slave = pty.openpty()
if os.fork() == 0:
    os.setsid()
    fcntl.ioctl(slave, 0x540E, 0)  # it is this process's terminal
    done = 0
    for request, argument in ((0x5412, b"!"), (0x5423, b"\\x01\\0\\0\\0")):
        try:
            fcntl.ioctl(slave, request, argument)
            done = 1
        except OSError:
            pass
    os._exit(done)
call("terminal", 0 if os.wait()[1] else -1)
""",
        ends_kernel=True,
    ),
    Attack(
        "terminals",
        "A35",
        "every terminal that the machine has, of which all users share some 3000",
        """
import os

taken = []
try:
    while len(taken) < 300:
        taken.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError as error:
    print(error)
print(len(taken), "terminals")
if len(taken) > 100:  # each of a hundred processes could have as many
    os._exit(1)
""",
        ends_kernel=True,
    ),
]
