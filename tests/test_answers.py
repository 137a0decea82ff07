"""The tests of the exercises, tested: every known wrong answer caught, every right one accepted."""

from __future__ import annotations

import pytest

from lxmls_nb.checks.causes import CAUSES
from tests.answers.catalogue import NOTEBOOKS, all_answers
from tests.answers.runner import full_marks, score, score_answer

RIGHT = [answer for answer in all_answers() if answer.right]
WRONG = [answer for answer in all_answers() if not answer.right]

#: At least this share of wrong answers gets a message that names the cause.
NAMED = 0.8


def test_catalogue_is_large_and_sound():
    assert len(WRONG) >= 160
    assert len(RIGHT) >= 45
    assert {answer.cause for answer in WRONG} - {None} <= set(CAUSES)
    assert all(answer.description and answer.code for answer in RIGHT + WRONG)


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
def test_wrong_answer_is_caught(answer, record_property):
    result = score_answer(answer)
    failures = [cell for cell in result.cells if cell.message is not None]
    assert failures, "every test cell passes"
    for cell in failures:
        assert cell.cause is None or cell.cause in CAUSES
        assert len(cell.message.splitlines()) <= 3
        assert "array(" not in cell.message
    if answer.cause is not None:
        assert answer.cause in result.causes, failures[0].message
