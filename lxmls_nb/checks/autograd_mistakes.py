"""Likely mistakes in the operations of "Build it yourself": what comes out with each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = Sequence[np.ndarray]
#: From the inputs, the result and the error: a wrong array for one of the parents.
Wrong = Callable[[Arrays, np.ndarray, np.ndarray], Any]


@dataclass(frozen=True)
class WrongWayBack:
    """A wrong way to compute what gets back to one parent.

    Attributes
    ----------
    parent : int
    text : str
        What is wrong, and what to do.
    compute : callable
    """

    parent: int
    text: str
    compute: Wrong


# --- what is wrong with values --------------------------------------------------------------------


def _softmax(z: np.ndarray, axis: int | None = 1) -> np.ndarray:
    powers = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return np.asarray(powers / np.sum(powers, axis=axis, keepdims=True))


OF_SIGMOID = (
    (
        "it is the sigmoid of minus z: the sign within the exponential",
        lambda z: 1 / (1 + np.exp(z)),
    ),
    ("it is the hyperbolic tangent", np.tanh),
)
OF_LOG_SOFTMAX = (
    ("these are probabilities, and their logarithms are asked for", _softmax),
    (
        "it takes the sum over all rows, and each row is an example",
        lambda z: np.log(_softmax(z, None)),
    ),
    (
        "it takes the sum over a column, and each row is an example",
        lambda z: np.log(_softmax(z, 0)),
    ),
)

# --- what is wrong with errors --------------------------------------------------------------------

OF_UNDOING = (
    WrongWayBack(
        0,
        "it is not summed over the batch. All rows have used the same numbers, so the errors of "
        "all rows are added.",
        lambda inputs, value, error: error,
    ),
    WrongWayBack(
        0,
        "it has the mean over the batch in the place of the sum. The loss has its mean in it "
        "already.",
        lambda inputs, value, error: error.mean(axis=0, keepdims=True),
    ),
    WrongWayBack(
        0,
        "the axis that was summed over is gone: `keepdims=True` keeps it, with size 1.",
        lambda inputs, value, error: error.sum(axis=0),
    ),
    WrongWayBack(
        0,
        "it is summed over the wrong axis: rows are examples, and `axis=0` runs over them.",
        lambda inputs, value, error: error.sum(axis=1, keepdims=True),
    ),
    WrongWayBack(
        0,
        "everything is summed, and only what was stretched is to be.",
        lambda inputs, value, error: error.sum(),
    ),
)


OF_MULTIPLY = (
    WrongWayBack(
        0,
        "it is the error times `a`, its own value. The derivative of a·b with respect to a is b.",
        lambda inputs, value, error: error * inputs[0],
    ),
    WrongWayBack(
        0,
        "the derivatives are added where each stands for one parent.",
        lambda inputs, value, error: error * (inputs[0] + inputs[1]),
    ),
)

#: With square matrices nothing stops the wrong ones.
OF_MATMUL = (
    WrongWayBack(
        0,
        "`b` is not transposed. The error takes the way of the forward pass back, with the "
        "transpose of the Jacobian.",
        lambda inputs, value, error: error @ inputs[1],
    ),
    WrongWayBack(
        0,
        "the factors are in the wrong order: the error comes first, as its rows are examples.",
        lambda inputs, value, error: inputs[1].T @ error,
    ),
    WrongWayBack(
        1,
        "`a` is not transposed. Its shape is that of `b`, so the sum runs over the examples.",
        lambda inputs, value, error: inputs[0] @ error,
    ),
    WrongWayBack(
        1,
        "the factors are in the wrong order: what came in, transposed, comes first.",
        lambda inputs, value, error: error @ inputs[0].T,
    ),
    WrongWayBack(
        1,
        "it is transposed: what came in, transposed, comes first, and then the error.",
        lambda inputs, value, error: error.T @ inputs[0],
    ),
)
OF_SIGMOID_BACK = (
    WrongWayBack(
        0,
        "z stands in the place of z̃. The derivative of the sigmoid is z̃ (1 - z̃), of its output.",
        lambda inputs, value, error: error * inputs[0] * (1 - inputs[0]),
    ),
    WrongWayBack(
        0,
        "the factor (1 - z̃) is missing.",
        lambda inputs, value, error: error * value,
    ),
    WrongWayBack(
        0,
        "the factor z̃ is missing.",
        lambda inputs, value, error: error * (1 - value),
    ),
    WrongWayBack(
        0,
        "it is the derivative of the hyperbolic tangent, 1 - z̃².",
        lambda inputs, value, error: error * (1 - value**2),
    ),
    WrongWayBack(
        0,
        "the derivative is left out: the error passes as if there were no sigmoid.",
        lambda inputs, value, error: error,
    ),
)
OF_LOG_SOFTMAX_BACK = (
    WrongWayBack(
        0,
        "each error stays in its own column. All outputs of a row depend on each of its inputs, so "
        "the errors of the row are summed before they are multiplied by the probabilities.",
        lambda inputs, value, error: error - np.exp(value) * error,
    ),
    WrongWayBack(
        0,
        "the errors of the row are not in the second term: their sum is multiplied by the "
        "probabilities.",
        lambda inputs, value, error: error - np.exp(value),
    ),
    WrongWayBack(
        0,
        "log-probabilities stand where probabilities belong.",
        lambda inputs, value, error: error - value * error.sum(axis=1, keepdims=True),
    ),
    WrongWayBack(
        0,
        "the sum runs over a column, and each row is an example: `axis=1`.",
        lambda inputs, value, error: error - np.exp(value) * error.sum(axis=0, keepdims=True),
    ),
    WrongWayBack(
        0,
        "the sum runs over all rows, and each row is an example: `axis=1`.",
        lambda inputs, value, error: error - np.exp(value) * error.sum(),
    ),
    WrongWayBack(
        0,
        "the second term is missing: the sum in the denominator depends on each z, too.",
        lambda inputs, value, error: error,
    ),
    WrongWayBack(
        0,
        "only the second term is there: z itself stands in the result, too.",
        lambda inputs, value, error: -np.exp(value) * error.sum(axis=1, keepdims=True),
    ),
    WrongWayBack(
        0,
        "the two terms have the same sign, and the second is subtracted.",
        lambda inputs, value, error: error + np.exp(value) * error.sum(axis=1, keepdims=True),
    ),
)
