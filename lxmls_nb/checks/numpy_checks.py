"""Checks of Exercises 2.1 and 2.2: gradients by hand, against numerical ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from lxmls_nb.checks.comparing import (
    TOLERANCE,
    check_unchanged,
    compare_gradients,
    describe,
    explain,
    fail,
    gradient_pairs,
    later_call,
    network_result,
    numeric,
    passed,
    quiet,
    result_of,
    shape_of,
    tolerance,
)
from lxmls_nb.checks.mistakes.gradients import name_loss
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, cross_entropy, forward, make_problem
from lxmls_nb.checks.replies import ask


def related_problems(problem: Problem, batch_size: int, seed: int) -> list[Problem]:
    """Return the calls of a full check: the problem twice, other parameters, another batch."""
    other = make_problem(
        problem.geometry,
        batch_size,
        seed=seed + 1000,
        activation_functions=problem.activation_functions,
    )
    moved = dataclasses.replace(problem, parameters=other.parameters)
    batch = dataclasses.replace(problem, input=other.input, output=other.output)
    return [problem, problem, moved, batch]


def _check_choice(name: str, value, choices) -> None:
    """Raise ValueError if a test asks for something that there is not."""
    if value not in choices:
        raise ValueError(f"{name} {value!r} is not one of {list(choices)}")


@quiet
def log_linear_gradients(
    answer,
    quantity: str | None = None,
    input_size: int = 5,
    num_classes: int = 3,
    batch_size: int = 7,
    scale: float = 1.0,
    seed: int = 0,
) -> None:
    """Check ``log_linear_gradients(weight, bias, input, output)`` on a random problem.

    Parameters
    ----------
    answer : callable
    quantity : {None, "loss", "weight", "bias"}
        Look at this one only. By default at all, and at what further calls give, and whether
        the arguments stay as they are.
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
    name = "log_linear_gradients"
    _check_choice("quantity", quantity, (None, "loss", "weight", "bias"))
    problem = make_problem([input_size, num_classes], batch_size, scale, seed)
    calls = [problem, problem] if quantity else related_problems(problem, batch_size + 2, seed)
    arrays = [[*p.parameters[0], p.input, p.output] for p in calls]
    reply = ask(name, name, [answer], calls=arrays)
    result = result_of(reply, name)
    wanted = [quantity] if quantity else ["loss", "weight", "bias"]
    worst = 0.0
    seen: list[dict[str, np.ndarray]] = []
    for number, (case, value) in enumerate(zip(calls, result["results"], strict=True)):
        triple = _triple(value, case, name)
        truth = _log_linear_truth(case)
        if number == 0:
            with explain(result, case, name):
                worst = _compare_triple(triple, truth, case, name, wanted)
            if quantity:  # the second call was for the explanation
                break
        else:
            for key in wanted:
                array = numeric(triple[key], truth[key].shape, f"`{name}` ({case}): {key}")
                what = "the loss" if key == "loss" else f"the {key} gradient"
                earlier = [case_truth[key] for case_truth in seen]
                place = None if key == "loss" else (0, key == "bias")
                later_call(array, truth[key], earlier, case, f"`{name}` ({case}): {what}", place)
        seen.append(truth)
    if not quantity:
        check_unchanged(result["changed"], problem, name)
    what = {None: "loss and gradients", "loss": "loss"}.get(quantity, f"{quantity} gradient")
    agree = "agrees with the numerical one" if quantity else "agree with the numerical ones"
    passed(name, problem, f"the {what} {agree}", worst, tolerance(problem))


def _triple(value, problem: Problem, name: str) -> dict:
    if not isinstance(value, list) or len(value) != 3:
        missing = " (is the `return` missing?)" if value is None else ""
        raise fail(f"`{name}` ({problem}) returned {describe(value)}{missing}", ("triple", {}))
    shape = shape_of(value[0])
    if shape and int(np.prod(shape)) != 1:
        raise fail(f"`{name}` ({problem}) returned an array of shape {shape} first", ("triple", {}))
    loss, weight, bias = value
    if shape:  # an array of one number is a number
        loss = loss.reshape(())
    return {"loss": loss, "weight": weight, "bias": bias}


def _log_linear_truth(problem: Problem) -> dict[str, np.ndarray]:
    weight, bias = numerical_gradients(problem)[0]
    loss = cross_entropy(forward(problem).log_probabilities, problem.output)
    return {"loss": np.array(loss), "weight": weight, "bias": bias}


def _compare_triple(triple, truth, problem: Problem, name: str, wanted: list[str]) -> float:
    worst = 0.0
    if "loss" in wanted:
        subject = f"`{name}` ({problem}): the loss"
        loss = numeric(triple["loss"], (), subject)
        if not np.isfinite(loss):
            raise fail(f"{subject} is not right", ("not-finite", {}))
        # Losses of extreme logits are large, those of sure predictions nearly zero.
        off = float(abs(loss - truth["loss"]) / max(1e-3, abs(truth["loss"])))
        if not off <= TOLERANCE:
            raise fail(f"{subject} is not the mean cross-entropy", name_loss(float(loss), problem))
        worst = off
    quantities = [key for key in wanted if key != "loss"]
    if quantities:
        pairs = [[triple["weight"], triple["bias"]]]
        truths = [[truth["weight"], truth["bias"]]]
        worst = max(worst, compare_gradients(pairs, truths, problem, name, [0], quantities))
    return worst


@quiet
def backpropagation(
    answer,
    geometry: Sequence[int],
    batch_size: int = 7,
    layers: Sequence[int] | None = None,
    quantity: str | None = None,
    activation_functions: Sequence[str] | None = None,
    scale: float = 1.0,
    seed: int = 0,
) -> None:
    """Check the method ``backpropagation`` of a sub-class of ``NumpyMLP`` on a random problem.

    Parameters
    ----------
    answer : type
        The class.
    geometry : sequence of int
        Sizes of input, hidden layers and output.
    batch_size : int
        M, the number of examples.
    layers : sequence of int, optional
        Indices of the layers to look at, for example ``[-1]``.
    quantity : {None, "weight", "bias"}
        Look at these gradients only. With neither `layers` nor `quantity`, further calls are
        made, and arguments and parameters have to stay as they are.
    activation_functions : sequence of str, optional
        By default sigmoids and a softmax.
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
    name = "backpropagation"
    _check_choice("quantity", quantity, (None, "weight", "bias"))
    problem = make_problem(geometry, batch_size, scale, seed, activation_functions)
    whole = layers is None and quantity is None
    count = len(problem.parameters)
    for layer in layers or []:
        _check_choice("layer", layer, range(-count, count))
    numbers = list(range(count)) if layers is None else [n % count for n in layers]
    quantities = [quantity] if quantity else ["weight", "bias"]
    calls = related_problems(problem, batch_size + 2, seed) if whole else [problem, problem]
    result = network_result(name, answer, calls)
    seen: list[list[list[np.ndarray]]] = []
    worst = 0.0
    for call, (case, value) in enumerate(zip(calls, result["results"], strict=True)):
        pairs = gradient_pairs(value, case, name, numbers)
        truth = numerical_gradients(case, numbers)
        if call == 0:
            with explain(result, case, name):
                worst = compare_gradients(pairs, truth, case, name, numbers, quantities)
            if not whole:  # the second call was for the explanation
                break
        else:
            for number in reversed(numbers):
                for kind, what in enumerate(("weight", "bias")):
                    subject = f"`{name}` ({case}): the {what} gradient of layer {number + 1}"
                    array = numeric(
                        pairs[number][kind], truth[number][kind].shape, subject, kind == 1
                    )
                    earlier = [gradients[number][kind] for gradients in seen]
                    place = (number, kind == 1)
                    later_call(array, truth[number][kind], earlier, case, subject, place)
        seen.append(truth)
    if whole:
        check_unchanged(result["changed"], problem, name)
    listed = ", ".join(str(n + 1) for n in numbers)
    which = "" if layers is None else f" of layer{'s' * (len(numbers) > 1)} {listed}"
    what = f"{quantity} gradients" if quantity else "gradients"
    passed(
        name, problem, f"the {what}{which} agree with the numerical ones", worst, tolerance(problem)
    )
