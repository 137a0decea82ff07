"""Mistakes that show in the values themselves, wherever on the way they were made."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lxmls_nb.checks.mistakes.evidence import Gradient, Output
from lxmls_nb.checks.mistakes.fit import FIT, constant_factor, fits
from lxmls_nb.checks.mistakes.mistake import Mistake

ZERO = Mistake(
    "zero",
    "it is zero everywhere",
    name="the gradient is zero everywhere",
    seen=lambda gradient: not np.any(gradient.array),
)


def _is_transposed(gradient: Gradient) -> bool:
    rows, columns = gradient.array.shape
    return not gradient.is_bias and rows == columns and fits(gradient.array, gradient.truth.T)


TRANSPOSED = Mistake(
    "transposed",
    "it looks transposed",
    name="the gradient is transposed",
    lesson="Keep to one order: weights and their gradients have the shape (out, in).",
    seen=_is_transposed,
)


def _poured(gradient: Gradient) -> list[np.ndarray]:
    """Return the transposed gradient in the right shape, where that is something else."""
    rows, columns = gradient.truth.shape
    if rows == columns or 1 in (rows, columns):
        return []
    return [gradient.truth.T.reshape(gradient.truth.shape)]


POURED = Mistake(
    "poured",
    "the numbers are those of the transposed gradient, in rows of another length: `reshape` keeps "
    "their order, and `.T` swaps rows and columns",
    name="the gradient is reshaped where it is to be transposed",
    lesson="`reshape` keeps the order of the numbers: to swap rows and columns takes `.T`.",
    gradient=_poured,
)


def _is_cut_off(gradient: Gradient) -> bool:
    array, truth = gradient.array, gradient.truth
    largest = float(np.abs(array).max())
    same = np.abs(array - truth) <= FIT * np.abs(truth).max()
    return bool(
        np.any(same)
        and not np.all(same)
        and np.allclose(np.abs(array[~same]), largest, rtol=FIT)
        and np.all(np.abs(truth[~same]) > largest)
    )


def _cut_off_below(output: Output) -> list[np.ndarray]:
    lowest = output.array.min()
    return [np.logaddexp(output.log_p, lowest), np.maximum(output.log_p, lowest)]


CLIPPED = Mistake(
    "clipped",
    "large or small values seem to be cut off",
    seen=_is_cut_off,
    log_probabilities=_cut_off_below,
)


def _is_parameter_after_step(gradient: Gradient) -> bool:
    return constant_factor(gradient.array - gradient.parameter, gradient.truth) is not None


def _has_something_added(gradient: Gradient) -> bool | Mapping[str, object]:
    added = gradient.array - gradient.truth
    largest = float(np.abs(added).max())
    if added.size >= 6 and float(np.ptp(added)) <= FIT * largest:
        return {"what": "one and the same number seems to be added to all of its entries"}
    is_small = largest < float(np.abs(gradient.truth).max())
    if is_small and constant_factor(added, gradient.parameter) is not None:
        return {"what": "a multiple of the parameters seems to be added to it, as in weight decay"}
    return False


def _is_nearly_right(given: Gradient | Output) -> bool:
    return fits(given.array, given.truth, tolerance=2e-2)


PRECISION = Mistake(
    "precision",
    "it is nearly right, within 2 %: is something small added, left out, cut off or rounded?",
    name="the numbers are nearly right, but not quite",
    lesson="Add no small constants and round nothing: computed the stable way, no number needs "
    "help.",
    seen=_is_nearly_right,
)


def _has_smoothed_labels(gradient: Gradient) -> bool:
    """Look for a share of each label that is given to all classes."""
    share = (gradient.onehot - 1 / gradient.p.shape[1]) / gradient.size
    added = gradient.array - gradient.truth
    is_small = bool(np.abs(added).max() < np.abs(gradient.truth).max())
    return is_small and constant_factor(added, gradient.follow(error=share)) is not None


#: What the difference to the right gradient looks like. The first that shows is named.
DIFFERENCES = (
    CLIPPED,
    Mistake(
        "parameter",
        "it is the parameter itself",
        name="the parameter itself is returned",
        seen=lambda gradient: fits(gradient.array, gradient.parameter),
    ),
    Mistake(
        "stepped",
        "it looks like the parameter after a step of SGD: return the gradient alone",
        name="the parameter after a step is returned, not the gradient",
        lesson="Gradients are returned as they are: the learning rate and the step come in the "
        "update.",
        seen=_is_parameter_after_step,
    ),
    Mistake(
        "extra-term",
        "{what}",
        name="something is added to the gradient, such as a multiple of the parameters",
        seen=_has_something_added,
    ),
    Mistake(
        "smoothed-labels",
        "the labels seem to be smoothed: an indicator is 1 for the right class, 0 for all others",
        seen=_has_smoothed_labels,
    ),
    PRECISION,
)
