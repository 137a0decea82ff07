"""Small networks, and an independent computation of what they give."""

from __future__ import annotations

import numpy as np
import torch

from lxmls_nb.models import NumpyMLP, PytorchMLP

GEOMETRY = [6, 5, 4, 3]
SIGMOIDS = ["sigmoid", "sigmoid", "softmax"]
HIDDEN = {"sigmoid": torch.sigmoid, "relu": torch.relu}


def batch(size=7, features=6, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(size, features)), draw.integers(classes, size=size)


def network(kind=NumpyMLP, geometry=GEOMETRY, functions=SIGMOIDS, seed=1, **options):
    """Return a network with random biases too, which are zero at first."""
    model = kind(geometry, functions, **options)
    draw = np.random.default_rng(seed)
    for layer in model.parameters:
        bias = draw.normal(size=layer[1].shape)
        layer[1] = bias if kind is NumpyMLP else model.to_tensor(bias).requires_grad_()
    return model


def arrays(model):
    """Return all parameters in one flat list of NumPy arrays."""
    flat = [torch.as_tensor(array) for layer in model.parameters for array in layer]
    return [tensor.detach().cpu().numpy().copy() for tensor in flat]


def torch_log_probabilities(model, input):
    """Compute the forward pass with layers of torch.nn, in double precision."""
    out = torch.tensor(input)
    for (weight, bias), name in zip(model.parameters, model.activation_functions, strict=True):
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        layer.weight.data = torch.as_tensor(weight).detach().cpu().double()
        layer.bias.data = torch.as_tensor(bias).detach().cpu().double().reshape(-1)
        out = layer(out)
        out = torch.log_softmax(out, dim=1) if name == "softmax" else HIDDEN[name](out)
    return out.detach()


class TorchAnswer(PytorchMLP):
    def log_forward(self, input):
        out = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            out = torch.sigmoid(out @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(out @ weight.T + bias, dim=1)


def numerical_gradient(model, layer, kind, input, output, step=1e-5):
    """Return central differences of the loss in one array of parameters."""
    array = model.parameters[layer][kind]
    gradient = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        value = array[place]
        losses = []
        for array[place] in (value + step, value - step):
            losses.append(model.cross_entropy_loss(input, output))
        array[place] = value
        gradient[place] = (losses[0] - losses[1]) / (2 * step)
    return gradient
