"""A course, and a cluster that grades it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import distributed
import nbformat
import pytest

from lxmls_grading import cli
from lxmls_grading.class_run.cluster import DASK_SETTINGS
from tests.support.course import ROOT, run
from tests.support.forks import get_ready
from tests.support.small_course import NAMES, source_notebook

#: What a submission can ask for in a comment, of workers or of the machine that they are on.
PRELOAD = """
import os
from lxmls_grading.class_run import task
real = getattr(task, "real", task.execute_submission)
task.real = real  # Dask loads this more than once
Sandbox = task.sandbox = getattr(task, "sandbox", task.Sandbox)
def none_once(settings):
    task.Sandbox = Sandbox
    raise task.SandboxError("No permissions to create new namespace")
def execute_submission(expected, settings, notebooks, files, plans):
    if any("# ends its worker" in text for text in notebooks.values()):
        os._exit(1)
    if any("# cannot be executed" in text for text in notebooks.values()):
        raise RuntimeError("there is something wrong here")
    if any("# ends all sandboxes" in text for text in notebooks.values()):
        task.Sandbox = none_once  # until the worker is asked for an empty one
        raise task.SandboxError("No permissions to create new namespace")
    if any("# never finds a sandbox" in text for text in notebooks.values()):
        raise task.SandboxError("No permissions to create new namespace")
    if any("# finds no sandbox at first" in text for text in notebooks.values()):
        task.failed = getattr(task, "failed", 0) + 1
        if task.failed == 1:
            raise task.SandboxError("Resource temporarily unavailable")
    result = real(expected, settings, notebooks, files, plans)
    starved = any("# runs out of time" in text for text in notebooks.values())
    return result | {"starved": starved}
task.execute_submission = execute_submission
"""


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A course with two small notebooks: to be copied."""
    root = tmp_path_factory.mktemp("released")
    (root / "source" / "day2").mkdir(parents=True)
    for name in NAMES:
        nbformat.write(source_notebook(), root / "source" / "day2" / f"{name}.ipynb")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run("nbgrader", "generate_assignment", "day2", cwd=root)
    return root


@pytest.fixture
def course(released, tmp_path, monkeypatch):
    root = Path(shutil.copytree(released, tmp_path / "course"))
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def cluster():
    """A cluster that tests share: its workers are warm already."""
    import dask

    get_ready()  # its workers are forked from what other tests use, too
    settings = DASK_SETTINGS | {"distributed.worker.preload": [PRELOAD]}
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": 0}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(dashboard_address="127.0.0.1:0", **options) as local,
    ):
        yield local


@pytest.fixture
def grade(cluster, capsys):
    """Return a function that runs the command here, with the shared workers."""

    def call(*arguments: str) -> tuple[int, dict, str]:
        options = ["--scheduler", cluster.scheduler_address, "--json"]
        status = cli.main(["grade", "day2", *options, *arguments])
        said = capsys.readouterr()
        return status, json.loads(said.out), said.err

    return call
