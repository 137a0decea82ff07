"""Submitted notebooks are read whatever they hold, and what cannot be is a reason."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.converters import Autograde

from lxmls_grading.cells import read_notebook
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.intake.rebuild import rebuild
from lxmls_grading.reasons import reasons_of
from tests.support.conversion import ANSWER, NAME, convert, details, find, hand_in, in_time, scores
from tests.support.course import SOURCE, release, source
from tests.support.rebuilding import assert_sound


def read(path: Path):
    """Read a submitted notebook."""
    with in_time():
        return SubmissionExporter().read_submitted(str(path))


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
