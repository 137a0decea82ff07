"""Watches what grading does to the machine: memory, processes left behind, calls from inside."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import threading
import time
from collections.abc import Iterator

import psutil

#: Seconds that processes have to end after grading.
GRACE = 3

PR_SET_CHILD_SUBREAPER = 36


class Listeners:
    """Waits for whoever calls: TCP on this machine, and an abstract Unix socket."""

    def __init__(self, name: str):
        self.heard: list[str] = []
        self._sockets = []
        for family, address in (
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_UNIX, f"\0{name}"),
        ):
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.bind(address)
            listener.listen()
            self._sockets.append(listener)
            threading.Thread(target=self._listen, args=(listener,), daemon=True).start()
        self.port = self._sockets[0].getsockname()[1]

    def _listen(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(5)
                    with contextlib.suppress(OSError):
                        self.heard.append(f"{listener.family.name}: {connection.recv(100)!r}")

    def close(self) -> list[str]:
        """Return what was heard."""
        for listener in self._sockets:
            listener.close()
        return self.heard


class Watch(threading.Thread):
    """Notes by how much the memory that the machine has left shrinks.

    Sums over processes would count what forks share many times.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.memory, self._ended = 0, threading.Event()
        self._before = psutil.virtual_memory().available

    def run(self) -> None:
        while not self._ended.wait(0.1):
            taken = self._before - psutil.virtual_memory().available
            self.memory = max(self.memory, taken)

    def end(self) -> int:
        self._ended.set()
        self.join()
        return self.memory


@contextlib.contextmanager
def adopting() -> Iterator[list[str]]:
    """Collect, and end, the processes that are left when the block ends."""
    left: list[str] = []
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = {process.pid for process in psutil.Process().children(recursive=True)}

    def new() -> list[psutil.Process]:
        found = []
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.pid not in before and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def reap() -> None:
        """Wait for adopted processes that have ended: until then, their sandbox doesn't end."""
        for process in psutil.Process().children():
            with contextlib.suppress(OSError):
                if process.pid not in before:
                    os.waitpid(process.pid, os.WNOHANG)

    try:
        yield left
    finally:
        end = time.monotonic() + GRACE
        while new() and time.monotonic() < end:
            reap()
            time.sleep(0.1)
        while remaining := new():
            for process in remaining:
                with contextlib.suppress(psutil.Error):
                    left.append(" ".join(process.cmdline())[:200] or process.name())
                    process.kill()
            reap()
            time.sleep(0.1)
        reap()
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
