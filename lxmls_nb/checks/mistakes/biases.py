"""Mistakes with biases, in the forward pass and in their gradients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import softmax

from lxmls_nb.checks.mistakes.evidence import Gradient, Output, Right
from lxmls_nb.checks.mistakes.forward_pass import logits, normalised
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.problems import Problem


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


ONES_COLUMN = Mistake(
    "ones-column",
    "a column of it is the bias gradient, as if a column of ones were put beside the input: "
    "weights and biases are apart here, and what enters a layer has no such column",
    name="a column of ones is put beside the input",
    lesson="Where weights and biases are apart, no input gets a column of ones: the weight "
    "gradient has a column for each input, and the bias gradient is one of its own.",
)


def has_ones_column(weight: object, bias: object, inputs: int) -> bool:
    """Return whether a weight gradient has the bias gradient as a column more, first or last.

    Parameters
    ----------
    weight, bias : object
        The gradients; anything but arrays of real numbers has no such column.
    inputs : int
        How many columns are right.
    """
    if not (isinstance(weight, np.ndarray) and isinstance(bias, np.ndarray)):
        return False
    if weight.dtype.kind not in "iuf" or bias.dtype.kind not in "iuf":
        return False
    flat = bias.ravel()
    if weight.shape != (len(flat), inputs + 1) or not flat.any():
        return False
    # Where both are, it is the whole input that was taken for ones.
    return bool(np.allclose(weight[:, 0], flat)) is not bool(np.allclose(weight[:, -1], flat))


def _same_everywhere(gradient: Gradient) -> bool | Mapping[str, object]:
    largest = max(1e-9, float(np.abs(gradient.truth).max()))
    same = gradient.is_bias and bool(np.ptp(gradient.array) <= 1e-9 * largest)
    return same and {"what": "every unit has the same value"}


def _is_sum_over_units(gradient: Gradient) -> bool | Mapping[str, object]:
    """Look for the same value everywhere; the right errors of the last layer add up to zero."""
    total = 0.0 if not gradient.hidden else float(gradient.truth.sum())
    value = float(gradient.array.flat[0])
    totals = (total, total / gradient.array.size, total * gradient.size, -total)
    is_likely = any(abs(value - each) <= 1e-6 * max(1e-3, abs(each)) for each in totals)
    return is_likely and _same_everywhere(gradient)


BIAS_SUMMED = Mistake(
    "bias-summed",
    "{what}: is it summed over the units too? Sum over the examples alone, with axis=0",
    name="the bias gradient is summed over the units too",
    lesson="A bias belongs to one unit: sum its errors over the examples, axis 0, and over "
    "nothing else.",
    seen=_is_sum_over_units,
)


def _from_weight_gradients(gradient: Gradient) -> dict[str, np.ndarray]:
    if not gradient.is_bias:
        return {}
    error, entering = gradient.error_of(gradient.layer), gradient.layer_input
    return {
        "the weight gradient, summed over the inputs": gradient.with_error(
            error * entering.sum(axis=1, keepdims=True)
        ),
        "the weight gradient, averaged over the inputs": gradient.with_error(
            error * entering.mean(axis=1, keepdims=True)
        ),
        "the sum of the errors, times the bias": gradient.truth * gradient.parameter,
    }


BIAS_PRODUCT = Mistake(
    "bias-product",
    "it looks like {look}: a bias is multiplied by one, so that its gradient is the sum of the "
    "errors alone",
    name="the bias gradient is multiplied by something",
    lesson="A bias is multiplied by one, so its gradient is the sum of the errors alone.",
    gradient=_from_weight_gradients,
)
BIAS_SHAPE = Mistake(
    "bias-shape",
    "a bias gradient has the shape of the bias, one row: (1, {size}){hint}",
    name="the bias gradient has another shape than the bias",
)


def name_bias_shape(shape: tuple[int, ...], problem: Problem, layer: int) -> Finding:
    """Return the finding for a bias gradient of a wrong shape, with what the shape tells."""
    weight, bias = problem.parameters[layer]
    units, examples = bias.size, len(problem.output)
    if int(np.prod(shape)) == 1 < units:
        return BIAS_SUMMED.finding(what="it is a single number")
    hint = ""
    if shape == (units, 1):
        hint = ", and this is a column"
    elif shape == (examples, units):
        hint = ". The errors have a row for each example still: sum over the examples, axis=0"
    elif shape in ((examples,), (examples, 1), (1, examples)) and examples != units:
        hint = ". This is a number for each example: sum over the examples, axis=0, not the units"
    elif shape == weight.shape:
        hint = ", and this is that of the weight"
    else:
        others = [n + 1 for n, pair in enumerate(problem.parameters) if pair[1].size == shape[-1]]
        if len(others) == 1 and len(shape) <= 2 and int(np.prod(shape)) == shape[-1]:
            hint = f". This is that of layer {others[0]}: each layer has an error of its own"
    return BIAS_SHAPE.finding(size=units, hint=hint)
