"""What all models share: their interface, initial weights, one-hot labels, saved parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from lxmls_nb.files import atomic_path, is_size


class Model:
    """A classifier that learns from batches.

    Subclasses define :meth:`predict` and :meth:`update`, and keep their parameters as
    attributes.
    """

    def predict(self, input: np.ndarray) -> np.ndarray:
        """Return the most probable class index of each example, shape (M,)."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to predict")

    def update(self, input: np.ndarray, output: np.ndarray) -> float | None:
        """Make one step of Stochastic Gradient Descent on a batch."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to update")


def glorot_weight_init(
    shape: tuple[int, int],
    activation_function: str,
    random_seed: np.random.RandomState | None = None,
) -> np.ndarray:
    """Draw the initial weights of a layer at random (Glorot and Bengio, 2010).

    Parameters
    ----------
    shape : (int, int)
        The number of inputs and the number of outputs, in this order.
    activation_function : str
        What follows the layer: weights are four times as large before a ``"sigmoid"``.
    random_seed : numpy.random.RandomState, optional
        Shared by the layers of a network. By default a new ``RandomState(1234)``.

    Returns
    -------
    weight : ndarray, shape (outputs, inputs)
        Uniform in ±sqrt(6 / (inputs + outputs)), times 4 before a sigmoid.
    """
    if random_seed is None:
        random_seed = np.random.RandomState(1234)
    num_inputs, num_outputs = shape
    span = np.sqrt(6.0 / (num_inputs + num_outputs))
    weight = random_seed.uniform(low=-span, high=span, size=(num_outputs, num_inputs))
    return 4 * weight if activation_function == "sigmoid" else weight


def index2onehot(index: np.ndarray, num_classes: int) -> np.ndarray:
    r"""Return the indicator vectors :math:`\mathbf{1}^y` of class indices, one per row.

    Parameters
    ----------
    index : ndarray of int, shape (M,)
    num_classes : int
        K, the number of classes.

    Returns
    -------
    onehot : ndarray of float, shape (M, K)

    Raises
    ------
    ValueError
        If a label is not one of 0 … K-1.
    """
    onehot: np.ndarray = np.eye(num_classes)[check_labels(index, num_classes)]
    return onehot


def check_labels(
    output: ArrayLike, num_classes: int, num_examples: int | None = None
) -> np.ndarray:
    """Return labels as an integer array.

    Raises
    ------
    ValueError
        If a label is not one of 0 … K-1, or there are not as many as examples.
    """
    labels = np.asarray(output)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            "labels are a one-dimensional array of class indices, not "
            f"{labels.dtype} of shape {labels.shape}"
        )
    if num_examples is not None and len(labels) != num_examples:
        raise ValueError(f"there are {len(labels)} labels for {num_examples} examples")
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if wrong.size:
        raise ValueError(f"label {wrong[0]} is not one of the {num_classes} classes")
    return labels


def check_network(
    geometry: Sequence[int], activation_functions: Sequence[str], hidden: Sequence[str]
) -> None:
    """Raise ValueError if a network's sizes and activation functions don't fit.

    Parameters
    ----------
    geometry : sequence of int
        Sizes of the input, of each hidden layer and of the output.
    activation_functions : sequence of str
        One per layer; the last is ``"softmax"``.
    hidden : sequence of str
        The activation functions that hidden layers may have.
    """
    if (
        not isinstance(geometry, list | tuple)
        or len(geometry) < 2
        or not all(map(is_size, geometry))
    ):
        raise ValueError(
            f"geometry {geometry!r} is not a list of two or more sizes, e.g. [100, 20, 2]"
        )
    layers = len(geometry) - 1
    if len(activation_functions) != layers:
        raise ValueError(
            f"geometry {list(geometry)} has {layers} layers, but there are "
            f"{len(activation_functions)} activation functions: {list(activation_functions)}"
        )
    if activation_functions[-1] != "softmax":
        raise ValueError(f"the last layer is a 'softmax', not {activation_functions[-1]!r}")
    for name in activation_functions[:-1]:
        if name not in hidden:
            raise ValueError(f"activation function {name!r} is not one of {', '.join(hidden)}")


def glorot_parameters(
    geometry: Sequence[int], activation_functions: Sequence[str]
) -> list[list[np.ndarray]]:
    """Return initial parameters of a network, ``[weight (out, in), bias (1, out)]`` per layer."""
    random_seed = np.random.RandomState(1234)
    return [
        [glorot_weight_init((inputs, outputs), name, random_seed), np.zeros((1, outputs))]
        for inputs, outputs, name in zip(
            geometry[:-1], geometry[1:], activation_functions, strict=True
        )
    ]


def save_parameters(path: str | Path, parameters: Sequence[Sequence[np.ndarray]]) -> None:
    """Write the parameters of a network to an ``.npz`` file, whole or not at all.

    Parameters
    ----------
    path : path
    parameters : list of [weight, bias]
    """
    arrays = {}
    for number, (weight, bias) in enumerate(parameters, start=1):
        arrays[f"weight_{number}"], arrays[f"bias_{number}"] = weight, bias
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_parameters(path: str | Path, geometry: Sequence[int]) -> list[list[np.ndarray]]:
    """Read parameters that :func:`save_parameters` wrote.

    Raises
    ------
    ValueError
        If the file is damaged or was saved by a network of another geometry.
    """
    try:
        # Opened here, since NumPy does not close a file that is damaged.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile and NumPy raise many kinds where a file is damaged
        raise ValueError(f"{path} holds no parameters, or is damaged: {error}") from error
    layers = len(arrays) // 2
    try:
        parameters = [
            [np.atleast_1d(arrays[f"weight_{number}"]), arrays[f"bias_{number}"]]
            for number in range(1, layers + 1)
        ]
    except KeyError as error:
        raise ValueError(f"{path} holds no {error.args[0]!r}") from None
    shapes = [(weight.shape, bias.shape) for weight, bias in parameters]
    wanted = [
        ((outputs, inputs), (1, outputs))
        for inputs, outputs in zip(geometry[:-1], geometry[1:], strict=True)
    ]
    if shapes != wanted:
        sizes = [shape[-1] for shape, _ in shapes[:1]] + [shape[0] for shape, _ in shapes]
        raise ValueError(f"{path} has parameters of geometry {sizes}, not {list(geometry)}")
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.all(np.isfinite(array)):
            raise ValueError(f"{path}: {name} holds values that are no finite numbers")
    return parameters
