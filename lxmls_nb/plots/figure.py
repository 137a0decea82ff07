"""Figures that come with an alternative text, and the colours that they share."""

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

#: Curves differ by dashes and markers, too, since they may lie on top of each other.
STYLES: list[dict[str, Any]] = [
    {"color": color, "linestyle": dashes, "marker": marker, "markerfacecolor": "none"}
    for color, dashes, marker in zip(
        (BLUE, VERMILLION, GREEN, PURPLE, ORANGE), ("-", "--", ":", "-.", "-"), "oxs^D", strict=True
    )
]

#: Pixels per inch. Figures are shown at half their size, so that they are sharp.
DPI = 192

#: The usual width, and the room around axes on the left and right, below and above, in inches.
WIDTH, MARGINS = 6.4, (0.95, 0.15, 0.55, 0.35)


class DescribedFigure(Figure):
    """A figure that a notebook shows together with `alt`, a description of it in words."""

    alt = ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": image(self, self.alt), "text/plain": self.alt}

    def _ipython_display_(self) -> None:
        # Where pyplot is imported, IPython would show the picture once more, without `alt`.
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
    # The room for labels is the same in every figure: measuring them takes longer than drawing.
    left, right, bottom, top = MARGINS
    figure.subplots_adjust(left / WIDTH, bottom / height, 1 - right / WIDTH, 1 - top / height)
    axes = figure.add_subplot(axisbelow=True)
    if grid:
        axes.grid(color="0.9")
    return figure, axes


def make_room(axes: Axes) -> None:
    """Leave as much room on the left of axes as their numbers need."""
    labels = axes.yaxis.get_major_formatter().format_ticks([*axes.get_yticks()])
    left = 0.5 + 0.085 * max(map(len, labels), default=0)
    axes.figure.subplots_adjust(max(left, MARGINS[0]) / WIDTH)


def show(figure: Figure, alt: str) -> None:
    """Show any Matplotlib figure in a notebook together with `alt`, a description in words."""
    from IPython.display import display
    from matplotlib import pyplot

    bundle = {"text/html": image(figure, alt), "text/plain": alt}
    display(bundle, raw=True)
    pyplot.close(figure)  # otherwise pyplot shows a figure of its own once more


def image(figure: Figure, alt: str) -> str:
    """Return a figure as an HTML ``<img>`` that contains the picture and its description."""
    # JupyterLab has no alternative text for image/png, but it has one for an <img> in HTML.
    code = base64.b64encode(_png(figure)).decode()
    width = round(figure.get_figwidth() * DPI / 2)
    return (
        f'<img src="data:image/png;base64,{code}" alt="{html.escape(alt)}" width="{width}" '
        'style="max-width: 100%">'
    )


def _png(figure: Figure) -> bytes:
    """Return a PNG in 256 colours: half the bytes, and half the time, of one in all colours."""
    pixels, data = io.BytesIO(), io.BytesIO()
    figure.savefig(pixels, format="rgba", dpi=DPI)
    width, height = (int(inches * DPI) for inches in figure.get_size_inches())
    picture = Image.frombuffer("RGBA", (width, height), pixels.getvalue()).convert("RGB")
    palette = picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette.save(data, "png", compress_level=1)
    return data.getvalue()
