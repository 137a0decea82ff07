"""Mistakes in the order and the number of a network's layers, and in the shape of its output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import expit

from lxmls_nb.checks.mistakes.evidence import Gradient, Output
from lxmls_nb.checks.mistakes.fit import fits
from lxmls_nb.checks.mistakes.form import SHAPE
from lxmls_nb.checks.mistakes.forward_pass import normalised
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.mistakes.values import TRANSPOSED
from lxmls_nb.checks.problems import Problem, forward

#: Hidden layers up to which each choice of them is tried.
MOST_LAYERS = 4


def _choices(count: int) -> Iterable[tuple[int, ...]]:
    """Yield choices of some, but not all, of this many layers."""
    if count <= MOST_LAYERS:
        for size in range(1, count):
            yield from combinations(range(count), size)


def _logits_without_sigmoid(output: Output, bare: Sequence[int]) -> np.ndarray:
    """Return the last z where some hidden layers have no sigmoid."""
    values = output.problem.input
    z = values
    for number, (weight, bias) in enumerate(output.problem.parameters):
        z = values @ weight.T + bias
        values = z if number in bare else expit(z)
    return z


def _partly_linear(output: Output) -> dict[str, np.ndarray]:
    hidden = len(output.problem.parameters) - 1
    return {
        " and ".join(str(number + 1) for number in bare): normalised(
            _logits_without_sigmoid(output, bare)
        )
        for bare in _choices(hidden)
    }


PARTLY_LINEAR = Mistake(
    "partly-linear",
    "the sigmoid seems to be missing in layer {look}: all hidden layers have one",
    name="the sigmoid is missing in some of the hidden layers",
    lesson="Every hidden layer is a linear transformation, then a sigmoid; the last one is "
    "linear, then the softmax.",
    log_probabilities=_partly_linear,
)


def _sigmoid_of_what_enters(output: Output) -> list[np.ndarray]:
    if len(output.problem.parameters) == 1:
        return []
    values = output.problem.input
    for weight, bias in output.problem.parameters:
        values = expit(values) @ weight.T + bias
    return [normalised(values)]


ACTIVATION_FIRST = Mistake(
    "activation-first",
    "the sigmoid seems to come before the linear transformation, so that the input goes through "
    "one: each hidden layer is linear first",
    name="the sigmoid comes before the linear transformation",
    log_probabilities=_sigmoid_of_what_enters,
)


def _bias_after_sigmoid(output: Output) -> list[np.ndarray]:
    if len(output.problem.parameters) == 1:
        return []
    values = output.problem.input
    for weight, bias in output.problem.parameters[:-1]:
        values = expit(values @ weight.T) + bias
    weight, bias = output.problem.parameters[-1]
    return [normalised(values @ weight.T + bias)]


BIAS_AFTER = Mistake(
    "bias-after",
    "the bias of the hidden layers seems to be added after the sigmoid: it belongs to z, before it",
    log_probabilities=_bias_after_sigmoid,
)

#: Further mistakes in log-probabilities, tried after those of forward passes at large.
OF_NETWORKS = (PARTLY_LINEAR, ACTIVATION_FIRST, BIAS_AFTER)

# --- gradients of a right output

PART_CUT = Mistake(
    "part-cut",
    "is a part of the way cut off from them, as by `.detach()`, `.data`, `torch.no_grad()` or "
    "`torch.tensor(...)` of a tensor, or are they changed on their way, as by a hook?",
    name="a part of the way to the parameters is cut off, or gradients are changed on it",
)
NORMALISER_CUT = Mistake(
    "normaliser-cut",
    "none goes through the sum of exponentials, which is cut off, as by `.detach()`, `.data` or "
    "`torch.no_grad()`",
    name="no gradient goes through the sum of exponentials",
)


def name_cut_part(gradients: list[Any], problem: Problem) -> Finding | None:
    """Return which part of the way the gradients of a right output miss, None if none is known.

    Parameters
    ----------
    gradients : list
        A pair [weight gradient, bias gradient] per layer, as an answer gave them.
    problem : Problem
    """
    array = gradients[-1][0]
    if not isinstance(array, np.ndarray) or array.shape != problem.parameters[-1][0].shape:
        return None
    last = Gradient(problem, array, array, len(gradients) - 1, False)
    alone = last.follow(error=-last.onehot / last.size)
    return NORMALISER_CUT.finding() if fits(array, alone) else None


# --- the shape of the output

LAST_LAYER = Mistake(
    "last-layer",
    "it has {size} columns, as many as layer {layer} of {count} has units: is the last layer "
    "missing, or the number of layers fixed? Go over all of them",
    name="the last layer is missing",
    lesson="Go over all of the layers: the last one is linear, too, and only its activation "
    "differs.",
)
PREDICTIONS = Mistake(
    "predictions",
    "there is one number for each example, the most probable class: log-probabilities of all "
    "classes are expected, without `argmax`",
    name="predicted classes are returned, not log-probabilities",
)
ONE_NUMBER = Mistake(
    "loss-returned",
    "it is a single number, such as a loss: log-probabilities of each example are expected, a row "
    "for each",
    name="a loss is returned, not log-probabilities",
)
FLAT = Mistake(
    "squeezed",
    "with one example a dimension is lost, as by `squeeze()`: (1, K) is expected, a row for it",
    name="with one example a dimension is lost",
    lesson="A batch of one is still a batch, of shape (1, I): no `squeeze`, and no shape taken "
    "for granted.",
)
EXTRA_DIMENSION = Mistake(
    "extra-dimension",
    "it has a dimension too many: rows of single examples are stacked as they are, perhaps",
    name="the output has a dimension too many",
)
OVER_EXAMPLES = Mistake(
    "over-examples",
    "there is one row for all examples: something is summed or averaged over the batch",
    name="the examples are summed or averaged in the forward pass",
)
NUM_CLASSES = Mistake(
    "num-classes",
    "it has {size} columns and there are {classes} classes: is a number of classes or of units "
    "written into the code?",
    name="the number of classes is written into the code",
    lesson="Sizes come from the parameters, never from a number in the code.",
)


def name_shape(array: np.ndarray, problem: Problem) -> Finding:
    """Return the likely mistake in an output that has not the shape (M, K).

    Parameters
    ----------
    array : ndarray
        Of numbers.
    problem : Problem
    """
    examples, classes = len(problem.output), problem.geometry[-1]
    shape = array.shape
    if shape == ():
        return ONE_NUMBER.finding()
    if shape == (classes,) and examples == 1:
        return FLAT.finding()
    if shape == (examples,) and fits(array, forward(problem).log_probabilities.argmax(axis=1)):
        return PREDICTIONS.finding()
    if shape == (classes, examples):
        return TRANSPOSED.finding()
    if len(shape) == 3 and sorted(shape) == sorted((examples, 1, classes)):
        return EXTRA_DIMENSION.finding()
    if len(shape) == 2 and shape[0] == examples:
        layers = [n for n, size in enumerate(problem.geometry[1:-1], 1) if size == shape[1]]
        if layers:
            return LAST_LAYER.finding(
                size=shape[1], layer=layers[-1], count=len(problem.parameters)
            )
        return NUM_CLASSES.finding(size=shape[1], classes=classes)
    if shape in ((1, classes), (classes,)):
        return OVER_EXAMPLES.finding()
    return SHAPE.finding()
