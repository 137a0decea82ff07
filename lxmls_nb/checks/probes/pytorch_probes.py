"""Probes of Exercises 2.3 and 2.4. They import PyTorch when they run, not before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lxmls_nb.checks.probes.running import Report, plain, probe

if TYPE_CHECKING:
    import torch

#: A weight (K, I) and a bias of K elements.
Tensors = Sequence["torch.Tensor"]


def _state() -> dict[str, Any]:
    """Return what of PyTorch's global state an answer should leave as it is."""
    import torch

    return {
        "default dtype": str(torch.get_default_dtype()),
        "gradients enabled": torch.is_grad_enabled(),
        "random seed": torch.initial_seed(),
    }


def _difference(before: dict[str, Any]) -> list[str]:
    """Return what has changed of the global state, and put back what other cells depend on."""
    import torch

    after = _state()
    torch.set_default_dtype(getattr(torch, before["default dtype"].removeprefix("torch.")))
    torch.set_grad_enabled(before["gradients enabled"])
    return [key for key in before if before[key] != after[key]]


def _about(tensor: object) -> dict[str, Any]:
    """Describe the output of a forward pass."""
    import torch

    return {
        "type": type(tensor).__name__,
        "is_tensor": isinstance(tensor, torch.Tensor),
        "values": plain(tensor),
    }


def _gradients(
    log_probabilities: torch.Tensor, output: np.ndarray, tensors: Tensors
) -> list[np.ndarray | None]:
    """Return the gradient of the mean cross-entropy with respect to each tensor, None where there
    is none.
    """
    import torch

    rows = torch.arange(len(output), device=log_probabilities.device)
    labels = torch.tensor(output, device=log_probabilities.device)
    loss = -log_probabilities[rows, labels].mean()
    if not loss.requires_grad:
        return [None for _ in tensors]
    asking = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(loss, asking, allow_unused=True))
    return [plain(next(found)) if tensor.requires_grad else None for tensor in tensors]


def _new_module(
    answer: Any, weight: np.ndarray
) -> tuple[Any, Tensors | None, list[list[int]] | None]:
    """Return a module on the selected device, its weight and bias, and the shapes that it has.

    Weight and bias are None if its parameters are others, the shapes if it has no parameters.
    """
    from lxmls_nb.device import select_device

    model = answer(weight.shape[1], weight.shape[0])
    shapes = None
    try:
        parameters = list(model.parameters())
        shapes = [list(parameter.shape) for parameter in parameters]
        model = model.to(select_device())
        parameters = list(model.parameters())
    except AttributeError:
        parameters = []
    weights = [p for p in parameters if tuple(p.shape) == weight.shape]
    biases = [p for p in parameters if p.numel() == weight.shape[0] and p.ndim <= 2]
    biases = [p for p in biases if not any(p is w for w in weights)]
    fitting = len(parameters) == 2 and len(weights) == len(biases) == 1
    return model, (weights[0], biases[0]) if fitting else None, shapes


def _set(tensors: Tensors, weight: np.ndarray, bias: np.ndarray) -> None:
    """Give a weight and a bias these values."""
    import torch

    with torch.no_grad():
        tensors[0].copy_(torch.tensor(weight))
        tensors[1].copy_(torch.tensor(bias).reshape(tensors[1].shape))


def _values(tensors: Tensors) -> list[np.ndarray]:
    """Return a weight (K, I) and a bias (1, K) as float64 arrays."""
    weight, bias = (tensor.detach().cpu().numpy().astype(float) for tensor in tensors)
    return [weight, bias.reshape(1, -1)]


@probe
def log_linear_module(answer: Any, calls: list[Any]) -> Report:
    """Run a ``LogLinear`` on a list of ``[weight, bias, input, output]``.

    Returns
    -------
    dict
        ``shapes``: of its parameters; ``fitting``: whether they are a weight and a bias;
        ``state``: what of the global state was changed. Of a module that fits, also ``outputs``
        and ``gradients`` of each call, and ``changed``: whether an input was.
    """
    import torch

    before = _state()
    model, tensors, shapes = _new_module(answer, calls[0][0])
    report: Report = {"shapes": shapes, "fitting": tensors is not None}
    if tensors is None:
        return report | {"state": _difference(before)}
    outputs, gradients, changed = [], [], False
    for weight, bias, input, output in calls:
        _set(tensors, weight, bias)
        tensor = torch.tensor(input, dtype=torch.float32, device=tensors[0].device)
        copy = tensor.clone()
        log_probabilities = model(tensor)
        outputs.append(_about(log_probabilities))
        fine = isinstance(log_probabilities, torch.Tensor) and log_probabilities.shape == (
            len(output),
            len(weight),
        )
        gradients.append(_gradients(log_probabilities, output, list(tensors)) if fine else [])
        changed = changed or not torch.equal(tensor, copy)
    return report | {
        "outputs": outputs,
        "gradients": gradients,
        "changed": changed,
        "state": _difference(before),
    }


@probe
def training_step(
    step: Any,
    answer: Any,
    weight: np.ndarray,
    bias: np.ndarray,
    batches: list[Any],
    learning_rate: float,
) -> Report:
    """Make steps of ``training_step`` on a list of ``[input, output]``.

    Returns
    -------
    dict
        ``shapes``, ``fitting``, ``state`` as for :func:`log_linear_module`; ``parameters`` before
        the first and after each step, ``losses`` returned and their ``types``; ``changed``.
    """
    import torch

    before = _state()
    model, tensors, shapes = _new_module(answer, weight)
    report: Report = {"shapes": shapes, "fitting": tensors is not None, "changed": []}
    if tensors is None:
        return report | {"state": _difference(before)}
    _set(tensors, weight, bias)
    with torch.no_grad():
        first = torch.tensor(batches[0][0], dtype=torch.float32, device=tensors[0].device)
        report["output"] = _about(model(first))
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    parameters, losses, types = [_values(tensors)], [], []
    for input, output in batches:
        given = input.copy(), output.copy()
        loss = step(model, optimizer, *given)
        losses.append(float(loss) if isinstance(loss, float) else plain(loss))
        types.append(type(loss).__name__ if not isinstance(loss, float) else "float")
        # The model's own parameters: an answer may have put others in their place.
        now = list(model.parameters())
        parameters.append(_values(tensors if len(now) != 2 else _matching(now, weight)))
        for name, old, new in zip(("input", "labels"), (input, output), given, strict=True):
            if not np.array_equal(old, new) and name not in report["changed"]:
                report["changed"].append(name)
    return report | {
        "parameters": parameters,
        "losses": losses,
        "types": types,
        "state": _difference(before),
    }


def _matching(tensors: Tensors, weight: np.ndarray) -> Tensors:
    """Return two tensors, the one of the weight's shape first."""
    return sorted(tensors, key=lambda tensor: tuple(tensor.shape) != weight.shape)


@probe
def log_forward(
    answer: Any, geometry: list[int], activation_functions: list[str], calls: list[Any]
) -> Report:
    """Run ``log_forward`` of one model on a list of ``[parameters, input, output]``.

    Returns
    -------
    dict
        ``outputs`` and ``gradients`` (a pair per layer) of each call; ``changed``: what of input
        and parameters was; ``state``: what of the global state was.
    """
    import torch

    before = _state()
    model = answer(geometry=list(geometry), activation_functions=list(activation_functions))
    outputs, gradients, changed = [], [], []
    for parameters, input, output in calls:
        model.parameters = [
            [model.to_tensor(array).requires_grad_() for array in pair] for pair in parameters
        ]
        flat = [tensor for pair in model.parameters for tensor in pair]
        copies = [tensor.detach().clone() for tensor in flat]
        given = input.copy()
        log_probabilities = model.log_forward(given)
        outputs.append(_about(log_probabilities))
        fine = isinstance(log_probabilities, torch.Tensor) and log_probabilities.shape == (
            len(output),
            geometry[-1],
        )
        found = _gradients(log_probabilities, output, flat) if fine else []
        gradients.append([list(pair) for pair in zip(found[::2], found[1::2], strict=True)])
        if not np.array_equal(input, given) and "input" not in changed:
            changed.append("input")
        now = [tensor for layer in model.parameters for tensor in layer]
        if len(now) != len(copies) or not all(
            new.shape == old.shape and torch.equal(new, old)
            for new, old in zip(now, copies, strict=True)
        ):
            changed.append("parameters")
    return {
        "outputs": outputs,
        "gradients": gradients,
        "changed": changed,
        "state": _difference(before),
    }
