"""How well colours can be told apart, by the accessibility guidelines (WCAG 2.2)."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb


def linear(colour: str) -> np.ndarray:
    """Return a colour's red, green and blue light, each from 0 to 1."""
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the ratio of the luminances of two colours: 1 to 21."""
    low, high = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)
