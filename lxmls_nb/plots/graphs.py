"""Networks and chains of functions as computation graphs, with the numbers that run through them.

Forward values stand above the nodes, errors below. An error is the derivative of the loss with
respect to what a node computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lxmls_nb.differences import central_difference
from lxmls_nb.guesses import Guesses, Outcome
from lxmls_nb.plots.figure import DescribedFigure
from lxmls_nb.plots.graph_canvas import draw, text_width
from lxmls_nb.plots.graph_layout import layout_chain, number
from lxmls_nb.plots.network_graph import STEP, Column, NetworkGraph, build_network_graph
from lxmls_nb.plots.network_layout import layout_network


def plot_network(
    parameters: Sequence[Sequence[Any]],
    activation_functions: Sequence[str],
    input: np.ndarray | None = None,
    output: np.ndarray | None = None,
    example: int | None = 0,
    names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    highlight: tuple[int, int, int] | None = None,
    guesses: Guesses | None = None,
) -> DescribedFigure:
    r"""Draw a network as a computation graph, layer by layer.

    Circles are linear functions, boxes non-linear ones. Of a large layer the figure shows the first
    few units, and the number of all.

    Parameters
    ----------
    parameters : sequence of [weight, bias]
        One pair per layer: `weight` of shape (out, in), `bias` of shape (1, out), as in
        :attr:`~lxmls_nb.models.NumpyMLP.parameters`. They may be tensors.
    activation_functions : sequence of str
        One per layer: ``"sigmoid"`` or ``"relu"`` for hidden layers, ``"softmax"`` for the last.
    input : ndarray, shape (M, I) or (I,), optional
        With it, forward values stand above the nodes. Of a large input the figure shows the first
        units that are not zero.
    output : ndarray of int, shape (M,), or int, optional
        With it, too, errors stand below the nodes: the derivative of the loss of this example
        with respect to what the node computes.
    example : int or None
        The row of `input` whose numbers are shown; None for averages over the batch.
    names : sequence of str, optional
        Names of the inputs, for instance a vocabulary.
    class_names : sequence of str, optional
        Names of the classes.
    highlight : (int, int, int), optional
        A weight to emphasise: index into `parameters`, row and column, counted from zero. With
        `output`, its gradient is worked out on top, from the numbers at both ends (for one
        example).
    guesses : mapping of (str, int, int) to float or None, optional
        What a reader takes some of the numbers for: by kind (``"z"``, ``"z~"``, ``"e"`` or
        ``"e~"``: the value of a linear unit or of an activation, or its error), layer (from one;
        the input is ``("z~", 0, unit)``) and unit (from zero). The figure shows them in the place
        of the numbers: green and with a tick if they are right, red and with a cross if they are
        not, and a question mark for None.

    Returns
    -------
    figure : DescribedFigure

    Raises
    ------
    ValueError
        If the arguments don't fit together.
    """
    graph = build_network_graph(
        parameters,
        activation_functions,
        input=input,
        output=output,
        example=example,
        names=names,
        class_names=class_names,
        highlight=highlight,
        guesses=guesses if guesses is not None else {},
    )
    layout = layout_network(graph, text_width)
    figure = draw(layout)
    figure.alt = _describe_network(graph, layout.written_layers)
    return figure


def _describe_network(graph: NetworkGraph, written_layers: frozenset[int]) -> str:
    """Return a network and its numbers in words."""
    functions = [
        f"{column.title} ({column.size} units)" if column.is_linear else column.title
        for column in graph.columns[1:]
    ]
    parts = [
        "A network as a computation graph, from left to right: "
        f"{graph.columns[0].size} inputs, {', '.join(functions)}, loss."
    ]
    if graph.has_values:
        parts.append(f"Numbers of {graph.source}.")
    for column in graph.columns:
        if described := _describe_numbers(graph, column, column.layer in written_layers):
            parts.append(f"{_name(graph, column).capitalize()}: {'; '.join(described)}.")
    if graph.loss is not None:
        right = f"; the right class is number {graph.label + 1}" if graph.label is not None else ""
        parts.append(f"Loss: {number(graph.loss)} nats{right}.")
    for term in graph.gradient_terms():
        product = f"{number(term.error)} · {number(term.value)} = {number(term.error * term.value)}"
        parts.append(f"The derivative of the loss with respect to {term.parameter} is {product}.")
    return " ".join(parts)


def _name(graph: NetworkGraph, column: Column) -> str:
    """Return the name of a column, and the units of it that are shown."""
    name = column.title
    if column.layer and len(graph.weights) > 1:
        name += f" of layer {column.layer}"
    if column.is_cut:
        name += f", units {', '.join(str(unit + 1) for unit in column.shown)} shown"
    return name


def _describe_numbers(graph: NetworkGraph, column: Column, weights_are_written: bool) -> list[str]:
    """Return in words the numbers that stand at a column."""
    described = []
    if column.is_linear:
        weight, bias = graph.weights[column.layer - 1], graph.biases[column.layer - 1]
        if weights_are_written:
            rows = "; ".join(map(_numbers, weight))
            described.append(f"weights {rows}; biases {_numbers(bias[0])}")
        else:
            described.append(f"weights from {number(weight.min())} to {number(weight.max())}")
    if column.values is not None:
        described.append(f"forward values {_shown_numbers(graph, 'z', column)}")
    if column.errors is not None:
        described.append(f"errors {_shown_numbers(graph, 'e', column)}")
    return described


def _shown_numbers(graph: NetworkGraph, kind: str, column: Column) -> str:
    """Return in words the values (``"z"``) or errors (``"e"``) of the units that are shown."""
    described = []
    for unit in column.shown:
        outcome = graph.outcome(kind, column, unit)
        guess = graph.guess(kind, column, unit) if outcome else None
        if outcome is None:
            described.append(number(graph.measured(kind, column, unit)))
        elif outcome is Outcome.OPEN:
            described.append("not there yet")
        else:
            text = number(guess) if guess is not None else "no number"
            described.append(f"{text} ({outcome.value[0]})")
    return ", ".join(described)


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(map(number, values))


def plot_chain(
    functions: Mapping[str, Callable[[float], float]],
    input: float,
    symbols: Sequence[str] | None = None,
    errors: bool = True,
) -> DescribedFigure:
    r"""Draw functions of one number that are applied one after the other.

    Parameters
    ----------
    functions : mapping of str to callable
        Each function, by the text in its node. The first is applied to `input`, the next to its
        result, and so on. The last result is the loss.
    input : float
    symbols : sequence of str, optional
        Symbols of the input and of each result, without dollars: ``["x", "u", r"\tilde{u}"]``.
    errors : bool
        Whether to show the derivative of the last result with respect to each number and, between
        nodes, the derivative of each function.

    Returns
    -------
    figure : DescribedFigure

    Raises
    ------
    ValueError
        If the number of symbols is not the number of functions plus one.
    """
    steps = list(functions.values())
    if symbols is None:
        symbols = ["x", *(f"u_{{{place}}}" for place in range(1, len(steps))), r"\mathcal{F}"]
    if len(symbols) != len(steps) + 1:
        raise ValueError(
            f"{len(steps)} functions need {len(steps) + 1} symbols, not {len(symbols)}"
        )
    values = [float(input)]
    for step in steps:
        values.append(float(step(values[-1])))

    def slope(first: int, last: int) -> float:
        """Return the derivative of functions `first` to `last - 1`, applied one after the other."""

        def result(value: np.ndarray) -> np.ndarray:
            for step in steps[first:last]:
                value = np.asarray(step(float(value)))
            return value

        point, along = np.array(values[first]), np.array(1.0)
        return float(central_difference(result, point, along, STEP))

    derivatives = [slope(place, place + 1) for place in range(len(steps))]
    totals = [slope(place, len(steps)) for place in range(len(steps))] + [1.0]
    shown = totals if errors else None
    names = list(functions)
    figure = draw(layout_chain(names, symbols, values, shown, derivatives, text_width))
    figure.alt = _describe_chain(names, symbols, values, shown, derivatives)
    return figure


def _describe_chain(
    names: Sequence[str],
    symbols: Sequence[str],
    values: Sequence[float],
    errors: Sequence[float] | None,
    derivatives: Sequence[float],
) -> str:
    """Return a chain of functions and its numbers in words."""
    parts = [f"A chain of {len(names)} functions. {_plain(symbols[0])} = {number(values[0])}."]
    for name, symbol, value, derivative in zip(
        names, symbols[1:], values[1:], derivatives, strict=True
    ):
        parts.append(f"{_plain(name)} gives {_plain(symbol)} = {number(value)}.")
        if errors is not None:
            parts[-1] = f"{parts[-1][:-1]}; its derivative is {number(derivative)}."
    if errors is not None:
        parts.append(f"Errors from the input to the end: {_numbers(errors)}.")
    return " ".join(parts)


def _plain(text: str) -> str:
    """Return a formula as it is read aloud: no dollars, no TeX."""
    text = re.sub(r"\\tilde\{(\w)\}", r"\1 tilde", text.replace("$", "").replace(r"\,", " "))
    for tex, word in ((r"\cdot", "·"), (r"\sigma", "σ"), (r"\mathcal{F}", "F")):
        text = text.replace(tex, word)
    return text.replace("\\", "")
