"""Which files a test cell may open: those of Python and the system, and no others."""

from __future__ import annotations

import sys

import pytest

from lxmls_grading.execution.decisions import TEST_FILE
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


def test_the_folder_that_one_works_in_is_none_of_pythons(monkeypatch, tmp_path):
    """Whichever it was when a file was opened for the first time."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for folder in (tmp_path.parent, tmp_path):
        monkeypatch.chdir(folder)
        with guard(lambda what: None):
            open("/dev/null").close()
    test_files("notes.txt", True)
