"""Cgroups of student kernels: in a folder that behaves like them, and where Linux has them."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.sandbox import cgroups, delegation
from lxmls_grading.sandbox.cgroups import Leaf
from lxmls_grading.sandbox.delegation import GRADER, KERNEL, CgroupError, own_cgroup, prepare
from lxmls_grading.settings import CGROUP, LOOKS, Settings
from tests.support.cgroup_tree import CgroupTree
from tests.support.execution import SETTINGS, attempt, kinds

#: An id that no process has: Linux counts to 2**22.
NOBODY = 2**22 + 1


@pytest.fixture
def tree(tmp_path, monkeypatch):
    return CgroupTree(tmp_path / "cgroup tree", monkeypatch)


def proc_of(tmp_path: Path, mount: Path, own: str = "/", root: str = "/", **more: str) -> Path:
    """Return a folder that tells of a process in a cgroup, as /proc/self does."""
    folder = tmp_path / "proc"
    folder.mkdir(exist_ok=True)
    options, kind = more.get("options", "rw,nosuid"), more.get("kind", "cgroup2")
    place = str(mount).replace(" ", r"\040")
    line = f"31 23 0:28 {root} {place} {options} shared:9 - {kind} none rw"
    (folder / "mountinfo").write_text(f"23 1 0:27 / / rw - ext4 /dev/x rw\n{line}\n")
    (folder / "cgroup").write_text(more.get("lines", f"0::{own}\n"))
    return folder


# --- where ----------------------------------------------------------------------------------------


def test_own_cgroup_is_found_below_its_mount(tmp_path):
    mount = tmp_path / "a mount"
    proc = proc_of(tmp_path, mount, own="/user.slice/run.scope")
    assert own_cgroup(proc) == (mount / "user.slice" / "run.scope", mount)


def test_own_cgroup_is_found_in_a_mount_of_a_part(tmp_path):
    proc = proc_of(tmp_path, tmp_path, own="/docker/1a/inner", root="/docker/1a")
    assert own_cgroup(proc) == (tmp_path / "inner", tmp_path)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"options": "ro,nosuid"}, "mounted read-only"),
        ({"kind": "cgroup"}, "not mounted"),
        ({"root": "/docker/other"}, "not mounted"),
        ({"own": "/../outside"}, "not mounted"),
        ({"lines": "4:memory:/\n1:name=systemd:/\n"}, "version 1 only"),
    ],
)
def test_without_a_usable_mount_there_is_none_and_it_says_why(tmp_path, more, why):
    with pytest.raises(CgroupError, match=why):
        own_cgroup(proc_of(tmp_path, tmp_path, **more))


def test_a_machine_without_cgroups_has_none(tmp_path):
    with pytest.raises(CgroupError, match="no cgroups"):
        own_cgroup(tmp_path)


@pytest.mark.parametrize(
    ("controllers", "why"),
    [("hugetlb", "no controller memory and no pids"), ("memory cpu", "no controller pids")],
)
def test_missing_controllers_are_named(tmp_path, tree, controllers, why):
    (tree.root / "cgroup.controllers").write_text(controllers)
    with pytest.raises(CgroupError, match=why):
        prepare(proc_of(tmp_path, tree.root))


def test_what_linux_refuses_is_told(tmp_path, tree):
    tree.refused.add("cgroup.subtree_control")
    with pytest.raises(CgroupError, match=r"cannot be used \(Permission denied"):
        prepare(proc_of(tmp_path, tree.root))


# --- preparing ------------------------------------------------------------------------------------


def test_own_processes_move_to_a_leaf_and_back(tmp_path, tree):
    child = subprocess.Popen(["sleep", "30"])
    try:
        tree.put(tree.root, os.getpid(), child.pid)
        assert prepare(proc_of(tmp_path, tree.root)) == tree.root
        assert tree.pids(tree.root) == []
        assert set(tree.pids(tree.root / GRADER)) == {str(os.getpid()), str(child.pid)}
        assert (tree.root / "cgroup.subtree_control").read_text() == "cpu memory pids"
        for end in tree.ends:
            end()
        assert set(tree.pids(tree.root)) == {str(os.getpid()), str(child.pid)}
        assert not (tree.root / GRADER).exists()
    finally:
        child.kill()
        child.wait()


def test_processes_of_others_stay_where_they_are(tmp_path, tree):
    tree.put(tree.root, os.getpid(), os.getppid())
    with pytest.raises(CgroupError, match="processes of others"):
        prepare(proc_of(tmp_path, tree.root))
    assert set(tree.pids(tree.root)) == {str(os.getpid()), str(os.getppid())}
    assert not (tree.root / GRADER).exists()
    assert (tree.root / "cgroup.subtree_control").read_text() == ""
    assert tree.ends == []


def test_in_a_delegated_cgroup_everybody_moves(tmp_path, tree, monkeypatch):
    monkeypatch.setattr(delegation.os, "getxattr", lambda path, name: b"1")
    tree.put(tree.root, os.getpid(), os.getppid())
    prepare(proc_of(tmp_path, tree.root))
    assert set(tree.pids(tree.root / GRADER)) == {str(os.getpid()), str(os.getppid())}


@pytest.fixture
def in_scope(tmp_path, tree, monkeypatch):
    """Prepares a scope of this user's systemd, of which systemctl says what is asked for."""

    def prepare_scope(answer: str, name: str = "run-p7.scope") -> Path:
        base = tree.root / f"user@{os.getuid()}.service" / name
        base.parent.mkdir()
        (base.parent / "cgroup.subtree_control").write_text("memory pids")
        base.mkdir()
        tree.put(base, os.getpid(), os.getppid())
        programs = tmp_path / "programs"
        programs.mkdir()
        (programs / "systemctl").write_text(f'#!/bin/sh\n[ "$6" = {name} ] || exit 1\n{answer}\n')
        (programs / "systemctl").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        own = f"/{base.relative_to(tree.root)}"
        assert prepare(proc_of(tmp_path, tree.root, own=own)) == base
        return base

    return prepare_scope


def test_everybody_moves_in_a_scope_that_the_systemd_of_this_user_has_delegated(in_scope, tree):
    base = in_scope("echo yes")
    assert set(tree.pids(base / GRADER)) == {str(os.getpid()), str(os.getppid())}
    assert tree.pids(base) == []


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("echo no", "run-p7.scope"),
        ("echo 'Failed to connect to bus' >&2; exit 1", "run-p7.scope"),
        ("exec sleep 30", "run-p7.scope"),
        ("echo yes", "inner"),  # systemd does not know it
    ],
)
def test_in_others_of_this_user_nobody_else_moves(in_scope, tree, monkeypatch, answer, name):
    monkeypatch.setattr(delegation, "SYSTEMD_TIMEOUT", 1)
    with pytest.raises(CgroupError, match="processes of others"):
        in_scope(answer, name)


def test_a_child_finds_what_is_prepared(tmp_path, tree):
    tree.put(tree.root, os.getpid())
    prepare(proc_of(tmp_path, tree.root))
    assert prepare(proc_of(tmp_path, tree.root, own=f"/{GRADER}")) == tree.root
    assert len(tree.ends) == 1


def test_nothing_is_put_back_while_others_use_it(tmp_path, tree):
    tree.put(tree.root, os.getpid())
    prepare(proc_of(tmp_path, tree.root))
    Leaf(tree.root, Settings())
    for end in tree.ends:
        end()
    assert (tree.root / "cgroup.subtree_control").read_text() == "cpu memory pids"
    assert (tree.root / GRADER).exists()


def test_what_a_killed_grader_has_left_is_removed_and_nothing_else(tmp_path, tree):
    kept = [f"{KERNEL}{os.getpid()}-1", "of-somebody-else"]
    (tree.root / "cgroup.subtree_control").write_text("cpu memory pids")
    for name in (f"{KERNEL}{NOBODY}-7", *kept):
        (tree.root / name).mkdir()
    tree.put(tree.root / f"{KERNEL}{NOBODY}-7", NOBODY)
    prepare(proc_of(tmp_path, tree.root))
    assert sorted(path.name for path in tree.root.iterdir() if path.is_dir()) == sorted(kept)
    assert tree.killed == [f"{KERNEL}{NOBODY}-7"]


# --- leaves ---------------------------------------------------------------------------------------


@pytest.fixture
def base(tmp_path, tree):
    return prepare(proc_of(tmp_path, tree.root))


def test_a_leaf_has_the_limits_of_the_settings(base):
    leaf = Leaf(base, Settings(memory=2**30, disk=2**28, processes=50))
    found = {path.name: path.read_text() for path in leaf.path.iterdir()}
    assert 2**30 + 2**28 <= int(found["memory.max"]) <= 2**30 + 2**29
    assert (found["memory.swap.max"], found["memory.oom.group"]) == ("0", "1")
    assert (found["pids.max"], found["cpu.weight"]) == ("52", "20")
    leaf.close()
    assert not leaf.path.exists()
    leaf.close()


def test_without_swap_and_cpu_a_leaf_has_the_other_limits(tmp_path, tree):
    (tree.root / "cgroup.controllers").write_text("memory pids")
    base = prepare(proc_of(tmp_path, tree.root))
    leaf = Leaf(base, Settings())
    assert not (leaf.path / "cpu.weight").exists()
    assert (leaf.path / "memory.max").read_text() != ""


@pytest.mark.parametrize("file", ["memory.max", "memory.oom.group", "pids.max"])
def test_a_leaf_whose_limits_cannot_be_set_is_none(base, tree, monkeypatch, file):
    monkeypatch.setattr(cgroups, "_prepared", lambda: base)
    tree.refused.add(file)
    assert cgroups.make_leaf(Settings()) is None
    assert list(base.glob(f"{KERNEL}*")) == []


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ("low 0\nmax 7\noom 1\noom_kill 3\noom_group_kill 1\n", True),
        ("low 0\nmax 9\noom 0\noom_kill 0\n", False),
        ("low 0\nmax 0\noom 0\noom_kill 1\n", False),  # the machine had no memory left
        ("nonsense", False),
    ],
)
def test_only_its_own_limit_is_the_fault_of_a_leaf(base, events, told):
    leaf = Leaf(base, Settings())
    assert not leaf.ran_out_of_memory()
    (leaf.path / "memory.events").write_text(events)
    leaf.close()
    assert leaf.ran_out_of_memory() is told


# --- with Linux's own -----------------------------------------------------------------------------

#: The memory of each of six children is allowed, and that of all is not.
CHILDREN = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        x = b"x" * 300_000_000
        time.sleep(60)
time.sleep(60)
"""


@pytest.fixture
def real():
    """The cgroup in which kernels get theirs, where this process may make some."""
    try:
        base = prepare()
        Leaf(base, Settings()).close()
    except OSError as error:
        pytest.skip(f"there is no cgroup for kernels here: {error}")
    return base


@pytest.mark.slow
def test_linux_ends_who_takes_too_much_memory(real, warm, monkeypatch):
    executed, points, reasons = attempt(warm, CHILDREN, replace(SETTINGS, memory=2**29, disk=2**20))
    assert points == 2  # in a fresh kernel
    assert kinds(reasons) == ["memory"]
    assert executed.metadata["lxmls_nb"]["limits"] == CGROUP
    assert list(real.glob(f"{KERNEL}*")) == []


@pytest.mark.slow
def test_processes_start_in_the_leaf_and_end_with_it(real):
    leaf = Leaf(real, Settings(processes=3))
    entered = subprocess.Popen(["sh", "-c", "sleep 30 & sleep 30"], preexec_fn=leaf.enter)
    end = time.monotonic() + 20
    while len((leaf.path / "cgroup.procs").read_text().split()) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert leaf.has_processes()
    leaf.close()
    assert entered.wait(20) == -9
    assert not leaf.path.exists()


@pytest.mark.slow
def test_reports_learn_what_kept_the_limits(warm):
    try:
        Leaf(prepare(), Settings()).close()
        expected = CGROUP
    except OSError as error:
        print(f"by looks here, since {error}")
        expected = LOOKS
    executed = warm.execute(new_notebook(cells=[new_code_cell("1")]), SETTINGS)
    assert executed.metadata["lxmls_nb"]["limits"] == expected
    alone = warm.execute(new_notebook(cells=[new_code_cell("1")]), replace(SETTINGS, sandbox=False))
    assert alone.metadata["lxmls_nb"]["limits"] == ""
