"""Lets a group of graders work on the same files, with ``CourseDirectory.groupshared``.

A folder that a group shares has the modes that nbgrader gives it: its group may write, and owns
what is made there. What this project makes below such a folder is shared, too: see
``lxmls_nb.files``.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from lxmls_nb.files import is_shared, make_folder

#: Bits that a shared folder and a shared file have.
FOLDER_BITS, FILE_BITS = 0o2770, 0o660


def share_folder(path: str | Path) -> None:
    """Make a folder that a group shares, or share one that is there, with all that is in it.

    What belongs to another grader stays as it is.
    """
    path = Path(path)
    make_folder(path)
    if is_shared(path):
        return
    share(path)
    for folder, folders, files in os.walk(path):
        for name in [*folders, *files]:
            share(Path(folder, name))


def share(path: str | Path) -> None:
    """Let the group of a file or folder change it, if it is one's own."""
    with contextlib.suppress(OSError):
        status = os.lstat(path)
        bits = FOLDER_BITS if stat.S_ISDIR(status.st_mode) else FILE_BITS
        if not stat.S_ISLNK(status.st_mode) and status.st_mode & bits != bits:
            os.chmod(path, stat.S_IMODE(status.st_mode) | bits)


def share_in_shared(path: str | Path) -> None:
    """Let the group change a file, if it shares the folder that it lies in."""
    if is_shared(Path(path).parent):
        share(path)
