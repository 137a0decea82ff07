"""The loss against one weight, with the gradient as its tangent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lxmls_nb.plots.figure import BLUE, RED, DescribedFigure, finish_pair, new_pair

#: A tangent can be told from another line only close to the current weight: in a tenth of the span.
CLOSE = 0.1

#: Changes of the loss that are smaller, in nats, are not drawn as a curve: the axis would show
#: rounding errors, or numbers of too many digits to read.
FLAT = 1e-6


class LossCurve(NamedTuple):
    """The loss against one weight, and what backpropagation tells of its slope.

    Attributes
    ----------
    weights, losses : ndarray, shape (V,)
        Weights in ascending order; losses in nats.
    weight, loss, gradient : float
        The current weight, the loss there, and the derivative of the loss with respect to the
        weight.
    """

    weights: np.ndarray
    losses: np.ndarray
    weight: float
    loss: float
    gradient: float


def plot_tangent(
    weight_range: np.ndarray,
    loss_range: np.ndarray,
    current_weight: float,
    current_loss: float,
    current_gradient: float,
    ax: Axes | None = None,
) -> Figure:
    """Draw the loss against one weight, with a line that has the gradient as its slope.

    Where the gradient is right, the line is a tangent. The new figure has the whole range on the
    left. On the right it has a tenth of it, around the current weight, where one sees whether the
    line touches the curve.

    Parameters
    ----------
    weight_range, loss_range : ndarray, shape (V,)
        From :func:`~lxmls_nb.models.get_mlp_loss_range`; losses in nats.
    current_weight, current_loss, current_gradient : float
        The weight and the loss of the model now, and the derivative of the loss with respect to
        this weight, by backpropagation.
    ax : matplotlib.axes.Axes, optional
        Where to draw the whole range alone, in a figure of your own. By default there is a new
        figure with both.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The one of `ax`, or the new one.
    """
    curve = LossCurve(
        np.asarray(weight_range),
        np.asarray(loss_range),
        float(current_weight),
        float(current_loss),
        float(current_gradient),
    )
    if ax is None:
        return draw_tangent(curve)
    _draw_panel(ax, curve, (curve.weights.min(), curve.weights.max()))
    ax.legend()
    return cast(Figure, ax.figure)


def plot_wrong_tangents(
    weight_range: np.ndarray,
    loss_range: np.ndarray,
    current_weight: float,
    current_loss: float,
    gradients: Mapping[str, float],
) -> DescribedFigure:
    """Draw the loss close to the current weight once per gradient, each with its line.

    Parameters
    ----------
    weight_range, loss_range, current_weight, current_loss
        As in :func:`plot_tangent`.
    gradients : mapping of str to float
        By the mistake that was made, the slope of the line.
    """
    figure = DescribedFigure(figsize=(8, 3.4), layout="constrained")
    both = figure.subplots(1, len(gradients), sharey=True, squeeze=False)[0]
    near = np.abs(weight_range - current_weight) <= CLOSE * np.ptp(weight_range) / 2
    for axes, (mistake, gradient) in zip(both, gradients.items(), strict=True):
        curve = weight_range[near], loss_range[near], current_weight, current_loss, gradient
        plot_tangent(*curve, ax=axes)
        axes.set_title(mistake)
        axes.grid(color="0.9")
        axes.label_outer()
    for axes in both[1:]:
        axes.get_legend().remove()  # it is that of the first
    both[0].legend(loc="upper center")
    slopes = "; ".join(f"{mistake}, {gradient:.3g}" for mistake, gradient in gradients.items())
    figure.alt = (
        "The loss close to the current weight, each time with a line through it whose slope is a "
        f"wrong gradient: {slopes}."
    )
    return figure


def draw_tangent(curve: LossCurve, title: str = "") -> DescribedFigure:
    """Return the figure of the whole range and of the part around the current weight.

    Parameters
    ----------
    curve : LossCurve
    title : str
        What stands above both, and before their description.
    """
    figure, left, right = new_pair(title)
    whole = curve.weights.min(), curve.weights.max()
    reach = CLOSE * np.max(np.abs(curve.weights - curve.weight))
    close = curve.weight - reach, curve.weight + reach
    low, high = _draw_panel(left, curve, whole)
    close_low, close_high = _draw_panel(right, curve, close)
    left.axvspan(*close, color="0.9", zorder=0.5, label="shown on the right")
    left.set_title("the whole range", fontsize=10)
    right.set_title("close to the current weight", fontsize=10)
    right.set_ylabel("")
    finish_pair(figure, left, right)
    figure.alt = (
        f"{title}{'. ' if title else ''}Left, the loss against one weight, {whole[0]:.3g} to "
        f"{whole[1]:.3g}: {_spoken(low, high)}. A cross marks the current weight, "
        f"{curve.weight:.4g}, with the loss {curve.loss:.4g}; the dashed line through it has the "
        f"slope of the gradient, {curve.gradient:.3g}. Right, the same close to the cross, "
        f"{close[0]:.3g} to {close[1]:.3g}: {_spoken(close_low, close_high)}. "
        f"{_departures(curve, close)}"
    )
    return figure


def _draw_panel(axes: Axes, curve: LossCurve, ends: tuple[float, float]) -> tuple[float, float]:
    """Draw the part of a curve between two weights; return its least and its largest loss."""
    start, end = ends
    inside = (curve.weights >= start) & (curve.weights <= end)
    losses = [*curve.losses[inside], *np.interp(ends, curve.weights, curve.losses), curve.loss]
    low, high = float(min(losses)), float(max(losses))
    # A steep line must not make the curve look flat: the curve alone decides on the scale. Where it
    # is flat, the scale is such that a line that is not shows.
    margin = 0.15 * (high - low) if high - low > FLAT else 0.005 * (end - start)
    axes.plot(curve.weights, curve.losses, color=BLUE, label="loss")
    # The line ends where it leaves the panel: it may be as steep as a wrong gradient can be.
    tall = high - low + 2 * margin
    steps = np.array([start, end]) - curve.weight
    if np.isfinite(curve.gradient):
        if abs(curve.gradient) * (end - start) > tall:
            steps = np.clip(steps, -tall / abs(curve.gradient), tall / abs(curve.gradient))
        line = curve.weight + steps, curve.loss + curve.gradient * steps
        axes.plot(*line, color=RED, linestyle="--", label="slope: gradient")
    axes.plot(curve.weight, curve.loss, "x", color="black", label="current weight", ms=9, mew=2)
    axes.set(xlim=ends, ylim=(low - margin, high + margin))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.ticklabel_format(useOffset=False)
    axes.set(xlabel="weight value", ylabel="loss (nats)")
    return low, high


def _spoken(low: float, high: float) -> str:
    """Return in words how far a loss goes."""
    return f"{low:.4g} to {high:.4g} nats" if high - low > FLAT else f"{low:.4g} nats, flat"


def _departures(curve: LossCurve, ends: tuple[float, float]) -> str:
    """Return in words how far the line is from the curve at both ends of a panel."""
    if not np.isfinite(curve.gradient):
        return "Such a line cannot be drawn."
    line = curve.loss + curve.gradient * (np.array(ends) - curve.weight)
    distances = line - np.interp(ends, curve.weights, curve.losses)
    places = [
        f"{abs(distance):.2g} nats {'above' if distance > 0 else 'below'} the curve"
        if not abs(distance) < FLAT
        else "on the curve"
        for distance in distances
    ]
    return f"At the left end there the line is {places[0]}, at the right end {places[1]}."
