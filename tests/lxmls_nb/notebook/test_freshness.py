"""Values that are older than the code they were made with."""

from __future__ import annotations

import pytest

from lxmls_grading.cells import read_notebook
from lxmls_nb.notebook.cells import CodeCell
from lxmls_nb.notebook.freshness import Freshness, sentences
from lxmls_nb.notebook.names import names_of
from tests.support.course import ROOT

RIGHT = "class Answer:\n    def f(self):\n        return 2"
WRONG = RIGHT.replace("2", "1")


class Notebook:
    """Cells that are run in one process, each known by its text."""

    def __init__(self):
        self.freshness, self.names, self.number = Freshness(), {}, 0

    def run(self, source: str, key: str = "", does: str = "") -> list[str]:
        """Run a cell, or what it really does; return the names in it that are old."""
        self.number += 1
        cell = CodeCell(key or source, source, self.number)
        self.found = self.freshness.start_cell(cell, self.names)
        finished = True
        try:
            exec(does or source, self.names)
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
        "`model` was made before `Answer` changed. Run cell [2] again, then this one.",
        "`seen` was made before `Answer` changed. Run cell [3] again, then this one.",
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
        "`m`, `n` and `o` were made before `Answer` changed. Run the cell “The model” again, then "
        "this one."
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


def test_the_same_object_again_is_no_change(notebook):
    """A scratch cell imports what the course has imported, too."""
    notebook.run("import math\nimport json")
    notebook.run("x = math.sqrt(4)")
    notebook.run("import json\nimport math\nprint(math.pi)")
    assert notebook.run("print(x)") == []


def test_what_is_bound_in_another_way_is_not_old(notebook):
    """By a line magic, `exec`, a cell that runs others."""
    for source in (WRONG, "model = Answer()", RIGHT):
        notebook.run(source)
    assert notebook.run("print(model)") == ["model"]
    notebook.run("%time model = Answer()", does="model = Answer()")
    assert notebook.run("print(model)") == []


def test_a_change_of_another_line_of_the_cell_does_not_count(notebook):
    notebook.run("epochs = 10\nrate = 1\nnetwork = [object(), rate]", key="settings")
    notebook.run("seen = network[0]")
    notebook.run("epochs = 20\nrate = 1\nnetwork = [object(), rate]", key="settings")
    assert notebook.run("print(seen)") == []
    notebook.run("epochs = 20\nrate = 2\nnetwork = [object(), rate]", key="settings")
    assert notebook.run("print(seen)") == ["seen"]


def test_cells_are_called_by_their_last_numbers(notebook):
    notebook.run(WRONG)
    notebook.run("model = Answer()", key="make")
    notebook.run("1 / 0\nmodel = Answer()", key="make")
    notebook.run(RIGHT)
    assert notebook.run("print(model)") == ["model"]
    assert notebook.found[0].cell.number == 3


@pytest.mark.parametrize("count", [40])
def test_many_names_take_no_time(notebook, count):
    """Each is made of two that are made of two: by all ways, 2 ** 40 steps."""
    notebook.run("x0, y0 = object(), object()")
    for n in range(1, count):
        notebook.run(f"x{n} = (x{n - 1}, y{n - 1})\ny{n} = [x{n - 1}, y{n - 1}]")
    functions = [f"def f{n}():\n    " + "\n    ".join(f"f{m}" for m in range(count))
                 for n in range(count)]  # fmt: skip
    for function in functions:
        notebook.run(function)
    notebook.run("last = f0, x9")
    notebook.run("x0, y0 = object(), list()")
    notebook.run(functions[1].replace("f7", "f7()"))
    assert notebook.run(f"x{count - 1}, last") == ["last", f"x{count - 1}"]


@pytest.mark.parametrize("change", [RIGHT.replace("Answer", "Other"), "1 / 0\n" + RIGHT, "x = = 1"])
def test_what_its_cell_does_not_make_any_more_is_old(notebook, change):
    """Another name, an error, no Python: a check would look at the answer of before."""
    notebook.run(WRONG, key="answer")
    state = notebook.freshness.state("Answer().f()")
    assert notebook.run("Answer().f()") == []
    notebook.run(change, key="answer", does="pass" if "= =" in change else "")
    assert notebook.run("Answer().f()") == ["Answer"]
    assert notebook.freshness.state("Answer().f()") != state
    assert sentences(notebook.found) == [
        "`Answer` was made by an earlier version of cell [3]. The present version does not make "
        "that: does it stop with an error, or use another name?"
    ]
    notebook.run(RIGHT, key="answer")
    assert notebook.run("Answer().f()") == []


@pytest.mark.parametrize("again", [WRONG, WRONG.replace("def", '"""A text."""\n\n    def')])
def test_code_that_is_what_it_was_makes_nothing_old(notebook, again):
    for source in (WRONG, "model = Answer()", RIGHT):
        notebook.run(source)
    assert notebook.run("print(model)") == ["model"]
    notebook.run(again, key="answer")
    assert notebook.run("print(model)") == []


def test_names_of_the_same_cell_count(notebook):
    notebook.run("batch = [object()]\nloss = len(batch)", key="loss")
    notebook.run("batch = [object(), object()]")
    assert notebook.run("print(batch, loss)") == ["loss"]


def test_what_is_put_into_a_value_counts(notebook):
    notebook.run(WRONG)
    notebook.run("curves = {}\ncurves['mine'] = Answer()")
    notebook.run(RIGHT)
    assert notebook.run("print(curves)") == ["curves"]


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(3): total += i",
        "for k in range(2):\n    for i in range(3):\n        total[k] += i",
        "while n < 3:\n    total += n\n    n += 1",
        "for i in range(3): total, last = total + i, i",
        "with open('/dev/null') as file: total = file.read()",
    ],
)
def test_a_loop_does_not_make_its_own_values_old(notebook, source):
    for _ in range(2):  # for the first time, and once more
        assert notebook.run("total, n = [0, 0], 0" if "[k]" in source else "total = n = 0") == []
        assert notebook.run(source) == []
        assert notebook.run("print(total)") == []


def test_a_loop_still_makes_values_old_that_it_has_made_of_what_has_changed(notebook):
    for source in (WRONG, "total = 0", "for i in range(3): total += Answer().f() * i", RIGHT):
        assert notebook.run(source) == []
    assert notebook.run("print(total)") == ["total"]


NOTEBOOKS_OF_THE_COURSE = sorted(
    [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "source" / "day2").glob("*.ipynb")]
)


@pytest.mark.parametrize("path", NOTEBOOKS_OF_THE_COURSE, ids=lambda path: path.stem)
def test_nothing_is_old_on_a_run_from_the_top(path):
    """Each cell is taken to bind what it names, without being run."""
    freshness, names = Freshness(), {}
    cells = [c for c in read_notebook(path).cells if c.cell_type == "code"]
    for number, code in enumerate(cells, start=1):
        cell = CodeCell(code.id, code.source, number)
        assert freshness.start_cell(cell, names) == [], code.id
        names |= {name: object() for name in names_of(code.source).bound}
        freshness.end_cell(cell, names, True)
