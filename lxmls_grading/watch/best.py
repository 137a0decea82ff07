"""What a try is worth, before anything of it is in the gradebook: automatic points and penalty."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import determine_grade, is_grade

from lxmls_grading.cells import read_notebook
from lxmls_grading.collect.course import Course
from lxmls_grading.deadlines.lateness import penalty_plugin, read_stamp
from lxmls_grading.deadlines.times import TimeError

log = logging.getLogger(__name__)


def automatic_points(notebook: NotebookNode) -> tuple[float, float]:
    """Return the points that an executed notebook gives by its outputs, and those there are.

    Answers that a person reads give none here.
    """
    pairs = [determine_grade(cell, log) for cell in notebook.cells if is_grade(cell)]
    return sum(points or 0.0 for points, _ in pairs), sum(most for _, most in pairs)


def seconds_late(coursedir: CourseDirectory, course: Course, student: str, folder: Path) -> float:
    """Return how late a submission is, by its ``timestamp.txt``, the due date and an extension."""
    assignment = coursedir.assignment_id
    due = course.due_for(assignment, student)
    try:
        time = read_stamp(coursedir, str(folder))
    except TimeError:
        return 0.0
    return 0.0 if due is None or time is None else max(0.0, (time - due).total_seconds())


def worth(
    notebooks: Mapping[str, NotebookNode], student: str, late: float, parent: Any
) -> tuple[float, float]:
    """Return the automatic points of a try after its penalty, and those there are.

    Parameters
    ----------
    notebooks : mapping
        Executed, by name.
    student : str
    late : float
        Seconds.
    parent : Configurable
        Whose configuration has the plugin for penalties.
    """
    plugin = penalty_plugin(parent)
    total = most = 0.0
    for notebook in notebooks.values():
        points, there = automatic_points(notebook)
        penalty = plugin.late_submission_penalty(student, points, late) if late > 0 else None
        total += points - min(max(penalty or 0.0, 0.0), points)
        most += there
    return total, most


def graded_notebooks(folder: str | Path) -> dict[str, NotebookNode]:
    """Return the notebooks in a folder of ``autograded``, by name."""
    return {path.stem: read_notebook(path) for path in sorted(Path(folder).glob("*.ipynb"))}
