"""A student's finished answer is found in another notebook, and its absence is explained."""

import json

import pytest

from lxmls_nb.answers import AnswerNotFound, load_solution

DOUBLE = "class Double:\n    def of(self, x):\n        return np.float64(2) * x\n"


def write_notebook(folder, source, grade_id="double"):
    path = folder / "other.ipynb"
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "Some text"},
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"grade_id": grade_id}},
            "source": source,
        },
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}}))
    return path


def load(path, **options):
    import numpy as np

    return load_solution(path, "double", "Double", {"np": np}, **options)


@pytest.mark.parametrize("source", [DOUBLE, DOUBLE.splitlines(keepends=True)])
def test_what_the_cell_defines(tmp_path, source):
    found = load(write_notebook(tmp_path, source), trial=lambda Double: Double().of(1))
    assert found().of(3) == 6
    assert found.__module__ == "other"


def test_namespace_is_left_alone(tmp_path):
    namespace = {"answer": 1}
    path = write_notebook(tmp_path, "answer = 2")
    assert load_solution(path, "double", "answer", namespace) == 2
    assert namespace == {"answer": 1}


def test_no_notebook(tmp_path):
    with pytest.raises(AnswerNotFound, match=r"there is no other\.ipynb in this folder"):
        load(tmp_path / "other.ipynb")


@pytest.mark.parametrize("text", ["{", "[]", '{"cells": 1}', '{"cells": [{}]}', '{"cells": ["a"]}'])
def test_no_notebook_format(tmp_path, text):
    path = tmp_path / "other.ipynb"
    path.write_text(text)
    with pytest.raises(AnswerNotFound, match="not a readable notebook"):
        load(path)


def test_no_such_cell(tmp_path):
    with pytest.raises(AnswerNotFound, match="has no cell 'double'"):
        load(write_notebook(tmp_path, DOUBLE, grade_id="triple"))


def test_cell_without_the_name(tmp_path):
    with pytest.raises(AnswerNotFound, match="does not define Double"):
        load(write_notebook(tmp_path, "class Triple: pass"))


@pytest.mark.parametrize("at", ["the cell", "the method"])
def test_unfinished(tmp_path, at):
    stub = 'raise NotImplementedError("not attempted yet")'
    source = DOUBLE + stub if at == "the cell" else DOUBLE.replace("return np", f"{stub}\n#")
    with pytest.raises(AnswerNotFound, match=r"with your Double in other\.ipynb is not finished"):
        load(write_notebook(tmp_path, source), trial=lambda Double: Double().of(1))


@pytest.mark.parametrize("source", ["1 / 0", DOUBLE.replace("np", "mp"), "class Double:"])
def test_broken(tmp_path, source):
    with pytest.raises(AnswerNotFound, match=r"raised (ZeroDivision|Name|Syntax|Indentation)Error"):
        load(write_notebook(tmp_path, source), trial=lambda Double: Double().of(1))


NEEDS_HELPER = DOUBLE.replace("np.float64(2)", "two()")
HELPER = "def two():\n    return 2\n"


def write_cells(folder, *sources):
    """Write a notebook with an answer, which begins with `class`, among other cells."""
    path = write_notebook(folder, "")
    notebook = json.loads(path.read_text())
    notebook["cells"] = [
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"grade_id": "double"}} if source[:5] == "class" else {},
            "source": source,
        }
        for source in sources
    ]
    path.write_text(json.dumps(notebook))
    return path


@pytest.mark.parametrize(
    "sources",
    [
        [HELPER, NEEDS_HELPER],
        [NEEDS_HELPER, HELPER],  # a name is looked up when the method is called
        ["two = lambda: 3", HELPER, NEEDS_HELPER, "two = lambda: 4"],
        ["number = 2", "def two():\n    return number", NEEDS_HELPER],
        ["from math import sqrt as root", "def two():\n    return root(4)", NEEDS_HELPER],
        [HELPER + "1 / 0", NEEDS_HELPER],
        ["%%time\n" + HELPER, NEEDS_HELPER],
        ["%matplotlib inline\n!ls\n" + HELPER, NEEDS_HELPER],
        [HELPER, NEEDS_HELPER + "%time Double()\n"],
        ["class Other: pass", "\n" + DOUBLE],  # the answer is in a cell of the student's own
        ["1 / 0", "raise SystemExit", HELPER, NEEDS_HELPER],
        [HELPER, NEEDS_HELPER.replace("two()", "int(two())"), "int = None"],
    ],
    ids=[
        *("above", "below", "last", "chain", "import", "stops"),
        *("cell-magic", "magic", "magic-in-answer", "elsewhere", "others", "builtin"),
    ],
)
def test_own_cells_that_the_answer_needs_are_run_too(tmp_path, sources, capsys):
    found = load(write_cells(tmp_path, *sources), trial=lambda Double: Double().of(1))
    assert found().of(3) == 6


def test_what_needed_cells_print_is_not_shown(tmp_path, capsys):
    load(write_cells(tmp_path, f"print('loud')\n{HELPER}", NEEDS_HELPER))
    assert capsys.readouterr().out == ""


def test_names_that_are_there_come_first(tmp_path):
    """The cells of the course that import them need not be run."""
    path = write_cells(tmp_path, "import no_such_module as np\n1 / 0", DOUBLE)
    assert load(path)().of(3) == 6
