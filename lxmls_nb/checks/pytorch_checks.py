"""Checks of Exercises 2.3 and 2.4: log-probabilities, gradients that flow, steps of SGD."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from lxmls_nb.checks.calls import Call, related_calls
from lxmls_nb.checks.comparing import (
    TOLERANCE,
    compare_gradients,
    distance,
    is_real,
    numeric,
    shape_of,
    tolerance,
)
from lxmls_nb.checks.comparing_calls import check_unchanged
from lxmls_nb.checks.messages import describe, fail, if_none, passed, percent, quiet
from lxmls_nb.checks.mistakes.calls import CHANGES_INPUT, GLOBAL_STATE, name_differences
from lxmls_nb.checks.mistakes.form import (
    CUT,
    MODULE,
    NOT_FINITE,
    PARAMETERS,
    PARTLY_CUT,
    RETURN,
    TENSOR,
)
from lxmls_nb.checks.mistakes.outputs import name_log_probabilities
from lxmls_nb.checks.mistakes.steps import (
    STEP_TOLERANCE,
    name_step,
    name_step_gradient,
    name_step_loss,
)
from lxmls_nb.checks.mistakes.values import PRECISION
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, cross_entropy, forward, make_problem
from lxmls_nb.checks.replies import Fields, ask, ask_network, reply_of, result_of
from lxmls_nb.errors import CheckFailed

# --- forward passes and the gradients of their outputs


@quiet
def log_linear_module(
    answer: object,
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
    calls = related_calls(problem, 1, seed)
    problems = [call.problem for call in calls]
    result = ask(
        "log_linear_module",
        name,
        [answer],
        calls=[[*p.parameters[0], p.input, p.output] for p in problems],
    )
    _check_module(result, problem, name)
    worst = _compare_calls(result, calls, name, [[pair] for pair in result["gradients"]])
    if result["changed"]:
        raise fail(f"`{name}` ({problem})", CHANGES_INPUT.finding())
    _check_state(result, name)
    passed(name, problem, "log-probabilities and gradients are right", worst, tolerance(problem))


@quiet
def log_forward(
    answer: object,
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
    result, calls = _call_log_forward(answer, geometry, batch_size, scale, seed)
    problem = calls[0].problem
    worst = _compare_calls(result, calls, "log_forward", None)
    check_unchanged(result["changed"], problem, "log_forward")
    _check_state(result, "log_forward")
    passed("log_forward", problem, "log-probabilities are right", worst, TOLERANCE)


@quiet
def gradient_flow(
    answer: object,
    geometry: Sequence[int],
    batch_size: int = 7,
    scale: float = 1.0,
    seed: int = 0,
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
    result, calls = _call_log_forward(answer, geometry, batch_size, scale, seed)
    problem = calls[0].problem
    worst = _compare_calls(result, calls, "log_forward", result["gradients"])
    check_unchanged(result["changed"], problem, "log_forward")
    passed("log_forward", problem, "gradients reach all parameters", worst, tolerance(problem))


def _call_log_forward(
    answer: object, geometry: Sequence[int], batch_size: int, scale: float, seed: int
) -> tuple[Fields, list[Call]]:
    problem = make_problem(geometry, batch_size, scale, seed)
    calls = related_calls(problem, 1, seed)
    return ask_network("log_forward", answer, [call.problem for call in calls]), calls


def _compare_calls(
    result: Fields, calls: list[Call], name: str, gradients: list[Any] | None
) -> float:
    """Return the largest relative difference of outputs and, if given, gradients of all calls."""
    outputs = {
        call.kind: output["values"]
        for call, output in zip(calls, result["outputs"], strict=True)
        if shape_of(output["values"]) and is_real(output["values"])
    }
    worst = 0.0
    for number, (call, output) in enumerate(zip(calls, result["outputs"], strict=True)):
        try:
            worst = max(worst, _compare_output(output, call.problem, name))
        except CheckFailed:
            found = name_differences(outputs)
            if found is not None:
                raise fail(f"`{name}` ({calls[0].problem})", found) from None
            raise
        if gradients is not None:
            worst = max(worst, _check_flow(gradients[number], call.problem, name))
    return worst


def _compare_output(output: Fields, problem: Problem, name: str) -> float:
    """Compare the output of a forward pass with the true log-probabilities."""
    subject = f"`{name}` ({problem})"
    if not output["is_tensor"]:
        note = " (is the `return` missing?)" if output["type"] == "NoneType" else ""
        raise fail(f"{subject} returned a {output['type']}{note}", TENSOR.finding())
    truth = forward(problem).log_probabilities
    array = numeric(output["values"], truth.shape, f"the output of {subject}")
    if not np.all(np.isfinite(array)):
        raise fail(f"the output of {subject} is not right", NOT_FINITE.finding())
    off = distance(array, truth)
    if not off <= TOLERANCE:
        raise fail(
            f"the output of {subject} is not right",
            name_log_probabilities(array, problem),
            otherwise=f"it is off by up to {percent(off)} of the largest value",
        )
    return off


def _check_flow(gradients: list[Any], problem: Problem, name: str) -> float:
    """Check that gradients reach all parameters, and their values."""
    subject = f"`{name}` ({problem})"
    reached = [value is not None for pair in gradients for value in pair]
    if not any(reached):
        raise fail(subject, CUT.finding())
    for number, pair in enumerate(gradients, start=1):
        for what, value in zip(("weight", "bias"), pair, strict=True):
            if value is None:
                which = what if len(gradients) == 1 else f"{what} of layer {number}"
                raise fail(subject, PARTLY_CUT.finding(what=which))
    for pair, (_, bias) in zip(gradients, problem.parameters, strict=True):
        if is_real(pair[1]) and pair[1].size == bias.size:
            pair[1] = pair[1].reshape(bias.shape)
    layers = list(range(len(gradients)))
    truth = numerical_gradients(problem)
    return compare_gradients(gradients, truth, problem, name, layers, ["weight", "bias"])


def _check_module(result: Fields, problem: Problem, name: str) -> None:
    """Check that a module has the two parameters that it should have."""
    if not result["fitting"]:
        classes = problem.geometry[-1]
        raise fail(
            f"`{name}({problem.geometry[0]}, {classes})` has parameters of shapes "
            f"{result['shapes']}",
            PARAMETERS.finding(),
        )


def _check_state(result: Fields, name: str) -> None:
    """Check that PyTorch's global state is as it was."""
    if result.get("state"):
        raise fail(f"`{name}`", GLOBAL_STATE.finding(what=", ".join(result["state"])))


# --- steps of SGD


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
    reply = reply_of(
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
    _check_start(result, problems[0])
    worst = 0.0
    earlier: list[list[np.ndarray]] = []
    for number, problem in enumerate(problems):
        before, after = result["parameters"][number : number + 2]
        case = dataclasses.replace(problem, parameters=[before])
        gradient = numerical_gradients(case)[0]
        subject = f"`{name}` ({case}, learning rate {learning_rate:g}), step {number + 1}"
        if not all(new.shape == old.shape for old, new in zip(before, after, strict=True)):
            raise fail(f"{subject} leaves other shapes", PARAMETERS.finding())
        if not all(np.all(np.isfinite(array)) for array in after):
            raise fail(f"{subject}: the parameters after it are not right", NOT_FINITE.finding())
        change = [new - old for old, new in zip(before, after, strict=True)]
        loss = result["losses"][number]
        off = _step_distance(change, gradient, learning_rate)
        if not off <= STEP_TOLERANCE:
            found = name_step(change, gradient, earlier, learning_rate)
            if found is not None:
                raise fail(subject, found)
            # A wrong loss tells more than a wrong gradient.
            found = name_step_loss(loss, case)
            if found is not None and found.mistake is not PRECISION:
                raise fail(f"{subject} returned another loss", found)
            taken = [array / -learning_rate for array in change]
            raise fail(
                f"{subject}: the step is not minus the learning rate times the gradient",
                name_step_gradient(taken, gradient, problems, case),
            )
        worst = max(worst, off)
        _compare_loss(loss, result["types"][number], case, after, subject)
        earlier.append(gradient)
    check_unchanged(result["changed"], problems[0], name)
    _check_state(result, name)
    made = "1 step" if steps == 1 else f"{steps} steps"
    passed(name, problems[0], f"{made} of SGD as expected", worst, STEP_TOLERANCE)


def _check_start(result: Fields, problem: Problem) -> None:
    """Check that the module computes what it should, and starts where it was set to."""
    truth = forward(problem).log_probabilities
    output = result["output"]["values"]
    if shape_of(output) != truth.shape or not distance(output, truth) <= TOLERANCE:
        raise CheckFailed(
            "`LogLinear` is not right yet, see its check: `training_step` needs it to be.",
            MODULE.key,
        )
    if not all(map(_is_set_to, result["parameters"][0], problem.parameters[0])):
        raise CheckFailed("`LogLinear` does not keep the parameters that it is given.", MODULE.key)


def _is_set_to(array: np.ndarray, value: np.ndarray) -> bool:
    """Whether a parameter, float32 mostly, is what it was set to."""
    return array.shape == value.shape and np.allclose(array, value, rtol=1e-6)


def _step_distance(change: list[np.ndarray], gradient: list[np.ndarray], rate: float) -> float:
    """Return how far a step is off, relative to the largest right change of each parameter."""
    return max(
        float(np.abs(new + rate * right).max() / np.abs(rate * right).max())
        for new, right in zip(change, gradient, strict=True)
    )


def _compare_loss(
    loss: object, type_name: str, case: Problem, after: list[np.ndarray], subject: str
) -> None:
    """Compare the loss that a step returned with that before the step.

    Parameters
    ----------
    loss : object
        What was returned, as plain data.
    type_name : str
        The name of its type.
    case : Problem
        With the parameters before the step.
    after : list of ndarray
        The parameters after it.
    subject : str
        What messages call the step.
    """
    if isinstance(loss, np.ndarray) and is_real(loss) and loss.ndim == 0 and type_name != "Tensor":
        loss = float(loss)  # a number of NumPy is a number, too
    if not isinstance(loss, float):
        what = describe(loss) if type_name != "Tensor" else "a tensor, with its graph perhaps"
        raise fail(f"{subject} returned {what}{if_none(loss)}", RETURN.finding())
    right = float(cross_entropy(forward(case).log_probabilities, case.output))
    if not abs(loss - right) <= 1e-4 * max(1e-2, abs(right)):
        later = cross_entropy(forward(case, [after]).log_probabilities, case.output)
        found = RETURN.finding() if np.isclose(loss, later) else name_step_loss(loss, case)
        raise fail(
            f"{subject} returned another loss than the mean cross-entropy before the step", found
        )
