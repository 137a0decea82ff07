"""What counts as a right guess at a number."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb.guesses import Outcome, agrees, judge


@pytest.mark.parametrize("guess", [0.19, 0.187, 0.1868])
def test_readers_round(guess):
    assert agrees(guess, 0.18678)


@pytest.mark.parametrize("guess", [0.2, 0.18, -0.187, 0.0, np.nan, np.inf])
def test_other_numbers_are_wrong(guess):
    assert not agrees(guess, 0.18678)


def test_zero_is_zero():
    assert agrees(0, 0.0)
    assert not agrees(0.01, 0.0)


def test_numbers_of_an_array_are_measured_by_its_largest():
    assert agrees([0.01, 10.1], [0.0, 10.0])
    assert not agrees([0.5, 10.0], [0.0, 10.0])
    assert not agrees([1.0], [1.0, 1.0])
    assert agrees([], [])


def test_an_infinite_number_is_only_itself():
    assert agrees(np.inf, np.inf)
    assert not agrees(1e9, np.inf)


def test_no_guess_is_open():
    assert judge(None, 1.0) is Outcome.OPEN
    assert judge(1.0, 1.0) is Outcome.RIGHT
    assert judge(2.0, 1.0) is Outcome.WRONG
    assert len({outcome.sign for outcome in Outcome}) == 3
