"""The process that forks executors. It has imported what they know, and student kernels do not.

It is a fork of the warm process (:mod:`~lxmls_grading.execution.warm_server`), in which verdicts
are loaded once for all executors. No kernel is forked from it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys

from lxmls_grading.sandbox.confinement import die_with_parent
from lxmls_nb import checks

#: Bytes of a request: a line of JSON that is always the same.
MAX_REQUEST = 2**10

#: Seconds between two looks for executors that have ended.
LOOK_INTERVAL = 1.0


def serve_executors(control: socket.socket, kernels: socket.socket) -> None:
    """Fork an executor for each request, until the process that grades closes its connection.

    Parameters
    ----------
    control : socket.socket
        Connection to that process. Each request comes with a connection for the executor's jobs.
    kernels : socket.socket
        Connection to the warm process, which gets a connection to each executor.
    """
    for name in checks.__all__:
        getattr(checks, name)  # now it is imported, and no kernel must be forked from here
    gc.freeze()  # see the warm process
    executors: set[int] = set()
    try:
        control.sendall(b"warm")
        while True:
            readable = select.select([control], [], [], LOOK_INTERVAL)[0]
            executors -= {pid for pid in executors if os.waitpid(pid, os.WNOHANG)[0]}
            if not readable:
                continue
            data, sockets, _, _ = socket.recv_fds(control, MAX_REQUEST, 1)
            if not data:
                return
            pid = _fork_executor(sockets[0], control, kernels)
            executors.add(pid)
            os.close(sockets[0])
            control.sendall(json.dumps({"pid": pid}).encode())
    except OSError:  # one of the others has ended
        return
    finally:
        for pid in executors:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _fork_executor(jobs: int, *not_theirs: socket.socket) -> int:
    """Fork an executor, and connect it to the warm process; return its id."""
    kernels = not_theirs[-1]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pid = os.fork()
        if pid == 0:
            try:
                die_with_parent()
                from lxmls_grading.execution.jobs import serve_jobs

                for connection in (*not_theirs, ours):
                    connection.close()
                serve_jobs(jobs, theirs)
            finally:
                sys.stderr.flush()
                os._exit(0)
        socket.send_fds(kernels, [b"+"], [ours.fileno()])
    return pid
