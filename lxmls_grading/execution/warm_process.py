"""The client of the warm process: it executes notebooks for a process that grades."""

from __future__ import annotations

import atexit
import copy
import json
import os
import select
import socket
import subprocess
import threading
from multiprocessing.connection import Connection

import nbformat
from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.execution.hub import (
    ADDRESS_VARIABLE,
    connect_to_warm_process,
    end_process,
    start_process,
)
from lxmls_grading.execution.measured import Measured, SlowestCell
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.intake.working_files import WorkingFiles
from lxmls_grading.reasons import add_reason, not_run, note_sandbox, reason
from lxmls_grading.sandbox.bubblewrap import SandboxError
from lxmls_grading.settings import GRACE, KERNEL_START_TIMEOUT, Settings

#: Seconds that the warm process has to import everything, and most bytes of an executed notebook.
WARM_TIMEOUT, MAX_NOTEBOOK = 120, 2**27

#: Outcomes of a job: the notebook is executed, there is no sandbox, or grading itself has failed.
EXECUTED, NO_SANDBOX, NOT_EXECUTED = "executed", "no sandbox", "not executed"


class GradingError(RuntimeError):
    """Grading itself has failed, through no fault of the submission."""


class WarmProcess:
    """Executes notebooks by forks of one warm process, which starts with the first of them.

    Where :func:`~lxmls_grading.execution.hub.warm_for_workers` has started one for this machine, it
    is a fork of that. Use it as a context manager, or call :meth:`close`. It may be used by several
    threads.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = threading.Lock()

    def execute(
        self,
        notebook: NotebookNode,
        settings: Settings,
        files: WorkingFiles | None = None,
        plan: NotebookPlan | None = None,
    ) -> NotebookNode:
        """Return a notebook executed, with reasons in its metadata where parts did not run.

        Parameters
        ----------
        notebook : NotebookNode
            Its test cells must be the instructor's: they are run outside of the sandbox.
        settings : Settings
        files : WorkingFiles, optional
            What lies beside the notebook.
        plan : NotebookPlan, optional
            Which of its tests run apart; by default, all do.

        Raises
        ------
        SandboxError
            If there is no sandbox on this machine.
        GradingError
            If the warm process has ended.
        """
        with Executor(self) as executor:
            text, _ = executor.execute(nbformat.v4.writes(notebook), settings, files, plan)
        executed: NotebookNode = nbformat.v4.reads(text)
        return executed

    def start(self) -> None:
        """Start the warm process now, so that the first notebook need not wait for it."""
        with self._lock:
            self._start()

    def fork_executor(self, jobs: socket.socket) -> None:
        """Let the warm process fork an executor, which takes jobs from a socket.

        Raises
        ------
        GradingError
            If the warm process has ended.
        """
        with self._lock:
            control = self._start()
            try:
                socket.send_fds(control, [b'{"do": "execute"}'], [jobs.fileno()])
                if control.recv(2**16):
                    return
            except OSError:
                pass
        raise GradingError("the process that executes notebooks has ended: is the memory full?")

    def _start(self) -> socket.socket:
        if self._control is not None and not self.has_ended():
            return self._control
        self.close()
        control = connect_to_warm_process(os.environ.get(ADDRESS_VARIABLE))
        if control is None:
            control, theirs = socket.socketpair()
            with theirs:
                self._process = start_process(theirs)
        self._control = control
        control.settimeout(WARM_TIMEOUT)
        try:
            if control.recv(4) == b"warm":
                return control
        except OSError:
            pass
        self.close()
        raise GradingError(
            "the process that executes notebooks does not start: see the lines above"
        )

    def has_ended(self) -> bool:
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
            end_process(self._process)
            self._process = None

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Executor:
    """A fork of the warm process that executes the notebooks of one submission in turn.

    It is forked for the first of them, and again after a notebook that has ended it. Use it as a
    context manager.

    Parameters
    ----------
    warm_process : WarmProcess
    """

    def __init__(self, warm_process: WarmProcess):
        self.warm_process = warm_process
        self._jobs: Connection | None = None

    def execute(
        self,
        text: str,
        settings: Settings,
        files: WorkingFiles | None = None,
        plan: NotebookPlan | None = None,
    ) -> tuple[str, Measured]:
        """Execute a notebook, from JSON to JSON; see :meth:`WarmProcess.execute`.

        Returns
        -------
        text : str
            The executed notebook.
        measured : Measured

        Raises
        ------
        SandboxError
            If there is no sandbox on this machine.
        GradingError
            If grading itself has failed.
        """
        outcome, result, measured = self._ask(
            text, settings, files or WorkingFiles(), plan or NotebookPlan()
        )
        if outcome == EXECUTED:
            slowest, starved, limits = json.loads(measured)
            return result, Measured(SlowestCell(*slowest), starved, limits)
        if outcome == NO_SANDBOX:
            raise SandboxError(result)
        if outcome == NOT_EXECUTED:
            raise GradingError(f"the notebook could not be executed:\n{result}")
        self.close()
        if self.warm_process.has_ended():
            raise GradingError("the process that executes notebooks has ended: is the memory full?")
        # Messages of the kernel, or its own alarm, have ended the executor.
        what = "it sent too much, or never ended"
        lost = without_result(nbformat.v4.reads(text), "messages", what=what)
        note_sandbox(lost, settings.sandbox)
        return nbformat.v4.writes(lost), Measured()

    def _ask(
        self, text: str, settings: Settings, files: WorkingFiles, plan: NotebookPlan
    ) -> tuple[str, str, str]:
        """Return the reply to a job; empty strings if the executor has ended."""
        if self._jobs is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self.warm_process.fork_executor(theirs)
            self._jobs = Connection(ours.detach())
        seconds = settings.notebook_timeout + 4 * GRACE + KERNEL_START_TIMEOUT
        try:
            job = {
                "settings": settings.to_dict(),
                "plan": plan.to_dict(),
                "left_out": files.left_out,
            }
            self._jobs.send_bytes(json.dumps(job).encode())
            self._jobs.send_bytes(files.pack())
            self._jobs.send_bytes(text.encode())
            if self._jobs.poll(seconds):
                outcome, result, measured = (
                    self._jobs.recv_bytes(MAX_NOTEBOOK).decode() for _ in range(3)
                )
                return outcome, result, measured
        except (EOFError, OSError, ValueError):
            pass
        return "", "", ""

    def close(self) -> None:
        """End the executor."""
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def without_result(notebook: NotebookNode, kind: str, **values: str) -> NotebookNode:
    """Return a notebook that has no result, for a reason.

    Parameters
    ----------
    notebook : NotebookNode
    kind : str
        A key of :data:`~lxmls_grading.reasons.TEXTS`.
    **values
        Values for the fields in its text.
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
    """Return the warm process of this Python process. The one ends with the other."""
    global _shared
    if _shared is None:
        _shared = WarmProcess()
        atexit.register(_shared.close)
    return _shared
