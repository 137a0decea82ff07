"""Keeps test cells from doing to this machine what a value of a student could tell them to do.

A test cell is the instructor's, and runs outside of the sandbox. What it does with an answer can
still run code of the student, or reach files: ``eval(answer)``, ``pickle.loads(answer)``,
``sqlite3.connect(...).execute(answer)``, ``open(answer)``. Python tells of all that by audit events
(`sys.addaudithook`), and the judge refuses it. The trial of the reference solution is refused
alike, so that such a cell is planned to run in the sandbox, together with the student's code.

This is a rail for honest tests and no sandbox: code that somebody got to
run here could take it down.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from types import FrameType
from typing import Any, NoReturn

import lxmls_nb
from lxmls_grading.execution.decisions import TEST_FILE

#: What is refused: what a test does, as a clause, and the events that tell of it.
EVENTS = {
    "runs code that it has made itself": ["exec"],
    "unpickles objects": ["pickle.find_class"],
    "opens a database": ["sqlite3.connect"],
    "starts a process": [
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
        *("os.forkpty", "pty.spawn"),
    ],
    "ends a process": ["os.kill", "os.killpg", "signal.pthread_kill"],
    "connects to a network": [
        *("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"),
        *("socket.gethostbyaddr", "socket.sendto"),
    ],
    "opens a file": ["open"],
    "looks into a folder": ["os.listdir", "os.scandir", "os.walk", "os.chdir"],
    "changes files": [
        *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod"),
        *("os.chown", "os.truncate", "os.utime", "shutil.move", "shutil.copyfile"),
        *("shutil.rmtree", "tempfile.mkstemp", "tempfile.mkdtemp"),
    ],
    "calls a library by its address": ["ctypes.dlopen", "ctypes.dlsym", "ctypes.call_function"],
}
CLAUSES = {event: clause for clause, events in EVENTS.items() for event in events}

#: Ends of the names of Python's own files that make code from the names of fields.
MAKERS = ("/dataclasses.py", "/collections/__init__.py", "/enum.py", "/typing.py")

#: What `ast.parse` calls a text. In Python 3.14, tracebacks parse the lines that they show, and
#: where these make no whole statement, Python looks for a file of that name.
NO_FILE = "<unknown>"

#: Functions that end a process and that no audit event tells of.
ENDINGS = ("_exit", "abort")

#: Whom to tell that something was refused, while a test cell runs, and the threads that were there
#: before it: a test does not run in them.
_refuse: list[tuple[Callable[[str], NoReturn], set[int]]] = []


@contextlib.contextmanager
def guard(refuse: Callable[[str], NoReturn]) -> Iterator[None]:
    """Refuse while a test cell runs, in this process, what reaches beyond it.

    Parameters
    ----------
    refuse : callable
        Gets what the test does, as a clause, and raises.
    """
    _install()
    _refuse.append((refuse, {*sys._current_frames()} - {threading.get_ident()}))
    endings = {name: getattr(os, name) for name in ENDINGS}
    for name in ENDINGS:
        setattr(os, name, lambda *_: refuse("ends a process"))
    try:
        yield
    finally:
        _refuse.pop()
        for name, function in endings.items():
            setattr(os, name, function)


@contextlib.contextmanager
def suspended() -> Iterator[None]:
    """Let the grader's own code do, in the middle of a test cell, what the cell may not."""
    held, _refuse[:] = _refuse[:], []
    try:
        yield
    finally:
        _refuse[:] = held


@cache
def _install() -> None:
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _refuse or event not in CLAUSES:
        return
    refuse, others = _refuse[-1]
    if threading.get_ident() not in others and not _harmless(event, arguments, sys._getframe(1)):
        refuse(CLAUSES[event])


def _harmless(event: str, arguments: tuple[Any, ...], frame: FrameType) -> bool:
    """Return whether Python or a library does something, and no value of a student can tell it."""
    if event == "open" and arguments[1] in ("r", "rb", "rt"):
        if arguments[0] == NO_FILE:
            return True
        path = os.path.abspath(os.fsdecode(arguments[0])) if _is_path(arguments[0]) else ""
        if not path or path.endswith(".py") or path.startswith(_installed(_here())):
            return True  # tracebacks show lines of modules
    if event == "exec" and frame.f_code.co_filename.endswith(MAKERS):
        return True
    if event == "exec" and frame.f_globals.get("__name__") == "lxmls_grading.execution.judge":
        return True
    above: FrameType | None = frame
    while above is not None and above.f_code.co_filename != TEST_FILE:
        if above.f_code.co_filename.startswith("<frozen importlib"):
            return True  # to import a module takes all that
        if _cleans_up(above):
            return True  # an earlier object of ours, such as the manager of a kernel
        above = above.f_back
    return False


def _cleans_up(frame: FrameType) -> bool:
    """Whether Python has called a function because an object is no longer needed."""
    watching = [getattr(each, "__func__", each) for each in gc.callbacks]
    return (
        frame.f_code.co_name == "__del__"
        or frame.f_code.co_filename == weakref.__file__
        or frame.f_code in [getattr(each, "__code__", None) for each in watching]
    )


def _is_path(value: Any) -> bool:
    return isinstance(value, str | bytes | os.PathLike)


def _here() -> str:
    """Return the folder that one works in, or an empty string if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


@cache
def _installed(here: str) -> tuple[str, ...]:
    """Return the folders of Python, its packages and the system, with a slash at their ends.

    The folder that one works in, the course perhaps, is none, even if Python looks there.
    """
    packages = [os.path.abspath(folder) for folder in sys.path if folder]
    system = [sys.prefix, sys.base_prefix, "/usr", "/proc/self", "/sys"]
    folders = [*packages, *system, os.path.dirname(lxmls_nb.__file__)]
    # Not all of /dev: files of any program can lie in /dev/shm.
    devices = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
    return *(f"{folder}/" for folder in folders if folder != here), *devices
