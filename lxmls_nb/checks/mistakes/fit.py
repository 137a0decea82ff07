"""Whether a student's numbers are those that a mistake would give."""

from __future__ import annotations

import numpy as np

#: How well numbers have to fit a mistake for it to be named, relative to the largest one.
FIT = 1e-3


def fits(array: np.ndarray, other: np.ndarray, tolerance: float = FIT) -> bool:
    """Whether two arrays are the same, but for a share `tolerance` of the largest value."""
    if np.shape(array) != np.shape(other) or not np.all(np.isfinite(other)):
        return False
    size = float(np.abs(other).max(initial=0))
    return size > 0 and bool(np.abs(array - other).max(initial=0) <= tolerance * size)


def constant_factor(array: np.ndarray, truth: np.ndarray) -> float | None:
    """Return the number that `truth` is multiplied by in `array`, None if there is none."""
    norm = float(np.vdot(truth, truth))
    if not 0 < norm < np.inf or array.shape != truth.shape:
        return None
    factor = float(np.vdot(truth, array)) / norm
    # Thousands of arrays are tried: most don't fit by their length already, which costs the least.
    along = factor * factor * norm  # unlike ** 2, which raises an error where that is huge
    rest = float(np.vdot(array, array)) - along
    if factor == 0 or not rest <= 2 * array.size * FIT**2 * along:
        return None
    return factor if fits(array, factor * truth) else None
