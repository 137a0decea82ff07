"""Mistakes in how the error gets from layer to layer, and in what it is multiplied with there."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from lxmls_nb.checks.mistakes.evidence import Gradient
from lxmls_nb.checks.mistakes.mistake import Mistake


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
        "a - a (1 - a)": a - a * (1 - a),
        "2 a (1 - a)": 2 * a * (1 - a),
    }


#: What stands in the place of the derivatives of hidden layers. The first that fits is named.
DERIVATIVES = (
    Mistake(
        "no-derivative",
        "the derivative of the sigmoid seems to be missing",
        derivative=lambda z: [np.ones_like(z)],
    ),
    Mistake(
        "derivative",
        "the derivative of the sigmoid seems to be wrong; with a the activation, the numbers look "
        "like {look}",
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


WRONG_WEIGHTS = Mistake(
    "wrong-weights",
    "the error seems to be propagated through the wrong layer's weights",
    weights=_of_other_layers,
)


def _values_of_other_layers(gradient: Gradient) -> list[np.ndarray]:
    entering = gradient.layer_input
    return [
        value
        for value in (*gradient.values.layer_inputs, *gradient.values.linear)
        if value is not entering and value.shape == entering.shape
    ]


WRONG_INPUT = Mistake(
    "wrong-input",
    "it seems to be multiplied with the input of another layer",
    layer_input=_values_of_other_layers,
)
CLOBBERED = Mistake(
    "clobbered",
    "the activations seem to be changed before they are used here",
    layer_input=lambda gradient: [gradient.layer_input * (1 - gradient.layer_input)],
)
