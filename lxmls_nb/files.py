"""Small helpers for files that are written whole or not at all, and for whole numbers."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path

#: Errors of writing a file, where the disk or a share of it is full or broken.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path, and rename it to `path` when the block ends without an error.

    Parameters
    ----------
    path : path
        The file to write. Its folder is created if it is missing. If the block raises, a file
        that was there before stays. In a folder that a group shares, the group may change it. The
        error of a full disk names the file.
    """
    path = Path(path)
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o664 if is_shared(path.parent) else 0o644)
        os.replace(name, path)
    except OSError as error:
        if error.errno in FULL and error.filename is None:  # writing tells no name
            error.filename = str(path)
        raise
    finally:
        Path(name).unlink(missing_ok=True)


def is_shared(folder: Path) -> bool:
    """Return whether a group shares a folder: it may write there, and owns what is new there."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWGRP and mode & stat.S_ISGID)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, where they are missing; below a shared one, shared."""
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        if is_shared(folder.parent):
            folder.chmod(0o2775)


def is_size(value: object) -> bool:
    """Return whether a value is a positive whole number: an int, or an integer of NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0
