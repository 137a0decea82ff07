"""The folder for temporary files, in which grading makes sockets: its path must not be long."""

from __future__ import annotations

import os
import tempfile

#: Bytes that a path of a Unix socket can have, on Linux, and most bytes that grading and the
#: libraries that it uses add to the folder: ``/pymp-xxxxxxxx/listener-xxxxxxxx`` and a margin.
MAX_SOCKET_PATH, MAX_ADDED = 107, 36


class TemporaryFolderError(RuntimeError):
    """No sockets can be made in the folder for temporary files."""


def check_temporary_folder() -> None:
    """Make sure that sockets can be made in the folder for temporary files.

    Raises
    ------
    TemporaryFolderError
        If there is no such folder, or its path is too long.
    """
    try:
        folder = tempfile.gettempdir()
    except OSError as error:
        raise TemporaryFolderError(
            f"there is no folder for temporary files ({error.strerror}): set TMPDIR to one that "
            "can be written to, such as TMPDIR=/tmp"
        ) from error
    length, longest = len(os.fsencode(folder)), MAX_SOCKET_PATH - MAX_ADDED
    if length > longest:
        raise TemporaryFolderError(
            f"the path of the folder for temporary files has {length} bytes, too many for sockets "
            f"in it ({folder}): set TMPDIR to one of at most {longest}, such as TMPDIR=/tmp"
        )
