"""Processes that are forked from one that has imported what commands and workers need.

Python starts one such process for each process that runs tests, with the modules that were named
before it started. So that it does not matter which test comes first, all of them are named here,
and whoever may be the first to need it calls :func:`get_ready`.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from importlib.metadata import entry_points
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory

PRELOADED = [
    "lxmls_grading.machine.startup",  # it must come before jsonschema
    "nbgrader.apps.nbgraderapp",
    "distributed",
    "lxmls_grading.commands.dispatch",
    "lxmls_grading.commands.grade",
    "lxmls_grading.commands.watch",
    "lxmls_grading.class_run.task",
]

_forks = multiprocessing.get_context("forkserver")


def get_ready() -> None:
    """Start the process that others are forked from, if it doesn't run."""
    _forks.set_forkserver_preload(PRELOADED)
    forkserver.ensure_running()


def fork(function, *arguments) -> multiprocessing.process.BaseProcess:
    """Call a function in a process of its own, and return that process."""
    get_ready()
    process = _forks.Process(target=function, args=arguments)
    process.start()
    return process


def run_script(
    words: list[str], cwd: Path, environment: dict[str, str], mixed: bool = False
) -> subprocess.CompletedProcess:
    """Run a script of an installed package in a fork, in exactly this environment.

    If `mixed`, its errors are in `stdout`, too, in the order in which all of it was written.
    """
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = fork(_enter, words, str(cwd), environment, str(out), str(out if mixed else err))
        process.join()
        status = process.exitcode
        said = [path.read_text(errors="replace") if path.exists() else "" for path in (out, err)]
    return subprocess.CompletedProcess(words, status, *said)


def _enter(words: list[str], cwd: str, environment: dict[str, str], out: str, err: str) -> None:
    """Do in a fork what the script of a package does."""
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    [script] = entry_points(group="console_scripts", name=words[0])
    sys.exit(script.load()())
