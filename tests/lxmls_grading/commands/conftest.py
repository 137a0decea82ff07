"""A folder with a configuration and a source, but no gradebook."""

from __future__ import annotations

import pytest

from lxmls_grading import cli

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


@pytest.fixture
def call(capsys):
    """Run a command in this process; return its exit status, and what it wrote."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.main([*arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return status, said.out, said.err

    return run
