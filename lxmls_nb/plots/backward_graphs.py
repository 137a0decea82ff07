"""Graphs of nodes as they stand behind a result: a reader's own, and those of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxmls_nb.plots.figure import DescribedFigure
from lxmls_nb.plots.graph_canvas import draw, text_width
from lxmls_nb.plots.graph_layout import SMALL, SYMBOL, Box, GraphLayout, Point, Text

#: Distances between the centres of nodes, room around the graphs, and half the height of a box.
ROW, GAP, MARGIN, HALF = 0.52, 0.3, 0.2, 0.15


@dataclass
class _Place:
    """A node, and where it stands: its row, counted from the top, and its column."""

    node: Any
    name: str
    leads_to: list[tuple[int, Any]]
    row: int = 0
    column: int = 0


@dataclass
class _Graph:
    """The nodes behind a result, by identity, each before those that it leads to."""

    title: str
    places: dict[int, _Place] = field(default_factory=dict)

    def width_of(self, column: int) -> float:
        """Return the width of a column: that of its widest box.

        Parameters
        ----------
        column : int
        """
        names = [each.name for each in self.places.values() if each.column == column]
        return max((text_width(name, SMALL) for name in names), default=0.0) + 0.24

    def columns(self) -> int:
        """Return how many columns there are."""
        return 1 + max(each.column for each in self.places.values())

    def rows(self) -> int:
        """Return how many rows there are."""
        return 1 + max(each.row for each in self.places.values())


def plot_backward_graphs(
    graphs: Mapping[str, Any], leaves: Mapping[str, Any] | None = None
) -> DescribedFigure:
    """Draw graphs side by side, from their results at the top down to the leaves.

    Arrows go the way that errors take.

    Parameters
    ----------
    graphs : mapping of str to node
        By their titles: a tensor, whose graph is PyTorch's, or a node that has ``parents`` and a
        ``name``.
    leaves : mapping of str to tensor, optional
        Names of PyTorch's leaves.

    Returns
    -------
    figure : DescribedFigure
    """
    known = {id(leaf): name for name, leaf in (leaves or {}).items()}
    laid_out = [_lay_out(title, result, known) for title, result in graphs.items()]
    rows = max(graph.rows() for graph in laid_out)
    height = rows * ROW + 0.55
    boxes: list[Box] = []
    arrows: list[tuple[Point, Point]] = []
    texts: list[Text] = []
    left = MARGIN
    for graph in laid_out:
        widths = [graph.width_of(column) for column in range(graph.columns())]
        starts = [left + sum(widths[:n]) + n * GAP for n in range(len(widths))]
        centres = [start + width / 2 for start, width in zip(starts, widths, strict=True)]
        texts.append(Text(left, height - 0.2, graph.title, SYMBOL, ha="left"))
        for place in graph.places.values():
            x, y = centres[place.column], height - 0.65 - place.row * ROW
            half = text_width(place.name, SMALL) / 2 + 0.12
            boxes.append(Box(x, y - HALF, y + HALF, half))
            texts.append(Text(x, y, place.name, SMALL))
            for _, node in place.leads_to:
                to = graph.places[id(node)]
                end = (centres[to.column], height - 0.65 - to.row * ROW + HALF)
                arrows.append(((x, y - HALF), end))
        left = starts[-1] + widths[-1] + 3 * GAP
    figure = draw(
        GraphLayout(
            width=left - 3 * GAP + MARGIN,
            height=height,
            circles=(),
            boxes=tuple(boxes),
            edges=(),
            arrows=tuple(arrows),
            texts=tuple(texts),
            legend=(),
        )
    )
    figure.alt = " ".join(map(_describe, laid_out))
    return figure


def _lay_out(title: str, result: Any, known: Mapping[int, str]) -> _Graph:
    """Return a graph whose nodes stand below all nodes that lead to them."""
    graph = _Graph(title)
    first = getattr(result, "grad_fn", None) or result
    _visit(first, graph.places, known)
    graph.places = dict(reversed(graph.places.items()))
    for place in graph.places.values():
        for _, node in place.leads_to:
            below = graph.places[id(node)]
            below.row = max(below.row, place.row + 1)
    taken: set[tuple[int, int]] = set()
    _put(graph.places[id(first)], 0, graph, taken, set())
    return graph


def _visit(node: Any, places: dict[int, _Place], known: Mapping[int, str]) -> None:
    """Note a node after all that it leads to."""
    if id(node) in places:
        return
    if hasattr(node, "next_functions"):
        leads_to = [
            (n, each) for n, (each, _) in enumerate(node.next_functions) if each is not None
        ]
        name = node.name().removeprefix("torch::autograd::")
        leaf = known.get(id(getattr(node, "variable", None)))
        name = f"{name}: {leaf}" if leaf else name
    else:
        leads_to, name = list(enumerate(node.parents)), str(node.name)
    for _, each in leads_to:
        _visit(each, places, known)
    places[id(node)] = _Place(node, name, leads_to)


def _put(
    place: _Place, column: int, graph: _Graph, taken: set[tuple[int, int]], put: set[int]
) -> None:
    """Choose a column: first parents stand below their node, others on its right."""
    if id(place.node) in put:
        return
    put.add(id(place.node))
    while (place.row, column) in taken:
        column += 1
    place.column = column
    taken.add((place.row, column))
    for number, node in place.leads_to:
        _put(graph.places[id(node)], column + min(number, 1), graph, taken, put)


def _describe(graph: _Graph) -> str:
    """Return a graph in words."""
    steps = [
        f"{place.name} to {' and '.join(graph.places[id(node)].name for _, node in place.leads_to)}"
        for place in graph.places.values()
        if place.leads_to
    ]
    count = len(graph.places)
    text = f"{graph.title}, a graph of {count} node{'' if count == 1 else 's'}."
    return f"{text} Errors go from {'; from '.join(steps)}." if steps else text
