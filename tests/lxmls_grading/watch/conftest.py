"""A course with an exchange, and a watcher that runs in this process until something happened."""

from __future__ import annotations

import shutil
import time

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell

from lxmls_grading import cli
from lxmls_grading.watch.run import WatchRun
from tests.lxmls_grading.class_run.conftest import cluster, course  # noqa: F401 (fixtures)
from tests.support.course import ROOT, run
from tests.support.small_course import NAMES, marks, source_notebook
from tests.support.watching import Inbox


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A course with two small notebooks, and in each an answer that a person reads."""
    root = tmp_path_factory.mktemp("released")
    (root / "source" / "day2").mkdir(parents=True)
    for name in NAMES:
        notebook = source_notebook()
        read = marks("read", True, True)
        notebook.cells.append(new_markdown_cell("Why?\n\nSay it.", id="read", metadata=read))
        nbformat.write(notebook, root / "source" / "day2" / f"{name}.ipynb")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run("nbgrader", "generate_assignment", "day2", cwd=root)
    return root


@pytest.fixture
def inbox(course, tmp_path):  # noqa: F811
    return Inbox(course, tmp_path / "exchange")


@pytest.fixture
def watch(cluster, monkeypatch, capsys):  # noqa: F811
    """Return a function that watches until a condition holds; it returns status and stderr."""

    def call(until, *arguments: str, seconds: float = 120) -> tuple[int, str]:
        end = time.monotonic() + seconds
        show = WatchRun.show

        def shown(self, state="watching"):
            show(self, state)
            if state == "watching" and (until(self.ledger) or time.monotonic() > end):
                self.stop()

        with monkeypatch.context() as patch:
            patch.setattr(WatchRun, "show", shown)
            options = ["--scheduler", cluster.scheduler_address]
            status = cli.main(["watch", "day2", *options, *arguments])
        assert time.monotonic() < end, "it does not happen"
        return status, capsys.readouterr().err

    return call


def told(number: int):
    """Return whether so many tries have their feedback."""
    return lambda ledger: (
        sum(one.told for student in ledger.tries for one in ledger.of(student)) >= number
    )
