"""A notebook with three answers in code and one in words, to be handed in oddly."""

from __future__ import annotations

import contextlib
import copy
import io

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.intake.originals import Originals, read_originals
from tests.support.conversion import course_config
from tests.support.small_course import marks
from tests.support.submissions import complete, reference_answers

AREA = "def area(radius):\n    return math.pi * radius**2"
SHAPES = (
    "class Square:\n    def __init__(self, side):\n        self.side = side\n\n\n"
    "def double(square):\n    return Square(2 * square.side)"
)
ANSWERS = "answers = {'a': 'b'}"
ESSAY = "Because a circle is round."

TESTS = {
    "test-area": "assert abs(area(1) - 3.14159) < 1e-3",
    "test-shapes": "assert double(Square(2)).side == 4",
    "test-answers": "assert answers['a'] == 'b'",
}


def _solution(code: str, stub: str = "") -> str:
    return f"{stub}### BEGIN SOLUTION\n{code}\n### END SOLUTION"


def _answer(name: str, source: str):
    return new_code_cell(source, id=name, metadata=marks(name, False, True))


def _test(name: str):
    return new_code_cell(TESTS[name], id=name, metadata=marks(name, True, False))


def _given(name: str, source: str, make=new_markdown_cell):
    return make(source, id=name, metadata=marks(name, False, False))


def source_notebook():
    """Return the instructor's notebook."""
    area = (
        "def area(radius):\n    ### BEGIN SOLUTION\n    return math.pi * radius**2\n"
        "    ### END SOLUTION"
    )
    shapes = (
        "class Square:\n    def __init__(self, side):\n        ### BEGIN SOLUTION\n"
        "        self.side = side\n        ### END SOLUTION\n\n\ndef double(square):\n"
        "    ### BEGIN SOLUTION\n    return Square(2 * square.side)\n    ### END SOLUTION"
    )
    constants = "answers = {'a': None}\n" + _solution(ANSWERS)
    essay = new_markdown_cell(_solution(ESSAY), id="essay", metadata=marks("essay", True, True))
    return new_notebook(
        cells=[
            _given("introduction", "# Shapes"),
            _given("imports", "import math", new_code_cell),
            _given("task", "## Area"),
            _answer("area", area),
            _test("test-area"),
            _given("shapes-task", "## Shapes"),
            _answer("shapes", shapes),
            _test("test-shapes"),
            _given("essay-task", "## Why?"),
            essay,
            _given("answers-task", "## Questions"),
            _answer("answers", constants),
            _test("test-answers"),
            _given("end", "That was all."),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


def originals() -> Originals:
    """Return the notebook as it is graded and released."""
    return read_originals(source_notebook(), course_config())


def submission():
    """Return a submission in which all is right."""
    source = source_notebook()
    return complete(read_originals(source, course_config()).released, reference_answers(source))


def place(notebook, name: str) -> int:
    """Return the index of the first cell of a name."""
    return next(i for i, cell in enumerate(notebook.cells) if grade_id(cell) == name)


def cell(notebook, name: str):
    """Return the first cell of a name."""
    return notebook.cells[place(notebook, name)]


def twin(notebook, name: str, source: str):
    """Return a copy of a cell with another text."""
    made = copy.deepcopy(cell(notebook, name))
    made.source, made.id = source, f"{name}-2"
    return made


def stub(name: str) -> str:
    """Return the text of an answer as it was released."""
    return stub_of(originals(), name)


def stub_of(course: Originals, name: str) -> str:
    """Return the text of an answer of any notebook as it was released."""
    return course.known[name].source


def own(source: str, make=new_code_cell):
    """Return a cell of a student's own."""
    return make(source)


def without_marks(notebook, ids: bool = False):
    """Remove what nbgrader has put on cells, as programs do that know nothing of it."""
    for number, each in enumerate(notebook.cells):
        each.metadata = nbformat.NotebookNode()
        if not ids:
            each.id = f"new-{number}"
    return notebook


def passed(notebook) -> set[str]:
    """Run the cells in one namespace, and return the tests that pass."""
    namespace: dict = {"__name__": "__main__"}
    found = set()
    for each in notebook.cells:
        if each.cell_type == "code":
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                code = TransformerManager().transform_cell(each.source)
                exec(compile(code, f"<{grade_id(each)}>", "exec"), namespace)
                if is_test(each):
                    found.add(str(grade_id(each)))
    return found
