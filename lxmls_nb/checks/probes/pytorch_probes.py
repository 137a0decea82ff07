"""Probes of Exercises 2.3 and 2.4. They import PyTorch when they run, not before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from lxmls_nb.checks.probes.classes import expected, missing_method, new_object, note
from lxmls_nb.checks.probes.course_module import course_module, split
from lxmls_nb.checks.probes.errors import FAULT, numbered
from lxmls_nb.checks.probes.running import Report, plain, probe, same_but_for_rounding
from lxmls_nb.checks.probes.tracing import only_named, traced

if TYPE_CHECKING:
    import torch

#: What of PyTorch's global state is named where it is not as PyTorch begins, and code fails.
USUAL = {"default dtype": "torch.float32", "gradients enabled": True}

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


@contextmanager
def _watched() -> Iterator[Report]:
    """Report what a block changes of the global state, and put back what other cells depend on.

    An error that leaves the block is told what other cells had changed before.

    Yields
    ------
    report : dict
        ``unusual``: what is not as PyTorch begins, as other cells have changed it; ``state``: what
        the block has changed, filled in when it ends.
    """
    import torch

    before = _state()
    changed: list[str] = []
    unusual = [key for key, value in USUAL.items() if before[key] != value]
    try:
        yield {"unusual": unusual, "state": changed}
    except Exception as error:
        if unusual and not getattr(error, FAULT, ""):
            note(error, unusual[0])
        raise
    finally:
        after = _state()
        torch.set_default_dtype(getattr(torch, before["default dtype"].removeprefix("torch.")))
        torch.set_grad_enabled(before["gradients enabled"])
        changed += [key for key in before if before[key] != after[key]]


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


def _new_module(answer: Any, weight: np.ndarray) -> tuple[Any, Tensors | None, Report]:
    """Return a module on the selected device, its weight and bias, and what is known of it.

    Weight and bias are None if its parameters are others.
    """
    import torch

    from lxmls_nb.device import select_device

    model = new_object(answer, torch.nn.Module, weight.shape[1], weight.shape[0])
    shapes = None
    try:
        parameters = list(model.parameters())
        shapes = [list(parameter.shape) for parameter in parameters]
        about = _about_module(model)
        model = model.to(select_device())
        parameters = list(model.parameters())
    except AttributeError:
        about = _about_module(model)
        parameters = []
    weights = [p for p in parameters if tuple(p.shape) == weight.shape]
    biases = [p for p in parameters if p.numel() == weight.shape[0] and p.ndim <= 2]
    biases = [p for p in biases if not any(p is w for w in weights)]
    fitting = len(parameters) == 2 and len(weights) == len(biases) == 1
    report = {"shapes": shapes, "fitting": fitting, "about": about}
    return model, (weights[0], biases[0]) if fitting else None, report


def _about_module(model: Any) -> Report:
    """Describe a module whose parameters may be others than they should be.

    Returns
    -------
    dict
        ``is_module``; ``initialised``: whether ``super().__init__()`` was called; ``tensors``:
        attributes that are plain tensors; ``hidden``: attributes that are lists or dictionaries
        with tensors or modules in them, where a module does not look.
    """
    import torch

    attributes = {name: value for name, value in vars(model).items() if not name.startswith("_")}

    def holds_tensors(value: Any) -> bool:
        items = value.values() if isinstance(value, dict) else value
        return any(isinstance(item, torch.Tensor | torch.nn.Module) for item in items)

    return {
        "is_module": isinstance(model, torch.nn.Module),
        "initialised": "_parameters" in vars(model),
        "tensors": [n for n, value in attributes.items() if isinstance(value, torch.Tensor)],
        "hidden": [
            name
            for name, value in attributes.items()
            if isinstance(value, list | tuple | dict) and holds_tensors(value)
        ],
    }


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
        ``about``: what else is known of it, see :func:`_about_module`; ``state``: what of the
        global state was changed, and ``unusual``: what already was before. Of a module that fits,
        also ``outputs`` and ``gradients`` of each call, ``evaluated``: the output of the first
        call after ``eval()``, and ``changed``: whether an input was. Of a class that lacks a
        method, only what :func:`~lxmls_nb.checks.probes.classes.missing_method` reports.
    """
    import torch

    missing = missing_method(answer, torch.nn.Module, ["__init__", "forward"])
    if missing is not None:
        return missing
    with _watched() as state:
        report = _outputs_of_module(answer, calls)
    return report | state


def _outputs_of_module(answer: Any, calls: list[Any]) -> Report:
    import torch

    model, tensors, report = _new_module(answer, calls[0][0])
    if tensors is None:
        return report
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
        kept = same_but_for_rounding(copy.cpu().numpy(), tensor.detach().cpu().numpy())
        changed = changed or not kept
    # Not model.eval(): a student may have a method of that name for something else.
    torch.nn.Module.train(model, False)
    weight, bias, input, _ = calls[0]
    _set(tensors, weight, bias)
    tensor = torch.tensor(input, dtype=torch.float32, device=tensors[0].device)
    return report | {
        "outputs": outputs,
        "gradients": gradients,
        "evaluated": _about(model(tensor)),
        "changed": changed,
    }


@probe
def training_step(
    step: Any,
    answer: Any = None,
    *,
    weight: np.ndarray,
    bias: np.ndarray,
    batches: list[Any],
    learning_rate: float,
) -> Report:
    """Make steps of ``training_step`` on a list of ``[input, output]``.

    Parameters
    ----------
    step : callable
    answer : type, optional
        The class ``LogLinear``; without it, a model of the course is trained.
    weight, bias : ndarray
        Where the model starts.
    batches : list
    learning_rate : float

    Returns
    -------
    dict
        ``shapes``, ``fitting``, ``about``, ``state``, ``unusual`` as for :func:`log_linear_module`;
        ``parameters`` before the first and after each step, ``losses`` returned and their
        ``types``; ``events`` of each step, see :mod:`lxmls_nb.checks.probes.tracing`; ``named``:
        what is named in the step and not called; ``changed``.
    """
    import torch

    missing = missing_method(answer, torch.nn.Module, ["__init__", "forward"])
    if missing is not None:
        return missing
    with _watched() as state:
        report = _steps(step, answer, weight, bias, batches, learning_rate)
    return report | state


def _steps(
    step: Any,
    answer: Any,
    weight: np.ndarray,
    bias: np.ndarray,
    batches: list[Any],
    learning_rate: float,
) -> Report:
    import torch

    from lxmls_nb.device import select_device

    if answer is None:
        model: Any = course_module(weight, bias).to(select_device())
        start: Any = list(model.parameters())
        about = {"is_module": True, "initialised": True, "tensors": [], "hidden": []}
        report: Report = {"shapes": [], "fitting": True, "about": about}
    else:
        model, start, report = _new_module(answer, weight)
        if start is None:
            return report
        _set(start, weight, bias)

    def values() -> list[np.ndarray]:
        # The model's own parameters: an answer may have put others in their place.
        now = list(model.parameters())
        if answer is None:
            return split(now[0] if len(now) == 1 else start[0])
        return _values(start if len(now) != 2 else _matching(now, weight))

    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    types = {parameter.dtype for parameter in model.parameters()}
    report |= {"parameters": [values()], "losses": [], "types": [], "events": [], "changed": []}
    for number, (input, output) in enumerate(batches):
        given = input.copy(), output.copy()
        with numbered(number), traced(model, optimizer) as events:
            loss = step(model, optimizer, *given)
        report["events"].append(events)
        if {parameter.dtype for parameter in model.parameters()} != types:
            report["changed"].append("type")
        report["losses"].append(float(loss) if isinstance(loss, float) else plain(loss))
        report["types"].append(type(loss).__name__ if not isinstance(loss, float) else "float")
        report["parameters"].append(values())
        for name, old, new in zip(("input", "labels"), (input, output), given, strict=True):
            if not same_but_for_rounding(old, new) and name not in report["changed"]:
                report["changed"].append(name)
    return report | {"named": only_named(step)}


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
        and parameters was; ``replaced``: whether other tensors are in the parameters' place;
        ``state`` and ``unusual`` as for :func:`log_linear_module`. Of a class that lacks the
        method, only what :func:`~lxmls_nb.checks.probes.classes.missing_method` reports.
    """
    from lxmls_nb.models import PytorchMLP

    missing = missing_method(answer, PytorchMLP, ["log_forward"])
    if missing is not None:
        return missing
    with _watched() as state, expected(answer, PytorchMLP):
        report = _outputs_of_network(answer, geometry, activation_functions, calls)
    return report | state


def _outputs_of_network(
    answer: Any, geometry: list[int], activation_functions: list[str], calls: list[Any]
) -> Report:
    import torch

    from lxmls_nb.models import PytorchMLP

    model = new_object(
        answer,
        PytorchMLP,
        geometry=list(geometry),
        activation_functions=list(activation_functions),
    )
    outputs, gradients, changed, replaced = [], [], [], False
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
        if not same_but_for_rounding(input, given) and "input" not in changed:
            changed.append("input")
        now = [tensor for layer in model.parameters for tensor in layer]
        replaced = replaced or any(new is not old for new, old in zip(now, flat, strict=False))
        if len(now) != len(copies) or not all(
            new.shape == old.shape and torch.equal(new, old)
            for new, old in zip(now, copies, strict=True)
        ):
            changed.append("parameters")
    return {
        "outputs": outputs,
        "gradients": gradients,
        "changed": changed,
        "replaced": replaced,
    }
