"""Small helpers for files that are written whole or not at all, and for whole numbers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path, and rename it to `path` when the block ends without an error.

    Parameters
    ----------
    path : path
        The file to write. Its folder is created if it is missing. If the block raises, a file
        that was there before stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def is_size(value: object) -> bool:
    """Return whether a value is a positive whole number: an int, or an integer of NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0
