"""The corpus as an assignment of nbgrader that three students have handed in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import nbformat
import nbgrader
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.cells import read_notebook
from lxmls_grading.execution.plan import NotebookPlan, TestPlan
from tests.ordinary.answers import ANSWERS, STUB
from tests.ordinary.corpus import CELLS, TESTS, Test
from tests.support.both_ways import Graded, grade_both, release
from tests.support.small_course import marks
from tests.support.submissions import complete

ASSIGNMENT = "ordinary"
STUDENTS = ("right", "wrong", "blank")

#: Points per test cell.
WORTH = 2.0

#: The installed package, whose templates for AUTOTEST are used.
NBGRADER = Path(nbgrader.__file__).parent


def source_notebook(tests: Iterable[Test]) -> NotebookNode:
    """Return an instructor's notebook: each answer with its tests."""
    cells = []
    for answer, group in groupby(tests, key=lambda test: test.answer):
        solution = f"### BEGIN SOLUTION\n{ANSWERS[answer].right}\n### END SOLUTION"
        cells.append(new_code_cell(solution, metadata=marks(answer, False, True)))
        cells += [new_code_cell(t.code, metadata=marks(t.id, True, False)) for t in group]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(root: Path, tests: Iterable[Test] = TESTS, class_of: int | None = None) -> None:
    """Write the source of an assignment, release it, and let students hand it in.

    There are three, the right, the wrong and the blank one, or a class of some size.
    """
    notebooks: dict[str, list[Test]] = {}
    for test in tests:
        notebooks.setdefault(test.notebook, []).append(test)
    source = root / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    for name, group in notebooks.items():
        nbformat.write(source_notebook(group), source / f"{name}.ipynb")
    for path in (CELLS / "files").iterdir():
        shutil.copy(path, source)
    templates = NBGRADER / "docs" / "source" / "user_guide" / "autotests.yml"
    shutil.copy(templates, root)
    release(root, ASSIGNMENT)
    names = [f"student-{i:03d}" for i in range(class_of)] if class_of else STUDENTS
    for place, student in enumerate(names):
        submit(root, student, STUDENTS[place % len(STUDENTS)], notebooks)


def submit(root: Path, student: str, which: str, notebooks: Iterable[str]) -> None:
    """Let a student hand in answers of one kind: right, wrong or blank."""
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    for name in notebooks:
        released = read_notebook(root / "release" / ASSIGNMENT / f"{name}.ipynb")
        names = {test.answer for test in TESTS if test.notebook == name}
        here = {cell.metadata.nbgrader.grade_id for cell in released.cells}
        answers = {each: getattr(ANSWERS[each], which) for each in names & here}
        filled = {each: code for each, code in answers.items() if code != STUB}
        nbformat.write(complete(released, filled), folder / f"{name}.ipynb")


@dataclass(frozen=True)
class Row:
    """What became of a test cell.

    Attributes
    ----------
    test : Test
    plan : TestPlan
    ours, stock : tuple
        Points for the right, the wrong and the blank student.
    """

    test: Test
    plan: TestPlan
    ours: tuple[float | None, ...]
    stock: tuple[float | None, ...]

    @property
    def explained(self) -> bool:
        """Whether the right answer has all points, and the points are the same, or listed."""
        same = self.ours == self.stock
        return self.ours[0] == WORTH and same != bool(self.test.stock_fault)


def rows(ours: Graded, stock: Graded, tests: Iterable[Test] = TESTS) -> list[Row]:
    """Return what became of each test cell, here and with stock nbgrader."""
    plans = read_plans(ours.root)

    def points(graded: Graded, test: Test) -> tuple[float | None, ...]:
        return tuple(graded.points.get((s, test.notebook, test.id)) for s in STUDENTS)

    return [
        Row(test, plans[test.notebook].of(test.id), points(ours, test), points(stock, test))
        for test in tests
    ]


def read_plans(root: Path) -> dict[str, NotebookPlan]:
    """Return the plans that a run of grading has kept, by notebook."""
    folder = root / ".lxmls_nb" / ASSIGNMENT / "plans"
    return {
        path.stem: NotebookPlan.from_dict(json.loads(path.read_text())["plan"])
        for path in folder.glob("*.json")
    }


def grade(root: Path, tests: Iterable[Test] = TESTS) -> tuple[Graded, Graded]:
    """Make the course and grade it both ways."""
    make_course(root, tests)
    return grade_both(root, ASSIGNMENT)
