"""Answers that leave to a library what should be worked out by hand: a reason without cost."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell

from lxmls_grading.cells import read_notebook
from lxmls_grading.intake.by_hand import BY_HAND, uses_of_toolkits
from lxmls_grading.reasons import RAN
from tests.support.course import ROOT


def answer(code: str, *tags: str):
    nbgrader = {"grade_id": "answer", "solution": True, "grade": False, "locked": False}
    nbgrader |= {"schema_version": 3, "task": False}
    return new_code_cell(code, metadata={"tags": list(tags), "nbgrader": nbgrader})


@pytest.mark.parametrize(
    ("code", "toolkits"),
    [
        ("import torch", "torch"),
        ("def f():\n    import torch.nn as nn\n    from jax import grad", "jax, torch"),
        ("x = torch.tensor(1)", "torch"),
        ("torches = 'import torch'  # torch", ""),
        ("import numpy as np", ""),
        ("import torch (", ""),
        ("self.torch = 1", ""),
    ],
)
def test_a_library_that_is_used_is_told(code, toolkits):
    reasons = uses_of_toolkits([answer(code, BY_HAND)])
    assert uses_of_toolkits([answer(code)]) == []
    if not toolkits:
        assert reasons == []
        return
    (only,) = reasons
    assert (only.kind, only.cells) == ("toolkit", ("answer",))
    assert f"uses {toolkits}, where the gradients" in only.text
    assert "costs no points" in only.text
    assert only.kind in RAN


def test_backpropagation_is_by_hand():
    cells = read_notebook(ROOT / "source" / "day2" / "exercise_2_2.ipynb").cells
    tagged = [cell.id for cell in cells if BY_HAND in cell.metadata.get("tags", [])]
    assert tagged == ["numpy-backpropagation"]
