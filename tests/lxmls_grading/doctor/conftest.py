"""A course to look at."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def folder(tmp_path):
    """A course in a folder that all users can enter."""
    for path in (tmp_path, *tmp_path.parents[:-1]):
        if path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode | 0o111)
    root = tmp_path / "course"
    root.mkdir(mode=0o755)
    for name in ("source", "submitted/ada", "autograded", "feedback"):
        (root / name).mkdir(parents=True)
    (root / "gradebook.db").touch()
    (root / "nbgrader_config.py").touch()
    for path in (root, *root.iterdir()):
        path.chmod(0o750)
    root.chmod(0o755)
    return root
