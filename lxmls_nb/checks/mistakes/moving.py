"""Mistakes in what a training step does and in which order, where its events tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxmls_nb.checks.mistakes.mistake import Mistake
from lxmls_nb.checks.probes import tracing


@dataclass(frozen=True)
class Events:
    """What happened in a training step, in order.

    Attributes
    ----------
    events : sequence of str
        Those of :mod:`lxmls_nb.checks.probes.tracing`.
    named : sequence of str
        What is named on a line of the step, and not called.
    replaced : bool
        Whether the model had got other parameters in an earlier step.
    """

    events: Sequence[str] = ()
    named: Sequence[str] = ()
    replaced: bool = False

    def has(self, *wanted: str) -> bool:
        """Whether one of these events happened."""
        return any(event in wanted for event in self.events)

    @property
    def others(self) -> list[str]:
        """The classes of other optimizers that made a step on the model's parameters."""
        return self._ending(tracing.OTHER_STEP)

    @property
    def elsewhere(self) -> list[str]:
        """The classes of optimizers that made a step on something else."""
        return self._ending(tracing.STEP_ELSEWHERE)

    def _ending(self, start: str) -> list[str]:
        return [event.removeprefix(start) for event in self.events if event.startswith(start)]

    @property
    def steps(self) -> int:
        """How many steps were made on the model's parameters, with gradients."""
        return self.events.count(tracing.STEP) + len(self.others)

    @property
    def backwards(self) -> int:
        """How often gradients arrived at the parameters."""
        return self.events.count(tracing.GRADIENT)

    def name_of(self, method: str) -> str | None:
        """Return what is named, and not called, of a method."""
        return next((name for name in self.named if name.split(".")[-1] == method), None)


def _step_not_called(step: Events) -> bool | Mapping[str, object]:
    for method, event in (("backward", tracing.BACKWARD), ("step", tracing.STEP)):
        name = step.name_of(method)
        if name is not None and not step.has(event):
            return {"name": name}
    return False


NOT_CALLED = Mistake(
    "not-called",
    "`{name}` is only named, not called: the brackets are missing, `{name}()`",
    name="a method is named, but not called",
    lesson="A method without brackets does nothing: `optimizer.step()`, not `optimizer.step`.",
    seen=_step_not_called,
)
REPLACED = Mistake(
    "replaced",
    "the model has got new parameters in an earlier step: the optimizer still holds the old ones. "
    "A parameter is changed in place, never replaced",
    seen=lambda step: step.replaced,
)
COPY = Mistake(
    "copy",
    "a copy of the model is trained: the model that is passed stays as it is",
    seen=lambda step: step.has(tracing.FORWARD_OF_COPY) and not step.has(tracing.GRADIENT),
)
OPTIMIZER_ELSEWHERE = Mistake(
    "optimizer-elsewhere",
    "an optimizer of your own ({name}) makes the step, on other parameters than those of the model "
    "that is passed: use both as they are passed, the model and the optimizer",
    name="an optimizer of one's own steps on other parameters",
    lesson="The model and the optimizer are passed: use both as they are.",
    seen=lambda step: bool(step.elsewhere) and {"name": step.elsewhere[0]},
)
OTHER_MODEL = Mistake(
    "other-model",
    "another model is called, as one that the step makes itself, and its loss has no gradient for "
    "the model that is passed: call that one, `model(input)`",
    name="another model than the one that is passed is trained",
    lesson="The model and the optimizer are passed: use both as they are.",
    seen=lambda step: step.has(tracing.FORWARD_OF_OTHER) and not step.has(tracing.GRADIENT),
)
NO_BACKWARD = Mistake(
    "no-backward",
    "`backward()` is never called: without it the parameters have no gradient",
    lesson="The order is: forward, loss, zero the gradients, `backward()`, `step()`.",
    seen=lambda step: not step.has(tracing.BACKWARD, tracing.GRADIENT),
)
LOSS_CUT = Mistake(
    "loss-cut",
    "no gradient gets from the loss to the parameters: the loss is cut off from them, as by "
    "`.data`, `.detach()`, `.item()`, `.numpy()`, `argmax`, `torch.no_grad()` or a new tensor "
    "made of its value",
    lesson="The loss has to be a tensor that leads back to the parameters: `.item()`, `.data` and "
    "`.detach()` cut that way.",
    seen=lambda step: step.has(tracing.BACKWARD) and not step.has(tracing.GRADIENT),
)


def _first(step: Events, event: str) -> int:
    return step.events.index(event) if event in step.events else len(step.events)


STEP_FIRST = Mistake(
    "step-first",
    "the optimizer steps before `backward()`, when the gradients of this batch are not there yet",
    name="the optimizer steps before `backward()`",
    lesson="The order is: forward, loss, zero the gradients, `backward()`, `step()`.",
    seen=lambda step: (
        _first(step, tracing.EMPTY_STEP) < _first(step, tracing.GRADIENT) < len(step.events)
    ),
)
ZEROED = Mistake(
    "zeroed-before-step",
    "the gradients are set to zero after `backward()` and before the optimizer steps: nothing is "
    "left to step along",
    name="the gradients are set to zero before the step",
    lesson="The order is: forward, loss, zero the gradients, `backward()`, `step()`.",
    seen=lambda step: (
        _first(step, tracing.GRADIENT) < _first(step, tracing.EMPTY_STEP)
        and step.has(tracing.EMPTY_STEP)
    ),
)
NO_STEP = Mistake(
    "no-step",
    "gradients arrive, but `optimizer.step()` is not called and nothing else changes the "
    "parameters (`p = p - rate * p.grad` and the like make new tensors or names)",
    name="no step is made",
    lesson="`backward()` only computes gradients: it is `optimizer.step()` that changes the "
    "parameters.",
    seen=lambda step: not step.has(tracing.STEP, tracing.EMPTY_STEP) and not step.others,
)

#: Why parameters don't move at all. The first that shows is named.
OF_STANDING_STILL = (
    NOT_CALLED,
    REPLACED,
    COPY,
    OPTIMIZER_ELSEWHERE,
    OTHER_MODEL,
    NO_BACKWARD,
    LOSS_CUT,
    STEP_FIRST,
    ZEROED,
    NO_STEP,
)


def _several_steps(step: Events) -> bool | Mapping[str, object]:
    return step.steps > 1 and {"count": step.steps}


SEVERAL_STEPS = Mistake(
    "several-steps",
    "there are {count} steps on this batch: one is asked for, on all its examples at once",
    name="more than one step is made on a batch",
    seen=_several_steps,
)
OWN_OPTIMIZER = Mistake(
    "own-optimizer",
    "an optimizer of your own ({name}) makes the step: use the one that is passed",
    name="an optimizer of one's own makes the step",
    lesson="The model and the optimizer are passed: use both as they are.",
    seen=lambda step: bool(step.others) and {"name": step.others[0]},
)
