"""Starts warm processes, of which one can serve all workers of a machine: the hub.

This module imports little, so that a warm process can start while others still import.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lxmls_grading.kernel.forked import ENVIRONMENT
from lxmls_grading.sandbox.delegation import CgroupError, prepare

#: Environment variables that the warm process inherits. Student kernels forget them, but what
#: libraries make of them while they are imported stays in the memory, such as the folder of fonts.
PASSED_ON = (
    *("HOME", "TMPDIR", "LD_LIBRARY_PATH"),
    *("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"),  # where the list of fonts is kept
)

#: Environment variables of a kernel that libraries read when they are imported, or a test reads.
READ_AT_IMPORT = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"),
    *("MPLBACKEND", "MATPLOTLIBRC", "TQDM_DISABLE", "LANG"),
    "NBGRADER_EXECUTION",
)

#: Lets the C library ask for huge pages at once, so that less is to be moved into them later: an
#: eighth less time until the first kernel starts. Other C libraries do not read it.
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}

#: The environment variable that tells workers where the warm process of this machine listens.
ADDRESS_VARIABLE = "LXMLS_NB_WARM_PROCESS"


def start_process(*sockets: socket.socket) -> subprocess.Popen[bytes]:
    """Start a warm process, which takes requests from the first socket."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {name: ENVIRONMENT[name] for name in READ_AT_IMPORT} | HUGE_PAGES
    environment["PATH"] = _search_path()
    numbers = [one.fileno() for one in sockets]
    with suppress(CgroupError):  # kernels are looked at, then, and reports say so
        prepare()
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "lxmls_grading.execution.warm_server", *map(str, numbers)],
        env=environment,
        pass_fds=numbers,
        stdin=subprocess.DEVNULL,
        cwd="/",
        process_group=0,  # Ctrl-C is for the process that has started it
    )


def _search_path() -> str:
    """Return where the warm process looks for programs: where kernels do, and where bwrap is."""
    path = ENVIRONMENT["PATH"]
    found = shutil.which("bwrap")
    if found and not shutil.which("bwrap", path=path):
        path = f"{path}{os.pathsep}{os.path.dirname(found)}"
    return path


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Wait until a warm process, whose connection is closed, has ended."""
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def connect_to_warm_process(address: str | None) -> socket.socket | None:
    """Return a connection to the warm process of this machine, or None if there is none."""
    if not address:
        return None
    control = socket.socket(socket.AF_UNIX)
    try:
        control.connect(address)
    except OSError:  # it has ended, and the caller starts another one
        control.close()
        return None
    return control


@contextmanager
def warm_for_workers() -> Iterator[dict[str, str]]:
    """Start one warm process for all workers of this machine, and end it.

    It gets ready while the workers start. Each worker's
    :class:`~lxmls_grading.execution.warm_process.WarmProcess` is a fork of it. Where one is named
    in the environment already, and answers, it serves these workers, too.

    Yields
    ------
    environment : dict of str
        The environment variable that tells workers where it listens.
    """
    address = os.environ.get(ADDRESS_VARIABLE)
    if address and (there := connect_to_warm_process(address)) is not None:
        there.close()
        yield {ADDRESS_VARIABLE: address}
        return
    folder = tempfile.mkdtemp(prefix="lxmls-nb-")  # nobody else can look into it
    ours, theirs = socket.socketpair()
    listening = socket.socket(socket.AF_UNIX)
    try:
        with theirs, listening:
            listening.bind(f"{folder}/warm")
            listening.listen(128)
            process = start_process(theirs, listening)
        try:
            yield {ADDRESS_VARIABLE: f"{folder}/warm"}
        finally:
            ours.close()
            process.terminate()  # has an effect only while it still imports, for nobody
            end_process(process)
    finally:
        ours.close()
        shutil.rmtree(folder, ignore_errors=True)
