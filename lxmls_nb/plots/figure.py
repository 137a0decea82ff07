"""Figures that come with a text, and the colours that they share."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

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

#: Inches: the usual width, and the room around axes on the left and right, below and above.
WIDTH, MARGINS = 6.4, (0.95, 0.15, 0.55, 0.35)


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
    figure = DescribedFigure(figsize=(WIDTH, height))
    # Room for labels is the same in every figure: to measure them takes longer than to draw.
    left, right, bottom, top = MARGINS
    figure.subplots_adjust(left / WIDTH, bottom / height, 1 - right / WIDTH, 1 - top / height)
    axes = figure.add_subplot(axisbelow=True)
    if grid:
        axes.grid(color="0.9")
    return figure, axes


def make_room(axes: Axes) -> None:
    """Leave as much room on the left of axes as the numbers there need."""
    labels = axes.yaxis.get_major_formatter().format_ticks([*axes.get_yticks()])
    left = 0.5 + 0.085 * max(map(len, labels), default=0)
    axes.figure.subplots_adjust(max(left, MARGINS[0]) / WIDTH)


def show(figure: Figure, alt: str) -> None:
    """Show any Matplotlib figure in a notebook together with `alt`, what it shows in words."""
    from IPython.display import display
    from matplotlib import pyplot

    display({"text/html": image(figure, alt), "text/plain": alt}, raw=True)
    pyplot.close(figure)  # else a figure of pyplot's is shown once more


def image(figure: Figure, alt: str) -> str:
    """Return a figure as an ``<img>`` of HTML, the picture in it."""
    # JupyterLab knows no alternative text for image/png, but it does for an <img> in HTML.
    code = base64.b64encode(_png(figure)).decode()
    width = round(figure.get_figwidth() * DPI / 2)
    return (
        f'<img src="data:image/png;base64,{code}" alt="{html.escape(alt)}" width="{width}" '
        'style="max-width: 100%">'
    )


def _png(figure: Figure) -> bytes:
    """Return a picture of a figure in 256 colours: half the bytes, and half the time to pack."""
    pixels, data = io.BytesIO(), io.BytesIO()
    figure.savefig(pixels, format="rgba", dpi=DPI)
    width, height = (int(inches * DPI) for inches in figure.get_size_inches())
    picture = Image.frombuffer("RGBA", (width, height), pixels.getvalue()).convert("RGB")
    palette = picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette.save(data, "png", compress_level=1)
    return data.getvalue()
