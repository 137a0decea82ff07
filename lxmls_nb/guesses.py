"""What a reader guesses before a cell tells, and whether that is close enough to count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

#: How far a guess may be off, as a part of the largest number that is asked for: readers round.
WITHIN = 0.02

#: Guesses at the numbers of a network's figure: kind, layer and unit, and the number, or None. What
#: is neither is a wrong guess.
#: The kinds are ``"z"`` and ``"z~"``, the forward values of linear units and of what follows them,
#: and ``"e"`` and ``"e~"``, their errors. Layers count from one (the input is ``("z~", 0, unit)``),
#: units from zero.
Guesses = Mapping[tuple[str, int, int], object]


class Refuted(float):
    """A number that counts as wrong whatever it is guessed at: it is wrong elsewhere."""


class Outcome(Enum):
    """What becomes of a guess: a name, and the sign that figures show beside it."""

    RIGHT = "right", "✓"
    WRONG = "wrong", "✗"
    OPEN = "open", "?"

    @property
    def sign(self) -> str:
        """The sign, which tells without colour."""
        return self.value[1]


def judge(guess: object, measured: float, largest: float | None = None) -> Outcome:
    """Return what becomes of a guess at a number.

    Parameters
    ----------
    guess : object
        A number, or None while there is no guess. Anything else is wrong.
    measured : float
    largest : float, optional
        The largest of the numbers that are guessed together; by default `measured`.
    """
    if guess is None:
        return Outcome.OPEN
    if isinstance(guess, Refuted):
        return Outcome.WRONG
    number = as_number(guess)
    is_right = number is not None and agrees(number, measured, largest=largest)
    return Outcome.RIGHT if is_right else Outcome.WRONG


def as_number(guess: Any) -> float | None:
    """Return a guess as a number, or None if it is none, or not a single one."""
    try:
        return float(guess)
    except Exception:  # an object of the reader's may raise anything
        return None


def agrees(guess: Any, measured: Any, within: float = WITHIN, largest: float | None = None) -> bool:
    """Whether numbers are as good as equal, for somebody who works them out by hand.

    Parameters
    ----------
    guess, measured : array_like of float
        Of one shape.
    within : float
        How far a number may be off, as a part of `largest`.
    largest : float, optional
        By default the largest size of a number in `measured`.
    """
    guess, measured = np.asarray(guess, dtype=float), np.asarray(measured, dtype=float)
    if guess.shape != measured.shape:
        return False
    if largest is None:
        largest = float(np.max(np.abs(measured), initial=0.0))
    room = within * largest + 1e-9 if math.isfinite(largest) else 0.0
    return bool(np.allclose(guess, measured, rtol=0.0, atol=room, equal_nan=True))
