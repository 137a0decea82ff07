"""What computation graphs are drawn with: circles, boxes, edges, forward values and errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextPath

from lxmls_nb.plots.figure import BLUE, VERMILLION, DescribedFigure

Point = tuple[float, float]
Style = dict[str, Any]

#: Of a circle, and half the side of a box, in inches.
RADIUS = 0.26
#: Sizes of text, in points.
SYMBOL, TEXT, SMALL, TINY = 11, 9, 8, 7

#: Around texts, so that they can be read where edges pass.
HALO = withStroke(linewidth=4, foreground="white")


def number(value: float) -> str:
    """Return a number as figures show it, with three digits."""
    value = round(value, 9) + 0.0  # what follows is noise of differences; and there is no -0
    return f"{value:.3g}".replace("-", "−")


def numbers(values: Iterable[float]) -> str:
    """Return numbers as figures show them, with commas between."""
    return ", ".join(map(number, values))


def plain(text: str) -> str:
    """Return a formula as it is read aloud: no dollars, no TeX."""
    text = re.sub(r"\\tilde\{(\w)\}", r"\1 tilde", text.replace("$", "").replace(r"\,", " "))
    for tex, word in ((r"\cdot", "·"), (r"\sigma", "σ"), (r"\mathcal{F}", "F")):
        text = text.replace(tex, word)
    return text.replace("\\", "")


def text_width(text: str, size: float = TEXT) -> float:
    """Return how wide a text is, in inches."""
    return TextPath((0, 0), text, size=size).get_extents().width / 72


class GraphCanvas:
    """A figure whose unit of length is an inch, and what is drawn in it.

    Parameters
    ----------
    width, height : float
        In inches.

    Attributes
    ----------
    figure : DescribedFigure
    axes : matplotlib.axes.Axes
        They cover the whole figure.
    """

    def __init__(self, width: float, height: float):
        self.figure = DescribedFigure(figsize=(width, height), facecolor="white")
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.set_axis_off()

    def text(self, x: float, y: float, text: str, **given: Any) -> None:
        """Write a text, centred unless told otherwise; edges keep off it."""
        style: Style = {"ha": "center", "va": "center", "fontsize": TEXT, "zorder": 5} | given
        self.axes.text(x, y, text, **style).set_path_effects([HALO])

    def circle(self, x: float, y: float, **given: Any) -> None:
        """Draw the node of a linear function, or of an input."""
        style: Style = {"facecolor": "white", "edgecolor": "black", "zorder": 3} | given
        self.axes.add_patch(Circle((x, y), RADIUS, **style))

    def box(self, x: float, low: float, high: float, half_width: float = RADIUS) -> None:
        """Draw the node of a non-linear function, from `low` to `high`."""
        self.axes.add_patch(
            FancyBboxPatch(
                (x - half_width, low),
                2 * half_width,
                high - low,
                boxstyle="round,pad=0,rounding_size=0.06",
                facecolor="0.94",
                edgecolor="black",
                zorder=3,
            )
        )

    def dots(self, x: float, y: float) -> None:
        """Draw an ellipsis, upright."""
        style: Style = {"linestyle": "none", "marker": "o", "markersize": 2.5, "color": "black"}
        self.axes.add_line(Line2D([x] * 3, [y - 0.1, y, y + 0.1], zorder=4, **style))

    def edge(self, start: Point, end: Point, **given: Any) -> None:
        """Draw a line between two nodes, which hide its ends."""
        style: Style = {"color": "0.45", "linewidth": 1.0, "zorder": 1} | given
        self.axes.add_line(Line2D(*zip(start, end, strict=True), **style))

    def arrow(self, start: Point, end: Point) -> None:
        """Draw an arrow."""
        style: Style = {"arrowstyle": "-|>", "color": "0.3", "shrinkA": 0, "shrinkB": 0}
        self.axes.annotate("", xy=end, xytext=start, arrowprops=style, zorder=2)

    def forward(self, x: float, y: float, value: float) -> None:
        """Write a forward value: upright and blue, above a node whose top is at `y`."""
        self.text(x, y + 0.03, number(value), color=BLUE, va="bottom")

    def error(self, x: float, y: float, value: float) -> None:
        """Write an error: an arrow, italic and vermillion, below a node whose bottom is at `y`."""
        style: Style = {"color": VERMILLION, "fontstyle": "italic", "va": "top"}
        self.text(x, y - 0.04, f"← {number(value)}", **style)

    def legend(self, samples: list[tuple[str, Style]]) -> None:
        """Explain at the bottom, two in a row, what lines and numbers mean.

        Parameters
        ----------
        samples : list of (str, dict)
            What each sample means, and the style of its line or marker.
        """
        self.axes.legend(
            handles=[Line2D([], [], label=label, **style) for label, style in samples],
            loc="lower center",
            ncols=2,
            fontsize=SMALL,
            frameon=False,
            borderaxespad=0.4,
            handlelength=2.2,
        )


#: For the legend: how forward values, errors, biases and derivatives look.
FORWARD: Style = {"color": BLUE, "marker": "$1.5$", "markersize": 13, "linestyle": "none"}
ERROR: Style = {
    "color": VERMILLION,
    "marker": r"$\leftarrow$",
    "markersize": 11,
    "linestyle": "none",
}
BIAS: Style = {"color": "black", "marker": "$+1$", "markersize": 11, "linestyle": "none"}
SLOPE: Style = {"color": "black", "marker": r"$\times$", "markersize": 7, "linestyle": "none"}
