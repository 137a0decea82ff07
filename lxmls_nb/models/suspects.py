"""Networks whose backpropagation has a bug each, for the bug hunt.

What goes back from node to node is measured here, by central differences, and not worked out by
formulas: these are the exercise. A bug is a change to one of the nodes, or to what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp

from lxmls_nb.differences import central_difference, row_derivatives
from lxmls_nb.models.numpy_mlp import NumpyMLP

#: Step of the central differences.
STEP = 1e-3
#: Standard deviation of weights and biases: sigmoids are curved there, and not yet flat.
SCALE = 0.8

#: The bugs, and what is wrong in each.
BUGS = {
    "sign": "the error is turned round",
    "sum": "the batch is summed, not averaged",
    "one-example": "only the last example of the batch counts",
    "no-indicator": "the right class is not subtracted from the probabilities",
    "no-slope": "the derivative of the sigmoid is left out",
    "wrong-slope": "the derivative of the sigmoid is taken at its output, not at its input",
    "transposed": "the error goes back through a weight that is transposed",
    "order": "the gradients are returned last layer first",
}

#: The bugs in the order of the hunt. All networks have the same weights, so that what differs
#: between them is the bug.
HUNT = (
    *("sum", "order", "sign", "no-slope", "wrong-slope"),
    *("transposed", "one-example", "no-indicator"),
)
#: A transposed weight fits where it is square, which the one in the middle is.
GEOMETRY = (4, 3, 3, 2)
#: The seed is such that no gradient of :func:`reviews` is so small that ratios get out of hand.
SEED = 113

Function = Callable[[np.ndarray], np.ndarray]


class Suspect(NumpyMLP):
    """A network of sigmoids whose gradients are measured, and wrong if it has a bug.

    Parameters
    ----------
    bug : str, optional
        One of :data:`BUGS`; by default its gradients are right.
    geometry : sequence of int
        Sizes of the input, of each hidden layer and of the output.
    seed : int
        Of its random weights and biases.

    Raises
    ------
    ValueError
        If there is no such bug.
    """

    def __init__(self, bug: str = "", geometry: Sequence[int] = GEOMETRY, seed: int = SEED):
        if bug and bug not in BUGS:
            raise ValueError(f"there is no bug {bug!r}: choose from {', '.join(BUGS)}")
        super().__init__(geometry, ["sigmoid"] * (len(geometry) - 2) + ["softmax"])
        random = np.random.RandomState(seed)
        self.parameters = [
            [random.normal(0, SCALE, weight.shape), random.normal(0, SCALE, bias.shape)]
            for weight, bias in self.parameters
        ]
        self.bug = bug

    def backpropagation(self, input: np.ndarray, output: np.ndarray) -> list[list[np.ndarray]]:
        """Return the gradient of the loss, ``[[weight_gradient, bias_gradient], ...]``.

        It is right but for the bug.

        Parameters
        ----------
        input : ndarray, shape (M, I)
        output : ndarray of int, shape (M,)
        """
        if self.bug == "one-example":
            input, output = input[-1:], output[-1:]
        layer_inputs = self.log_forward(input)[1]
        z = [
            x @ weight.T + bias
            for x, (weight, bias) in zip(layer_inputs, self.parameters, strict=True)
        ]

        def losses(z: np.ndarray) -> np.ndarray:
            right = z[np.arange(len(z)), output] if self.bug != "no-indicator" else 0.0
            return np.asarray(logsumexp(z, axis=1) - right)[:, None]

        error = pull_back(losses, z[-1], np.ones((len(input), 1)))
        if self.bug == "sign":
            error = -error
        if self.bug != "sum":
            error = error / len(input)
        gradients: list[list[np.ndarray]] = []
        for n in reversed(range(len(z))):
            gradients.insert(0, self._gradients(n, layer_inputs[n], error))
            if n > 0:
                error = self._before(n, layer_inputs[n], z[n - 1], error)
        return gradients[::-1] if self.bug == "order" else gradients

    def _gradients(self, n: int, layer_input: np.ndarray, error: np.ndarray) -> list[np.ndarray]:
        """Return what the weight and the bias of a layer get of the error at its output."""
        weight, bias = self.parameters[n]
        one = np.ones((1, 1))

        def moved(weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
            return np.array([[np.sum(error * (layer_input @ weight.T + bias))]])

        of_weight = pull_back(
            lambda flat: moved(flat.reshape(weight.shape), bias), weight.reshape(1, -1), one
        )
        return [of_weight.reshape(weight.shape), pull_back(lambda b: moved(weight, b), bias, one)]

    def _before(self, n: int, tilde_z: np.ndarray, z: np.ndarray, error: np.ndarray) -> np.ndarray:
        """Return the error at the linear function of the layer before."""
        weight, bias = self.parameters[n]
        if self.bug == "transposed" and weight.shape[0] == weight.shape[1]:
            weight = weight.T
        error = pull_back(lambda value: value @ weight.T + bias, tilde_z, error)
        if self.bug == "no-slope":
            return error
        return pull_back(expit, tilde_z if self.bug == "wrong-slope" else z, error)


def suspects() -> list[Suspect]:
    """Return the eight networks of the hunt. Each has another one of :data:`BUGS`."""
    return [Suspect(bug) for bug in HUNT]


def reviews() -> dict[str, np.ndarray]:
    """Return six invented reviews: how often four words occur in each, and its class, 0 or 1."""
    counts = [[2, 3, 0, 0], [1, 1, 0, 2], [1, 1, 1, 0], [2, 0, 1, 4], [0, 1, 0, 0], [1, 0, 0, 2]]
    return {"input": np.array(counts, dtype=float), "output": np.array([0, 1, 1, 0, 1, 1])}


def pull_back(function: Function, point: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the error at what goes into a function, from the error at what comes out.

    That is the derivative of ``sum(error * function(point))`` with respect to `point`, row by row,
    by central differences.

    Parameters
    ----------
    function : callable
        From an array of shape (M, inputs) to one of shape (M, outputs).
    point : ndarray, shape (M, inputs)
    error : ndarray, shape (M, outputs)

    Returns
    -------
    error : ndarray, shape (M, inputs)
    """

    def weighted(point: np.ndarray) -> np.ndarray:
        return np.asarray(np.sum(error * function(point), axis=1))

    return row_derivatives(weighted, point, STEP)


@dataclass(frozen=True)
class Compared:
    """The gradients of a parameter array that a network claims, beside measured ones.

    Attributes
    ----------
    name : str
        Such as ``"W1"`` or ``"b2"``: the layer counts from one.
    measured : ndarray
        By central differences of the loss.
    claimed : ndarray
        Its shape may be another one.
    """

    name: str
    measured: np.ndarray
    claimed: np.ndarray

    @property
    def fits(self) -> bool:
        """Whether the gradient has the shape of its parameter."""
        return self.claimed.shape == self.measured.shape

    @property
    def ratios(self) -> np.ndarray:
        """What is claimed as a multiple of what is measured, where that is not zero."""
        if not self.fits:
            return np.array([])
        counts = (np.abs(self.measured) > 1e-8) & np.isfinite(self.claimed)
        ratios: np.ndarray = self.claimed[counts] / self.measured[counts]
        return ratios


def compare_gradients(model: NumpyMLP, input: np.ndarray, output: np.ndarray) -> list[Compared]:
    """Measure the gradient of each parameter of a network, and return it beside what it claims.

    Parameters
    ----------
    model : NumpyMLP
        A small one: the loss is worked out four times per parameter.
    input : ndarray, shape (M, I)
    output : ndarray of int, shape (M,)
    """
    claimed = model.backpropagation(input, output)
    kept = model.parameters
    compared = []
    try:
        for layer, pair in enumerate(kept):
            for kind in range(len(pair)):
                measured = _measured(model, kept, layer, kind, input, output)
                name = f"{'Wb'[kind]}{layer + 1}"
                compared.append(Compared(name, measured, _claimed(claimed, layer, kind, measured)))
    finally:
        model.parameters = kept
    return compared


def _claimed(claimed: Any, layer: int, kind: int, measured: np.ndarray) -> np.ndarray:
    """Return one of the gradients that a network claims; an array of no numbers if it is missing.

    The gradient of a bias may have lost its row, as in the exercises.
    """
    try:
        found = np.asarray(claimed[layer][kind], dtype=float)
    except (IndexError, KeyError, TypeError, ValueError):
        return np.array([])
    if np.ndim(claimed[layer][kind]) == 0:  # such as None
        return np.array([])
    is_flat = kind == 1 and found.shape == measured.shape[1:]
    return found.reshape(measured.shape) if is_flat else found


def _measured(
    model: NumpyMLP,
    parameters: list[list[np.ndarray]],
    layer: int,
    kind: int,
    input: np.ndarray,
    output: np.ndarray,
) -> np.ndarray:
    """Return the derivative of the loss with respect to each number of a weight or a bias."""
    array = parameters[layer][kind]

    def loss(values: np.ndarray) -> np.ndarray:
        model.parameters = [list(pair) for pair in parameters]
        model.parameters[layer][kind] = values
        return np.array(model.cross_entropy_loss(input, output))

    gradient = np.empty_like(array)
    for place in np.ndindex(array.shape):
        direction = np.zeros_like(array)
        direction[place] = 1.0
        gradient[place] = central_difference(loss, array, direction, STEP)
    return gradient
