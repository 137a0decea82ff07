"""The calls of a check, and what they show beside one another."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.checks.calls import Kind, related_calls
from lxmls_nb.checks.comparing_calls import check_later_call
from lxmls_nb.checks.problems import make_problem
from tests.support.course import definitions


def test_a_full_check_makes_a_call_of_each_kind():
    calls = related_calls(make_problem([5, 3], 7), 9, seed=0)
    assert [call.kind for call in calls] == list(Kind)
    first, again, parameters, batch = (call.problem for call in calls)
    assert again is first
    assert parameters.input is first.input
    assert not np.array_equal(parameters.parameters[0][0], first.parameters[0][0])
    assert batch.parameters is first.parameters
    assert len(batch.output) == 9
    assert set(batch.output) == {1, 2}  # classes are not numbered as they occur


@pytest.mark.parametrize(
    ("kind", "when", "cause"),
    [
        (Kind.AGAIN, "when called again", "stale"),
        (Kind.OTHER_PARAMETERS, "when called with other parameters", "stale"),
        (Kind.OTHER_BATCH, "when called on another batch", None),
    ],
)
def test_what_is_made_of_a_later_call_depends_on_its_kind(kind, when, cause):
    """Not on how many calls there were before."""
    call = next(call for call in related_calls(make_problem([5, 3], 7), 9, 0) if call.kind is kind)
    truth, wrong = np.ones((3, 5)), np.random.RandomState(0).normal(size=(3, 5))
    with pytest.raises(checks.CheckFailed, match=when) as failure:
        check_later_call(call, wrong, truth, [], "the gradient", (0, False))
    assert failure.value.cause == cause


def test_what_is_wrong_for_some_parameters_alone_is_not_called_kept():
    right = definitions("exercise_2_2")["MyNumpyMLP"]

    class Clipped(right):
        def log_forward(self, input):
            log_probabilities, layer_inputs = super().log_forward(input)
            return np.maximum(log_probabilities, -3), layer_inputs

    class Kept(right):
        def log_forward(self, input):
            if not hasattr(self, "kept"):
                self.kept = {}
            return self.kept.setdefault(len(input), super().log_forward(input))

    when = "when called with other parameters"
    for answer, cause in ((Clipped, None), (Kept, "stale")):
        with pytest.raises(checks.CheckFailed, match=when) as failure:
            checks.backpropagation(answer, geometry=[6, 5, 3])
        assert failure.value.cause == cause


@pytest.mark.parametrize(
    ("wrong_from", "when"),
    [(2, "again"), (3, "with other parameters"), (4, "on another batch")],
)
def test_an_answer_that_goes_wrong_in_a_later_call_is_told_in_which(wrong_from, when):
    right = definitions("exercise_2_1")["log_linear_gradients"]
    calls = []

    def answer(*arguments):
        calls.append(arguments)
        loss, weight, bias = right(*arguments)
        return loss, weight + np.arange(5) * (len(calls) >= wrong_from), bias

    with pytest.raises(checks.CheckFailed, match=f"is wrong when called {when}"):
        checks.log_linear_gradients(answer)
