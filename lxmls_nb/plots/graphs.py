"""Networks and chains of functions as computation graphs, with the numbers that run through them.

Forward values stand above the nodes, errors below. An error, the derivative of the loss by what
a node computes, is found by central differences: a little step up and down at that node, and
what follows it is run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import logsumexp

from lxmls_nb.models.model import check_labels, check_network
from lxmls_nb.models.numpy_mlp import HIDDEN
from lxmls_nb.plots.figure import DescribedFigure
from lxmls_nb.plots.graph_canvas import number, numbers, plain
from lxmls_nb.plots.graph_layout import Column, NetworkDrawing, draw_chain

#: Step of the central differences.
STEP = 1e-5


def plot_network(
    parameters: Sequence,
    activation_functions: Sequence[str],
    input: np.ndarray | None = None,
    output: np.ndarray | None = None,
    example: int | None = 0,
    names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    max_units: int = 5,
    highlight: tuple[int, int, int] | None = None,
) -> DescribedFigure:
    r"""Draw a network as a computation graph, layer by layer.

    Circles are linear functions, boxes non-linear ones. Of a large layer the first few units are
    shown, and how many there are.

    Parameters
    ----------
    parameters : sequence of [weight, bias]
        A pair a layer: `weight` of shape (out, in), `bias` of shape (1, out), as in
        :attr:`~lxmls_nb.models.NumpyMLP.parameters`. Tensors will do.
    activation_functions : sequence of str
        One a layer: ``"sigmoid"`` or ``"relu"`` for hidden layers, ``"softmax"`` for the last.
    input : ndarray, shape (M, I) or (I,), optional
        With it, forward values stand above the nodes. Of a large input the first units that are
        not zero are shown.
    output : ndarray of int, shape (M,), or int, optional
        With it, too, errors stand below the nodes: the derivative of the loss of this example
        by what the node computes.
    example : int or None
        The row of `input` whose numbers are shown; None for averages over the batch.
    names : sequence of str, optional
        Of the inputs, for instance a vocabulary.
    class_names : sequence of str, optional
    max_units : int
        Layers of more units are cut short.
    highlight : (int, int, int), optional
        A weight to emphasise: index into `parameters`, row and column, counted from zero. With
        `output`, its gradient is worked out on top, from the numbers at both ends (for one
        example).

    Returns
    -------
    figure : DescribedFigure

    Raises
    ------
    ValueError
        If the arguments don't fit together.
    """
    parameters = [[_array(weight), _array(bias)] for weight, bias in parameters]
    geometry = [parameters[0][0].shape[1], *(len(weight) for weight, _ in parameters)]
    check_network(geometry, activation_functions, hidden=tuple(HIDDEN))
    for given, size in ((names, geometry[0]), (class_names, geometry[-1])):
        if given is not None and len(given) != size:
            raise ValueError(f"there are {len(given)} names for {size} units")
    if highlight is not None:
        layer, *place = highlight
        shape = parameters[layer][0].shape if 0 <= layer < len(parameters) else (0, 0)
        if not all(0 <= index < size for index, size in zip(place, shape, strict=True)):
            raise ValueError(f"geometry {geometry} has no weight {highlight}")
    columns = [Column("input", "x", 0, geometry[0])]
    for layer, name in enumerate(activation_functions, start=1):
        columns.append(Column("linear", "z", layer, geometry[layer]))
        columns.append(Column(name, r"\tilde{z}", layer, geometry[layer]))
    loss = label = None
    if input is not None:
        loss, label = _run(columns, parameters, activation_functions, input, output, example)
    elif output is not None:
        raise ValueError("errors need an input, too")
    for column in columns:
        wanted = [label] if column.layer == len(parameters) else []
        if highlight is not None and highlight[0] in (column.layer - 1, column.layer):
            wanted.append(highlight[1 if highlight[0] < column.layer else 2])
        column.shown = _shown(column, max_units, wanted)
    drawing = NetworkDrawing(
        columns=columns,
        weights=[weight for weight, _ in parameters],
        biases=[bias for _, bias in parameters],
        names=names if names is not None else [],
        class_names=class_names if class_names is not None else [],
        highlight=highlight,
        loss=loss,
        label=label,
        source="average of the batch" if example is None else f"example {example}",
    )
    figure = drawing.draw().figure
    figure.alt = _describe(drawing)
    return figure


def _array(values, dtype: type | None = float) -> np.ndarray:
    values = values.detach().cpu() if hasattr(values, "detach") else values  # a tensor
    return np.asarray(values, dtype=dtype)


def _log_softmax(z: np.ndarray) -> np.ndarray:
    return z - logsumexp(z, axis=1, keepdims=True)


def central_differences(function: Callable, value: np.ndarray) -> np.ndarray:
    """Return the derivative of a function by each number that goes into it.

    Parameters
    ----------
    function : callable
        From an array of shape (M, units) to one of shape (M,), each row on its own.
    value : ndarray, shape (M, units)
        Where to take the derivative.

    Returns
    -------
    derivative : ndarray, shape (M, units)
    """
    derivative = np.empty(value.shape)
    for unit, step in enumerate(STEP * np.eye(value.shape[1])):
        derivative[:, unit] = (function(value + step) - function(value - step)) / (2 * STEP)
    return derivative


def _run(
    columns: list[Column],
    parameters: Sequence,
    activation_functions: Sequence[str],
    input: np.ndarray,
    output: np.ndarray | None,
    example: int | None,
) -> tuple[float | None, int | None]:
    """Put forward values and errors into the columns; return the loss and the right class."""
    steps: list[Callable] = []
    for (weight, bias), name in zip(parameters, activation_functions, strict=True):
        steps.append(lambda value, weight=weight, bias=bias: value @ weight.T + bias)
        steps.append(HIDDEN.get(name, _log_softmax))
    values = [np.atleast_2d(_array(input))]
    if values[0].shape[1] != columns[0].size:
        raise ValueError(f"the input has {values[0].shape[1]} features, not {columns[0].size}")
    labels = None
    if output is not None:
        labels = np.atleast_1d(_array(output, dtype=None))
        labels = check_labels(labels, columns[-1].size, len(values[0]))
    if example is not None:
        if not 0 <= example < len(values[0]):
            raise ValueError(f"there is no example {example} in a batch of {len(values[0])}")
        values[0] = values[0][[example]]
        labels = labels[[example]] if labels is not None else None
    for step in steps:
        values.append(step(values[-1]))
    for column, value in zip(columns, [*values[:-1], np.exp(values[-1])], strict=True):
        column.values = value.mean(axis=0)
    if labels is None:
        return None, None

    def losses(value, first):
        for step in steps[first:]:
            value = step(value)
        return -value[np.arange(len(labels)), labels]

    for first in range(1, len(steps)):  # not of the probabilities: no one needs these
        value = values[first]
        if columns[first + 1].title == "relu":
            value = np.where(value == 0, -2 * STEP, value)  # its derivative at the kink is 0
        errors = central_differences(lambda value, first=first: losses(value, first), value)
        columns[first].errors = errors.mean(axis=0)
    loss = float(losses(values[0], 0).mean())
    return loss, int(labels[0]) if example is not None else None


def _shown(column: Column, max_units: int, wanted: Sequence[int | None]) -> list[int]:
    """Choose the units that are drawn: those that are wanted, and the first ones."""
    units = [unit for unit in wanted if unit is not None]
    if column.layer == 0 and column.values is not None:
        units += np.flatnonzero(column.values).tolist()
    units = list(dict.fromkeys([*units, *range(column.size)]))
    # Where some are left out, the dots that say so take a place, too.
    return sorted(units if column.size <= max_units else units[: max(max_units - 1, 1)])


def _describe(drawing: NetworkDrawing) -> str:
    """Return a network and its numbers in words."""
    functions = [
        f"{column.title} ({column.size} units)" if column.symbol == "z" else column.title
        for column in drawing.columns[1:]
    ]
    parts = [
        "A network as a computation graph, from left to right: "
        f"{drawing.columns[0].size} inputs, {', '.join(functions)}, cost."
    ]
    for column in drawing.columns:
        name = column.title
        if column.layer and len(drawing.weights) > 1:
            name += f" of layer {column.layer}"
        if len(column.shown) < column.size:
            name += f", units {', '.join(str(unit + 1) for unit in column.shown)} shown"
        said = []
        if column.symbol == "z":
            weight = drawing.weights[column.layer - 1]
            if drawing.label_places[column.layer - 1] is not None and not drawing.highlight:
                rows = "; ".join(map(numbers, weight))
                said.append(
                    f"weights {rows}; biases {numbers(drawing.biases[column.layer - 1][0])}"
                )
            else:
                said.append(f"weights from {number(weight.min())} to {number(weight.max())}")
        if column.values is not None:
            said.append(f"forward values {numbers(column.values[column.shown])}")
        if column.errors is not None:
            said.append(f"errors {numbers(column.errors[column.shown])}")
        if said:
            parts.append(f"{name.capitalize()}: {'; '.join(said)}.")
    if drawing.loss is not None:
        right = (
            f"; the right class is number {drawing.label + 1}" if drawing.label is not None else ""
        )
        parts.append(f"Cost: {number(drawing.loss)} nats{right}.")
    if drawing.columns[0].values is not None:
        parts.insert(1, f"Numbers of {drawing.source}.")
    return " ".join([*parts, *drawing.formulas])


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
        By what stands in its node, each function; the first is applied to `input`, the next to
        what comes out, and so on. The last result is the loss.
    input : float
    symbols : sequence of str, optional
        What the input and each result are called, without dollars: ``["x", "u", r"\tilde{u}"]``.
    errors : bool
        Whether to show how much the last result changes with each number, and, between nodes,
        the derivative of each function.

    Returns
    -------
    figure : DescribedFigure

    Raises
    ------
    ValueError
        If there is not one symbol more than functions.
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
        """Return how much what `last - 1` gives changes with what goes into `first`."""

        def result(value: float) -> float:
            for step in steps[first:last]:
                value = step(value)
            return value

        return float(result(values[first] + STEP) - result(values[first] - STEP)) / (2 * STEP)

    slopes = [slope(place, place + 1) for place in range(len(steps))]
    totals = [slope(place, len(steps)) for place in range(len(steps))] + [1.0]
    figure = draw_chain(list(functions), symbols, values, totals if errors else None, slopes).figure
    parts = [f"A chain of {len(steps)} functions. {plain(symbols[0])} = {number(values[0])}."]
    for name, symbol, value, derivative in zip(
        functions, symbols[1:], values[1:], slopes, strict=True
    ):
        parts.append(f"{plain(name)} gives {plain(symbol)} = {number(value)}.")
        if errors:
            parts[-1] = f"{parts[-1][:-1]}; its derivative is {number(derivative)}."
    if errors:
        parts.append(f"Errors from the input to the end: {numbers(totals)}.")
    figure.alt = " ".join(parts)
    return figure
