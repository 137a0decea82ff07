"""From a wrong loss to the likely mistake."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from lxmls_nb.checks.mistakes.averaging import MISSING_EXAMPLE
from lxmls_nb.checks.mistakes.evidence import Right
from lxmls_nb.checks.mistakes.forward_pass import BINARY_INPUT, CHANGED_INPUT, OUTPUT_ACTIVATION
from lxmls_nb.checks.mistakes.gradients import INSTEAD_OF_PROBABILITIES
from lxmls_nb.checks.mistakes.losses import FIT_OF_A_NUMBER, LOSS_AVERAGE, OF_LOSSES, Loss
from lxmls_nb.checks.mistakes.mistake import Finding, first_seen
from lxmls_nb.checks.mistakes.probabilities import (
    ARGMAX,
    EXPONENTIAL_TWICE,
    LOG_PROBABILITIES,
    LOGITS,
    NORMALISER,
    OVER_ALL,
    OVER_BATCH,
    TWICE_SOFTMAX,
)
from lxmls_nb.checks.mistakes.values import PRECISION
from lxmls_nb.checks.problems import Problem

#: How well its difference to the right loss has to fit that of a mistake.
FIT_OF_A_CHANGE = 1e-2

#: How far the loss of a second problem may be from what a mistake gives there, relative to the
#: right one.
NEAR_ON_THE_OTHER = 1e-4

#: How far a loss may be off that is nearly right.
NEARLY_RIGHT = 2e-2

#: Mistakes with probabilities that show in a loss, however the forward pass is made.
OF_ANY_FORWARD_PASS = (
    OVER_BATCH,
    OVER_ALL,
    TWICE_SOFTMAX,
    OUTPUT_ACTIVATION,
    NORMALISER,
    BINARY_INPUT,
    CHANGED_INPUT,
)

#: Mistakes that are not looked for together with another sign, or a sum for a mean: these have many
#: possibilities, or are factors themselves.
NOT_WITH_FACTORS = (
    "loss-sum",
    "loss-accuracy",
    "loss-median",
    "loss-one-example",
    "loss-cut-off",
    "loss-penalty",
    "loss-stepped",
)

#: Mistakes with probabilities that a loss cannot show, or shows otherwise.
NOT_IN_LOSSES = (LOG_PROBABILITIES, EXPONENTIAL_TWICE, ARGMAX, LOGITS)


def name_loss(
    value: float,
    problem: Problem,
    elsewhere: Callable[[Problem], float | None],
    of_forward: bool = True,
) -> Finding | None:
    """Return the likely mistake in a wrong loss, None if no known one fits.

    One number fits one of so many mistakes by chance: a mistake is named where it gives the loss
    of a second problem, too.

    Parameters
    ----------
    value : float
        The student's loss.
    problem : Problem
    elsewhere : callable
        From another problem to the loss that the student's code gives there, None if it gives none.
    of_forward : bool
        Whether mistakes of the forward pass come into question, too.
    """
    loss = Loss(problem, value)
    classes = problem.geometry[-1]
    other = Right(dataclasses.replace(problem, output=(problem.output + 1) % classes))
    fitting = list(_that_fit(loss, other, of_forward))
    there = elsewhere(other.problem) if fitting else None
    if there is None or not np.isfinite(there):
        return None
    near = NEAR_ON_THE_OTHER * max(1e-2, abs(other.loss))
    nearly = NEARLY_RIGHT * max(abs(other.loss), abs(value))
    for finding, expected in fitting:
        if abs(there - expected) <= (nearly if finding.mistake is PRECISION else near):
            return finding
    return None


def _that_fit(loss: Loss, other: Right, of_forward: bool) -> Iterator[tuple[Finding, float]]:
    """Yield the mistakes that would give a loss, the likeliest first, and what each would give
    on another problem.

    Parameters
    ----------
    loss : Loss
    other : Right
        Of a problem of the same size.
    of_forward : bool
        Whether mistakes of the forward pass come into question, too.
    """
    value, right, size = loss.value, loss.loss, loss.size
    suspects = [
        (finding, wrong, there)
        for (finding, wrong), (_, there) in zip(
            _suspects(loss, of_forward), _suspects(other, of_forward), strict=True
        )
        if np.isfinite(wrong) and not abs(wrong - right) <= FIT_OF_A_NUMBER * abs(right)
    ]
    for finding, wrong, there in suspects:
        # Where a mistake changes little, that little has to fit.
        if loss.is_near(wrong) and abs(value - wrong) <= FIT_OF_A_CHANGE * abs(wrong - right):
            yield finding, there
    average = first_seen([LOSS_AVERAGE], loss)
    if average is not None:
        yield average, value / right * other.loss
        return
    if abs(value - right) <= NEARLY_RIGHT * abs(right):
        yield PRECISION.finding(), other.loss
    factors = {
        -1: "the sign is opposite",
        size: f"it is summed over the {size} examples, not averaged",
        -size: f"the sign is opposite, and it is summed over the {size} examples, not averaged",
    }
    for finding, wrong, there in suspects:
        if finding.mistake.key in NOT_WITH_FACTORS:
            continue
        for factor, clause in factors.items():
            if factor != 1 and loss.is_near(factor * wrong):
                yield finding.with_also(clause), factor * there


def _suspects(right: Right, of_forward: bool) -> Iterator[tuple[Finding, float]]:
    """Yield findings and the losses that they would give."""
    for mistake in (*OF_LOSSES, LOGITS, MISSING_EXAMPLE):
        yield from mistake.findings(mistake.loss, right)
    for mistake in (*INSTEAD_OF_PROBABILITIES, CHANGED_INPUT):
        if mistake in OF_ANY_FORWARD_PASS or (of_forward and mistake not in NOT_IN_LOSSES):
            for finding, p in mistake.findings(mistake.probabilities, right):
                with np.errstate(invalid="ignore", divide="ignore"):  # some are no probabilities
                    yield finding, float(-np.log(p[right.rows, right.problem.output]).mean())
