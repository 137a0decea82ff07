"""The multilayer perceptron of Exercise 2.4, without its forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from lxmls_nb.device import select_device
from lxmls_nb.errors import answer_needed
from lxmls_nb.models.model import (
    Model,
    check_labels,
    check_network,
    glorot_parameters,
    load_parameters,
    save_parameters,
)


class PytorchMLP(Model):
    r"""A feed-forward network in PyTorch: autograd computes its gradients.

    Its forward pass is the exercise: a subclass defines :meth:`log_forward`.

    Parameters
    ----------
    geometry, activation_functions, learning_rate
        As for :class:`~lxmls_nb.models.NumpyMLP`, but hidden layers are sigmoids.
    device : str or torch.device, optional
        By default the one that :func:`~lxmls_nb.device.select_device` chooses.

    Attributes
    ----------
    parameters : list of [weight, bias]
        One pair of float32 tensors per layer, of shapes (out, in) and (1, out), on `device`.
        They require gradients.
    device : torch.device

    Raises
    ------
    ValueError
        If geometry and activation functions don't fit, or the device is not there.
    """

    def __init__(
        self,
        geometry: Sequence[int],
        activation_functions: Sequence[str],
        learning_rate: float = 0.05,
        device: str | torch.device | None = None,
    ):
        check_network(geometry, activation_functions, hidden=("sigmoid",))
        self.geometry = list(geometry)
        self.activation_functions = list(activation_functions)
        self.learning_rate = learning_rate
        self.device = select_device(device)
        self._set_parameters(glorot_parameters(geometry, activation_functions))

    def to_tensor(self, input: np.ndarray) -> torch.Tensor:
        """Return a float32 copy of a NumPy array on the model's device."""
        return torch.tensor(input, dtype=torch.float32, device=self.device)

    def log_forward(self, input: np.ndarray) -> torch.Tensor:
        """Return log-probabilities, shape (M, K), of an input of shape (M, I)."""
        raise NotImplementedError("log_forward is yours to write, in a sub-class of PytorchMLP")

    @answer_needed()
    def predict(self, input: np.ndarray) -> np.ndarray:
        """Return the most probable class index of each example, shape (M,)."""
        with torch.no_grad():
            return self.log_forward(input).argmax(dim=1).cpu().numpy()

    def _loss(self, input: np.ndarray, output: np.ndarray) -> torch.Tensor:
        labels = torch.tensor(
            check_labels(output, self.geometry[-1], len(input)), device=self.device
        )
        return torch.nn.functional.nll_loss(self.log_forward(input), labels.long())

    def _loss_and_gradients(
        self, input: np.ndarray, output: np.ndarray
    ) -> tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]]:
        loss = self._loss(input, output)
        if not loss.requires_grad:
            raise ValueError(
                "the output of log_forward has no graph behind it: do .detach(), .data, .numpy() "
                "or torch.no_grad() cut it off from the parameters?"
            )
        # autograd.grad returns new gradients, so that there is no .grad which has to be zeroed.
        flat = [tensor for layer in self.parameters for tensor in layer]
        gradients = torch.autograd.grad(loss, flat, allow_unused=True)
        for number, gradient in enumerate(gradients):
            if gradient is None:
                name = ("weight", "bias")[number % 2]
                raise ValueError(
                    f"the {name} of layer {number // 2 + 1} plays no part in the output of "
                    "log_forward"
                )
        return loss, list(zip(gradients[::2], gradients[1::2], strict=True))

    @answer_needed()
    def cross_entropy_loss(self, input: np.ndarray, output: np.ndarray) -> float:
        """Return the mean cross-entropy of a batch, in nats."""
        with torch.no_grad():
            return float(self._loss(input, output))

    @answer_needed()
    def gradients(self, input: np.ndarray, output: np.ndarray) -> list[list[np.ndarray]]:
        """Return the gradient of the loss as NumPy arrays, one pair per layer.

        Raises
        ------
        ValueError
            If the output of `log_forward` does not depend on a parameter.
        """
        _, gradients = self._loss_and_gradients(input, output)
        return [[weight.cpu().numpy(), bias.cpu().numpy()] for weight, bias in gradients]

    @answer_needed()
    def update(self, input: np.ndarray, output: np.ndarray) -> float:
        """Make one step of SGD on a batch; return the loss before it."""
        loss, gradients = self._loss_and_gradients(input, output)
        with torch.no_grad():
            for layer, layer_gradients in zip(self.parameters, gradients, strict=True):
                for tensor, gradient in zip(layer, layer_gradients, strict=True):
                    tensor -= self.learning_rate * gradient
        return float(loss.detach())

    def _set_parameters(self, parameters: list[list[np.ndarray]]) -> None:
        self.parameters = [
            [self.to_tensor(array).requires_grad_() for array in layer] for layer in parameters
        ]

    def save(self, path: str | Path) -> None:
        """Write the parameters to an ``.npz`` file, which :class:`NumpyMLP` can load too."""
        arrays = [[tensor.detach().cpu().numpy() for tensor in layer] for layer in self.parameters]
        save_parameters(path, arrays)

    def load(self, path: str | Path) -> None:
        """Take the parameters from an ``.npz`` file; raise ValueError if they don't fit."""
        self._set_parameters(load_parameters(path, self.geometry))
