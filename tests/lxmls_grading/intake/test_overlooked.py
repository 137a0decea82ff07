"""What lies where no grading looks for it is found, and what is none of its business is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.intake.overlooked import find_overlooked


@pytest.fixture
def course(tmp_path):
    """A course of two assignments, in which somebody has handed in as expected."""
    for name in ("day1", "day2"):
        (tmp_path / "source" / name).mkdir(parents=True)
    put(tmp_path, "ada/day2/one.ipynb")
    return tmp_path


def put(course: Path, *paths: str) -> None:
    for path in paths:
        file = course / "submitted" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")


def overlooked(course: Path, assignment: str = "day2", patterns: str = "*", **options) -> dict:
    coursedir = CourseDirectory(root=str(course), **options)
    found = find_overlooked(coursedir, assignment, (), patterns)
    assert len({each.path for each in found}) == len(found)
    return {each.path.removeprefix("submitted/"): each.why for each in found}


@pytest.mark.parametrize(
    ("files", "path", "why"),
    [
        (".anna/day2/one.ipynb", ".anna", "begins with a dot"),
        ("anna/Day2/one.ipynb", "anna/Day2", "is not called day2"),
        ("anna/day 2/one.ipynb", "anna/day 2", "is not called day2"),
        ("anna/.day2/one.ipynb", "anna/.day2", "is not called day2"),
        ("anna/day2 (1)/one.ipynb", "anna/day2 (1)", "is not called day2"),
        ("anna/anna/day2/one.ipynb", "anna/anna", "one too deep"),
        ("anna/homework/x/one.ipynb", "anna/homework", "is not the folder of any assignment"),
        ("anna/one.ipynb", "anna/one.ipynb", "is not in a folder day2"),
        ("anna/day2.zip", "anna/day2.zip", "is not in a folder day2"),
        ("anna/day2", "anna/day2", "is no folder"),
        ("anna", "anna", "is a file"),
        ("anna.zip", "anna.zip", "is a file"),
        ("one.ipynb", "one.ipynb", "is a file"),
        (".anna.zip", ".anna.zip", "is a file"),
        ("anna\n/Day2/one.ipynb", "anna\\n/Day2", "is not called day2"),
    ],
)
def test_what_is_not_where_it_belongs_is_found(course, files, path, why):
    put(course, files)
    found = overlooked(course)
    assert [*found] == [path]
    assert why in found[path]


def test_what_is_beside_the_right_folder_is_told_where_it_looks_like_it(course):
    put(course, "ada/Day2/one.ipynb", "ada/backup/one.ipynb", "ada/notes.txt", "ada/one.ipynb")
    assert [*overlooked(course)] == ["ada/Day2"]


def test_links_that_lead_nowhere_are_found(course):
    (course / "submitted" / "anna").symlink_to("gone")
    (course / "submitted" / "ben").mkdir()
    (course / "submitted" / "ben" / "day2").symlink_to("gone")
    assert [*overlooked(course)] == ["anna", "ben/day2"]


def test_folders_that_may_not_be_read_are_found(course, monkeypatch):
    put(course, "anna/day2/one.ipynb")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("anna"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert overlooked(course) == {"anna": "may not be read by the grader"}


def test_what_is_no_submission_is_not_named(course):
    put(
        course,
        *(".DS_Store", ".gitkeep", "README.md", ".git/x.zip", "__MACOSX/day2/one.ipynb"),
        *("anna/day1/one.ipynb", "anna/.ipynb_checkpoints/one.ipynb", ".cache/notes.txt"),
        *("ben/notes.txt", ".clara/day1/one.ipynb"),
    )
    (course / "submitted" / "dora" / "Day2").mkdir(parents=True)
    assert overlooked(course) == {}
    assert [*overlooked(course, "day1")] == [".clara"]


def test_a_folder_of_endless_files_is_not_searched_to_its_end(course):
    put(course, *(f"anna/stuff/{number}" for number in range(1100)))
    assert [*overlooked(course)] == ["anna/stuff"]


def test_those_who_are_not_asked_for_are_not_named(course):
    put(course, ".anna/day2/one.ipynb", "ben/Day2/one.ipynb", "carl.zip")
    assert [*overlooked(course, patterns="ben, ada")] == ["ben/Day2"]
    assert [*overlooked(course, patterns=".anna")] == [".anna"]
    assert [*overlooked(course, student_id_exclude="ben,carl.zip")] == [".anna"]


def test_other_structures_of_folders(course):
    structure = "{nbgrader_step}/{assignment_id}/{student_id}"
    put(course, "day2/.anna/one.ipynb", "day2/ben/one.ipynb", "day2/carl.ipynb")
    found = overlooked(course, directory_structure=structure)
    assert [*found] == ["day2/.anna", "day2/carl.ipynb"]
    assert overlooked(course, directory_structure="{nbgrader_step}/x-{student_id}") == {}


def test_a_course_without_submissions_has_none(tmp_path):
    assert overlooked(tmp_path) == {}
