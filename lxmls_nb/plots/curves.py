"""Curves of losses, accuracies and times, and the loss as a map over two parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from lxmls_nb.plots.figure import BLUE, RED, STYLES, DescribedFigure, new_axes

#: A descent has a marker at each sixth of its steps: at every step they would hide its path.
MARK_EVERY = 6


def plot_learning_curves(curves: Mapping[str, Sequence[float]]) -> DescribedFigure:
    """Return a figure of accuracies against epochs.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        By label, the accuracies in %: before training and after each epoch, as in
        :attr:`~lxmls_nb.training.History.accuracies`.
    """
    figure, axes = new_axes()
    for style, (label, accuracies) in zip(cycle(STYLES), curves.items(), strict=False):
        axes.plot(range(len(accuracies)), accuracies, label=label, **style)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel="accuracy on the test set (%)")
    axes.legend()
    parts = [f"{label} from {a[0]:.2f} to {a[-1]:.2f} %" for label, a in curves.items()]
    figure.alt = f"Accuracy on the test set, epoch by epoch: {'; '.join(parts)}."
    return figure


def plot_epoch_times(
    hidden_sizes: Sequence[int], seconds: Mapping[str, Sequence[float]]
) -> DescribedFigure:
    """Return a figure of the time per epoch against the hidden size, both logarithmic.

    Parameters
    ----------
    hidden_sizes : sequence of int
        Numbers of hidden units.
    seconds : mapping of str to sequence of float
        By label, the seconds that an epoch took with each of these numbers.
    """
    figure, axes = new_axes()
    parts = []
    for style, (label, times) in zip(cycle(STYLES), seconds.items(), strict=False):
        axes.loglog(hidden_sizes, times, label=label, **style)
        pairs = zip(hidden_sizes, times, strict=True)
        parts.append(f"{label}: " + ", ".join(f"{time:.3g} s with {size}" for size, time in pairs))
    axes.set_xticks(hidden_sizes, [str(size) for size in hidden_sizes])
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.set(xlabel="hidden size (units)", ylabel="time per epoch (s)")
    axes.legend()
    figure.alt = f"Seconds an epoch takes against the number of hidden units. {'; '.join(parts)}."
    return figure


def plot_losses(curves: Mapping[str, Sequence[float]]) -> DescribedFigure:
    """Return a figure of losses against epochs.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        By label, the losses in nats: before training and after each epoch.
    """
    figure, axes = new_axes(height=3.6)
    for style, (label, losses) in zip(cycle(STYLES), curves.items(), strict=False):
        axes.plot(losses, label=label, **style)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel="loss on the training set (nats)")
    axes.legend()
    parts = [
        f"{label} from {losses[0]:.3f} to {losses[-1]:.3f}" for label, losses in curves.items()
    ]
    figure.alt = f"Loss on the training set in nats, epoch by epoch: {'; '.join(parts)}."
    return figure


def plot_loss_of_probability(probabilities: Mapping[str, float]) -> DescribedFigure:
    """Return a figure of the cross-entropy against the probability of the right class.

    Parameters
    ----------
    probabilities : mapping of str to float
        Points to mark on the curve, by label.
    """
    figure, axes = new_axes(height=3.3)
    curve = np.linspace(0.005, 1, 400)
    axes.plot(curve, -np.log(curve), color="black")
    for label, probability in probabilities.items():
        place = probability, -np.log(probability)
        axes.plot(*place, "o", color=BLUE)
        axes.annotate(label, place, xytext=(7, 5), textcoords="offset points", va="bottom")
    axes.set(xlim=(0, 1), ylim=(0, 4))
    axes.set(xlabel="probability of the right class", ylabel="loss (nats)")
    marked = [f"{label}, {p:.3g}: {-np.log(p):.3g} nats" for label, p in probabilities.items()]
    figure.alt = (
        "The loss, minus the logarithm of the probability of the right class: without bound near "
        f"zero, then falling, to zero at probability one. Marked are {'; '.join(marked)}."
    )
    return figure


def plot_descent(
    loss: Callable[[float, float], float],
    paths: Mapping[str, np.ndarray],
    labels: tuple[str, str],
) -> DescribedFigure:
    """Return a map of the loss over two parameters, with the paths of gradient descents on it.

    Parameters
    ----------
    loss : callable
        From both parameters to the loss, in nats.
    paths : mapping of str to ndarray of shape (steps, 2)
        By label, the parameters after each step.
    labels : (str, str)
        Names of the parameters.
    """
    figure, axes = new_axes(height=4.2, grid=False)
    figure.set_layout_engine("constrained")  # it makes room for the legend below
    places = np.concatenate(list(paths.values()))
    low, high = places.min(axis=0), places.max(axis=0)
    margin = 0.35 * (high - low).clip(min=1e-3)
    x_range, y_range = np.linspace(low - margin, high + margin, 25).T
    heights = np.array([[loss(x, y) for x in x_range] for y in y_range])
    thin: dict[str, Any] = {"colors": "0.6", "linewidths": 0.8, "zorder": 1}
    small: dict[str, Any] = {"colors": "0.3", "fontsize": 8, "zorder": 1.5, "inline": False}
    lines = axes.contour(x_range, y_range, heights, levels=14, **thin)
    for written in axes.clabel(lines, fmt="%.3f" if np.ptp(heights) < 0.5 else "%.2f", **small):
        written.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})
        x, y = axes.transLimits.transform(written.get_position())
        if not (0.07 < x < 0.93 and 0.05 < y < 0.95):  # the frame would cut this number
            written.remove()
    for style, (label, path) in zip(cycle(STYLES), paths.items(), strict=False):
        axes.plot(*np.transpose(path), markevery=MARK_EVERY, label=label, linewidth=1.2, **style)
        axes.plot(*path[0], "k*", markersize=12)
    axes.plot([], [], "k*", markersize=10, linestyle="none", label="start")
    axes.set(xlabel=labels[0], ylabel=labels[1])
    figure.legend(loc="outside lower center", ncols=len(paths) + 1, frameon=False)
    ways = [
        f"{label}, {len(path) - 1} steps, from ({path[0][0]:.2f}, {path[0][1]:.2f}), loss "
        f"{loss(*path[0]):.3f}, to ({path[-1][0]:.2f}, {path[-1][1]:.2f}), {loss(*path[-1]):.3f}"
        for label, path in paths.items()
    ]
    figure.alt = (
        f"A map of the loss, from {heights.min():.2f} to {heights.max():.2f} nats, over "
        f"{labels[0]} and {labels[1]}, with the ways of {'; '.join(ways)}."
    )
    return figure


def plot_activation_functions() -> DescribedFigure:
    """Return a figure of the sigmoid, the hyperbolic tangent and ReLU, and of their derivatives."""
    z = np.linspace(-4, 4, 401)
    sigmoid = 1 / (1 + np.exp(-z))
    curves = {
        "sigmoid": (sigmoid, sigmoid * (1 - sigmoid)),
        "tanh": (np.tanh(z), 1 - np.tanh(z) ** 2),
        "ReLU": (np.maximum(z, 0), np.where(z > 0, 1.0, 0.0)),
    }
    figure = DescribedFigure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for style, (name, (values, slopes)) in zip(STYLES, curves.items(), strict=False):
        line = {"color": style["color"], "linestyle": style["linestyle"], "label": name}
        left.plot(z, values, **line)
        right.plot(z, slopes, **line)
    left.set(xlabel="$z$", ylabel=r"output, $\tilde{z}$", ylim=(-1.2, 3))
    right.set(xlabel="$z$", ylabel=r"derivative, $\partial \tilde{z} / \partial z$")
    for axes in (left, right):
        axes.grid(color="0.9")
    left.legend()
    largest = ", ".join(f"{name} {slopes.max():.2f}" for name, (_, slopes) in curves.items())
    figure.alt = (
        "Three non-linear functions for z from -4 to 4, and their derivatives. The sigmoid rises "
        "smoothly from 0 to 1, the hyperbolic tangent from -1 to 1; ReLU is 0 up to z = 0, then z "
        f"itself. The largest derivatives: {largest}."
    )
    return figure


def plot_loss_between(shares: Sequence[float], losses: Sequence[float]) -> DescribedFigure:
    """Return a figure of the loss on the straight line between two networks.

    Parameters
    ----------
    shares : sequence of float
        Shares of the second network in the parameters, from 0 to 1.
    losses : sequence of float
        The loss with each of them, in nats.
    """
    figure, axes = new_axes(height=3.4)
    axes.plot(shares, losses, color=BLUE, label="loss")
    chord: dict[str, Any] = {"color": RED, "linestyle": "--", "label": "no higher, if convex"}
    axes.plot([shares[0], shares[-1]], [losses[0], losses[-1]], **chord)
    axes.set(xlabel="share of the second network in the parameters", ylabel="loss (nats)")
    axes.legend()
    figure.alt = (
        f"The loss on the straight line between two networks: {losses[0]:.3f} nats at one end, "
        f"{losses[-1]:.3f} at the other, and in between up to {max(losses):.3f}. A convex loss "
        "would be nowhere above the dashed line that joins the ends."
    )
    return figure


def plot_product_times(
    sizes: Sequence[int], seconds: Mapping[str, Sequence[float]]
) -> DescribedFigure:
    """Return a figure of the time of a matrix product against its size, both logarithmic.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of rows and columns of both matrices.
    seconds : mapping of str to sequence of float
        By label, the seconds that a product of each size took.
    """
    figure, axes = new_axes()
    for style, (label, times) in zip(cycle(STYLES), seconds.items(), strict=False):
        axes.loglog(sizes, 1e6 * np.asarray(times), label=label, **style)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="n, rows and columns of each matrix", ylabel="time per product (µs)")
    axes.legend()
    parts = [
        f"{label} from {1e6 * times[0]:.1f} µs to {1e6 * times[-1]:.1f} µs"
        for label, times in seconds.items()
    ]
    figure.alt = (
        f"Time of a matrix product against its size, {sizes[0]} to {sizes[-1]}, both logarithmic. "
        f"{'; '.join(parts)}."
    )
    return figure
