"""Small helpers: files that are written whole or not at all, and whole numbers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path that takes the place of `path` when the block ends well.

    Parameters
    ----------
    path : path
        The file to write; its folder is made if needed. If the block raises, whatever was
        there before stays.
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
