"""Which files a test cell may open: those of Python and the system, and no others."""

from __future__ import annotations

import pytest

from lxmls_grading.execution.connection import TEST_FILE
from lxmls_grading.execution.guard import guard


class RefusedError(Exception):
    """The guard has refused something."""


def refuse(what: str):
    raise RefusedError(what)


@pytest.mark.parametrize(
    ("path", "is_refused"),
    [
        (__file__, False),
        ("/dev/null", False),
        ("/dev/urandom", False),
        ("/usr/lib/nothing", False),
        ("<unknown>", False),
        ("/dev/shm/what-another-program-has-written", True),
        ("/dev/pts/0", True),
        ("/etc/hostname", True),
        ("notes.txt", True),
    ],
)
def test_files(path, is_refused):
    names: dict = {}
    code = "def read():\n    try:\n        open(path).close()\n    except OSError:\n        pass"
    exec(compile(code, TEST_FILE, "exec"), names)
    names["path"] = path
    with guard(refuse):
        if is_refused:
            with pytest.raises(RefusedError, match="opens a file"):
                names["read"]()
        else:
            names["read"]()
