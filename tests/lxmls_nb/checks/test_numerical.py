"""The truth: gradients by central differences."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb.checks.comparing import TOLERANCE, distance
from lxmls_nb.checks.numerical import numerical_gradients, output_error
from lxmls_nb.checks.problems import forward, make_problem


def torch_gradients(problem):
    """Return gradients by PyTorch's autograd, in float64."""
    import torch

    tensors = [[torch.tensor(a, requires_grad=True) for a in pair] for pair in problem.parameters]
    values = torch.tensor(problem.input)
    functions = {"sigmoid": torch.sigmoid, "relu": torch.relu}
    for (weight, bias), name in zip(tensors, problem.activation_functions, strict=True):
        values = values @ weight.T + bias
        values = functions[name](values) if name in functions else values
    loss = torch.nn.functional.cross_entropy(values, torch.tensor(problem.output))
    loss.backward()
    return [[tensor.grad.numpy() for tensor in pair] for pair in tensors]


@pytest.mark.parametrize("scale", [1.0, 30.0])
@pytest.mark.parametrize("hidden", ["sigmoid", "relu"])
@pytest.mark.parametrize("geometry", [[5, 3], [6, 5, 3], [3, 4, 4, 4, 3]])
def test_the_truth_agrees_with_autograd(geometry, hidden, scale):
    functions = [hidden] * (len(geometry) - 2) + ["softmax"]
    problem = make_problem(geometry, 7, scale, seed=5, activation_functions=functions)
    for pair, other in zip(numerical_gradients(problem), torch_gradients(problem), strict=True):
        for array, right in zip(pair, other, strict=True):
            assert distance(array, right) < 1e-8 < TOLERANCE / 1000


def test_the_error_at_the_output_is_what_the_bias_gradient_sums():
    problem = make_problem([5, 4, 3], 7, seed=5)
    error = output_error(problem)
    assert error.shape == forward(problem).linear[-1].shape
    bias = numerical_gradients(problem)[-1][1]
    assert np.abs(error.sum(axis=0) - bias).max() < 1e-10
