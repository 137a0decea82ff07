"""Mistakes in a step of SGD, and from a wrong step to the likely one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from lxmls_nb.checks.mistakes.averaging import FACTOR
from lxmls_nb.checks.mistakes.calls import STALE
from lxmls_nb.checks.mistakes.fit import constant_factor, fits
from lxmls_nb.checks.mistakes.gradients import name_gradient
from lxmls_nb.checks.mistakes.losses import name_loss
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake, first_seen
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem

#: How far a step may be off. Parameters are float32: their rounding shows in the difference of
#: two of them, by 5e-5 for the shortest steps of the exercises.
STEP_TOLERANCE = 2e-4

#: How well a step has to fit a mistake, for the same reason.
FIT_OF_A_STEP = 2e-3

#: The two parameters of a module, in this order.
QUANTITIES = ("weight", "bias")


class Step:
    """A step that an answer made, beside what is right.

    Parameters
    ----------
    change : list of ndarray
        Of the weight and of the bias.
    gradient : list of ndarray
        Those of the loss, which the step should have gone against.
    earlier : list of (list of ndarray)
        The gradients of the steps before.
    rate : float
        The learning rate.
    """

    def __init__(
        self,
        change: list[np.ndarray],
        gradient: list[np.ndarray],
        earlier: list[list[np.ndarray]],
        rate: float,
    ):
        self.change, self.earlier, self.rate = change, earlier, rate
        self.right = [-rate * array for array in gradient]
        self.still = [not np.any(array) for array in change]

    @cached_property
    def flat(self) -> np.ndarray:
        """The whole change, in one dimension."""
        return _flat(self.change)

    @cached_property
    def wanted(self) -> np.ndarray:
        """The right change, in one dimension."""
        return _flat(self.right)

    @cached_property
    def factor(self) -> float | None:
        """What the right change is multiplied with everywhere, None if with nothing."""
        return constant_factor(self.flat, self.wanted)


def _flat(pair: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in pair])


def _does_one_not_move(step: Step) -> bool | Mapping[str, object]:
    return any(step.still) and {"what": QUANTITIES[step.still.index(True)]}


def _is_right_backwards(step: Step) -> bool:
    return step.factor is not None and abs(step.factor + 1) < FIT_OF_A_STEP


def _is_of_another_length(step: Step) -> bool | Mapping[str, object]:
    return step.factor is not None and {"factor": step.factor, "rate": step.rate}


def _has_earlier_gradients(step: Step) -> bool | Mapping[str, object]:
    """Look for the sum of the last gradients, in the whole step or in one of its parameters."""
    for number in range(1, len(step.earlier) + 1):
        extra = [
            -step.rate * np.sum(arrays, axis=0)
            for arrays in zip(*step.earlier[-number:], strict=True)
        ]
        if fits(step.flat, step.wanted + _flat(extra), FIT_OF_A_STEP):
            return {"what": "gradients"}
        for place, what in enumerate(QUANTITIES):
            other_right = fits(step.change[1 - place], step.right[1 - place], STEP_TOLERANCE)
            summed = step.right[place] + extra[place]
            if other_right and fits(step.change[place], summed, FIT_OF_A_STEP):
                return {"what": f"{what} gradients"}
    return False


def _has_share_of_last_gradient(step: Step) -> bool:
    if not step.earlier:
        return False
    last = _flat(step.earlier[-1])
    return constant_factor(step.flat - step.wanted, -step.rate * last) is not None


def _is_as_long_everywhere(step: Step) -> bool:
    return bool(np.ptp(np.abs(step.flat)) < 1e-2 * np.abs(step.flat).max())


#: The first that shows is named.
OF_STEPS = (
    Mistake(
        "not-moving",
        "the parameters do not move: are gradients zeroed before the step, or is a copy updated?",
        seen=lambda step: all(step.still),
    ),
    Mistake("partly-moving", "the {what} does not move", seen=_does_one_not_move),
    Mistake(
        "ascent",
        "the parameters move in the wrong direction: the loss goes up",
        seen=_is_right_backwards,
    ),
    Mistake(
        "double-step",
        "the step is {factor:.4g} times as long as the optimizer's learning rate, {rate:g}, and "
        "the mean loss ask for",
        seen=_is_of_another_length,
    ),
    Mistake(
        "not-zeroed",
        "the {what} of earlier steps are added to this one's: zero them before each backward()",
        seen=_has_earlier_gradients,
    ),
    Mistake(
        "momentum",
        "a share of earlier gradients seems to be added, as with momentum: use the optimizer that "
        "is passed",
        seen=_has_share_of_last_gradient,
    ),
    Mistake(
        "optimizer",
        "the optimizer that is passed seems not to be the one that makes the step",
        seen=_is_as_long_everywhere,
    ),
)


def name_step(
    change: list[np.ndarray],
    gradient: list[np.ndarray],
    earlier: list[list[np.ndarray]],
    rate: float,
) -> Finding | None:
    """Return the likely mistake in a wrong step on a right gradient, None if no known one fits.

    The parameters are those of :class:`Step`.
    """
    return first_seen(OF_STEPS, Step(change, gradient, earlier, rate))


def name_step_gradient(
    steps: list[np.ndarray], gradient: list[np.ndarray], problems: list[Problem], case: Problem
) -> Finding | None:
    """Return the likely mistake in a wrong step, as that in a wrong gradient.

    Parameters
    ----------
    steps, gradient : list of ndarray
        What was taken for the gradient of the weight and of the bias, and the numerical one.
    problems : list of Problem
        Those of all steps.
    case : Problem
        That of this step, with the parameters before it.
    """
    for other in problems:
        if other.input is not case.input:
            stale = dataclasses.replace(case, input=other.input, output=other.output)
            if fits(steps[0], numerical_gradients(stale)[0][0], FIT_OF_A_STEP):
                return STALE.finding()
    if len(case.output) == 1 or case.geometry[-1] == 2:
        return None
    for is_bias in (False, True):
        if not fits(steps[is_bias], gradient[is_bias], FIT_OF_A_STEP):
            found = name_gradient(steps[is_bias], gradient[is_bias], case, 0, is_bias)
            return None if found and found.mistake is FACTOR else found
    return None


def name_step_loss(loss: object, case: Problem) -> Finding | None:
    """Return the likely mistake in a wrong loss, where the forward pass is not to blame."""
    return name_loss(loss, case, of_forward=False) if isinstance(loss, float) else None
