"""Wherever checks are installed, and by whatever name, a sandbox shows the probes alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lxmls_nb
from lxmls_grading.sandbox import bubblewrap
from lxmls_grading.sandbox.bubblewrap import bubblewrap_command, python_folders
from lxmls_grading.sandbox.verdicts import SEEN, check_folders
from lxmls_grading.settings import Settings

PACKAGE = Path(lxmls_nb.__file__).parent


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A second copy of the package, as pip installs one, which Python compiles elsewhere."""
    copy = tmp_path / "site" / "lxmls_nb"
    shutil.copytree(PACKAGE, copy)
    monkeypatch.setattr("site.getsitepackages", lambda: [str(copy.parent)])
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "compiled"))
    for package in (copy, PACKAGE):
        compiled = Path(f"{tmp_path}/compiled{package}/checks")
        compiled.mkdir(parents=True)
        (compiled / "numerical.cpython-311.pyc").write_text("code")
    return copy


def test_every_copy_is_found(installed, tmp_path):
    compiled = [Path(f"{tmp_path}/compiled{each}/checks") for each in (installed, PACKAGE)]
    everything = {installed / "checks", PACKAGE / "checks", *compiled}
    assert set(check_folders([Path("/")])) == everything
    assert check_folders([tmp_path / "site"]) == [installed / "checks"]
    assert check_folders([installed / "plots", PACKAGE / "models"]) == []


def test_a_link_is_a_second_name(installed, tmp_path):
    (tmp_path / "link").symlink_to("site")
    names = [tmp_path / "link", tmp_path / "site"]
    assert check_folders(names) == [name / "lxmls_nb" / "checks" for name in names]


@pytest.mark.slow
@pytest.mark.parametrize("verdicts", [False, True])
def test_nothing_else_is_in_the_sandbox(installed, tmp_path, monkeypatch, verdicts):
    (tmp_path / "link").symlink_to("site")
    shown = [*python_folders(), *(tmp_path / name for name in ("site", "link", "compiled"))]
    monkeypatch.setattr(bubblewrap, "python_folders", lambda: shown)
    read, write = os.pipe()
    line = bubblewrap_command(Settings(), write, os.geteuid() != 0, verdicts)[:-1]
    search = ["find", PACKAGE, *shown[-3:], "-path", "*/checks/*", "-name", "*.py*"]
    done = subprocess.run(
        [*line, *map(str, search)], pass_fds=[write], capture_output=True, text=True, check=True
    )
    os.close(read)
    os.close(write)
    after = [name.partition("/checks/")[2] for name in done.stdout.split()]
    assert len(after) >= 3 * len(list((PACKAGE / "checks" / "probes").glob("*.py")))
    assert ({name.split("/")[0] for name in after} == set(SEEN)) is not verdicts
    assert ("numerical.py" in after) is verdicts
    assert ("numerical.cpython-311.pyc" in after) is verdicts
