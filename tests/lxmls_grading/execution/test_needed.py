"""Which cells without points can be skipped without a loss of points."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from lxmls_grading.execution.needed import dispensable_cells
from tests.support.execution import graded

TEST = graded("checks.value(f, model, expected=3)")


@pytest.mark.parametrize(
    "code",
    [
        "f = lambda x: x",
        "def f(): ...",
        "class f: ...",
        "from module import g as f",
        "import f.g",
        "from module import *",
        "f.attribute = 3",
        "f[3] = 4",
        "f.a[3].b = 4",
        "f += 1",
        "f.update(3)",
        "for f in range(3): pass",
        "with open('x') as f: pass",
        "(f := 3)",
        "%run helper.py",
        "%%writefile helper.py\ndef f(): ...",
        "%%time\nf = 3",
        "exec('f = 3')",
        "globals()['f'] = 3",
        "async def f(): ...",
    ],
)
def test_cell_that_a_test_needs_stays(code):
    assert dispensable_cells([new_code_cell(code), TEST]) == set()


@pytest.mark.parametrize(
    "code",
    [
        "train(f, model)",
        "print(f(3))",
        "losses = [train(f) for _ in range(3)]",
        "import numpy as np\nnp.zeros(3)",
        "%%time\ntrain(f)",
        "this is no Python",
        "",
    ],
)
def test_cell_that_nothing_with_points_needs_can_go(code):
    assert dispensable_cells([new_code_cell(code), TEST]) == {0}


def test_a_check_changes_nothing_that_tests_need():
    """Else each check without points would count as needed by all tests below it."""
    given = new_code_cell("from lxmls_nb import checks, data")
    ladder, load = new_code_cell("checks.error_ladder(f)"), new_code_cell("data.append(3)")
    test = new_code_cell("checks.square(f, data)", metadata=TEST.metadata)
    assert dispensable_cells([given, ladder, load, test]) == {1}


def test_need_goes_on_through_other_cells_and_only_upwards():
    cells = [
        new_code_cell("a = 1"),
        new_markdown_cell("a = 1"),
        new_code_cell("f = a"),
        new_code_cell("b = f"),
        TEST,
        new_code_cell("f = 3"),
    ]
    assert dispensable_cells(cells) == {3, 5}
