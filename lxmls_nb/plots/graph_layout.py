"""Where the nodes of a computation graph stand in its figure, and how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lxmls_nb.plots.figure import BLUE, GREEN, PURPLE
from lxmls_nb.plots.graph_canvas import (
    BIAS,
    ERROR,
    FORWARD,
    RADIUS,
    SLOPE,
    SMALL,
    SYMBOL,
    TINY,
    GraphCanvas,
    Style,
    number,
    text_width,
)

# Lengths in inches.
ROW, BARE_ROW = 1.0, 0.75  # from unit to unit, with and without numbers
TO_LINEAR, TO_LINEAR_WITH_WEIGHTS, TO_NONLINEAR, TO_COST, TO_LABEL = 1.5, 1.9, 1.0, 1.1, 0.8
SIDE, FOOT, HEAD, FORMULA = 0.6, 0.45, 0.45, 0.6  # beside, below and above the graph; on top
LEGEND_ROW = 0.18  # each of two samples, or fewer
BOX = 0.45  # from the middle of the first and last unit to the edge of the box of a softmax

POSITIVE: Style = {"color": GREEN, "linestyle": "-"}
NEGATIVE: Style = {"color": PURPLE, "linestyle": (0, (4, 2))}
NUMBERED_EDGES = 9  # between two columns; of more, the numbers would be a thicket


@dataclass
class Column:
    """The units that one function of a network computes, or its input."""

    title: str
    symbol: str
    layer: int  # counted from one; the input is 0
    size: int
    shown: list[int] = field(default_factory=list)
    values: np.ndarray | None = None
    errors: np.ndarray | None = None
    x: float = 0.0
    heights: list[float] = field(default_factory=list)  # of the units shown, then of the dots

    @property
    def slots(self) -> int:
        """How many places it takes: one for the dots where it is cut short."""
        return len(self.shown) + (len(self.shown) < self.size)

    @property
    def places(self) -> dict[int, float]:
        """The height of each unit that is shown."""
        return dict(zip(self.shown, self.heights, strict=False))


@dataclass
class NetworkDrawing:
    """A network to draw: columns of units with their numbers, and the weights between them.

    Attributes
    ----------
    columns : list of Column
        The input; a linear and a non-linear function for each layer.
    weights, biases : list of ndarray
    names, class_names : sequence of str
        Of inputs and of classes; empty if they have none.
    highlight : (int, int, int) or None
        Layer, row and column of a weight.
    loss : float or None
    label : int or None
        The right class.
    source : str
        Whose numbers these are.
    """

    columns: list[Column]
    weights: list[np.ndarray]
    biases: list[np.ndarray]
    names: Sequence[str]
    class_names: Sequence[str]
    highlight: tuple[int, int, int] | None
    loss: float | None
    label: int | None
    source: str
    formulas: list[str] = field(default_factory=list)  # in words, once it is drawn

    def symbol(self, column: Column, unit: int) -> str:
        """Return what equations call a unit: they count from one."""
        upper = f"^{{{column.layer}}}" if column.layer and len(self.weights) > 1 else ""
        return f"{column.symbol}_{{{unit + 1}}}{upper}"

    def draw(self) -> GraphCanvas:
        """Draw everything."""
        rows = self._set_heights()
        self._set_widths()
        samples = self._samples()
        self.foot = FOOT + LEGEND_ROW * ((len(samples) + 1) // 2)
        self.middle, self.top = self.foot + rows / 2, self.foot + rows
        for column in self.columns:
            column.heights = [height + self.middle for height in column.heights]
        extra = FORMULA if self.highlight else 0.0
        self.canvas = GraphCanvas(self.label_x + SIDE, self.top + HEAD + extra)
        for layer in range(len(self.weights)):
            self._draw_weights(layer)
        for column in self.columns:
            self._draw_column(column)
        self._draw_cost()
        self.canvas.legend(samples)
        if self.highlight:
            self._draw_formula(*self.highlight)
        return self.canvas

    def _set_heights(self) -> float:
        """Set all heights, from the middle of the graph; return how high it is."""
        row = BARE_ROW if self.columns[0].values is None else ROW
        for column in self.columns:
            first = row * (column.slots - 1) / 2
            column.heights = [first - row * slot for slot in range(column.slots)]
        return row * max(column.slots for column in self.columns)

    def _set_widths(self) -> None:
        input, output = self.columns[0], self.columns[-1]
        names = [_short(self.names[unit]) for unit in input.shown] if self.names else []
        classes = [_short(self.class_names[unit]) for unit in output.shown if self.class_names]
        self.box_width = max([0.32, *(0.1 + text_width(name) / 2 for name in classes)])
        x = SIDE + max(map(text_width, names), default=0.0)
        self.label_places: list[float | None] = []
        self.columns[0].x = x
        for left, right in zip(self.columns[:-1], self.columns[1:], strict=True):
            if right.symbol == "z":
                place = self._label_place(left, right)
                self.label_places.append(place)
                x += TO_LINEAR if place is None else TO_LINEAR_WITH_WEIGHTS
            else:
                x += TO_NONLINEAR
            right.x = x
        self.columns[-1].x += self.box_width - RADIUS
        self.cost_x = self.columns[-1].x + self.box_width - RADIUS + TO_COST
        self.label_x = self.cost_x + TO_LABEL

    def _label_place(self, left: Column, right: Column) -> float | None:
        """Return how far along the edges their weights can be written, None if nowhere."""
        if self.highlight is not None:
            return 0.5 if self.highlight[0] == left.layer else None
        if len(left.shown) < left.size or len(right.shown) < right.size:
            return None
        ends = np.array([(a, b) for a in left.heights for b in right.heights])
        if len(ends) == 1:
            return 0.5
        if len(ends) > NUMBERED_EDGES:
            return None
        places = [0.5, 0.4, 0.6, 0.35, 0.65]
        room = [np.diff(np.sort(ends @ (1 - place, place))).min() for place in places]
        return places[int(np.argmax(room))] if max(room) > 0.15 else None

    def _draw_weights(self, layer: int) -> None:
        left, right = self.columns[2 * layer], self.columns[2 * layer + 1]
        weight, place = self.weights[layer], self.label_places[layer]
        largest = np.abs(weight[np.ix_(right.shown, left.shown)]).max() or 1.0
        for row, end in right.places.items():
            for column, start in left.places.items():
                value = weight[row, column]
                style = dict(POSITIVE if value >= 0 else NEGATIVE)
                style["linewidth"] = 0.6 + 2.4 * abs(value) / largest
                chosen = self.highlight is not None and (layer, row, column) == tuple(
                    self.highlight
                )
                if self.highlight is not None and not chosen:
                    style["alpha"] = 0.3
                self.canvas.edge((left.x, start), (right.x, end), **style)
                if place is not None and (chosen or self.highlight is None):
                    self.canvas.text(
                        left.x + place * (right.x - left.x),
                        start + place * (end - start),
                        number(value),
                        fontsize=SMALL,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
                    )

    def _draw_column(self, column: Column) -> None:
        canvas, last = self.canvas, column is self.columns[-1]
        canvas.text(column.x, self.top + 0.15, column.title, va="bottom")
        if column.symbol == "z":
            shape = " × ".join(map(str, self.weights[column.layer - 1].shape))
            upper = f"^{{{column.layer}}}" if len(self.weights) > 1 else ""
            matrix = rf"$\mathbf{{W}}{upper}$: {shape}"
            canvas.text(column.x, self.foot - 0.1, matrix, fontsize=SMALL, va="top")
        if last:
            high, low = column.heights[0] + BOX, column.heights[-1] - BOX
            canvas.box(column.x, low, high, self.box_width)
        previous = self.columns[self.columns.index(column) - 1]
        for unit, y in column.places.items():
            if column.symbol == r"\tilde{z}":
                canvas.edge((previous.x, y), (column.x - self.box_width * last, y))
                if not last:
                    canvas.box(column.x, y - RADIUS, y + RADIUS)
            else:
                canvas.circle(column.x, y)
            size = SYMBOL if unit < 999 else SMALL
            bias = column.symbol == "z" and self.label_places[column.layer - 1] is not None
            symbol_y = y + 0.07 if bias else y
            canvas.text(column.x, symbol_y, f"${self.symbol(column, unit)}$", fontsize=size)
            if bias:
                value = self.biases[column.layer - 1][0, unit]
                sign = "+" if value >= 0 else ""
                canvas.text(column.x, y - 0.12, sign + number(value), fontsize=TINY)
            if column.values is not None:
                canvas.forward(column.x, y + RADIUS * (0.6 if last else 1), column.values[unit])
            if column.errors is not None:
                canvas.error(column.x, y - RADIUS, column.errors[unit])
            if column.layer == 0 and self.names:
                canvas.text(column.x - RADIUS - 0.08, y, _short(self.names[unit]), ha="right")
            if last and self.class_names:
                canvas.text(column.x, y - 0.2, _short(self.class_names[unit]), va="top")
        if column.slots > len(column.shown):
            y = column.heights[-1]
            canvas.dots(column.x, y + 0.1)
            canvas.text(column.x, y - 0.12, f"{column.size:,} units", fontsize=SMALL, va="top")

    def _draw_cost(self) -> None:
        canvas, softmax, y = self.canvas, self.columns[-1], self.middle
        canvas.text(self.cost_x, self.top + 0.15, "cost", va="bottom")
        for unit, height in softmax.places.items():
            right = unit == self.label
            style = {"color": "black", "linewidth": 2} if right else {"linestyle": ":"}
            canvas.edge((softmax.x + self.box_width, height), (self.cost_x, y), **style)
        canvas.arrow((self.label_x - 0.18, y), (self.cost_x + RADIUS, y))
        canvas.box(self.cost_x, y - RADIUS, y + RADIUS)
        canvas.text(self.cost_x, y, r"$\mathcal{F}$", fontsize=SYMBOL)
        canvas.text(self.label_x, y, r"$\mathbf{1}^{y}$", fontsize=SYMBOL)
        if self.loss is not None:
            canvas.forward(self.cost_x, y + RADIUS, self.loss)
            canvas.error(self.cost_x, y - RADIUS, 1.0)
        if self.label is not None:
            canvas.text(self.label_x, y - 0.2, f"$k={self.label + 1}$", va="top", fontsize=SMALL)

    def _samples(self) -> list[tuple[str, Style]]:
        samples = [
            ("positive weight (wider: larger)", POSITIVE | {"linewidth": 2}),
            ("negative weight", NEGATIVE | {"linewidth": 2}),
        ]
        if self.columns[0].values is not None:
            samples.append((f"forward value, {self.source}", FORWARD))
        if self.loss is not None:
            samples.append((r"error: derivative of $\mathcal{F}$", ERROR))
        if any(place is not None for place in self.label_places):
            samples.insert(2, ("bias, added in the circle", BIAS))
        return samples

    def _draw_formula(self, layer: int, row: int, column: int) -> None:
        """Work out the gradients of the weight that is emphasised, and of its unit's bias."""
        left, right = self.columns[2 * layer], self.columns[2 * layer + 1]
        upper = f"^{{{layer + 1}}}" if len(self.weights) > 1 else ""
        comma = "," if max(row, column) > 8 else ""
        weight, bias = f"W_{{{row + 1}{comma}{column + 1}}}{upper}", f"b_{{{row + 1}}}{upper}"
        lines = [f"${weight}$ = {number(self.weights[layer][row, column])}"]
        if right.errors is not None and left.values is not None and self.label is not None:
            # (Not for averages: that of a product is no product of averages.)
            by_z = rf"\partial\mathcal{{F}}\,/\,\partial {self.symbol(right, row)}"
            error, lines = right.errors[row], []
            for name, symbol, value in (
                (weight, self.symbol(left, column), left.values[column]),
                (bias, "1", 1.0),
            ):
                result = f"{number(error)} · {number(value)} = {number(error * value)}"
                formula = rf"\partial\mathcal{{F}}\,/\,\partial {name} = {by_z} \;\cdot\; {symbol}"
                lines.append(f"${formula}$ = {result}")
                self.formulas.append(f"The derivative of the cost by {name} is {result}.")
        for line, text in enumerate(lines):
            y = self.top + HEAD + FORMULA - 0.15 - 0.25 * line
            self.canvas.text((self.label_x + SIDE) / 2, y, text, fontsize=SYMBOL)


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:15]}…"


def draw_chain(
    names: Sequence[str],
    symbols: Sequence[str],
    values: Sequence[float],
    errors: Sequence[float] | None,
    slopes: Sequence[float],
) -> GraphCanvas:
    """Draw functions of one number in a row.

    Parameters
    ----------
    names : sequence of str
        What stands in the node of each function.
    symbols : sequence of str
        What the input and each result are called.
    values : sequence of float
        The input and each result.
    errors : sequence of float or None
        The derivative of the last result by each of them.
    slopes : sequence of float
        The derivative of each function.
    """
    forward = [
        f"${symbol}$ = {number(value)}" for symbol, value in zip(symbols, values, strict=True)
    ]
    backward = [f"← {number(value)}" for value in errors] if errors is not None else []
    between = [f"× {number(slope)}" for slope in slopes] if errors is not None else []
    half = [RADIUS, *(max(RADIUS, text_width(name, SYMBOL) / 2 + 0.1) for name in names)]
    room = [
        max(2 * width, *(text_width(texts[place]) for texts in (forward, backward) if texts))
        for place, width in enumerate(half)
    ]
    places = [SIDE / 2 + room[0] / 2]
    for place, _ in enumerate(names):
        gap = max(0.4, text_width(between[place], SMALL) if between else 0.0) + 0.2
        places.append(places[-1] + (room[place] + room[place + 1]) / 2 + gap)
    samples = [("forward value", FORWARD)]
    if errors is not None:
        samples.append(("error: derivative of the last result", ERROR))
        samples.append(("derivative of a function", SLOPE))
    y = 1.0 if errors is not None else 0.65
    canvas = GraphCanvas(max(places[-1] + room[-1] / 2 + SIDE / 2, 5.2), y + 0.6)
    for place, x in enumerate(places):
        if place == 0:
            canvas.circle(x, y)
            canvas.text(x, y, f"${symbols[0]}$", fontsize=SYMBOL)
        else:
            canvas.box(x, y - RADIUS, y + RADIUS, half[place])
            canvas.text(x, y, names[place - 1], fontsize=SYMBOL)
            canvas.arrow((places[place - 1] + half[place - 1], y), (x - half[place], y))
        canvas.text(x, y + RADIUS + 0.03, forward[place], color=BLUE, va="bottom")
        if errors is not None:
            canvas.error(x, y - RADIUS, errors[place])
        if place and between:
            middle = (places[place - 1] + half[place - 1] + x - half[place]) / 2
            canvas.text(middle, y - RADIUS - 0.04, between[place - 1], fontsize=SMALL, va="top")
    canvas.legend(samples)
    return canvas
