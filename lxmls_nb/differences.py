"""Numerical differentiation, for what is compared with gradients and for what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

#: The points of the five-point rule, in steps from the middle one, which has no weight in it.
PLACES = np.array([-2, -1, 1, 2])


def five_point_rule(values: Sequence[np.ndarray] | np.ndarray, step: float) -> np.ndarray:
    """Return the derivative of a function, given its values at the points of the rule.

    Parameters
    ----------
    values : sequence of ndarray
        At :data:`PLACES`, in this order.
    step : float
        How far two neighbours of the five points are apart.

    Returns
    -------
    derivative : ndarray
        Of the shape of each of the values.
    """
    derivative: np.ndarray = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return derivative


def central_difference(
    function: Callable[[np.ndarray], np.ndarray],
    point: np.ndarray,
    direction: np.ndarray,
    step: float,
) -> np.ndarray:
    """Return the derivative of a function along a direction, by the five-point rule.

    The rule errs by about ``step**4`` and by the rounding of the function's values divided by
    `step`.

    Parameters
    ----------
    function : callable
        It is called on ``point + factor * direction`` and returns an array or a number.
    point : ndarray
        Where to take the derivative.
    direction : ndarray
        Anything that can be added to `point`: of the same shape for one derivative, or a stack
        (..., *shape of point) for as many at once, where the function takes stacks.
    step : float
        How far the inner ones of the points are, in units of `direction`.

    Returns
    -------
    derivative : ndarray
        Of the shape of what the function returns.
    """
    values = [function(point + place * step * direction) for place in PLACES]
    return five_point_rule(values, step)


def row_derivatives(
    function: Callable[[np.ndarray], np.ndarray], values: np.ndarray, step: float
) -> np.ndarray:
    """Return the derivative of a function of rows with respect to each number of each row.

    Parameters
    ----------
    function : callable
        From an array of shape (M, units) to one of shape (M,), each row on its own.
    values : ndarray, shape (M, units)
        Where to take the derivative.
    step : float
        As for :func:`central_difference`.

    Returns
    -------
    derivative : ndarray, shape (M, units)
    """
    units = np.eye(values.shape[1])
    return np.stack([central_difference(function, values, unit, step) for unit in units], axis=-1)
