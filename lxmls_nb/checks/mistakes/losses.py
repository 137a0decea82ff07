"""Mistakes in the loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import entr, log_expit

from lxmls_nb.checks.mistakes.evidence import Right
from lxmls_nb.checks.mistakes.mistake import Mistake
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, cross_entropy, forward

#: How well a loss has to fit a mistake: one number fits many things by chance.
FIT_OF_A_NUMBER = 1e-5


class Loss(Right):
    """A loss that an answer gave, beside what is right."""

    def __init__(self, problem: Problem, value: float):
        super().__init__(problem)
        self.value = value

    def is_near(self, other: float) -> bool:
        """Whether the loss is what a mistake would give."""
        return bool(np.isfinite(other) and abs(self.value - other) <= FIT_OF_A_NUMBER * abs(other))


def _accuracies(right: Right) -> list[float]:
    share = float(np.mean(right.predicted == right.problem.output))
    return [share, 100 * share, float(np.mean(right.predicted != right.problem.output))]


def _without_logarithm(right: Right) -> list[float]:
    mean = float(right.p_of_class.mean())
    return [mean, -mean, 1 - mean]


def _of_all_classes(right: Right) -> list[float]:
    return [float(-right.log_p.mean()), float(-right.log_p.sum(axis=1).mean())]


def _of_all_pairs(right: Right) -> dict[str, float]:
    output = right.problem.output
    return {
        "`[:, output]` takes the columns of all labels in every row": float(
            -right.log_p[:, output].mean()
        ),
        "`[output]` takes whole rows, counted by the labels": float(
            -right.log_p[np.minimum(output, right.size - 1)].mean()
        ),
    }


def _binary_cross_entropies(right: Right) -> list[float]:
    """Return the loss of a yes or no for each class: over the classes a sum, or a mean."""
    with np.errstate(divide="ignore"):
        of_softmax = np.where(right.onehot > 0, right.log_p, np.log1p(-right.p))
    of_sigmoids = np.where(right.onehot > 0, log_expit(right.z), log_expit(-right.z))
    negative = np.where(right.onehot > 0, 0, of_softmax)
    totals = [float(-array.sum() / right.size) for array in (of_softmax, of_sigmoids, negative)]
    return [total / divisor for total in totals for divisor in (1, right.p.shape[1])]


def _squared_errors(right: Right) -> list[float]:
    squares = (right.p - right.onehot) ** 2
    return [float(np.sum(squares) / right.size), float(np.mean(squares))]


def _of_other_classes(right: Right) -> list[float]:
    output = right.problem.output
    return [
        float(-right.log_p.max(axis=1).mean()),
        float(-right.log_p[right.rows, np.sort(output)].mean()),
        float(-right.log_p[right.rows, right.p.shape[1] - 1 - output].mean()),
        float(-right.log_p[right.rows, output - 1].mean()),
        *(float(-column.mean()) for column in right.log_p.T),
    ]


def _after_a_step(right: Right) -> list[float]:
    gradients = numerical_gradients(right.problem)
    stepped = [
        [
            [array - rate * slope for array, slope in zip(*pairs, strict=True)]
            for pairs in zip(right.problem.parameters, gradients, strict=True)
        ]
        for rate in (1, 0.5, 0.1, 0.05, 0.01, 0.001)
    ]
    output = right.problem.output
    return [
        float(cross_entropy(forward(right.problem, parameters).log_probabilities, output))
        for parameters in stepped
    ]


def _with_small_number(right: Right) -> dict[str, float]:
    """Return losses where the logarithm is taken of p + c, or of no less than c."""
    numbers = {f"{c:.2g}": c for c in (*(10.0**-k for k in range(1, 21)), *SMALL)}
    p, log_p = right.p_of_class, -right.losses
    added = {
        f"with {look} added to, or put in the place of,": -np.logaddexp(log_p, np.log(c))
        for look, c in numbers.items()
    }
    cut = {
        f"of no less than {look}, not": -np.maximum(log_p, np.log(c)) for look, c in numbers.items()
    }
    left_out = {"without those that are 0 of": np.where(p > 0, right.losses, 0)}
    return {look: float(each.mean()) for look, each in (added | cut | left_out).items()}


def _with_penalty(right: Right) -> list[float]:
    """Return losses with a multiple of the squared weights added, as a regulariser."""
    weights = [weight for weight, _ in right.problem.parameters]
    biases = [bias for _, bias in right.problem.parameters]
    sums = [
        sum(float(np.sum(function(array))) for array in arrays)
        for function in (np.square, np.abs)
        for arrays in (weights, [*weights, *biases])
    ]
    factors = [
        lead * 10.0**-power / divisor
        for power in range(0, 6)
        for lead in (1, 0.5, 2, 5, 2.5)
        for divisor in (1, right.size)
    ]
    return [right.loss + factor * total for total in sums for factor in factors]


#: What is the smallest there is: of a step from one, and of all, in float64 and in float32.
SMALL = tuple(
    float(value)
    for kind in (np.float64, np.float32)
    for value in (np.finfo(kind).eps, np.finfo(kind).tiny, np.finfo(kind).smallest_subnormal)
)

#: The looks of logarithms of other bases.
BITS = "in bits, with logarithms of base 2"
TENTHS = "in logarithms of base 10"

LOSS_BASE = Mistake(
    "loss-base",
    "it is {look}, not in nats: use the natural logarithm",
    name="the loss is not in nats",
    lesson="`np.log` is the natural logarithm, which the loss is measured in; `np.log2` and "
    "`np.log10` are not.",
    loss=lambda right: {BITS: right.loss / np.log(2), TENTHS: right.loss / np.log(10)},
    log_probabilities=lambda output: {
        BITS: output.log_p / np.log(2),
        TENTHS: output.log_p / np.log(10),
    },
)

#: Of the loss itself; in this order, the first that fits is named.
OF_LOSSES = (
    Mistake(
        "loss-sign",
        "the sign is opposite: the loss is minus the mean log-probability",
        lesson="Log-probabilities are never positive, so a loss has a minus in front and is never "
        "negative.",
        loss=lambda right: [-right.loss],
    ),
    Mistake(
        "loss-sum",
        "it is {look} times the mean: is the average over the batch missing?",
        name="the loss is not averaged over the batch",
        lesson="The loss is the mean over the batch, so that it does not grow with the number of "
        "examples.",
        loss=lambda right: {str(right.size): right.size * right.loss},
    ),
    LOSS_BASE,
    Mistake(
        "loss-accuracy",
        "it is an accuracy, not a cross-entropy",
        name="an accuracy is returned as the loss",
        loss=_accuracies,
    ),
    Mistake(
        "loss-pairs",
        "it seems to mix examples: {look}. Pick the probability of each example's own class",
        name="the loss mixes examples",
        lesson="`p[:, output]` selects whole columns: rows and columns go in pairs, "
        "`p[np.arange(M), output]`.",
        loss=_of_all_pairs,
    ),
    Mistake(
        "loss-no-log",
        "the logarithm seems to be missing",
        lesson="The loss of an example is minus the logarithm of the probability of its class.",
        loss=_without_logarithm,
    ),
    Mistake(
        "loss-all-classes",
        "the log-probabilities of all classes seem to be summed: only that of the right class "
        "counts",
        lesson="Only the log-probability of the right class counts in the loss.",
        loss=_of_all_classes,
    ),
    Mistake(
        "loss-squares",
        "it is a squared error, not a cross-entropy",
        name="the loss is a squared error",
        loss=_squared_errors,
    ),
    Mistake(
        "loss-entropy",
        "it is the entropy of the predictions: only the right class of each example counts",
        name="the loss is the entropy of the predictions",
        loss=lambda right: [float(entr(right.p).sum() / right.size)],
    ),
    Mistake(
        "loss-binary",
        "it looks like a binary cross-entropy, a yes or no for each class: with a softmax, the "
        "log-probability of the right class is all that counts",
        name="the loss is a binary cross-entropy",
        loss=_binary_cross_entropies,
    ),
    Mistake(
        "loss-other-class",
        "the probability of another class than the right one seems to be picked",
        loss=_of_other_classes,
    ),
    Mistake(
        "loss-exp",
        "it is the exponential of the loss, known as perplexity",
        name="the exponential of the loss is returned",
        loss=lambda right: [float(np.exp(right.loss))],
    ),
    Mistake(
        "loss-median",
        "it is the median over the batch, not the mean",
        name="the median is taken, not the mean",
        loss=lambda right: [float(np.median(right.losses))],
    ),
    Mistake(
        "loss-one-example",
        "it is the loss of a single example",
        name="the loss is that of a single example",
        loss=lambda right: [
            float(right.losses[number]) / divisor
            for number in (0, -1)
            for divisor in (1, right.size)
        ],
    ),
    Mistake(
        "loss-cut-off",
        "it is the logarithm {look} the probability: take the logarithm of the softmax in one go, "
        "as z - logsumexp(z), and it needs no help where a probability is nearly 0",
        name="something is added to the probabilities, or cut off, before the logarithm",
        lesson="Compute the logarithm of the softmax in one go, z - logsumexp(z): it needs no "
        "small constant.",
        loss=_with_small_number,
    ),
    Mistake(
        "loss-penalty",
        "a multiple of the parameters' size seems to be added, a regulariser: here the loss is the "
        "mean cross-entropy alone",
        loss=_with_penalty,
    ),
    Mistake(
        "loss-stepped",
        "it is the loss after a step of SGD: take it with the parameters as they are given",
        name="the loss is that after a step",
        loss=_after_a_step,
    ),
)


def _is_fraction(loss: Loss) -> bool | Mapping[str, object]:
    size, classes = loss.p.shape
    divisors = (size, classes, size * classes, size + 1, 30 / size, 0.5, 2, 10, np.sqrt(size))
    near = any(
        divisor != 1 and loss.is_near(sign * loss.loss / divisor)
        for divisor in divisors
        for sign in (1, -1)
    )
    return near and {"factor": loss.value / loss.loss, "size": size}


LOSS_AVERAGE = Mistake(
    "loss-average",
    "it is {factor:.4g} times the right one: what is it divided by? It should be the size of this "
    "batch, {size}, once",
    name="the loss is off by a factor",
    lesson="The loss is a mean over the batch: divide by the number of its examples, exactly once.",
    seen=_is_fraction,
)
