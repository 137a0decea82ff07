"""Notebooks that join an assignment, or leave it, after somebody has handed in.

nbgrader refuses both once the gradebook has a submission, since its rows are made for the notebooks
that there are. It refuses when the earlier release is removed already, and `--notebook` leads
around the refusal to submissions that cannot be graded. Here a notebook can join: who has handed in
gets the rows for it when they are graded. Written for nbgrader 0.9.6.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.intake.sources import source_notebooks
from lxmls_grading.listing import list_names

_stock_convert_notebooks = GenerateAssignment.convert_notebooks


def describe_unreleased(coursedir: CourseDirectory, released: list[str]) -> str:
    """Return which notebooks in ``source/`` nobody is graded for, as a line; nothing if none.

    Parameters
    ----------
    coursedir : CourseDirectory
        With an ``assignment_id``.
    released : list of str
        The notebooks of the assignment in the gradebook.
    """
    assignment = coursedir.assignment_id
    others = sorted(source_notebooks(coursedir, assignment).keys() - {*released})
    if not others:
        return ""
    one = len(others) == 1
    return (
        f"{'A notebook' if one else 'Notebooks'} in source/{assignment} {'was' if one else 'were'} "
        f"never released, and {'is' if one else 'are'} not graded: {list_names(others)}. Run "
        f"`nbgrader generate_assignment {assignment} --force`, or move {'it' if one else 'them'} "
        "elsewhere."
    )


def add_missing_rows(coursedir: CourseDirectory, assignment: str, student: str) -> None:
    """Give a submission rows for the notebooks that were released after its own were made.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment, student : str
    """
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        session = gradebook.db
        query = session.query(SubmittedAssignment)
        query = query.join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        query = query.filter(
            Assignment.name == assignment, SubmittedAssignment.student_id == student
        )
        if (submission := query.one_or_none()) is None:
            return  # nbgrader makes all of its rows
        there = session.query(SubmittedNotebook.notebook_id)
        there = there.filter(SubmittedNotebook.assignment_id == submission.id)
        query = session.query(Notebook).filter(Notebook.assignment_id == submission.assignment_id)
        for notebook in query.filter(Notebook.id.not_in(there.scalar_subquery())).all():
            with session.no_autoflush:  # as Gradebook.add_submission does
                new = SubmittedNotebook(notebook=notebook, assignment=submission)
                session.add(new)
                for cell in [*notebook.grade_cells, *notebook.task_cells]:
                    session.add(Grade(cell_id=cell.id, notebook=new))
                for cell in [*notebook.solution_cells, *notebook.task_cells]:
                    session.add(Comment(cell_id=cell.id, notebook=new))
        session.commit()


def _remove_old_notebooks(self: GenerateAssignment, assignment_id: str, student_id: str) -> None:
    """Remove what is no longer in ``source/`` from the gradebook, as ``_clean_old_notebooks``.

    Raises
    ------
    NbGraderException
        If somebody has handed it in.
    """
    here = {Path(path).stem for path in self.notebooks}
    with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
        notebooks = gradebook.find_assignment(assignment_id).notebooks
        gone = {each.name: bool(each.submissions) for each in notebooks if each.name not in here}
        if kept := sorted(name for name, handed_in in gone.items() if handed_in):
            one = len(kept) == 1
            message = (
                f"{list_names(kept)} cannot be removed or renamed: there are submissions. Put "
                f"{'it' if one else 'them'} back in source/ as {'it was' if one else 'they were'}; "
                "tests that are no longer to count can be worth 0 points"
            )
            self.log.error(message)
            raise NbGraderException(message)
        for name in gone:
            self.log.warning("Removing notebook '%s' from the gradebook", name)
            gradebook.remove_notebook(name, assignment_id)


def _keep_release(self: GenerateAssignment) -> None:
    """Release, as ``BaseConverter.convert_notebooks``; where it fails, the earlier release stays.

    nbgrader removes it first, and what is new if anything goes wrong.
    """
    place = Path(self._format_dest(self.coursedir.assignment_id, self.coursedir.student_id))
    folder = tempfile.mkdtemp(prefix="lxmls-nb-release-")
    kept = Path(folder, "release")
    is_done_with = True
    try:
        if place.is_dir():
            _copy_release(place, kept, self.log)
        _stock_convert_notebooks(self)
    except BaseException:
        is_done_with = not kept.is_dir() or _put_back(kept, place, self.log)
        raise
    finally:
        if is_done_with:
            shutil.rmtree(folder, ignore_errors=True)


def _copy_release(place: Path, kept: Path, log: logging.Logger) -> None:
    try:
        shutil.copytree(place, kept, symlinks=True)
    except OSError as error:  # the disk is full, for example; the new release may still succeed
        shutil.rmtree(kept, ignore_errors=True)
        log.warning("If the new release fails, %s is lost: it cannot be copied: %s", place, error)


def _put_back(kept: Path, place: Path, log: logging.Logger) -> bool:
    """Put a release back, and return whether that was possible."""
    shutil.rmtree(place, ignore_errors=True)
    try:
        shutil.copytree(kept, place, symlinks=True, dirs_exist_ok=True)
    except OSError as error:  # the one for which the new release failed is more important
        log.error("What was released before is in %s now, and cannot be put back: %s", kept, error)
        return False
    log.warning("What was released before stays: %s", place)
    return True


#: What is replaced: an owner, a name, and what takes its place.
GENERATE_PATCHES: list[tuple[Any, str, Any]] = [
    (GenerateAssignment, "_clean_old_notebooks", _remove_old_notebooks),
    (GenerateAssignment, "convert_notebooks", _keep_release),
]
