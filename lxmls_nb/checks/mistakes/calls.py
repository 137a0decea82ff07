"""Mistakes that show in what calls of an answer do to each other and to what they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lxmls_nb.checks.calls import Kind
from lxmls_nb.checks.mistakes.fit import constant_factor, fits
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake, first_seen

# --- what is changed

UPDATES = Mistake(
    "updates",
    "the parameters are changed; here they are only read",
    lesson="A function that returns gradients only reads the parameters: `-=` on them changes the "
    "model, `w = w - ...` does not.",
)
ALIASES = Mistake(
    "aliases",
    "the result shares memory with the parameters: return new arrays",
    lesson="Return new arrays: a view of the parameters changes when they do.",
)
REPLACES = Mistake(
    "replaces",
    "`self.parameters` holds other tensors afterwards, such as copies, and here the given ones are "
    "only read: give what you make of them a name of its own",
    name="the parameters are replaced by other tensors",
    lesson="A forward pass only reads the parameters: copies of them are other tensors, which "
    "may ask for no gradients, or be trained by nobody.",
)
CHANGES_INPUT = Mistake(
    "changes-input",
    "the input is changed; work on a copy",
    lesson="The arguments belong to the caller: `+=` and assignments to entries change them, so "
    "work on a copy.",
)
CHANGES_LABELS = Mistake("changes-labels", "the labels are changed; work on a copy")
CHANGES_TYPE = Mistake(
    "changes-type",
    "the parameters are of another type afterwards, as by `model.double()`: convert the input, and "
    "leave the model as it is",
    name="the type of the model's parameters is changed",
    lesson="The model is the caller's: convert the input to its type, not the model to that of the "
    "input.",
)
GLOBAL_STATE = Mistake(
    "global-state",
    "PyTorch's global state is changed: {what}",
    name="PyTorch's global state is changed",
)

# --- what a later call gives, where the first one was right


@dataclass(frozen=True, eq=False)
class LaterCall:
    """What a later call gave, beside what is right for it and for the calls before."""

    array: np.ndarray
    truth: np.ndarray
    earlier: Sequence[np.ndarray]


def _is_that_of_an_earlier_call(call: LaterCall) -> bool:
    return any(fits(call.array, truth) for truth in call.earlier)


STALE = Mistake(
    "stale",
    "something seems to be kept from one call to the next; it should depend on the arguments and "
    "parameters of this call alone",
    name="something is kept from one call to the next",
    lesson="A result should depend on the arguments and parameters of this call alone.",
    seen=_is_that_of_an_earlier_call,
)


def _has_earlier_ones_added(call: LaterCall) -> bool:
    """Look for the sum, or the mean, of the results of the last calls."""
    if call.truth.size <= 2:  # too few numbers to tell one mistake from another
        return False
    earlier = call.earlier
    if earlier and constant_factor(call.array - call.truth, earlier[-1]) is not None:
        return True
    for start in range(len(earlier)):
        total = call.truth + sum(earlier[start:])
        count = len(earlier) - start + 1
        if fits(call.array, total) or fits(call.array, total / count):
            return True
    return False


ACCUMULATES = Mistake(
    "accumulates",
    "gradients seem to be summed over calls: start from zero in each",
    lesson="Gradients start from zero in each call: what is kept in the object or outside of the "
    "function adds up.",
    seen=_has_earlier_ones_added,
)


def name_later_call(
    array: np.ndarray, truth: np.ndarray, earlier: Sequence[np.ndarray]
) -> Finding | None:
    """Return the likely mistake where a later call is wrong and the first one was right.

    Parameters
    ----------
    array, truth : ndarray
        What the call returned, and what is right.
    earlier : sequence of ndarray
        What was right in the earlier calls, in arrays of the same shape.
    """
    return first_seen([STALE, ACCUMULATES], LaterCall(array, truth, earlier))


# --- how the outputs of calls differ

#: What calls gave, by their kind: arrays of real numbers.
Outputs = Mapping[Kind, np.ndarray]


def _differs_when_called_again(outputs: Outputs) -> bool:
    first, again = outputs[Kind.FIRST], outputs[Kind.AGAIN]
    return first.shape == again.shape and not np.allclose(first, again, equal_nan=True)


RANDOM = Mistake(
    "random",
    "a second call with the same parameters and the same input gives something else: is something "
    "kept between calls, or drawn at random?",
    seen=_differs_when_called_again,
)


def _is_the_same_with_other_parameters(outputs: Outputs) -> bool:
    first, other = outputs[Kind.FIRST], outputs[Kind.OTHER_PARAMETERS]
    return first.shape == other.shape and not _is_constant(first) and fits(first, other)


def _is_constant(array: np.ndarray) -> bool:
    """Whether one number is everywhere: that may come from the parameters, normalised away."""
    return array.size == 0 or bool(np.ptp(array) == 0)


OWN_PARAMETERS = Mistake(
    "own-parameters",
    "the output does not depend on the parameters as they are now",
    seen=_is_the_same_with_other_parameters,
)


def _is_of_the_first_batch(outputs: Outputs) -> bool:
    """Look for an output of another batch that is that of the first one, or as large."""
    first, other = outputs[Kind.FIRST], outputs.get(Kind.OTHER_BATCH)
    if other is None or _is_constant(first):
        return False
    # The other batch of a forward pass has one example.
    as_large = first.shape == other.shape and first.ndim == 2 and len(first) > 1
    return as_large or fits(first, other)


KEPT_BATCH = Mistake(
    "kept-batch",
    "on another batch the output is that of the first batch: is something of it kept, such as the "
    "input?",
    name="something of the first batch is kept",
    lesson="A result should depend on the arguments and parameters of this call alone.",
    seen=_is_of_the_first_batch,
)

EVALUATION = Mistake(
    "evaluation-mode",
    "log-probabilities are expected in both modes, whatever `self.training` is",
    name="the output is another one after `eval()`",
    lesson="A log-linear model gives the same log-probabilities in training and in evaluation: "
    "nothing in it depends on `self.training`.",
)


def name_differences(outputs: Outputs) -> Finding | None:
    """Return the mistake that shows in how the outputs of calls differ, None if none does.

    Parameters
    ----------
    outputs : mapping of Kind to ndarray
        Those that are arrays of real numbers.
    """
    if not {Kind.FIRST, Kind.AGAIN, Kind.OTHER_PARAMETERS} <= outputs.keys():
        return None
    return first_seen([RANDOM, OWN_PARAMETERS, KEPT_BATCH], outputs)
