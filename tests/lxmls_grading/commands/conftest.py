"""A folder with a configuration and a source, but no gradebook."""

from __future__ import annotations

import pytest

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "small"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    root = tmp_path / "course"
    (root / "source" / "day2").mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    monkeypatch.chdir(root)
    return root
