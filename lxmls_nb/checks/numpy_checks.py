"""Checks of Exercises 2.1 and 2.2: gradients by hand, against numerical ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lxmls_nb.checks.calls import Call, Kind, related_calls, repeated_calls
from lxmls_nb.checks.comparing import (
    TOLERANCE,
    compare_gradients,
    gradient_pairs,
    numeric,
    shape_of,
    tolerance,
)
from lxmls_nb.checks.comparing_calls import check_later_call, check_unchanged, explain
from lxmls_nb.checks.messages import describe, fail, if_none, passed, quiet
from lxmls_nb.checks.mistakes.form import NOT_FINITE, TRIPLE
from lxmls_nb.checks.mistakes.losses import name_loss
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, cross_entropy, forward, make_problem
from lxmls_nb.checks.replies import ask, ask_network


@quiet
def log_linear_gradients(
    answer: object,
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
    calls = _calls(problem, quantity is None, batch_size + 2, seed)
    problems = [call.problem for call in calls]
    result = ask(
        name, name, [answer], calls=[[*p.parameters[0], p.input, p.output] for p in problems]
    )
    scope = _Scope(
        name,
        whole=quantity is None,
        loss=quantity in (None, "loss"),
        layers=[0],
        quantities=[one for one in ("weight", "bias") if quantity in (None, one)],
        numbered=False,
    )
    worst = _compare_calls(result, calls, scope, _read_triple)
    what = {None: "loss and gradients", "loss": "loss"}.get(quantity, f"{quantity} gradient")
    agree = "agrees with the numerical one" if quantity else "agree with the numerical ones"
    passed(name, problem, f"the {what} {agree}", worst, tolerance(problem))


@quiet
def backpropagation(
    answer: object,
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
    count = len(problem.parameters)
    for layer in layers or []:
        _check_choice("layer", layer, range(-count, count))
    numbers = list(range(count)) if layers is None else [n % count for n in layers]
    scope = _Scope(
        name,
        whole=layers is None and quantity is None,
        loss=False,
        layers=numbers,
        quantities=[quantity] if quantity else ["weight", "bias"],
        numbered=True,
    )
    calls = _calls(problem, scope.whole, batch_size + 2, seed)
    result = ask_network(name, answer, [call.problem for call in calls])

    def read(value: object, case: Problem) -> _Values:
        return _Values(None, gradient_pairs(value, case, name, numbers))

    worst = _compare_calls(result, calls, scope, read)
    listed = ", ".join(str(n + 1) for n in numbers)
    which = "" if layers is None else f" of layer{'s' * (len(numbers) > 1)} {listed}"
    what = f"{quantity} gradients" if quantity else "gradients"
    passed(
        name, problem, f"the {what}{which} agree with the numerical ones", worst, tolerance(problem)
    )


def _calls(problem: Problem, whole: bool, batch_size: int, seed: int) -> list[Call]:
    """Return the calls of a check of the whole answer, or of a part of it."""
    return related_calls(problem, batch_size, seed) if whole else repeated_calls(problem)


def _check_choice(name: str, value: object, choices: Sequence[object]) -> None:
    """Raise ValueError if a test asks for something that there is not."""
    if value not in choices:
        raise ValueError(f"{name} {value!r} is not one of {list(choices)}")


@dataclass(frozen=True, eq=False)
class _Values:
    """What a call gave, or what is right: the loss, and a pair of gradients per layer."""

    loss: Any
    pairs: list[Any]


@dataclass(frozen=True)
class _Scope:
    """What a check looks at.

    Attributes
    ----------
    name : str
        What messages call the answer.
    whole : bool
        Whether later calls count, and what is changed.
    loss : bool
        Whether the loss counts.
    layers : list of int
        The layers whose gradients count.
    quantities : list of str
        Which of their gradients do: ``"weight"``, ``"bias"``, or both.
    numbered : bool
        Whether messages on later calls number the layers.
    """

    name: str
    whole: bool
    loss: bool
    layers: list[int]
    quantities: list[str]
    numbered: bool


def _compare_calls(
    result: dict[str, Any],
    calls: list[Call],
    scope: _Scope,
    read: Callable[[object, Problem], _Values],
) -> float:
    """Compare what calls gave with the truth: the first in detail, and then the later ones.

    Parameters
    ----------
    result : dict
        Of the probe.
    calls : list of Call
    scope : _Scope
    read : callable
        From what a call gave, and its problem, to loss and gradients; raises CheckFailed if it is
        of another form.

    Returns
    -------
    worst : float
        The largest relative difference in the first call.
    """
    results = dict(zip([call.kind for call in calls], result["results"], strict=True))
    problem = calls[0].problem
    worst = 0.0
    earlier: list[_Values] = []
    for call in calls:
        if call.kind is not Kind.FIRST and not scope.whole:
            continue  # this call only explains what is wrong in the first one
        given = read(results[call.kind], call.problem)
        truth = _truth(call.problem, scope.layers)
        if call.kind is Kind.FIRST:
            with explain(results, result["changed"], problem, scope.name):
                worst = _compare_first_call(given, truth, call.problem, scope)
        else:
            _compare_later_call(given, truth, earlier, call, scope)
        earlier.append(truth)
    if scope.whole:
        check_unchanged(result["changed"], problem, scope.name)
    return worst


def _truth(problem: Problem, layers: list[int]) -> _Values:
    """Return the right loss and gradients."""
    loss = cross_entropy(forward(problem).log_probabilities, problem.output)
    return _Values(np.array(loss), numerical_gradients(problem, layers))


def _compare_first_call(given: _Values, truth: _Values, problem: Problem, scope: _Scope) -> float:
    """Return the largest relative difference; fail if it is too large."""
    worst = _compare_loss(given.loss, truth.loss, problem, scope.name) if scope.loss else 0.0
    return max(
        worst,
        compare_gradients(
            given.pairs, truth.pairs, problem, scope.name, scope.layers, scope.quantities
        ),
    )


def _compare_loss(value: object, truth: np.ndarray, problem: Problem, name: str) -> float:
    """Return the relative difference of a loss; fail if it is too large."""
    subject = f"`{name}` ({problem}): the loss"
    loss = numeric(value, (), subject)
    if not np.isfinite(loss):
        raise fail(f"{subject} is not right", NOT_FINITE.finding())
    # Losses of extreme logits are large, those of sure predictions nearly zero.
    off = float(abs(loss - truth) / max(1e-3, abs(truth)))
    if not off <= TOLERANCE:
        raise fail(f"{subject} is not the mean cross-entropy", name_loss(float(loss), problem))
    return off


def _compare_later_call(
    given: _Values, truth: _Values, earlier: list[_Values], call: Call, scope: _Scope
) -> None:
    """Fail if something is wrong that was right in the first call."""
    subject = f"`{scope.name}` ({call.problem})"
    if scope.loss:
        loss = numeric(given.loss, (), f"{subject}: loss")
        losses = [values.loss for values in earlier]
        check_later_call(call, loss, truth.loss, losses, f"{subject}: the loss", None)
    for number in reversed(scope.layers):
        for quantity in scope.quantities:
            is_bias = quantity == "bias"
            layer = f" of layer {number + 1}" if scope.numbered else ""
            what = f"the {quantity} gradient{layer}"
            right = truth.pairs[number][is_bias]
            array = numeric(
                given.pairs[number][is_bias],
                right.shape,
                f"{subject}: {what if scope.numbered else quantity}",
                is_bias and scope.numbered,
            )
            gradients = [values.pairs[number][is_bias] for values in earlier]
            check_later_call(call, array, right, gradients, f"{subject}: {what}", (number, is_bias))


def _read_triple(value: object, problem: Problem) -> _Values:
    """Return the loss and the gradients that ``log_linear_gradients`` gave."""
    subject = f"`log_linear_gradients` ({problem}) returned"
    if not isinstance(value, list) or len(value) != 3:
        raise fail(f"{subject} {describe(value)}{if_none(value)}", TRIPLE.finding())
    loss, weight, bias = value
    shape = shape_of(loss)
    if shape and int(np.prod(shape)) != 1:
        raise fail(f"{subject} an array of shape {shape} first", TRIPLE.finding())
    if shape:  # an array of one number is a number
        loss = loss.reshape(())
    return _Values(loss, [[weight, bias]])
