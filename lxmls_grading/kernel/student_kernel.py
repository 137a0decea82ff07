"""The student kernel: IPython's, which also answers probes of the judge.

Probes come as Jupyter messages of a type of their own, so they need nothing of IPython's shell,
which a student's code can change at will.
"""

from __future__ import annotations

import inspect
import sys
import tempfile
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session
from traitlets import DottedObjectName, Type

from lxmls_grading.kernel import wire
from lxmls_nb.checks.probes import running as probes

#: The message types of a probe and its reply.
PROBE_REQUEST, PROBE_REPLY = "probe_request", "probe_reply"

#: Characters that a cell can write.
MAX_CELL_OUTPUT = 2**22


class StudentShell(ZMQInteractiveShell):
    """IPython's shell, without what only a history that is written down would need."""

    def _format_exception_for_storage(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Format none a second time: nobody reads a history of errors."""
        return {}


class StudentCompiler(XCachingCompiler):
    """ipykernel's compiler, whose cells are known as files of the student's module."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return the name of a cell; a traceback would look for it in all modules there are."""
        name: str = super().get_code_name(raw_code, code, number)
        inspect.modulesbyfile[name] = "__main__"
        return name


class StudentKernel(IPythonKernel):
    """Runs a student's cells, and probes of the judge on what they define."""

    shell_class = Type(StudentShell)
    compiler_class = Type(StudentCompiler)
    msg_types = [*IPythonKernel.msg_types, PROBE_REQUEST]  # noqa: RUF012 (as in the parent class)

    def __init__(self, **options: Any):
        # It would list the files of all modules, for its debugger, and so copy megabytes that a
        # kernel shares with the warm process.
        vars(ipkernel)["sys"] = SimpleNamespace(modules={})
        try:
            super().__init__(**options)
        finally:
            vars(ipkernel)["sys"] = sys

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        """Say no more than that a cell is done: for that the executor waits."""
        if status == "idle" and self.get_parent(channel)["header"]["msg_type"] != PROBE_REQUEST:
            super()._publish_status(status, channel, parent)

    def _publish_execute_input(self, code: str, parent: Any, execution_count: int) -> None:
        """Say nothing: the executor has the code, and the count comes with the reply."""

    def probe_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run a probe on objects of the student, named in the message, and send what it says."""
        assert self.shell is not None
        assert self.session is not None
        try:
            request = wire.decode([bytes(buffer) for buffer in parent["buffers"]])
            names = request["names"]
            missing = [name for name in names if name not in self.shell.user_ns]
            if missing:
                message = f"name '{missing[0]}' is not defined"
                reply = {"error": {"type": "NameError", "message": message, "line": ""}}
            else:
                answers = [self.shell.user_ns[name] for name in names]
                reply = probes.execute(request["probe"], answers, request["arguments"])
            parts = wire.encode(reply)
        except KeyboardInterrupt:
            parts = wire.encode({"interrupted": True})
        except wire.ReplyError as error:
            error_reply = {"type": "ValueError", "message": f"the result {error}", "line": ""}
            parts = wire.encode({"error": error_reply})
        self.session.send(stream, PROBE_REPLY, {}, parent, ident=ident, buffers=[*parts])


class BoundedStream(OutStream):
    """Output of a cell, up to a limit: pieces that are too large would be lost as a whole."""

    _cell, _room, _written = None, 0, False

    def flush(self) -> None:
        """Send what has been written; ipykernel waits for its other thread in any case."""
        if self._written:
            self._written = False
            super().flush()

    def write(self, string: str) -> int:
        """Write a text, or as much of it as there is room for in this cell's output."""
        try:
            return self._write(string)
        finally:
            self._written = True

    def _write(self, string: str) -> int:
        cell = self.parent_header.get("msg_id")
        if cell != self._cell:
            self._cell, self._room = cell, MAX_CELL_OUTPUT
        if not isinstance(string, str) or len(string) <= self._room:
            self._room -= len(string)
            return super().write(string) or 0
        if self._room > 0:
            super().write(f"{string[: self._room]}\n... the rest is left out\n")
            self._room = 0
        return len(string)


class StudentKernelApp(IPKernelApp):
    """Starts a kernel on sockets that are there already, without files and arguments."""

    kernel_class: Any = Type(StudentKernel, klass="ipykernel.kernelbase.Kernel")
    outstream_class = DottedObjectName(f"{__name__}.BoundedStream", allow_none=True)
    sockets: list[int]

    def parse_command_line(self, argv: Any = None) -> None:
        """Take none: building the parser takes longer than all the rest."""

    def load_config_file(self, *arguments: Any, **options: Any) -> None:
        """Take none: a kernel is the same for everyone."""

    def init_connection_file(self) -> None:
        """Take none: the key is set, the sockets listen."""

    def write_connection_file(self, **options: Any) -> None:
        """Write none."""

    def init_control(self, context: zmq.Context[Any]) -> None:
        """Take no thread for messages to the shell: only subshells, of which there are none, do."""
        super().init_control(context)
        self.shell_channel_thread.io_loop.close()
        self.shell_channel_thread = None

    def init_heartbeat(self) -> None:
        """Start none: whoever started this kernel sees when it ends."""

    def init_code(self) -> None:
        """Run none: there are no files of a user's to run at the start."""

    def _configure_logging(self) -> None:
        """Leave it: nobody reads a kernel's log."""

    def init_crash_handler(self) -> None:
        """Take none: there is nobody to read its file."""

    def init_poller(self) -> None:
        """Take none: the parent is in another namespace."""

    def _try_bind_socket(self, s: zmq.Socket[Any], port: int) -> int:
        # libzmq accepts on a socket that it is given, whatever the address says.
        s.setsockopt(zmq.USE_FD, self.sockets.pop(0))
        s.bind(f"ipc://{len(self.sockets)}")
        return 1


def run_kernel(key: str, sockets: list[int]) -> None:
    """Run a kernel in this process until it is shut down.

    Parameters
    ----------
    key : str
        That messages are signed with.
    sockets : list of int
        Listening sockets for shell, stdin, control and iopub.
    """
    sys.argv = ["kernel"]
    tempfile.tempdir = None  # the warm process has had another one
    app = StudentKernelApp.instance(transport="ipc", ip="kernel", quiet=True)
    app.sockets = list(sockets)
    app.session = Session(parent=app, key=key.encode(), username="student")
    app.config.HistoryManager.enabled = False  # no database to open, no thread to write to it
    app.initialize([])
    app.start()
