"""Which system calls the filter lets through, on every machine that it is written for."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
import struct
from pathlib import Path

import pytest

from lxmls_grading.sandbox import seccomp
from lxmls_grading.sandbox.confinement import ConfinementError
from lxmls_grading.sandbox.seccomp import ALLOW, DENY, KILL, NO_SUCH_CALL, filter_program
from lxmls_grading.sandbox.system_calls import ALLOWED, LAST, LOOKED_AT, MACHINES, MISSING, numbers
from tests.support.execution import see

TABLES = LOOKED_AT | MISSING | ALLOWED

#: Where Linux's headers are, by the machine whose numbers they hold.
HEADERS = {
    "x86_64": ("x86_64-linux-gnu/asm/unistd_64.h", "asm/unistd_64.h"),
    "aarch64": ("asm-generic/unistd.h",),
}

on_machines = pytest.mark.parametrize("machine", MACHINES)


def of_headers(machine: str) -> dict[str, int]:
    """Return the numbers of all system calls in Linux's headers; skip where there are none."""
    for name in HEADERS[machine]:
        path = Path("/usr/include", name)
        if path.exists():
            text = path.read_text()
            found = {n: int(v) for n, v in re.findall(r"define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
            # Some generic calls have other names on machines of 64 bits.
            other = re.findall(r"define __NR_(\w+)\s+__NR3264_(\w+)", text)
            return found | {name: found[generic] for name, generic in other if generic in found}
    pytest.skip(f"no header with the numbers of {machine}: `apt install linux-libc-dev` has them")


def of_libseccomp(machine: str) -> dict[str, int]:
    """Return the numbers of our calls that libseccomp knows; skip where it is not installed."""
    name = ctypes.util.find_library("seccomp")
    if name is None:
        pytest.skip("libseccomp is not installed: `apt install libseccomp2`")
    resolve = ctypes.CDLL(name).seccomp_syscall_resolve_name_arch
    architecture = ctypes.c_uint32(seccomp.AUDIT[machine])
    found = {name: resolve(architecture, name.encode()) for name in TABLES}
    return {name: number for name, number in found.items() if number >= 0}


@pytest.mark.parametrize("source", [of_headers, of_libseccomp])
@on_machines
def test_numbers_are_linux_s(machine, source):
    known, ours = source(machine), numbers(TABLES, machine)
    compared = ours.keys() & known.keys()  # an old header doesn't know the newest
    assert len(compared) > 210
    assert {name: ours[name] for name in compared} == {name: known[name] for name in compared}
    assert not (TABLES.keys() - ours.keys()) & known.keys()


def test_each_call_is_in_one_table():
    for machine in MACHINES:
        found = list(numbers(TABLES, machine).values())
        assert len(set(found)) == len(found)
        assert max(found) <= LAST
    assert not (LOOKED_AT.keys() & ALLOWED) | (MISSING.keys() & ALLOWED)
    assert seccomp.RULES.keys() == LOOKED_AT.keys()


def test_tables_know_no_other_machine():
    with pytest.raises(ValueError, match="riscv64"):
        numbers(ALLOWED, "riscv64")
    with pytest.raises(ConfinementError, match="no list of system calls for riscv64"):
        filter_program("riscv64")


def answer(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """Run the filter as Linux does; each argument is taken as 64 bits."""
    values = [each & 2**64 - 1 for each in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    architecture = seccomp.AUDIT[machine] if audit is None else audit
    data = struct.pack("<IIQ6Q", number & 2**32 - 1, architecture, 0, *values)
    program, place, register = filter_program(machine), 0, 0
    while True:
        code, if_true, if_false, constant = program[place]
        struct.pack("=HBBI", code, if_true, if_false, constant)  # it fits
        place += 1
        if code == seccomp.LOAD:
            (register,) = struct.unpack_from("<I", data, constant)
        elif code == seccomp.AND:
            register &= constant
        elif code == seccomp.EQUAL:
            place += if_true if register == constant else if_false
        elif code == seccomp.MORE:
            place += if_true if register >= constant else if_false
        else:
            assert code == seccomp.RETURN
            return constant


def call(machine: str, name: str, *arguments: int) -> int:
    return answer(machine, numbers(TABLES, machine)[name], *arguments)


@on_machines
def test_listed_calls_are_allowed_and_no_others(machine):
    listed = {number: name for name, number in numbers(TABLES, machine).items()}
    for number in range(LAST + 1):
        name = listed.get(number, "")
        if name not in LOOKED_AT:
            wanted = ALLOW if name in ALLOWED else NO_SUCH_CALL if name in MISSING else DENY
            assert answer(machine, number, 2**64 - 1, 1, 1, 1, 1, 1) == wanted, number


@on_machines
def test_calls_of_later_kernels_and_other_machines(machine):
    for number in (LAST + 1, 1000, 0x40000000 + 1, 2**31, -1):
        assert answer(machine, number) == NO_SUCH_CALL
    assert answer(machine, 0, audit=0x40000003) == KILL  # 32 bits


@on_machines
@pytest.mark.parametrize("name", ["socket", "socketpair"])
def test_sockets(machine, name):
    stream, datagram, raw, flags = 1, 2, 3, 0o2004000
    for wanted, cases in {
        ALLOW: [
            *((1, kind, 0) for kind in (stream, datagram, 5)),
            *((family, stream | flags, protocol) for family in (2, 10) for protocol in (0, 6)),
            *((family, datagram, protocol) for family in (2, 10) for protocol in (0, 17)),
            (16, raw, 0),
        ],
        DENY: [
            *((family, stream, 0) for family in range(50) if family not in (1, 2, 10, 16)),
            *((16, raw, protocol) for protocol in range(1, 32)),
            *((2, kind, 0) for kind in (0, raw, 4, 5, 6, 10)),
            *((2, stream, protocol) for protocol in (1, 33, 132, 136, 256, 262)),
            (10, raw | flags, 58),
        ],
    }.items():
        for case in cases:
            assert call(machine, name, *case) == wanted, case
            # Linux takes the lower half alone, so the upper one must change nothing.
            assert call(machine, name, *(each | 1 << 32 for each in case)) == wanted, case


@on_machines
def test_arguments_that_are_refused(machine):
    thread, sibling, user_namespace, cgroup_namespace = 0x3D0F00, 0x8000, 0x10000000, 0x02000000
    for wanted, name, *arguments in (
        (ALLOW, "clone", thread),
        (ALLOW, "clone", 17),  # fork
        (DENY, "clone", thread | sibling),
        (DENY, "clone", user_namespace | 17),
        (DENY, "clone", cgroup_namespace | 17),
        (ALLOW, "prctl", 15, 1),
        (ALLOW, "prctl", 0x53564D41, 0),
        (DENY, "prctl", 4, 0),  # PR_SET_DUMPABLE
        (DENY, "prctl", 4 | 1 << 32, 0),
        (DENY, "prctl", 22, 2),  # PR_SET_SECCOMP
        (DENY, "prctl", 35, 14),  # PR_SET_MM
        (ALLOW, "ioctl", 0, 0x5401),  # TCGETS
        (DENY, "ioctl", 0, 0x5412),  # TIOCSTI
        (DENY, "ioctl", 0, 0x5412 | 1 << 32),
        (DENY, "ioctl", 0, 0x541C),  # TIOCLINUX
        (DENY, "ioctl", 0, 0x5423),  # TIOCSETD
        (ALLOW, "personality", 0xFFFFFFFF),
        (ALLOW, "personality", 0),
        (DENY, "personality", 0x40000),
    ):
        assert call(machine, name, *arguments) == wanted, (name, arguments)


@pytest.mark.skipif(os.uname().machine not in MACHINES, reason="no list for this machine")
def test_linux_takes_the_filter():
    """In a fork, because no filter can be taken off again."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            libc.prctl(38, 1, 0, 0, 0)  # no new privileges
            seccomp.restrict_system_calls()
            refused = libc.socket(40, 1, 0) == -1 and ctypes.get_errno() == 1
            missing = libc.syscall(999) == -1 and ctypes.get_errno() == 38
            code = 0 if refused and missing and os.getpid() else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_what_ordinary_notebooks_do_is_allowed(warm, settings):
    """Each of it needs calls that one could overlook."""
    code = """
import asyncio, mmap, multiprocessing, select, signal, socket, sqlite3, tempfile, threading
import concurrent.futures, fcntl, os, shutil, subprocess, sys, warnings

warnings.filterwarnings("ignore", ".*multi-threaded")  # of fork(), from Python 3.12 on

assert subprocess.run(["sh", "-c", "echo x > /dev/stderr"], capture_output=True).stderr == b"x\\n"
assert os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1]) == 0
if os.fork() == 0:
    os._exit(0)
assert os.wait()[1] == 0
threads = [threading.Thread(target=sum, args=([1],)) for _ in range(9)]
[thread.start() or thread.join() for thread in threads]
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, 2]) == [1, 2]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    assert list(pool.map(abs, [-1])) == [1]

async def serve():
    made = await asyncio.start_unix_server(lambda reader, writer: writer.close(), "socket")
    reader, writer = await asyncio.open_unix_connection("socket")
    assert await reader.read() == b""
    process = await asyncio.create_subprocess_exec("true")
    assert await process.wait() == 0

await serve()
with sqlite3.connect("x.db") as database:
    database.execute("pragma journal_mode=wal")
    database.execute("create table t (n)")
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 5000)
    file.flush()
    assert mmap.mmap(file.fileno(), 0)[4999] == 120
    fcntl.flock(file, fcntl.LOCK_EX)
with open("a/b" if os.makedirs("a") else "a/b", "w") as file:
    file.write("b")
os.rename("a/b", "c")  # from one folder to another
shutil.copy2("c", "d")
os.link("c", "a/c")
os.mkfifo("fifo")
poll = select.epoll()
poll.register(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
import ctypes
assert ctypes.CDLL(None).inotify_add_watch(ctypes.CDLL(None).inotify_init1(0), b"/scratch", 2) > 0
signal.setitimer(signal.ITIMER_REAL, 9)
signal.setitimer(signal.ITIMER_REAL, 0)
import torch
torch.set_num_threads(2)
assert (torch.ones(500, 500) @ torch.ones(500, 500)).sum() == 500**3
get_ipython().system("tty")
"""
    assert see(warm, code, settings) == "/dev/pts/0"
