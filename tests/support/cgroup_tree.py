"""A folder that behaves as Linux's cgroups of version 2 do, as far as grading uses them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from lxmls_grading.sandbox import cgroups, delegation

#: The files of a cgroup, and those that a controller adds.
FILES = ("cgroup.procs", "cgroup.subtree_control", "cgroup.controllers", "cgroup.type")
OF_CONTROLLER = {
    "memory": ("memory.max", "memory.swap.max", "memory.oom.group", "memory.events"),
    "pids": ("pids.max",),
    "cpu": ("cpu.weight",),
}


class CgroupTree:
    """Imitates the rules of Linux in a folder.

    Parameters
    ----------
    root : Path
        The folder that stands for the mount, which is made.
    monkeypatch : pytest.MonkeyPatch
    controllers : str
        Those that its cgroup is given.
    """

    def __init__(self, root: Path, monkeypatch, controllers: str = "cpu memory pids"):
        self.root, self.refused = root, set()
        self.make, self.drop = Path.mkdir, Path.rmdir
        root.mkdir()
        self.fill(root, controllers)
        self.killed: list[str] = []
        for module in (delegation, cgroups):
            monkeypatch.setattr(module, "write", self.write)
        monkeypatch.setattr(Path, "mkdir", lambda path, **options: self.mkdir(path, **options))
        monkeypatch.setattr(Path, "rmdir", lambda path: self.rmdir(path))
        monkeypatch.setattr(delegation.atexit, "register", self.at_exit)
        self.ends = []

    def at_exit(self, function, *arguments):
        self.ends.append(lambda: function(*arguments))

    def fill(self, folder: Path, controllers: str) -> None:
        """Make the files of a cgroup that has some controllers."""
        for name in FILES:
            (folder / name).write_text("")
        (folder / "cgroup.kill").write_text("")
        (folder / "cgroup.controllers").write_text(controllers)
        for name in controllers.split():
            for file in OF_CONTROLLER[name]:
                (folder / file).write_text("")

    def mkdir(self, path: Path, **options) -> None:
        self.make(path, **options)
        if path.is_relative_to(self.root):
            self.fill(path, (path.parent / "cgroup.subtree_control").read_text())

    def rmdir(self, path: Path) -> None:
        if path.is_relative_to(self.root):
            if self.pids(path):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
            for file in path.iterdir():
                file.unlink()
        self.drop(path)

    def pids(self, folder: Path) -> list[str]:
        return (folder / "cgroup.procs").read_text().split()

    def put(self, folder: Path, *pids: int) -> None:
        """Let processes be in a cgroup from now on."""
        (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))

    def write(self, path: Path, text: str) -> None:
        """Write a file as Linux would take it."""
        if path.name in self.refused:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if path.name == "cgroup.procs":
            pid = str(os.getpid()) if text == "0" else text
            if (path.parent / "cgroup.subtree_control").read_text():
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
            for other in [self.root, *self.root.rglob("*")]:
                if other.is_dir() and pid in self.pids(other):
                    self.put(other, *(int(each) for each in self.pids(other) if each != pid))
            text = "".join(f"{each}\n" for each in [*self.pids(path.parent), pid])
        elif path.name == "cgroup.subtree_control":
            if "+" in text and self.pids(path.parent):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
            found = set(path.read_text().split())
            for change in text.split():
                found = found | {change[1:]} if change[0] == "+" else found - {change[1:]}
            text = " ".join(sorted(found))
        elif path.name == "cgroup.kill":
            self.killed.append(path.parent.name)
            self.put(path.parent)
            text = ""
        path.write_text(text)
