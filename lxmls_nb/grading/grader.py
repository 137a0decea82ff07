"""Executes notebooks for whoever grades: the end of the warm process that others use."""

from __future__ import annotations

import atexit
import copy
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection

import nbformat
from nbformat.notebooknode import NotebookNode

from lxmls_nb.grading.client import START_TIMEOUT
from lxmls_nb.grading.execute import GRACE, Options, to_request
from lxmls_nb.grading.judge import not_run
from lxmls_nb.grading.reasons import KEY, add_reason, reason
from lxmls_nb.grading.sandbox import SandboxError
from lxmls_nb.grading.submissions import grade_id, is_test
from lxmls_nb.grading.warm import ENVIRONMENT

#: What of the environment the warm process gets, and thus could be found in a student kernel.
PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
    *("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"),  # where the list of fonts is kept
)

#: What libraries read when they are imported.
READ_AT_IMPORT = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"),
    *("MPLBACKEND", "TQDM_DISABLE"),
)

#: Seconds until the warm process has imported everything, and bytes of an executed notebook.
WARM_TIMEOUT, MAX_NOTEBOOK = 120, 2**27


class GradingError(RuntimeError):
    """Grading itself has failed: nothing can be said about the submission."""


class WarmProcess:
    """Executes notebooks by forks of one warm process, which starts with the first of them.

    Use it as a context manager, or call :meth:`close`. It may be used by several threads.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def execute(self, notebook: NotebookNode, options: Options) -> NotebookNode:
        """Return a notebook executed, with reasons in its metadata where parts did not run.

        Parameters
        ----------
        notebook : NotebookNode
            Its test cells must be the instructor's: they are run outside of the sandbox.
        options : Options

        Raises
        ------
        SandboxError
            If there is no sandbox on this machine.
        GradingError
            If the warm process has ended.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._request({"do": "execute"}, theirs)
        with Connection(ours.detach()) as job:
            seconds = options.notebook_timeout + 4 * GRACE + START_TIMEOUT
            try:
                job.send_bytes(to_request(notebook, options))
                if not job.poll(seconds):
                    raise EOFError
                reply = json.loads(job.recv_bytes(MAX_NOTEBOOK))
            except (EOFError, OSError, ValueError):
                reply = {}
        if "no sandbox" in reply:
            raise SandboxError(reply["no sandbox"])
        if "failed" in reply:
            raise GradingError(f"the notebook could not be executed:\n{reply['failed']}")
        if "notebook" in reply:
            executed = nbformat.from_dict(reply["notebook"])
        elif self._process is None or self._process.poll() is not None:
            raise GradingError("the process that runs notebooks has ended: is there memory left?")
        else:  # the executor was ended by what the kernel sent, or by its alarm
            what = "it sent more than can be taken, or never ended"
            executed = without_result(notebook, "messages", what=what)
        executed.metadata.setdefault(KEY, NotebookNode())["sandbox"] = options.sandbox
        return executed

    def start(self) -> None:
        """Start the warm process now, so that the first notebook need not wait for it."""
        with self._lock:
            self._start()

    def link(self) -> socket.socket:
        """Return a connection over which a kernel can be asked for."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._request({"do": "link"}, theirs)
        return ours

    def _request(self, what: dict, sent: socket.socket) -> None:
        with self._lock:
            self._start()
            try:
                socket.send_fds(self._control, [json.dumps(what).encode()], [sent.fileno()])
                if self._control.recv(2**16):
                    return
            except OSError:
                pass
        raise GradingError("the process that runs notebooks has ended: is there memory left?")

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._control, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {name: ENVIRONMENT[name] for name in READ_AT_IMPORT}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "lxmls_nb.grading.warm", str(theirs.fileno())],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd="/",
            )
        self._control.settimeout(WARM_TIMEOUT)
        try:
            if self._control.recv(4) == b"warm":
                return
        except OSError:
            pass
        self.close()
        raise GradingError("the process that runs notebooks does not start: see the lines above")

    def close(self) -> None:
        """End the warm process and everything that it has started."""
        if self._process is not None:
            self._control.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
            self._process = None

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def without_result(notebook: NotebookNode, kind: str, **values: str) -> NotebookNode:
    """Return a notebook whose execution came to nothing, for a reason.

    Parameters
    ----------
    notebook : NotebookNode
    kind : str
        A key of :data:`~lxmls_nb.grading.reasons.TEXTS`.
    **values
        What is to be filled in there.
    """
    executed = copy.deepcopy(notebook)
    tests = [cell for cell in executed.cells if is_test(cell)]
    names = [str(grade_id(cell)) for cell in tests]
    why = reason(kind, names, **values)
    for cell in tests:
        cell.outputs = [not_run(why.text)]
    add_reason(executed, why)
    return executed


_shared: WarmProcess | None = None


def shared_process() -> WarmProcess:
    """Return the warm process of this Python process; it ends with it."""
    global _shared
    if _shared is None:
        _shared = WarmProcess()
        atexit.register(_shared.close)
    return _shared
