"""The warm process: it has imported what notebooks need, and forks kernels and judges from itself.

It never sees a notebook. Whoever grades sends it, over a pair of sockets, a request to fork an
*executor* (:mod:`~lxmls_nb.grading.execute`), with a connection over which the executor then gets
its notebook; and executors ask it, over another pair, for *student kernels*
(:mod:`~lxmls_nb.grading.kernel`). A kernel is thus forked from a process in whose memory there is
nothing to find. When a connection is closed, what was started for it ends.
"""

from __future__ import annotations

import gc
import io
import json
import os
import select
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

from lxmls_nb.grading.confine import (
    Limits,
    deny_system_calls,
    die_with_parent,
    drop_privileges,
    join,
    set_limits,
)
from lxmls_nb.grading.sandbox import SCRATCH, Sandbox, SandboxError

#: Bytes of a request or reply: a line of JSON.
MAX_REQUEST = 2**16

#: Seconds between looks at what kernels use.
WATCH = 0.1

#: The first of the users that kernels run as, one each, where the warm process is root.
FIRST_USER = 2_000_000_000

#: What a kernel finds in its environment.
ENVIRONMENT = {
    "USER": "student",
    "LOGNAME": "student",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "LXMLS_NB_CORPUS": "snippets",
    "LXMLS_NB_DEVICE": "cpu",
    "LXMLS_NB_EPOCHS": "1",  # no test depends on what was trained; ten take half of all the time
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",  # nobody watches, and a widget takes as long as a small training
    "MALLOC_ARENA_MAX": "1",  # each thread's arena would reserve 64 MiB that count as memory
}


def import_everything() -> None:
    """Import what kernels and executors need, and use it once where that takes time."""
    # What the debugger, which nobody uses here, would print at its import.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    import ipykernel.debugger  # noqa: F401 (ipykernel imports it when a kernel starts)
    import IPython.core.completerlib
    import IPython.core.debugger
    import IPython.core.oinspect
    import IPython.core.ultratb
    import IPython.extensions.storemagic
    import ipywidgets  # noqa: F401
    import jupyter_client.localinterfaces
    import matplotlib.pyplot
    import nbclient  # noqa: F401
    import nbformat
    import torch
    import torch._subclasses.schema_check_mode
    import tornado.platform.asyncio  # noqa: F401
    from jupyter_client.provisioning import KernelProvisionerFactory

    import lxmls_nb.answers
    import lxmls_nb.checks
    import lxmls_nb.models
    import lxmls_nb.plots
    import lxmls_nb.training  # noqa: F401
    from lxmls_nb.data import SentimentCorpus
    from lxmls_nb.grading import execute, kernel  # noqa: F401
    from lxmls_nb.models import PytorchMLP  # noqa: F401

    torch.set_num_threads(1)  # a fork of a process with running threads can hang
    # What the first step of an optimizer imports, half a second of it. No backward() here: its
    # threads would not survive the fork.
    tensor = torch.zeros(1, requires_grad=True)
    tensor.grad = torch.zeros(1)
    torch.optim.SGD([tensor], lr=0.1).step()
    matplotlib.figure.Figure().savefig(io.BytesIO())  # reads the list of fonts
    try:
        raise NotImplementedError
    except NotImplementedError:
        IPython.core.ultratb.AutoFormattedTB().text(*sys.exc_info())  # lists all modules
    SentimentCorpus("snippets")
    KernelProvisionerFactory.instance().get_provisioner_entries()
    jupyter_client.localinterfaces.local_ips()
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")]))


class Kernel:
    """A student kernel and its sandbox, as the warm process knows them.

    Parameters
    ----------
    request : dict
        What the executor asks for: the ``key`` that messages are signed with, and options.
    sockets : list of int
        Listening sockets, one for each channel.
    """

    def __init__(self, request: dict, sockets: list[int]):
        self.limits = Limits(**request["limits"])
        self.sandbox: Sandbox | None = None
        self.stopped: str | None = None
        if request["sandbox"]:
            hide = [Path(folder) for folder in request["hide"]]
            self.sandbox = Sandbox(self.limits, hide, request["user"])
        read, write = os.pipe()
        self.parent = os.fork()
        if self.parent == 0:
            try:
                os.close(read)
                self._fork_inside(request, sockets, write)
            finally:
                os._exit(1)
        os.close(write)
        with open(read) as told:
            self.pid = int(told.read() or 0)
        if not self.pid:
            self.close()
            raise SandboxError("the kernel could not be confined (see the log)")

    def _fork_inside(self, request: dict, sockets: list[int], write: int) -> None:
        """Fork the kernel into the sandbox, wait for it, and end as it ends."""
        die_with_parent()
        if self.sandbox is not None:
            join(self.sandbox.pid, self.sandbox.user)
        ready, confined = os.pipe()
        pid = os.fork()
        if pid == 0:
            log = os.dup(2)
            try:
                os.close(ready)
                self._become(request, sockets, confined, log)
            except BaseException as error:
                os.write(log, f"lxmls_nb: a kernel cannot start: {error!r}\n".encode())
            os._exit(1)
        os.close(confined)
        if os.read(ready, 1):
            os.write(write, str(pid).encode())
        os.close(write)
        _close_all_but()
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) % 256)

    def _become(self, request: dict, sockets: list[int], confined: int, log: int) -> None:
        """Give up all privileges, then run a kernel."""
        os.setsid()
        _close_all_but(*sockets, confined, log)
        if self.sandbox is not None:
            os.chdir(SCRATCH)
            # Each kernel is a user of its own, so that the number of processes is its own, too.
            identity = None if self.sandbox.user else FIRST_USER + self.sandbox.pid
            set_limits(self.limits)
            drop_privileges(identity)
            die_with_parent()
            deny_system_calls()
        else:
            os.chdir(request["folder"])
        path, scratch = os.environ.get("PATH", ""), os.getcwd()
        os.environ.clear()
        os.environ.update(ENVIRONMENT, HOME=scratch, TMPDIR=scratch)
        if self.sandbox is None:
            os.environ["PATH"] = path
        from lxmls_nb.grading.kernel import run_kernel

        os.write(confined, b".")
        os.close(confined)
        os.close(log)
        run_kernel(request["key"], sockets)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self.parent:
            pid, status = os.waitpid(self.parent, os.WNOHANG)
            if not pid:
                return None
            self.parent, self.code = 0, os.waitstatus_to_exitcode(status)
        return self.code

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def watch(self) -> None:
        """Stop it if its processes together use more than they may."""
        if self.sandbox is None or self.stopped:
            return
        if len(self.sandbox.processes()) > self.limits.processes:
            self.stop("processes")
        elif self.sandbox.files() > self.limits.files:
            self.stop("disk")
        elif self.sandbox.memory(self.limits.memory) > self.limits.memory:
            self.stop("memory")

    def stop(self, why: str) -> None:
        """End it, and remember why."""
        self.stopped = self.stopped or why
        self.close()

    def close(self) -> None:
        """End it and everything that it has started."""
        if self.sandbox is not None:
            self.sandbox.close()
        elif self.pid and self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        end = time.monotonic() + 2
        while self.poll() is None:  # it ends when the kernel has
            if time.monotonic() > end:
                os.kill(self.parent, signal.SIGKILL)
            time.sleep(0.002)


def _close_all_but(*keep: int) -> None:
    """Close every file but some; the standard ones become null."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    first = 3
    for number in [*sorted(keep), 2**20]:
        os.closerange(first, number)
        first = number + 1


class WarmServer:
    """Answers requests until whoever started it closes the connection.

    Parameters
    ----------
    control : socket.socket
        Over which executors are asked for.
    """

    def __init__(self, control: socket.socket):
        self.control = control
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ)
        self.kernels: dict[socket.socket, Kernel] = {}
        self.links: dict[socket.socket, int | None] = {}  # to the executor, if there is one

    def serve(self) -> None:
        """Answer requests; return when the connection is closed."""
        looked = 0.0
        while True:
            for key, _ in self.selector.select(WATCH if self.kernels else 1.0):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if not self._answer(connection):
                    if connection is self.control:
                        return
                    self._end(connection)
            if time.monotonic() - looked > WATCH:
                for kernel in self.kernels.values():
                    kernel.watch()
                looked = time.monotonic()

    def _answer(self, connection: socket.socket) -> bool:
        """Answer one request; return whether there was one."""
        try:
            data, sockets, _, _ = socket.recv_fds(connection, MAX_REQUEST, 8)
        except OSError:
            return False
        if not data:
            return False
        try:
            reply = self._do(connection, json.loads(data), sockets)
        except SandboxError as error:
            reply = {"error": error.why}
        finally:
            for descriptor in sockets:
                os.close(descriptor)
        try:
            connection.sendall(json.dumps(reply).encode())
        except OSError:
            return False
        return True

    def _do(self, connection: socket.socket, request: dict, sockets: list[int]) -> dict:
        kernel = self.kernels.get(connection)
        if connection is self.control:
            if request["do"] == "execute":
                return self._fork_executor(sockets[0])
            self._add(socket.socket(fileno=os.dup(sockets[0])))
            return {}
        if request["do"] == "start":
            if kernel is not None:
                kernel.close()
            kernel = self.kernels[connection] = Kernel(request, sockets)
            return {"pid": kernel.pid}
        if kernel is None:
            return {"code": 0, "stopped": None}
        if request["do"] == "signal":
            kernel.signal(request["number"])
        elif request["do"] == "close":
            kernel.close()
        return {"code": kernel.poll(), "stopped": kernel.stopped}

    def _fork_executor(self, job: int) -> dict:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                die_with_parent()
                from lxmls_nb.grading.execute import serve_job

                for connection in [self.control, ours, *self.links]:
                    connection.close()
                serve_job(job, theirs)
            finally:
                sys.stderr.flush()
                os._exit(0)
        theirs.close()
        self._add(ours, pid)
        return {"pid": pid}

    def _add(self, link: socket.socket, executor: int | None = None) -> None:
        """Answer requests for a kernel that come over a connection, from here on."""
        self.links[link] = executor
        self.selector.register(link, selectors.EVENT_READ)

    def _end(self, connection: socket.socket) -> None:
        """End what was started for a connection, when it is closed."""
        self.selector.unregister(connection)
        kernel = self.kernels.pop(connection, None)
        if kernel is not None:
            kernel.close()
        pid = self.links.pop(connection)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        connection.close()

    def close(self) -> None:
        """End everything."""
        for connection in list(self.links):
            self._end(connection)


def _serve(control: socket.socket) -> None:
    """Answer what comes over a connection until it is closed."""
    server = WarmServer(control)
    try:
        control.sendall(b"warm")
        server.serve()
    finally:
        server.close()


def _serve_workers(control: socket.socket, listening: socket.socket) -> None:
    """Fork a server for each worker that connects, until a connection is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while True:
        if control in select.select([control, listening], [], [])[0]:
            return  # they end, too
        connection, _ = listening.accept()
        if os.fork() == 0:
            try:
                die_with_parent()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                listening.close()
                _serve(connection)
            finally:
                os._exit(0)
        connection.close()


def main() -> None:
    """Serve on the socket whose number is the first argument.

    With a second, which listens, serve whoever connects there until the first is closed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for whoever started this process
    sockets = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    import_everything()
    gc.freeze()  # else a collection in a fork would write to, and so copy, most of the memory
    if len(sockets) == 1:
        _serve(*sockets)
    else:
        _serve_workers(*sockets)


if __name__ == "__main__":
    main()
