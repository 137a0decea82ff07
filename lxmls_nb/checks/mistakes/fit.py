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
    """Return the number that `truth` is multiplied with in `array`, None if there is none."""
    norm = float(np.vdot(truth, truth))
    if norm == 0 or array.shape != truth.shape:
        return None
    factor = float(np.vdot(truth, array)) / norm
    return factor if factor != 0 and fits(array, factor * truth) else None
