"""Grades a course twice: by this project, and by stock nbgrader without any configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from tests.support.course import ROOT
from tests.support.forks import run_script

#: Points by student, notebook and test cell; None where nobody has graded.
Points = dict[tuple[str, str, str], float | None]

ENVIRONMENT = {
    "LXMLS_NB_CORPUS": "snippets",
    "LXMLS_NB_DEVICE": "cpu",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}


@dataclass
class Graded:
    """A course that was graded.

    Attributes
    ----------
    root : Path
        Its folder.
    points : Points
    seconds : float
        What grading took.
    log : str
        What it wrote.
    """

    root: Path
    points: Points
    seconds: float
    log: str


def run(root: Path, *command: str) -> str:
    """Run a script of a package in the folder of a course, and return what it wrote."""
    done = run_script([*command], root, os.environ | ENVIRONMENT, mixed=True)
    return f"{done.stdout}\n{' '.join(command)} ended with {done.returncode}\n"


def run_stock(root: Path, *command: str) -> str:
    """Do the same in a Python that has never imported anything of this project."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env=os.environ | ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return f"{done.stdout}\n{' '.join(command)} ended with {done.returncode}\n"


def release(root: Path, assignment: str, config: str = "") -> str:
    """Release an assignment, with the configuration of this project and some more of it.

    Raises
    ------
    RuntimeError
        If nbgrader cannot release it.
    """
    shutil.copy(ROOT / "nbgrader_config.py", root)
    with open(root / "nbgrader_config.py", "a") as file:
        file.write(config)
    said = run(root, "nbgrader", "generate_assignment", assignment)
    if not said.endswith("ended with 0\n"):
        raise RuntimeError(said)
    return said


def grade_ours(root: Path, assignment: str) -> Graded:
    """Grade a released assignment as `lxmls-nb grade` does."""
    return _graded(run, root, assignment, "lxmls-nb", "grade", assignment)


def grade_stock(root: Path, assignment: str, place: Path) -> Graded:
    """Grade a copy of a released assignment as nbgrader does by itself."""
    shutil.copytree(root, place)
    (place / "nbgrader_config.py").unlink()
    return _graded(run_stock, place, assignment, "nbgrader", "autograde", assignment)


def grade_both(root: Path, assignment: str) -> tuple[Graded, Graded]:
    """Grade a released assignment by this project and by stock nbgrader, side by side."""
    stock = root.with_name(f"{root.name}-stock")
    with ThreadPoolExecutor(2) as pool:
        theirs = pool.submit(grade_stock, root, assignment, stock)
        time.sleep(0.5)  # the course is copied before it is graded
        ours = pool.submit(grade_ours, root, assignment)
        return ours.result(), theirs.result()


def _graded(runner: Callable[..., str], root: Path, assignment: str, *command: str) -> Graded:
    start = time.perf_counter()
    log = runner(root, *command)
    return Graded(root, points_of(root, assignment), time.perf_counter() - start, log)


def points_of(root: Path, assignment: str) -> Points:
    """Return the points that the gradebook of a course holds for test cells."""
    found: Points = {}
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    found[submission.student.id, notebook.name, grade.name] = grade.auto_score
    return found
