"""Checks of Exercises 2.1 and 2.2: what they print, and how they fail."""

from __future__ import annotations

import itertools
import math

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


def test_zeros_of_equal_layers_are_no_pair_that_stands_for_all():
    class Zeros(definitions("exercise_2_2")["MyNumpyMLP"]):
        def backpropagation(self, input, output):
            return [[np.zeros_like(w), np.zeros_like(b)] for w, b in self.parameters]

    with pytest.raises(checks.CheckFailed) as caught:
        checks.backpropagation(Zeros, geometry=[4, 4, 4])
    assert caught.value.cause == "zero"


def test_what_is_not_finite_in_a_later_call_is_told_as_that():
    """A batch that overflows is not one that is taken for granted."""

    class Answer(definitions("exercise_2_2")["MyNumpyMLP"]):
        def backpropagation(self, input, output):
            pairs = super().backpropagation(input, output)
            return pairs if len(input) == 7 else [[w * np.nan, b * np.nan] for w, b in pairs]

    with pytest.raises(checks.CheckFailed, match=r"9 examples.*are not finite") as caught:
        checks.backpropagation(Answer, geometry=[6, 5, 3])
    assert "first batch" not in str(caught.value)


def test_what_is_not_finite_is_told_beside_what_is_no_array():
    """Layers that are left open, and losses that are none, are no reason for an error."""

    class Answer(definitions("exercise_2_2")["MyNumpyMLP"]):
        def backpropagation(self, input, output):
            last = super().backpropagation(input, output)[-1]
            return [None, [last[0] * np.nan, last[1]]]

    with pytest.raises(checks.CheckFailed, match="a gradient is not right"):
        checks.backpropagation(Answer, geometry=[6, 5, 3], layers=[-1])

    def answer(weight, bias, input, output):
        return None, weight * np.nan, bias

    with pytest.raises(checks.CheckFailed, match="a gradient is not right"):
        checks.log_linear_gradients(answer)


def network_with_derivative(derivative):
    """Return a network that computes the derivative of a sigmoid from z by a function."""

    class Answer(definitions("exercise_2_2")["MyNumpyMLP"]):
        def backpropagation(self, input, output):
            log_p, entering = self.log_forward(input)
            error = (np.exp(log_p) - np.eye(log_p.shape[1])[output]) / len(log_p)
            pairs = []
            for n in reversed(range(len(entering))):
                pairs.insert(0, [error.T @ entering[n], error.sum(axis=0, keepdims=True)])
                if n > 0:
                    z = entering[n - 1] @ self.parameters[n - 1][0].T + self.parameters[n - 1][1]
                    with np.errstate(all="ignore"):
                        error = error @ self.parameters[n][0] * derivative(z)
            return pairs

    return Answer


def derivative_from_a(z):
    a = 1 / (1 + np.exp(-z))  # exp(-z) may be infinite here, and a is right all the same
    return a * (1 - a)


@pytest.mark.parametrize(
    ("derivative", "cause"),
    [
        (lambda z: np.exp(z) / (1 + np.exp(z)) ** 2, "hidden-overflows"),
        (lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2, "hidden-overflows"),
        (derivative_from_a, None),
        (lambda z: derivative_from_a(z.astype(np.float32)), None),
        (lambda z: 1 / (2 + np.exp(z) + np.exp(-z)), None),
    ],
)
def test_hidden_layers_are_tried_with_large_weights_too(derivative, cause):
    answer = network_with_derivative(derivative)
    checks.backpropagation(answer, geometry=[6, 5, 3], layers=[0, 1], scale=1000.0)
    if cause is None:
        checks.backpropagation(answer, geometry=[6, 5, 3], scale=1000.0)
        return
    with pytest.raises(checks.CheckFailed, match="where the hidden layers are large") as caught:
        checks.backpropagation(answer, geometry=[6, 5, 3], scale=1000.0)
    assert caught.value.cause == cause


def test_what_depends_on_the_numbers_is_no_matter_of_depth():
    """An answer that is right with one hidden layer, but for some numbers only."""

    def clipped(z):
        a = np.clip(1 / (1 + np.exp(-z)), 0.01, 0.99)
        return a * (1 - a)

    with pytest.raises(checks.CheckFailed) as caught:
        checks.backpropagation(
            network_with_derivative(clipped), geometry=[6, 5, 4, 3], layers=[0, 1], quantity="bias"
        )
    assert caught.value.cause != "fixed-layers"


def test_the_last_digits_of_what_is_put_back_may_differ():
    right = definitions("exercise_2_1")["log_linear_gradients"]

    def answer(weight, bias, input, output, back=3):
        for array in (weight, bias, input):
            array *= 3
            array += 7
            array -= 7
            array /= back
        return right(weight, bias, input, output)

    checks.log_linear_gradients(answer)
    for back in (3 + 1e-12, 3.1):
        with pytest.raises(checks.CheckFailed) as caught:
            checks.log_linear_gradients(lambda *given, back=back: answer(*given, back))
        assert caught.value.cause == "updates"


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
        ([np.zeros((3, 5)), np.zeros((1, 3))], 1.0, np.zeros((7, 3))),
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
        "gradients, loss, probabilities",
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


def changed(**changes):
    """Return ``log_linear_gradients`` with something put in the place of what it returns."""
    right = definitions("exercise_2_1")["log_linear_gradients"]

    def answer(weight, bias, input, output):
        loss, by_weight, by_bias = right(weight, bias, input, output)
        result = {"loss": loss, "weight": by_weight, "bias": by_bias}
        result |= {key: change(result[key]) for key, change in changes.items()}
        return tuple(result.values())

    return answer


def failure_of(answer, **options) -> checks.CheckFailed:
    with pytest.raises(checks.CheckFailed) as failure:
        checks.log_linear_gradients(answer, **options)
    return failure.value


def test_a_bias_gradient_of_one_dimension_is_accepted_with_a_remark(capsys):
    checks.log_linear_gradients(changed(bias=lambda bias: bias[0]))
    printed = " ".join(capsys.readouterr().out.split())
    assert "A bias gradient of shape (3,) is accepted; the bias itself has shape (1, 3)" in printed
    checks.log_linear_gradients(changed(bias=lambda bias: bias[0]), quantity="weight")
    assert "accepted" not in capsys.readouterr().out
    wrong = failure_of(changed(bias=lambda bias: -bias[0]), quantity="bias")
    assert wrong.cause == "sign"


def test_gradients_are_looked_at_whatever_the_loss_is(capsys):
    answer = changed(loss=lambda loss: np.full(7, loss))
    checks.log_linear_gradients(answer, quantity="weight")
    checks.log_linear_gradients(answer, quantity="bias")
    failure = failure_of(answer, quantity="loss")
    assert failure.cause == "loss-per-example"
    assert "an array of 7 losses, one for each example: take their mean" in str(failure)


def test_a_wrong_loss_that_nothing_fits_is_told_with_its_factor():
    failure = failure_of(changed(loss=lambda loss: 1.37 * loss), quantity="loss")
    assert failure.cause is None
    assert "1.37 times as much" in str(failure)


@pytest.mark.parametrize("wrong", [0.5, 12.0, 1e4])
def test_a_finite_loss_is_not_called_nearly_right_where_probabilities_vanish(wrong):
    failure = failure_of(changed(loss=lambda loss: wrong), scale=1000.0)
    assert "nearly right" not in str(failure)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (-1, "the sign is opposite"),
        (7, "is the average over the batch missing?"),
        (-7, "is the average over the batch missing, and the sign opposite?"),
    ],
)
def test_factors_are_named_together(factor, words):
    failure = failure_of(changed(weight=lambda weight: factor * weight), quantity="weight")
    assert words in str(failure)


def softmax_of(z):
    return np.exp(z - z.max(axis=1, keepdims=True)) / np.exp(z - z.max(axis=1, keepdims=True)).sum(
        axis=1, keepdims=True
    )


@pytest.mark.parametrize("factor", [1, -1, 7, -7, 1 / 7])
def test_two_mistakes_at_once_are_both_named(factor):
    def answer(weight, bias, input, output):
        p = softmax_of(input @ weight.T + bias)
        return 0.0, factor * np.outer(p.mean(axis=0), input.mean(axis=0)), bias

    failure = failure_of(answer, quantity="weight")
    assert "indicator vectors of the right classes seem not to be subtracted" in str(failure)
    assert "product of averages" in str(failure)
    assert ("opposite" in str(failure)) is (factor < 0)
    assert ("missing" in str(failure)) is (abs(factor) == 7)


def test_numbers_that_fit_no_mistake_are_told_without_a_guess():
    noise = np.random.RandomState(1).normal(size=(3, 5))
    failure = failure_of(changed(weight=lambda weight: noise), quantity="weight")
    assert failure.cause is None
    assert "by up to" in str(failure)


@pytest.mark.parametrize("hidden", [[], [5, 4]])
def test_a_fixed_number_of_layers_is_named(hidden):
    from lxmls_nb.models import NumpyMLP

    right = definitions("exercise_2_2")["MyNumpyMLP"]

    class TwoLayers(NumpyMLP):
        def backpropagation(self, input, output):
            _, _ = self.parameters
            return right.backpropagation(self, input, output)

    with pytest.raises(checks.CheckFailed) as failure:
        checks.backpropagation(TwoLayers, geometry=[6, *hidden, 3])
    assert failure.value.cause == "fixed-layers"
    assert "With one hidden layer the answer is right" in str(failure.value)
    assert "values to unpack" in str(failure.value)


def test_a_loss_that_differs_each_time_hides_no_mistake_of_a_gradient():
    right = definitions("exercise_2_1")["log_linear_gradients"]
    calls = itertools.count(1)

    def answer(weight, bias, input, output):
        loss, weight_gradient, bias_gradient = right(weight, bias, input, output)
        return loss + np.float64(next(calls)), -weight_gradient, bias_gradient

    with pytest.raises(checks.CheckFailed) as failure:
        checks.log_linear_gradients(answer, quantity="weight")
    assert failure.value.cause == "sign"
    with pytest.raises(checks.CheckFailed) as failure:
        checks.log_linear_gradients(answer, quantity="loss")
    assert failure.value.cause == "random"


def own_forward_pass(sigmoid):
    """Return a right class for Exercise 2.2, but for the sigmoid of its own forward pass."""
    right = definitions("exercise_2_2")["MyNumpyMLP"]

    class Own(right):
        def log_forward(self, input):
            layer_inputs = [input]
            for weight, bias in self.parameters[:-1]:
                layer_inputs.append(sigmoid(layer_inputs[-1] @ weight.T + bias))
            weight, bias = self.parameters[-1]
            z = layer_inputs[-1] @ weight.T + bias
            z = z - z.max(axis=1, keepdims=True)
            return z - np.log(np.exp(z).sum(axis=1, keepdims=True)), layer_inputs

    return Own


@np.errstate(over="raise")
def sigmoid_that_raises(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize(
    ("sigmoid", "error"),
    [
        (np.vectorize(lambda z: 1 / (1 + math.exp(-z))), "OverflowError: math range error"),
        (sigmoid_that_raises, "FloatingPointError: overflow encountered in exp"),
    ],
)
def test_a_sigmoid_that_raises_an_error_where_it_overflows_is_told_so(sigmoid, error):
    answer = own_forward_pass(sigmoid)
    checks.backpropagation(answer, geometry=[6, 5, 3])
    with pytest.raises(checks.CheckFailed, match=f"{error}.*hidden layer is large") as failure:
        checks.backpropagation(answer, geometry=[6, 5, 3], scale=1000.0)
    assert failure.value.cause == "hidden-overflows"
    assert "`math.exp(-z)`" in str(failure.value)


def test_numbers_that_become_0_in_hidden_layers_are_no_mistake():
    """NumPy raises an error there if an answer has asked for it."""

    @np.errstate(under="raise")
    def sigmoid(z):
        return np.where(z < 0, np.exp(np.minimum(z, 0)), 1) / (1 + np.exp(-np.abs(z)))

    checks.backpropagation(own_forward_pass(sigmoid), geometry=[6, 5, 3], scale=1000.0)
