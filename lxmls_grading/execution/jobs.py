"""The work of an executor: a notebook as JSON comes in, and goes back executed, one by one."""

from __future__ import annotations

import json
import resource
import signal
import socket
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection

import nbformat

from lxmls_grading.execution.execute import execute
from lxmls_grading.reasons import note_sandbox
from lxmls_grading.sandbox.bubblewrap import SandboxError
from lxmls_grading.sandbox.confinement import address_space
from lxmls_grading.settings import GRACE, START_TIMEOUT, Options

#: Bytes that an executor may take for itself, whatever a kernel sends.
MAX_MEMORY = 2 * 2**30


def serve_jobs(jobs: int, link: socket.socket) -> None:
    """Do jobs, one after the other: receive options and a notebook, execute it, send it back.

    Parameters
    ----------
    jobs : int
        File descriptor of the connection to whoever grades. When it is closed, this returns.
    link : socket.socket
        Connection to the warm process, for kernels.
    """
    most = address_space() + MAX_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with Connection(jobs) as connection, suppress(EOFError):
        while True:
            request = json.loads(connection.recv_bytes())
            options = Options.from_dict(request["options"])
            signal.alarm(int(options.notebook_timeout + 3 * GRACE + START_TIMEOUT))
            reply = _do_job(request["notebook"], link, options)
            connection.send_bytes(json.dumps(reply).encode())
            signal.alarm(0)


def _do_job(text: str, link: socket.socket, options: Options) -> dict[str, str]:
    try:
        executed = execute(nbformat.v4.reads(text), link, options)
        note_sandbox(executed, options.sandbox)
        return {"notebook": nbformat.v4.writes(executed)}
    except SandboxError as error:
        return {"no sandbox": error.why}
    except MemoryError:
        raise  # whatever the kernel has sent; the notebook comes back without a result
    except Exception:
        return {"failed": traceback.format_exc()}
