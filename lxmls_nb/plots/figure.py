"""Figures that come with an alternative text, and the colours that they share."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from functools import cached_property
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

#: Okabe and Ito's colours, which people with any kind of colour vision can tell apart. Their
#: vermillion is replaced: the texts speak of red numbers, and these have to be read on white.
#: Equations of the chapters and `docs/_static/book.css` have the same red.
BLUE, RED, GREEN, PURPLE, ORANGE = "#0072B2", "#DD2222", "#009E73", "#CC79A7", "#E69F00"

#: Curves differ by dashes and markers, too, since they may lie on top of each other.
STYLES: list[dict[str, Any]] = [
    {"color": color, "linestyle": dashes, "marker": marker, "markerfacecolor": "none"}
    for color, dashes, marker in zip(
        (BLUE, RED, GREEN, PURPLE, ORANGE), ("-", "--", ":", "-.", "-"), "oxs^D", strict=True
    )
]

#: Pixels per inch. Figures are shown at half their size, so that they are sharp.
DPI = 192

#: What red, green and blue are rounded to: Pillow tells levels of a palette apart only if they are
#: not much closer. White stays white.
LEVELS = [min(255, 8 * round(level / 8)) for level in range(256)]

#: The usual width, and the room around axes on the left and right, below and above, in inches.
WIDTH, MARGINS = 6.4, (0.95, 0.15, 0.55, 0.35)


#: How a legend looks that stands below the axes, in one line.
LEGEND_BELOW: dict[str, Any] = {
    **{"ncols": 4, "fontsize": 9, "frameon": False},
    **{"borderaxespad": 0.3, "columnspacing": 1.2, "handletextpad": 0.5, "handlelength": 1.8},
}


class DescribedFigure(Figure):
    """A figure that a notebook shows together with `alt`, a description of it in words."""

    alt = ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": image(self, self.alt), "text/plain": self.alt}

    def _ipython_display_(self) -> None:
        # Where pyplot is imported, IPython would show the picture once more, without `alt`.
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)


class UndrawnFigure:
    """A figure that is drawn only when a notebook shows it, or somebody asks for its text.

    Checks that return a figure tell what they find in words, too, and where notebooks are graded
    nobody sees the figure.

    Parameters
    ----------
    draw : callable
        Returns the figure.
    """

    def __init__(self, draw: Callable[[], DescribedFigure]):
        self._draw = draw

    @cached_property
    def figure(self) -> DescribedFigure:
        """The figure itself."""
        return self._draw()

    @property
    def alt(self) -> str:
        """The description of the figure in words."""
        return self.figure.alt

    def _ipython_display_(self) -> None:
        self.figure._ipython_display_()


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


def new_pair(title: str = "") -> tuple[DescribedFigure, Axes, Axes]:
    """Return a new figure, and two axes side by side, each with a scale of its own.

    Parameters
    ----------
    title : str
        What stands above both.
    """
    height = 4.2 if title else 3.9
    figure = DescribedFigure(figsize=(WIDTH, height))
    left, right = figure.subplots(1, 2)
    top = MARGINS[3] + (0.3 if title else 0)
    bottom = MARGINS[2] + 0.3  # the legend
    figure.subplots_adjust(bottom=bottom / height, top=1 - top / height)
    if title:
        # A word may have a dollar sign, which is not to begin an equation.
        figure.text(0.5, 1 - 0.1 / height, title, ha="center", va="top", parse_math=False)
    for axes in (left, right):
        axes.set_title("", y=1.0)  # else each is measured twice, to make room for a title
        axes.set_axisbelow(True)
        axes.grid(color="0.9")
    return figure, left, right


def finish_pair(figure: DescribedFigure, left: Axes, right: Axes) -> None:
    """Put one legend below a pair of axes, and leave room on the left of each for its numbers."""
    figure.legend(*left.get_legend_handles_labels(), loc="lower center", **LEGEND_BELOW)
    gaps = [_room_for_numbers(axes) for axes in (left, right)]
    panel = (WIDTH - sum(gaps) - MARGINS[1]) / 2
    for axes, start in ((left, gaps[0]), (right, WIDTH - MARGINS[1] - panel)):
        _, low, _, tall = axes.get_position().bounds
        axes.set_position((start / WIDTH, low, panel / WIDTH, tall))


def _room_for_numbers(axes: Axes) -> float:
    """Return how many inches the numbers and the label on the left of axes need."""
    numbers = axes.yaxis.get_major_formatter().format_ticks([*axes.get_yticks()])
    return (0.5 if axes.get_ylabel() else 0.25) + 0.085 * max(map(len, numbers), default=0)


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
    """Return a PNG in 256 colours: a third of the bytes, and of the time, of one in all colours."""
    pixels, data = io.BytesIO(), io.BytesIO()
    figure.savefig(pixels, format="rgba", dpi=DPI)
    width, height = (int(inches * DPI) for inches in figure.get_size_inches())
    whole = Image.frombuffer("RGBA", (width, height), pixels.getvalue()).convert("RGB")
    whole = whole.point(LEVELS * 3)
    # The palette has the colours that are frequent among each sixteenth pixel. Colours that it does
    # not have are those of rims; they become the nearest.
    few = whole.resize((width // 4, height // 4), Image.Resampling.NEAREST)
    counted: Any = few.getcolors(few.width * few.height)
    frequent = sorted(counted, reverse=True)[:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([level for _, colour in frequent for level in colour])
    whole.quantize(palette=palette, dither=Image.Dither.NONE).save(data, "png", compress_level=1)
    return data.getvalue()
