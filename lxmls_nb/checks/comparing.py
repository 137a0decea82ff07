"""Arrays that an answer gave, against the truth."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from lxmls_nb.checks.messages import describe, fail, hint_on, percent
from lxmls_nb.checks.mistakes.biases import ONES_COLUMN, has_ones_column, name_bias_shape
from lxmls_nb.checks.mistakes.form import (
    LAYER_ORDER,
    NOT_FINITE,
    SAME_PAIR,
    SHAPE,
    STRUCTURE,
    TRIPLE,
    TYPE,
)
from lxmls_nb.checks.mistakes.gradients import name_gradient
from lxmls_nb.checks.mistakes.hidden_layers import name_weight_shape
from lxmls_nb.checks.mistakes.mistake import Finding
from lxmls_nb.checks.mistakes.structures import EXAMPLE_LOSSES, of_pairs, of_triple
from lxmls_nb.checks.mistakes.values import TRANSPOSED
from lxmls_nb.checks.problems import Parameters, Problem, forward
from lxmls_nb.errors import WIDTH, NotAttempted

#: How far an array may be off, relative to its largest true value. Measured on the problems of
#: the exercises: the truth itself is known to 1e-9 at worst, answers in float64 agree to 1e-9,
#: central differences (h = 1e-5) to 1e-7, float32 to 3e-6; float16 probabilities, the nearest wrong
#: answer, are 2e-4 off.
TOLERANCE = 3e-5

#: Bound of the tolerance where logits are extreme: overflow is looked for there, not precision.
LARGEST_TOLERANCE = 1e-2

#: Gradients that are smaller all over are compared as if they were of this size: where a model is
#: sure, they are differences of nearly equal probabilities.
FLOOR = 1e-3


def tolerance(problem: Problem) -> float:
    """Return the tolerance for a problem: float32 knows large logits less well."""
    largest = float(np.abs(forward(problem).linear[-1]).max())
    return min(TOLERANCE * max(1.0, largest / 30), LARGEST_TOLERANCE)


def distance(array: np.ndarray, truth: np.ndarray) -> float:
    """Return how far an array is off, relative to the largest true value."""
    if not np.all(np.isfinite(array)):
        return np.inf
    return float(np.abs(array - truth).max(initial=0) / max(FLOOR, np.abs(truth).max(initial=0)))


def shape_of(value: object) -> tuple[int, ...] | None:
    """Return the shape of an array, None for anything else."""
    return value.shape if isinstance(value, np.ndarray) else None


def is_real(value: object) -> bool:
    """Whether a value is an array of real numbers: those of others don't all subtract."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "iuf"


def numeric(value: object, shape: tuple[int, ...], subject: str) -> np.ndarray:
    """Return an array of real numbers of the right shape, as float64.

    Parameters
    ----------
    value : object
        What an answer gave.
    shape : tuple of int
        The right shape, () for a number.
    subject : str
        What messages call it.

    Raises
    ------
    CheckFailed
        If it is not.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = np.array(float(value))
    if not isinstance(value, np.ndarray):
        expected = "a NumPy array of numbers" if shape else "a number"
        is_what = f"{describe(value)}{hint_on(value)}"
        raise fail(f"{subject} is {is_what}, not {expected}", TYPE.finding())
    if value.dtype.kind == "c" and np.abs(value.imag).max(initial=0) == 0:
        value = value.real
    if value.dtype.kind not in "iuf":
        raise fail(f"{subject} holds {value.dtype} values, not real numbers", TYPE.finding())
    if value.shape != shape:
        note = f"{subject} has shape {value.shape} where {shape} is expected"
        if len(shape) == 2 and value.shape == shape[::-1] and value.shape[1] != 1:
            raise fail(note, TRANSPOSED.finding())
        raise fail(note, SHAPE.finding())
    return value.astype(float)


def numeric_gradient(
    value: object,
    problem: Problem,
    layer: int,
    is_bias: bool,
    subject: str,
    pairs: Sequence[Any] = (),
) -> np.ndarray:
    """Return a gradient of the right shape, as float64: in 2-D, if a bias's was in one dimension.

    Parameters
    ----------
    value : object
        What an answer gave.
    problem : Problem
    layer : int
        The layer that it belongs to.
    is_bias : bool
        Whether it is the gradient of the bias.
    subject : str
        What messages call it.

    Raises
    ------
    CheckFailed
        If it is something else.
    """
    right = problem.parameters[layer][is_bias].shape
    shape = () if isinstance(value, int | float) else shape_of(value)
    if is_bias and shape == right[1:]:
        value = np.asarray(value).reshape(right)
    elif shape is not None and is_real(np.asarray(value)) and shape != right:
        note = f"{subject} has shape {shape} where {right} is expected"
        if is_bias:
            raise fail(note, name_bias_shape(shape, problem, layer))
        bias = pairs[layer][1] if pairs else None
        if has_ones_column(value, bias, right[1]):
            raise fail(note, ONES_COLUMN.finding())
        found = name_weight_shape(shape, problem, layer, _weight_shapes(pairs))
        if found is not None:
            raise fail(note, found)
    return numeric(value, right, subject)


def _weight_shapes(pairs: Sequence[Any]) -> list[object]:
    """Return the shapes of the weight gradients of all layers, None where there is no array."""
    return [shape_of(pair[0]) if isinstance(pair, list) and pair else None for pair in pairs]


def gradient_pairs(result: object, problem: Problem, name: str, layers: list[int]) -> list[Any]:
    """Return the result of ``backpropagation`` as a list of pairs.

    Parameters
    ----------
    result : object
        What the answer gave.
    problem : Problem
    name : str
        What messages call the answer.
    layers : list of int
        The layers whose pairs are looked at.

    Raises
    ------
    CheckFailed
        If it has another structure, or the layers in reverse order.
    NotAttempted
        If there are no gradients of one of the layers.
    """
    count = len(problem.parameters)
    subject = f"`{name}` ({problem}) should return {count} pairs"
    returned = of_pairs(result, problem)
    if not isinstance(result, list) or len(result) != count or returned:
        note = f"{subject} but returned {returned or describe(result) + hint_on(result)}"
        if result is None:
            note += "; `return gradients.reverse()`, too, returns None"
        raise fail(note, STRUCTURE.finding())
    if _are_one(result):
        raise fail(f"`{name}` ({problem})", SAME_PAIR.finding())
    for number in layers:
        pair = result[number]
        if pair is None or (isinstance(pair, list) and all(array is None for array in pair)):
            raise NotAttempted(f"`{name}` gives no gradients of layer {number + 1}.")
        if not isinstance(pair, list) or len(pair) != 2:
            note = f"{subject}; for layer {number + 1} it returned {describe(pair)}"
            raise fail(note, STRUCTURE.finding())
        (first, second), (weight, bias) = pair, problem.parameters[number]
        if shape_of(first) == bias.shape != weight.shape == shape_of(second):
            note = f"{subject}; for layer {number + 1} the bias comes first"
            raise fail(note, STRUCTURE.finding())
    shapes = [[shape_of(a) for a in pair] if isinstance(pair, list) else [] for pair in result]
    right = [[array.shape for array in pair] for pair in problem.parameters]
    if count > 1 and shapes != right and shapes == right[::-1]:
        raise fail(f"`{name}` ({problem})", LAYER_ORDER.finding())
    return result


def gradient_triple(value: object, problem: Problem, with_loss: bool) -> tuple[Any, list[Any]]:
    """Return what ``log_linear_gradients`` gave as the loss, and a list of one pair of gradients.

    Parameters
    ----------
    value : object
        What the answer gave.
    problem : Problem
    with_loss : bool
        Whether the loss counts; else it becomes None.

    Raises
    ------
    CheckFailed
        If it has another structure, or the loss is no single number.
    """
    subject = f"`log_linear_gradients` ({problem}) returned"
    returned = of_triple(value, problem)
    if not isinstance(value, list) or len(value) != 3 or returned:
        raise fail(f"{subject} {returned or describe(value) + hint_on(value)}", TRIPLE.finding())
    loss, weight, bias = value
    if not with_loss:
        return None, [[weight, bias]]
    if isinstance(loss, list) and all(map(is_numeric, loss)) and len({*map(np.shape, loss)}) == 1:
        loss = np.array(loss)
    shape = shape_of(loss)
    if shape and int(np.prod(shape)) != 1:
        if int(np.prod(shape)) == len(problem.output):
            raise fail(
                f"`log_linear_gradients` ({problem}): the loss is no number",
                EXAMPLE_LOSSES.finding(count=len(problem.output)),
            )
        raise fail(f"{subject} an array of shape {shape} first, not a number", TRIPLE.finding())
    if shape:  # an array of one number is a number
        loss = loss.reshape(())
    return loss, [[weight, bias]]


def is_numeric(value: object) -> bool:
    """Whether a value is a number, or an array of real ones."""
    return isinstance(value, int | float) or is_real(value)


def _are_one(pairs: list[Any]) -> bool:
    """Whether all layers have the same arrays, as two layers never have by chance."""
    first = pairs[0]
    if len(pairs) == 1 or not isinstance(first, list):
        return False
    if not any(is_real(array) and np.any(array) for array in first):  # zeros are named as zeros
        return False
    return all(
        isinstance(pair, list)
        and len(pair) == len(first)
        and all(
            array is other or (is_real(array) and is_real(other) and np.array_equal(array, other))
            for array, other in zip(pair, first, strict=True)
        )
        for pair in pairs[1:]
    )


def compare_gradients(
    pairs: list[Any],
    truth: Parameters,
    problem: Problem,
    name: str,
    layers: list[int],
    quantities: list[str],
) -> float:
    """Compare gradients with the numerical ones, the last layer first.

    Parameters
    ----------
    pairs : list
        A pair [weight gradient, bias gradient] per layer, as an answer gave them.
    truth : list of [weight gradient, bias gradient]
    problem : Problem
    name : str
        What messages call the answer.
    layers : list of int
        The layers that are compared.
    quantities : list of str
        What is compared of each layer: ``"weight"``, ``"bias"``, or both.

    Returns
    -------
    worst : float
        The largest distance found.

    Raises
    ------
    CheckFailed
        For the first wrong one, with the likely mistake.
    """
    single = len(problem.parameters) == 1
    worst = 0.0
    for number in sorted(layers, reverse=True):
        for quantity in quantities:
            is_bias = quantity == "bias"
            layer = "" if single else f" of layer {number + 1}"
            subject = f"`{name}` ({problem}): the {quantity} gradient{layer}"
            value, right = pairs[number][is_bias], truth[number][is_bias]
            array = numeric_gradient(value, problem, number, is_bias, subject, pairs)
            if not np.all(np.isfinite(array)):
                raise fail(f"{subject} is not right", NOT_FINITE.finding())
            off = distance(array, right)
            if not off <= tolerance(problem):
                if not single and number == len(truth) - 1 and _reversed(pairs, truth):
                    found: Finding | None = LAYER_ORDER.finding()
                else:
                    found = name_gradient(array, right, problem, number, is_bias)
                after = set(range(number + 1, len(truth)))
                reached = (
                    "; the layers after it are right, so look at how the error gets from there "
                    "to here"
                    if after and after <= set(layers)
                    else ""
                )
                raise fail(
                    f"{subject} differs from the numerical one",
                    found,
                    otherwise=f"by up to {percent(off)} of its largest value{reached}",
                )
            worst = max(worst, off)
    return worst


def _reversed(pairs: list[Any], truth: Parameters) -> bool:
    """Whether the layers are right, but in reverse order."""
    for pair, right in zip(pairs[::-1], truth, strict=True):
        if not isinstance(pair, list) or len(pair) != 2:  # a layer that is not looked at
            return False
        for array, other in zip(pair, right, strict=True):
            if shape_of(array) != other.shape or distance(array, other) > TOLERANCE:
                return False
    return True


def remark_on_biases(quantities: list[str], given: list[Any], parameters: Parameters) -> None:
    """Print that bias gradients of one dimension are accepted, if there are any."""
    for array, (_, bias) in zip(given, parameters, strict=True):
        if "bias" in quantities and shape_of(array) == bias.shape[1:]:
            text = (
                f"A bias gradient of shape {bias.shape[1:]} is accepted; the bias itself has shape "
                f"{bias.shape}, as `keepdims=True` gives it."
            )
            print(textwrap.fill(text, WIDTH))
            return
