"""A worker executes for whoever has the same code, and for nobody else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import lxmls_nb
from lxmls_grading.class_run import task
from lxmls_grading.class_run.task import OtherInstallationError, check_worker, execute_submission
from lxmls_grading.intake.working_files import WorkingFiles
from lxmls_grading.settings import Settings


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the students' package, which counts as the one that is installed."""
    folder = tmp_path / "lxmls_nb"
    shutil.copytree(
        Path(lxmls_nb.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(lxmls_nb, "__file__", str(folder / "__init__.py"))
    return folder


def digest() -> str:
    return task.installed.__wrapped__()


def test_the_same_files_are_the_same_installation_wherever_they_lie(copied):
    (copied / "__pycache__").mkdir()
    (copied / "__pycache__" / "data.pyc").write_bytes(b"compiled")
    assert digest() == task.installed()
    assert digest().startswith(lxmls_nb.__version__)


@pytest.mark.parametrize("change", ["edited", "added", "renamed", "data"])
def test_any_other_file_is_another_installation(copied, change):
    if change == "edited":
        path = copied / "checks" / "numpy_checks.py"
        path.write_text(path.read_text() + "\n")
    elif change == "added":
        (copied / "more.py").touch()
    elif change == "renamed":
        (copied / "data.py").rename(copied / "datum.py")
    else:
        (copied / "corpora" / "snippets.npz").write_bytes(b"")
    assert digest() != task.installed()


@pytest.mark.parametrize(
    "call", [check_worker, lambda *given: execute_submission(*given, {}, WorkingFiles(), {})]
)
def test_a_worker_with_other_code_says_so(call):
    with pytest.raises(OtherInstallationError, match=r"and this is 9\.9: install the same on both"):
        call("9.9", Settings())
