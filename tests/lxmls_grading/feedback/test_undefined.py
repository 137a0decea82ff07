"""An import in a cell that is not the student's is explained where it cost points."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lxmls_grading.cells import added_names
from lxmls_grading.feedback.undefined import (
    explain_borrowed,
    explain_errors,
    explain_undefined,
    explain_unreached,
)
from lxmls_grading.intake.rebuild import rebuild
from lxmls_grading.reasons import add_reason, reason
from tests.support.odd_course import cell, originals, own, submission
from tests.support.small_course import marks


def rebuilt(imports: str = "import math\nimport numpy as np"):
    """Return a rebuilt submission in which a given cell was edited."""
    notebook = submission()
    cell(notebook, "imports").source = imports
    cell(notebook, "area").source = "def area(radius):\n    return np.pi * radius**2"
    return rebuild(notebook, originals())[0]


def fail(notebook, name: str, text: str) -> None:
    cell(notebook, name).outputs = [failure(text)]


def failure(text: str, ename: str = "NameError"):
    return new_output("error", ename=ename, evalue=text, traceback=[text])


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


class TestNamesThatOnlyTestsDefine:
    """In nbgrader, a test defines them for the student's code, too: a person looks at it."""

    def notebook(self, answer: str, *tests: str, errors: dict[int, str]):
        cells = [own("import sys"), new_code_cell(answer, metadata=marks("answer", False, True))]
        cells += [
            new_code_cell(code, metadata=marks(f"test-{number}", True, False))
            for number, code in enumerate(tests)
        ]
        for number, text in errors.items():
            cells[number + 2].outputs = [failure(f"name '{text}' is not defined")]
        return new_notebook(cells=cells)

    def test_a_person_looks_at_what_failed_for_want_of_them(self):
        notebook = self.notebook(
            "def f(x): return math.sqrt(x)",
            "assert f(1)",
            "import math\nassert f(4) == 2\nhalf = f(0.25)",
            "assert half == 0.5",
            "assert other",
            errors={0: "math", 1: "math", 2: "half", 3: "other"},
        )
        (why,) = explain_borrowed(notebook)
        assert (why.kind, why.cells) == ("set aside", ("answer", "test-1", "test-2"))
        assert "your code uses `math`, which only a test defines" in why.text

    @pytest.mark.parametrize(
        ("answer", "test", "missed"),
        [
            ("def f(x): return maths.sqrt(x)", "import math\nf(2)", "maths"),
            ("def f(x): return 1", "import math\ng(math.pi)", "g"),
            ("import math\ndef f(x): return math.pi", "import math\nf(1)", "math"),
            ("def f(x): return 1", "if f(1) > 1:\n    half = 1\nhalf", "half"),
            (
                "def f(x):\n    half = x\n    return half",
                "try:\n    half = f()\nfinally: half",
                "half",
            ),
            ("raise ValueError\ndef f(x): return 1", "import math\nf(1)", "f"),
        ],
    )
    def test_all_else_is_a_mistake(self, answer, test, missed):
        assert explain_borrowed(self.notebook(answer, test, errors={0: missed})) == []


class TestNamesThatAreDefinedOutOfReach:
    """Where the student works, they may be defined: a person looks at what failed for it."""

    HELPER = "def helper(x): return x"
    NO_HELPER = "name 'helper' is not defined"

    def notebook(self, answer: str = "def area(radius): return helper(3.14) * radius**2"):
        notebook = rebuilt()
        cell(notebook, "area").source = answer
        return notebook

    def test_in_a_cell_further_down(self):
        notebook = self.notebook()
        notebook.cells.append(own(self.HELPER))
        fail(notebook, "test-area", f"`area` raised NameError: {self.NO_HELPER}")
        fail(notebook, "test-shapes", "AssertionError")
        (why,) = explain_unreached(notebook)
        assert (why.kind, why.cells) == ("set aside", ("area", "test-area"))
        assert "uses `helper`, which a cell further down defines" in why.text

    def test_an_answer_that_stopped_at_it_waits_too(self):
        notebook = self.notebook("pi = helper(3.14)\ndef area(radius): return pi * radius**2")
        notebook.cells.append(own(self.HELPER))
        fail(notebook, "area", self.NO_HELPER)
        fail(notebook, "test-area", "name 'area' is not defined")
        (why,) = explain_unreached(notebook)
        assert why.cells == ("area", "test-area")

    def test_what_a_person_looks_at_already_is_told_once(self):
        notebook = self.notebook()
        notebook.cells.append(own(self.HELPER))
        fail(notebook, "test-area", self.NO_HELPER)
        add_reason(notebook, reason("set aside", ["test-area"], what="it is odd"))
        assert explain_errors(notebook) == []

    def test_what_is_defined_nowhere_or_fails_there_waits_for_nobody(self):
        notebook = self.notebook()
        fail(notebook, "test-area", self.NO_HELPER)
        assert explain_unreached(notebook) == []
        notebook.cells.append(own(f"{self.HELPER}\n1 / 0"))
        notebook.cells[-1].outputs = [failure("division by zero", "ZeroDivisionError")]
        assert explain_unreached(notebook) == []

    def test_where_tests_pass_or_fail_with_something_else_nobody_waits(self):
        notebook = self.notebook()
        notebook.cells.append(own(self.HELPER))
        assert explain_unreached(notebook) == []
        fail(notebook, "test-area", "AssertionError: 3 != 4")
        assert explain_unreached(notebook) == []

    @pytest.mark.parametrize("magic", ["%%timeit -n 1", "%%time\n%%writefile area.py", "%%memit"])
    def test_below_a_magic(self, magic):
        notebook = self.notebook(f"{magic}\ndef area(radius): return 3")
        fail(notebook, "test-area", "name 'area' is not defined")
        (why,) = explain_unreached(notebook)
        assert why.cells == ("area", "test-area")
        name = magic.split("\n")[-1].split()[0]
        assert f"`{name}` is above the code that defines `area`, and keeps it undefined" in why.text

    @pytest.mark.parametrize("source", ["%%time\ndef area(r): return x", "%%html\n<b>area</b>"])
    def test_below_others_it_is_defined_or_is_no_code(self, source):
        notebook = self.notebook(source)
        fail(notebook, "test-area", "name 'area' is not defined")
        assert explain_unreached(notebook) == []
