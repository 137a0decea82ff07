"""The check of a training step of Exercise 2.3."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np

from lxmls_nb.checks.calls import without_first_class
from lxmls_nb.checks.comparing_calls import arrays_in, check_unchanged, same_numbers
from lxmls_nb.checks.long_gradients import LongGradient, with_long_gradient
from lxmls_nb.checks.messages import fail, passed, percent, quiet
from lxmls_nb.checks.mistakes.calls import RANDOM
from lxmls_nb.checks.mistakes.contrasts import name_contrast_of_steps, needs_contrast, with_contrast
from lxmls_nb.checks.mistakes.form import ERROR, MODULE, NOT_FINITE, PARAMETERS
from lxmls_nb.checks.mistakes.moving import Events
from lxmls_nb.checks.mistakes.objectives import name_objective
from lxmls_nb.checks.mistakes.steps import (
    STEP_TOLERANCE,
    Step,
    name_step,
    name_step_gradient,
    name_step_loss,
)
from lxmls_nb.checks.mistakes.values import PRECISION
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.probes import tracing
from lxmls_nb.checks.problems import Problem, make_problem
from lxmls_nb.checks.pytorch_checks import check_state, judge_module
from lxmls_nb.checks.replies import reply_of
from lxmls_nb.checks.reply_forms import Fields
from lxmls_nb.checks.step_losses import about_loss, as_number, compare_loss
from lxmls_nb.checks.torch_replies import result_of_module
from lxmls_nb.checks.why import ONE_STEP, SEVERAL_STEPS
from lxmls_nb.errors import CheckFailed, NotAttempted

#: How far a step may be off for its direction to be nearly right.
NEARLY = 2e-2

#: What messages call the answer; it is the name of its probe, too.
NAME = "training_step"


@quiet
def training_step(
    answer: object,
    module: object,
    input_size: int = 5,
    num_classes: int = 3,
    batch_size: int = 7,
    steps: int = 1,
    learning_rate: float = 0.1,
    seed: int = 0,
) -> None:
    """Check ``training_step(model, optimizer, input, output)`` with the student's ``LogLinear``.

    Each step has to be that of SGD from where the parameters were before it. Several steps are
    followed by a further one on its own, whose gradient is long.

    Parameters
    ----------
    answer : callable
    module : type
        The class ``LogLinear``.
    input_size, num_classes, batch_size : int
        I, K and M; later batches have one example more each.
    steps : int
    learning_rate : float
    seed : int

    Raises
    ------
    CheckFailed
        If the answer is wrong.
    NotAttempted
        If it is not written yet.
    """
    geometry = [input_size, num_classes]
    problems = [make_problem(geometry, batch_size + n, seed=seed + n) for n in range(steps)]
    if steps > 1:
        problems[-1] = without_first_class(problems[-1])
    worst, note = _judge_run(answer, module, problems, learning_rate, seed)
    if steps > 1:
        long = [with_long_gradient(problems[0])]
        again, other = _judge_run(answer, module, long, learning_rate, seed)
        worst, note = max(worst, again), note or other
    made = "1 step" if steps == 1 else f"{steps} steps"
    why = ONE_STEP if steps == 1 else SEVERAL_STEPS
    passed(NAME, problems[0], f"{made} of SGD as expected{note}", worst, STEP_TOLERANCE, why)


def _judge_run(
    answer: object, module: object, problems: list[Problem], learning_rate: float, seed: int
) -> tuple[float, str]:
    """Return how far steps are off, and a note on the model that they were made with.

    Raises
    ------
    CheckFailed, NotAttempted
        As :func:`training_step`.
    """
    try:
        return _judge_steps([answer, module], problems, learning_rate), ""
    except _StepFailed as failure:
        own = failure
    # A step is not to blame for its module: there is one of the course to try it on.
    if _is_module_right(module, problems[0], seed):
        raise _contrasted(own, [answer, module], problems, learning_rate)
    try:
        worst = _judge_steps([answer], problems, learning_rate)
    except _StepFailed as failure:
        raise _more_telling(own, failure, answer, problems, learning_rate) from None
    return worst, ", with a model of the course, as `LogLinear` is not right yet"


class _StepFailed(Exception):
    """A training step that is not right with one of the models.

    Parameters
    ----------
    failure : CheckFailed
    number : int
        How many steps were right before.
    of_step : bool
        Whether the step was made, rather than the model refused.
    """

    def __init__(self, failure: CheckFailed, number: int, of_step: bool = True):
        super().__init__(str(failure))
        self.failure, self.number, self.of_step = failure, number, of_step


def _is_module_right(module: object, problem: Problem, seed: int) -> bool:
    """Whether the check of a module passes."""
    try:
        judge_module(module, problem, seed)
    except CheckFailed:
        return False
    return True


def _more_telling(
    own: _StepFailed,
    of_course: _StepFailed,
    answer: object,
    problems: list[Problem],
    learning_rate: float,
) -> CheckFailed:
    """Return what to report of a step that is right neither with the student's module, which is
    wrong itself, nor with the model of the course.
    """
    if isinstance(of_course.failure, NotAttempted):
        return of_course.failure
    if own.of_step and own.number > of_course.number:
        return own.failure
    failure = _contrasted(of_course, [answer], problems, learning_rate)
    if failure.cause in (None, NOT_FINITE.key, ERROR.key):
        return CheckFailed(
            "`LogLinear` is not right yet, see its check, and `training_step` is right neither "
            f"with it nor with a model of the course: {failure}",
            MODULE.key,
        )
    return failure


def _contrasted(
    failed: _StepFailed, answers: list[object], problems: list[Problem], learning_rate: float
) -> CheckFailed:
    """Return a failure and, where its reason is open, whether the same step made twice gives the
    same, or on which batches it is right.
    """

    def is_right(problem: Problem) -> bool:
        try:
            _judge_steps(answers, [problem], learning_rate)
        except _StepFailed:
            return False
        return True

    failure = failed.failure
    if isinstance(failure, NotAttempted) or not needs_contrast(failure):
        return failure
    number = min(failed.number, len(problems) - 1)
    if _differ_when_repeated(answers, problems[: number + 1], learning_rate):
        return with_contrast(failure, RANDOM.finding())
    return with_contrast(failure, name_contrast_of_steps(problems[number], is_right))


def _differ_when_repeated(
    answers: list[object], problems: list[Problem], learning_rate: float
) -> bool:
    """Whether steps that are made twice, from the same parameters, give different numbers."""
    try:
        first, again = (_make_steps(answers, problems, learning_rate) for _ in range(2))
    except CheckFailed:
        return False
    losses = [arrays_in(result["losses"]) for result in (first, again)]
    return not same_numbers(first["parameters"], again["parameters"]) or not same_numbers(*losses)


def _judge_steps(answers: list[object], problems: list[Problem], learning_rate: float) -> float:
    """Return how far the steps of an answer are off, relative to the right ones.

    Parameters
    ----------
    answers : list
        The function; with the student's class, or without one for a model of the course.
    problems : list of Problem
        A batch for each step; the parameters of the first are where it starts.
    learning_rate : float

    Raises
    ------
    _StepFailed
        For the first step that is wrong.
    """

    def loss_of(other: Problem, number: int) -> float | None:
        # An answer may keep something of the steps before.
        try:
            result = _make_steps(answers, [*problems[:number], other], learning_rate)
        except CheckFailed:
            return None
        return as_number(result["losses"][number])

    try:
        result = _make_steps(answers, problems, learning_rate)
    except CheckFailed as failure:
        raise _StepFailed(failure, 0, of_step=False) from None
    worst, done = 0.0, 0
    try:
        if not all(map(_is_set_to, result["parameters"][0], problems[0].parameters[0])):
            raise CheckFailed(
                "`LogLinear` does not keep the parameters that it is given.", MODULE.key
            )
        for number in range(len(problems)):
            off = _judge_step(
                result, number, problems, learning_rate, partial(loss_of, number=number)
            )
            worst = max(worst, off)
            done += 1
        check_unchanged(result["changed"], problems[0], NAME)
        check_state(result, NAME)
    except CheckFailed as failure:
        raise _StepFailed(failure, done) from None
    return worst


def _make_steps(answers: list[object], problems: list[Problem], learning_rate: float) -> Fields:
    """Let an answer make steps, from the parameters of the first problem; return what it reports.

    Raises
    ------
    CheckFailed
        If it raised.
    """
    weight, bias = problems[0].parameters[0]
    reply = reply_of(
        NAME,
        NAME,
        answers,
        weight=weight,
        bias=bias,
        batches=[[p.input, p.output] for p in problems],
        learning_rate=learning_rate,
    )
    of_module = reply.get("where") in ("__init__", "forward")
    number = reply["error"]["call"] if "error" in reply else 0
    problem = problems[min(number, len(problems) - 1)]
    return result_of_module(reply, "LogLinear" if of_module else NAME, problem)


def _judge_step(
    result: Fields,
    number: int,
    problems: list[Problem],
    learning_rate: float,
    loss_of: Callable[[Problem], float | None],
) -> float:
    """Return how far one of several steps is off.

    Parameters
    ----------
    result : dict
        Of the probe.
    number : int
        Which step.
    problems : list of Problem
    learning_rate : float
    loss_of : callable
        From another problem in the place of this step's to the loss that the answer returns.

    Raises
    ------
    CheckFailed
        If it is wrong, or the loss that was returned.
    """
    problem = problems[number]
    cases = [
        dataclasses.replace(each, parameters=[before])
        for each, before in zip(problems, result["parameters"], strict=False)
    ]
    case = cases[number]
    before, after = result["parameters"][number : number + 2]
    gradient = numerical_gradients(case)[0]
    which = "a further step" if isinstance(case, LongGradient) else f"step {number + 1}"
    subject = f"`{NAME}` ({case}, learning rate {learning_rate:g}), {which}"
    if not all(new.shape == old.shape for old, new in zip(before, after, strict=True)):
        raise fail(f"{subject} leaves other shapes", PARAMETERS.finding())
    if not all(np.all(np.isfinite(array)) for array in after):
        raise fail(f"{subject}: the parameters after it are not right", NOT_FINITE.finding())
    change = [new - old for old, new in zip(before, after, strict=True)]
    loss = result["losses"][number]
    off = _step_distance(change, gradient, learning_rate)
    if not off <= STEP_TOLERANCE:
        earlier_events = result["events"][:number]
        events = Events(
            result["events"][number],
            result["named"],
            replaced=any(tracing.REPLACED in events for events in earlier_events),
        )
        earlier = [numerical_gradients(each)[0] for each in cases[:number]]
        size = len(problem.output)
        found = name_step(Step(change, gradient, earlier, learning_rate, size, events))
        if found is not None:
            still = not any(np.any(array) for array in change)
            raise fail(f"{subject}: the parameters do not move" if still else subject, found)
        taken = [array / -learning_rate for array in change]
        found = name_objective(taken, gradient, case) if size > 1 else None
        # A wrong loss tells more than a wrong gradient, but for one example alone both tell little.
        if found is None and size > 1 and off > NEARLY:
            found = name_step_loss(loss, case, loss_of)
            if found is not None and found.mistake is not PRECISION:
                raise fail(f"{subject} returned another loss", found)
            found = None
        raise fail(
            f"{subject}: the step is not minus the learning rate times the gradient",
            found or name_step_gradient(taken, gradient, problems, case),
            otherwise=f"it is off by up to {percent(off)} of its largest value; "
            f"{about_loss(loss, case)}",
        )
    compare_loss(loss, result["types"][number], case, after, subject, loss_of)
    return off


def _is_set_to(array: np.ndarray, value: np.ndarray) -> bool:
    """Whether a parameter, float32 mostly, is what it was set to."""
    return array.shape == value.shape and np.allclose(array, value, rtol=1e-6)


def _step_distance(change: list[np.ndarray], gradient: list[np.ndarray], rate: float) -> float:
    """Return how far a step is off, relative to the largest right change of each parameter."""
    return max(
        float(np.abs(new + rate * right).max() / np.abs(rate * right).max())
        for new, right in zip(change, gradient, strict=True)
    )
