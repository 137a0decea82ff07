"""What is measured while a notebook is executed."""

from __future__ import annotations

from typing import NamedTuple


class SlowestCell(NamedTuple):
    """The cell of a notebook that took the longest time.

    Attributes
    ----------
    seconds : float
    name : str
        Its ``grade_id``, or its place.
    """

    seconds: float
    name: str


class Measured(NamedTuple):
    """What is measured while a notebook is executed.

    Attributes
    ----------
    slowest : SlowestCell
    starved : bool
        Whether its time was up while the machine was busy with something else.
    limits : str
        What kept the limits of all of its kernels: one of `settings.LAYERS`, or nothing.
    """

    slowest: SlowestCell = SlowestCell(0.0, "")
    starved: bool = False
    limits: str = ""
