"""Where everything in the picture of a network stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from lxmls_nb.plots.graph_layout import (
    RADIUS,
    SIDE,
    SMALL,
    SYMBOL,
    TEXT,
    TINY,
    Box,
    Edge,
    GraphLayout,
    Point,
    Text,
    TextWidth,
    error_text,
    forward_text,
    number,
)
from lxmls_nb.plots.network_graph import Column, NetworkGraph

# Lengths in inches.
ROW, BARE_ROW = 1.0, 0.75  # from unit to unit, with and without numbers
# From column to column.
TO_LINEAR, TO_LINEAR_WITH_WEIGHTS, TO_NONLINEAR, TO_LOSS, TO_LABEL = 1.5, 1.9, 1.0, 1.1, 0.8
FOOT, HEAD, FORMULA = 0.45, 0.45, 0.6  # room below and above the graph; for formulas on top
LEGEND_ROW = 0.18  # height of a row of the legend, which has two columns
BOX = 0.45  # from the middle of the first and last unit to the edge of the box of a softmax

MOST_WEIGHTS = 9  # that are written between two columns; the numbers of more would overlap


def layout_network(graph: NetworkGraph, text_width: TextWidth) -> GraphLayout:
    """Lay a network out, from left to right.

    Parameters
    ----------
    graph : NetworkGraph
    text_width : callable
        From a text and its size in points to its width in inches.
    """
    grid = _lay_grid(graph, text_width)
    return GraphLayout(
        width=grid.label_x + SIDE,
        height=grid.top + HEAD + (FORMULA if graph.highlight else 0.0),
        circles=tuple(_circles(graph, grid)),
        boxes=tuple(_boxes(graph, grid)),
        edges=tuple(chain(_weight_edges(graph, grid), _value_edges(graph, grid))),
        arrows=(((grid.label_x - 0.18, grid.middle), (grid.loss_x + RADIUS, grid.middle)),),
        texts=tuple(
            chain(
                _weight_texts(graph, grid),
                *(_column_texts(graph, grid, place) for place in range(len(graph.columns))),
                _loss_texts(graph, grid),
                _formula_texts(graph, grid),
            )
        ),
        dots=tuple(
            (x, heights[-1] + 0.1)
            for column, x, heights in zip(graph.columns, grid.xs, grid.heights, strict=True)
            if column.is_cut
        ),
        legend=tuple(_network_legend(graph, grid)),
        written_layers=frozenset(
            layer
            for layer, place in enumerate(grid.weight_places, start=1)
            if place is not None and graph.highlight is None
        ),
    )


@dataclass(frozen=True)
class _Grid:
    """Where the columns and rows of a network stand.

    Attributes
    ----------
    xs : tuple of float
        Middle of each column.
    heights : tuple of tuple of float
        By column: middles of the units that are shown, then of the dots, if there are some.
    half_softmax : float
        Half the width of the box of the softmax.
    loss_x, label_x : float
        Middle of the loss and of the label.
    foot, middle, top : float
        Heights of the lower edge, the middle and the upper edge of the units.
    weight_places : tuple of (float or None)
        By layer: how far along their edges the weights are written; None if they are not.
    """

    xs: tuple[float, ...]
    heights: tuple[tuple[float, ...], ...]
    half_softmax: float
    loss_x: float
    label_x: float
    foot: float
    middle: float
    top: float
    weight_places: tuple[float | None, ...]

    def units(self, graph: NetworkGraph, place: int) -> list[tuple[int, float]]:
        """Return each unit that is shown of a column, with its height."""
        return list(zip(graph.columns[place].shown, self.heights[place], strict=False))


def _lay_grid(graph: NetworkGraph, text_width: TextWidth) -> _Grid:
    """Return the columns and rows: as wide as the longest names, as high as the largest layer."""
    row = ROW if graph.has_values else BARE_ROW
    slots = [len(column.shown) + column.is_cut for column in graph.columns]
    # From the middle of the graph, whose height is known when the legend is.
    heights = [[row * (count - 1) / 2 - row * slot for slot in range(count)] for count in slots]

    input, output = graph.columns[0], graph.columns[-1]
    names = [_short(graph.names[unit]) for unit in input.shown] if graph.names else []
    classes = [_short(graph.class_names[unit]) for unit in output.shown if graph.class_names]
    half_softmax = max([0.32, *(0.1 + text_width(name, TEXT) / 2 for name in classes)])
    xs = [SIDE + max((text_width(name, TEXT) for name in names), default=0.0)]
    weight_places = []
    for place, column in enumerate(graph.columns[1:], start=1):
        if column.is_linear:
            weight_places.append(_weight_place(graph, heights, place))
            written = weight_places[-1] is not None
            xs.append(xs[-1] + (TO_LINEAR_WITH_WEIGHTS if written else TO_LINEAR))
        else:
            xs.append(xs[-1] + TO_NONLINEAR)
    xs[-1] += half_softmax - RADIUS
    loss_x = xs[-1] + half_softmax - RADIUS + TO_LOSS

    written = any(place is not None for place in weight_places)
    samples = 2 + graph.has_values + (graph.loss is not None) + written + bool(graph.guesses)
    foot = FOOT + LEGEND_ROW * ((samples + 1) // 2)
    rows = row * max(slots)
    middle = foot + rows / 2
    return _Grid(
        xs=tuple(xs),
        heights=tuple(tuple(height + middle for height in column) for column in heights),
        half_softmax=half_softmax,
        loss_x=loss_x,
        label_x=loss_x + TO_LABEL,
        foot=foot,
        middle=middle,
        top=foot + rows,
        weight_places=tuple(weight_places),
    )


def _weight_place(
    graph: NetworkGraph, heights: Sequence[Sequence[float]], place: int
) -> float | None:
    """Return how far along the edges into a column their weights are written, None if nowhere."""
    left, right = graph.columns[place - 1], graph.columns[place]
    if graph.highlight is not None:
        return 0.5 if graph.highlight[0] == left.layer else None
    if left.is_cut or right.is_cut:
        return None
    ends = np.array([(a, b) for a in heights[place - 1] for b in heights[place]])
    if len(ends) == 1:
        return 0.5
    if len(ends) > MOST_WEIGHTS:
        return None
    shares = [0.5, 0.4, 0.6, 0.35, 0.65]
    room = [np.diff(np.sort(ends @ (1 - share, share))).min() for share in shares]
    return shares[int(np.argmax(room))] if max(room) > 0.15 else None


def _circles(graph: NetworkGraph, grid: _Grid) -> Iterator[Point]:
    for place, column in enumerate(graph.columns):
        if column.is_linear or column.layer == 0:
            for _, y in grid.units(graph, place):
                yield grid.xs[place], y


def _boxes(graph: NetworkGraph, grid: _Grid) -> Iterator[Box]:
    """Yield a box for each unit of an activation function, for the softmax, and for the loss."""
    for place in range(2, len(graph.columns) - 1, 2):
        for _, y in grid.units(graph, place):
            yield Box(grid.xs[place], y - RADIUS, y + RADIUS)
    heights = grid.heights[-1]
    yield Box(grid.xs[-1], heights[-1] - BOX, heights[0] + BOX, grid.half_softmax)
    yield Box(grid.loss_x, grid.middle - RADIUS, grid.middle + RADIUS)


def _weights(
    graph: NetworkGraph, grid: _Grid, layer: int
) -> Iterator[tuple[float, Point, Point, bool]]:
    """Yield each weight of a layer that is shown, its ends, and whether it is highlighted."""
    left, right = 2 * layer, 2 * layer + 1
    for row, end in grid.units(graph, right):
        for column, start in grid.units(graph, left):
            chosen = graph.highlight is not None and (layer, row, column) == tuple(graph.highlight)
            weight = float(graph.weights[layer][row, column])
            yield weight, (grid.xs[left], start), (grid.xs[right], end), chosen


def _weight_edges(graph: NetworkGraph, grid: _Grid) -> Iterator[Edge]:
    for layer in range(len(graph.weights)):
        weights = list(_weights(graph, grid, layer))
        largest = max(abs(value) for value, *_ in weights) or 1.0
        for value, start, end, chosen in weights:
            kind = "positive" if value >= 0 else "negative"
            width = 0.6 + 2.4 * abs(value) / largest
            faint = graph.highlight is not None and not chosen
            yield Edge(start, end, kind, width, faint)


def _value_edges(graph: NetworkGraph, grid: _Grid) -> Iterator[Edge]:
    """Yield the edges into activation functions and, from the softmax, to the loss."""
    last = len(graph.columns) - 1
    for place in range(2, last + 1, 2):
        inside = grid.half_softmax if place == last else 0.0
        for _, y in grid.units(graph, place):
            yield Edge((grid.xs[place - 1], y), (grid.xs[place] - inside, y), "value")
    for unit, y in grid.units(graph, last):
        right = unit == graph.label
        yield Edge(
            (grid.xs[last] + grid.half_softmax, y),
            (grid.loss_x, grid.middle),
            "right class" if right else "other class",
            2.0 if right else 1.0,
        )


def _weight_texts(graph: NetworkGraph, grid: _Grid) -> Iterator[Text]:
    for layer, share in enumerate(grid.weight_places):
        for value, start, end, chosen in _weights(graph, grid, layer):
            if share is not None and (chosen or graph.highlight is None):
                x = start[0] + share * (end[0] - start[0])
                y = start[1] + share * (end[1] - start[1])
                yield Text(x, y, number(value), SMALL, "weight")


def _column_texts(graph: NetworkGraph, grid: _Grid, place: int) -> Iterator[Text]:
    column, x = graph.columns[place], grid.xs[place]
    yield Text(x, grid.top + 0.15, column.title, va="bottom")
    if column.is_linear:
        shape = " × ".join(map(str, graph.weights[column.layer - 1].shape))
        matrix = rf"$\mathbf{{W}}{graph.superscript(column.layer)}$: {shape}"
        yield Text(x, grid.foot - 0.1, matrix, SMALL, va="top")
    for unit, y in grid.units(graph, place):
        yield from _unit_texts(graph, grid, place, unit, y)
    if column.is_cut:
        y = grid.heights[place][-1]
        yield Text(x, y - 0.12, f"{column.size:,} units", SMALL, va="top")


def _unit_texts(
    graph: NetworkGraph, grid: _Grid, place: int, unit: int, y: float
) -> Iterator[Text]:
    column, x, last = graph.columns[place], grid.xs[place], place == len(graph.columns) - 1
    has_bias = column.is_linear and grid.weight_places[column.layer - 1] is not None
    symbol = f"${graph.symbol(column, unit)}$"
    yield Text(x, y + 0.07 if has_bias else y, symbol, SYMBOL if unit < 999 else SMALL)
    if has_bias:
        bias = float(graph.biases[column.layer - 1][0, unit])
        yield Text(x, y - 0.12, ("+" if bias >= 0 else "") + number(bias), TINY)
    if column.values is not None:
        top = y + RADIUS * (0.6 if last else 1)
        yield forward_text(x, top, *_shown_number(graph, "z", column, unit, "forward"))
    if column.errors is not None:
        yield error_text(x, y - RADIUS, *_shown_number(graph, "e", column, unit, "error"))
    if column.layer == 0 and graph.names:
        yield Text(x - RADIUS - 0.08, y, _short(graph.names[unit]), ha="right")
    if last and graph.class_names:
        yield Text(x, y - 0.2, _short(graph.class_names[unit]), va="top")


def _shown_number(
    graph: NetworkGraph, kind: str, column: Column, unit: int, usual: str
) -> tuple[str, str]:
    """Return the text of a unit's value or error, or of the guess at it, and how it looks."""
    outcome = graph.outcome(kind, column, unit)
    if outcome is None:
        return number(graph.measured(kind, column, unit)), usual
    guess = graph.guess(kind, column, unit)
    text = outcome.sign if guess is None else f"{number(guess)} {outcome.sign}"
    return text, outcome.value[0]


def _loss_texts(graph: NetworkGraph, grid: _Grid) -> Iterator[Text]:
    """Yield what is written at the loss and at the label, which is an input of the loss."""
    x, y = grid.loss_x, grid.middle
    yield Text(x, grid.top + 0.15, "loss", va="bottom")
    yield Text(x, y, r"$\mathcal{F}$", SYMBOL)
    yield Text(grid.label_x, y, r"$\mathbf{1}^{y}$", SYMBOL)
    if graph.loss is not None:
        yield forward_text(x, y + RADIUS, number(graph.loss))
        yield error_text(x, y - RADIUS, number(1.0))
    if graph.label is not None:
        yield Text(grid.label_x, y - 0.2, f"$k={graph.label + 1}$", SMALL, va="top")


def _formula_texts(graph: NetworkGraph, grid: _Grid) -> Iterator[Text]:
    """Yield what is written on top of the highlighted weight: its gradient, or its value."""
    if graph.highlight is None:
        return
    layer, row, column = graph.highlight
    lines = [
        rf"$\partial\mathcal{{F}}\,/\,\partial {term.parameter} = "
        rf"\partial\mathcal{{F}}\,/\,\partial {term.unit} \;\cdot\; {term.factor}$ = "
        f"{number(term.error)} · {number(term.value)} = {number(term.error * term.value)}"
        for term in graph.gradient_terms()
    ]
    if not lines:
        weight = graph.weight_symbol(*graph.highlight)
        lines = [f"${weight}$ = {number(float(graph.weights[layer][row, column]))}"]
    for line, text in enumerate(lines):
        y = grid.top + HEAD + FORMULA - 0.15 - 0.25 * line
        yield Text((grid.label_x + SIDE) / 2, y, text, SYMBOL)


def _network_legend(graph: NetworkGraph, grid: _Grid) -> Iterator[tuple[str, str]]:
    yield "positive", "positive weight (wider: larger)"
    yield "negative", "negative weight"
    if any(place is not None for place in grid.weight_places):
        yield "bias", "bias, added in the circle"
    if graph.has_values:
        yield "forward", f"forward value, {graph.source}"
    if graph.loss is not None:
        yield "error", "error: derivative of the loss"
    if graph.guesses:
        yield "guess", "your guess: ✓ right, ✗ not right, ? not there yet"


def _short(name: str) -> str:
    name = " ".join(name.split())  # in one line
    return name if len(name) <= 16 else f"{name[:15]}…"
