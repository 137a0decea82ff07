"""What an answer is run on: a network with random parameters, a batch, and its forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from lxmls_nb.models.numpy_mlp import HIDDEN

#: A pair [weight (out, in), bias (1, out)] per layer, first layer first.
Parameters = list[list[np.ndarray]]


@dataclass
class Problem:
    """A network with parameters, and a batch.

    Attributes
    ----------
    geometry : list of int
        Sizes of the input, of each hidden layer and of the output.
    activation_functions : list of str
        One per layer; the last is the softmax.
    parameters : list of [weight (out, in), bias (1, out)]
    input : ndarray, shape (M, I)
    output : ndarray of int, shape (M,)
        Class indices.
    """

    geometry: list[int]
    activation_functions: list[str]
    parameters: Parameters
    input: np.ndarray
    output: np.ndarray

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
        M, the number of examples.
    scale : float
        Factor of the last layer's parameters: large ones give extreme logits. Their sign is the
        one with which the largest logit is larger, so that its exponential overflows.
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
    problem = Problem(
        geometry=list(geometry),
        activation_functions=list(activation_functions or [*hidden, "softmax"]),
        parameters=parameters,
        input=random.normal(size=(batch_size, geometry[0])) * 1.5,
        output=output,
    )
    if scale > 1:
        logits = forward(problem).linear[-1]
        if -logits.min() > logits.max():
            parameters[-1] = [-array for array in parameters[-1]]
    return problem


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
    layer_inputs: list[np.ndarray] = [problem.input]
    linear: list[np.ndarray] = []
    for number, (weight, bias) in enumerate(parameters or problem.parameters):
        linear.append(layer_inputs[-1] @ np.swapaxes(weight, -1, -2) + bias)
        if number < len(problem.parameters) - 1:
            layer_inputs.append(HIDDEN[problem.activation_functions[number]](linear[-1]))
    return Forward(layer_inputs, linear, log_softmax(linear[-1], axis=-1))


def cross_entropy(log_probabilities: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Return the mean cross-entropy, in nats, of a batch (M, K) or of each in a stack."""
    mean: np.ndarray = np.mean(log_probabilities[..., np.arange(len(output)), output], axis=-1)
    return -mean
