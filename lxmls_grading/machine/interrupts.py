"""What Ctrl-C does: by default it ends this process at once; a class run ends in good order.

Python's own way, an exception at whatever place the program is, prints tracebacks from libraries
that are just being imported or run in other threads.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

#: The exit status of a program that Ctrl-C has ended, by convention of shells: 128 and the number.
STATUS = 128 + signal.SIGINT


def exit_at_once(*_: Any) -> NoReturn:
    """End this process without a word, as a handler of a signal."""
    os._exit(STATUS)


@contextmanager
def ending_at_once(clean_up: Callable[[], Any] = lambda: None) -> Iterator[None]:
    """Let Ctrl-C end this process with one line, while nothing has been changed yet.

    Parameters
    ----------
    clean_up : callable
        What is called before; another Ctrl-C interrupts it.
    """

    def end(*_: Any) -> None:
        signal.signal(signal.SIGINT, exit_at_once)
        line = "lxmls-nb: stopped before anything was changed\n"
        with suppress(Exception):  # the terminal may be gone
            os.write(sys.stderr.fileno(), ("\n" * sys.stderr.isatty() + line).encode())
            clean_up()
        os._exit(STATUS)

    with _handled_by(end):
        yield


@contextmanager
def ending_in_order(stop: Callable[[], bool]) -> Iterator[None]:
    """Let the first Ctrl-C call a function, and the second end this process at once.

    Parameters
    ----------
    stop : callable
        It is called at any place of the main thread, so that it should do no more than set a flag.
        Where it returns False, there is nothing to stop in good order, and Ctrl-C does what it did
        before.
    """
    before = signal.getsignal(signal.SIGINT)
    stopped = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if stop() or not callable(before):
            stopped = True
            signal.signal(signal.SIGINT, exit_at_once)
        else:
            before(number, frame)

    try:
        with _handled_by(handle):
            yield
    finally:
        if stopped:  # the program ends, and what Ctrl-C did before could say that nothing changed
            signal.signal(signal.SIGINT, exit_at_once)


@contextmanager
def raising() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, for commands that end soon and clean up on their way."""
    with _handled_by(signal.default_int_handler):
        yield


@contextmanager
def _handled_by(handler: Callable[..., Any]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def delayed() -> Iterator[None]:
    """Let Ctrl-C wait, also in the processes that are started meanwhile, until they allow it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
