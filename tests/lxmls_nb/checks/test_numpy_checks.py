"""Checks of Exercises 2.1 and 2.2: what they print, and how they fail."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import checks
from tests.support.course import definitions


def test_a_passing_check_says_what_was_compared_and_how_close(capsys):
    checks.backpropagation(definitions("exercise_2_2")["MyNumpyMLP"], geometry=[6, 5, 3])
    out = capsys.readouterr().out
    assert "geometry [6, 5, 3], 7 examples" in out
    assert "Largest relative difference" in " ".join(out.split())
    assert out.count("\n") <= 2


def test_not_attempted_is_not_wrong():
    def answer(weight, bias, input, output):
        raise NotImplementedError("not attempted yet")

    with pytest.raises(checks.NotAttempted, match="write `log_linear_gradients` in its cell"):
        checks.log_linear_gradients(answer)


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "text",
        [],
        [1, 2, 3],
        {"a": 1},
        np.array(["x"]),
        object(),
        (None, None, None),
        (np.zeros(0), None, None),
    ],
    ids=[
        "None",
        "int",
        "str",
        "empty",
        "numbers",
        "dict",
        "strings",
        "object",
        "Nones",
        "zero size",
    ],
)
def test_odd_results_get_a_message(value):
    with pytest.raises(checks.CheckFailed) as failure:
        checks.log_linear_gradients(lambda *arguments: value)
    assert "log_linear_gradients" in str(failure.value)
    assert len(str(failure.value)) < 300


def test_subclasses_of_arrays_decide_nothing():
    class AlwaysEqual(np.ndarray):
        def __eq__(self, other):
            return True

        def __le__(self, other):
            return True

        def __array_ufunc__(self, *arguments, **options):
            return True

        def __array_function__(self, *arguments, **options):
            return True

    def answer(weight, bias, input, output):
        return 0.0, np.zeros(weight.shape).view(AlwaysEqual), np.zeros((1, 3)).view(AlwaysEqual)

    with pytest.raises(checks.CheckFailed):
        checks.log_linear_gradients(answer, quantity="weight")
