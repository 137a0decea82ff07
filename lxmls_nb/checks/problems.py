"""What answers are compared with: random problems, and their gradients by central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax

#: Hidden non-linearities, by name.
FUNCTIONS = {"sigmoid": expit, "relu": lambda z: np.maximum(z, 0)}

#: Step of the differences, where logits are of size one. The five-point rule errs by about
#: STEP**4 and rounding / STEP: measured, 1e-11 of the largest gradient.
STEP = 1e-3

Parameters = list[list[np.ndarray]]


@dataclass
class Problem:
    """A network with parameters, and a batch.

    Attributes
    ----------
    geometry : list of int
    activation_functions : list of str
    parameters : list of [weight (out, in), bias (1, out)]
    input : ndarray, shape (M, I)
    output : ndarray of int, shape (M,)
    """

    geometry: list[int]
    activation_functions: list[str]
    parameters: Parameters
    input: np.ndarray
    output: np.ndarray

    @property
    def step(self) -> float:
        """A step of differences that is small where the last weights are large, too."""
        return STEP / max(1.0, float(np.abs(self.parameters[-1][0]).max()))

    def __str__(self) -> str:
        examples = "1 example" if len(self.output) == 1 else f"{len(self.output)} examples"
        if len(self.geometry) == 2:
            sizes = f"{self.geometry[0]} features, {self.geometry[1]} classes"
        else:
            sizes = f"geometry {self.geometry}"
        return f"{sizes}, {examples}"


def make_problem(
    geometry: Sequence[int],
    batch_size: int,
    scale: float = 1.0,
    seed: int = 0,
    activation_functions: Sequence[str] | None = None,
) -> Problem:
    """Draw a problem: random weights, random biases, inputs of both signs.

    Parameters
    ----------
    geometry : sequence of int
    batch_size : int
    scale : float
        Factor of the last layer's parameters: large ones give extreme logits.
    seed : int
    activation_functions : sequence of str, optional
        By default sigmoids and a softmax.
    """
    random = np.random.RandomState(seed)
    hidden = ["sigmoid"] * (len(geometry) - 2)
    parameters = [
        [
            random.normal(size=(outputs, inputs)) * 1.5 / np.sqrt(inputs),
            random.normal(size=(1, outputs)) * 0.7,
        ]
        for inputs, outputs in zip(geometry[:-1], geometry[1:], strict=True)
    ]
    parameters[-1] = [array * scale for array in parameters[-1]]
    # Every class occurs where the batch is large enough, in an order of no pattern.
    output = random.permutation(np.arange(batch_size) % geometry[-1])
    return Problem(
        geometry=list(geometry),
        activation_functions=list(activation_functions or [*hidden, "softmax"]),
        parameters=parameters,
        input=random.normal(size=(batch_size, geometry[0])) * 1.5,
        output=output,
    )


@dataclass
class Forward:
    """The values of a forward pass.

    Attributes
    ----------
    layer_inputs : list of ndarray
        What enters each layer.
    linear : list of ndarray
        Outputs of the linear transformations, z, of each layer.
    log_probabilities : ndarray, shape (M, K)
    """

    layer_inputs: list[np.ndarray]
    linear: list[np.ndarray]
    log_probabilities: np.ndarray


def forward(problem: Problem, parameters: Parameters | None = None) -> Forward:
    """Return the forward pass of a problem (Algorithm 2.1), with other parameters if given.

    Those can be stacks, (..., out, in) and (..., 1, out): the results then are stacks, too.
    """
    layer_inputs, linear = [problem.input], []
    for number, (weight, bias) in enumerate(parameters or problem.parameters):
        linear.append(layer_inputs[-1] @ np.swapaxes(weight, -1, -2) + bias)
        if number < len(problem.parameters) - 1:
            layer_inputs.append(FUNCTIONS[problem.activation_functions[number]](linear[-1]))
    return Forward(layer_inputs, linear, log_softmax(linear[-1], axis=-1))


def cross_entropy(log_probabilities: np.ndarray, output: np.ndarray):
    """Return the mean cross-entropy, in nats, of a batch (M, K) or of each in a stack."""
    return -np.mean(log_probabilities[..., np.arange(len(output)), output], axis=-1)


def differences(
    function: Callable[[np.ndarray], np.ndarray], array: np.ndarray, step: float
) -> np.ndarray:
    """Return the derivative of a function by each element of an array.

    Five-point central differences.

    Parameters
    ----------
    function : callable
        Takes a stack (..., *shape of array) and returns a number for each array in it.
    array : ndarray
    step : float
    """
    steps = step * np.array([-2, -1, 1, 2]).reshape(4, 1, *[1] * array.ndim)
    directions = np.eye(array.size).reshape(array.size, *array.shape)
    values = function(array + steps * directions)
    derivative = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return derivative.reshape(array.shape)


def numerical_gradients(problem: Problem, layers: Sequence[int] | None = None) -> Parameters:
    """Return the gradient of the loss by central differences, a pair a layer.

    Layers that are not asked for get zeros.
    """
    gradients = [[np.zeros(array.shape) for array in pair] for pair in problem.parameters]
    for number in range(len(gradients)) if layers is None else layers:
        for kind in (0, 1):

            def loss(stack: np.ndarray, number=number, kind=kind) -> np.ndarray:
                parameters = [list(pair) for pair in problem.parameters]
                parameters[number][kind] = stack
                return cross_entropy(forward(problem, parameters).log_probabilities, problem.output)

            array = problem.parameters[number][kind]
            gradients[number][kind] = differences(loss, array, problem.step)
    return gradients


def output_error(problem: Problem) -> np.ndarray:
    """Return the derivative of the loss by the last layer's z, by central differences, (M, K)."""

    def loss(z: np.ndarray) -> np.ndarray:
        return cross_entropy(log_softmax(z, axis=-1), problem.output)

    return differences(loss, forward(problem).linear[-1], STEP)
