"""The warm process: it has imported what notebooks need, and forks student kernels.

It never sees a notebook, and has not imported what knows the right answers: the verdicts of checks.
It forks one process that has (:mod:`~lxmls_grading.execution.executors`). That one forks an
*executor* (:mod:`~lxmls_grading.execution.jobs`) whenever the process that grades asks for one,
with a connection over which the executor then gets notebooks. Executors ask the warm process, over
another pair of sockets, for *student kernels* (:mod:`~lxmls_grading.kernel.forked`). A kernel is
thus forked from a process whose memory holds no submission, no test and no verdict. When a
connection is closed, all that was started for it ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import selectors
import signal
import socket
import sys
import time
import traceback
from typing import Any

from lxmls_grading.execution.executors import serve_executors
from lxmls_grading.kernel.forked import ForkedKernel
from lxmls_grading.machine.huge_pages import use_huge_pages
from lxmls_grading.sandbox.bubblewrap import SandboxError
from lxmls_grading.sandbox.confinement import die_with_parent
from lxmls_grading.sandbox.processor_time import ProcessorTime

#: Bytes of a request or reply: a line of JSON.
MAX_REQUEST = 2**16

#: Seconds between two measurements of what kernels use.
WATCH_INTERVAL = 0.1


def import_everything() -> None:
    """Import what kernels and executors need, and use it once where that takes time.

    Verdicts of checks are left out: kernels would have them, too.
    """
    import lxmls_grading.machine.startup  # noqa: F401 (it must come before jsonschema)

    # ipykernel imports this when a kernel starts. It goes on without the debugger itself, which
    # nobody uses here, and which takes a tenth of a second.
    modules: dict[str, Any] = sys.modules
    modules["debugpy"] = None
    import ipykernel.debugger  # noqa: F401

    del modules["debugpy"]
    import IPython.core.completerlib
    import IPython.core.debugger
    import IPython.core.oinspect
    import IPython.core.ultratb
    import IPython.extensions.storemagic
    import ipywidgets  # noqa: F401
    import jupyter_client.localinterfaces
    import matplotlib.pyplot  # noqa: F401
    import nbclient  # noqa: F401
    import nbformat
    import numpy as np
    import stack_data.core
    import torch
    import torch._subclasses.schema_check_mode
    import tornado.platform.asyncio  # noqa: F401

    import lxmls_nb.answers
    import lxmls_nb.checks
    import lxmls_nb.models
    import lxmls_nb.plots
    import lxmls_nb.plots.figure
    import lxmls_nb.training
    from lxmls_grading.execution import jobs  # noqa: F401
    from lxmls_grading.kernel import student_kernel  # noqa: F401
    from lxmls_nb.data import SentimentCorpus
    from lxmls_nb.models import PytorchMLP  # noqa: F401

    torch.set_num_threads(1)  # a fork of a process with running threads can hang
    # The first step of an optimizer imports modules for half a second. There is no backward() here:
    # its threads would not survive the fork.
    tensor = torch.zeros(1, requires_grad=True)
    tensor.grad = torch.zeros(1)
    torch.optim.SGD([tensor], lr=0.1).step()
    # The first figures find fonts, draw letters and list formats of pictures. No notebook draws a
    # network where it is graded: the ladder's check runs in an executor, which shows no figure.
    for figure in (
        lxmls_nb.plots.plot_tangent(np.array([-1, 0, 1]), np.array([1, 0, 1]), 0, 0, 0),
        lxmls_nb.plots.plot_learning_curves({"one": [50, 60], "other": [50, 70]}),
        lxmls_nb.plots.plot_epoch_times([20, 80], {"one": [0.1, 0.2]}),
    ):
        lxmls_nb.plots.figure.image(figure, "")
    try:
        raise NotImplementedError
    except NotImplementedError:
        for mode in ("Plain", "Context"):  # the first traceback lists all modules
            IPython.core.ultratb.AutoFormattedTB(mode=mode).text(*sys.exc_info())
    # A traceback takes apart each file that is in it. These two are in most, where the course
    # trains what a student has written.
    for module in (contextlib, lxmls_nb.training):
        source: Any = stack_data.core.Source.for_filename(str(module.__file__))
        _ = source.pieces
    SentimentCorpus("snippets")
    jupyter_client.localinterfaces.local_ips()
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")]))


class KernelServer:
    """Forks kernels for executors, until the process that forks executors has ended.

    Parameters
    ----------
    executors : socket.socket
        Connection to that process, over which it sends a connection to each executor.
    """

    def __init__(self, executors: socket.socket):
        self.executors = executors
        self.selector = selectors.DefaultSelector()
        self.selector.register(executors, selectors.EVENT_READ)
        self.kernels: dict[socket.socket, ForkedKernel] = {}

    def serve(self) -> None:
        """Answer requests; return when there will be no more."""
        watched = 0.0
        while True:
            for key, _ in self.selector.select(WATCH_INTERVAL if self.kernels else 1.0):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if connection is self.executors:
                    if not self._connect():
                        return
                elif not self._answer(connection):
                    self._end(connection)
            if time.monotonic() - watched > WATCH_INTERVAL:
                for kernel in self.kernels.values():
                    kernel.watch()
                watched = time.monotonic()

    def _connect(self) -> bool:
        """Take a connection to another executor; return whether there was one."""
        try:
            _, sockets, _, _ = socket.recv_fds(self.executors, 1, 1)
        except OSError:
            return False
        for descriptor in sockets:
            self.selector.register(socket.socket(fileno=descriptor), selectors.EVENT_READ)
        return bool(sockets)

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
        except OSError as error:  # of this machine, for this kernel: the other kernels go on
            reply = {"error": f"the kernel cannot be reached ({error})"}
        finally:
            for descriptor in sockets:
                os.close(descriptor)
        try:
            connection.sendall(json.dumps(reply).encode())
        except OSError:
            return False
        return True

    def _do(
        self, connection: socket.socket, request: dict[str, Any], sockets: list[int]
    ) -> dict[str, Any]:
        kernel = self.kernels.get(connection)
        if request["do"] == "start":
            if kernel is not None:
                kernel.close()
            kernel = self.kernels[connection] = ForkedKernel(request, sockets)
            return {"pid": kernel.pid, "limits": kernel.limits, "left_out": kernel.left_out}
        if kernel is None:
            return {"code": 0, "stopped": None, "time": ProcessorTime()}
        if request["do"] == "signal":
            kernel.signal(request["number"])
        elif request["do"] == "close":
            kernel.close()
        elif request["do"] == "measure":
            return {"time": kernel.processor_time()}
        return {"code": kernel.poll(), "stopped": kernel.stopped}

    def _end(self, connection: socket.socket) -> None:
        """End the kernel of an executor that has ended."""
        self.selector.unregister(connection)
        kernel = self.kernels.pop(connection, None)
        if kernel is not None:
            kernel.close()
        connection.close()

    def close(self) -> None:
        """End all kernels."""
        for connection in list(self.kernels):
            self._end(connection)


def _serve(control: socket.socket) -> None:
    """Serve the process that grades, until it closes a connection."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent()
            ours.close()
            serve_executors(control, theirs)
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)
    control.close()
    theirs.close()
    server = KernelServer(ours)
    try:
        server.serve()
    finally:
        server.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _serve_workers(control: socket.socket, listening: socket.socket) -> None:
    """Fork a server for each worker that connects, until a connection is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # until here, it ends this process
    while True:
        if control in select.select([control, listening], [], [])[0]:
            return  # the forks end, too
        connection, _ = listening.accept()
        if os.fork() == 0:
            try:
                die_with_parent()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                control.close()
                listening.close()
                _serve(connection)
            finally:
                os._exit(0)
        connection.close()


def main() -> None:
    """Serve on the socket whose file descriptor is the first argument.

    The second argument, if there is one, is that of a listening socket: until the first is closed,
    every process that connects there is served.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent process
    sockets = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    gc.disable()  # collections would be a quarter of the time, and find nothing worth it
    import_everything()
    gc.freeze()  # else a collection in a fork would write to, and so copy, most of the memory
    gc.enable()
    use_huge_pages()
    if len(sockets) == 1:
        _serve(*sockets)
    else:
        _serve_workers(*sockets)


if __name__ == "__main__":
    main()
