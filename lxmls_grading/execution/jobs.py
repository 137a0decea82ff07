"""The work of an executor: it gets notebooks as JSON, one by one, and returns them executed."""

from __future__ import annotations

import json
import resource
import signal
import socket
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection

import nbformat

from lxmls_grading.execution.findings import note_findings
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.split_client import execute_notebook
from lxmls_grading.execution.warm_process import EXECUTED, NO_SANDBOX, NOT_EXECUTED
from lxmls_grading.reasons import note_sandbox
from lxmls_grading.sandbox.bubblewrap import SandboxError
from lxmls_grading.sandbox.confinement import address_space
from lxmls_grading.settings import GRACE, KERNEL_START_TIMEOUT, Settings

#: Bytes that an executor may take for itself, whatever a kernel sends.
EXECUTOR_MEMORY = 2 * 2**30


def serve_jobs(jobs: int, connection: socket.socket) -> None:
    """Do the jobs of an :class:`~lxmls_grading.execution.warm_process.Executor`, one by one.

    A job comes as three messages: settings, plan and the files that were left out, an archive
    of the files beside the notebook, and the notebook. The reply is three messages, too: a
    word for the outcome, the executed notebook or why it was not executed, and what was measured.

    Parameters
    ----------
    jobs : int
        File descriptor of the connection to the process that grades. When that closes it, this
        returns.
    connection : socket.socket
        Connection to the warm process, for kernels.
    """
    most = address_space() + EXECUTOR_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with Connection(jobs) as job_connection, suppress(EOFError):
        while True:
            job = json.loads(job_connection.recv_bytes())
            settings = Settings.from_dict(job["settings"])
            files = job_connection.recv_bytes()
            notebook = job_connection.recv_bytes().decode()
            signal.alarm(int(settings.notebook_timeout + 3 * GRACE + KERNEL_START_TIMEOUT))
            plan = NotebookPlan.from_dict(job["plan"])
            for part in _do_job(notebook, connection, settings, files, plan, job["left_out"]):
                # The message of a test can hold half a pair of surrogates, which is no text.
                job_connection.send_bytes(part.encode("utf-8", "replace"))
            signal.alarm(0)


def _do_job(
    text: str,
    connection: socket.socket,
    settings: Settings,
    files: bytes,
    plan: NotebookPlan,
    left_out: dict[str, str],
) -> tuple[str, str, str]:
    """Execute a notebook; return the outcome, the notebook or why it was not, what was measured."""
    try:
        notebook = nbformat.v4.reads(text)
        measured = execute_notebook(notebook, connection, settings, files, plan)
        note_findings(notebook, left_out)
        note_sandbox(notebook, settings.sandbox, measured.limits)
        return EXECUTED, nbformat.v4.writes(notebook), json.dumps(measured)
    except SandboxError as error:
        return NO_SANDBOX, error.why, ""
    except MemoryError:
        raise  # it ends this executor, and the notebook gets no result
    except Exception:
        return NOT_EXECUTED, traceback.format_exc(), ""
