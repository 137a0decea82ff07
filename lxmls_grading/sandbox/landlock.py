"""Landlock: Linux itself keeps a student's code from writing anywhere but in its own folders.

Mounts and users keep it from that, too. This is a second wall, which holds where one of them has a
gap. Linux has it since 5.13, if whoever built the kernel wanted it; where it is missing, nothing is
done. See https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
import struct

from lxmls_grading.sandbox.bubblewrap import SCRATCH
from lxmls_grading.sandbox.confinement import ConfinementError

#: System calls, which have the same numbers on all machines (``<asm-generic/unistd.h>``).
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446

CREATE_RULESET_VERSION, RULE_PATH_BENEATH = 1, 1

#: Rights (``<linux/landlock.h>``): write into a file; remove and make files and folders of any
#: kind, devices among them; move between folders; truncate, which the third version knows first.
WRITE_FILE, CHANGE_FOLDER, REFER, TRUNCATE = 1 << 1, 0b1_1111_1111 << 4, 1 << 13, 1 << 14
MAKE_DEVICE = 1 << 6 | 1 << 11

#: The first version of Landlock that is used: with an older one, nothing could be moved from one
#: folder to another.
FIRST_VERSION = 2

#: Folders in which everything can be changed, and one in which files are only written to.
WRITABLE, DEVICES = (SCRATCH, "/dev/shm"), "/dev"


def landlock_version() -> int:
    """Return the version of Landlock that Linux has here; 0 if it has none.

    Below :data:`FIRST_VERSION`, it is not used.
    """
    try:
        return _call(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except (OSError, AttributeError):  # not built in, or switched off; or not Linux at all
        return 0


def restrict_writing() -> bool:
    """Let this process write only beneath its own folders from now on, where Linux can do that.

    It must have given up the right to new privileges, and be in the sandbox.

    Returns
    -------
    restricted : bool
        Whether Linux can, and does.

    Raises
    ------
    ConfinementError
        If Linux has Landlock, and refuses.
    """
    version = landlock_version()
    if version < FIRST_VERSION:
        return False
    writing = WRITE_FILE | (TRUNCATE if version >= 3 else 0)
    handled = writing | CHANGE_FOLDER | REFER
    try:
        ruleset = _call(CREATE_RULESET, struct.pack("=Q", handled), 8, 0)
        try:
            for folder in WRITABLE:
                _allow(ruleset, folder, handled & ~MAKE_DEVICE)
            _allow(ruleset, DEVICES, writing)
            _call(RESTRICT_SELF, ruleset, 0)
        finally:
            os.close(ruleset)
    except OSError as error:
        raise ConfinementError(error.errno, f"Landlock: {error.strerror}") from None
    return True


def _allow(ruleset: int, folder: str, rights: int) -> None:
    """Allow rights beneath a folder."""
    beneath = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        _call(ADD_RULE, ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
    finally:
        os.close(beneath)


def _call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call that libc has no function for."""
    libc = ctypes.CDLL(None, use_errno=True)
    values = [ctypes.c_size_t(each) if isinstance(each, int) else each for each in arguments]
    result: int = libc.syscall(ctypes.c_long(number), *values)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
