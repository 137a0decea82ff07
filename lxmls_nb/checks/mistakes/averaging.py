"""Mistakes in the average over the batch, and in what of the batch counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lxmls_nb.checks.mistakes.evidence import Gradient, Right
from lxmls_nb.checks.mistakes.fit import FIT
from lxmls_nb.checks.mistakes.mistake import Mistake

# --- a constant factor; the errors of one example are in proportion for many reasons


#: What learning rates mostly are.
LEARNING_RATES = (0.1, 0.05, 0.01, 0.005, 0.001)


def _is_sum(gradient: Gradient) -> bool | Mapping[str, object]:
    size = gradient.size
    for factor, also in ((size, ""), (-size, ", and the sign opposite")):
        if size > 1 and gradient.is_times(factor):
            return {"factor": factor, "size": size, "also": also}
    return False


def _is_too_small(gradient: Gradient) -> bool | Mapping[str, object]:
    size = gradient.size
    telling = size > 1 and size not in gradient.problem.geometry
    for sign, also in ((1, ""), (-1, ", and the sign is opposite")):
        if telling and gradient.is_times(sign / size):
            return {"factor": size, "also": also}
    return False


def _is_multiple(gradient: Gradient) -> bool | Mapping[str, object]:
    size, factor = gradient.size, gradient.factor
    if size == 1 or factor is None:
        return False
    divisor = size / abs(factor)
    guess = ""
    if any(abs(abs(factor) - rate) <= FIT * rate for rate in LEARNING_RATES):
        guess = f", as if multiplied by a learning rate of {abs(factor):.2g}"
    elif divisor > 1.5 and abs(divisor - round(divisor)) <= FIT * divisor:
        guess = f", as if divided by {round(divisor)}"
    length = float(np.linalg.norm(gradient.array))
    for round_length in (1.0, 5.0, 10.0):
        if abs(length / round_length - 1) <= FIT:
            guess = f", as if scaled or cut to the length {round_length:g}"
    sign = ", and of the opposite sign" if factor < 0 else ""
    return {"factor": factor, "batch": size, "guess": guess, "sign": sign}


FACTOR = Mistake(
    "factor",
    "it is {factor:.4g} times the numerical one, everywhere{guess}{sign}: is it multiplied or "
    "divided by something else than once by the size of this batch, {batch}?",
    name="the gradient is off by a factor",
    lesson="The loss is a mean over the batch, so divide by the number of its examples, exactly "
    "once, and by nothing else.",
    seen=_is_multiple,
)

#: Gradients that are the right ones times a number. The first that shows is named.
FACTORS = (
    Mistake(
        "sign",
        "the sign is opposite: is it subtracted where it should be added, or the error turned "
        "around?",
        lesson="The error is probabilities minus indicators, in this order; the minus of the step "
        "downhill comes in the update, not in the gradient.",
        seen=lambda gradient: gradient.is_times(-1),
    ),
    Mistake(
        "sum",
        "it is {factor} times the numerical one, and the batch has {size} examples: is the average "
        "over the batch missing{also}?",
        name="the average over the batch is missing",
        lesson="The loss is a mean over the batch, so its gradient is one, too: divide the sum "
        "over the examples by their number.",
        seen=_is_sum,
    ),
    Mistake(
        "averaged-twice",
        "it is {factor} times too small, and the batch has {factor} examples: is it averaged "
        "over the batch twice{also}?",
        name="the average over the batch is taken twice",
        lesson="Divide by the number of examples once: either in the error or in the gradients, "
        "not in both.",
        seen=lambda gradient: not gradient.is_bias and _is_too_small(gradient),
    ),
    Mistake(
        "bias-averaged",
        "it is {factor} times too small: is it averaged over the batch once too often? The error "
        "is averaged already{also}",
        name="the bias gradient is averaged over the batch once too often",
        lesson="If the error is divided by the number of examples already, the bias gradient is "
        "its sum over the batch, not its mean.",
        seen=lambda gradient: gradient.is_bias and _is_too_small(gradient),
    ),
    FACTOR,
)

# --- examples


def _of_first_and_last(right: Right) -> list[np.ndarray]:
    """Return the derivatives of the loss where the first example, or the last, counts alone."""
    examples = sorted({0, right.size - 1})
    return [right.output_error * (right.rows == number)[:, None] for number in examples]


def _only_one(right: Right) -> list[np.ndarray]:
    if right.size == 1:
        return []
    return [error * factor for error in _of_first_and_last(right) for factor in (1, right.size)]


ONE_EXAMPLE = Mistake(
    "one-example",
    "it is the gradient of a single example: are the others overwritten or left out?",
    name="only one example of the batch counts",
    lesson="Every example adds its part to the gradient: inside a loop, add with `+=`, and return "
    "after the loop.",
    error=_only_one,
)


def _all_but_one(right: Right) -> list[np.ndarray]:
    if right.size <= 2:
        return []
    return [right.output_error - error for error in _of_first_and_last(right)]


def _losses_of_all_but_one(right: Right) -> list[float]:
    sums = [float(part.sum()) for part in (right.losses[:-1], right.losses[1:])]
    return [total / divisor for total in sums for divisor in (right.size, max(1, right.size - 1))]


MISSING_EXAMPLE = Mistake(
    "missing-example",
    "an example of the batch seems to be left out",
    lesson="Check where a loop or a slice over the batch begins and ends: each example counts "
    "once.",
    error=_all_but_one,
    loss=_losses_of_all_but_one,
)


def _mean_input(gradient: Gradient) -> list[np.ndarray]:
    mean = gradient.layer_input.mean(axis=0, keepdims=True)
    return [np.repeat(mean, gradient.size, axis=0)]


MEAN_OUTER = Mistake(
    "mean-outer",
    "it is the product of averages: it should be the average of the products, example by example",
    name="averages are multiplied, instead of averaging products",
    lesson="The average of products is not the product of averages: multiply error and input "
    "example by example, then average.",
    layer_input=_mean_input,
)
ALL_PAIRS = Mistake(
    "all-pairs",
    "every example's error seems to be multiplied by every example's input: only those of the "
    "same example go together",
    name="errors are multiplied by the inputs of other examples",
    lesson="Only the error and the input of the same example go together: `error.T @ input` pairs "
    "them row by row.",
    layer_input=lambda gradient: [mean * gradient.size for mean in _mean_input(gradient)],
)
