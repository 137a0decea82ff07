"""Checks of Exercises 2.3 and 2.4: log-probabilities, gradients that flow, steps of SGD."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from lxmls_nb.checks.comparing import (
    TOLERANCE,
    check_unchanged,
    compare_gradients,
    describe,
    distance,
    fail,
    is_real,
    network_result,
    numeric,
    passed,
    percent,
    quiet,
    result_of,
    shape_of,
    tolerance,
)
from lxmls_nb.checks.mistakes.gradients import Cause, fits
from lxmls_nb.checks.mistakes.outputs import name_log_probabilities
from lxmls_nb.checks.mistakes.steps import (
    STEP_TOLERANCE,
    name_step,
    name_step_gradient,
    name_step_loss,
)
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.numpy_checks import related_problems
from lxmls_nb.checks.problems import Problem, cross_entropy, forward, make_problem
from lxmls_nb.checks.replies import ask
from lxmls_nb.errors import CheckFailed


def _check_state(result: dict, name: str) -> None:
    if result.get("state"):
        raise fail(f"`{name}`", ("global-state", {"what": ", ".join(result["state"])}))


def _check_module(result: dict, problem: Problem, name: str) -> None:
    if not result["fitting"]:
        classes = problem.geometry[-1]
        raise fail(
            f"`{name}({problem.geometry[0]}, {classes})` has parameters of shapes "
            f"{result['shapes']}",
            ("parameters", {}),
        )


def _compare_output(output: dict, problem: Problem, name: str) -> float:
    """Compare the output of a forward pass with the true log-probabilities."""
    subject = f"`{name}` ({problem})"
    if not output["is_tensor"]:
        note = " (is the `return` missing?)" if output["type"] == "NoneType" else ""
        raise fail(f"{subject} returned a {output['type']}{note}", ("tensor", {}))
    truth = forward(problem).log_probabilities
    array = numeric(output["values"], truth.shape, f"the output of {subject}")
    if not np.all(np.isfinite(array)):
        raise fail(f"the output of {subject} is not right", ("not-finite", {}))
    off = distance(array, truth)
    if not off <= TOLERANCE:
        raise fail(
            f"the output of {subject} is not right",
            name_log_probabilities(array, problem),
            otherwise=f"it is off by up to {percent(off)} of the largest value",
        )
    return off


def _check_flow(output: dict, gradients: list, problem: Problem, name: str) -> float:
    """Check that gradients reach all parameters, and their values."""
    subject = f"`{name}` ({problem})"
    reached = [value is not None for pair in gradients for value in pair]
    if not any(reached):
        raise fail(subject, ("cut", {}))
    for number, pair in enumerate(gradients, start=1):
        for what, value in zip(("weight", "bias"), pair, strict=True):
            if value is None:
                which = what if len(gradients) == 1 else f"{what} of layer {number}"
                raise fail(subject, ("partly-cut", {"what": which}))
    for pair, (_, bias) in zip(gradients, problem.parameters, strict=True):
        if is_real(pair[1]) and pair[1].size == bias.size:
            pair[1] = pair[1].reshape(bias.shape)
    layers = list(range(len(gradients)))
    return compare_gradients(
        gradients,
        numerical_gradients(problem),
        problem,
        name,
        layers,
        ["weight", "bias"],
    )


@quiet
def log_linear_module(
    answer,
    input_size: int = 5,
    num_classes: int = 3,
    batch_size: int = 7,
    scale: float = 1.0,
    seed: int = 0,
) -> None:
    """Check a ``LogLinear(input_size, num_classes)``: parameters, outputs and gradients.

    Parameters
    ----------
    answer : type
        The class.
    input_size, num_classes, batch_size : int
        I, K and M.
    scale : float
        Factor of the parameters: large ones give extreme logits.
    seed : int

    Raises
    ------
    CheckFailed
        If the answer is wrong.
    NotAttempted
        If it is not written yet.
    """
    name = "LogLinear"
    problem = make_problem([input_size, num_classes], batch_size, scale, seed)
    calls = related_problems(problem, 1, seed)
    reply = ask(
        "log_linear_module",
        name,
        [answer],
        calls=[[*p.parameters[0], p.input, p.output] for p in calls],
    )
    result = result_of(reply, name)
    _check_module(result, problem, name)
    worst = _compare_calls(result, calls, name, [[pair] for pair in result["gradients"]])
    if result["changed"]:
        raise fail(f"`{name}` ({problem})", ("changes-input", {}))
    _check_state(result, name)
    passed(name, problem, "log-probabilities and gradients are right", worst, tolerance(problem))


def _compare_calls(result: dict, calls: list[Problem], name: str, gradients: list | None) -> float:
    worst = 0.0
    for number, (case, output) in enumerate(zip(calls, result["outputs"], strict=True)):
        try:
            worst = max(worst, _compare_output(output, case, name))
        except CheckFailed:
            cause = _name_by_calls([output["values"] for output in result["outputs"]])
            if cause is not None:
                raise fail(f"`{name}` ({calls[0]})", cause) from None
            raise
        if gradients is not None:
            worst = max(worst, _check_flow(output, gradients[number], case, name))
    return worst


def _name_by_calls(values: list) -> Cause | None:
    """Name what shows in how calls differ: the second is the first one again, the third has
    other parameters.
    """
    first, again, moved = values[:3]
    if not all(shape_of(value) and is_real(value) for value in (first, again, moved)):
        return None
    if first.shape == again.shape and not np.allclose(first, again, equal_nan=True):
        return "random", {}
    if first.shape == moved.shape and fits(first, moved):
        return "own-parameters", {}
    return None


@quiet
def training_step(
    answer,
    module,
    input_size: int = 5,
    num_classes: int = 3,
    batch_size: int = 7,
    steps: int = 1,
    learning_rate: float = 0.1,
    seed: int = 0,
) -> None:
    """Check ``training_step(model, optimizer, input, output)`` with the student's ``LogLinear``.

    Each step has to be that of SGD from where the parameters were before it.

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
    name = "training_step"
    geometry = [input_size, num_classes]
    problems = [make_problem(geometry, batch_size + n, seed=seed + n) for n in range(steps)]
    weight, bias = problems[0].parameters[0]
    reply = ask(
        name,
        name,
        [answer, module],
        weight=weight,
        bias=bias,
        batches=[[p.input, p.output] for p in problems],
        learning_rate=learning_rate,
    )
    of_module = reply.get("where") in ("__init__", "forward")
    result = result_of(reply, "LogLinear" if of_module else name)
    _check_module(result, problems[0], "LogLinear")
    first = forward(problems[0]).log_probabilities
    output = result["output"]["values"]
    if shape_of(output) != first.shape or not distance(output, first) <= TOLERANCE:
        raise CheckFailed(
            "`LogLinear` is not right yet, see its check: `training_step` needs it to be.", "module"
        )
    if not all(map(_set_to, result["parameters"][0], (weight, bias))):
        raise CheckFailed("`LogLinear` does not keep the parameters that it is given.", "module")
    worst = 0.0
    earlier: list[list[np.ndarray]] = []
    for number, problem in enumerate(problems):
        before, after = result["parameters"][number : number + 2]
        case = dataclasses.replace(problem, parameters=[before])
        gradient = numerical_gradients(case)[0]
        subject = f"`{name}` ({case}, learning rate {learning_rate:g}), step {number + 1}"
        if not all(new.shape == old.shape for old, new in zip(before, after, strict=True)):
            raise fail(f"{subject} leaves other shapes", ("parameters", {}))
        if not all(np.all(np.isfinite(array)) for array in after):
            raise fail(f"{subject}: the parameters after it are not right", ("not-finite", {}))
        change = [new - old for old, new in zip(before, after, strict=True)]
        off = _step_distance(change, gradient, learning_rate)
        if not off <= STEP_TOLERANCE:
            cause = name_step(change, gradient, earlier, learning_rate)
            if cause is not None:
                raise fail(subject, cause)
            # A wrong loss says more than a wrong gradient.
            cause = name_step_loss(result["losses"][number], case)
            if cause is not None and cause[0] != "precision":
                raise fail(f"{subject} returned another loss", cause)
            taken = [array / -learning_rate for array in change]
            raise fail(
                f"{subject}: the step is not minus the learning rate times the gradient",
                name_step_gradient(taken, gradient, problems, case),
            )
        worst = max(worst, off)
        _compare_loss(result["losses"][number], result["types"][number], case, after, subject)
        earlier.append(gradient)
    check_unchanged(result["changed"], problems[0], name)
    _check_state(result, name)
    made = "1 step" if steps == 1 else f"{steps} steps"
    passed(name, problems[0], f"{made} of SGD as expected", worst, STEP_TOLERANCE)


def _set_to(array: np.ndarray, value: np.ndarray) -> bool:
    """Whether a parameter, float32 mostly, is what it was set to."""
    return array.shape == value.shape and np.allclose(array, value, rtol=1e-6)


def _step_distance(change: list[np.ndarray], gradient: list[np.ndarray], rate: float) -> float:
    """Return how far a step is off, relative to the largest right change of each parameter."""
    return max(
        float(np.abs(new + rate * right).max() / np.abs(rate * right).max())
        for new, right in zip(change, gradient, strict=True)
    )


def _compare_loss(loss, kind: str, case: Problem, after: list[np.ndarray], subject: str) -> None:
    if is_real(loss) and loss.ndim == 0 and kind != "Tensor":
        loss = float(loss)  # a number of NumPy is a number, too
    if not isinstance(loss, float):
        note = " (is the `return` missing?)" if loss is None else ""
        what = describe(loss) if kind != "Tensor" else "a tensor, with its graph perhaps"
        raise fail(f"{subject} returned {what}{note}", ("return", {}))
    right = float(cross_entropy(forward(case).log_probabilities, case.output))
    if not abs(float(loss) - right) <= 1e-4 * max(1e-2, abs(right)):
        later = cross_entropy(forward(case, [after]).log_probabilities, case.output)
        cause = ("return", {}) if np.isclose(loss, later) else name_step_loss(float(loss), case)
        raise fail(
            f"{subject} returned another loss than the mean cross-entropy before the step", cause
        )


@quiet
def log_forward(
    answer,
    geometry: Sequence[int],
    batch_size: int = 7,
    scale: float = 1.0,
    seed: int = 0,
) -> None:
    """Check the values of ``log_forward`` of a sub-class of ``PytorchMLP``.

    Parameters
    ----------
    answer : type
        The class.
    geometry : sequence of int
        Sizes of input, hidden layers and output.
    batch_size : int
        M, the number of examples.
    scale : float
        Factor of the last layer's parameters: large ones give extreme logits.
    seed : int

    Raises
    ------
    CheckFailed
        If the answer is wrong.
    NotAttempted
        If it is not written yet.
    """
    result, calls = _forward_reply(answer, geometry, batch_size, scale, seed)
    worst = _compare_calls(result, calls, "log_forward", None)
    check_unchanged(result["changed"], calls[0], "log_forward")
    _check_state(result, "log_forward")
    passed("log_forward", calls[0], "log-probabilities are right", worst, TOLERANCE)


@quiet
def gradient_flow(
    answer, geometry: Sequence[int], batch_size: int = 7, scale: float = 1.0, seed: int = 0
) -> None:
    """Check that the gradients of ``log_forward`` reach all parameters, and their values.

    Parameters
    ----------
    answer, geometry, batch_size, scale, seed
        As for :func:`log_forward`.

    Raises
    ------
    CheckFailed
        If the answer is wrong.
    NotAttempted
        If it is not written yet.
    """
    result, calls = _forward_reply(answer, geometry, batch_size, scale, seed)
    worst = _compare_calls(result, calls, "log_forward", result["gradients"])
    check_unchanged(result["changed"], calls[0], "log_forward")
    passed("log_forward", calls[0], "gradients reach all parameters", worst, tolerance(calls[0]))


def _forward_reply(answer, geometry, batch_size: int, scale: float, seed: int):
    problem = make_problem(geometry, batch_size, scale, seed)
    calls = related_problems(problem, 1, seed)
    return network_result("log_forward", answer, calls), calls
