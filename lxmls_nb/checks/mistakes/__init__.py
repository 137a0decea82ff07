"""Known mistakes: the key, the words and the numbers of each, and what looks for them.

A mistake is one :class:`~lxmls_nb.checks.mistakes.mistake.Mistake`, in the module of its subject.
The functions that begin with ``name_`` go from wrong numbers to the mistake that is likely.
"""

from lxmls_nb.checks.mistakes import (
    array_errors,
    averaging,
    biases,
    calls,
    classes,
    contrasts,
    extremes,
    form,
    forward_pass,
    gradients,
    hidden_layers,
    losses,
    modules,
    moving,
    networks,
    not_finite,
    objectives,
    output_error,
    outputs,
    probabilities,
    python_errors,
    steps,
    structures,
    torch_calls,
    torch_errors,
    torch_shapes,
    values,
)
from lxmls_nb.checks.mistakes.mistake import MISTAKES

__all__ = [
    "KEYS",
    "MISTAKES",
    "array_errors",
    "averaging",
    "biases",
    "calls",
    "classes",
    "contrasts",
    "extremes",
    "form",
    "forward_pass",
    "gradients",
    "hidden_layers",
    "losses",
    "modules",
    "moving",
    "networks",
    "not_finite",
    "objectives",
    "output_error",
    "outputs",
    "probabilities",
    "python_errors",
    "steps",
    "structures",
    "torch_calls",
    "torch_errors",
    "torch_shapes",
    "values",
]

#: The keys of all known mistakes, which ``CheckFailed.cause`` can be.
KEYS = frozenset(MISTAKES)
