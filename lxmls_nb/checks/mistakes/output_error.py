"""Mistakes in the derivative of the loss with respect to the z of the last layer."""

from __future__ import annotations

import numpy as np

from lxmls_nb.checks.mistakes.evidence import Right
from lxmls_nb.checks.mistakes.mistake import Mistake


def _other_indicators(right: Right) -> list[np.ndarray]:
    onehot = right.onehot
    others = [
        onehot[:, ::-1],  # classes counted from the last one
        np.roll(onehot, 1, axis=1),  # one class further
        np.roll(onehot, -1, axis=1),
        np.eye(onehot.shape[1])[right.predicted],
        onehot[np.argsort(right.problem.output)],
        onehot[::-1],  # the examples in reverse order
        2 * onehot - 1,  # minus one and one
        -onehot,  # added, not subtracted
    ]
    return [right.output_error + (onehot - other) / right.size for other in others]


def _times_derivative_of_softmax(right: Right) -> list[np.ndarray]:
    p, error = right.p, right.output_error
    jacobian = p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :])
    return [error * p * (1 - p), np.einsum("mk,mkj->mj", error, jacobian)]


#: The first that fits is named.
OUTPUT_ERRORS = (
    Mistake(
        "no-onehot",
        "the indicator vectors of the right classes seem not to be subtracted",
        error=lambda right: [right.p / right.size],
    ),
    Mistake(
        "onehot",
        "the indicator vectors seem to mark the wrong classes",
        error=_other_indicators,
    ),
    Mistake(
        "softmax-twice",
        "the derivative of the softmax seems to be multiplied in once more: the error at the "
        "output already has it",
        error=_times_derivative_of_softmax,
    ),
    Mistake(
        "true-class",
        "only the right class of each example seems to get an error: all classes do",
        error=lambda right: [right.output_error * right.onehot],
    ),
    Mistake(
        "error-sign",
        "only the sign of the error seems to be used",
        error=lambda right: [np.sign(right.output_error) / right.size, np.sign(right.output_error)],
    ),
    Mistake(
        "absolute",
        "absolute values of the error seem to be used",
        error=lambda right: [np.abs(right.output_error)],
    ),
    Mistake(
        "misclassified",
        "only misclassified examples seem to get an error: all examples do",
        error=lambda right: [
            right.output_error * (right.predicted != right.problem.output)[:, None],
        ],
    ),
)
