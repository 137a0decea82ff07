"""The student kernel: IPython's kernel, which also answers probes of the judge.

Probes come as Jupyter messages of a type of their own, so that they depend on nothing in IPython's
shell, which a student's code can change at will. Written for ipykernel 7.4.
"""

from __future__ import annotations

import inspect
import json
import sys
import tempfile
import threading
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.jsonutil import json_clean, json_default
from jupyter_client.session import Session, json_packer
from traitlets import DottedObjectName, Type, observe

from lxmls_grading.kernel import wire
from lxmls_grading.kernel.absent_checks import AbsentChecks
from lxmls_grading.kernel.objects import INTERRUPTED, Objects
from lxmls_nb.checks.probes import running

#: The message types of a probe and its reply.
PROBE_REQUEST, PROBE_REPLY = "probe_request", "probe_reply"

#: The same of an operation on an object of the student.
OBJECT_REQUEST, OBJECT_REPLY = "object_request", "object_reply"

#: The name of the error of a cell that the kernel could not run, through no fault of the cell.
KERNEL_FAULT = "KernelFault"

#: Most characters that a cell can write.
MAX_CELL_OUTPUT = 2**22


class NoThread:
    """Takes the place of ipykernel's thread for subshells, which nobody uses here.

    It is false, as None would be, so that ipykernel does without the thread. Unlike None it knows
    the main thread, which ipykernel looks up for a cell with ``await``.
    """

    parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class StudentShell(ZMQInteractiveShell):
    """IPython's shell, which no cell can end, and without what only a stored history would need."""

    def ask_exit(self) -> None:
        """Do nothing: after ``exit()`` or ``quit()`` the next cells run as before.

        IPython would stop the kernel a tenth of a second later, in the midst of another cell.
        """

    @observe("exit_now")
    def _update_exit_now(self, change: Any) -> None:
        """Do nothing, for the same reason."""

    def _format_exception_for_storage(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Return nothing: nobody reads a history of exceptions, so none is formatted again."""
        return {}


class StudentCompiler(XCachingCompiler):
    """ipykernel's compiler, which registers each cell as a file of the student's module."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return the file name of a cell; tracebacks need not search all modules for it."""
        name: str = super().get_code_name(raw_code, code, number)
        inspect.modulesbyfile[name] = "__main__"
        return name


class StudentKernel(IPythonKernel):
    """Runs a student's cells, and probes of the judge on what they define."""

    shell_class = Type(StudentShell)
    compiler_class = Type(StudentCompiler)
    msg_types = [*IPythonKernel.msg_types, PROBE_REQUEST, OBJECT_REQUEST]  # noqa: RUF012

    def __init__(self, **options: Any):
        # The parent class lists the files of all modules for its debugger, and would so copy
        # megabytes of memory that a kernel shares with the warm process.
        vars(ipkernel)["sys"] = SimpleNamespace(modules={})
        try:
            super().__init__(**options)
        finally:
            vars(ipkernel)["sys"] = sys
        assert self.shell is not None
        self.objects = Objects(self.shell.user_ns)

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        """Publish only that a cell is done: the executor waits for nothing else."""
        if status == "idle":
            asked = self.get_parent(channel)["header"]["msg_type"]
            if asked not in (PROBE_REQUEST, OBJECT_REQUEST):
                super()._publish_status(status, channel, parent)

    def _publish_execute_input(self, code: str, parent: Any, execution_count: int) -> None:
        """Publish nothing: the executor has the code, and the count comes with the reply."""

    @property
    def _supports_kernel_subshells(self) -> bool:
        return False

    async def execute_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run a cell. An error of the kernel itself ends the cell as an error of its own kind.

        ipykernel would log it and reply nothing, so that the executor waits until time is up.
        """
        try:
            await super().execute_request(stream, ident, parent)
        except Exception as error:
            content = {
                "ename": KERNEL_FAULT,
                "evalue": f"{type(error).__name__}: {error}"[:300],
                "traceback": [f"{KERNEL_FAULT}: {type(error).__name__}: {error}"[:300]],
            }
            assert self.session is not None
            self.session.send(self.iopub_socket, "error", content, parent, ident=b"error")
            reply = content | {"status": "error", "user_expressions": {}, "payload": []}
            self.session.send(stream, "execute_reply", reply, parent, ident=ident)

    def probe_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run a probe on objects of the student, which a message names, and send the result."""
        assert self.shell is not None
        assert self.session is not None
        try:
            request = wire.decode([bytes(buffer) for buffer in parent["buffers"]])
            names = request["names"]
            known = [isinstance(name, int) or name in self.shell.user_ns for name in names]
            missing = [name for name, there in zip(names, known, strict=True) if not there]
            if missing:
                message = f"name '{missing[0]}' is not defined"
                reply = {"error": {"type": "NameError", "message": message, "line": ""}}
            else:
                answers = [
                    self.objects.held[name] if isinstance(name, int) else self.shell.user_ns[name]
                    for name in names
                ]
                reply = running.execute(request["probe"], answers, request["arguments"])
            parts = wire.encode(reply)
        except KeyboardInterrupt:
            parts = wire.encode({"interrupted": True})
        except wire.ReplyError as error:
            error_reply = {"type": "ValueError", "message": f"the result {error}", "line": ""}
            parts = wire.encode({"error": error_reply})
        except Exception as error:  # of the kernel itself; without a reply it would seem to hang
            message = f"the kernel failed: {error}"[:200]
            error_reply = {"type": type(error).__name__, "message": message, "line": ""}
            parts = wire.encode({"error": error_reply})
        self.session.send(stream, PROBE_REPLY, {}, parent, ident=ident, buffers=[*parts])

    def object_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Do an operation on an object of the student, and send the result."""
        assert self.session is not None
        try:
            parts = self.objects.answer([bytes(buffer) for buffer in parent["buffers"]])
        except KeyboardInterrupt:
            parts = [INTERRUPTED]
        except Exception as error:  # without a reply it would seem to hang
            parts = [repr(error)[:500].encode()]
        self.session.send(stream, OBJECT_REPLY, {}, parent, ident=ident, buffers=[*parts])


class BoundedStream(OutStream):
    """The output of a cell, up to a limit.

    Without a limit here, the grader would refuse a message that is too large, with all its text.
    """

    _cell, _room, _written = None, 0, False

    def flush(self) -> None:
        """Send what has been written, if any: ipykernel would always wait for its other thread."""
        if self._written:
            self._written = False
            super().flush()

    def write(self, string: str) -> int:
        """Write a text, or as much of it as there is room for in this cell's output.

        Returns
        -------
        length : int
            The number of characters in the text, as a file would return.
        """
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
    """Starts a kernel on listening sockets, without a connection file or arguments."""

    kernel_class: Any = Type(StudentKernel, klass="ipykernel.kernelbase.Kernel")
    outstream_class = DottedObjectName(f"{__name__}.BoundedStream", allow_none=True)
    sockets: list[int]

    def parse_command_line(self, argv: Any = None) -> None:
        """Do nothing: there are no arguments, and to build a parser takes longer than the rest."""

    def load_config_file(self, *arguments: Any, **options: Any) -> None:
        """Do nothing: the kernel is the same for everyone."""

    def init_connection_file(self) -> None:
        """Do nothing: the key is set, and the sockets are listening already."""

    def write_connection_file(self, **options: Any) -> None:
        """Do nothing: nobody would read the file."""

    def init_control(self, context: zmq.Context[Any]) -> None:
        """Make the control channel, without the thread that only subshells would need."""
        super().init_control(context)
        self.shell_channel_thread.io_loop.close()
        self.shell_channel_thread = NoThread()

    def init_path(self) -> None:
        """Let cells import modules from the working folder, but no other in place of an installed.

        IPython puts the folder before the installed packages, where a file of the student could
        shadow a module that a test imports later.
        """
        sys.path.append("")

    def init_heartbeat(self) -> None:
        """Do nothing: the process that has started this kernel sees when it ends."""

    def init_code(self) -> None:
        """Do nothing: there are no start-up files to run."""

    def _configure_logging(self) -> None:
        """Do nothing: nobody reads a kernel's log."""

    def init_crash_handler(self) -> None:
        """Do nothing: nobody would read the file that a crash handler writes."""

    def init_poller(self) -> None:
        """Do nothing: the parent process, which it would watch, is in another namespace."""

    def _try_bind_socket(self, s: zmq.Socket[Any], port: int) -> int:
        # libzmq accepts connections on the socket that it is given, and ignores the address.
        s.setsockopt(zmq.USE_FD, self.sockets.pop(0))
        s.bind(f"ipc://{len(self.sockets)}")
        return 1


def _pack(content: Any) -> bytes:
    """Return the content of a message as JSON, also where texts hold half a pair of surrogates.

    Jupyter cannot encode those. A test that fails with such a text in its message would have no
    error among its outputs, and so its points.
    """
    try:
        packed: bytes = json_packer(content)
    except UnicodeEncodeError:
        clean = json_clean(content)
        text = json.dumps(clean, default=json_default, ensure_ascii=False, allow_nan=False)
        packed = text.encode("utf-8", "replace")
    return packed


def run_kernel(key: str, sockets: list[int]) -> None:
    """Run a kernel in this process until it is shut down.

    Parameters
    ----------
    key : str
        The key that messages are signed with.
    sockets : list of int
        Listening sockets for shell, stdin, control and iopub.
    """
    sys.argv = ["kernel"]
    tempfile.tempdir = None  # forget the one of the warm process
    sys.meta_path.append(AbsentChecks())
    app = StudentKernelApp.instance(transport="ipc", ip="kernel", quiet=True)
    app.sockets = list(sockets)
    app.session = Session(parent=app, key=key.encode(), username="student")
    app.session.pack = _pack
    app.config.HistoryManager.enabled = False  # no database to open, no thread to write to it
    app.initialize([])
    app.start()
