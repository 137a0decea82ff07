"""A limit of time for a student's code, in whatever thread and on whatever system it runs."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from collections.abc import Iterator

#: Seconds between two looks at the clock.
INTERVAL = 0.1


class TookTooLong(BaseException):
    """Time is up. It is no Exception, so that an answer that catches those does not go on."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong in the block once this process has computed for so many seconds in it.

    The time is the processor's: a machine that has much else to do makes no answer fail. Signals
    would do it on Unix only, and only in the main thread. A call into C, such as a single operation
    of NumPy, comes to its end first.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    end = time.process_time() + seconds
    done, lock = threading.Event(), threading.Lock()

    def watch() -> None:
        while not done.wait(INTERVAL):
            if time.process_time() > end:
                with lock:
                    if not done.is_set():
                        stop = ctypes.py_object(TookTooLong)
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, stop)
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            done.set()
