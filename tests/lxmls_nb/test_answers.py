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
    with pytest.raises(AnswerNotFound, match=r"cell 'double' of other\.ipynb is not finished yet"):
        load(write_notebook(tmp_path, source), trial=lambda Double: Double().of(1))


@pytest.mark.parametrize("source", ["1 / 0", DOUBLE.replace("np", "mp"), "class Double:"])
def test_broken(tmp_path, source):
    with pytest.raises(AnswerNotFound, match=r"raised (ZeroDivision|Name|Syntax|Indentation)Error"):
        load(write_notebook(tmp_path, source), trial=lambda Double: Double().of(1))
