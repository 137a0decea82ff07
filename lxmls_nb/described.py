"""Figures that come with a text, and the colours that they share."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
BLUE, VERMILLION, GREEN, PURPLE, ORANGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"

#: Curves differ by dashes and markers, too: they may lie on top of each other.
STYLES: list[dict[str, Any]] = [
    {"color": color, "linestyle": dashes, "marker": marker, "markerfacecolor": "none"}
    for color, dashes, marker in zip(
        (BLUE, VERMILLION, GREEN, PURPLE, ORANGE), ("-", "--", ":", "-.", "-"), "oxs^D", strict=True
    )
]

#: Pixels an inch: figures are drawn twice as fine as they are shown.
DPI = 192


class DescribedFigure(Figure):
    """A figure that a notebook shows together with `alt`, what it shows in words."""

    alt = ""

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": image(self, self.alt), "text/plain": self.alt}

    def _ipython_display_(self) -> None:
        # Where pyplot is imported, IPython would add the picture once more, without `alt`.
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)


def new_axes(height: float = 4, grid: bool = True) -> tuple[DescribedFigure, Axes]:
    """Return a new figure of the usual width, and axes that fill it.

    Parameters
    ----------
    height : float
        In inches.
    grid : bool
    """
    figure = DescribedFigure(figsize=(6.4, height), layout="constrained")
    axes = figure.add_subplot(axisbelow=True)
    if grid:
        axes.grid(color="0.9")
    return figure, axes


def show(figure: Figure, alt: str) -> None:
    """Show any Matplotlib figure in a notebook together with `alt`, what it shows in words."""
    from IPython.display import display
    from matplotlib import pyplot

    display({"text/html": image(figure, alt), "text/plain": alt}, raw=True)
    pyplot.close(figure)  # else a figure of pyplot's is shown once more


def image(figure: Figure, alt: str) -> str:
    """Return a figure as an ``<img>`` of HTML, the picture in it."""
    # JupyterLab knows no alternative text for image/png, but it does for an <img> in HTML.
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=DPI, metadata={"Software": None})
    code = base64.b64encode(data.getvalue()).decode()
    width = round(figure.get_figwidth() * DPI / 2)
    return (
        f'<img src="data:image/png;base64,{code}" alt="{html.escape(alt)}" width="{width}" '
        'style="max-width: 100%">'
    )
