"""Mistakes with biases, in the forward pass and in their gradients."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from lxmls_nb.checks.mistakes.evidence import Gradient, Output, Right
from lxmls_nb.checks.mistakes.forward_pass import logits, normalised
from lxmls_nb.checks.mistakes.mistake import Mistake


def _last_bias_times(factor: float, right: Right) -> list[np.ndarray]:
    """Return the probabilities with the last layer's bias multiplied."""
    bias = right.problem.parameters[-1][1]
    return [softmax(right.z + (factor - 1) * bias, axis=1)]


def _biases_times(factor: float, output: Output) -> list[np.ndarray]:
    """Return the log-probabilities with the last bias, all others, or all multiplied."""
    layers = list(range(len(output.problem.parameters)))
    return [
        normalised(logits(output.problem, bias_factors=dict.fromkeys(chosen, factor)))
        for chosen in (layers[-1:], layers[:-1], layers)
    ]


NO_BIAS = Mistake(
    "no-bias",
    "a bias seems to be left out",
    probabilities=lambda right: _last_bias_times(0, right),
    log_probabilities=lambda output: _biases_times(0, output),
)
BIAS_TWICE = Mistake(
    "bias-twice",
    "a bias seems to be added twice",
    probabilities=lambda right: _last_bias_times(2, right),
    log_probabilities=lambda output: _biases_times(2, output),
)
BIAS_SUBTRACTED = Mistake(
    "bias-subtracted",
    "the bias seems to be subtracted",
    probabilities=lambda right: _last_bias_times(-1, right),
    log_probabilities=lambda output: _biases_times(-1, output),
)


def _same_everywhere(gradient: Gradient) -> bool:
    largest = max(1e-9, float(np.abs(gradient.truth).max()))
    return gradient.is_bias and bool(np.ptp(gradient.array) <= 1e-9 * largest)


BIAS_SUMMED = Mistake(
    "bias-summed",
    "every unit has the same value: is it summed over the units too?",
    seen=_same_everywhere,
)
BIAS_SHAPE = Mistake(
    "bias-shape",
    "a bias gradient has the shape of the bias, one row: (1, {size})",
)
