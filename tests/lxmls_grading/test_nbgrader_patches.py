"""What is replaced in nbgrader: which files of a submission are copied."""

from __future__ import annotations

import os

import pytest
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback

from lxmls_grading.intake import files
from tests.support.conversion import convert, hand_in


@pytest.mark.usefixtures("_guarded")
def test_only_small_plain_files_are_copied(course, monkeypatch):
    secret = course.parent / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text("private")
    folder = hand_in(course, "ada")
    (folder / "data").mkdir()
    (folder / "data" / "mine.csv").write_text("1")
    (folder / "page.html").write_text("<script>")
    (folder / "key.txt").symlink_to(secret / "key.txt")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "all").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    (folder / "big").touch()
    os.truncate(folder / "big", files.MAX_FILE_BYTES + 1)
    convert(Autograde, course)
    convert(GenerateFeedback, course)
    found = {
        step: {
            str(path.relative_to(course / step / "ada" / "day2"))
            for path in (course / step / "ada" / "day2").rglob("*")
            if not path.is_dir() and path.suffix != ".ipynb"
        }
        for step in ("autograded", "feedback")
    }
    assert found["autograded"] == {"data/mine.csv", "page.html"}
    pages = {"exercise_2_1.html", "exercise_2_2.html"}
    assert found["feedback"] == {"data/mine.csv"} | pages

    monkeypatch.setattr(files, "MAX_FILES", 1)
    convert(Autograde, course)
    assert len([path for path in (course / "autograded").rglob("*") if path.is_file()]) == 3


@pytest.mark.usefixtures("_guarded")
def test_an_instructors_own_files_are_released_whatever_they_are(course):
    (course.parent / "books").write_text("many")
    (course / "source" / "day2" / "books").symlink_to(course.parent / "books")
    convert(GenerateAssignment, course)
    assert (course / "release" / "day2" / "books").read_text() == "many"
