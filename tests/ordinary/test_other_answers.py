"""Other answers than the reference solution get the points of stock nbgrader, too."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook

from lxmls_grading.cells import read_notebook
from tests.ordinary.course import read_plans
from tests.ordinary.other_answers import EXERCISES, Exercise
from tests.support.both_ways import grade_both, release
from tests.support.small_course import marks
from tests.support.submissions import complete

ASSIGNMENT = "ordinary"


def write_source(exercise: Exercise, path: Path) -> None:
    solution = f"### BEGIN SOLUTION\n{exercise.reference.strip()}\n### END SOLUTION"
    cells = [new_code_cell(solution, metadata=marks("answer", False, True))]
    cells += [
        new_code_cell(code, metadata=marks(name, True, False))
        for name, code in exercise.tests.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def waiting_for_a_person(root: Path) -> set[tuple[str, str, str]]:
    """Return the students, notebooks and tests that wait for points by hand."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            (submission.student.id, notebook.name, grade.name)
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.needs_manual_grade
        }


@pytest.mark.slow
def test_points_of_other_answers_are_those_of_stock_nbgrader(tmp_path):
    root = tmp_path / "course"
    source = root / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    for name, exercise in EXERCISES.items():
        write_source(exercise, source / f"{name}.ipynb")
    release(root, ASSIGNMENT)
    for name, exercise in EXERCISES.items():
        released = read_notebook(root / "release" / ASSIGNMENT / f"{name}.ipynb")
        for number, answer in enumerate((exercise.reference, *exercise.answers)):
            folder = root / "submitted" / f"student-{number}" / ASSIGNMENT
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(complete(released, {"answer": answer.strip()}), folder / f"{name}.ipynb")
    ours, stock = grade_both(root, ASSIGNMENT)
    plans, waiting = read_plans(root), waiting_for_a_person(root)
    wrong = []
    for name, exercise in EXERCISES.items():
        for test in exercise.tests:
            for number in range(len(exercise.answers) + 1):
                place = f"student-{number}", name, test
                print(*place, ours.points[place], stock.points[place])
                waits = number in exercise.waits.get(test, ())
                assert waits == (place in waiting), place
                if ours.points[place] != stock.points[place] and not waits:
                    wrong.append(place)
            together = test in exercise.together.split()
            assert plans[name].of(test).apart == (not together), (name, test)
            assert (ours.points["student-0", name, test] == 2) == exercise.solved, (name, test)
    assert wrong == []
