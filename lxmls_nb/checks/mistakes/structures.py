"""What a result is that has another structure than it should."""

from __future__ import annotations

from typing import Any

import numpy as np

from lxmls_nb.checks.mistakes.mistake import Mistake
from lxmls_nb.checks.problems import Problem

#: Types of what can be gone through only once, as probes report them.
ITERATORS = ("zip", "map", "filter", "generator", "reversed", "iterator", "enumerate")

EXAMPLE_LOSSES = Mistake(
    "loss-per-example",
    "it is an array of {count} losses, one for each example: take their mean",
    name="the loss is an array, one for each example",
    lesson="The loss is one number: the mean over the batch.",
)


def _shape(value: object) -> tuple[int, ...] | None:
    return value.shape if isinstance(value, np.ndarray) else None


def _shapes(value: object) -> list[Any]:
    return [_shape(item) for item in value] if isinstance(value, list) else []


def _is_unsupported(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"unsupported"}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or _shape(value) == ()


def of_any_result(value: object) -> str:
    """Return what a result is, if it is neither a list nor an array: "" for those."""
    if _is_unsupported(value):
        assert isinstance(value, dict)
        kind = str(value["unsupported"])
        if any(kind.lower().endswith(each) for each in ITERATORS):
            return f"a {kind}, which is no list yet: put list() around it"
    elif isinstance(value, dict):
        keys = ", ".join(repr(key[:20]) for key in list(value)[:4])
        return f"a dictionary with the keys {keys}: return the values alone, in their order"
    return ""


def of_pairs(result: object, problem: Problem) -> str:
    """Return what the result of ``backpropagation`` is, "" where nothing better is known.

    Parameters
    ----------
    result : object
        Something else than a pair [weight gradient, bias gradient] per layer.
    problem : Problem
    """
    if not isinstance(result, list):
        return of_any_result(result)
    right = [[array.shape for array in pair] for pair in problem.parameters]
    count = len(right)
    found = [_shapes(item) for item in result]
    inside = [item for item in result if isinstance(item, list) and len(item) == count]
    if any([_shapes(pair) for pair in item] == right for item in inside):
        return "the gradients with something else beside them: return their list alone"
    flat = [shape for pair in right for shape in pair]
    if _shapes(result) == flat and count > 1:
        return "all arrays in one list: put the two of each layer into a list of their own"
    weights, biases = ([pair[kind] for pair in right] for kind in (0, 1))
    flat_biases = [shape[1:] for shape in biases]
    if len(result) == 2 and found != right:
        if found in ([weights, biases], [weights, flat_biases]):
            return "first all weight gradients, then all bias gradients: they go in pairs, by layer"
        if found in ([biases, weights], [flat_biases, weights]):
            return "first all bias gradients, then all weight gradients: they go in pairs, by layer"
    if _shapes(result) == weights:
        return "weight gradients without bias gradients"
    alone = [number + 1 for number, pair in enumerate(right) if _shapes(result) == pair]
    if alone and count > 1:
        return f"the pair of layer {alone[0]} alone: those of all layers are expected, in a list"
    if len(result) >= 2 * count and right in (found[:count], found[-count:]):
        return (
            f"a list of {len(result)}, with the gradients of this call among them: is it kept "
            "from one call to the next? Start each call with an empty one"
        )
    if 0 < len(result) < count:
        for start in range(count - len(result) + 1):
            if found == right[start : start + len(result)]:
                missing = sorted(set(range(count)) - set(range(start, start + len(result))))
                named = ", ".join(str(number + 1) for number in missing)
                layers = f"layer {named}" if len(missing) == 1 else f"layers {named}"
                return f"a list of {len(result)}: the gradients of {layers} are missing"
    return ""


def of_triple(result: object, problem: Problem) -> str:
    """Return what the result of ``log_linear_gradients`` is, "" where nothing better is known.

    Parameters
    ----------
    result : object
        Something else than the loss, the weight gradient and the bias gradient.
    problem : Problem
    """
    if not isinstance(result, list):
        return of_any_result(result)
    weight, bias = (array.shape for array in problem.parameters[0])
    names = [_name(item, weight, bias) for item in result]
    if names == ["weight gradient", "bias gradient"]:
        return "the gradients without the loss"
    if len(result) == 2 and isinstance(result[1], list) and len(result[1]) == 2:
        return "the gradients in a pair of their own: return three things side by side"
    if len(result) == 2 and isinstance(result[0], list) and len(result[0]) == 2:
        return "the gradients in a pair of their own, and the loss after them"
    if len(result) == 3 and len(set(names)) == 3 and None not in names:
        if names == ["loss", "bias gradient", "weight gradient"]:
            return "the gradients exchanged (the bias gradient before the weight gradient)"
        if names != ["loss", "weight gradient", "bias gradient"]:
            return f"them in another order: {', '.join(map(str, names))}"
    if len(result) > 3 and names[:3] == ["loss", "weight gradient", "bias gradient"]:
        return f"{len(result)} things"
    return ""


def _name(item: object, weight: tuple[int, ...], bias: tuple[int, ...]) -> str | None:
    """Return what an item is, as far as its shape tells."""
    if _is_number(item):
        return "loss"
    shape = _shape(item)
    if shape == weight and weight != bias:
        return "weight gradient"
    return "bias gradient" if shape in (bias, bias[1:]) else None
