"""Mistakes that make log-probabilities infinite, or no numbers, where z is large."""

from __future__ import annotations

import numpy as np

from lxmls_nb.checks.mistakes.form import NOT_FINITE
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.problems import Problem, forward

#: Values of z that are no danger: exp(z) overflows beyond 88 in float32, beyond 709 in float64.
HARMLESS = 80

LOG_OF_SOFTMAX = Mistake(
    "log-of-softmax",
    "some values are minus infinity, the logarithm of a probability that has become 0: compute "
    "softmax and logarithm in one go, with `torch.log_softmax` or z - logsumexp(z)",
    name="the logarithm of a probability that has become 0",
    lesson="Compute the logarithm of the softmax in one go, z - logsumexp(z): a probability can "
    "become 0, its logarithm is then infinite.",
)
OVERFLOWS = Mistake(
    "exponentials-overflow",
    "the exponentials overflow where z is large: subtract the largest z of each row first, or use "
    "`torch.log_softmax` or `torch.logsumexp`",
    lesson="The exponential of a large number overflows: subtract the largest z of each row "
    "first, or use a function that does so.",
)
ROWS_UNDERFLOW = Mistake(
    "rows-underflow",
    "in some rows all exponentials have become 0: subtract the largest z of each row, "
    "`z.max(dim=1, keepdim=True)`, not of the whole batch, or use `torch.log_softmax`",
    lesson="Each example has a largest z of its own: subtract it row by row.",
)
NO_NUMBERS = Mistake(
    "no-numbers",
    "some values are no numbers where z is large: exponentials overflow, or all of a row become 0 "
    "as the maximum of the whole batch is subtracted. Use `torch.log_softmax`",
)
SIGMOID_OVERFLOWS = Mistake(
    "sigmoid-overflows",
    "the exponentials in the sigmoid overflow where z of a hidden layer is large, as in "
    "exp(z) / (1 + exp(z)): use `torch.sigmoid`, or 1 / (1 + exp(-z))",
    name="a sigmoid that overflows",
    lesson="exp(z) / (1 + exp(z)) is no number where z is large, 1 / (1 + exp(-z)) is 1.",
)
HIDDEN_OVERFLOWS = Mistake(
    "hidden-overflows",
    "exponentials such as `math.exp(-z)` overflow where z of a hidden layer is large or far below "
    "0. None is needed: the derivative of the sigmoid is a * (1 - a), with a from `log_forward`",
    name="a sigmoid, or its derivative, that overflows",
    lesson="exp(-z) / (1 + exp(-z))² is no number where z is far below 0: a * (1 - a) always is.",
)
SIGMOID_CUT_OFF = Mistake(
    "sigmoid-cut-off",
    "where z of a hidden layer is about -12, it is {times} what is right: is z, or the sigmoid, "
    "cut off there, as by `clip` or `clamp`? The sigmoid needs none",
    name="a sigmoid that is cut off, and its gradient with it",
    lesson="Where a value is cut off, no gradient gets through. `torch.sigmoid`, or "
    "1 / (1 + exp(-z)), needs no limits.",
)
LOG_OF_NEGATIVE = Mistake(
    "log-of-negative",
    "some values are not finite, although z is small: is it the logarithm of zero or of a negative "
    "number, or a division by zero?",
)


def name_not_finite(array: np.ndarray, problem: Problem) -> Finding:
    """Return the likely mistake where log-probabilities are not finite.

    Parameters
    ----------
    array : ndarray, shape (M, K)
    problem : Problem
    """
    z = forward(problem).linear[-1]
    if float(np.abs(z).max()) < HARMLESS:
        return LOG_OF_NEGATIVE.finding()
    if np.any(np.isnan(array)):
        return NO_NUMBERS.finding()
    has_full_rows = bool(np.any(np.all(np.isneginf(array), axis=1)))
    if np.any(np.isposinf(array)) and not has_full_rows:
        return ROWS_UNDERFLOW.finding()
    # The most probable class of each row has a logarithm close to 0, if exponentials are fine.
    if np.all(np.isfinite(array.max(axis=1))):
        return LOG_OF_SOFTMAX.finding()
    if np.any(np.isneginf(array)):
        return OVERFLOWS.finding()
    return NOT_FINITE.finding()
