"""Submitted notebooks are read whatever they hold, and what cannot be is a reason."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from nbgrader.converters import Autograde

from lxmls_grading.cells import read_notebook
from tests.support.conversion import NAME, convert, details, hand_in, scores
from tests.support.course import SOURCE, source
from tests.support.reading import read, why_unreadable

#: The first answer, where reasons of the whole notebook are written.
FIRST = "log-linear-comments"


def test_what_is_no_plain_file_is_not_opened(tmp_path):
    for name, said, make in (
        ("nowhere", "is not there", lambda path: None),
        ("folder", "is a folder", Path.mkdir),
        ("pipe", "is not a plain file", os.mkfifo),
        ("link", "is a link", lambda path: path.symlink_to(SOURCE / f"{NAME}.ipynb")),
        ("device", "is a link", lambda path: path.symlink_to("/dev/zero")),
        ("dangling", "is a link", lambda path: path.symlink_to("nowhere")),
        ("huge", "larger than 20 MB", lambda path: (path.touch(), os.truncate(path, 10**12))),
    ):
        path = tmp_path / f"{name}.ipynb"
        make(path)
        assert said in why_unreadable(path), name
    shutil.copy(SOURCE / f"{NAME}.ipynb", tmp_path / "first.ipynb")
    os.link(tmp_path / "first.ipynb", tmp_path / "hard.ipynb")
    assert len(read(tmp_path / "hard.ipynb").cells) == len(source(NAME).cells)


@pytest.mark.usefixtures("_guarded")
def test_notebooks_come_out_as_those_of_nbgrader(course):
    hand_in(course, "ada")
    blaise = hand_in(course, "blaise")
    for name in ("exercise_2_1", "exercise_2_2"):
        shutil.copy(course / "release" / "day2" / f"{name}.ipynb", blaise)
    convert(Autograde, course, {"autograde_preprocessors": []})
    ours = {path: read_notebook(path) for path in course.glob("autograded/*/*/*.ipynb")}
    stock = {
        "exporter_class": "nbconvert.exporters.NotebookExporter",
        "sanitize_preprocessors": Autograde.sanitize_preprocessors.default_args[0],
        "autograde_preprocessors": [],
    }
    convert(Autograde, course, stock)
    assert ours == {path: read_notebook(path) for path in course.glob("autograded/*/*/*.ipynb")}
    assert len(ours) == 4


@pytest.mark.usefixtures("_guarded")
def test_one_submission_costs_nobody_else_a_grade(course, caplog):
    folders = {name: hand_in(course, name) for name in "abcdefg"}
    (folders["b"] / "exercise_2_1.ipynb").write_bytes(b"\xff")
    for name in "cde":
        (folders[name] / "exercise_2_1.ipynb").unlink()
    (folders["c"] / "exercise_2_1.ipynb").symlink_to("../../a/day2/exercise_2_1.ipynb")
    os.mkfifo(folders["d"] / "exercise_2_1.ipynb")
    (folders["e"] / "exercise_2_1.ipynb").mkdir()
    (folders["e"] / "exercise_2_1.ipynb" / "secret.txt").write_text("x")
    (folders["f"] / "exercise_2_1.ipynb").rename(folders["f"] / "exercise_2_1 (1).ipynb")
    (folders["f"] / "exercise_2_2.ipynb").rename(folders["f"] / "Ex\n\udcff.ipynb")
    shutil.rmtree(folders["g"])
    folders["g"].symlink_to("../a/day2")
    (folders["a"] / "mine.txt").write_text("x")
    (course / "submitted" / "k\nl").mkdir()
    (course / "submitted" / "k\nl" / "day2").symlink_to("../a/day2")

    convert(Autograde, course)
    wanted = {(name, f"exercise_2_{n}"): 8 + 2 * (n - 1) for name in folders for n in (1, 2)}
    wanted |= {(name, "exercise_2_1"): 0 for name in "bcdeg"}
    wanted |= {("g", "exercise_2_2"): 0}
    assert scores(course) == wanted
    assert "exercise_2_1 (1).ipynb was graded in its" in details(course, "f")[1][FIRST]
    for name in "bcdeg":
        grades, comments = details(course, name)
        assert "could not be read" in comments[FIRST], name
        assert all(flagged for _, _, flagged in grades.values()), name
        assert grades[FIRST] == (0, None, True)
    assert "is a link to another file" in details(course, "c")[1][FIRST]
    assert [path.parts[-3] for path in course.glob("autograded/**/mine.txt")] == ["a"]
    assert not list(course.glob("autograded/**/secret.txt"))
    assert "cannot be shown" in caplog.text
