"""What tests of grading share."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.converters import GenerateAssignment

from lxmls_grading.nbgrader_patches import PATCHES, install_patches
from tests.support.conversion import convert
from tests.support.course import SOURCE
from tests.support.execution import SETTINGS


@pytest.fixture(params=[False, True], ids=["as-user", "user-namespace"])
def settings(request):
    """Both ways to have no rights: another user, where root grades, and a user namespace."""
    if not request.param and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    return replace(SETTINGS, user_namespace=request.param)


@pytest.fixture
def _guarded(monkeypatch):
    """nbgrader with its functions replaced, and as it was afterwards."""
    for owner, name, _ in PATCHES:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    install_patches()
    install_patches()  # a second time changes nothing


@pytest.fixture(scope="session")
def new_course(tmp_path_factory):
    """A course of two notebooks, released."""
    root = tmp_path_factory.mktemp("released") / "course"
    (root / "source" / "day2").mkdir(parents=True)
    for name in ("exercise_2_1", "exercise_2_2"):
        shutil.copy(SOURCE / f"{name}.ipynb", root / "source" / "day2")
    convert(GenerateAssignment, root)
    return root


@pytest.fixture
def course(new_course, tmp_path):
    """A copy of the course, for submissions."""
    return Path(shutil.copytree(new_course, tmp_path / "course"))
