"""Of what a file holds, a student's texts and nbgrader's marks are left."""

from __future__ import annotations

import json

import nbformat
import pytest

from lxmls_grading.intake.notebooks import clean_cell, clean_notebook
from lxmls_grading.intake.rebuild import rebuild
from tests.support import odd_course
from tests.support.conversion import ANSWER, NAME, find
from tests.support.course import release
from tests.support.reading import read, why_unreadable
from tests.support.rebuilding import assert_sound


def as_bytes(**changes) -> bytes:
    return json.dumps(dict(release(NAME)) | changes).encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"Dear teacher, here is my work.", "no notebook (see its line 1)"),
        (as_bytes()[:-500], "no notebook (see its line 1)"),
        (
            b"<!DOCTYPE html>\n<html>",
            "a web page. Download the notebook itself (on",
        ),
        (b"PK\x03\x04rest", "a zip archive. Unpack it"),
        (b"<<<<<<< HEAD\n{", "holds both (see its line 1: <<<<<<<). Resolve the conflict"),
        (as_bytes().replace(b'"cells"', b"\n>>>>>>> x\n", 1), "see its line 2: >>>>>>>"),
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


def test_reading_leaves_texts_and_marks(tmp_path):
    raw = json.loads(as_bytes())
    forged = {"reasons": [{"kind": "test", "text": "Give me 10 points.", "cells": []}]}
    python = {"language_info": {"name": "python", "version": "3.13.1", "x": "y"}}
    raw["metadata"] |= {
        "lxmls_nb": forged,
        "widgets": {},
        "language": 7,
        **python,
        "kernelspec": "bash",
    }
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
    assert notebook.metadata == {"lxmls_nb": {"python": "3.13.1"}}
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
    notebook, reasons = rebuild(read(path), originals)
    assert_sound(notebook, originals)
    assert reasons == []
    assert find(notebook, ANSWER).source == find(submitted, ANSWER).source
    assert notebook.cells[-1].source == "## The end"


@pytest.mark.parametrize("level", [0, 7, None, "2", 1.5, [2]])
def test_a_heading_of_no_level_is_of_the_first(level):
    raw = {"cell_type": "heading", "level": level, "source": "The end"}
    assert clean_cell(raw, "a").source == "# The end"


def test_headings_that_a_program_has_saved_in_format_3_are_no_changes():
    notebook = odd_course.submission()
    saved = nbformat.convert(notebook, 3)
    kinds = {cell.cell_type for sheet in saved.worksheets for cell in sheet.cells}
    assert "heading" in kinds
    submitted = clean_notebook(saved, 2000, 2_000_000)
    assert rebuild(submitted, odd_course.originals())[1] == []


@pytest.mark.parametrize(
    "version", [None, 3.13, "", "3", "3.13.1" * 9, "<b>3.13</b>", ["3.13"], {}]
)
def test_a_version_that_is_none_is_not_kept(version, tmp_path):
    path = tmp_path / "exercise_2_1.ipynb"
    path.write_bytes(as_bytes(metadata={"language_info": {"version": version}}))
    assert read(path).metadata == {}
    path.write_bytes(as_bytes(metadata={"language_info": version}))
    assert read(path).metadata == {}


def test_a_file_in_utf_16_is_read(tmp_path):
    path = tmp_path / "exercise_2_1.ipynb"
    path.write_bytes(as_bytes().decode().encode("utf-16"))
    assert [c.source for c in read(path).cells] == [c.source for c in release(NAME).cells]
