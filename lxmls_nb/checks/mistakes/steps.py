"""Mistakes in a step of SGD, and from a wrong step to the likely one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from lxmls_nb.checks.mistakes.averaging import FACTOR
from lxmls_nb.checks.mistakes.calls import STALE
from lxmls_nb.checks.mistakes.fit import constant_factor, fits
from lxmls_nb.checks.mistakes.gradients import name_gradient
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake, first_seen
from lxmls_nb.checks.mistakes.moving import (
    OF_STANDING_STILL,
    OPTIMIZER_ELSEWHERE,
    OWN_OPTIMIZER,
    SEVERAL_STEPS,
    Events,
)
from lxmls_nb.checks.mistakes.objectives import FIT_OF_A_STEP
from lxmls_nb.checks.mistakes.wrong_losses import name_loss
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem

#: How far a step may be off. Parameters are float32: their rounding shows in the difference of
#: two of them, by 5e-5 for the shortest steps of the exercises.
STEP_TOLERANCE = 2e-4

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
    size : int
        M, the number of examples.
    events : Events
        What happened in the step.
    """

    def __init__(
        self,
        change: list[np.ndarray],
        gradient: list[np.ndarray],
        earlier: list[list[np.ndarray]],
        rate: float,
        size: int,
        events: Events,
    ):
        self.change, self.earlier, self.rate = change, earlier, rate
        self.size, self.events = size, events
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

    @property
    def is_telling(self) -> bool:
        """Whether a constant factor tells something: of one example and two classes, the
        gradients of most mistakes are the right one times a number.
        """
        return self.size > 1 or len(self.right[0]) > 2

    @cached_property
    def factor(self) -> float | None:
        """What the right change is multiplied by everywhere, None if by nothing."""
        factor = constant_factor(self.flat, self.wanted)
        backwards = factor is not None and abs(factor + 1) < FIT_OF_A_STEP
        return factor if self.is_telling or backwards else None

    def is_times(self, value: float) -> bool:
        """Whether the right change is multiplied by this value."""
        return self.factor is not None and abs(self.factor / value - 1) < FIT_OF_A_STEP


def _flat(pair: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in pair])


def _does_one_not_move(step: Step) -> bool | Mapping[str, object]:
    return any(step.still) and {"what": QUANTITIES[step.still.index(True)]}


# --- steps along the right line, of another length


def _is_ascent(step: Step) -> bool | Mapping[str, object]:
    if step.is_times(-1):
        return {"also": ""}
    is_sum = step.size > 1 and step.is_times(-step.size)
    return is_sum and {
        "also": f", and the step is {step.size} times too long: the average over the batch is "
        "missing, too"
    }


def _is_sum(step: Step) -> bool | Mapping[str, object]:
    return step.size > 1 and step.is_times(step.size) and {"factor": step.size}


def _goes_backward_often(step: Step) -> bool | Mapping[str, object]:
    count, size = step.events.backwards, step.size
    if count > 1 and step.is_times(count):
        return {"factor": count, "count": count, "also": ""}
    is_sum = count > 1 and size > 1 and step.is_times(count * size)
    also = f"; and the loss is summed over the {size} examples, not averaged"
    return is_sum and {"factor": count * size, "count": count, "also": also}


def _is_shorter_by_a_size(step: Step) -> bool | Mapping[str, object]:
    sizes = {"examples": step.size, "classes": len(step.right[0])}
    for what, number in sizes.items():
        if number > 1 and step.is_times(1 / number):
            twice = "twice" if what == "examples" else "over the classes too"
            return {"factor": number, "what": what, "twice": twice}
    return False


def _is_averaged_over_classes(step: Step) -> bool | Mapping[str, object]:
    classes = len(step.right[0])
    if step.size == classes or not step.is_times(step.size / classes):
        return False
    return {"factor": step.size / classes, "examples": step.size, "classes": classes}


def _has_own_rate(step: Step) -> bool | Mapping[str, object]:
    if step.factor is None or step.factor < 0 or not step.events.others:
        return False
    return {"name": step.events.others[0], "rate": step.factor * step.rate}


def _is_cut_to_length(step: Step) -> bool | Mapping[str, object]:
    """Look for a gradient that is cut to a round length, with the bias or by itself."""
    lengths = [float(np.linalg.norm(array)) / step.rate for array in step.change]
    whole = float(np.linalg.norm(lengths))
    shorter = step.factor is not None and 0 < step.factor < 1
    for length in (1.0, 0.1, 0.01, 0.5, 0.25, 2.0, 5.0, 10.0):
        if shorter and abs(whole / length - 1) < FIT_OF_A_STEP:
            return {"length": length}
    alone = [constant_factor(*pair) for pair in zip(step.change, step.right, strict=True)]
    if None not in alone and all(abs(length - 1) < FIT_OF_A_STEP for length in lengths):
        return {"length": 1.0}
    return False


def _is_of_another_length(step: Step) -> bool | Mapping[str, object]:
    if step.factor is None or step.is_times(1):
        return False
    return {"factor": step.factor, "rate": step.rate, "effective": step.factor * step.rate}


# --- steps that remember


def _zeroing_is_only_named(step: Step) -> bool | Mapping[str, object]:
    name = step.events.name_of("zero_grad")
    return name is not None and bool(_has_earlier_gradients(step)) and {"name": name}


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


def _is_along_the_last_gradient(step: Step) -> bool:
    if not step.earlier:
        return False
    return fits(step.flat, -step.rate * _flat(step.earlier[-1]), FIT_OF_A_STEP)


def _has_share_of_last_gradient(step: Step) -> bool:
    if not step.earlier:
        return False
    last = _flat(step.earlier[-1])
    return constant_factor(step.flat - step.wanted, -step.rate * last) is not None


def _is_as_long_everywhere(step: Step) -> bool:
    return bool(np.ptp(np.abs(step.flat)) < 1e-2 * np.abs(step.flat).max())


NOT_MOVING = Mistake(
    "not-moving",
    "does what is computed get into the parameters of the model?",
    name="the parameters do not move",
    lesson="The order is: forward, loss, zero the gradients, `backward()`, `step()`, on the model "
    "that is passed.",
    seen=lambda step: all(step.still),
)

#: Where there is no gradient in the numbers, or another number of times the right one. The first
#: that shows is named.
OF_STEPS = (
    Mistake(
        "partly-moving",
        "the {what} does not move",
        name="some of the parameters do not move",
        seen=_does_one_not_move,
    ),
    Mistake(
        "zeroing-not-called",
        "`{name}` is only named, not called, so that gradients of earlier steps are added to this "
        "one's: the brackets are missing, `{name}()`",
        name="zeroing the gradients is named, but not called",
        lesson="A method without brackets does nothing: `optimizer.zero_grad()`, not "
        "`optimizer.zero_grad`.",
        seen=_zeroing_is_only_named,
    ),
    Mistake(
        "not-zeroed",
        "the {what} of earlier steps are added to this one's: zero them before each backward()",
        name="the gradients of earlier steps are added",
        lesson="`backward()` adds to `.grad`: set the gradients to zero before each one.",
        seen=_has_earlier_gradients,
    ),
    Mistake(
        "last-gradient",
        "it goes along the gradient of the step before: `backward()` has to come before the step",
        name="the step goes along the gradient of the step before",
        lesson="The order is: forward, loss, zero the gradients, `backward()`, `step()`.",
        seen=_is_along_the_last_gradient,
    ),
    Mistake(
        "ascent",
        "the parameters move in the wrong direction: the loss goes up{also}",
        name="the step goes uphill",
        lesson="The step goes against the gradient: the loss has to go down.",
        seen=_is_ascent,
    ),
    Mistake(
        "step-sum",
        "the step is {factor} times as long as it should be, and the batch has {factor} examples: "
        "is the loss summed over the batch (`reduction='sum'`), not averaged?",
        name="the loss of a step is summed over the batch",
        lesson="The loss is the mean over the batch: with a sum, the step grows with the number "
        "of examples.",
        seen=_is_sum,
    ),
    Mistake(
        "backward-twice",
        "the step is {factor} times as long as it should be, and gradients arrive {count} times: "
        "they add up with each backward(){also}",
        name="`backward()` is called more than once",
        lesson="Gradients add up with each `backward()`: one is enough.",
        seen=_goes_backward_often,
    ),
    Mistake(
        "step-averaged-twice",
        "the step is {factor} times too short, and there are {factor} {what}: is the loss averaged "
        "{twice}?",
        name="the loss of a step is averaged twice",
        lesson="`NLLLoss` and `CrossEntropyLoss` give the mean already: divide no further.",
        seen=_is_shorter_by_a_size,
    ),
    Mistake(
        "step-over-classes",
        "the step is {factor:.4g} times as long as it should be, and {factor:.4g} = {examples} / "
        "{classes}: is the loss divided by the {classes} classes, not by the {examples} examples?",
        name="the loss of a step is divided by the number of classes",
        lesson="The loss is the mean over the examples of the batch, not over the classes.",
        seen=_is_averaged_over_classes,
    ),
    Mistake(
        "own-rate",
        "an optimizer of your own ({name}) makes the step, with a learning rate of {rate:.4g}: use "
        "the one that is passed",
        name="an optimizer of one's own makes the step, with another learning rate",
        lesson="The model and the optimizer are passed: use both as they are.",
        seen=_has_own_rate,
    ),
    Mistake(
        "step-cut",
        "the gradient seems to be cut or scaled to length {length:g}: the step should go along the "
        "gradient as it is",
        name="the gradient is cut or scaled",
        seen=_is_cut_to_length,
    ),
    Mistake(
        "double-step",
        "the step is {factor:.4g} times as long as the optimizer's learning rate, {rate:g}, and "
        "the mean loss ask for, as if the rate were {effective:.4g}",
        name="the step has another length than the learning rate gives",
        seen=_is_of_another_length,
    ),
    Mistake(
        "momentum",
        "a share of earlier gradients seems to be added, as with momentum: use the optimizer that "
        "is passed",
        name="earlier gradients are added, as with momentum",
        seen=_has_share_of_last_gradient,
    ),
    Mistake(
        "optimizer",
        "all parameters move by the same length, as with Adam: use the optimizer that is passed",
        name="another optimizer than the one that is passed makes the step",
        seen=_is_as_long_everywhere,
    ),
)


def name_step(step: Step) -> Finding | None:
    """Return the likely mistake in a wrong step on a right gradient, None if no known one fits."""
    if all(step.still):
        return first_seen(OF_STANDING_STILL, step.events) or NOT_MOVING.finding()
    found = first_seen([SEVERAL_STEPS], step.events) or first_seen(OF_STEPS, step)
    if found is None or found.mistake.key in ("momentum", "optimizer"):
        found = first_seen([OPTIMIZER_ELSEWHERE, OWN_OPTIMIZER], step.events) or found
    return found


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


LOSS_AFTER = Mistake(
    "loss-after-step",
    "it is the loss after the step: compute it before, and return that",
    name="the loss after the step is returned",
    lesson="Compute the loss before the step, and return that.",
)


LOSS_UNDEFINED = Mistake(
    "loss-no-number",
    "it is nan, as the logarithm of a negative number is. Log-probabilities are negative: is their "
    "logarithm taken again?",
    name="the loss is no number",
    lesson="The module returns log-probabilities: the loss takes them as they are.",
)


def name_step_loss(
    loss: object, case: Problem, elsewhere: Callable[[Problem], float | None]
) -> Finding | None:
    """Return the likely mistake in a wrong loss, where the forward pass is not to blame.

    Parameters
    ----------
    loss : object
        What the step returned.
    case : Problem
    elsewhere : callable
        As of :func:`~lxmls_nb.checks.mistakes.wrong_losses.name_loss`.
    """
    if not isinstance(loss, float):
        return None
    if np.isnan(loss):
        return LOSS_UNDEFINED.finding()
    return name_loss(loss, case, elsewhere, of_forward=False)
