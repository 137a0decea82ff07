"""Checks of Exercises 2.3 and 2.4: log-probabilities, gradients that flow, steps of SGD."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lxmls_nb.checks.calls import Call, Kind, related_calls
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
from lxmls_nb.checks.messages import fail, passed, percent, quiet
from lxmls_nb.checks.mistakes.calls import (
    CHANGES_INPUT,
    EVALUATION,
    GLOBAL_STATE,
    REPLACES,
    name_differences,
)
from lxmls_nb.checks.mistakes.contrasts import (
    EXAMPLES,
    name_contrast,
    needs_contrast,
    with_contrast,
)
from lxmls_nb.checks.mistakes.extremes import name_not_finite
from lxmls_nb.checks.mistakes.form import CUT, GRADIENTS_OFF, PARTLY_CUT, TENSOR
from lxmls_nb.checks.mistakes.mistake import Finding
from lxmls_nb.checks.mistakes.networks import PART_CUT, name_cut_part, name_shape
from lxmls_nb.checks.mistakes.outputs import name_log_probabilities
from lxmls_nb.checks.mistakes.torch_calls import CLASS_AS_FUNCTION, LAYERS
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, forward, make_problem
from lxmls_nb.checks.replies import network_reply, reply_of
from lxmls_nb.checks.reply_forms import Fields
from lxmls_nb.checks.saturated import check_saturated_outputs, check_small_gradients
from lxmls_nb.checks.torch_replies import result_of_module, result_of_torch
from lxmls_nb.checks.why import FORWARD_PASS, GRADIENT_FLOW, MODULE
from lxmls_nb.errors import CheckFailed, NotAttempted

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
    worst = judge_module(answer, problem, seed)
    what = "log-probabilities and gradients are right"
    passed(name, problem, what, worst, tolerance(problem), MODULE)


def judge_module(answer: object, problem: Problem, seed: int) -> float:
    """Return the largest relative difference of what a ``LogLinear`` gives.

    Raises
    ------
    CheckFailed, NotAttempted
        As :func:`log_linear_module`.
    """
    name = "LogLinear"

    def ask(problems: list[Problem]) -> Fields:
        arguments = [[*p.parameters[0], p.input, p.output] for p in problems]
        return reply_of("log_linear_module", name, [answer], calls=arguments)

    def read(reply: Fields, problem: Problem) -> Fields:
        result = result_of_module(reply, name, problem)
        result["gradients"] = [[pair] if pair else [] for pair in result["gradients"]]
        return result

    with _Run(name, ask, read, problem, seed) as run:
        result, calls = run.result()
        _compare_outputs(result, calls, name)
    worst = _compare_calls(result, calls, name)
    try:
        _compare_output(result["evaluated"], problem, name)
    except CheckFailed:
        subject = f"`{name}` ({problem}) is right in training mode, and no longer after `eval()`"
        raise fail(subject, EVALUATION.finding()) from None
    if result["changed"]:
        raise fail(f"`{name}` ({problem})", CHANGES_INPUT.finding())
    check_state(result, name)
    return worst


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
        Factor of the last layer's parameters: large ones give extreme logits. Where it is large,
        a second problem has large hidden layers instead.
    seed : int

    Raises
    ------
    CheckFailed
        If the answer is wrong.
    NotAttempted
        If it is not written yet.
    """
    problem = make_problem(geometry, batch_size, scale, seed)
    with _run_network(answer, problem, seed) as run:
        result, calls = run.result()
        worst = _compare_outputs(result, calls, "log_forward")
    check_unchanged(result["changed"], problem, "log_forward")
    check_state(result, "log_forward")
    if scale > 1 and len(geometry) > 2:
        check_saturated_outputs(answer, problem, scale)
    passed("log_forward", problem, "log-probabilities are right", worst, TOLERANCE, FORWARD_PASS)


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
    problem = make_problem(geometry, batch_size, scale, seed)
    with _run_network(answer, problem, seed) as run:
        result, calls = run.result()
        _compare_outputs(result, calls, "log_forward")
    if result["replaced"] and "parameters" not in result["changed"]:
        raise fail(f"`log_forward` ({problem})", REPLACES.finding())
    worst = _compare_calls(result, calls, "log_forward")
    check_unchanged(result["changed"], problem, "log_forward")
    if len(problem.geometry) > 2:
        check_small_gradients(answer, problem)
    what = "gradients reach all parameters"
    passed("log_forward", problem, what, worst, tolerance(problem), GRADIENT_FLOW)


def _run_network(answer: object, problem: Problem, seed: int) -> _Run:
    name = "log_forward"
    return _Run(
        name,
        lambda problems: network_reply(name, answer, problems),
        lambda reply, problem: result_of_torch(reply, name, problem),
        problem,
        seed,
    )


class _Run:
    """Runs a forward pass on a problem; where it fails and why is not known, runs it on others.

    Parameters
    ----------
    name : str
        What messages call the answer.
    ask : callable
        From problems of one geometry to a reply.
    read : callable
        From a reply, and the problem of the call that it is about, to the result.
    problem : Problem
    seed : int
        That of the problem.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[list[Problem]], Fields],
        read: Callable[[Fields, Problem], Fields],
        problem: Problem,
        seed: int,
    ):
        self.name, self.ask, self.read = name, ask, read
        self.problem = problem
        self.calls = related_calls(problem, 1, seed)

    def result(self) -> tuple[Fields, list[Call]]:
        """Return the result of all calls, and these.

        Raises
        ------
        CheckFailed, NotAttempted
            As the function that reads a reply.
        """
        reply, problem = self.ask([call.problem for call in self.calls]), self.problem
        if "error" in reply:  # in which of the calls?
            for call in self.calls:
                alone = self.ask([call.problem])
                if "error" in alone:
                    reply, problem = alone, call.problem
                    break
        return self.read(reply, problem), self.calls

    def is_right(self, problem: Problem) -> bool:
        """Whether a single call on a problem gives the right output."""
        try:
            result = self.read(self.ask([problem]), problem)
        except CheckFailed:
            return False
        return _is_right(result["outputs"][0], problem)

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        """Tell on which problems the answer is right, where a failure leaves open what is wrong.

        Raises
        ------
        CheckFailed
        """
        if not isinstance(failure, CheckFailed) or isinstance(failure, NotAttempted):
            return
        problems = [call.problem for call in self.calls]
        wrong = next((each for each in problems if not self.is_right(each)), None)
        if wrong is None or not needs_contrast(failure):
            return
        if failure.cause is None and len(wrong.output) == 1:
            # One example has too few numbers to tell mistakes apart; more may name this one.
            more = make_problem(wrong.geometry, EXAMPLES)
            try:
                result = self.read(self.ask([more]), more)
                _compare_output(result["outputs"][0], more, self.name)
            except CheckFailed as told:
                failure, wrong = told, more
        is_network = self.name == "log_forward"
        raise with_contrast(failure, name_contrast(wrong, self.is_right, is_network)) from None


def _compare_outputs(result: Fields, calls: list[Call], name: str) -> float:
    """Return the largest relative difference of the outputs of all calls."""
    outputs = {
        call.kind: output["values"]
        for call, output in zip(calls, result["outputs"], strict=True)
        if shape_of(output["values"]) and is_real(output["values"])
    }
    worst = 0.0
    for call, output, gradients in zip(calls, result["outputs"], result["gradients"], strict=True):
        try:
            worst = max(worst, _compare_output(output, call.problem, name))
        except CheckFailed as failure:
            if call.kind is Kind.FIRST:  # what is kept of a batch is right for that batch
                outputs.pop(Kind.OTHER_BATCH, None)
            found = name_differences(outputs)
            if found is None and gradients and failure.cause is None and len(output["values"]) > 1:
                found = _name_cut(gradients, result)
            if found is not None:
                raise fail(f"`{name}` ({calls[0].problem})", found) from None
            raise
    return worst


def _compare_calls(result: Fields, calls: list[Call], name: str) -> float:
    """Return the largest relative difference of outputs and gradients of all calls."""
    worst = 0.0
    for call, output, gradients in zip(calls, result["outputs"], result["gradients"], strict=True):
        worst = max(worst, _compare_output(output, call.problem, name))
        found = _name_cut(gradients, result)
        if found is not None:
            raise fail(f"`{name}` ({call.problem})", found)
        worst = max(worst, _check_flow(gradients, call.problem, name))
    return worst


def _is_right(output: Fields, problem: Problem) -> bool:
    """Whether the output of a forward pass is right, without a look at what is wrong with it."""
    truth, values = forward(problem).log_probabilities, output["values"]
    if not (output["is_tensor"] and is_real(values) and values.shape == truth.shape):
        return False
    return bool(distance(values, truth) <= TOLERANCE)


def _compare_output(output: Fields, problem: Problem, name: str) -> float:
    """Compare the output of a forward pass with the true log-probabilities."""
    subject = f"`{name}` ({problem})"
    if output["type"] in LAYERS:
        raise fail(f"{subject} returned a layer", CLASS_AS_FUNCTION.finding(name=output["type"]))
    if not output["is_tensor"]:
        raise fail(f"{subject} returned {_shown_type(output)}", TENSOR.finding())
    truth = forward(problem).log_probabilities
    values = output["values"]
    if is_real(values) and values.shape != truth.shape:
        note = f"the output of {subject} has shape {values.shape} where {truth.shape} is expected"
        raise fail(note, name_shape(values, problem))
    array = numeric(values, truth.shape, f"the output of {subject}")
    if not np.all(np.isfinite(array)):
        raise fail(f"the output of {subject} is not right", name_not_finite(array, problem))
    off = distance(array, truth)
    if not off <= TOLERANCE:
        raise fail(
            f"the output of {subject} is not right",
            name_log_probabilities(array, problem),
            otherwise=f"it is off by up to {percent(off)} of the largest value",
        )
    return off


def _shown_type(output: Fields) -> str:
    """Return what a forward pass gave in the place of a tensor."""
    notes = {
        "NoneType": "None (is the `return` missing?)",
        "tuple": "a tuple (the log-probabilities alone are asked for)",
        "list": "a list (`torch.stack` makes one tensor of several)",
        "ndarray": "a NumPy array (which has no graph)",
    }
    return notes.get(output["type"], f"a {output['type']}")


def _name_cut(gradients: list[Any], result: Fields) -> Finding | None:
    """Return which parameters no gradient reaches, None if gradients reach all of them."""
    if not any(value is not None for pair in gradients for value in pair):
        is_off = "gradients enabled" in result["unusual"]
        return GRADIENTS_OFF.finding() if is_off else CUT.finding()
    for number, pair in enumerate(gradients, start=1):
        for what, value in zip(("weight", "bias"), pair, strict=True):
            if value is None:
                which = what if len(gradients) == 1 else f"{what} of layer {number}"
                return PARTLY_CUT.finding(what=which)
    return None


def _check_flow(gradients: list[Any], problem: Problem, name: str) -> float:
    """Check the values of gradients that reach all parameters."""
    for pair, (_, bias) in zip(gradients, problem.parameters, strict=True):
        if is_real(pair[1]) and pair[1].size == bias.size:
            pair[1] = pair[1].reshape(bias.shape)
    layers = list(range(len(gradients)))
    truth = numerical_gradients(problem)
    try:
        return compare_gradients(gradients, truth, problem, name, layers, ["weight", "bias"])
    except CheckFailed as failure:
        found = name_cut_part(gradients, problem)
        if found is not None or failure.cause is None:
            found = found or PART_CUT.finding()
            raise fail(
                f"`{name}` ({problem}): the output is right, and its gradients are not", found
            ) from None
        raise


def check_state(result: Fields, name: str) -> None:
    """Check that PyTorch's global state is as it was."""
    if result.get("state"):
        raise fail(f"`{name}`", GLOBAL_STATE.finding(what=", ".join(result["state"])))
