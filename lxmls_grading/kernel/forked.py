"""A student kernel as the warm process knows it: a fork that gives up all privileges.

The code that runs in the fork is in :mod:`~lxmls_grading.kernel.student_kernel`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
import tarfile
import time
from pathlib import Path
from typing import Any, BinaryIO

from lxmls_grading.sandbox.bubblewrap import SCRATCH, Sandbox, SandboxError
from lxmls_grading.sandbox.cgroups import Leaf, make_leaf
from lxmls_grading.sandbox.confinement import (
    NAMESPACES,
    PID_NAMESPACE,
    USER_NAMESPACE,
    children_inside,
    die_first,
    die_with_parent,
    drop_privileges,
    forget_start,
    join_namespaces,
    join_owner,
    limit_terminals,
    loopback_down,
    set_limits,
)
from lxmls_grading.sandbox.landlock import restrict_writing
from lxmls_grading.sandbox.processor_time import ProcessorTime, processor_time
from lxmls_grading.sandbox.seccomp import restrict_system_calls
from lxmls_grading.settings import CGROUP, LOOKS, Settings

#: Where the warm process is root, each kernel is a user of its own: the first of their numbers.
FIRST_USER = 2_000_000_000

#: Most files that are named, of those that could not be unpacked, and characters of such a name.
MAX_NAMED, MAX_NAME = 10, 100

#: The environment variables of a kernel.
ENVIRONMENT = {
    "USER": "student",
    "LOGNAME": "student",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "NBGRADER_EXECUTION": "autograde",  # nbgrader documents it for tests that look at it
    "LXMLS_NB_CORPUS": "snippets",
    "LXMLS_NB_DEVICE": "cpu",
    "LXMLS_NB_EPOCHS": "1",  # no test depends on a training; ten epochs take half of all the time
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": os.devnull,  # else the grader's own settings would count, LaTeX for one
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",  # nobody sees the bars, and a widget takes as long as a small training
    "MALLOC_ARENA_MAX": "1",  # each thread's arena would reserve 64 MiB that count as memory
}


class ForkedKernel:
    """A student kernel and its sandbox, as the warm process knows them.

    Parameters
    ----------
    request : dict
        What the executor asks for: the ``key`` that messages are signed with, the ``settings`` as
        a dictionary, the ``folder`` to work in where there is no sandbox, the ``command`` that
        starts a kernel of another language, or none, and whether it sees ``verdicts`` of checks.
    sockets : list of int
        Listening sockets, one for each channel, and an archive of the files to work with.

    Attributes
    ----------
    left_out : dict of str
        Why files of the archive are not there: a clause without a subject, by their paths.

    Raises
    ------
    SandboxError
        If the kernel cannot be confined.
    """

    def __init__(self, request: dict[str, Any], sockets: list[int]):
        self.settings = Settings.from_dict(request["settings"])
        self.sandbox: Sandbox | None = None
        self.leaf: Leaf | None = None
        self.stopped: str | None = None
        self.left_out: dict[str, str] = {}
        if self.settings.sandbox:
            self.sandbox = Sandbox(self.settings, request["verdicts"])
            self.leaf = make_leaf(self.settings)
        self.child, self.pid, self.code = 0, 0, 1
        read, write = os.pipe()
        try:
            self.child = self._fork(request, sockets, write)
        except OSError as error:
            self.close()
            raise SandboxError(f"the kernel could not be confined ({error})") from None
        finally:
            os.close(write)
            with open(read) as reader:
                report = reader.read()
        try:
            number, self.left_out = json.loads(report)
        except ValueError:  # it has ended before it could report
            self.close()
            raise SandboxError("the kernel could not be confined (see the log)") from None
        self.pid = number or self.child
        if self.leaf is not None and not self.leaf.has_processes():
            self.leaf.close()
            self.leaf = None

    @property
    def limits(self) -> str:
        """What limits the sums of what its processes take: one of `settings.LAYERS`, or nothing."""
        if self.sandbox is None:
            return ""
        return LOOKS if self.leaf is None else CGROUP

    def _fork(self, request: dict[str, Any], sockets: list[int], write: int) -> int:
        """Fork the kernel; return the child of this process that ends when the kernel ends."""
        if self.sandbox is None:
            return self._fork_kernel(request, sockets, write)
        inside = os.pidfd_open(self.sandbox.pid)
        try:
            if not self.sandbox.user:
                with children_inside(inside):
                    return self._fork_kernel(request, sockets, write, inside)
            # No process can leave a user namespace again: a child joins it, and forks the kernel.
            child = os.fork()
            if child == 0:
                try:
                    self._wait_inside(request, sockets, write, inside)
                finally:
                    os._exit(1)
            return child
        finally:
            os.close(inside)

    def _wait_inside(
        self, request: dict[str, Any], sockets: list[int], write: int, inside: int
    ) -> None:
        """Join the sandbox, fork the kernel, report its id, and exit with its exit code."""
        die_with_parent()
        self._enter_leaf()
        self._isolate(request)
        join_namespaces(inside, NAMESPACES | USER_NAMESPACE)
        ready, confined = os.pipe()
        pid = self._fork_kernel(request, sockets, confined)
        os.close(confined)
        with open(ready) as reader:
            report = reader.read()
        if report:
            os.write(write, json.dumps([pid, json.loads(report)[1]]).encode())
        os.close(write)
        _close_all_but()
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) % 256)

    def _enter_leaf(self) -> None:
        """Move this process into the kernel's cgroup, while its files are still in sight."""
        if self.leaf is not None:
            with contextlib.suppress(OSError):  # the warm process sees that nobody is in it
                self.leaf.enter()

    def _isolate(self, request: dict[str, Any]) -> None:
        """Limit the sandbox's terminals, and switch its loopback off, where nothing needs it."""
        if self.sandbox is not None:
            if self.sandbox.user:
                join_owner(self.sandbox.pid)
            if not request["command"]:  # only kernels of other languages talk over it
                loopback_down(self.sandbox.pid)
            limit_terminals(self.sandbox.pid)

    def _fork_kernel(
        self, request: dict[str, Any], sockets: list[int], confined: int, inside: int | None = None
    ) -> int:
        """Fork the kernel; if it is only in the pid namespace yet, it joins the others itself."""
        pid = os.fork()
        if pid == 0:
            log = 2
            try:
                log = os.dup(log)  # the standard streams are closed on the way
                if inside is not None:
                    self._enter_leaf()
                    self._isolate(request)
                    join_namespaces(inside, NAMESPACES & ~PID_NAMESPACE)
                self._become(request, sockets, confined, log)
            except BaseException as error:
                os.write(log, f"lxmls_nb: a kernel cannot start: {error!r}\n".encode())
            finally:
                os._exit(1)
        return pid

    def _become(self, request: dict[str, Any], sockets: list[int], confined: int, log: int) -> None:
        """Give up all privileges, then run a kernel."""
        os.setsid()
        _close_all_but(*sockets, confined, log)
        if self.sandbox is not None:
            os.chdir(SCRATCH)
            # Each kernel is a user of its own, because Linux counts the processes of a user.
            identity = None if self.sandbox.user else FIRST_USER + self.sandbox.pid
            die_first()
            set_limits(self.settings)
            drop_privileges(identity)
            die_with_parent()
            restrict_writing()
            restrict_system_calls()
        else:
            os.chdir(request["folder"])
        if self.sandbox is not None:
            forget_start()
        os.environ.clear()
        scratch = os.getcwd()
        os.environ.update(ENVIRONMENT, HOME=scratch, TMPDIR=scratch)
        # `!python` is the Python of the kernel, as it is for students.
        os.environ["PATH"] = f"{os.path.dirname(sys.executable)}:{ENVIRONMENT['PATH']}"
        *channels, archive = sockets
        with open(archive, "rb") as packed:
            left_out = _unpack(packed)
        from lxmls_grading.kernel.foreign import run_relay
        from lxmls_grading.kernel.student_kernel import run_kernel

        os.write(confined, json.dumps([0, left_out]).encode())
        os.close(confined)
        os.close(log)
        if request["command"]:
            run_relay(request["command"], request["key"], channels)
        else:
            run_kernel(request["key"], channels)

    def poll(self) -> int | None:
        """Return the exit code, or None while the kernel runs."""
        if self.child:
            pid, status = os.waitpid(self.child, os.WNOHANG)
            if not pid:
                return None
            self.child, self.code = 0, os.waitstatus_to_exitcode(status) % 256
            if self.leaf is not None and self.leaf.ran_out_of_memory():
                self.stopped = self.stopped or "memory"
        return self.code

    def signal(self, number: int) -> None:
        """Send a signal to the kernel, if it still runs."""
        if self.poll() is None:
            # In a user namespace, another process waits for it, and learns first that it has ended.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def watch(self) -> None:
        """Stop the kernel if its processes together use more than they may."""
        if self.sandbox is None or self.stopped:
            return
        if len(self.sandbox.processes()) > self.settings.processes:
            self.stop("processes")
        elif self.sandbox.files() > self.settings.files:
            self.stop("disk")
        elif self.sandbox.memory(self.settings.memory) > self.settings.memory:
            self.stop("memory")

    def processor_time(self) -> ProcessorTime:
        """Return for how long its processes have computed, and waited for a core."""
        if self.sandbox is not None:
            return processor_time(self.sandbox.proc)
        return processor_time("/proc", [self.pid])

    def stop(self, why: str) -> None:
        """End the kernel, and remember why: the key of a reason."""
        self.stopped = self.stopped or why
        self.close()

    def close(self) -> None:
        """End the kernel and everything that it has started."""
        if self.sandbox is not None:
            self.sandbox.close()
        elif self.pid and self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        end = time.monotonic() + 2
        while self.poll() is None:  # the child ends after the kernel
            if time.monotonic() > end:
                os.kill(self.child, signal.SIGKILL)
            time.sleep(0.002)
        if self.leaf is not None:
            self.leaf.close()


def _unpack(packed: BinaryIO) -> dict[str, str]:
    """Unpack an archive, if it is not empty, in the working folder: inside, as the student.

    Which files there are, and what they are called, is up to the student. So a file that cannot be
    made, where the disk is full for example, is left out, and nothing else fails for it.

    Returns
    -------
    left_out : dict of str
        Why files are not there: a clause without a subject, by their paths.
    """
    left_out: dict[str, str] = {}
    packed.seek(0)
    if not packed.read(1):
        return left_out
    packed.seek(0)
    # Python before 3.11.4 has no filters, and Debian 12 has 3.11.2. The archive is the grader's
    # own, of plain files: what a filter would refuse is a path that leads out of the folder.
    options: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    name = ""
    try:
        with tarfile.open(fileobj=packed, mode="r:") as archive:
            for member in archive:
                name = member.name
                try:
                    if Path(name).is_absolute() or ".." in Path(name).parts:
                        raise OSError(errno.EPERM, "it lies outside the folder")
                    archive.extract(member, **options)
                except Exception as error:
                    with contextlib.suppress(OSError, ValueError):
                        os.unlink(name)  # what there is of it
                    if len(left_out) < MAX_NAMED:
                        left_out[name[:MAX_NAME]] = _why_not(error)
    except Exception as error:  # of the archive itself
        left_out[f"what comes after {name[:MAX_NAME]!r}"] = _why_not(error)
    return left_out


def _why_not(error: Exception) -> str:
    """Return why a file could not be made: a clause without a subject."""
    known = isinstance(error, OSError) and error.strerror
    return f"could not be put there ({known or type(error).__name__})"


def _close_all_but(*keep: int) -> None:
    """Close all file descriptors but some; the standard streams become ``/dev/null``."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    first = 3
    for number in [*sorted(keep), 2**20]:
        os.closerange(first, number)
        first = number + 1
