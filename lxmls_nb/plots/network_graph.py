"""A network as the units that a picture of it shows, with the numbers of each unit.

Forward values are what the units compute. Errors are derivatives of the loss with respect to what a
unit computes. They are found by central differences: the value of that unit is changed by a small
step up and down, and everything after it is computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from lxmls_nb.differences import row_derivatives
from lxmls_nb.guesses import Guesses, Outcome, as_number, judge
from lxmls_nb.models.model import check_labels, check_network
from lxmls_nb.models.numpy_mlp import HIDDEN

#: Step of the central differences.
STEP = 1e-5

#: The largest number of units in a layer of which all are shown.
MAX_UNITS = 5

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Column:
    """The units that one function of a network computes, or those of its input.

    Attributes
    ----------
    title : str
        Name of the function: ``"input"``, ``"linear"`` or an activation function.
    symbol : str
        What equations call its units, in TeX.
    layer : int
        Counted from one; the input is 0.
    size : int
        Number of units.
    shown : tuple of int
        Indices of the units that are shown, in order.
    values, errors : ndarray, shape (size,), or None
        Forward values and errors.
    """

    title: str
    symbol: str
    layer: int
    size: int
    shown: tuple[int, ...]
    values: np.ndarray | None = None
    errors: np.ndarray | None = None

    @property
    def is_linear(self) -> bool:
        """Whether its function is linear: it has weights and biases."""
        return self.symbol == "z"

    @property
    def is_cut(self) -> bool:
        """Whether some of its units are not shown."""
        return len(self.shown) < self.size


@dataclass(frozen=True)
class GradientTerm:
    """A derivative of the loss as the product that backpropagation computes.

    Attributes
    ----------
    parameter : str
        The weight or bias, in TeX.
    unit : str
        The unit that it belongs to, in TeX.
    factor : str
        What the error of this unit is multiplied by, in TeX.
    error, value : float
        The error of the unit, and the value of `factor`.
    """

    parameter: str
    unit: str
    factor: str
    error: float
    value: float


@dataclass(frozen=True)
class NetworkGraph:
    """What a picture of a network shows.

    Attributes
    ----------
    columns : tuple of Column
        The input, then a linear and a non-linear function for each layer.
    weights, biases : tuple of ndarray
        One per layer, of shapes (out, in) and (1, out).
    names, class_names : sequence of str
        Of inputs and of classes; empty if they have none.
    highlight : (int, int, int) or None
        Layer, row and column of a weight, counted from zero.
    loss : float or None
        In nats.
    label : int or None
        The right class.
    source : str
        Whose numbers these are.
    guesses : Guesses
        What a reader takes some of the numbers for. These are shown in the place of the numbers.
    """

    columns: tuple[Column, ...]
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    names: Sequence[str]
    class_names: Sequence[str]
    highlight: tuple[int, int, int] | None
    loss: float | None
    label: int | None
    source: str
    guesses: Guesses

    @property
    def has_values(self) -> bool:
        """Whether there are forward values."""
        return self.columns[0].values is not None

    def outcome(self, kind: str, column: Column, unit: int) -> Outcome | None:
        """Return what becomes of the guess at a unit's value or error; None if there is none."""
        place = f"{kind}{'' if column.is_linear else '~'}", column.layer, unit
        if place not in self.guesses:
            return None
        # Readers round the numbers of a column alike: the largest says how coarsely.
        beside = [other for name, layer, other in self.guesses if (name, layer) == place[:2]]
        largest = max(abs(self.measured(kind, column, other)) for other in beside)
        measured = self.measured(kind, column, unit)
        return judge(self.guesses[place], measured, largest=largest)

    def measured(self, kind: str, column: Column, unit: int) -> float:
        """Return a unit's value (``"z"``) or error (``"e"``), which the column has."""
        numbers = column.values if kind == "z" else column.errors
        assert numbers is not None
        return float(numbers[unit])

    def guess(self, kind: str, column: Column, unit: int) -> float | None:
        """Return the guess at a unit's value (``"z"``) or error (``"e"``), if it is a number."""
        place = f"{kind}{'' if column.is_linear else '~'}", column.layer, unit
        return as_number(self.guesses[place])

    def superscript(self, layer: int) -> str:
        """Return the superscript of a layer in TeX, empty where there is only one layer."""
        return f"^{{{layer}}}" if layer and len(self.weights) > 1 else ""

    def symbol(self, column: Column, unit: int) -> str:
        """Return what equations call a unit, in TeX: they count from one."""
        return f"{column.symbol}_{{{unit + 1}}}{self.superscript(column.layer)}"

    def weight_symbol(self, layer: int, row: int, column: int) -> str:
        """Return what equations call a weight, in TeX; all arguments count from zero."""
        comma = "," if max(row, column) > 8 else ""
        return f"W_{{{row + 1}{comma}{column + 1}}}{self.superscript(layer + 1)}"

    def gradient_terms(self) -> list[GradientTerm]:
        """Return the derivatives with respect to the highlighted weight and to its unit's bias.

        There are none for averages over a batch, since the average of products is not the product
        of averages, nor where they would tell a number that is yet to be guessed.
        """
        if self.highlight is None or self.label is None:
            return []
        layer, row, column = self.highlight
        left, right = self.columns[2 * layer], self.columns[2 * layer + 1]
        if left.values is None or right.errors is None:
            return []
        guessed = self.outcome("z", left, column), self.outcome("e", right, row)
        if any(outcome not in (None, Outcome.RIGHT) for outcome in guessed):
            return []
        unit, factor = self.symbol(right, row), self.symbol(left, column)
        error = float(right.errors[row])
        weight = self.weight_symbol(*self.highlight)
        bias = f"b_{{{row + 1}}}{self.superscript(layer + 1)}"
        return [
            GradientTerm(weight, unit, factor, error, float(left.values[column])),
            GradientTerm(bias, unit, "1", error, 1.0),
        ]


def build_network_graph(
    parameters: Sequence[Sequence[Any]],
    activation_functions: Sequence[str],
    input: np.ndarray | None,
    output: np.ndarray | None,
    example: int | None,
    names: Sequence[str] | None,
    class_names: Sequence[str] | None,
    highlight: tuple[int, int, int] | None,
    guesses: Guesses,
) -> NetworkGraph:
    """Compute the numbers of a network, and choose the units that are shown.

    The parameters are those of :func:`~lxmls_nb.plots.plot_network`.

    Raises
    ------
    ValueError
        If the arguments don't fit together.
    """
    weights = tuple(_array(weight) for weight, _ in parameters)
    biases = tuple(_array(bias) for _, bias in parameters)
    geometry = [weights[0].shape[1], *map(len, weights)]
    check_network(geometry, activation_functions, hidden=tuple(HIDDEN))
    for given, size in ((names, geometry[0]), (class_names, geometry[-1])):
        if given is not None and len(given) != size:
            raise ValueError(f"there are {len(given)} names for {size} units")
    if highlight is not None:
        layer, *place = highlight
        shape = weights[layer].shape if 0 <= layer < len(weights) else (0, 0)
        if not all(0 <= index < size for index, size in zip(place, shape, strict=True)):
            raise ValueError(f"geometry {geometry} has no weight {highlight}")

    _check_guesses(guesses, geometry, has_values=input is not None, has_errors=output is not None)

    functions = [("input", "x", 0)]  # of each column: title, symbol and layer
    for number, name in enumerate(activation_functions, start=1):
        functions += [("linear", "z", number), (name, r"\tilde{z}", number)]
    values: list[np.ndarray | None] = [None] * len(functions)
    errors: list[np.ndarray | None] = [None] * len(functions)
    loss = label = None
    if input is not None:
        steps = _steps(weights, biases, activation_functions)
        batch, labels = _batch(input, output, example, geometry)
        forward = _forward(steps, batch)
        averages = [value.mean(axis=0) for value in [*forward[:-1], np.exp(forward[-1])]]
        values = [*averages]
        if labels is not None:
            loss = float(_losses(forward[-1], labels).mean())
            label = int(labels[0]) if example is not None else None
            errors = [None, *_errors(steps, activation_functions, forward, labels), None]
    elif output is not None:
        raise ValueError("errors need an input, too")

    columns = []
    for (title, symbol, layer), value, error in zip(functions, values, errors, strict=True):
        wanted = [label] if layer == len(weights) and label is not None else []
        if highlight is not None and highlight[0] in (layer - 1, layer):
            wanted.append(highlight[1 if highlight[0] < layer else 2])
        wanted += [place[2] for place in guesses if place[1] == layer]
        if layer == 0 and value is not None:
            wanted += np.flatnonzero(value).tolist()
        shown = _shown(geometry[layer], wanted)
        columns.append(Column(title, symbol, layer, geometry[layer], shown, value, error))
    return NetworkGraph(
        columns=tuple(columns),
        weights=weights,
        biases=biases,
        names=names if names is not None else [],
        class_names=class_names if class_names is not None else [],
        highlight=highlight,
        loss=loss,
        label=label,
        source="average of the batch" if example is None else f"example {example}",
        guesses=guesses,
    )


def _check_guesses(
    guesses: Guesses, geometry: Sequence[int], has_values: bool, has_errors: bool
) -> None:
    """Check that the figure has each of the numbers that is guessed.

    Raises
    ------
    ValueError
        If it has not.
    """
    last = len(geometry) - 1
    layers = {"z": range(1, last + 1), "z~": range(last + 1)}
    if has_errors:
        layers |= {"e": range(1, last + 1), "e~": range(1, last)}
    for place in guesses:
        kind, layer, unit = place
        if not (has_values and layer in layers.get(kind, ()) and 0 <= unit < geometry[layer]):
            raise ValueError(f"the figure of geometry {list(geometry)} has no number {place}")


def _array(values: Any) -> np.ndarray:
    """Return an array, or a tensor of PyTorch, as an array of floats."""
    return np.asarray(_detached(values), dtype=float)


def _detached(values: Any) -> Any:
    return values.detach().cpu() if hasattr(values, "detach") else values


def _linear(weight: np.ndarray, bias: np.ndarray) -> Function:
    return lambda value: value @ weight.T + bias


def _log_softmax(z: np.ndarray) -> np.ndarray:
    log_probabilities: np.ndarray = z - logsumexp(z, axis=1, keepdims=True)
    return log_probabilities


def _steps(
    weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], activation_functions: Sequence[str]
) -> list[Function]:
    """Return the functions of a network in order; the last gives log-probabilities."""
    steps: list[Function] = []
    for weight, bias, name in zip(weights, biases, activation_functions, strict=True):
        steps += [_linear(weight, bias), HIDDEN.get(name, _log_softmax)]
    return steps


def _batch(
    input: np.ndarray, output: np.ndarray | None, example: int | None, geometry: Sequence[int]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the inputs, shape (M, I), and labels, shape (M,), of one example or of all.

    Raises
    ------
    ValueError
        If they don't fit the network, or there is no such example.
    """
    batch, labels = np.atleast_2d(_array(input)), None
    if batch.shape[1] != geometry[0]:
        raise ValueError(f"the input has {batch.shape[1]} features, not {geometry[0]}")
    if output is not None:
        labels = np.atleast_1d(np.asarray(_detached(output)))
        labels = check_labels(labels, geometry[-1], len(batch))
    if example is not None:
        if not 0 <= example < len(batch):
            raise ValueError(f"there is no example {example} in a batch of {len(batch)}")
        batch = batch[[example]]
        labels = labels[[example]] if labels is not None else None
    return batch, labels


def _forward(steps: Sequence[Function], value: np.ndarray) -> list[np.ndarray]:
    """Return a value and what each of the functions makes of it."""
    values = [value]
    for step in steps:
        values.append(step(values[-1]))
    return values


def _losses(log_probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each example, shape (M,)."""
    losses: np.ndarray = -log_probabilities[np.arange(len(labels)), labels]
    return losses


def _errors(
    steps: Sequence[Function],
    activation_functions: Sequence[str],
    values: Sequence[np.ndarray],
    labels: np.ndarray,
) -> list[np.ndarray]:
    """Return the errors of all functions but the last, averaged over the batch.

    The probabilities have none: backpropagation does not need these.
    """
    errors = []
    for first in range(1, len(steps)):
        value, after = values[first], steps[first:]
        if first % 2 == 1 and activation_functions[first // 2] == "relu":
            # At the kink the derivative of a ReLU counts as 0, so the step must stay left of it.
            value = np.where(value == 0, -2 * STEP, value)

        def losses(value: np.ndarray, after: Sequence[Function] = after) -> np.ndarray:
            return _losses(_forward(after, value)[-1], labels)

        errors.append(row_derivatives(losses, value, STEP).mean(axis=0))
    return errors


def _shown(size: int, wanted: Sequence[int]) -> tuple[int, ...]:
    """Choose the units that are shown: those that are wanted, and the first ones."""
    units = list(dict.fromkeys([*wanted, *range(size)]))
    # Where some are left out, the dots that tell so take the place of one.
    return tuple(sorted(units if size <= MAX_UNITS else units[: MAX_UNITS - 1]))
