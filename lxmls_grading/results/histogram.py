"""The histogram of totals: where its bars and the numbers at its axes stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Histogram:
    """How many submissions have which total.

    Attributes
    ----------
    bars : list of (float, float, int)
        From and up to how many points, and the number of submissions.
    ticks : list of float
        Points that are named at the axis; the first is 0.
    levels : list of int
        Numbers of submissions that are named at the other axis, from 0 to the top.
    median : float
    """

    bars: list[tuple[float, float, int]]
    ticks: list[float]
    levels: list[int]
    median: float

    @property
    def end(self) -> float:
        """The right end of the axis, in points."""
        return self.bars[-1][1]


def histogram(totals: Sequence[float], most: float) -> Histogram:
    """Return the histogram of totals.

    Parameters
    ----------
    totals : sequence of float
        At least one.
    most : float
        The points that there are.
    """
    most = max(most, *totals)
    edges = _multiples(_step(most / 20), most)
    counts, _ = np.histogram(totals, edges)
    highest = int(counts.max())
    return Histogram(
        bars=list(zip(edges[:-1], edges[1:], counts.tolist(), strict=True)),
        ticks=[tick for tick in _multiples(_step(most / 8), most) if tick <= edges[-1]],
        levels=[round(level) for level in _multiples(max(1, _step(highest / 5)), highest)],
        median=float(np.median(totals)),
    )


def _step(least: float) -> float:
    """Return a round number that is not smaller: 1, 2 or 5 times a power of 10, at least 0.1."""
    steps = (factor * 10.0**power for power in range(-1, 300) for factor in (1, 2, 5))
    return next(step for step in steps if least <= step)


def _multiples(step: float, most: float) -> list[float]:
    """Return the multiples of a step from 0 to the first that is not smaller than `most`."""
    number = max(1, math.ceil(round(most / step, 6)))
    return [round(step * place, 6) for place in range(number + 1)]
