"""The tests of the exercises, tested: every known wrong answer caught, every right one accepted."""

from __future__ import annotations

import pytest

from lxmls_nb.checks.causes import CAUSES
from tests.answers.catalogue import NOTEBOOKS, all_answers
from tests.answers.runner import full_marks, score, score_answer

RIGHT = [answer for answer in all_answers() if answer.right]
WRONG = [answer for answer in all_answers() if not answer.right]

#: What is simply so, whatever the mistake behind it.
FACTS = {
    "answer",
    "bias-shape",
    "error",
    "module",
    "not-finite",
    "precision",
    "random",
    "shape",
    "structure",
    "type",
    "zero",
}


def test_catalogue_is_large_and_sound():
    assert len(WRONG) >= 160
    assert len(RIGHT) >= 45
    assert {cause for answer in WRONG for cause in answer.causes} <= set(CAUSES)
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


@pytest.mark.parametrize("answer", WRONG, ids=str)
def test_wrong_answer_is_caught_and_its_cause_named(answer):
    result = score_answer(answer)
    failures = [cell for cell in result.cells if cell.message is not None]
    assert failures, "every test cell passes"
    assert result.points < result.max_points
    for cell in failures:
        assert cell.cause is None or cell.cause in CAUSES
        assert len(cell.message.splitlines()) <= 2
        assert "array(" not in cell.message
    if answer.causes:
        assert set(answer.causes) & set(result.causes), failures[0].message
    # No wrong cause is named with confidence.
    assert set(result.causes) <= set(answer.causes) | FACTS, [cell.message for cell in failures]
