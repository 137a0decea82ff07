"""Mistakes in the derivative of the loss with respect to the z of the last layer."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

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
    ]
    return [right.output_error + (onehot - other) / right.size for other in others]


def _divided_in_part(right: Right) -> dict[str, np.ndarray]:
    return {
        "the indicators": right.p - right.onehot / right.size,
        "the probabilities": right.p / right.size - right.onehot,
    }


def _through_softmax(right: Right, by_p: np.ndarray) -> np.ndarray:
    """Return derivatives with respect to z, (M, K), given those with respect to the softmax."""
    p = right.p
    by_z: np.ndarray = p * (by_p - np.sum(by_p * p, axis=1, keepdims=True))
    return by_z


def _times_a_derivative(right: Right) -> dict[str, np.ndarray]:
    p, z, error = right.p, right.z, right.output_error
    return {
        "p (1 - p)": error * p * (1 - p),
        "the Jacobian of the softmax": _through_softmax(right, error),
        "that of the sigmoid, at z": error * expit(z) * (1 - expit(z)),
        "that of the sigmoid, at p": error * expit(p) * (1 - expit(p)),
        "that of the sigmoid, at log p": error * expit(right.log_p) * (1 - expit(right.log_p)),
        "z (1 - z)": error * z * (1 - z),
        "log p (1 - log p)": error * right.log_p * (1 - right.log_p),
        "1 - p²": error * (1 - p**2),
        "that of tanh, at z": error * (1 - np.tanh(z) ** 2),
        "that of a ReLU": error * (z > 0),
        "p": error * p,
        "1 - p": error * (1 - p),
        "1 / p": error / p,
    }


def _of_labels(right: Right) -> list[np.ndarray]:
    """Return errors where the numbers of the classes are subtracted from the probabilities."""
    labels, classes = right.problem.output, right.p.shape[1]
    differences = [right.p - labels[:, None]]
    if right.size == classes:
        differences.append(right.p - labels[None, :])
    return [difference / right.size for difference in differences]


def _at_all_labels(right: Right) -> dict[str, np.ndarray]:
    """Return errors where one is subtracted wherever any label points to."""
    labels = right.problem.output
    if right.size == 1:  # there it looks as if the classes were counted in the batch
        return {}
    columns, rows = np.zeros_like(right.p), np.zeros_like(right.p)
    columns[:, labels] = 1
    rows[labels[labels < right.size]] = 1
    return {
        "`[:, output]` means the columns of all labels, in every row": (right.p - columns)
        / right.size,
        "`[output]` means whole rows, counted by the labels": (right.p - rows) / right.size,
        "one is subtracted everywhere": (right.p - 1) / right.size,
    }


def _of_repeated_classes(right: Right) -> list[np.ndarray]:
    """Return errors where one example of each class alone has its indicator vector."""
    labels = right.problem.output
    if len(set(labels.tolist())) == len(labels):
        return []
    first = np.unique(labels, return_index=True)[1]
    last = len(labels) - 1 - np.unique(labels[::-1], return_index=True)[1]
    kept = [np.isin(right.rows, places)[:, None] for places in (last, first)]
    return [(right.p - right.onehot * rows) / right.size for rows in kept]


def _of_counted_classes(right: Right) -> list[np.ndarray]:
    """Return the error where the single class of a batch of one is taken for all there are."""
    return [right.p - 1] if right.size == 1 else []


CLASSES_COUNTED = Mistake(
    "classes-counted",
    "not every class is in this batch: the number of classes cannot be counted in it, as by "
    "`max() + 1` or `np.unique`. Take it from the weights",
    name="the number of classes is counted in the batch",
    lesson="A batch need not hold every class: the number of classes is the number of rows of the "
    "weight.",
    error=_of_counted_classes,
)


def _by_probabilities(right: Right) -> list[np.ndarray]:
    """Return derivatives of the loss with respect to the probabilities, and of those alone."""
    return [
        -right.onehot / right.p / right.size,
        -right.p_of_class[:, None] * (right.onehot - right.p),
        right.p * (1 - right.p) / right.size,
    ]


def _of_sigmoids(right: Right) -> list[np.ndarray]:
    """Return the error of a squared error of sigmoids, as in early tutorials."""
    a = expit(right.z)
    return [(a - right.onehot) * a * (1 - a) / right.size]


def _of_binary_cross_entropy(right: Right) -> list[np.ndarray]:
    p = right.p
    by_p = (p - right.onehot) / (p * (1 - p)) / right.size
    return [_through_softmax(right, by_p), by_p]


def _of_renumbered_classes(right: Right) -> list[np.ndarray]:
    """Return errors where the labels of a batch without its first class are numbered anew."""
    labels = right.problem.output
    if labels.min() == 0:
        return []
    others = (labels - labels.min(), np.unique(labels, return_inverse=True)[1])
    return [(right.p - np.eye(right.p.shape[1])[other]) / right.size for other in others]


NO_ONEHOT = Mistake(
    "no-onehot",
    "the indicator vectors of the right classes seem not to be subtracted",
    lesson="The error at the output is probabilities minus indicator vectors: without the "
    "indicators, nothing tells the model which class is right.",
    error=lambda right: [right.p / right.size],
)
SOFTMAX_TWICE = Mistake(
    "softmax-twice",
    "the error at the output seems to be multiplied by a derivative, {look}: with softmax "
    "and cross-entropy it is probabilities minus indicators, and nothing more",
    name="the error at the output is multiplied by a derivative once more",
    lesson="With softmax and cross-entropy the derivatives cancel: the error at the output is "
    "probabilities minus indicators, and nothing more.",
    error=_times_a_derivative,
)

#: The first that fits is named.
OUTPUT_ERRORS = (
    CLASSES_COUNTED,
    NO_ONEHOT,
    Mistake(
        "classes-renumbered",
        "the first class is not in this batch: are classes counted from the lowest label, or "
        "numbered as they occur, as by `np.unique`? A label is the index of its class as it is",
        name="classes are numbered as they occur in the batch",
        lesson="A label is the index of its class: a batch need not hold every class.",
        error=_of_renumbered_classes,
    ),
    Mistake(
        "onehot",
        "the indicator vectors seem to mark the wrong classes",
        error=_other_indicators,
    ),
    Mistake(
        "onehot-added",
        "the indicator vectors seem to be added to the probabilities: they are subtracted",
        error=lambda right: [(right.p + right.onehot) / right.size],
    ),
    Mistake(
        "divided-in-part",
        "only {look} seem to be divided by the number of examples: subtract first and divide then, "
        "with brackets around the difference",
        name="the difference is not in brackets where it is divided",
        lesson="`p - y / M` divides y alone: write `(p - y) / M`.",
        error=_divided_in_part,
    ),
    SOFTMAX_TWICE,
    Mistake(
        "indicators-alone",
        "the error seems to be made of the indicator vectors alone: the probabilities, which come "
        "from the normaliser of the softmax, are missing",
        error=lambda right: [-right.onehot / right.size],
    ),
    Mistake(
        "labels-subtracted",
        "the numbers of the classes seem to be subtracted from the probabilities: it is their "
        "indicator vectors, as from `index2onehot`",
        name="the numbers of the classes are subtracted, not their indicators",
        lesson="A class number is a name, not a value: make an indicator vector of it before you "
        "calculate with it.",
        error=_of_labels,
    ),
    Mistake(
        "all-labels",
        "one seems to be subtracted in too many places: {look}. Rows and columns go in pairs: "
        "`[np.arange(M), output]`",
        name="the one is subtracted in too many places",
        lesson="`p[:, output]` selects whole columns: rows and columns go in pairs, "
        "`p[np.arange(M), output]`.",
        error=_at_all_labels,
    ),
    Mistake(
        "repeated-class",
        "of the examples with the same class, only one seems to count: `a[output] -= b` takes each "
        "index once, however often it occurs. Use indicator vectors, or `np.subtract.at`",
        name="of examples with the same class, only one counts",
        lesson="`a[index] -= b` takes each index once, however often it occurs: `np.subtract.at`, "
        "or a product with indicator vectors, takes all.",
        error=_of_repeated_classes,
    ),
    Mistake(
        "error-of-p",
        "the error seems to be a derivative with respect to the probabilities, or of them: it is "
        "that of the loss with respect to z, which is probabilities minus indicators",
        name="the error is a derivative with respect to the probabilities",
        lesson="The error that goes back is the derivative of the loss with respect to z, not "
        "with respect to the probabilities.",
        error=_by_probabilities,
    ),
    Mistake(
        "sigmoid-output",
        "the error looks like that of a squared error of sigmoids, times their derivative: the "
        "output is a softmax, and with cross-entropy its error is probabilities minus indicators",
        name="the error is that of squared errors of sigmoids",
        lesson="The error depends on the loss: with softmax and cross-entropy it is probabilities "
        "minus indicators.",
        error=_of_sigmoids,
    ),
    Mistake(
        "binary-error",
        "the error looks like that of a binary cross-entropy, a yes or no for each class: with a "
        "softmax it is probabilities minus indicators",
        name="the error is that of a yes or no for each class",
        error=_of_binary_cross_entropy,
    ),
    Mistake(
        "loss-as-error",
        "the loss itself seems to be used as the error: that is the derivative of the loss with "
        "respect to z",
        error=lambda right: [
            np.full_like(right.p, right.loss / right.size),
            np.repeat(right.losses[:, None], right.p.shape[1], axis=1) / right.size,
            -right.onehot * right.log_p / right.size,
        ],
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
        "error-squared",
        "the error seems to be squared",
        error=lambda right: [right.output_error**2 * right.size],
    ),
    Mistake(
        "misclassified",
        "only misclassified examples seem to get an error: all examples do",
        error=lambda right: [
            right.output_error * (right.predicted != right.problem.output)[:, None],
        ],
    ),
)
