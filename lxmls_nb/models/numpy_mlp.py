"""The multilayer perceptron of Exercise 2.2, without its backpropagation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.special import expit, logsumexp

from lxmls_nb.errors import NotAttempted, answer_needed
from lxmls_nb.models.model import (
    Model,
    check_labels,
    check_network,
    glorot_parameters,
    load_parameters,
    save_parameters,
)

#: Activation functions of hidden layers.
HIDDEN = {"sigmoid": expit, "relu": lambda z: np.maximum(z, 0)}


class NumpyMLP(Model):
    r"""A feed-forward network in NumPy (Algorithm 2.1 of the guide).

    Its gradients are the exercise: a subclass defines :meth:`backpropagation`.

    Parameters
    ----------
    geometry : sequence of int
        Sizes of the input, of each hidden layer and of the output, for example
        ``[corpus.nr_features, 20, 2]``.
    activation_functions : sequence of str
        One per layer: ``"sigmoid"`` or ``"relu"`` for hidden layers, ``"softmax"`` for the last.
    learning_rate : float
        The factor :math:`\eta` of the SGD update.

    Attributes
    ----------
    parameters : list of [weight, bias]
        One pair per layer, the first layer first: `weight` of shape (out, in), `bias` of shape
        (1, out).

    Raises
    ------
    ValueError
        If geometry and activation functions don't fit.
    """

    def __init__(
        self,
        geometry: Sequence[int],
        activation_functions: Sequence[str],
        learning_rate: float = 0.05,
    ):
        check_network(geometry, activation_functions, hidden=tuple(HIDDEN))
        self.geometry = list(geometry)
        self.activation_functions = list(activation_functions)
        self.learning_rate = learning_rate
        self.parameters = glorot_parameters(geometry, activation_functions)

    def log_forward(self, input: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        r"""Return the result of the forward pass (Algorithm 2.1), its softmax as logarithms.

        Parameters
        ----------
        input : ndarray, shape (M, I)

        Returns
        -------
        log_probabilities : ndarray, shape (M, K)
            :math:`\log \tilde{\mathbf{z}}^N`.
        layer_inputs : list of ndarray
            The input of each layer: ``layer_inputs[0]`` is the input, ``layer_inputs[n]`` is
            :math:`\tilde{\mathbf{z}}^n`, of shape (M, size of hidden layer n).
        """
        layer_inputs = [input]
        for (weight, bias), name in zip(
            self.parameters[:-1], self.activation_functions[:-1], strict=True
        ):
            layer_inputs.append(HIDDEN[name](layer_inputs[-1] @ weight.T + bias))
        weight, bias = self.parameters[-1]
        z = layer_inputs[-1] @ weight.T + bias
        return z - logsumexp(z, axis=1, keepdims=True), layer_inputs

    def predict(self, input: np.ndarray) -> np.ndarray:
        """Return the most probable class index of each example, shape (M,)."""
        predicted: np.ndarray = np.argmax(self.log_forward(input)[0], axis=1)
        return predicted

    def cross_entropy_loss(self, input: np.ndarray, output: np.ndarray) -> float:
        """Return the mean cross-entropy of a batch, in nats.

        Parameters
        ----------
        input : ndarray, shape (M, I)
        output : ndarray of int, shape (M,)
        """
        log_probabilities, _ = self.log_forward(input)
        labels = check_labels(output, self.geometry[-1], len(log_probabilities))
        return float(-np.mean(log_probabilities[np.arange(len(labels)), labels]))

    def backpropagation(self, input: np.ndarray, output: np.ndarray) -> list[list[np.ndarray]]:
        """Return the gradient of the loss, ``[[weight_gradient, bias_gradient], ...]``.

        There is one pair per layer, the first layer first, and each array has the shape of its
        parameter.
        """
        raise NotImplementedError("backpropagation is yours to write, in a sub-class of NumpyMLP")

    @answer_needed()
    def update(self, input: np.ndarray, output: np.ndarray) -> None:
        """Make one step of SGD on a batch (Algorithm 2.2, step 4)."""
        gradients = self.backpropagation(input, output)
        if gradients is None:
            raise ValueError("backpropagation returned None: is the `return` missing?")
        for number, pair in enumerate(gradients, start=1):
            if pair is None or any(gradient is None for gradient in pair):
                raise NotAttempted(f"backpropagation gives no gradient of layer {number}.")
        for layer, pair in zip(self.parameters, gradients, strict=True):
            for number, gradient in enumerate(pair):
                if number == 1 and np.shape(gradient) == layer[number].shape[1:]:
                    gradient = np.reshape(gradient, layer[number].shape)  # of a bias, without a row
                if np.shape(gradient) != layer[number].shape:
                    raise ValueError(
                        f"a gradient of shape {np.shape(gradient)} does not fit a parameter of "
                        f"shape {layer[number].shape}"
                    )
                # In a new array, because a plot or a check may have kept the old one.
                layer[number] = layer[number] - self.learning_rate * gradient

    def save(self, path: str | Path) -> None:
        """Write the parameters to an ``.npz`` file."""
        save_parameters(path, self.parameters)

    def load(self, path: str | Path) -> None:
        """Take the parameters from an ``.npz`` file; raise ValueError if they don't fit."""
        self.parameters = load_parameters(path, self.geometry)
