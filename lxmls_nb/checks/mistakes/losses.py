"""Mistakes in the loss, and from a wrong loss to the likely one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lxmls_nb.checks.mistakes.averaging import MISSING_EXAMPLE
from lxmls_nb.checks.mistakes.evidence import Right
from lxmls_nb.checks.mistakes.forward_pass import BINARY_INPUT
from lxmls_nb.checks.mistakes.gradients import INSTEAD_OF_PROBABILITIES
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake, first_seen
from lxmls_nb.checks.mistakes.probabilities import (
    ARGMAX,
    LOG_PROBABILITIES,
    LOGITS,
    OVER_ALL,
    OVER_BATCH,
    TWICE_SOFTMAX,
)
from lxmls_nb.checks.mistakes.values import PRECISION
from lxmls_nb.checks.problems import Problem

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
    losses = -np.log(right.p)
    return [float(losses.mean()), float(losses.sum(axis=1).mean())]


def _squared_errors(right: Right) -> list[float]:
    squares = (right.p - right.onehot) ** 2
    return [float(np.sum(squares) / right.size), float(np.mean(squares))]


def _of_other_classes(right: Right) -> list[float]:
    output = right.problem.output
    return [
        float(-np.log(right.p.max(axis=1)).mean()),
        float(-np.log(right.p[right.rows, np.sort(output)]).mean()),
        float(-np.log(right.p[right.rows, right.p.shape[1] - 1 - output]).mean()),
    ]


LOSS_BASE = Mistake(
    "loss-base",
    "it is in bits, not nats: use the natural logarithm",
    loss=lambda right: [right.loss / np.log(2), right.loss / np.log(10)],
    log_probabilities=lambda output: [output.log_p / np.log(2)],
)

#: Of the loss itself; in this order, the first that fits is named.
OF_LOSSES = (
    Mistake(
        "loss-sign",
        "the loss is negative: it is minus the mean log-probability",
        loss=lambda right: [-right.loss],
    ),
    Mistake(
        "loss-sum",
        "it is {look} times the mean: is the average over the batch missing?",
        loss=lambda right: {str(right.size): right.size * right.loss},
    ),
    LOSS_BASE,
    Mistake(
        "loss-accuracy",
        "it is an accuracy, not a cross-entropy",
        loss=_accuracies,
    ),
    Mistake(
        "loss-pairs",
        "it seems to mix examples: pick the probability of each example's own class",
        loss=lambda right: [float(-np.log(right.p)[:, right.problem.output].mean())],
    ),
    Mistake(
        "loss-no-log",
        "the logarithm seems to be missing",
        loss=_without_logarithm,
    ),
    Mistake(
        "loss-all-classes",
        "the log-probabilities of all classes seem to be summed: only that of the right class "
        "counts",
        loss=_of_all_classes,
    ),
    Mistake(
        "loss-squares",
        "it is a squared error, not a cross-entropy",
        loss=_squared_errors,
    ),
    Mistake(
        "loss-entropy",
        "it is the entropy of the predictions: only the right class of each example counts",
        loss=lambda right: [float(-np.sum(right.p * np.log(right.p)) / right.size)],
    ),
    Mistake(
        "loss-other-class",
        "the probability of another class than the right one seems to be picked",
        loss=_of_other_classes,
    ),
    Mistake(
        "loss-exp",
        "it is the exponential of the loss, known as perplexity",
        loss=lambda right: [float(np.exp(right.loss))],
    ),
    Mistake(
        "loss-median",
        "it is the median over the batch, not the mean",
        loss=lambda right: [float(np.median(right.losses))],
    ),
    Mistake(
        "loss-one-example",
        "it is the loss of a single example",
        loss=lambda right: [float(right.losses[0]), float(right.losses[-1])],
    ),
)


def _is_fraction(loss: Loss) -> bool | Mapping[str, object]:
    size, classes = loss.p.shape
    divisors = (size, classes, size * classes, size + 1, 30 / size, 0.5, 2, 10, np.sqrt(size))
    near = any(divisor != 1 and loss.is_near(loss.loss / divisor) for divisor in divisors)
    return near and {"factor": loss.value / loss.loss}


LOSS_AVERAGE = Mistake(
    "loss-average",
    "it is off by a constant factor, {factor:.4g}: it should be averaged over the batch alone",
    seen=_is_fraction,
)

#: Mistakes with probabilities that show in a loss, however the forward pass is made.
OF_ANY_FORWARD_PASS = (OVER_BATCH, OVER_ALL, TWICE_SOFTMAX, BINARY_INPUT)

#: Mistakes with probabilities that a loss cannot show, or shows otherwise.
NOT_IN_LOSSES = (LOG_PROBABILITIES, ARGMAX, LOGITS)


def name_loss(value: float, problem: Problem, of_forward: bool = True) -> Finding | None:
    """Return the likely mistake in a wrong loss, None if no known one fits.

    Parameters
    ----------
    value : float
        The student's loss.
    problem : Problem
    of_forward : bool
        Whether mistakes of the forward pass come into question, too.
    """
    loss = Loss(problem, value)
    right = loss.loss
    for finding, other in _suspects(loss, of_forward):
        if loss.is_near(other) and not abs(other - right) <= FIT_OF_A_NUMBER * abs(right):
            return finding
    found = first_seen([LOSS_AVERAGE], loss)
    if found is None and abs(value - right) <= 2e-2 * abs(right):
        return PRECISION.finding()
    return found


def _suspects(right: Right, of_forward: bool) -> Iterator[tuple[Finding, float]]:
    """Yield findings and the losses that they would give."""
    for mistake in (*OF_LOSSES, LOGITS, MISSING_EXAMPLE):
        yield from mistake.findings(mistake.loss, right)
    for mistake in INSTEAD_OF_PROBABILITIES:
        if mistake in OF_ANY_FORWARD_PASS or (of_forward and mistake not in NOT_IN_LOSSES):
            for finding, p in mistake.findings(mistake.probabilities, right):
                yield finding, float(-np.log(p[right.rows, right.problem.output]).mean())
