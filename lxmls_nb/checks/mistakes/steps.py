"""From a wrong step of SGD to the likely mistake, like its neighbours."""

from __future__ import annotations

import dataclasses

import numpy as np

from lxmls_nb.checks.mistakes.gradients import (
    Cause,
    constant_factor,
    fits,
    name_gradient,
    name_loss,
)
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem

#: How far a step may be off. Parameters are float32: their rounding shows in the difference of
#: two of them, by 5e-5 for the shortest steps of the exercises.
STEP_TOLERANCE = 2e-4


def name_step(
    change: list[np.ndarray],
    gradient: list[np.ndarray],
    earlier: list[list[np.ndarray]],
    rate: float,
) -> Cause | None:
    """Return the likely cause of a wrong step on a right gradient, None if no known one fits."""
    right = [-rate * array for array in gradient]
    flat, wanted = (np.concatenate([a.ravel() for a in pair]) for pair in (change, right))
    still = [not np.any(array) for array in change]
    if all(still):
        return "not-moving", {}
    if any(still):
        return "partly-moving", {"what": ("weight", "bias")[still.index(True)]}
    factor = constant_factor(flat, wanted)
    if factor is not None and abs(factor + 1) < 2e-3:
        return "ascent", {}
    if factor is not None:
        return "double-step", {"factor": factor, "rate": rate}
    sums = [np.zeros_like(wanted)]
    for pair in earlier[::-1]:
        sums.append(sums[-1] - rate * np.concatenate([array.ravel() for array in pair]))
    for number, other in enumerate(sums[1:], start=1):
        if fits(flat, wanted + other, 2e-3):
            return "not-zeroed", {"what": "gradients"}
        for kind, what in enumerate(("weight", "bias")):
            extra = -rate * sum(pair[kind] for pair in earlier[-number:])
            other_right = fits(change[1 - kind], right[1 - kind], STEP_TOLERANCE)
            if other_right and fits(change[kind], right[kind] + extra, 2e-3):
                return "not-zeroed", {"what": f"{what} gradients"}
    if earlier and constant_factor(flat - wanted, sums[1]) is not None:
        return "momentum", {}
    if np.ptp(np.abs(flat)) < 1e-2 * np.abs(flat).max():
        return "optimizer", {}
    return None


def name_step_gradient(
    steps: list[np.ndarray], gradient: list[np.ndarray], problems: list[Problem], case: Problem
) -> Cause | None:
    """Return the likely cause of a wrong step, as that of a wrong gradient."""
    for other in problems:
        if other.input is not case.input:
            stale = dataclasses.replace(case, input=other.input, output=other.output)
            if fits(steps[0], numerical_gradients(stale)[0][0], 2e-3):
                return "stale", {}
    if len(case.output) == 1 or case.geometry[-1] == 2:
        return None
    for kind in (0, 1):
        if not fits(steps[kind], gradient[kind], 2e-3):
            cause = name_gradient(steps[kind], gradient[kind], case, 0, kind == 1)
            return None if cause and cause[0] == "factor" else cause
    return None


def name_step_loss(loss, case: Problem) -> Cause | None:
    """Return the likely cause of a wrong loss, where the forward pass is not to blame."""
    return name_loss(float(loss), case, of_forward=False) if isinstance(loss, float) else None
