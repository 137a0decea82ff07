"""Mistakes in how the error gets from layer to layer, and in what it is multiplied by there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from lxmls_nb.checks.mistakes.evidence import Gradient
from lxmls_nb.checks.mistakes.form import SHAPE
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem
from lxmls_nb.models.model import glorot_parameters


def _other_derivatives(z: np.ndarray) -> dict[str, np.ndarray]:
    a = expit(z)
    return {
        "1 - a": 1 - a,
        "a": a,
        "1 - a²": 1 - a**2,
        "that of the sigmoid of a": expit(a) * (1 - expit(a)),
        "1/4": np.full_like(a, 0.25),
        "-a (1 - a)": -a * (1 - a),
        "a² (1 - a)": a**2 * (1 - a),
        "a (1 - a)²": a * (1 - a) ** 2,
        "(a (1 - a))²": (a * (1 - a)) ** 2,
        "a (1 + a)": a * (1 + a),
        "a (a - 1)²": a * (a - 1) ** 2,
        "z (1 - z)": z * (1 - z),
        "1 - z²": 1 - z**2,
        "exp(-z)": np.exp(-z),
        "that of tanh": 1 - np.tanh(z) ** 2,
        "that of a ReLU": (z > 0).astype(float),
        "a², which is a - a (1 - a)": a**2,
        "(1 - a)²": (1 - a) ** 2,
        "2 a (1 - a)": 2 * a * (1 - a),
    }


#: What stands in the place of the derivatives of hidden layers. The first that fits is named.
DERIVATIVES = (
    Mistake(
        "no-derivative",
        "the derivative of the sigmoid{where} seems to be missing",
        name="the derivative of the sigmoid is missing",
        lesson="Going back through a sigmoid multiplies the error by its derivative, a * (1 - "
        "a), unit by unit.",
        derivative=lambda z: [np.ones_like(z)],
    ),
    Mistake(
        "derivative",
        "the derivative of the sigmoid{where} seems to be wrong; with a the activation, the "
        "numbers look like {look}",
        name="the derivative of the sigmoid is wrong",
        lesson="The derivative of the sigmoid is a * (1 - a), with a what the sigmoid gave, not "
        "what went into it.",
        derivative=_other_derivatives,
    ),
)


def _of_other_layers(gradient: Gradient) -> list[dict[int, np.ndarray]]:
    weights = [weight for weight, _ in gradient.problem.parameters]
    return [
        {number + 1: other}
        for number in gradient.hidden
        for layer, other in enumerate(weights)
        if layer != number + 1 and other.shape == weights[number + 1].shape
    ]


def _without_weights(gradient: Gradient) -> list[dict[int, np.ndarray]]:
    """Return what stands in for weights where errors of the next layer are summed, or kept."""
    weights = {number + 1: gradient.problem.parameters[number + 1][0] for number in gradient.hidden}
    squares = all(len(set(weight.shape)) == 1 for weight in weights.values())
    return [
        *({n: factor * np.ones_like(weight) for n, weight in weights.items()} for factor in (1,)),
        *([{n: np.eye(len(weight)) for n, weight in weights.items()}] if squares else []),
        *({number: np.ones_like(weight)} for number, weight in weights.items() if len(weights) > 1),
    ]


NO_WEIGHTS = Mistake(
    "no-weights",
    "the error seems not to go through the weights of the layer after it on its way back",
    name="the error does not go back through the weights",
    lesson="A layer's error reaches the layer before it through the same weights that the "
    "activations went through.",
    weights=_without_weights,
)


def _after_a_step(gradient: Gradient) -> list[dict[int, np.ndarray]]:
    """Return the weights on the error's way as they are after a step of SGD."""
    slopes = numerical_gradients(gradient.problem, [number + 1 for number in gradient.hidden])
    return [
        {
            number + 1: gradient.problem.parameters[number + 1][0] - rate * slopes[number + 1][0]
            for number in gradient.hidden
        }
        for rate in (0.1, 0.05, 0.01, 0.5, 1)
        if gradient.hidden
    ]


STEPPED_WEIGHTS = Mistake(
    "stepped-weights",
    "the error seems to go back through weights that have made a step already: work out all "
    "gradients first, with the parameters as they are",
    weights=_after_a_step,
)


def _as_made(gradient: Gradient) -> list[dict[int, np.ndarray]]:
    problem = gradient.problem
    first = glorot_parameters(problem.geometry, problem.activation_functions)
    return [{number + 1: first[number + 1][0] for number in gradient.hidden}]


FIRST_WEIGHTS = Mistake(
    "first-weights",
    "the error seems to go back through the weights that the network was made with: take those of "
    "`self.parameters` in each call, as a step of training puts new arrays there",
    name="the error goes back through the weights that the network was made with",
    weights=_as_made,
)


WRONG_WEIGHTS = Mistake(
    "wrong-weights",
    "the error seems to be propagated through the wrong layer's weights",
    lesson="The error goes back from a layer through that layer's own weights.",
    weights=_of_other_layers,
)


def _values_of_other_layers(gradient: Gradient) -> dict[str, np.ndarray]:
    entering = gradient.layer_input
    values = {
        f"the input of layer {number + 1}": array
        for number, array in enumerate(gradient.values.layer_inputs)
    } | {
        f"z of layer {number + 1}, before its non-linearity": array
        for number, array in enumerate(gradient.values.linear)
    }
    return {
        look: value
        for look, value in values.items()
        if value is not entering and value.shape == entering.shape
    }


WRONG_INPUT = Mistake(
    "wrong-input",
    "the error seems to be multiplied by {look}; what entered layer {layer} belongs there",
    name="the error is multiplied by another input than that of its layer",
    lesson="A weight's gradient is the error after it times the input before it: both of the same "
    "layer.",
    layer_input=_values_of_other_layers,
)

#: What shows in a shape: the parts of a weight gradient do not belong to the same layer.
OTHER_LAYER = Mistake(
    "other-layer",
    "that looks like the error of layer {error} times the input of layer {input}: both belong to "
    "the same layer{hint}",
    name="error and input of different layers are multiplied",
    lesson="A weight's gradient is the error after it times the input before it: both of the same "
    "layer.",
)

OTHER_PAIR = Mistake(
    "other-place",
    "that is the shape of layer {layer}, which has an array of its own, too: does an index, such "
    "as `[-1]`, stay the same in each round of the loop?",
    name="the gradients of a layer are written to the place of another",
    lesson="Each layer has a place of its own in the list: an index that stays the same in each "
    "round of a loop overwrites the gradients of the last one.",
)
OTHER_PLACE = Mistake(
    "pair-order",
    "that is the shape of layer {layer}: do the pairs stand in another order than the layers? The "
    "first layer comes first",
    name="the pairs of gradients are in another order than the layers",
    lesson="The loop goes from the last layer to the first, the list from the first to the last: "
    "reverse it at the end, or insert each pair at its beginning.",
)


#: What shows where an answer is right on a network with one hidden layer.
FIXED_LAYERS = Mistake(
    "fixed-layers",
    "With one hidden layer the answer is right, with {hidden} it is not: is the number of layers "
    "fixed, or is something taken from the first or the last layer that is to be that of the layer "
    "in question",
    name="the number of layers is fixed",
    lesson="Go over all of `self.parameters` in a loop: nothing in the code should know how many "
    "layers there are.",
)


def name_weight_shape(
    shape: tuple[int, ...], problem: Problem, layer: int, shapes: Sequence[object] = ()
) -> Finding | None:
    """Return what the wrong shape of a weight gradient tells, None if nothing.

    Parameters
    ----------
    shape : tuple of int
        That of the weight gradient.
    problem : Problem
    layer : int
        The layer in whose place it stands.
    shapes : sequence
        The shapes of the weight gradients of all layers, None where there is no array.
    """
    right, sizes = problem.parameters[layer][0].shape, problem.geometry
    examples = len(problem.output)
    if shape == right[::-1]:  # named as transposed, unless it is that of another layer, too
        others = [weight.shape for weight, _ in problem.parameters]
        is_there = any(each == shape == given for each, given in zip(others, shapes, strict=False))
        return SHAPE.finding() if is_there else None
    if len(shape) == 3 and sorted(shape) == sorted((examples, *right)):
        hint = "there is an outer product for each example still: sum over the examples"
        return NOT_SUMMED.finding(hint=hint)
    if shape == (examples * right[0], examples * right[1]) and examples > 1:
        hint = (
            "`np.outer` is for vectors: of whole arrays it multiplies the numbers of all examples "
            "with one another. Take it example by example, or a matrix product"
        )
        return NOT_SUMMED.finding(hint=hint)
    if len(shape) == 2 and examples in shape and examples not in sizes:
        hint = f"{examples} is the number of examples, which the matrix product should sum over"
        return NOT_SUMMED.finding(hint=hint)
    if len(shape) != 2 or len(sizes) == 2:
        return None
    errors = [n + 1 for n, size in enumerate(sizes[1:]) if size == shape[0]]
    inputs = [n + 1 for n, size in enumerate(sizes[:-1]) if size == shape[1]]
    if len(errors) == 1 and errors == inputs:
        if list(shapes[errors[0] - 1 : errors[0]]) == [shape]:
            return OTHER_PAIR.finding(layer=errors[0])
        return OTHER_PLACE.finding(layer=errors[0])
    if len(errors) == len(inputs) == 1:
        is_of_loop = errors[0] == len(sizes) - 1 > layer + 1 == inputs[0]
        hint = ", and the loop runs from the last layer to the first" if is_of_loop else ""
        return OTHER_LAYER.finding(error=errors[0], input=inputs[0], hint=hint)
    return None


NOT_SUMMED = Mistake(
    "not-summed",
    "{hint}",
    name="the bias gradient is not summed over the examples alone",
    lesson="The bias gradient is the sum of the errors over the examples, axis 0: one row is left.",
)


def _errors_of_other_layers(gradient: Gradient) -> dict[str, np.ndarray]:
    """Return the gradients with the errors of other layers that have as many units."""
    sizes = gradient.problem.geometry
    return {
        f"layer {number + 1}": gradient.with_error(gradient.error_of(number))
        for number in range(len(gradient.problem.parameters))
        if number != gradient.layer and sizes[number + 1] == sizes[gradient.layer + 1]
    }


WRONG_ERROR = Mistake(
    "wrong-error",
    "the error of {look} seems to be used here: each layer has its own",
    name="the error of another layer is used",
    lesson="Each layer has an error of its own: carry it on to the layer before only after its "
    "gradients are worked out.",
    gradient=_errors_of_other_layers,
)


def _other_steps(gradient: Gradient) -> dict[str, np.ndarray]:
    """Return the gradients with another last step back, from the next layer to this one."""
    if gradient.layer not in gradient.hidden or gradient.function != "sigmoid":
        return {}
    a = expit(gradient.values.linear[gradient.layer])
    came = gradient.error_of(gradient.layer, derivatives={gradient.layer: np.ones_like(a)})
    size = gradient.size
    averaged = came.mean(axis=0) * a * (1 - a)
    if gradient.is_bias:  # there the two are the same
        of_batch = {"the derivative, or the error, is averaged over the batch": averaged}
    else:
        of_batch = {
            "the derivative is averaged over the batch": came * (a * (1 - a)).mean(axis=0),
            "the error is averaged over the batch": averaged,
        }
    steps = {
        "`a * 1 - a` has no brackets around `1 - a`": came * a - a,
        "the derivative is added, not multiplied by": came + a * (1 - a),
        **of_batch,
        "the error is divided by it": came / (a * (1 - a)),
        "the error itself is put into it": came * (1 - came),
        "the sigmoid of the error is taken": expit(came),
        "the sigmoid of each example's error is taken": expit(size * came) / size,
        "the error goes through a ReLU": np.maximum(came, 0),
    }
    summed = {look.replace("averaged", "summed"): size * e for look, e in of_batch.items()}
    return {look: gradient.with_error(error) for look, error in (steps | summed).items()}


OTHER_STEP = Mistake(
    "step-back",
    "the step back through the sigmoid seems to be wrong: {look}. The error, once through the "
    "weights, is multiplied by a * (1 - a), unit by unit",
    name="the step back through the sigmoid is wrong",
    lesson="Back through the weights first, then times a * (1 - a), unit by unit.",
    gradient=_other_steps,
)


def _of_other_activations(gradient: Gradient) -> list[dict[int, np.ndarray]]:
    """Return derivatives that are taken from another layer that has as many units."""
    if gradient.function != "sigmoid":
        return []
    found = []
    for number in gradient.hidden:
        right = gradient.values.layer_inputs[number + 1]
        for other in gradient.values.layer_inputs:
            if other is not right and other.shape == right.shape:
                found.append({number: other * (1 - other)})
    return found


OTHER_DERIVATIVE = Mistake(
    "derivative-of-other-layer",
    "the derivative of the sigmoid seems to be taken from another layer's activations",
    name="the derivative of the sigmoid is taken from another layer",
    derivatives=_of_other_activations,
)
CLOBBERED = Mistake(
    "clobbered",
    "`a * (1 - a)` seems to stand where the activations `a` belong: are they changed before they "
    "are used here, or is the derivative used in their place?",
    name="`a * (1 - a)` stands where the activations `a` belong",
    layer_input=lambda gradient: [gradient.layer_input * (1 - gradient.layer_input)],
)
