"""Notebooks that join an assignment, or leave it, once there are submissions."""

from __future__ import annotations

import logging
import shutil
import tempfile
from datetime import datetime
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.cells import read_notebook
from lxmls_grading.deadlines.extensions import extend, parse_extension
from lxmls_grading.gradebook import new_notebooks
from lxmls_grading.gradebook.new_notebooks import describe_unreleased
from tests.support.conversion import NAME, TEST, convert, find, hand_in, scores
from tests.support.small_course import source_notebook


@pytest.mark.usefixtures("_guarded")
def test_a_notebook_can_join_when_something_is_graded(course, caplog):
    caplog.set_level(logging.WARNING)
    hand_in(course, "ada")
    convert(Autograde, course)
    before = scores(course)
    nbformat.write(source_notebook(), course / "source" / "day2" / "more.ipynb")
    convert(Autograde, course)
    assert "never released, and is not graded: more. Run `nbgrader gen" in caplog.text
    assert scores(course) == before

    convert(GenerateAssignment, course)
    assert (course / "release" / "day2" / "more.ipynb").exists()
    caplog.clear()
    convert(Autograde, course)  # nbgrader ended here: no such submitted notebook
    assert "never released" not in caplog.text
    assert scores(course) == before | {("ada", "more"): 0}
    folder = course / "submitted" / "ada" / "day2"
    nbformat.write(read_notebook(course / "release" / "day2" / "more.ipynb"), folder / "more.ipynb")
    hand_in(course, "bob")
    convert(Autograde, course)
    assert {scores(course)[student, NAME] for student in ("ada", "bob")} == {before["ada", NAME]}


@pytest.mark.usefixtures("_guarded")
def test_one_that_was_handed_in_stays_and_what_was_released_too(course, caplog):
    hand_in(course, "ada")
    convert(Autograde, course)
    path = course / "source" / "day2" / f"{NAME}.ipynb"
    before = {each: each.read_bytes() for each in (course / "release").rglob("*.ipynb")}
    for change in ("removed", "mistyped"):
        kept = path.read_text()
        path.unlink()
        if change == "mistyped":
            path.write_text(kept.replace("### END SOLUTION", "### EN SOLUTION"))
        with pytest.raises(NbGraderException):
            convert(GenerateAssignment, course)
        path.write_text(kept)
        assert {each: each.read_bytes() for each in (course / "release").rglob("*.ipynb")} == before
    assert f"{NAME} cannot be removed or renamed: there are submissions. Put it" in caplog.text
    assert "What was released before stays" in caplog.text


@pytest.mark.parametrize("problem", ["none", "not removed", "not copied", "not put back"])
def test_why_a_release_failed_is_told_whatever_becomes_of_the_earlier_one(
    problem, tmp_path, monkeypatch, caplog
):
    """Its folder may be one that cannot be written, or removed as a whole."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    place = tmp_path / "release"
    place.mkdir()
    (place / "a.ipynb").write_text("1")
    copy = shutil.copytree

    def fail_to_copy(source, *arguments, **options):
        if (source == place) == (problem == "not copied"):
            raise OSError("no space left")
        return copy(source, *arguments, **options)

    def release(_):
        (place / "a.ipynb").unlink()
        raise NbGraderException("a cell is wrong")

    if problem in ("not copied", "not put back"):
        monkeypatch.setattr(shutil, "copytree", fail_to_copy)
    if problem == "not removed":
        monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    monkeypatch.setattr(new_notebooks, "_stock_convert_notebooks", release)
    coursedir = SimpleNamespace(assignment_id="day2", student_id=".")
    converter = SimpleNamespace(
        _format_dest=lambda *_: str(place), coursedir=coursedir, log=logging.getLogger()
    )
    with pytest.raises(NbGraderException, match="a cell is wrong"):
        new_notebooks._keep_release(converter)
    kept = [*(tmp_path / "temporary").rglob("a.ipynb")]
    assert (place / "a.ipynb").exists() == (problem in ("none", "not removed"))
    assert len(kept) == (problem in ("not removed", "not put back"))
    assert ("released before is in" in caplog.text) == (problem == "not put back")
    assert ("it cannot be copied: no space" in caplog.text) == (problem == "not copied")


@pytest.mark.usefixtures("_guarded")
def test_an_extension_does_not_hold_up_changes_of_notebooks(course):
    """Nothing is graded yet: cells can be renamed, and notebooks go."""
    coursedir = CourseDirectory(root=str(course))
    with Gradebook(coursedir.db_url) as gradebook:
        gradebook.update_or_create_assignment("day2", duedate=datetime(2026, 11, 26, 18))
        gradebook.add_student("ada")
    extend(coursedir, NbGrader(), "ada", "day2", parse_extension("+2d"))
    path = course / "source" / "day2" / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    find(notebook, TEST).metadata.nbgrader.grade_id = "another"
    nbformat.write(notebook, path)
    (course / "source" / "day2" / "exercise_2_2.ipynb").unlink()
    convert(GenerateAssignment, course)
    hand_in(course, "ada")
    convert(Autograde, course)
    with Gradebook(coursedir.db_url) as gradebook:
        submission = gradebook.find_submission("day2", "ada")
        assert submission.duedate == datetime(2026, 11, 28, 18)
        [saved] = submission.notebooks
        assert "another" in {grade.name for grade in saved.grades}


def test_notebooks_that_were_never_released_are_named(tmp_path):
    coursedir = CourseDirectory(root=str(tmp_path), assignment_id="day2")
    (tmp_path / "source" / "day2").mkdir(parents=True)
    for name in ("first", "second", "third", "._first"):  # the last is macOS's
        (tmp_path / "source" / "day2" / f"{name}.ipynb").touch()
    assert describe_unreleased(coursedir, ["first", "second", "third"]) == ""
    assert "is not graded: third. Run" in describe_unreleased(coursedir, ["first", "second"])
    assert "are not graded: second, third." in describe_unreleased(coursedir, ["first"])
