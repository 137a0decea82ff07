"""The tests of the exercises, tested: every known wrong answer caught, every right one accepted.

All right answers and a third of the wrong ones are also graded as submissions are, their cells in a
sandbox and the tests outside of it, and get the same points there as in one kernel.
"""

from __future__ import annotations

import re
from functools import cache

import pytest
from nbformat.v4 import new_notebook

from lxmls_grading.cells import is_answer, is_test
from lxmls_grading.settings import Settings
from lxmls_nb.checks.mistakes import KEYS
from tests.answers import runner
from tests.answers.catalogue import NOTEBOOKS, all_answers
from tests.answers.runner import full_marks, score, source_notebook
from tests.support.course import ROOT
from tests.support.submissions import points_of

pytestmark = pytest.mark.slow

RIGHT = [answer for answer in all_answers() if answer.right]
WRONG = [answer for answer in all_answers() if not answer.right]

#: Answers that are graded in one kernel, to save the time that a kernel takes to start.
GROUPS = [
    answers[start : start + 8]
    for name in NOTEBOOKS
    for answers in [[answer for answer in RIGHT + WRONG[::3] if answer.notebook == name]]
    for start in range(0, len(answers), 8)
]

#: An answer is scored once for all tests of it.
score_answer = cache(runner.score_answer)


def executed_in_grading(warm, name: str, attempts: list[dict[str, str]]) -> list[list]:
    """Execute attempts at a notebook as grading does, in one kernel; return the cells of each.

    Of the notebook's cells, the imports, answers and tests are executed; the rest decides nothing.
    """
    given = [cell for cell in source_notebook(name).cells if cell.cell_type == "code"]
    graded = [cell for cell in given if is_test(cell) or is_answer(cell)]
    cells = [cell.copy() for cell in given if cell.id == "imports"]
    start = len(cells)
    for answers in attempts:
        for cell in graded:
            cells.append(cell.copy())
            cells[-1].id = f"cell-{len(cells)}"
            if is_answer(cell):
                cells[-1].source = answers.get(cell.id, cell.source)
    executed = warm.execute(new_notebook(cells=cells), Settings(hide=(str(ROOT),)))
    assert executed.metadata["lxmls_nb"]["sandbox"] is True
    ends = range(start, len(cells), len(graded))
    return [executed.cells[n : n + len(graded)] for n in ends]


def points_in_grading(warm, name: str, attempts: list[dict[str, str]]) -> list[dict]:
    """Grade attempts at a notebook, one after the other in one kernel; return their points."""
    executed = executed_in_grading(warm, name, attempts)
    return [points_of(new_notebook(cells=cells)) for cells in executed]


def test_catalogue_is_large_and_sound():
    assert len(WRONG) == 900
    assert len(RIGHT) == 150
    assert {cause for answer in WRONG for cause in answer.causes} <= KEYS
    assert all(text == text.lower() for answer in WRONG for text in answer.misleading)
    assert all(answer.description and answer.code for answer in RIGHT + WRONG)


def test_most_causes_can_be_named():
    """With the test of each answer: the message of at least 80 % names the right cause."""
    assert sum(bool(answer.causes) for answer in WRONG) >= 0.8 * len(WRONG)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_reference_answers_get_full_marks(notebook):
    result = score(notebook, {}, repeats=2)
    assert result.failure is None, result.failure
    assert result.points == full_marks(notebook)


@pytest.mark.parametrize("answer", RIGHT, ids=str)
def test_right_answer_gets_full_marks(answer):
    result = score_answer(answer)
    assert result.failure is None, result.failure
    assert result.points == full_marks(answer.notebook)
    assert not any(cell.warned for cell in result.cells)  # it costs points in nbgrader


@pytest.mark.parametrize("answer", WRONG, ids=str)
def test_wrong_answer_is_caught_and_its_cause_named(answer):
    result = score_answer(answer)
    failures = [cell for cell in result.cells if cell.message is not None]
    assert failures, "every test cell passes"
    assert result.points < result.max_points
    for cell in failures:
        assert cell.cause is None or cell.cause in KEYS
        assert len(cell.message.splitlines()) <= 2
        assert not re.search(r"(?<!np\.)\barray\(", cell.message)  # that is no line of the answer
    if answer.causes:
        assert result.is_named, failures[0].message
    # No wrong cause is named with confidence, and nothing that would mislead is in a message.
    assert not result.misleading, [cell.message for cell in failures]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group[0]}-to-{group[-1].id}")
def test_answers_get_the_same_points_in_grading(warm, group):
    name = group[0].notebook
    attempts = [{answer.grade_id: answer.code} for answer in group]
    expected = [{c.grade_id: c.points for c in score_answer(answer).cells} for answer in group]
    found = points_in_grading(warm, name, attempts)
    for number, attempt in enumerate(attempts):
        if found[number] != expected[number]:  # an answer before it may be in its way
            (alone,) = points_in_grading(warm, name, [attempt])
            assert alone == expected[number], group[number]


@pytest.mark.parametrize("which", ["2_1-N75", "2_2-N100", "2_3-N148"])
def test_code_that_stops_as_if_it_were_not_written_is_told_in_grading(warm, which):
    """There, the judge knows of it only what the student's process reports."""
    (answer,) = (each for each in WRONG if str(each) == which)
    attempt = {answer.grade_id: answer.code}
    (cells,) = executed_in_grading(warm, answer.notebook, [attempt])
    errors = [
        output
        for cell in cells
        if is_test(cell)
        for output in cell.outputs
        if output.output_type == "error"
    ]
    assert errors
    assert all("does not run to its end" in error.evalue for error in errors)
