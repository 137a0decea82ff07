"""What is made of a submission before anything of it runs, and what is said about it after."""

from __future__ import annotations

import contextlib
import copy
import html
import json
import os
import random
import re
import shutil
import signal
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum
from traitlets.config import Config

from lxmls_grading.cells import grade_id, is_answer, is_test, read_notebook
from lxmls_grading.feedback.comments import comments_of
from lxmls_grading.intake import files as files_guard
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.intake.rebuild import read_originals, rebuild, tampered
from lxmls_grading.reasons import add_reason, reason, reasons_of
from tests.support.course import ROOT, SOURCE, reference_answers, release, source
from tests.support.submissions import complete

NAME = "exercise_2_1"
TEST = "test-loss"
ANSWER = "log-linear-gradients"


def course_config() -> Config:
    """Return what nbgrader_config.py sets."""
    config = Config()
    code = compile((ROOT / "nbgrader_config.py").read_text(), "nbgrader_config.py", "exec")
    exec(code, {"get_config": lambda: config})
    return config


@pytest.fixture(scope="module")
def originals():
    return read_originals(source(NAME), course_config())


@pytest.fixture
def submitted():
    """A notebook with the reference answers, to be changed."""
    return complete(release(NAME), reference_answers(source(NAME)))


def find(notebook, name: str):
    """Return the last cell of a name."""
    return [cell for cell in notebook.cells if grade_id(cell) == name][-1]


def own(source: str, **metadata):
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def assert_sound(notebook, originals):
    """The cells of the course are there once, in order, from source; no other cell has marks."""
    nbformat.validate(notebook)
    course = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    wanted = [cell for cell in originals.graded.cells if "nbgrader" in cell.metadata]
    for cell, original in zip(course, wanted, strict=True):
        if is_answer(original):
            original = original | {"source": cell.source}
        assert cell == original
    for cell in notebook.cells:
        if cell not in course:
            assert cell.metadata == {}
    assert [c for c in notebook.cells if is_test(c)] == [
        c for c in originals.graded.cells if is_test(c)
    ]


# Reading


def read(path: Path):
    """Read a submitted notebook."""
    with in_time():
        return SubmissionExporter().read_submitted(str(path))


class Waits(BaseException):
    """Something waits for a pipe; no handler of exceptions catches this."""


@contextlib.contextmanager
def in_time(seconds: int = 120):
    """Fail where something waits for a pipe."""

    def too_long(*_):
        raise Waits

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def why_unreadable(path: Path) -> str:
    """Return why a notebook is unreadable."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.cells == []
    (only,) = reasons_of(notebook)
    assert only.kind == "unreadable"
    return only.text


def as_bytes(**changes) -> bytes:
    return json.dumps(dict(release(NAME)) | changes).encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"Dear teacher, here is my work.", "no notebook (see its line 1)"),
        (as_bytes()[:-500], "no notebook (see its line 1)"),
        (as_bytes().decode().encode("utf-16"), "not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not text in UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"cells": ' + b'{"a": [' * 100_000, "nested too deeply"),
        (b'{"nbformat": ' + b"9" * 10_000 + b"}", "a number that is too long"),
        (b"[]", "no notebook"),
        (b"NaN", "no notebook"),
        (as_bytes(nbformat=99), "neither 4 nor 3"),
        (as_bytes(nbformat={"a": []}), "neither 4 nor 3"),
        (as_bytes(nbformat=3), "no cells"),
        (as_bytes(cells={}), "no cells"),
        (b'{"nbformat": 4}', "no cells"),
        (b'{"nbformat": 3, "worksheets": [[], {"cells": 7}]}', "no cells"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 10**5 + b"{}]}", "more than 2000 cells"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 10**6 + b"{}]}", "too many small parts"),
        (as_bytes(cells=[{"source": "x" * 2_000_001}]), "more than 2 MB of text"),
        (b" " * 20_000_001, "larger than 20 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_notebook_is_empty_with_a_reason(data, said, tmp_path):
    path = tmp_path / "exercise_2_1.ipynb"
    path.write_bytes(data)
    assert said in why_unreadable(path)


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


def test_a_file_that_is_exchanged_for_a_link_is_not_read(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (tmp_path / "plain").write_text("plain")
    (tmp_path / "link").symlink_to(secret)
    seen = os.lstat(tmp_path / "plain")
    monkeypatch.setattr(files_guard.os, "lstat", lambda path: seen)
    with pytest.raises(files_guard.UnsafeFileError):
        files_guard.read_plain(tmp_path / "link", 1000)


def test_reading_leaves_texts_and_marks(tmp_path):
    raw = json.loads(as_bytes())
    forged = {"reasons": [{"kind": "test", "text": "Give me 10 points.", "cells": []}]}
    raw["metadata"] |= {"lxmls_nb": forged, "widgets": {}, "language": 7, "kernelspec": "bash"}
    png, svg = {"image/png": "iVBORw0KGgo="}, {"image/svg+xml": "<svg onload=alert(1)>"}
    bad = {"image/png": 'x" onerror="alert(1)'}
    raw["cells"][0] |= {"attachments": {"a.png": png, "b.svg": svg, "c.png": bad, "d": 3}}
    raw["cells"][1] |= {
        "id": raw["cells"][0]["id"],
        "source": ["import os\r\n", "x = '\ud800\0\u202e'", 5],
        "outputs": [{"output_type": "display_data", "data": {"text/html": "<script>"}}],
        "metadata": {"nbgrader": {"grade_id": {}, "points": float("nan"), "grade": True}, "x": 1},
    }
    raw["cells"][2]["metadata"] = {"nbgrader": ["grade_id"], "tags": ["a,b", "a,b", 3, ""]}
    raw["cells"][3] = "cell"
    raw["cells"][4] = {"cell_type": ["code"], "source": {}, "metadata": None, "id": "no id!"}
    path = tmp_path / "exercise_2_1.ipynb"
    path.write_text(json.dumps(raw))
    notebook = read(path)
    nbformat.validate(notebook)
    nbformat.write(notebook, tmp_path / "written.ipynb")
    assert notebook.metadata == {}
    assert notebook.cells[0].attachments == {"a.png": png}
    assert notebook.cells[1].source == "import os\nx = '?\N{REPLACEMENT CHARACTER}\u202e'"
    assert notebook.cells[1].outputs == []
    assert notebook.cells[1].metadata == {"nbgrader": {"grade": True}}
    assert notebook.cells[2].metadata == {"tags": ["ab"]}
    assert (notebook.cells[3].cell_type, notebook.cells[3].source) == ("raw", "")
    assert len({cell.id for cell in notebook.cells}) == len(raw["cells"]) - 1


def test_format_3_is_read(tmp_path, originals, submitted):
    cells = [
        {"cell_type": cell.cell_type, "metadata": cell.metadata}
        | {"input" if cell.cell_type == "code" else "source": cell.source.splitlines(True)}
        for cell in submitted.cells
    ]
    cells.append({"cell_type": "heading", "level": 2, "source": ["The end"]})
    path = tmp_path / "exercise_2_1.ipynb"
    path.write_text(
        json.dumps({"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]})
    )
    notebook, repairs = rebuild(read(path), originals)
    assert_sound(notebook, originals)
    assert repairs == []
    assert find(notebook, ANSWER).source == find(submitted, ANSWER).source
    assert notebook.cells[-1].source == "# The end"


# Putting together


def test_a_submission_as_it_should_be_stays_as_it_is(originals, submitted):
    for notebook in (submitted, copy.deepcopy(release(NAME))):
        rebuilt, repairs = rebuild(notebook, originals)
        assert repairs == []
        assert_sound(rebuilt, originals)
        assert [c.source for c in rebuilt.cells if not is_test(c) and not _is_rubric(c)] == [
            c.source for c in notebook.cells if not is_test(c) and not _is_rubric(c)
        ]


def _is_rubric(cell) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("task"))


def edited(cell, cells):
    cell.source = "pass"


def a_line_more(cell, cells):
    cell.source += "\nprint('full marks')"


def missing(cell, cells):
    cells.remove(cell)


def renamed(cell, cells):
    cell.metadata.nbgrader.grade_id = "mine"


def made_markdown(cell, cells):
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def copied(cell, cells):
    cells.append(copy.deepcopy(cell))


def tagged(cell, cells):
    cell.metadata.tags = ["skip-execution"]


def worth_more(cell, cells):
    cell.metadata.nbgrader.points = 400


def worth_nonsense(cell, cells):
    cell.metadata.nbgrader.points = "many"


def not_graded(cell, cells):
    cell.metadata.nbgrader.grade = False


def an_answer(cell, cells):
    cell.metadata.nbgrader.solution = True


def swapped(cell, cells):
    other = next(each for each in cells if grade_id(each) == ANSWER)
    other.metadata, cell.metadata = cell.metadata, other.metadata


def named(value):
    def change(cell, cells):
        cell.metadata.nbgrader["grade_id"] = value

    change.__name__ = f"named_{value!r}"
    return change


def unmarked(value):
    def change(cell, cells):
        cell.metadata["nbgrader"] = value

    change.__name__ = f"unmarked_{value!r}"
    return change


TAMPERING = [
    *(edited, a_line_more, missing, renamed, made_markdown, copied, tagged, worth_more),
    *(worth_nonsense, not_graded, an_answer, swapped),
    *map(named, ({}, [], None, 5, True, "", "TEST-LOSS", "test-loss ", "\ud800")),
    *map(unmarked, ({}, [], None, "x", 5)),
]


@pytest.mark.parametrize("change", TAMPERING, ids=lambda change: change.__name__)
def test_a_changed_test_is_put_back_and_named(change, originals, submitted):
    change(find(submitted, TEST), submitted.cells)
    notebook, repairs = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert [repair.cell for repair in repairs if repair.tampered and repair.cell == TEST] == [TEST]
    why = tampered(repairs, originals)
    assert why.kind == "tampered"
    assert TEST in why.cells
    assert TEST in why.text


@pytest.mark.parametrize("lacking", ["schema_version", "cell_type", "checksum", "locked"])
def test_marks_that_say_nothing_new_are_put_back_quietly(lacking, originals, submitted):
    del find(submitted, TEST).metadata.nbgrader[lacking]
    notebook, repairs = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert repairs == []


def test_a_cell_of_a_student_never_counts_as_a_test(originals, submitted):
    """Tests run outside the sandbox."""
    forged = {"grade": True, "solution": False, "locked": True, "points": 100, "schema_version": 3}
    for name in ("mine", "", "test-loss2", None, 7, ["test-loss"], {"test-loss": 1}, "test-loss"):
        for cell_type in (nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell):
            cell = cell_type("import os", metadata={"nbgrader": {**forged, "grade_id": name}})
            submitted.cells.insert(5, cell)
            submitted.cells.append(copy.deepcopy(cell))
    find(submitted, ANSWER).metadata.nbgrader.update(forged)
    notebook, _ = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    # The first one called test-loss was taken for the test, and written over.
    assert sum(cell.source == "import os" for cell in notebook.cells) == 2 * 2 * 8 - 1


def test_no_change_makes_a_test(originals):
    """The same of notebooks changed at random."""
    chance = random.Random(4)
    names = [grade_id(cell) for cell in release(NAME).cells]
    values = [*names, None, 3, [], {}, "mine", True, False, "code", ["skip-execution"]]
    fields = ["grade_id", "grade", "solution", "locked", "task", "points", "checksum", "x"]
    for _ in range(200):
        notebook = copy.deepcopy(release(NAME))
        for _ in range(chance.randint(1, 12)):
            cell = chance.choice(notebook.cells)
            what = chance.randrange(6)
            if what == 0:
                marks = cell.metadata.get("nbgrader")
                if isinstance(marks, dict):
                    marks[chance.choice(fields)] = chance.choice(values)
            elif what == 1:
                cell.metadata[chance.choice(["nbgrader", "tags", "x"])] = chance.choice(values)
            elif what == 2:
                other = chance.choice(notebook.cells)
                cell.metadata, other.metadata = other.metadata, cell.metadata
            elif what == 3:
                notebook.cells.insert(chance.randrange(20), copy.deepcopy(cell))
            elif what == 4 and len(notebook.cells) > 2:
                notebook.cells.remove(cell)
            else:
                chance.shuffle(notebook.cells)
        rebuilt, _ = rebuild(notebook, originals)
        assert_sound(rebuilt, originals)


def collapse(cell):
    cell.metadata |= {"collapsed": True, "trusted": True, "deletable": True, "editable": True}
    cell.metadata |= {"slideshow": {"slide_type": "skip"}, "jupyter": {"source_hidden": True}}
    cell.metadata |= {"scrolled": True, "execution": {"iopub.status.busy": "now"}}


def run(cell):
    if cell.cell_type == "code":
        cell.execution_count = 7
        cell.outputs = [nbformat.v4.new_output("stream", text="passed")]


def end_lines(cell):
    cell.source = cell.source.replace("\n", "\r\n") + "\r\n"


def drop_tags(cell):
    cell.metadata.pop("tags", None)


def strip(cell):
    cell.source = cell.source.strip()


@pytest.mark.parametrize("habit", [collapse, run, end_lines, drop_tags, strip])
def test_nobody_is_blamed_for_what_editors_do(habit, originals, submitted):
    for cell in submitted.cells:
        habit(cell)
    submitted.cells.insert(7, own("import pandas"))
    notebook, repairs = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert repairs == []


def test_nobody_is_blamed_for_an_earlier_release(originals, submitted):
    introduction, imports = find(submitted, "introduction"), find(submitted, "imports")
    introduction.source = "An introduction with a tpyo."
    introduction.metadata.nbgrader.checksum = compute_checksum(introduction)
    imports.source = "import numpy"
    imports.metadata.nbgrader.checksum = compute_checksum(imports)
    submitted.cells.remove(find(submitted, "end"))
    notebook, repairs = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert {repair.cell for repair in repairs} == {"introduction", "imports", "end"}
    assert not any(repair.tampered for repair in repairs)
    imports.source = "import numpy as np"
    assert any(repair.tampered for repair in rebuild(submitted, originals)[1])


def test_the_last_copy_of_an_answer_counts_and_runs_last(originals, submitted):
    where = submitted.cells.index(find(submitted, ANSWER))
    for text, place in (("first = 1", where), ("second = 2", where + 3)):
        cell = copy.deepcopy(find(submitted, ANSWER))
        cell.source = text
        submitted.cells.insert(place, cell)
    last = submitted.cells[-1]
    submitted.cells.append(copy.deepcopy(submitted.cells[where]))
    submitted.cells[-1].source = "third = 3"
    notebook, repairs = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    texts = [cell.source for cell in notebook.cells]
    assert texts.index("first = 1") < texts.index("second = 2") < texts.index("third = 3")
    assert find(notebook, ANSWER).source == "third = 3"
    assert notebook.cells[-1].source == last.source
    assert [(r.cell, r.tampered) for r in repairs] == [(ANSWER, False)]
    assert "4 copies" in repairs[0].text


def test_own_cells_stay_where_they_were(originals, submitted):
    where = submitted.cells.index(find(submitted, TEST))
    submitted.cells[where:where] = [own("a = 1"), own("b = 2", tags=["skip-execution"])]
    submitted.cells.insert(0, own("first"))
    submitted.cells.append(own("last"))
    submitted.cells.append(copy.deepcopy(submitted.cells[1]))  # a copy of a locked cell
    submitted.cells.append(own("very last"))
    notebook, _ = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    texts = [cell.source for cell in notebook.cells]
    assert texts[0] == "first"
    assert texts[-3] == "last"
    assert texts[-1] == "very last"
    (place,) = [i for i, cell in enumerate(notebook.cells) if grade_id(cell) == TEST]
    assert texts[place - 2 : place] == ["a = 1", "b = 2"]


def test_a_missing_answer_is_put_back_without_one(originals, submitted):
    for cell in [cell for cell in submitted.cells if is_answer(cell)]:
        submitted.cells.remove(cell)
    notebook, repairs = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    for cell in notebook.cells:
        if is_answer(cell):
            assert cell.source == find(release(NAME), grade_id(cell)).source
            assert "not attempted yet" in cell.source
    assert {repair.cell for repair in repairs} == {
        grade_id(cell) for cell in originals.graded.cells if is_answer(cell)
    }
    assert not any(repair.tampered for repair in repairs)


def test_an_answer_of_another_type_is_code_again(originals, submitted):
    made_markdown(find(submitted, ANSWER), submitted.cells)
    text = find(submitted, ANSWER).source
    notebook, repairs = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert find(notebook, ANSWER).source == text
    assert [repair.tampered for repair in repairs] == [False]


def test_another_notebook_is_said_to_be_one(originals):
    notebook, repairs = rebuild(nbformat.v4.new_notebook(cells=[own("1")]), originals)
    assert_sound(notebook, originals)
    assert "none of the cells of this exercise" in tampered(repairs, originals).text


def test_what_stops_feedback_is_taken_out_of_texts(originals, submitted):
    text = "### BEGIN HIDDEN TESTS\n![](attachment:a.png) ![](attachment:b.png)"
    picture = nbformat.v4.new_markdown_cell(text)
    picture.attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}
    submitted.cells.append(picture)
    notebook, _ = rebuild(submitted, originals)
    assert notebook.cells[-1].source == (
        "### BEGIN-HIDDEN TESTS\n![](attachment:a.png) ![](missing-attachment:b.png)"
    )


# With nbgrader


class StubExecute(NbGraderPreprocessor):
    """In place of execution: tests pass unless an answer says what becomes of them."""

    def preprocess(self, nb, resources):
        text = "\n".join(cell.source for cell in nb.cells if is_answer(cell))
        cells = [cell for cell in nb.cells if is_test(cell)]
        if "DIES" in text:
            names = [grade_id(cell) for cell in cells[1:]]
            add_reason(nb, reason("memory", names, limit="2 <GB>"))
        dead = {name for each in reasons_of(nb) for name in each.cells if each.kind != "tampered"}
        for cell in cells:
            cell.outputs = []
            if grade_id(cell) in dead or "not attempted yet" in text:
                error = {"ename": "NotRun", "evalue": "no", "traceback": ["no"]}
                cell.outputs = [nbformat.v4.new_output("error", **error)]
        return nb, resources


@pytest.fixture
def _guarded(monkeypatch):
    """nbgrader with its functions replaced, and as it was afterwards."""
    for owner, name in (
        (BaseConverter, "init_assignment"),
        (CourseDirectory, "get_existing_timestamp"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(Autograde, "init_notebooks", Autograde.init_notebooks)
    files_guard.install()
    files_guard.install()


@pytest.fixture(scope="module")
def new_course(tmp_path_factory):
    """A course of two notebooks, released."""
    root = tmp_path_factory.mktemp("released") / "course"
    (root / "source" / "day2").mkdir(parents=True)
    for name in ("exercise_2_1", "exercise_2_2"):
        shutil.copy(SOURCE / f"{name}.ipynb", root / "source" / "day2")
    convert(GenerateAssignment, root)
    return root


def convert(converter, root: Path, steps: dict | None = None) -> None:
    """Run an nbgrader command on a course, anew."""
    config = course_config()
    config.CourseDirectory.root = str(root)
    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.sanitize_preprocessors = [
        "lxmls_grading.intake.rebuild.RebuildCells",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        StubExecute,
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.SaveAutoGrades",
        "lxmls_grading.feedback.comments.SaveReasons",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "lxmls_grading.feedback.comments.ShowReasons",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    config.Autograde.update(steps or {})
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = "day2"
    command = converter(coursedir=coursedir, config=config)
    command.force = True
    with in_time():
        command.start()


@pytest.fixture
def course(new_course, tmp_path):
    """A copy of the course, for submissions."""
    return Path(shutil.copytree(new_course, tmp_path / "course"))


def hand_in(course: Path, student: str, **answers: str) -> Path:
    """Write a student's submission: the reference answers, and some others."""
    folder = course / "submitted" / student / "day2"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("exercise_2_1", "exercise_2_2"):
        mine = reference_answers(source(name))
        mine |= {key: text for key, text in answers.items() if key in mine}
        nbformat.write(complete(release(name), mine), folder / f"{name}.ipynb")
    return folder


def scores(course: Path) -> dict[tuple[str, str], float]:
    """Return the points by student and notebook."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {
            (submission.student.id, notebook.name): notebook.score
            for submission in gradebook.assignment_submissions("day2")
            for notebook in submission.notebooks
        }


def details(course: Path, student: str, name: str = NAME):
    """Return the grades and the comments of a notebook, by cell."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission_notebook(name, "day2", student)
        grades = {
            grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for grade in notebook.grades
        }
        comments = {comment.name: comment.comment for comment in notebook.comments}
    return grades, comments


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
    for name, when in (("a", "soon"), ("b", "1" * 4000), ("c", "0001-01-01 00:00:00 +2359")):
        (folders[name] / "timestamp.txt").write_text(when)
    os.mkfifo(folders["d"] / "timestamp.txt")
    shutil.rmtree(folders["g"])
    folders["g"].symlink_to("../a/day2")
    (folders["a"] / "mine.txt").write_text("x")
    (course / "submitted" / "k\nl").mkdir()
    (course / "submitted" / "k\nl" / "day2").symlink_to("../a/day2")

    convert(Autograde, course)
    wanted = {(name, f"exercise_2_{n}"): 8 + 2 * (n - 1) for name in folders for n in (1, 2)}
    wanted |= {(name, "exercise_2_1"): 0 for name in "bcdefg"}
    wanted |= {(name, "exercise_2_2"): 0 for name in "fg"}
    assert scores(course) == wanted
    for name in "bcdefg":
        grades, comments = details(course, name)
        assert "could not be read" in comments["log-linear-comments"], name
        assert all(flagged for _, _, flagged in grades.values()), name
        assert grades["log-linear-comments"] == (0, None, True)
    assert "is a link to another file" in details(course, "c")[1]["log-linear-comments"]
    assert [path.parts[-3] for path in course.glob("autograded/**/mine.txt")] == ["a"]
    assert not list(course.glob("autograded/**/secret.txt"))
    assert "cannot be shown" in caplog.text


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
    os.truncate(folder / "big", files_guard.MAX_BYTES + 1)
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

    monkeypatch.setattr(files_guard, "MAX_FILES", 1)
    convert(Autograde, course)
    assert len([path for path in (course / "autograded").rglob("*") if path.is_file()]) == 3


@pytest.mark.usefixtures("_guarded")
def test_an_instructors_own_files_are_released_whatever_they_are(course):
    (course.parent / "books").write_text("many")
    (course / "source" / "day2" / "books").symlink_to(course.parent / "books")
    convert(GenerateAssignment, course)
    assert (course / "release" / "day2" / "books").read_text() == "many"


@pytest.mark.usefixtures("_guarded")
@pytest.mark.parametrize("change", ["text", "points", "missing"])
def test_a_source_that_was_not_released_is_said_to_be_so(change, course, caplog):
    hand_in(course, "ada")
    path = course / "source" / "day2" / "exercise_2_1.ipynb"
    notebook = read_notebook(path)
    if change == "text":
        find(notebook, TEST).source += "\n1 / 0"
    elif change == "points":
        find(notebook, "log-linear-comments-rubric").metadata.nbgrader.points = 3
    nbformat.write(notebook, path)
    if change == "missing":
        path.rename(course / "gone.ipynb")
    with pytest.raises(NbGraderException):
        convert(Autograde, course)
    assert "Run `nbgrader generate_assignment day2 --force`" in caplog.text
    assert not (course / "autograded" / "ada" / "day2").exists()
    if change == "missing":
        (course / "gone.ipynb").rename(path)
    convert(GenerateAssignment, course)
    convert(Autograde, course)
    assert scores(course)["ada", "exercise_2_2"] == 10


@pytest.mark.usefixtures("_guarded")
def test_tampering_is_said_in_the_gradebook_and_in_feedback(course):
    path = hand_in(course, "ada") / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    edited(find(notebook, TEST), notebook.cells)
    missing(find(notebook, ANSWER), notebook.cells)
    stopping = "### BEGIN HIDDEN TESTS\n![](attachment:none.png)"  # what stops nbgrader's feedback
    notebook.cells.append(nbformat.v4.new_markdown_cell(stopping))
    notebook.metadata["lxmls_nb"] = {"reasons": [{"kind": "test", "text": "forged", "cells": []}]}
    nbformat.write(notebook, path)
    convert(Autograde, course)
    grades, comments = details(course, "ada")
    assert f"graded as released: {TEST} (edited)" in comments["log-linear-comments"]
    assert "This cell was missing" in comments[ANSWER]
    assert "forged" not in str(comments)
    assert not grades[TEST][2]  # it ran
    convert(GenerateFeedback, course)
    page = feedback(course, "ada")
    assert f"graded as released: {TEST} (edited)" in page
    assert "This cell was missing" in page


def feedback(course: Path, student: str) -> str:
    """Return the text of a page of feedback."""
    page = (course / "feedback" / student / "day2" / f"{NAME}.html").read_text()
    return " ".join(html.unescape(re.sub("<[^>]*>", "", page)).split())


@pytest.mark.usefixtures("_guarded")
def test_a_resubmission_that_dies_loses_what_did_not_run(course):
    hand_in(course, "ada")
    convert(Autograde, course)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for name, points in ((TEST, 1), ("test-weight-gradient", 1.5), ("log-linear-comments", 2)):
            grade = gradebook.find_grade(name, NAME, "day2", "ada")
            grade.manual_score, grade.needs_manual_grade = points, False
        grade.extra_credit = None
        extra = gradebook.find_grade("test-bias-gradient", NAME, "day2", "ada")
        extra.extra_credit, extra.needs_manual_grade = 5, False
        comment = gradebook.find_comment("log-linear-comments", NAME, "day2", "ada")
        comment.manual_comment = "Well done"
        gradebook.db.commit()
    assert scores(course)["ada", NAME] == 14.5

    hand_in(course, "ada", **{ANSWER: "DIES"})
    convert(Autograde, course)
    grades, comments = details(course, "ada")
    ran = "test-equations-forward"  # the first one
    assert grades[ran] == (1, None, False)
    for name in ("test-equations-update", TEST, "test-weight-gradient", "test-whole"):
        assert grades[name] == (0, None, True), name
    assert grades["log-linear-comments"] == (None, 2, True)  # this one was handed in as before
    assert scores(course)["ada", NAME] == 1 + 2
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        said = gradebook.find_comment("log-linear-comments", NAME, "day2", "ada").auto_comment
    assert "Out of memory: your code asked for more than 2 &lt;GB&gt;" in said
    assert f"{TEST}: 1 point that was given by hand to an earlier submission was set aside" in said
    assert "test-weight-gradient: 1.5 points that were given by hand" in said
    assert "test-bias-gradient: 5 points that were given by hand" in said
    assert comments["log-linear-comments"] == "Well done"  # hides the other one in nbgrader
    convert(GenerateFeedback, course)
    assert "Well done" in feedback(course, "ada")
    assert "Out of memory: your code asked for more than 2 <GB>" in feedback(course, "ada")

    hand_in(course, "ada")
    convert(Autograde, course)
    assert scores(course)["ada", NAME] == 10
    assert "Out of memory" not in str(details(course, "ada"))


def test_comments_stand_at_the_answer_that_they_are_about():
    notebook = copy.deepcopy(release(NAME))
    add_reason(notebook, reason("timeout", [ANSWER], what="the cell", limit="2 s"))
    add_reason(notebook, reason("tampered", [TEST], what="test-loss"))
    said = comments_of(notebook)
    assert list(said) == [ANSWER, "log-linear-comments"]
    assert said[ANSWER][0].startswith("Time is up")
