"""A course of two small notebooks, and what is handed in and graded."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

NAMES = ("first", "second")
RIGHT, WRONG = "answers = {'a': 'b'}", "answers = {'a': 'c'}"
SLOW = f"import time; time.sleep(1.5)\n{RIGHT}"


def marks(name: str, grade: bool, solution: bool) -> dict:
    fields = {"grade_id": name, "grade": grade, "solution": solution, "locked": not solution}
    points = {"points": 2} if grade else {}
    return {"nbgrader": {**fields, **points, "task": False, "schema_version": 3}}


def source_notebook():
    # Calls of checks alone: how these run is known without a trial, which takes its time.
    check = "checks.dictionary(answers, expected={'a': 'b'})\n"
    hidden = f"### BEGIN HIDDEN TESTS\n{check}### END HIDDEN TESTS"
    test = f"from lxmls_nb import checks\n{check}{hidden}"
    answer = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
    return new_notebook(
        cells=[
            new_markdown_cell("Say what follows a.", id="text"),
            new_code_cell(answer, id="answer", metadata=marks("answer", False, True)),
            new_code_cell(test, id="test", metadata=marks("test", True, False)),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


def submit(root: Path, student: str, *answers: str) -> Path:
    """Hand in answers to the first notebooks, and return the folder."""
    folder = root / "submitted" / student / "day2"
    folder.mkdir(parents=True)
    for name, answer in zip(NAMES, answers, strict=False):
        notebook = nbformat.read(root / "release" / "day2" / f"{name}.ipynb", as_version=4)
        notebook.cells[1].source = answer
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def start(course: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen:
    """Start the command in a process of its own."""
    line = [*before, sys.executable, "-m", "lxmls_grading.cli", "grade", "day2", *arguments]
    return subprocess.Popen(
        line, cwd=course, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def scores(course: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions("day2")}


def check_whole(course: Path, expected: dict[str, float]) -> None:
    """Everything is graded and nothing is left half-written."""
    assert scores(course) == expected
    for student in expected:
        folder = course / "autograded" / student / "day2"
        assert sorted(path.name for path in folder.iterdir()) == ["first.ipynb", "second.ipynb"]
        for path in folder.iterdir():
            nbformat.validate(nbformat.read(path, as_version=4))
    folders = {path.name for path in (course / "autograded").glob("*/*")}
    assert folders == {"day2"}
    left = [p.name for p in (course / ".lxmls_nb" / "day2").iterdir() if p.name.startswith(".")]
    assert left == []


def wait_for(what, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)
    return found
