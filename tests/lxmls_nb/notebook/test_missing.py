"""A name that is not there yet leads to the cell that makes it."""

from __future__ import annotations

import json

import pytest

from lxmls_nb.notebook.cells import CodeCell
from lxmls_nb.notebook.missing import explain_missing

FILE = {
    "setup": "import numpy as np",
    "model": "# The model.\nmodel = make()",
    "train": "history = train(model)",
    "plot": "plot(history, np)",
    "later": "after = 1",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    cells = [
        {"cell_type": "code", "id": key, "source": source, "metadata": {}}
        for key, source in FILE.items()
    ]
    (tmp_path / "course.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "broken.ipynb").write_text("{")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return tmp_path


def cell(key: str) -> CodeCell:
    return CodeCell(key, FILE[key], 1)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("model", "`model` is made in the cell “The model”: run that one first."),
        (
            "history",
            "`history` is made in the cell that begins with `history = train(model)`: run that "
            "one first.",
        ),
        ("np", "`np` is made in the cell that begins with `import numpy as np`: run that one "
        "first."),
        (
            "after",
            "`after` is made further down, in the cell that begins with `after = 1`. This cell "
            "needs it before.",
        ),
        ("mistyped", ""),
    ],
)  # fmt: skip
def test_cells_that_were_left_out_are_found_in_the_file(folder, name, sentence):
    assert explain_missing(name, [cell("plot")]) == sentence


@pytest.mark.parametrize(
    ("stopped", "end"),
    [
        (["model"], ", which stopped with an error. Mend that one first."),
        ([], ": run that one again first."),  # after a `del`, say
    ],
)
def test_a_cell_that_was_run_is_named(folder, stopped, end):
    run = [cell("setup"), cell("model"), cell("plot")]
    sentence = explain_missing("model", run, stopped)
    assert sentence == f"`model` is made in the cell “The model”{end}"


def test_without_a_file_the_cells_that_were_run_tell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = [CodeCell("y", FILE["model"], 2), CodeCell("x", "model", 3)]
    assert "the cell “The model”, which stopped" in explain_missing("model", run, ["y"])
    assert explain_missing("model", [CodeCell("x", "model = model", 3)]) == ""


def test_a_function_lacks_what_is_above_it_or_has_a_mistake(folder):
    """A name that a cell below binds is no help for an answer that lacks a line."""
    function = CodeCell("function", "def answer():\n    return model, after, history", 1)
    notebook = json.loads((folder / "course.ipynb").read_text())
    for n, place in ((0, 2), (1, 0)):
        cells = [dict(notebook["cells"][0], id=function.key, source=function.source)]
        changed = notebook["cells"][:place] + cells + notebook["cells"][place:]
        (folder / "course.ipynb").write_text(json.dumps({"cells": changed}))
        found = explain_missing("model", [function, cell("plot")], code=function.source)
        assert found == (
            "" if n else "`model` is made in the cell “The model”: run that one first."
        )
        assert explain_missing("after", [function, cell("plot")], code=function.source) == ""


def test_the_named_file_comes_first(folder, monkeypatch, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "mine.ipynb").write_text(
        (folder / "course.ipynb").read_text().replace("The model", "My model")
    )
    monkeypatch.setenv("JPY_SESSION_NAME", str(other / "mine.ipynb"))
    assert "“My model”" in explain_missing("model", [cell("plot")])


def test_of_files_with_the_same_ids_the_one_with_the_cells_that_were_run(folder):
    """Exercises have ids in common, such as `imports`."""
    text = (folder / "course.ipynb").read_text()
    first = text.replace("The model", "Another").replace('"setup"', '"other"')
    (folder / "a_first.ipynb").write_text(first)
    assert "“The model”" in explain_missing("model", [cell("setup"), cell("plot")])
