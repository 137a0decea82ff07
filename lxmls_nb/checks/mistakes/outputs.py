"""From wrong log-probabilities to the likely mistake in a forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

from lxmls_nb.checks.mistakes.gradients import Cause, constant_factor, fits
from lxmls_nb.checks.problems import Problem, forward

HIDDEN: dict[str, tuple[Cause, Callable]] = {
    "none": (("no-activation", {}), lambda z: z),
    "relu": (("activation", {"shape": "a ReLU"}), lambda z: np.maximum(z, 0)),
    "tanh": (("activation", {"shape": "a tanh"}), np.tanh),
    "softmax": (("activation", {"shape": "a softmax"}), lambda z: softmax(z, axis=1)),
    "minus": (("activation", {"shape": "a sigmoid of -z"}), lambda z: expit(-z)),
    "twice": (("activation", {"shape": "a sigmoid taken twice"}), lambda z: expit(expit(z))),
    "log": (("activation", {"shape": "the logarithm of a sigmoid"}), log_expit),
    "leaky": (
        ("activation", {"shape": "a leaky ReLU"}),
        lambda z: np.where(z > 0, z, 0.01 * z),
    ),
    "softplus": (("activation", {"shape": "a softplus"}), lambda z: np.logaddexp(0, z)),
}


def logits(
    problem: Problem,
    hidden: Callable = expit,
    bias_factors: dict[int, float] | None = None,
    turn: Callable[[np.ndarray], np.ndarray] = np.transpose,
    layers: list[int] | None = None,
) -> np.ndarray:
    """Return the last layer's z with a mistake put in; ValueError if the sizes don't fit."""
    numbers = layers if layers is not None else list(range(len(problem.parameters)))
    values = problem.input
    z = values
    for position, number in enumerate(numbers):
        weight, bias = problem.parameters[number]
        z = values @ turn(weight) + (bias_factors or {}).get(number, 1.0) * bias
        if position < len(numbers) - 1:
            values = hidden(z)
    return z


def _only_if_needed(weight: np.ndarray) -> np.ndarray:
    """Transpose a weight unless it is square."""
    return weight if weight.shape[0] == weight.shape[1] else weight.T


def _fit_together(problem: Problem, layers: list[int]) -> bool:
    """Whether an input can go through these layers, in this order."""
    if not layers or max(layers) >= len(problem.parameters):
        return False
    sizes = [problem.geometry[0], *(problem.geometry[number + 1] for number in layers)]
    return all(
        problem.geometry[number] == size for number, size in zip(layers, sizes, strict=False)
    )


def _suspects(problem: Problem) -> Iterator[tuple[Cause, np.ndarray]]:
    """Yield causes and the log-probabilities that they would give."""
    z = forward(problem).linear[-1]
    right = forward(problem).log_probabilities
    last = len(problem.parameters) - 1
    yield ("probabilities", {}), np.exp(right)
    yield ("logits", {}), z
    yield ("negated", {}), -right
    yield ("over-batch", {}), log_softmax(z, axis=0)
    yield ("over-batch", {}), log_softmax(right, axis=0)
    yield ("over-all", {}), log_softmax(z)
    yield ("twice-softmax", {}), log_softmax(softmax(z, axis=1), axis=1)
    yield ("loss-base", {}), right / np.log(2)
    yield ("not-softmax", {"shape": "a sigmoid of each value"}), log_expit(z)
    for temperature in (z.shape[1], len(z), 2):
        shape = {"shape": f"a softmax of z / {temperature}"}
        yield ("not-softmax", shape), log_softmax(z / temperature, axis=1)
    for bound in (1, 5, 10, 50):
        shape = {"shape": f"z cut off at ±{bound}"}
        yield ("not-softmax", shape), log_softmax(np.clip(z, -bound, bound), axis=1)
    changed: list[tuple[Cause, np.ndarray]] = []
    if last > 0:
        changed.append((("output-activation", {}), expit(z)))
        for cause, function in HIDDEN.values():
            changed.append((cause, logits(problem, hidden=function)))
    for factor, key in ((0.0, "no-bias"), (2.0, "bias-twice"), (-1.0, "bias-subtracted")):
        for numbers in ([last], list(range(last)), list(range(last + 1))):
            changed.append(
                ((key, {}), logits(problem, bias_factors=dict.fromkeys(numbers, factor)))
            )
    changed.append((("weights-transposed", {}), logits(problem, turn=_only_if_needed)))
    changed.append((("reshaped", {}), logits(problem, turn=lambda w: w.reshape(w.T.shape))))
    every = list(range(last + 1))
    for layers in (
        [0, last],
        [0, 1],
        [last],
        [0],
        [0, 1, last],
        every[:-1],
        [*every, last],
        [0, *every],
    ):
        if layers != every and _fit_together(problem, layers):
            changed.append((("num-layers", {}), logits(problem, layers=layers)))
    for cause, other in changed:
        if other.shape == z.shape:
            yield cause, log_softmax(other, axis=1)


def name_log_probabilities(array: np.ndarray, problem: Problem) -> Cause | None:
    """Return the likely cause of wrong log-probabilities, None if no known one fits."""
    right = forward(problem).log_probabilities
    if right.shape[0] * (right.shape[1] - 1) < 3:  # too few numbers to tell mistakes apart
        return None
    lowest = array.min()
    for other in (np.logaddexp(right, lowest), np.maximum(right, lowest)):
        if fits(array, other) and not fits(other, right):
            return "clipped", {}
    for cause, other in _suspects(problem):
        if fits(array, other) and not fits(other, right):
            return cause
    if fits(array, right, 2e-2):
        return "precision", {}
    if constant_factor(array, right) is not None:
        return "negated" if np.vdot(array, right) < 0 else "not-log-probabilities", {}
    if not np.allclose(np.exp(array).sum(axis=1), 1, atol=1e-3):
        return "not-log-probabilities", {}
    return None
