"""What the gradients of a network look like beside measured ones: the evidence of the bug hunt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lxmls_nb.models.numpy_mlp import NumpyMLP
from lxmls_nb.models.suspects import Compared, compare_gradients
from lxmls_nb.models.weight_study import get_mlp_loss_range, get_mlp_parameter_handlers
from lxmls_nb.plots.figure import BLUE, GREEN, ORANGE, RED, DescribedFigure

#: Width of a panel and height of a row, in inches.
PANEL, ROW = 2.1, 2.3
#: How far the close-up of the loss goes to either side of the weight.
REACH = 1.0


def plot_evidence(model: NumpyMLP, batch: Mapping[str, np.ndarray]) -> DescribedFigure:
    """Draw the gradients that a network claims beside those that are measured.

    The upper row is about the whole batch, the lower one about its first example alone. On the left
    is the loss against one weight of the first layer, with a line that has the claimed gradient as
    its slope. A panel per layer follows, with each claimed gradient against the measured one: where
    they are equal, they lie on the diagonal.

    Parameters
    ----------
    model : NumpyMLP
        A small one, whose gradients are measured number by number.
    batch : dict
        ``input`` of shape (M, I) and ``output`` of shape (M,).

    Returns
    -------
    figure : DescribedFigure
    """
    num_layers = len(model.parameters)
    rows = {f"a batch of {len(batch['output'])}": slice(None), "its first example": slice(1)}
    figure = DescribedFigure(figsize=(PANEL * (num_layers + 1), ROW * len(rows) + 0.35))
    grid = figure.subplots(len(rows), num_layers + 1, squeeze=False)
    described = []
    for axes, (name, part) in zip(grid, rows.items(), strict=True):
        few = {key: values[part] for key, values in batch.items()}
        compared = compare_gradients(model, few["input"], few["output"])
        words = [_draw_tangent(axes[0], model, few, compared[0])]
        for layer, panel in enumerate(axes[1:]):
            words.append(_draw_layer(panel, compared[2 * layer : 2 * layer + 2], layer + 1))
        axes[0].set_ylabel(f"{name}\n\nloss (nats)", fontsize=8)
        axes[1].set_ylabel("claimed gradient", fontsize=8)
        described.append(f"With {name}: {' '.join(words)}")
    for panel, label in zip(
        grid[-1], ["weight value", *["measured gradient"] * num_layers], strict=True
    ):
        panel.set_xlabel(label, fontsize=8)
    handles, labels = grid[0][0].get_legend_handles_labels()
    more = grid[0][1].get_legend_handles_labels()
    figure.legend(
        [*handles, *more[0]],
        [*labels, *more[1]],
        loc="lower center",
        ncols=5,
        fontsize=8,
        frameon=False,
    )
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        0.95 / width, 0.85 / height, 1 - 0.1 / width, 1 - 0.3 / height, wspace=0.5, hspace=0.42
    )
    figure.alt = " ".join(described)
    return figure


def _draw_tangent(
    axes: Axes, model: NumpyMLP, batch: Mapping[str, np.ndarray], compared: Compared
) -> str:
    """Draw the loss close to the first weight of the first layer, and its claimed slope."""
    handlers = get_mlp_parameter_handlers(layer_index=0, row=0, column=0)
    weights, losses = get_mlp_loss_range(model, *handlers, dict(batch), span=REACH, num_values=81)
    current, loss = weights[len(weights) // 2], losses[len(losses) // 2]
    axes.plot(weights, losses, color=BLUE, label="loss")
    low, high = losses.min(), losses.max()
    margin = max(0.2 * (high - low), 0.01)
    axes.plot(current, loss, "x", color="black", ms=7, mew=2)
    axes.set(xlim=(weights[0], weights[-1]), ylim=(low - margin, high + margin))
    _finish(axes, "$W^1_{11}$")
    if compared.claimed.ndim != 2 or not compared.claimed.size:
        return "there is no claimed gradient of the weight."
    slope = float(compared.claimed[0, 0])
    if not np.isfinite(slope):
        return f"the claimed slope of the loss at one weight of layer 1 is {slope}."
    steps = np.array([-REACH, REACH])
    axes.plot(
        current + steps, loss + slope * steps, "--", color=RED, label="slope: claimed gradient"
    )
    return (
        f"the slope of the loss at one weight of layer 1 is {compared.measured[0, 0]:.3g}, the "
        f"claimed one is {slope:.3g}."
    )


def _draw_layer(axes: Axes, compared: Sequence[Compared], layer: int) -> str:
    """Draw the claimed gradients of a layer against the measured ones; return that in words."""
    if not all(each.fits for each in compared):
        wrong = [each for each in compared if not each.fits]
        shapes = [
            f"{each.name[0]}: {_shape(each.claimed)}\nnot {_shape(each.measured)}" for each in wrong
        ]
        axes.text(0.5, 0.5, "\n\n".join(shapes), ha="center", va="center", fontsize=8)
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"layer {layer}", fontsize=9)
        spoken = [
            f"the {_spoken(each)}' gradient has the shape {_shape(each.claimed)}, "
            f"not {_shape(each.measured)}"
            for each in wrong
        ]
        return f"Layer {layer}: {' and '.join(spoken)}."
    for each, marker, color, label in zip(
        compared, "ox", (GREEN, ORANGE), ("weights", "biases"), strict=True
    ):
        axes.plot(
            each.measured.ravel(), each.claimed.ravel(), marker, color=color, label=label,
            ms=5, mfc="none", ls="none", zorder=3,
        )  # fmt: skip
    everything = np.concatenate(
        [np.ravel(a) for each in compared for a in (each.measured, each.claimed)]
    )
    everything = everything[np.isfinite(everything)]
    reach = 1.15 * np.max(np.abs(everything), initial=1e-9)
    axes.plot([-reach, reach], [-reach, reach], color="0.6", lw=1, label="equal")
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    _finish(axes, f"layer {layer}, × {_range(np.concatenate([each.ratios for each in compared]))}")
    ratios = [f"{_spoken(each)} × {_range(each.ratios)}" for each in compared]
    missing = sum(int(np.sum(~np.isfinite(each.claimed))) for each in compared)
    if missing:
        ratios.append(f"{missing} not finite")
    return f"Layer {layer}, claimed gradients as multiples of the measured: {', '.join(ratios)}."


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def _range(ratios: np.ndarray) -> str:
    """Return ratios in words: one number if they are all alike."""
    if not len(ratios):
        return "none"
    low, high = (_ratio(value) for value in (ratios.min(), ratios.max()))
    return low if low == high else f"{low} to {high}"


def _ratio(value: float) -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{round(value, 6) + 0.0:.2g}"
    return text.replace("-", "−")


def _shape(array: np.ndarray) -> str:
    return " × ".join(map(str, array.shape)) if array.size else "none"


def _spoken(compared: Compared) -> str:
    return "weights" if compared.name.startswith("W") else "biases"
