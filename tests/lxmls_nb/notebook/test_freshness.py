"""Values that are older than the code they were made with."""

from __future__ import annotations

import pytest

from lxmls_nb.notebook.cells import Cell
from lxmls_nb.notebook.freshness import Freshness, sentences

RIGHT = "class Answer:\n    def f(self):\n        return 2"
WRONG = RIGHT.replace("2", "1")


class Notebook:
    """Cells that are run in one process, each known by its text."""

    def __init__(self):
        self.freshness, self.names, self.number = Freshness(), {}, 0

    def run(self, source: str) -> list[str]:
        """Run a cell; return the names in it that are old."""
        self.number += 1
        cell = Cell(source, source, self.number)
        self.found = self.freshness.start_cell(cell, self.names)
        finished = True
        try:
            exec(source, self.names)
        except ZeroDivisionError:
            finished = False
        self.freshness.end_cell(cell, self.names, finished)
        return [old.name for old in self.found]


@pytest.fixture
def notebook():
    return Notebook()


def test_what_an_earlier_answer_has_made_is_old(notebook):
    for source in (WRONG, "model = Answer()", "seen = model.f()", RIGHT):
        assert notebook.run(source) == []
    assert notebook.run("print(model, seen)") == ["model", "seen"]
    assert sentences(notebook.found) == [
        "`model` is from before your change of `Answer`: run cell [2] again, then this one.",
        "`seen` is from before your change of `Answer`: run cell [3] again, then this one.",
    ]


def test_what_is_made_again_is_new(notebook):
    for source in (WRONG, "model = Answer()", "seen = model.f()", RIGHT, "model = Answer()"):
        notebook.run(source)
    assert notebook.run("print(model)") == []
    assert notebook.run("print(seen)") == ["seen"]
    assert notebook.run("seen = model.f()") == []
    assert notebook.run("print(model, seen)") == []


@pytest.mark.parametrize("again", [WRONG, WRONG + "\n# a comment", WRONG.replace("1", "1\n")])
def test_the_same_answer_run_again_makes_nothing_old(notebook, again):
    for source in (WRONG, "model = Answer()", again):
        notebook.run(source)
    assert notebook.run("print(model)") == []


def test_a_changed_helper_counts(notebook):
    notebook.run("def helper():\n    return 1")
    notebook.run("def answer():\n    return helper()")
    notebook.run("seen = answer()")
    notebook.run("def helper():\n    return 2")
    assert notebook.run("print(seen)") == ["seen"]
    assert notebook.found[0].changed == "helper"
    assert notebook.run("answer()") == []  # a function looks its helper up when it is called


def test_plain_values_are_old_only_where_they_differ(notebook):
    for source in ("rate, sizes = 1, [2, 3]", "model = [rate, sizes]"):
        notebook.run(source)
    notebook.run("rate, sizes = 1, [2, 3]  \nother = 5")
    assert notebook.run("print(model)") == []
    notebook.run("rate = 7")
    assert notebook.run("print(model)") == ["model"]


def test_other_definitions_of_a_changed_cell_are_not_changed(notebook):
    notebook.run(f"{WRONG}\ndef step():\n    return 1")
    notebook.run("model = Answer()")
    notebook.run(f"{WRONG}\ndef step():\n    return 2")
    assert notebook.run("print(model)") == []


def test_a_cell_that_stops_leaves_what_it_has_not_reached(notebook):
    notebook.run(WRONG)
    notebook.run("model = Answer()")
    notebook.run(RIGHT)
    notebook.run("1 / 0\nmodel = Answer()")
    assert notebook.run("print(model)") == ["model"]


def test_what_a_cell_binds_itself_is_not_old(notebook):
    for source in (WRONG, "model = Answer()", RIGHT):
        notebook.run(source)
    assert notebook.run("model = Answer()\nmodel.f()") == []


def test_recursion_comes_to_an_end(notebook):
    notebook.run("def a():\n    return b()\ndef b():\n    return a()")
    notebook.run("c = a")
    notebook.run("def a():\n    return b() + 1\ndef b():\n    return a()")
    assert notebook.run("print(c)") == ["c"]


def test_one_line_for_the_values_of_a_cell(notebook):
    for source in (WRONG, "# The model.\nm = Answer()\nn = m.f()\no = m.f()", RIGHT):
        notebook.run(source)
    notebook.run("print(m, n, o)")
    assert sentences(notebook.found) == [
        "`m`, `n` and `o` are from before your change of `Answer`: run the cell “The model” again, "
        "then this one."
    ]


def test_values_that_cannot_be_compared_do_no_harm(notebook):
    """Lists that contain themselves, arrays, and objects that object."""
    notebook.run("import numpy as np\nclass Touchy:\n    def __eq__(self, other):\n        1 / 0")
    for source in ("a = []\na.append(a)", "b = [np.ones(3)]", "c = Touchy()", "d = 'x' * 1000"):
        notebook.run(source)
        notebook.run(f"{source}\ne = {source[0]}")
    assert notebook.run("print(d)") == []


def test_names_that_are_gone_are_not_old(notebook):
    for source in (WRONG, "model = Answer()", RIGHT, "del model"):
        notebook.run(source)
    assert notebook.run("[model for model in ()]") == []
