"""Checks of Exercises 2.1 and 2.2: gradients by hand, against numerical ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from lxmls_nb.checks.calls import Call, Kind, nearly, related_calls, repeated_calls
from lxmls_nb.checks.comparing import (
    TOLERANCE,
    compare_gradients,
    gradient_pairs,
    gradient_triple,
    is_numeric,
    is_real,
    numeric,
    numeric_gradient,
    remark_on_biases,
    tolerance,
)
from lxmls_nb.checks.comparing_calls import (
    arrays_in,
    check_later_call,
    check_unchanged,
    explain,
)
from lxmls_nb.checks.messages import fail, passed, quiet
from lxmls_nb.checks.mistakes.mistake import Finding
from lxmls_nb.checks.mistakes.not_finite import is_finite, name_not_finite
from lxmls_nb.checks.mistakes.wrong_losses import name_loss
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.other_depths import explain_classes, explain_depth
from lxmls_nb.checks.problems import Problem, cross_entropy, forward, make_problem
from lxmls_nb.checks.replies import ask, ask_network
from lxmls_nb.checks.saturated import check_saturated_gradients
from lxmls_nb.checks.why import OF_LOG_LINEAR_GRADIENTS, of_backpropagation
from lxmls_nb.errors import CheckFailed


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

    def run(problems: list[Problem]) -> dict[str, Any]:
        given = [[*p.parameters[0], p.input, p.output] for p in problems]
        return ask(name, name, [answer], problems, calls=given)

    result = run(problems)
    scope = _Scope(
        name,
        whole=quantity is None,
        loss=quantity in (None, "loss"),
        layers=[0],
        quantities=[one for one in ("weight", "bias") if quantity in (None, one)],
        numbered=False,
        results=lambda cases: run(cases)["results"],
    )

    def read(value: object, case: Problem) -> _Values:
        return _Values(*gradient_triple(value, case, scope.loss))

    with explain_classes(problem, partial(_is_right, scope, read)):
        worst = _compare_calls(result, calls, scope, read)
    what = {None: "loss and gradients", "loss": "loss"}.get(quantity, f"{quantity} gradient")
    agree = "agrees with the numerical one" if quantity else "agree with the numerical ones"
    why = OF_LOG_LINEAR_GRADIENTS[quantity]
    passed(name, problem, f"the {what} {agree}", worst, tolerance(problem), why)
    remark_on_biases(scope.quantities, result["results"][0][2:], problem.parameters[:1])


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
        Factor of the last layer's parameters: large ones give extreme logits. Where it is large,
        a check of everything has a second problem with large hidden layers instead.
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
        results=lambda cases: ask_network(name, answer, cases)["results"],
    )
    calls = _calls(problem, scope.whole, batch_size + 2, seed)

    def read(value: object, case: Problem) -> _Values:
        return _Values(None, gradient_pairs(value, case, name, numbers))

    with explain_depth(problem, name, scope.rerun):
        result = ask_network(name, answer, [call.problem for call in calls])
        with explain_classes(problem, partial(_is_right, scope, read)):
            worst = _compare_calls(result, calls, scope, read)
    if scope.whole and scale > 1 and set(problem.activation_functions[:-1]) == {"sigmoid"}:
        check_saturated_gradients(answer, problem, scale)
    listed = ", ".join(str(n + 1) for n in numbers)
    which = "" if layers is None else f" of layer{'s' * (len(numbers) > 1)} {listed}"
    what = f"{quantity} gradients" if quantity else "gradients"
    what = f"the {what}{which} agree with the numerical ones"
    why = of_backpropagation(count, numbers, quantity, problem.activation_functions)
    passed(name, problem, what, worst, tolerance(problem), why)
    pairs = [result["results"][0][number] for number in numbers]
    remark_on_biases(
        scope.quantities, [bias for _, bias in pairs], [problem.parameters[n] for n in numbers]
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
    results : callable
        Runs the answer on other problems, one after the other, and returns what it gives.
    """

    name: str
    whole: bool
    loss: bool
    layers: list[int]
    quantities: list[str]
    numbered: bool
    results: Callable[[list[Problem]], list[Any]]

    def rerun(self, case: Problem) -> Any:
        """Run the answer on another problem and return what it gives."""
        return self.results([case])[0]


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

    def again() -> list[object]:
        try:
            return _that_count(read(results[Kind.AGAIN], problem), scope)
        except CheckFailed:
            return []

    for call in calls:
        if call.kind is not Kind.FIRST and not scope.whole:
            continue  # this call only explains what is wrong in the first one
        given = read(results[call.kind], call.problem)
        truth = _truth(call.problem, scope.layers)
        if call.kind is Kind.FIRST:
            with explain(_that_count(given, scope), again, result["changed"], problem, scope.name):
                _check_finite(given, call.problem, scope)
                worst = _compare_first_call(given, truth, call.problem, scope)
        else:
            if call.kind is not Kind.AGAIN:
                _check_finite(given, call.problem, scope)
            is_right = partial(_is_right_near, scope, read, problem, call.problem)
            _compare_later_call(given, truth, earlier, call, scope, is_right)
        earlier.append(truth)
    if scope.whole:
        check_unchanged(result["changed"], problem, scope.name)
    return worst


def _is_right(scope: _Scope, read: Callable[[object, Problem], _Values], *cases: Problem) -> bool:
    """Whether what counts is right on the last of other problems."""
    last = cases[-1]
    try:
        given = read(scope.results([*cases])[-1], last)
        _compare_first_call(given, _truth(last, scope.layers), last, scope)
    except CheckFailed:
        return False
    return True


def _is_right_near(
    scope: _Scope, read: Callable[[object, Problem], _Values], problem: Problem, other: Problem
) -> bool:
    """Whether what counts is right, after a call on a problem, with nearly the same parameters."""
    return _is_right(scope, read, problem, nearly(problem, other))


def _that_count(given: _Values, scope: _Scope) -> list[object]:
    """Return the loss, if it counts, and the gradients that do."""
    looked_at = [
        given.pairs[number][quantity == "bias"]
        for number in scope.layers
        for quantity in scope.quantities
    ]
    return [given.loss, *looked_at] if scope.loss else looked_at


def _check_finite(given: _Values, problem: Problem, scope: _Scope) -> None:
    """Fail if a number that counts is not finite, with the likely mistake."""
    if all(is_finite(value) for value in _that_count(given, scope) if is_numeric(value)):
        return
    is_loss = scope.loss and is_numeric(given.loss) and not is_finite(given.loss)
    loss = given.loss if is_loss else None
    where = "the loss" if loss is not None else "a gradient"
    found = name_not_finite(
        loss,
        [
            array
            for pair in given.pairs
            if isinstance(pair, list)
            for array in pair
            if is_real(array)
        ],
        problem,
        lambda case: arrays_in(scope.rerun(case)),
    )
    raise fail(f"`{scope.name}` ({problem}): {where} is not right", found)


def _truth(problem: Problem, layers: list[int]) -> _Values:
    """Return the right loss and gradients."""
    loss = cross_entropy(forward(problem).log_probabilities, problem.output)
    return _Values(np.array(loss), numerical_gradients(problem, layers))


def _compare_first_call(given: _Values, truth: _Values, problem: Problem, scope: _Scope) -> float:
    """Return the largest relative difference; fail if it is too large."""
    worst = _compare_loss(given.loss, truth.loss, problem, scope) if scope.loss else 0.0
    return max(
        worst,
        compare_gradients(
            given.pairs, truth.pairs, problem, scope.name, scope.layers, scope.quantities
        ),
    )


def _compare_loss(value: object, truth: np.ndarray, problem: Problem, scope: _Scope) -> float:
    """Return the relative difference of a loss; fail if it is too large."""
    subject = f"`{scope.name}` ({problem}): the loss"

    loss = numeric(value, (), subject)
    # Losses of extreme logits are large, those of sure predictions nearly zero.
    off = float(abs(loss - truth) / max(1e-3, abs(truth)))
    if not off <= TOLERANCE:
        ratio = f", {loss / truth:.4g} times as much" if truth and loss else ""
        raise fail(
            f"{subject} is not the mean cross-entropy",
            _name_loss(loss, problem, scope),
            otherwise=f"it is {loss + 0.0:.6g} where {truth:.6g} is expected{ratio}",
        )
    return off


def _name_loss(loss: np.ndarray, problem: Problem, scope: _Scope) -> Finding | None:
    """Return the likely mistake in a wrong loss, None if no known one fits."""

    def elsewhere(other: Problem) -> float | None:
        try:
            there = gradient_triple(scope.rerun(other), other, with_loss=True)[0]
            return float(numeric(there, (), scope.name))
        except CheckFailed:
            return None

    return name_loss(float(loss), problem, elsewhere)


def _compare_later_call(
    given: _Values,
    truth: _Values,
    earlier: list[_Values],
    call: Call,
    scope: _Scope,
    is_right_near: Callable[[], bool],
) -> None:
    """Fail if something is wrong that was right in the first call."""
    subject = f"`{scope.name}` ({call.problem})"
    if scope.loss:
        loss = numeric(given.loss, (), f"{subject}: loss")
        losses = [values.loss for values in earlier]
        name = partial(_name_loss, loss, call.problem, scope)
        check_later_call(call, loss, truth.loss, losses, f"{subject}: the loss", None, name)
    for number in reversed(scope.layers):
        for quantity in scope.quantities:
            is_bias = quantity == "bias"
            layer = f" of layer {number + 1}" if scope.numbered else ""
            what = f"{subject}: the {quantity} gradient{layer}"
            right, value = truth.pairs[number][is_bias], given.pairs[number][is_bias]
            array = numeric_gradient(value, call.problem, number, is_bias, what)
            gradients = [values.pairs[number][is_bias] for values in earlier]
            place = (number, is_bias)
            check_later_call(
                call, array, right, gradients, what, place, is_right_near=is_right_near
            )
