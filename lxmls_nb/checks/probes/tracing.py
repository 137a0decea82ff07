"""What happens during a step of training, in the order in which it happens."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: Events of a step that are reported; further ones are left out.
MAX_EVENTS = 200

#: The model that was passed makes a forward pass, with a graph behind its output or without.
FORWARD, FORWARD_NO_GRAPH = "forward", "forward without graph"
#: A copy of that model makes one.
FORWARD_OF_COPY = "forward of a copy"
#: Another model makes one, with parameters of its own.
FORWARD_OF_OTHER = "forward of another model"
#: ``backward()`` is called, or ``torch.autograd.grad``; a gradient arrives at a parameter.
BACKWARD, GRADIENT = "backward", "gradient"
#: The optimizer that was passed makes a step, where parameters have a gradient or none has.
STEP, EMPTY_STEP = "step", "empty step"
#: Another optimizer makes a step on parameters of the model, or on others; its class follows.
OTHER_STEP, STEP_ELSEWHERE = "step of ", "step elsewhere of "
#: Afterwards: the model has other parameters than before.
REPLACED = "replaced"


@contextmanager
def traced(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> Iterator[list[str]]:
    """Record what happens in a block, as events of this module.

    Parameters
    ----------
    model : torch.nn.Module
    optimizer : torch.optim.Optimizer
        What a training step is given.

    Yields
    ------
    events : list of str
        It grows as the block runs.
    """
    import torch
    from torch.nn.modules.module import register_module_forward_hook
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    events: list[str] = []
    tensors: list[Any] = list(model.parameters())

    def record(event: str) -> None:
        # A gradient arrives at several parameters; it is one event.
        if len(events) < MAX_EVENTS and not (event == GRADIENT and events[-1:] == [GRADIENT]):
            events.append(event)

    def on_forward(module: Any, _: Any, output: Any) -> None:
        if module is not model:
            if events[-1:] == [FORWARD_OF_OTHER]:  # it is this one
                events.pop()
            record(FORWARD_OF_COPY)
        else:
            graph = getattr(output, "requires_grad", True)
            record(FORWARD if graph else FORWARD_NO_GRAPH)

    def on_any_forward(module: Any, _: Any, output: Any) -> None:
        held = list(module.parameters())
        is_other = held and not any(one is tensor for one in held for tensor in tensors)
        if is_other and events[-1:] != [FORWARD_OF_OTHER]:  # parts of it make one, too
            record(FORWARD_OF_OTHER)

    def on_step(stepping: Any, arguments: Any, options: Any) -> None:
        held = [tensor for group in stepping.param_groups for tensor in group["params"]]
        if stepping is not optimizer:
            is_ours = any(tensor is other for tensor in held for other in tensors)
            record((OTHER_STEP if is_ours else STEP_ELSEWHERE) + type(stepping).__name__)
            return
        has_closure = len(arguments) > 1 or bool(options)
        gradients = [tensor.grad for tensor in held if tensor.grad is not None]
        some = has_closure or any(bool(torch.any(gradient != 0)) for gradient in gradients)
        record(STEP if some else EMPTY_STEP)

    with ExitStack() as stack:
        handles: list[Any] = [model.register_forward_hook(on_forward)]
        handles += [
            tensor.register_hook(lambda _: record(GRADIENT))
            for tensor in tensors
            if tensor.requires_grad
        ]
        handles.append(register_optimizer_step_pre_hook(on_step))
        handles.append(register_module_forward_hook(on_any_forward))
        for handle in handles:
            stack.callback(handle.remove)
        for name in ("backward", "grad"):
            stack.enter_context(_calls_recorded(torch.autograd, name, record))
        yield events
    now = list(model.parameters())
    if len(now) != len(tensors) or any(
        new is not old for new, old in zip(now, tensors, strict=True)
    ):
        events.append(REPLACED)


@contextmanager
def _calls_recorded(place: Any, name: str, record: Callable[[str], None]) -> Iterator[None]:
    """Record the calls of a function of autograd that a block makes."""
    original = getattr(place, name)

    @functools.wraps(original)
    def recorded(*arguments: Any, **options: Any) -> Any:
        record(BACKWARD)
        return original(*arguments, **options)

    setattr(place, name, recorded)
    try:
        yield
    finally:
        setattr(place, name, original)


def only_named(function: Any) -> list[str]:
    """Return what stands on a line of its own in a function and is not called.

    That is, ``optimizer.step`` where ``optimizer.step()`` is meant. Nothing is returned where the
    source of the function cannot be read.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    return [
        ast.unparse(node.value)[:100]
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute)
    ]
