"""From a wrong gradient to the likely mistake.

Each rule computes what a known mistake would give, and the mistake is named only where the numbers
fit to a thousandth. In each tuple the first that fits is named.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lxmls_nb.checks.mistakes.averaging import FACTORS, MEAN_OUTER, MISSING_EXAMPLE, ONE_EXAMPLE
from lxmls_nb.checks.mistakes.biases import BIAS_SUBTRACTED, BIAS_SUMMED, BIAS_TWICE, NO_BIAS
from lxmls_nb.checks.mistakes.evidence import Gradient
from lxmls_nb.checks.mistakes.fit import FIT, constant_factor, fits
from lxmls_nb.checks.mistakes.forward_pass import BINARY_INPUT, RESHAPED, WEIGHTS_TRANSPOSED
from lxmls_nb.checks.mistakes.hidden_layers import (
    CLOBBERED,
    DERIVATIVES,
    WRONG_INPUT,
    WRONG_WEIGHTS,
)
from lxmls_nb.checks.mistakes.mistake import Finding, first_seen
from lxmls_nb.checks.mistakes.output_error import OUTPUT_ERRORS
from lxmls_nb.checks.mistakes.probabilities import (
    ARGMAX,
    LOG_PROBABILITIES,
    LOGITS,
    NOT_SOFTMAX,
    OVER_ALL,
    OVER_BATCH,
    TWICE_SOFTMAX,
    UNIFORM,
)
from lxmls_nb.checks.mistakes.values import DIFFERENCES, PRECISION, TRANSPOSED, ZERO
from lxmls_nb.checks.problems import Problem

#: In what stands in the place of the probabilities.
INSTEAD_OF_PROBABILITIES = (
    LOG_PROBABILITIES,
    ARGMAX,
    LOGITS,
    NO_BIAS,
    BIAS_SUBTRACTED,
    BIAS_TWICE,
    OVER_BATCH,
    OVER_ALL,
    TWICE_SOFTMAX,
    UNIFORM,
    RESHAPED,
    BINARY_INPUT,
    NOT_SOFTMAX,
)

#: In the examples that count.
EXAMPLES = (ONE_EXAMPLE, MISSING_EXAMPLE)

#: In the weights that the error goes through.
WEIGHTS = (WEIGHTS_TRANSPOSED, WRONG_WEIGHTS)

#: In what the error is multiplied with.
LAYER_INPUTS = (BINARY_INPUT, CLOBBERED, WRONG_INPUT, MEAN_OUTER)


def name_gradient(
    array: np.ndarray, truth: np.ndarray, problem: Problem, layer: int, is_bias: bool
) -> Finding | None:
    """Return the likely mistake in a wrong gradient, None if no known one fits.

    Parameters
    ----------
    array, truth : ndarray
        The student's and the numerical gradient, of the same shape.
    problem : Problem
    layer : int
        Which layer it belongs to.
    is_bias : bool
        Whether it is the gradient of the bias, not of the weight.
    """
    gradient = Gradient(problem, array, truth, layer, is_bias)
    found = first_seen([ZERO], gradient)
    if found is not None:
        return found
    # The two values of a bias gradient of two classes add up to zero, right or wrong.
    if gradient.factor is not None and abs(gradient.factor - 1) > 2e-2 and array.size > 2:
        return first_seen(FACTORS, gradient)
    found = first_seen([BIAS_SUMMED, TRANSPOSED], gradient)
    if found is not None:
        return found
    if array.size <= 2:  # too few numbers to tell mistakes apart
        return first_seen([PRECISION], gradient)
    suspects = [
        (finding, wrong)
        for finding, wrong in _suspects(gradient)
        if not fits(wrong, truth, 2 * FIT)
    ]
    for finding, wrong in suspects:
        if fits(array, wrong):
            return finding
    for finding, wrong in suspects if gradient.size > 1 else []:
        wrong_in_shape = finding.mistake in DERIVATIVES and constant_factor(wrong, truth) is None
        if wrong_in_shape and constant_factor(array, wrong) is not None:
            return finding
    return first_seen(DIFFERENCES, gradient)


def _suspects(gradient: Gradient) -> Iterator[tuple[Finding, np.ndarray]]:
    """Yield findings and the gradients that they would give."""
    for finding, derivatives in _wrong_derivatives(gradient):
        yield finding, gradient.follow(derivatives=derivatives)
    for finding, error in _wrong_errors(gradient):
        yield finding, gradient.follow(error=error)
    for mistake in WEIGHTS:
        for finding, weights in mistake.findings(mistake.weights, gradient):
            yield finding, gradient.follow(weights=weights)
    for mistake in LAYER_INPUTS if not gradient.is_bias else ():
        for finding, values in mistake.findings(mistake.layer_input, gradient):
            yield finding, gradient.follow(layer_input=values)


def _wrong_derivatives(gradient: Gradient) -> Iterator[tuple[Finding, dict[int, np.ndarray]]]:
    """Yield findings and derivatives, by layer: of all hidden layers, then of each alone."""
    layers = list(gradient.hidden)
    if not layers or gradient.problem.activation_functions[0] != "sigmoid":
        return
    for chosen in [layers, *([layer] for layer in layers if len(layers) > 1)]:
        for mistake in DERIVATIVES:
            linear = [gradient.values.linear[layer] for layer in chosen]
            of_layers = [mistake.findings(mistake.derivative, z) for z in linear]
            for same in zip(*of_layers, strict=True):  # the same derivative in each of the layers
                arrays = [array for _, array in same]
                yield same[0][0], dict(zip(chosen, arrays, strict=True))


def _wrong_errors(gradient: Gradient) -> Iterator[tuple[Finding, np.ndarray]]:
    """Yield findings and derivatives of the loss with respect to the last z, (M, K)."""
    for mistake in OUTPUT_ERRORS:
        yield from mistake.findings(mistake.error, gradient)
    for mistake in INSTEAD_OF_PROBABILITIES:
        for finding, p in mistake.findings(mistake.probabilities, gradient):
            yield finding, gradient.output_error + (p - gradient.p) / gradient.size
    for mistake in EXAMPLES:
        yield from mistake.findings(mistake.error, gradient)
