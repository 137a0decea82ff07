"""From values that are no finite numbers to the likely mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.problems import Problem, forward, make_problem

#: Differences of z beyond which exponentials, or their logarithms, are in danger: exp(-88) is
#: nearly 0 in float32, exp(-709) in float64.
LARGE = 80

#: Numbers beyond which a loss stands for infinity, as what `np.nan_to_num` puts in its place.
HUGE = 1e30

#: What is added to all of z, which changes no probability, to have exponentials overflow.
SHIFT = 1000.0

LOG_OF_ZERO = Mistake(
    "log-of-zero",
    "it is {value} where the model is very sure: a probability has become 0, and its logarithm "
    "infinite. Take the logarithm of the softmax in one go, z - logsumexp(z), without the "
    "probabilities",
    name="the logarithm of a probability that has become 0",
    lesson="Compute the logarithm of the softmax in one go, z - logsumexp(z): a probability can "
    "become 0, its logarithm is then infinite.",
)
OVERFLOW = Mistake(
    "overflow",
    "there are values that are no numbers: exp(z) overflows where z is large. Subtract the largest "
    "z of each row first, or use logsumexp",
    name="exponentials overflow",
    lesson="The exponential of a large number overflows: subtract the largest z of each row "
    "first, or use logsumexp.",
)
ROWS_VANISH = Mistake(
    "rows-vanish",
    "there are values that are no numbers: in some rows all exponentials become 0. Is the largest "
    "z of the whole array subtracted? Each row has its own, max(axis=1, keepdims=True)",
    name="the largest z of the whole array is subtracted",
    lesson="Each example has a largest z of its own: subtract it row by row, `max(axis=1, "
    "keepdims=True)`.",
)
DIVISION = Mistake(
    "divided-by-zero",
    "there are values that are no numbers where a probability becomes 0: is it divided by, or its "
    "logarithm taken, on the way to a gradient? Neither is needed there",
    name="a probability that has become 0 is divided by, or its logarithm taken",
    lesson="A probability can become 0: don't divide by it. With respect to z, the derivative of "
    "the loss is probabilities minus indicators, which divides by none.",
)
UNDEFINED = Mistake(
    "undefined",
    "there are values that are not finite, although no number here is large: is it a division by "
    "zero, or the logarithm of 0 or of a negative number?",
    name="a division by zero, or the logarithm of 0 or of a negative number",
)


def is_finite(values: object) -> bool:
    """Whether values are finite, and none stands for infinity."""
    array = np.asarray(values)
    return bool(np.all(np.isfinite(array))) and float(np.abs(array).max(initial=0)) < HUGE


def name_not_finite(
    loss: np.ndarray | None,
    gradients: list[np.ndarray],
    problem: Problem,
    rerun: Callable[[Problem], list[np.ndarray]],
) -> Finding:
    """Return the likely mistake where the loss or a gradient is not finite.

    Parameters
    ----------
    loss : ndarray of no dimension, optional
    gradients : list of ndarray
    problem : Problem
    rerun : callable
        Runs the answer on another problem and returns all numbers that it gives.
    """
    z = forward(problem).linear[-1]
    if float(np.ptp(z, axis=1).max()) < LARGE and float(np.abs(z).max()) < LARGE:
        return UNDEFINED.finding()
    # All z are large, and the differences between them small: only exponentials that are taken
    # without the largest z subtracted come to no good.
    if not all(map(is_finite, rerun(_shifted(problem)))):
        return OVERFLOW.finding()
    if loss is not None and all(map(is_finite, gradients)):
        return LOG_OF_ZERO.finding(value=_in_words(loss))
    # With the same example in each row, the largest z of all is that of each row.
    for number in range(len(problem.output)):
        same = np.full(len(problem.output), number)
        alike = replace(problem, input=problem.input[same], output=problem.output[same])
        arrays = rerun(alike)
        if loss is None and not all(is_finite(array) for array in arrays if array.ndim):
            return DIVISION.finding()
        # A loss comes to no good by its own logarithm, whatever is divided by afterwards.
        losses = [array for array in arrays if not array.ndim and not is_finite(array)]
        if loss is not None and any(_in_words(each) == _in_words(loss) for each in losses):
            return LOG_OF_ZERO.finding(value=_in_words(loss))
    return ROWS_VANISH.finding()


def _in_words(loss: np.ndarray) -> str:
    """Return what a loss that is not finite is."""
    return "not a number" if np.isnan(loss) else "infinite" if np.isinf(loss) else "huge"


def _shifted(problem: Problem) -> Problem:
    """Return a problem of the same sizes with large z, but small differences between them."""
    shifted = make_problem(
        problem.geometry,
        len(problem.output),
        activation_functions=problem.activation_functions,
    )
    shifted.parameters[-1][1] = shifted.parameters[-1][1] + SHIFT
    return shifted
