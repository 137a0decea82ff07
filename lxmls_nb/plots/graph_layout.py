"""Where everything in the picture of a computation graph stands, and how a chain is laid out.

Nothing is drawn here, and Matplotlib is not needed: a layout is plain data, which
:func:`lxmls_nb.plots.graph_canvas.draw` draws. Lengths are in inches, from the lower left corner of
the picture; sizes of texts and widths of lines are in points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
#: A function that returns the width of a text of a size.
TextWidth = Callable[[str, float], float]

#: Radius of a circle, and half the side of a box.
RADIUS = 0.26
#: Sizes of texts.
SYMBOL, TEXT, SMALL, TINY = 11, 9, 8, 7

#: Room beside the graph.
SIDE = 0.6


@dataclass(frozen=True)
class Text:
    """A text at a point.

    Attributes
    ----------
    x, y : float
    text : str
    size : float
    kind : str
        ``"plain"``, ``"forward"`` or ``"error"`` (a forward value or an error), ``"right"``,
        ``"wrong"`` or ``"open"`` (a guess at one of these), or ``"weight"`` (it hides the edge
        that it stands on).
    ha, va : str
        Which part of it is at the point, in the words of Matplotlib: ``"center"``, ``"right"``,
        ``"top"`` or ``"bottom"``.
    """

    x: float
    y: float
    text: str
    size: float = TEXT
    kind: str = "plain"
    ha: str = "center"
    va: str = "center"


@dataclass(frozen=True)
class Edge:
    """A line from node to node, which hide its ends.

    Attributes
    ----------
    start, end : (float, float)
    kind : str
        ``"positive"`` or ``"negative"`` (by the sign of the weight), ``"value"`` (from a linear
        function to a non-linear one), ``"right class"`` or ``"other class"`` (from a probability
        to the loss).
    width : float
    faint : bool
        Whether another weight is emphasised.
    """

    start: Point
    end: Point
    kind: str
    width: float = 1.0
    faint: bool = False


@dataclass(frozen=True)
class Box:
    """The node of a non-linear function, from `low` to `high`."""

    x: float
    low: float
    high: float
    half_width: float = RADIUS


@dataclass(frozen=True)
class GraphLayout:
    """All parts of the picture of a computation graph.

    Attributes
    ----------
    width, height : float
        Of the whole picture.
    circles : tuple of (float, float)
        Centres of the nodes of linear functions and inputs.
    boxes : tuple of Box
    edges : tuple of Edge
    arrows : tuple of ((float, float), (float, float))
        Start and end of each.
    texts : tuple of Text
    dots : tuple of (float, float)
        Centres of upright ellipses.
    legend : tuple of (str, str)
        The kind of a line or number, and what it means.
    written_layers : frozenset of int
        The layers, counted from one, whose weights and biases are all written.
    """

    width: float
    height: float
    circles: tuple[Point, ...]
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    arrows: tuple[tuple[Point, Point], ...]
    texts: tuple[Text, ...]
    legend: tuple[tuple[str, str], ...]
    dots: tuple[Point, ...] = ()
    written_layers: frozenset[int] = frozenset()


def number(value: float) -> str:
    """Return a number as figures show it, with three digits."""
    value = round(value, 9) + 0.0  # the rest is noise of the differences; and -0 becomes 0
    return f"{value:.3g}".replace("-", "−")


def forward_text(x: float, y: float, text: str, kind: str = "forward") -> Text:
    """Return a forward value, or a guess at it, above a node whose top is at `y`."""
    return Text(x, y + 0.03, text, kind=kind, va="bottom")


def error_text(x: float, y: float, text: str, kind: str = "error") -> Text:
    """Return an error, or a guess at it, below a node whose bottom is at `y`."""
    return Text(x, y - 0.04, f"← {text}", kind=kind, va="top")


def layout_chain(
    names: Sequence[str],
    symbols: Sequence[str],
    values: Sequence[float],
    errors: Sequence[float] | None,
    slopes: Sequence[float],
    text_width: TextWidth,
) -> GraphLayout:
    """Lay functions of one number out in a row.

    Parameters
    ----------
    names : sequence of str
        What stands in the node of each function.
    symbols : sequence of str
        What the input and each result are called, in TeX.
    values : sequence of float
        The input and each result.
    errors : sequence of float or None
        The derivative of the last result with respect to each of them.
    slopes : sequence of float
        The derivative of each function.
    text_width : callable
        From a text and its size in points to its width in inches.
    """
    forward = [
        f"${symbol}$ = {number(value)}" for symbol, value in zip(symbols, values, strict=True)
    ]
    backward = [f"← {number(value)}" for value in errors] if errors is not None else []
    between = [f"× {number(slope)}" for slope in slopes] if errors is not None else []
    half = [RADIUS, *(max(RADIUS, text_width(name, SYMBOL) / 2 + 0.1) for name in names)]
    room = [
        max(2 * width, *(text_width(texts[place], TEXT) for texts in (forward, backward) if texts))
        for place, width in enumerate(half)
    ]
    xs = [SIDE / 2 + room[0] / 2]
    for place, _ in enumerate(names):
        gap = max(0.4, text_width(between[place], SMALL) if between else 0.0) + 0.2
        xs.append(xs[-1] + (room[place] + room[place + 1]) / 2 + gap)
    legend = [("forward", "forward value")]
    if errors is not None:
        legend.append(("error", "error: derivative of the last result"))
        legend.append(("slope", "derivative of a function"))

    y = 1.0 if errors is not None else 0.65
    texts = []
    for place, x in enumerate(xs):
        texts.append(Text(x, y, names[place - 1] if place else f"${symbols[0]}$", SYMBOL))
        texts.append(forward_text(x, y + RADIUS, forward[place]))
        if errors is not None:
            texts.append(error_text(x, y - RADIUS, number(errors[place])))
        if place and between:
            middle = (xs[place - 1] + half[place - 1] + x - half[place]) / 2
            texts.append(Text(middle, y - RADIUS - 0.04, between[place - 1], SMALL, va="top"))
    return GraphLayout(
        width=max(xs[-1] + room[-1] / 2 + SIDE / 2, 5.2),
        height=y + 0.6,
        circles=((xs[0], y),),
        boxes=tuple(
            Box(x, y - RADIUS, y + RADIUS, width) for x, width in zip(xs[1:], half[1:], strict=True)
        ),
        edges=(),
        arrows=tuple(
            ((xs[place - 1] + half[place - 1], y), (xs[place] - half[place], y))
            for place in range(1, len(xs))
        ),
        texts=tuple(texts),
        legend=tuple(legend),
    )
