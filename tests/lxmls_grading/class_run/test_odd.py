"""Odd but honest submissions get their points and their reasons, from both commands alike."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from lxmls_grading import cli
from tests.lxmls_grading.class_run.test_run import files, rows
from tests.support.course import ROOT, run
from tests.support.small_course import RIGHT, marks, scores, source_notebook

pytestmark = pytest.mark.slow

USING_STRING = "answers = {'a': string.ascii_lowercase[1]}"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course of two notebooks that begin with a given cell of imports: to be copied."""
    root = tmp_path_factory.mktemp("released")
    (root / "source" / "day2").mkdir(parents=True)
    for name in ("first", "second"):
        notebook = source_notebook()
        given = marks("imports", False, False)
        notebook.cells.insert(0, new_code_cell("import math", id="imports", metadata=given))
        nbformat.write(notebook, root / "source" / "day2" / f"{name}.ipynb")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run("nbgrader", "generate_assignment", "day2", cwd=root)
    return root


def write(root: Path, student: str, **notebooks) -> Path:
    """Hand in notebooks: a function changes what is right; None leaves one out."""
    folder = root / "submitted" / student / "day2"
    folder.mkdir(parents=True)
    for name in ("first", "second"):
        change = notebooks.get(name, lambda notebook: None)
        if change is not None:
            notebook = nbformat.read(root / "release" / "day2" / f"{name}.ipynb", as_version=4)
            answer(notebook).source = RIGHT
            change(notebook)
            nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def answer(notebook):
    return next(cell for cell in notebook.cells if cell.id == "answer")


def anew(notebook):
    """Delete the answer, and write it into a new cell."""
    index = notebook.cells.index(answer(notebook))
    notebook.cells[index] = new_code_cell(RIGHT)


def above(notebook):
    """Leave the answer's cell blank, and write it far above."""
    cell = answer(notebook)
    cell.source = 'raise NotImplementedError("not attempted yet")'
    notebook.cells.insert(0, new_code_cell(RIGHT))


def unmarked(notebook):
    for cell in notebook.cells:
        cell.metadata = {}


def name_added(notebook):
    notebook.cells[0].source += "\nstring = __import__('string')"
    answer(notebook).source = USING_STRING


def import_added(notebook):
    notebook.cells[0].source += "\nimport string"
    answer(notebook).source = USING_STRING


def prints_paths(notebook):
    answer(notebook).source = (
        f"{RIGHT}\nimport sys, os, warnings, numpy\nprint(numpy.__file__)\n"
        "print(numpy.__file__, file=sys.stderr)\nraise OSError(numpy.__file__)"
    )


def released_stub(course: Path) -> str:
    notebook = nbformat.read(course / "release" / "day2" / "first.ipynb", as_version=4)
    return str(answer(notebook).source)


def test_both_commands_grade_odd_submissions_alike(course, tmp_path, grade):
    stub = released_stub(course)

    def above_the_stub(notebook):
        above(notebook)
        answer(notebook).source = stub

    write(course, "anew", first=anew)
    write(course, "above", first=above_the_stub)
    write(course, "unmarked", first=unmarked, second=unmarked)
    write(course, "import", first=import_added)
    write(course, "name", first=name_added)
    write(course, "missing", second=None)
    write(course, "nothing", first=None, second=None)
    write(course, "paths", first=prints_paths)
    renamed = write(course, "renamed")
    (renamed / "first.ipynb").rename(renamed / "ada_12_first (1).ipynb")
    zipped = write(course, "zipped")
    with zipfile.ZipFile(zipped / "work.zip", "w") as archive:
        for name in ("first", "second"):
            archive.write(zipped / f"{name}.ipynb", f"day2/{name}.ipynb")
            (zipped / f"{name}.ipynb").unlink()
    other = Path(shutil.copytree(course, tmp_path / "other"))

    run("nbgrader", "autograde", "day2", cwd=other)
    _, summary, _ = grade()

    assert scores(course) == {
        "above": 4, "anew": 4, "import": 4, "missing": 2, "name": 2, "nothing": 0, "paths": 4,
        "renamed": 4, "unmarked": 4, "zipped": 4,
    }  # fmt: skip
    kinds = {
        student: {reason["kind"] for reason in reasons}
        for student, reasons in summary["reasons"].items()
    }
    assert kinds == {
        "above": {"repaired"}, "anew": {"repaired"}, "import": {"tampered", "repaired"},
        "name": {"tampered", "added name"},
        "missing": {"missing"}, "nothing": {"missing"}, "renamed": {"renamed"},
        "unmarked": {"repaired"}, "zipped": {"renamed"},
    }  # fmt: skip
    assert rows(course) == rows(other)
    assert files(course) == files(other)

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:

        def comment(student: str, name: str = "first") -> str:
            return gradebook.find_comment("answer", name, "day2", student).comment or ""

        assert "was found in a cell of your own" in comment("anew")
        assert "No response" not in comment("above") + comment("anew")
        assert "`string` is not defined" in comment("name")
        assert "the cell imports" in comment("name")
        assert "second.ipynb was not handed in" in comment("missing", "second")
        assert "ada_12_first (1).ipynb was graded" in comment("renamed")
        missing = gradebook.find_submission_notebook("second", "day2", "missing")
        assert not any(each.needs_manual_grade for each in missing.grades)

    run("nbgrader", "generate_feedback", "day2", cwd=course)
    pages = {path.parts[-3]: path.read_text() for path in course.glob("feedback/*/*/first.html")}
    assert "first.ipynb was not handed in" in pages["nothing"]
    assert "site-packages/numpy/" in pages["paths"]
    for page in pages.values():
        assert str(Path.home()) + "/" not in page
        assert str(course) not in page
        assert str(ROOT) not in page


def test_points_by_hand_of_a_notebook_that_is_missing_later_are_set_aside(course, grade):
    folder = write(course, "ada")
    grade()
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        given = gradebook.find_grade("test", "second", "day2", "ada")
        given.manual_score, given.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    (folder / "second.ipynb").unlink()
    grade()
    assert scores(course) == {"ada": 2}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_grade("test", "second", "day2", "ada").needs_manual_grade
        comment = gradebook.find_comment("answer", "second", "day2", "ada").comment
    assert "1.5 points that were given by hand" in comment


def test_files_that_fill_the_disk_concern_one_submission_alone(course, grade):
    """All others are graded, and this one is, too."""
    write(course, "ada")
    full = write(course, "full")
    for number in range(3):
        (full / f"{number}.csv").write_bytes(b"1" * 900_000)
    write(course, "zoe")
    status, summary, _ = grade("--ExecuteApart.disk=1")
    assert status == 1
    assert summary["error"] is None
    assert sorted(summary["graded"]) == ["ada", "full", "zoe"]
    assert scores(course) == {"ada": 4, "full": 4, "zoe": 4}
    assert {student: kinds_of(summary, student) for student in summary["reasons"]} == {
        "full": {"file"}
    }


def kinds_of(summary: dict, student: str) -> set[str]:
    return {reason["kind"] for reason in summary["reasons"][student]}


def test_a_submission_where_nobody_looks_is_told_by_every_command(course, grade, capsys):
    """nbgrader alone would grade the others, and say nothing."""
    write(course, "ada")
    for student, place in ((".anna", ".anna/day2"), ("bob", "bob/Day2"), ("carl", "carl/x/day2")):
        write(course, f"tmp-{student}").rename(course / "moved")
        (course / "submitted" / f"tmp-{student}").rmdir()
        (course / "submitted" / place).parent.mkdir(parents=True)
        (course / "moved").rename(course / "submitted" / place)
    told = run("nbgrader", "autograde", "day2", cwd=course).stderr
    assert scores(course) == {"ada": 4}
    assert "Not graded: submitted/.anna: begins with a dot" in told
    assert "Not graded: submitted/bob/Day2: is not called day2" in told
    assert "Not graded: submitted/carl/x: has the folder day2 one too deep" in told
    status, summary, _ = grade()
    assert status == 1
    assert [line.partition(":")[0] for line in summary["overlooked"]] == [
        "submitted/.anna", "submitted/bob/Day2", "submitted/carl/x"
    ]  # fmt: skip
    assert grade("--student", "ada")[0] == 0  # of the others, nobody has asked
    status, summary, said = grade("--student", ".anna")
    assert status == 2
    assert "submitted/.anna: begins with a dot" in summary["error"]
    assert cli.main(["grade", "day2", "--workers", "1"]) == 1
    said = capsys.readouterr().out
    assert "3 overlooked" in said
    assert "  submitted/bob/Day2: is not called day2: rename it" in said
