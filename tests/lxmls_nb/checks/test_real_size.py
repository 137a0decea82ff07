"""The check at the size of the course's network."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.models import NumpyMLP
from tests.support.course import definitions


class Differences(NumpyMLP):
    """Right gradients, by central differences."""

    def backpropagation(self, input, output):
        gradients = []
        for pair in self.parameters:
            gradients.append([np.zeros(array.shape) for array in pair])
            for array, gradient in zip(pair, gradients[-1], strict=True):
                for place in np.ndindex(array.shape):
                    losses = []
                    for step in (1e-5, -2e-5):
                        array[place] += step
                        losses.append(self.cross_entropy_loss(input, output))
                    array[place] += 1e-5
                    gradient[place] = (losses[0] - losses[1]) / 2e-5
        return gradients


def test_a_backward_pass_passes(capsys):
    checks.backpropagation_at_size(definitions("exercise_2_2")["MyNumpyMLP"])
    assert "geometry [5000, 20, 2]" in capsys.readouterr().out


def test_numerical_gradients_are_right_on_a_small_network_and_too_slow_on_a_large_one():
    checks.backpropagation(Differences, geometry=[6, 5, 3], layers=[0, 1])
    with pytest.raises(checks.CheckFailed, match="each of the 100062 parameters moved") as failure:
        checks.backpropagation_at_size(Differences, seconds=0.3)
    assert failure.value.cause == "too-slow"


def test_a_mistake_is_named_as_on_a_small_network():
    right = definitions("exercise_2_2")["MyNumpyMLP"]

    class Negative(right):
        def backpropagation(self, input, output):
            pairs = super().backpropagation(input, output)
            return [[-array for array in pair] for pair in pairs]

    with pytest.raises(checks.CheckFailed) as failure:
        checks.backpropagation_at_size(Negative)
    assert failure.value.cause == "sign"


def test_what_is_wrong_on_a_large_network_only_fails():
    right = definitions("exercise_2_2")["MyNumpyMLP"]

    class Cut(right):
        def backpropagation(self, input, output):
            pairs = super().backpropagation(input, output)
            for weight, _ in pairs:
                weight[:, 3000:] = 0
            return pairs

    with pytest.raises(checks.CheckFailed) as failure:
        checks.backpropagation_at_size(Cut)
    assert failure.value.cause == "wrong-at-size"
