"""Progress bars, which this process alone writes.

By default tqdm has a lock for several processes. From Python 3.14 on, that lock starts a process
which complains of what is left when Ctrl-C ends this one at once.
"""

from threading import RLock

from tqdm import tqdm

__all__ = ["tqdm"]

tqdm.set_lock(RLock())
