"""The points that a run tells are those of the gradebook."""

from __future__ import annotations

import pytest

from lxmls_grading.class_run.points import Points, ScoredCell, points_in

CELL = ScoredCell("first", "essay", 2.0)


@pytest.mark.parametrize(
    ("automatic", "manual", "extra", "points"),
    [
        (None, None, 1.0, 0.0),  # nbgrader counts extra credit where there are points, be it 0
        (0.0, None, 1.0, 1.0),
        (2.0, 0.0, 1.0, 1.0),
        (2.0, None, None, 2.0),
    ],
)
def test_they_are_those_of_nbgrader(automatic, manual, extra, points):
    scores = {"cell_id": "1", "auto_score": automatic, "manual_score": manual}
    row = scores | {"extra_credit": extra, "needs_manual_grade": True}
    tested = {"cell_id": "0", "auto_score": 0.0, "manual_score": None}
    tested |= {"extra_credit": None, "needs_manual_grade": False}
    rows = {"grade": {"a": row, "b": tested}, "submitted_notebook": {}}
    assert points_in(rows, {"1": CELL}) == Points({CELL: points}, penalty=0, waiting=True)
