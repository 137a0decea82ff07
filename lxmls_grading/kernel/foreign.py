"""Kernels of other languages than Python: how they are found, and run in the sandbox.

Such a kernel is not forked from the warm process but started there, by the command that Jupyter has
for it. It listens on ports of the sandbox's own network, which leads nowhere. A *relay*, a fork of
the warm process in the same sandbox, connects these with the sockets that the executor uses for
every kernel.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbformat.notebooknode import NotebookNode

#: The ports of a kernel, by the names in its connection file. The first four are relayed. They are
#: none of those that the system gives to connections (32768 to 60999): the relay could otherwise
#: get the very port that it tries to reach, be connected with itself, and keep the kernel from it.
PORTS = {name: 20001 + i for i, name in enumerate(("shell", "stdin", "control", "iopub", "hb"))}

#: The connection file, where a student's code does not come across it by chance.
CONNECTION_FILE = "/dev/shm/kernel.json"

#: Names of Python in a kernel's command, for which Jupyter runs its own Python.
PYTHON = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info)}


def language_of(notebook: NotebookNode) -> str:
    """Return the language of an instructor's notebook, as nbgrader finds it; by default Python.

    Returns
    -------
    language : str
        As the notebook names it, such as ``R``.
    """
    language: str = notebook.metadata.get("kernelspec", {}).get("language", "python")
    return language


def is_python(language: str) -> bool:
    """Whether a language is Python, in whose kernel of our own a notebook runs."""
    return language.lower() in ("", "python", "ipython", "python3")


def kernel_name(notebook: NotebookNode) -> str:
    """Return the name of a notebook's kernel."""
    return str(notebook.metadata.get("kernelspec", {}).get("name", ""))


def find_command(name: str) -> tuple[str, ...]:
    """Return the command that starts an installed kernel; none if it is not installed.

    Parameters
    ----------
    name : str
        The kernel's name, such as ``ir``.

    Returns
    -------
    command : tuple of str
        With ``{connection_file}`` where that is to be filled in.
    """
    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        return ()
    program, *arguments = spec.argv
    found = sys.executable if program in PYTHON else shutil.which(program) or program
    fields = {"{resource_dir}": spec.resource_dir, "{prefix}": sys.prefix}
    line = [found, *arguments]
    for field, value in fields.items():
        line = [part.replace(field, value) for part in line]
    variables = [f"{name}={value}" for name, value in spec.env.items()]
    return ("/usr/bin/env", *variables, *line) if variables else tuple(line)


def run_relay(command: Sequence[str], key: str, sockets: Sequence[int]) -> None:
    """Start a kernel, connect it with sockets, and end as it ends.

    Parameters
    ----------
    command : sequence of str
        What :func:`find_command` has returned.
    key : str
        The key that messages are signed with.
    sockets : sequence of int
        Listening sockets for shell, stdin, control and iopub.
    """
    Path(CONNECTION_FILE).write_text(json.dumps(_connection(key)))
    line = [part.replace("{connection_file}", CONNECTION_FILE) for part in command]
    kernel = subprocess.Popen(line, stdin=subprocess.DEVNULL, process_group=0)

    def interrupt(number: int, frame: Any) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kernel.pid, number)

    signal.signal(signal.SIGINT, interrupt)
    for number, port in zip(sockets, PORTS.values(), strict=False):
        listening = socket.socket(fileno=number)
        threading.Thread(target=_accept, args=(listening, port), daemon=True).start()
    code = kernel.wait()
    os._exit(code % 256)


def _connection(key: str) -> dict[str, Any]:
    """Return the content of a connection file."""
    ports = {f"{name}_port": port for name, port in PORTS.items()}
    address = {"transport": "tcp", "ip": "127.0.0.1"}
    return {**address, **ports, "key": key, "signature_scheme": "hmac-sha256"}


def _accept(listening: socket.socket, port: int) -> None:
    """Connect whoever connects to a socket with a port of the kernel, once that listens."""
    while True:
        ours, _ = listening.accept()
        theirs = _connect(port)
        for source, target in ((ours, theirs), (theirs, ours)):
            threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _connect(port: int) -> socket.socket:
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:  # it is about to start
            time.sleep(0.05)


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy what comes from one socket to another one, until either is closed."""
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
