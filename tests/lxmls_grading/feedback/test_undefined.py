"""An import in a cell that is not the student's is explained where it cost points."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_output

from lxmls_grading.cells import added_names
from lxmls_grading.feedback.undefined import explain_errors, explain_missing, explain_undefined
from lxmls_grading.intake.rebuild import rebuild
from tests.support.odd_course import cell, originals, own, submission


def rebuilt(imports: str = "import math\nimport numpy as np"):
    """Return a rebuilt submission in which a given cell was edited."""
    notebook = submission()
    cell(notebook, "imports").source = imports
    cell(notebook, "area").source = "def area(radius):\n    return np.pi * radius**2"
    return rebuild(notebook, originals())[0]


def fail(notebook, name: str, text: str) -> None:
    cell(notebook, name).outputs = [failure(text)]


def failure(text: str):
    return new_output("error", ename="NameError", evalue=text, traceback=[text])


def test_a_name_that_was_missed_is_named_with_its_cell():
    notebook = rebuilt()
    fail(notebook, "test-area", "NameError: name 'np' is not defined. Did you mean: 'no'?")
    (why,) = explain_undefined(notebook)
    assert why.kind == "added name"
    assert why.cells == ("area", "test-area")
    assert "`np` is not defined" in why.text
    assert "the cell imports" in why.text


@pytest.mark.parametrize(
    "text", ["name 'math' is not defined", "name 'pd' is not defined", "a mistake in np"]
)
def test_other_errors_have_other_causes(text):
    notebook = rebuilt()
    fail(notebook, "test-area", text)
    assert explain_undefined(notebook) == []


def test_what_cost_no_points_is_not_told():
    notebook = rebuilt()
    assert explain_undefined(notebook) == []
    fail(notebook, "area", "name 'np' is not defined")  # the tests pass nevertheless
    assert explain_undefined(notebook) == []
    fail(notebook, "test-shapes", "name 'Square' is not defined")
    assert len(explain_undefined(notebook)) == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import math", set()),
        ("import math  # my note", set()),
        ("import math\nfrom os import path as p, sep", {"p", "sep"}),
        ("import math\nx = y = 1\nfor z in []: pass\ndef f(): a = 1", {"x", "y", "z", "f"}),
        ("import math\n%matplotlib inline\nimport seaborn as sns", {"sns"}),
        ("import math\nimport numpy as np\nthis broken", set()),
        ("\n".join(f"x{number} = 1" for number in range(60)), {f"x{n}" for n in range(60)}),
    ],
)
def test_added_names_are_noted_up_to_a_number(text, names):
    added = added_names(rebuilt(text))
    assert set(added) <= names
    assert len(added) == min(len(names), 50)
    nbformat.validate(rebuilt(text))


NO_PANDAS = "No module named 'pandas.core'"


class TestModulesThatAreNotThere:
    """They may be where the student works: a person looks at what failed for want of them."""

    def test_in_an_answer(self):
        notebook = rebuilt()
        cell(notebook, "area").source = "import pandas\ndef area(radius): return 1"
        fail(notebook, "area", NO_PANDAS)
        fail(notebook, "test-area", "name 'area' is not defined")
        fail(notebook, "test-shapes", "name 'Square' is not defined")
        (why,) = explain_errors(notebook)
        assert (why.kind, why.cells) == ("set aside", ("area", "test-area"))
        assert "needs `pandas.core`, which is not there" in why.text

    def test_in_a_cell_of_ones_own_that_an_answer_needs(self):
        notebook = rebuilt()
        notebook.cells.insert(2, own("import pandas as pd\ndef helper(x): return x"))
        notebook.cells[2].outputs = [failure(NO_PANDAS)]
        cell(notebook, "area").source = "def area(radius): return helper(3.14) * radius**2"
        fail(notebook, "test-area", "name 'helper' is not defined")
        (why,) = explain_missing(notebook)
        assert why.cells == ("area", "test-area")

    def test_in_a_function(self):
        notebook = rebuilt()
        fail(notebook, "test-area", f"`area` fails: ModuleNotFoundError: {NO_PANDAS}")
        (why,) = explain_missing(notebook)
        assert why.cells == ("test-area",)

    def test_what_is_defined_anew_or_not_used_costs_nothing(self):
        notebook = rebuilt()
        notebook.cells.insert(2, own("import pandas\ndef area(x): return x"))
        notebook.cells[2].outputs = [failure(NO_PANDAS)]
        cell(notebook, "area").source = "def area(radius): return 1"
        fail(notebook, "test-area", "AssertionError")
        assert explain_missing(notebook) == []

    def test_where_no_test_fails_nobody_looks(self):
        notebook = rebuilt()
        fail(notebook, "area", NO_PANDAS)
        assert explain_missing(notebook) == []

    def test_a_module_that_a_test_itself_imports_is_the_tests(self):
        notebook = rebuilt()
        cell(notebook, "test-area").source = "from pandas import core\nassert area(1) > 3"
        fail(notebook, "test-area", NO_PANDAS)
        assert explain_missing(notebook) == []

    def test_what_a_given_cell_defines_is_not_lacking(self):
        notebook = rebuilt()
        notebook.cells.insert(0, own("import numpy\nimport math, pandas"))
        notebook.cells[0].outputs = [failure(NO_PANDAS)]
        cell(notebook, "area").source = "def area(radius): return math.pi"
        fail(notebook, "test-area", "AssertionError")
        assert explain_missing(notebook) == []

    def test_long_names_take_no_time(self):
        notebook = rebuilt()
        text = "No module named '" + "a" * 500_000
        fail(notebook, "area", text * 2)
        fail(notebook, "test-area", text)
        assert explain_missing(notebook) == []

    def test_modules_of_this_project_are_left_out_on_purpose(self):
        notebook = rebuilt()
        fail(notebook, "area", "No module named 'lxmls_nb.checks.numerical'")
        fail(notebook, "test-area", "name 'area' is not defined")
        assert explain_missing(notebook) == []
