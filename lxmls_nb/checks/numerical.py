"""The truth that gradients are compared with, by central differences of the forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import log_softmax

from lxmls_nb.checks.problems import Parameters, Problem, cross_entropy, forward
from lxmls_nb.differences import PLACES, central_difference, five_point_rule

#: Step of the differences, where logits are of size one. The five-point rule errs by about
#: STEP**4 and rounding / STEP: measured, 1e-11 of the largest gradient.
STEP = 1e-3

#: Features up to here leave logits of size one where a weight is off by a step: those of ordinary
#: problems do.
LARGE_FEATURE = 10.0


def gradient_of(
    function: Callable[[np.ndarray], np.ndarray], array: np.ndarray, step: float
) -> np.ndarray:
    """Return the derivative of a function with respect to each element of an array.

    `function` takes a stack (..., *shape of array) and returns a number for each array in it.
    """
    directions = np.eye(array.size).reshape(array.size, *array.shape)
    # One call for all points: checks spend most of their time here.
    places = PLACES.reshape(-1, 1, *[1] * array.ndim)
    return five_point_rule(function(array + places * step * directions), step).reshape(array.shape)


def numerical_gradients(problem: Problem, layers: Sequence[int] | None = None) -> Parameters:
    """Return the gradient of the loss by central differences, a pair per layer.

    Layers that are not asked for get zeros.
    """
    # The step is small where the last weights or the features are large, too.
    largest = float(np.abs(problem.parameters[-1][0]).max())
    step = STEP / max(1.0, largest, float(np.abs(problem.input).max()) / LARGE_FEATURE)
    gradients = [[np.zeros(array.shape) for array in pair] for pair in problem.parameters]
    for number in range(len(gradients)) if layers is None else layers:
        for is_bias in (False, True):

            def loss(
                stack: np.ndarray, number: int = number, is_bias: bool = is_bias
            ) -> np.ndarray:
                parameters = [list(pair) for pair in problem.parameters]
                parameters[number][is_bias] = stack
                return cross_entropy(forward(problem, parameters).log_probabilities, problem.output)

            gradients[number][is_bias] = gradient_of(
                loss, problem.parameters[number][is_bias], step
            )
    return gradients


def numerical_entries(
    problem: Problem, layer: int, is_bias: bool, places: np.ndarray
) -> np.ndarray:
    """Return some entries of a gradient of the loss, by central differences.

    Parameters
    ----------
    problem : Problem
    layer : int
    is_bias : bool
        Whether it is the gradient of the bias.
    places : ndarray of int
        Indices into the gradient as an array of one dimension.
    """
    array = problem.parameters[layer][is_bias]

    def loss(changed: np.ndarray) -> np.ndarray:
        parameters = [list(pair) for pair in problem.parameters]
        parameters[layer][is_bias] = changed
        return cross_entropy(forward(problem, parameters).log_probabilities, problem.output)

    entries = []
    for place in places:
        direction = np.zeros(array.shape)
        direction.flat[place] = 1
        entries.append(central_difference(loss, array, direction, STEP))
    return np.array(entries)


def output_error(problem: Problem) -> np.ndarray:
    """Return the derivative of the loss with respect to the last layer's z, shape (M, K)."""

    def loss(z: np.ndarray) -> np.ndarray:
        return cross_entropy(log_softmax(z, axis=-1), problem.output)

    return gradient_of(loss, forward(problem).linear[-1], STEP)
