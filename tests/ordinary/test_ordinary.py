"""A part of the corpus, graded for real: ``make ordinary`` has the whole of it."""

from __future__ import annotations

import pytest

from tests.ordinary.__main__ import table
from tests.ordinary.corpus import TESTS
from tests.ordinary.course import WORTH, grade, rows

#: Notebooks that need a whole course: generated tests, and files beside them.
NOTEBOOKS = ("autotest", "files")


@pytest.mark.slow
def test_points_are_those_of_stock_nbgrader(tmp_path):
    tests = [test for test in TESTS if test.notebook in NOTEBOOKS]
    ours, stock = grade(tmp_path / "course", tests)
    found = rows(ours, stock, tests)
    print(table(found))
    print(f"{ours.seconds:.0f} s here, {stock.seconds:.0f} s with stock nbgrader")
    assert [row.test.id for row in found if not row.explained] == []
    assert all(row.ours[0] == WORTH for row in found)
    assert any(not row.plan.apart for row in found)


def test_corpus_has_many_kinds():
    assert len(TESTS) > 300
    assert len({(test.notebook, test.id) for test in TESTS}) == len(TESTS)
