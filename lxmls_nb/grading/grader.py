"""Executes notebooks for whoever grades: the end of the warm process that others use."""

from __future__ import annotations

import atexit
import copy
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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

#: The environment variable that tells workers where the warm process of this machine listens.
ADDRESS = "LXMLS_NB_WARM_PROCESS"

#: Seconds until the warm process has imported everything, and bytes of an executed notebook.
WARM_TIMEOUT, MAX_NOTEBOOK = 120, 2**27


class GradingError(RuntimeError):
    """Grading itself has failed: nothing can be said about the submission."""


class WarmProcess:
    """Executes notebooks by forks of one warm process, which starts with the first of them.

    Where :func:`warm_for_workers` has started one for this machine, it is a fork of that. Use it as
    a context manager, or call :meth:`close`. It may be used by several threads.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._control: socket.socket | None = None
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
        elif self._has_ended():
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
            control = self._start()
            try:
                socket.send_fds(control, [json.dumps(what).encode()], [sent.fileno()])
                if control.recv(2**16):
                    return
            except OSError:
                pass
        raise GradingError("the process that runs notebooks has ended: is there memory left?")

    def _start(self) -> socket.socket:
        if self._control is not None and not self._has_ended():
            return self._control
        self.close()
        control = _connect(os.environ.get(ADDRESS))
        if control is None:
            control, theirs = socket.socketpair()
            with theirs:
                self._process = _start_process(theirs)
        self._control = control
        control.settimeout(WARM_TIMEOUT)
        try:
            if control.recv(4) == b"warm":
                return control
        except OSError:
            pass
        self.close()
        raise GradingError("the process that runs notebooks does not start: see the lines above")

    def _has_ended(self) -> bool:
        """Whether the warm process has closed the connection: it does so when it ends."""
        if self._control is None:
            return True
        try:
            readable = select.select([self._control], [], [], 0)[0]
            return bool(readable) and not self._control.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):  # closed at this end
            return True

    def close(self) -> None:
        """End the warm process and everything that it has started."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            _end_process(self._process)
            self._process = None

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def _start_process(*sockets: socket.socket) -> subprocess.Popen:
    """Start a warm process, which takes requests from the first socket."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {name: ENVIRONMENT[name] for name in READ_AT_IMPORT}
    numbers = [one.fileno() for one in sockets]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "lxmls_nb.grading.warm", *map(str, numbers)],
        env=environment,
        pass_fds=numbers,
        stdin=subprocess.DEVNULL,
        cwd="/",
    )


def _end_process(process: subprocess.Popen) -> None:
    """Wait until a warm process, whose connection is closed, has ended."""
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _connect(address: str | None) -> socket.socket | None:
    """Return a connection to the warm process of this machine, None if there is none."""
    if not address:
        return None
    control = socket.socket(socket.AF_UNIX)
    try:
        control.connect(address)
    except OSError:  # it has ended: whoever asks starts one
        control.close()
        return None
    return control


@contextmanager
def warm_for_workers() -> Iterator[dict[str, str]]:
    """Start one warm process for all workers of this machine, and end it.

    It gets ready while others do; each :class:`WarmProcess` of a worker is a fork of it.

    Yields
    ------
    environment : dict of str
        What tells workers where it is.
    """
    folder = tempfile.mkdtemp(prefix="lxmls-nb-")  # nobody else can look into it
    ours, theirs = socket.socketpair()
    listening = socket.socket(socket.AF_UNIX)
    try:
        with theirs, listening:
            listening.bind(f"{folder}/warm")
            listening.listen(128)
            process = _start_process(theirs, listening)
        try:
            yield {ADDRESS: f"{folder}/warm"}
        finally:
            ours.close()
            _end_process(process)
    finally:
        ours.close()
        shutil.rmtree(folder, ignore_errors=True)


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
