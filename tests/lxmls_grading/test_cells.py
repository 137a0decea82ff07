"""The roles of cells are those of nbgrader."""

from __future__ import annotations

from itertools import product

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader import utils

from lxmls_grading.cells import is_answer, is_locked


@pytest.mark.parametrize("new_cell", [new_code_cell, new_markdown_cell])
def test_a_cell_is_locked_or_an_answer_as_in_nbgrader(new_cell):
    assert not is_locked(new_cell("1"))
    for grade, solution, locked in product([True, False, None], repeat=3):
        fields = {"grade": grade, "solution": solution, "locked": locked}
        known = {name: value for name, value in fields.items() if value is not None}
        cell = new_cell("1", metadata={"nbgrader": known | {"grade_id": "a"}})
        assert is_locked(cell) is bool(utils.is_locked(cell)), known
        assert is_answer(cell) is bool(utils.is_solution(cell)), known
