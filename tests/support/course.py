"""What tests of the whole course share."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat

from lxmls_grading.cells import grade_id, is_answer, read_notebook
from tests.support.forked_python import ForkedPython
from tests.support.forks import run_script
from tests.support.submissions import complete, reference_answers

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "source" / "day2"
RELEASE = ROOT / "release" / "day2"
NOTEBOOKS = ("exercise_2_1", "exercise_2_2", "exercise_2_3", "exercise_2_4")


@cache
def source(name: str):
    """Return an instructor's notebook (not to be changed)."""
    return read_notebook(SOURCE / f"{name}.ipynb")


@cache
def release(name: str):
    """Return a student's notebook (not to be changed)."""
    return read_notebook(RELEASE / f"{name}.ipynb")


def write_completed(folder: Path, keep_tags: bool = True) -> None:
    """Write the released notebooks with the reference answers filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NOTEBOOKS:
        notebook = complete(release(name), reference_answers(source(name)))
        if not keep_tags:
            for cell in notebook.cells:
                cell.metadata.pop("tags", None)
        nbformat.write(notebook, folder / f"{name}.ipynb")


def definitions(name: str) -> dict:
    """Return the namespace of a source notebook after its imports, given classes and answers."""
    namespace: dict = {"__name__": "__main__"}
    for cell in source(name).cells:
        given = cell.id in ("imports", "pytorch-log-linear")
        if cell.cell_type == "code" and (given or is_answer(cell)):
            exec(compile(cell.source, f"<{name}: {grade_id(cell)}>", "exec"), namespace)
    return namespace


#: The scripts that modules are run as in a fork of a process that has imported them.
SCRIPTS = {"nbgrader": "nbgrader", "lxmls_grading.cli": "lxmls-nb"}


def nbval(path: Path, *options: str, forked: ForkedPython | None = None) -> None:
    """Let nbval execute a notebook; fail with what it said if it fails."""
    # Without its root, pytest would look at all that lies beside any of the parent folders.
    alone = ["-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={path.parent}"]
    run("pytest", *options, *alone, str(path), cwd=path.parent, forked=forked)


def run(
    *command: str, cwd: Path = ROOT, forked: ForkedPython | None = None, **environment: str
) -> subprocess.CompletedProcess:
    """Run a Python module as a command; fail with what it said if it fails.

    It and the kernels that it starts are forks of a process, if there is one.
    """
    start = [sys.executable, "-m", *command]
    if forked is not None:
        start = forked.command(*command)
        environment = {"JUPYTER_PATH": forked.kernels} | environment
    given = {"LXMLS_NB_CORPUS": "snippets", "LXMLS_NB_DEVICE": "cpu"} | environment
    everything = os.environ | given
    if forked is None and command[0] in SCRIPTS:
        done = run_script([SCRIPTS[command[0]], *command[1:]], cwd, everything)
    else:
        done = subprocess.run(start, cwd=cwd, capture_output=True, text=True, env=everything)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done
