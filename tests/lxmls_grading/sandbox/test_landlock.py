"""Landlock, where Linux has it and where it has not."""

from __future__ import annotations

import errno
import os

import pytest

from lxmls_grading.sandbox import landlock
from lxmls_grading.sandbox.confinement import PR_SET_NO_NEW_PRIVS, ConfinementError, prctl
from tests.support.execution import see

VERSION = landlock.landlock_version()

here = pytest.mark.skipif(
    VERSION < landlock.FIRST_VERSION,
    reason=f"Linux has version {VERSION} of Landlock here, and {landlock.FIRST_VERSION} is used",
)


class Linux:
    """Answers in place of Linux, and notes what it is asked for.

    Parameters
    ----------
    version : int
        Of its Landlock.
    refuse : int
        The call that it refuses.
    """

    def __init__(self, version: int = 7, refuse: int = 0):
        self.version, self.refuse, self.calls = version, refuse, []

    def __call__(self, number, *arguments):
        if number == landlock.CREATE_RULESET and arguments[0] is None:
            if not self.version:
                raise OSError(errno.ENOSYS, "Function not implemented")
            return self.version
        self.calls.append((number, *arguments))
        if number == self.refuse:
            raise OSError(errno.E2BIG, "too many")
        return os.open(os.devnull, os.O_RDONLY) if number == landlock.CREATE_RULESET else 0


@pytest.fixture
def linux(monkeypatch, tmp_path):
    """Return what sets the Linux that answers."""
    monkeypatch.setattr(landlock, "WRITABLE", (str(tmp_path),))

    def set_linux(**options):
        made = Linux(**options)
        monkeypatch.setattr(landlock, "_call", made)
        return made

    return set_linux


@pytest.mark.parametrize("version", [0, 1])
def test_where_linux_cannot_nothing_is_done(linux, version):
    made = linux(version=version)
    assert landlock.landlock_version() == version
    assert landlock.restrict_writing() is False
    assert made.calls == []


@pytest.mark.parametrize(("version", "truncates"), [(2, False), (3, True), (99, True)])
def test_only_rights_that_linux_knows_are_handled(linux, version, truncates):
    made = linux(version=version)
    assert landlock.restrict_writing() is True
    (handled,) = (int.from_bytes(call[1], "little") for call in made.calls[:1])
    assert bool(handled & landlock.TRUNCATE) == truncates
    assert handled < 1 << (15 if truncates else 14)
    assert made.calls[-1][0] == landlock.RESTRICT_SELF


@pytest.mark.parametrize("number", [444, 445, 446])
def test_where_linux_refuses_no_code_of_a_student_runs(linux, number):
    linux(refuse=number)
    with pytest.raises(ConfinementError, match="Landlock: too many"):
        landlock.restrict_writing()


@here
def test_nothing_else_can_be_written(tmp_path, monkeypatch):
    """In a fork, because nobody gets the rights back."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside / "a", inside / "b", outside):
        folder.mkdir(parents=True)
    (outside / "old").write_text("old")
    monkeypatch.setattr(landlock, "WRITABLE", (str(inside),))
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            prctl(PR_SET_NO_NEW_PRIVS, 1)
            assert landlock.restrict_writing()
            (inside / "a" / "x").write_text("x")
            os.rename(inside / "a" / "x", inside / "b" / "x")
            with open(os.devnull, "w") as null:
                null.write("x")
            assert (outside / "old").read_text() == "old"
            for change in (
                lambda: (outside / "old").write_text("new"),
                lambda: (outside / "old").unlink(),
                lambda: (outside / "new").write_text("new"),
                lambda: (outside / "folder").mkdir(),
                lambda: os.rename(inside / "b" / "x", outside / "x"),
                lambda: os.symlink("x", outside / "link"),
                lambda: os.truncate(outside / "old", 0) if VERSION >= 3 else _refuse(),
                lambda: os.mknod(inside / "device", 0o20666, os.makedev(1, 3)),
            ):
                try:
                    change()
                except OSError:
                    continue
                raise AssertionError
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert (outside / "old").read_text() == "old"


def _refuse() -> None:
    raise PermissionError


@here
def test_kernels_are_restricted(warm, settings):
    """``/proc`` is mounted to be written to, so that only Landlock keeps a kernel from that."""
    code = """
for name in ("/proc/self/comm", "/dev/null", "/dev/shm/x", "/scratch/x"):
    try:
        open(name, "w").write("x")
    except OSError as error:
        print(name, error.errno)
"""
    assert see(warm, code, settings) == "/proc/self/comm 13"
