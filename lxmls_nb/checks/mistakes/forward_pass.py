"""Mistakes in the layers of a forward pass, before the softmax."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.special import expit, log_expit, log_softmax, ndtr, softmax

from lxmls_nb.checks.mistakes.evidence import Gradient, Output, Right
from lxmls_nb.checks.mistakes.mistake import Mistake
from lxmls_nb.checks.problems import Problem

#: A function of arrays.
Function = Callable[[np.ndarray], np.ndarray]


def logits(
    problem: Problem,
    hidden: Function = expit,
    bias_factors: dict[int, float] | None = None,
    turn: Function = np.transpose,
    layers: list[int] | None = None,
) -> np.ndarray:
    """Return the last layer's z with a mistake put in.

    Parameters
    ----------
    problem : Problem
    hidden : callable
        The hidden non-linearity.
    bias_factors : dict, optional
        By layer, what its bias is multiplied by.
    turn : callable
        What is done to a weight (out, in) before it is multiplied by.
    layers : list of int, optional
        The layers that are gone through; by default each once.

    Raises
    ------
    ValueError
        If the sizes don't fit.
    """
    numbers = layers if layers is not None else list(range(len(problem.parameters)))
    values = problem.input
    z = values
    for position, number in enumerate(numbers):
        weight, bias = problem.parameters[number]
        z = values @ turn(weight) + (bias_factors or {}).get(number, 1.0) * bias
        if position < len(numbers) - 1:
            values = hidden(z)
    return z


def normalised(z: np.ndarray) -> np.ndarray:
    """Return the log-probabilities of z, (M, K)."""
    log_probabilities: np.ndarray = log_softmax(z, axis=1)
    return log_probabilities


# --- non-linearities


def _with_non_linearity(right: Right) -> dict[str, np.ndarray]:
    """Return log-probabilities where the last z goes through a non-linearity, too."""
    functions: dict[str, Function] = {
        "sigmoid": expit,
        "ReLU": lambda z: np.maximum(z, 0),
        "tanh": np.tanh,
    }
    return {look: normalised(function(right.z)) for look, function in functions.items()}


def _error_with_non_linearity(right: Right) -> dict[str, np.ndarray]:
    """Return errors that go through the derivative of such a non-linearity, too."""
    slopes = {
        "sigmoid": expit(right.z) * expit(-right.z),
        "ReLU": right.z > 0,
        "tanh": 1 - np.tanh(right.z) ** 2,
    }
    return {
        look: (np.exp(array) - right.onehot) * slopes[look] / right.size
        for look, array in _with_non_linearity(right).items()
    }


OUTPUT_ACTIVATION = Mistake(
    "output-activation",
    "z of the last layer seems to go through a {look} before the softmax: it goes into the softmax "
    "as it is",
    name="z of the last layer goes through another activation before the softmax",
    lesson="The softmax is the activation of the last layer: its z goes in as it is.",
    probabilities=lambda right: {
        look: np.exp(array) for look, array in _with_non_linearity(right).items()
    },
    error=_error_with_non_linearity,
    log_probabilities=_with_non_linearity,
)


def _with_hidden(output: Output, functions: dict[str, Function]) -> dict[str, np.ndarray]:
    """Return the log-probabilities with other hidden non-linearities, if there are any."""
    if len(output.problem.parameters) == 1:
        return {}
    return {
        look: normalised(logits(output.problem, hidden=function))
        for look, function in functions.items()
    }


def _gradients_with_hidden(
    gradient: Gradient, functions: dict[str, Function]
) -> dict[str, np.ndarray]:
    """Return the last layer's gradients with other hidden non-linearities, if there are any."""
    problem = gradient.problem
    if len(problem.parameters) == 1 or gradient.hidden:
        return {}
    found = {}
    for look, function in functions.items():
        entering = function(logits(problem, hidden=function, layers=list(range(gradient.layer))))
        weight, bias = problem.parameters[-1]
        p = softmax(entering @ weight.T + bias, axis=1)
        error = gradient.output_error + (p - gradient.p) / gradient.size
        found[look] = gradient.with_error(error, entering)
    return found


#: What may stand in the place of the hidden sigmoids.
NO_FUNCTION: dict[str, Function] = {"none": lambda z: z}
OTHER_FUNCTIONS: dict[str, Function] = {
    "a ReLU": lambda z: np.maximum(z, 0),
    "a tanh": np.tanh,
    "a softmax": lambda z: softmax(z, axis=1),
    "a sigmoid of -z": lambda z: expit(-z),
    "a sigmoid taken twice": lambda z: expit(expit(z)),
    "the logarithm of a sigmoid": log_expit,
    "a leaky ReLU": lambda z: np.where(z > 0, z, 0.01 * z),
    "a softplus": lambda z: np.logaddexp(0, z),
    "a log-softmax": lambda z: log_softmax(z, axis=1),
    "a softmax over the batch": lambda z: softmax(z, axis=0),
    "a sigmoid of a ReLU": lambda z: expit(np.maximum(z, 0)),
    "a hard sigmoid": lambda z: np.clip(z / 6 + 0.5, 0, 1),
    "z times its sigmoid, a SiLU": lambda z: z * expit(z),
    "an ELU": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "a GELU": lambda z: z * ndtr(z),
    "a sigmoid of 2 z": lambda z: expit(2 * z),
    "an exponential": np.exp,
    "minus a sigmoid": lambda z: -expit(z),
    "a sigmoid times one minus it, its derivative": lambda z: expit(z) * expit(-z),
}

NO_ACTIVATION = Mistake(
    "no-activation",
    "the hidden layers seem to have no non-linearity",
    lesson="Without a non-linearity between them, two layers are no more than one linear layer.",
    log_probabilities=lambda output: _with_hidden(output, NO_FUNCTION),
    gradient=lambda gradient: _gradients_with_hidden(gradient, NO_FUNCTION),
)

ACTIVATION = Mistake(
    "activation",
    "the hidden non-linearity looks like {look}; a sigmoid is expected",
    name="the hidden layers have another activation than the sigmoid",
    log_probabilities=lambda output: _with_hidden(output, OTHER_FUNCTIONS),
    gradient=lambda gradient: _gradients_with_hidden(gradient, OTHER_FUNCTIONS),
)


# --- weights


def _transposed(gradient: Gradient) -> list[dict[int, np.ndarray]]:
    """Return each square weight on the error's way transposed, then all of them at once."""
    weights = {number + 1: gradient.problem.parameters[number + 1][0] for number in gradient.hidden}
    squares = {n: weight.T for n, weight in weights.items() if weight.shape[0] == weight.shape[1]}
    alone = [{number: weight} for number, weight in squares.items()]
    return [*alone, squares] if len(squares) > 1 else alone


def _turned_only_where_needed(output: Output) -> list[np.ndarray]:
    def turn(weight: np.ndarray) -> np.ndarray:
        return weight if weight.shape[0] == weight.shape[1] else weight.T

    return [normalised(logits(output.problem, turn=turn))]


WEIGHTS_TRANSPOSED = Mistake(
    "weights-transposed",
    "a weight matrix seems to be transposed on the way: only where it is square does that pass "
    "unnoticed",
    weights=_transposed,
    log_probabilities=_turned_only_where_needed,
)


def _last_weight_reshaped(right: Right) -> list[np.ndarray]:
    weight, bias = right.problem.parameters[-1]
    entering = right.values.layer_inputs[-1]
    return [softmax(entering @ weight.reshape(weight.T.shape) + bias, axis=1)]


RESHAPED = Mistake(
    "reshaped",
    "the weight seems to be reshaped where it should be transposed",
    probabilities=_last_weight_reshaped,
    log_probabilities=lambda output: [
        normalised(logits(output.problem, turn=lambda weight: weight.reshape(weight.T.shape)))
    ],
)


# --- layers and inputs


def _other_numbers_of_layers(output: Output) -> list[np.ndarray]:
    problem = output.problem
    last = len(problem.parameters) - 1
    every = list(range(last + 1))
    candidates = [
        [0, last],
        [0, 1],
        [last],
        [0],
        [0, 1, last],
        every[:-1],
        [*every, last],
        [0, *every],
    ]
    found = [
        logits(problem, layers=layers)
        for layers in candidates
        if layers != every and _fit_together(problem, layers)
    ]
    return [normalised(z) for z in found if z.shape == output.z.shape]


def _fit_together(problem: Problem, layers: list[int]) -> bool:
    """Whether an input can go through these layers, in this order."""
    if not layers or max(layers) >= len(problem.parameters):
        return False
    sizes = [problem.geometry[0], *(problem.geometry[number + 1] for number in layers)]
    return all(
        problem.geometry[number] == size for number, size in zip(layers, sizes, strict=False)
    )


NUM_LAYERS = Mistake(
    "num-layers",
    "the number of layers seems to be fixed: go over all of `self.parameters`",
    log_probabilities=_other_numbers_of_layers,
)


def _binary_features(right: Right) -> list[np.ndarray]:
    if len(right.problem.parameters) > 1:
        return []
    weight, bias = right.problem.parameters[-1]
    return [softmax((right.problem.input > 0) @ weight.T + bias, axis=1)]


BINARY_INPUT = Mistake(
    "binary-input",
    "the input seems to be made binary, or cut down to its sign",
    probabilities=_binary_features,
    layer_input=lambda gradient: [
        (gradient.layer_input > 0).astype(float),
        np.sign(gradient.layer_input),
    ],
)


def _changed_inputs(problem: Problem) -> dict[str, np.ndarray]:
    x = problem.input
    spread = x.std(axis=0)
    return {
        "standardised over the batch": (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1),
        "standardised over the batch (with `torch.std`)": (x - x.mean(axis=0))
        / np.where(spread > 0, spread, 1)
        * np.sqrt(1 - 1 / len(x)),
        "taken minus their mean over the batch": x - x.mean(axis=0),
        "divided by the length of each example": x / np.linalg.norm(x, axis=1, keepdims=True),
        "divided by the sum of each example": x / x.sum(axis=1, keepdims=True),
        "divided by their largest value": x / x.max(),
        "divided by their largest absolute value": x / np.abs(x).max(),
        "cut down to whole numbers": np.trunc(x),
        "set to 0 where they are negative": np.maximum(x, 0),
    }


def _probabilities_of_changed_inputs(right: Right) -> dict[str, np.ndarray]:
    if len(right.problem.parameters) > 1:
        return {}
    weight, bias = right.problem.parameters[0]
    return {
        look: softmax(x @ weight.T + bias, axis=1)
        for look, x in _changed_inputs(right.problem).items()
    }


def _gradients_of_changed_inputs(gradient: Gradient) -> dict[str, np.ndarray]:
    inputs = _changed_inputs(gradient.problem)
    return {
        look: gradient.with_error(
            gradient.output_error + (p - gradient.p) / gradient.size, inputs[look]
        )
        for look, p in _probabilities_of_changed_inputs(gradient).items()
    }


def _outputs_of_changed_inputs(output: Output) -> dict[str, np.ndarray]:
    return {
        look: normalised(logits(dataclasses.replace(output.problem, input=x)))
        for look, x in _changed_inputs(output.problem).items()
        if len(x) > 1  # of one example, some of these are the same
    }


CHANGED_INPUT = Mistake(
    "changed-input",
    "the features seem to be {look} first: they go in as they are",
    name="the features are changed before they go in",
    probabilities=_probabilities_of_changed_inputs,
    gradient=_gradients_of_changed_inputs,
    log_probabilities=_outputs_of_changed_inputs,
)
