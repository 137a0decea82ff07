"""From a wrong gradient to the likely mistake.

Each rule computes what a known mistake would give, and the mistake is named only where the numbers
fit to a thousandth. In each tuple the first that fits is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from lxmls_nb.checks.mistakes.averaging import (
    ALL_PAIRS,
    FACTORS,
    MEAN_OUTER,
    MISSING_EXAMPLE,
    ONE_EXAMPLE,
)
from lxmls_nb.checks.mistakes.biases import (
    BIAS_PRODUCT,
    BIAS_SUBTRACTED,
    BIAS_SUMMED,
    BIAS_TWICE,
    NO_BIAS,
)
from lxmls_nb.checks.mistakes.evidence import Gradient
from lxmls_nb.checks.mistakes.fit import FIT, constant_factor, fits
from lxmls_nb.checks.mistakes.forward_pass import (
    ACTIVATION,
    BINARY_INPUT,
    CHANGED_INPUT,
    NO_ACTIVATION,
    OUTPUT_ACTIVATION,
    RESHAPED,
    WEIGHTS_TRANSPOSED,
)
from lxmls_nb.checks.mistakes.hidden_layers import (
    CLOBBERED,
    DERIVATIVES,
    FIRST_WEIGHTS,
    NO_WEIGHTS,
    OTHER_DERIVATIVE,
    OTHER_STEP,
    STEPPED_WEIGHTS,
    WRONG_ERROR,
    WRONG_INPUT,
    WRONG_WEIGHTS,
)
from lxmls_nb.checks.mistakes.mistake import Finding, first_seen
from lxmls_nb.checks.mistakes.output_error import NO_ONEHOT, OUTPUT_ERRORS, SOFTMAX_TWICE
from lxmls_nb.checks.mistakes.probabilities import (
    ARGMAX,
    EXPONENTIAL_TWICE,
    LOG_PROBABILITIES,
    LOGITS,
    NORMALISER,
    NOT_SOFTMAX,
    OVER_ALL,
    OVER_BATCH,
    TWICE_SOFTMAX,
    UNIFORM,
    WITHOUT_WEIGHTS,
)
from lxmls_nb.checks.mistakes.values import DIFFERENCES, POURED, PRECISION, TRANSPOSED, ZERO
from lxmls_nb.checks.problems import Problem

#: In what stands in the place of the probabilities.
INSTEAD_OF_PROBABILITIES = (
    LOG_PROBABILITIES,
    EXPONENTIAL_TWICE,
    ARGMAX,
    LOGITS,
    NO_BIAS,
    BIAS_SUBTRACTED,
    BIAS_TWICE,
    OVER_BATCH,
    OVER_ALL,
    TWICE_SOFTMAX,
    UNIFORM,
    WITHOUT_WEIGHTS,
    OUTPUT_ACTIVATION,
    NORMALISER,
    RESHAPED,
    BINARY_INPUT,
    NOT_SOFTMAX,
)

#: In the examples that count.
EXAMPLES = (ONE_EXAMPLE, MISSING_EXAMPLE)

#: In the weights that the error goes through.
WEIGHTS = (WEIGHTS_TRANSPOSED, WRONG_WEIGHTS, NO_WEIGHTS, STEPPED_WEIGHTS, FIRST_WEIGHTS)

#: In what the error is multiplied by.
LAYER_INPUTS = (BINARY_INPUT, CLOBBERED, WRONG_INPUT, MEAN_OUTER, ALL_PAIRS)

#: In the gradient as a whole.
WHOLE = (OTHER_STEP, WRONG_ERROR, BIAS_PRODUCT, NO_ACTIVATION, ACTIVATION, CHANGED_INPUT, POURED)

#: What rounding leaves of gradients that should be zero.
ROUNDING = 1e-12

#: A finding, and the arguments of :meth:`Gradient.follow` that put the mistake in.
Part = tuple[Finding, dict[str, Any]]


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
    # Over the classes, the errors of a softmax add up to zero, but for rounding.
    if gradient.hidden and _is_nothing(array):
        return NO_WEIGHTS.finding()
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
        if np.all(np.isfinite(wrong)) and not _is_nothing(wrong) and not fits(wrong, truth, 2 * FIT)
    ]
    for finding, wrong in suspects:
        if fits(array, wrong):
            return finding
    found = first_seen(DIFFERENCES, gradient)
    if found is None and gradient.size > 1:
        found = _name_with_factor(suspects, gradient) or _name_two(gradient)
    return found


def _is_nothing(array: np.ndarray) -> bool:
    """Whether an array is zero, but for rounding."""
    return bool(np.abs(array).max(initial=0) < ROUNDING)


def _name_with_factor(
    suspects: list[tuple[Finding, np.ndarray]], gradient: Gradient
) -> Finding | None:
    """Return a known mistake that comes with another sign, or without the average, or twice it."""
    for finding, wrong in suspects:
        factor = constant_factor(gradient.array, wrong)
        if factor is not None and constant_factor(wrong, gradient.truth) is None:
            clause = _factor_clause(factor, gradient.size)
            if clause or finding.mistake in DERIVATIVES:
                return finding.with_also(
                    clause or f"it is {factor:.3g} times as large as with that"
                )
    return None


def _factor_clause(factor: float, size: int) -> str:
    """Return what a factor tells, of a gradient with another mistake in it."""
    clauses = {
        -1: "the sign is opposite",
        size: f"it is {size} times too large, and the average over the {size} examples is missing",
        -size: f"the sign is opposite, and the average over the {size} examples is missing",
        1 / size: f"it is {size} times too small, as if averaged over the batch twice",
        -1 / size: f"the sign is opposite, and it is {size} times too small, as if averaged twice",
        2: "it is twice as large",
    }
    for value, clause in clauses.items():
        if abs(factor - value) <= FIT * abs(value):
            return clause
    return ""


def _name_two(gradient: Gradient) -> Finding | None:
    """Return two known mistakes that come together, with or without a factor."""
    if gradient.array.size < 6:  # too few numbers to tell two from one
        return None
    derivatives, errors, weights, inputs = _parts(gradient)
    # A derivative is taken to be the same in all layers.
    of_all = [each for each in derivatives if len(each[1]["derivatives"]) == len(gradient.hidden)]
    ways: list[tuple[list[Finding], dict[str, Any]]] = [([], {})]
    ways += [([finding], options) for finding, options in [*of_all, *weights]]
    ways += [([one, two], a | b) for (one, a), (two, b) in product(of_all, weights)]
    outputs: list[tuple[list[Finding], np.ndarray]] = [([], gradient.output_error)]
    outputs += [([finding], options["error"]) for finding, options in errors]
    outputs += [(pair, error) for pair, error in _errors_of_two_mistakes(gradient)]
    entering: list[tuple[list[Finding], np.ndarray | None]] = [([], None)]
    entering += [([finding], options["layer_input"]) for finding, options in inputs]
    for on_the_way, options in ways:
        response = gradient.response(gradient.layer, **options)
        for at_output, error in outputs:
            if len(on_the_way) + len(at_output) > 2:
                continue
            here = gradient.through(error, response)
            for at_input, values in entering:
                findings = [*on_the_way, *at_output, *at_input]
                if len(findings) == 2:
                    found = _as_two(findings, gradient.with_error(here, values), gradient)
                    if found is not None:
                        return found
    return None


def _as_two(findings: list[Finding], wrong: np.ndarray, gradient: Gradient) -> Finding | None:
    """Return two findings as one if they would give the gradient, or that times a known factor."""
    factor = constant_factor(gradient.array, wrong)
    if factor is None or _is_nothing(wrong):
        return None
    found = findings[0].with_also(findings[1].sentence())
    if abs(factor - 1) <= FIT:
        return found
    clause = _factor_clause(factor, gradient.size)
    return found.with_also(clause) if clause else None


def _errors_of_two_mistakes(gradient: Gradient) -> Iterator[tuple[list[Finding], np.ndarray]]:
    """Yield errors of something instead of probabilities, with a mistake in the error besides."""
    for mistake in INSTEAD_OF_PROBABILITIES:
        for finding, p in mistake.findings(mistake.probabilities, gradient):
            yield [finding, NO_ONEHOT.finding()], p / gradient.size
            error = (p - gradient.onehot) * p * (1 - p) / gradient.size
            yield [finding, SOFTMAX_TWICE.finding(look="p (1 - p)")], error


def _suspects(gradient: Gradient) -> Iterator[tuple[Finding, np.ndarray]]:
    """Yield findings and the gradients that they would give."""
    for parts in _parts(gradient):
        for finding, options in parts:
            yield finding, gradient.follow(**options)
    for mistake in WHOLE:
        yield from mistake.findings(mistake.gradient, gradient)


def _parts(gradient: Gradient) -> list[list[Part]]:
    """Return findings in each part of the way: derivatives, output, weights, layer's input."""
    derivatives = [(finding, {"derivatives": each}) for finding, each in _derivatives(gradient)]
    errors = [(finding, {"error": error}) for finding, error in _wrong_errors(gradient)]
    weights = [
        (finding, {"weights": each})
        for mistake in WEIGHTS
        for finding, each in mistake.findings(mistake.weights, gradient)
    ]
    inputs = [
        (
            Finding(mistake, {"layer": gradient.layer + 1, **finding.values}),
            {"layer_input": values},
        )
        for mistake in (LAYER_INPUTS if not gradient.is_bias else ())
        for finding, values in mistake.findings(mistake.layer_input, gradient)
    ]
    return [derivatives, errors, weights, inputs]


def _derivatives(gradient: Gradient) -> Iterator[tuple[Finding, dict[int, np.ndarray]]]:
    """Yield findings and derivatives, by layer: of all hidden layers, then of each alone."""
    layers = list(gradient.hidden)
    if not layers or gradient.function != "sigmoid":
        return
    for chosen in [layers, *([layer] for layer in layers if len(layers) > 1)]:
        where = f" of layer {chosen[0] + 1}" if len(chosen) < len(layers) else ""
        for mistake in DERIVATIVES:
            linear = [gradient.values.linear[layer] for layer in chosen]
            of_layers = [mistake.findings(mistake.derivative, z) for z in linear]
            for same in zip(*of_layers, strict=True):  # the same derivative in each of the layers
                arrays = [array for _, array in same]
                finding = Finding(mistake, {**same[0][0].values, "where": where})
                yield finding, dict(zip(chosen, arrays, strict=True))
    yield from OTHER_DERIVATIVE.findings(OTHER_DERIVATIVE.derivatives, gradient)


def _wrong_errors(gradient: Gradient) -> Iterator[tuple[Finding, np.ndarray]]:
    """Yield findings and derivatives of the loss with respect to the last z, (M, K)."""
    for mistake in (*OUTPUT_ERRORS, OUTPUT_ACTIVATION):
        yield from mistake.findings(mistake.error, gradient)
    for mistake in INSTEAD_OF_PROBABILITIES:
        for finding, p in mistake.findings(mistake.probabilities, gradient):
            yield finding, gradient.output_error + (p - gradient.p) / gradient.size
    for mistake in EXAMPLES:
        yield from mistake.findings(mistake.error, gradient)
