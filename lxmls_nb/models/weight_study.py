"""The value of one weight, and the loss around it, which the tangent figure shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lxmls_nb.models.numpy_mlp import NumpyMLP

Parameters = Sequence[Sequence[np.ndarray]]
Getter = Callable[..., float]
Setter = Callable[..., list[list[np.ndarray]]]


def get_mlp_parameter_handlers(
    layer_index: int = 0, is_bias: bool = False, row: int = 0, column: int = 0
) -> tuple[Getter, Setter]:
    """Return functions that get and set one weight or bias of a network.

    Parameters
    ----------
    layer_index : int
        Index into `parameters`: 0 is the first layer.
    is_bias : bool
        Whether the parameter is a bias. Biases have one row, so that `row` is then ignored.
    row, column : int
        The row is the unit that the weight leads to, the column the one that it comes from. The
        column of a bias is its unit.

    Returns
    -------
    get_parameter : callable
        ``get_parameter(parameters) -> float``, which takes gradients, too.
    set_parameter : callable
        ``set_parameter(parameters, value) -> parameters`` returns new parameters with that value,
        and leaves those that are passed in unchanged.
    """
    kind = 1 if is_bias else 0
    place = (0, column) if is_bias else (row, column)

    def get_parameter(parameters: Parameters) -> float:
        if parameters is None:
            raise ValueError("there are no gradients: is a `return` missing in backpropagation?")
        array = parameters[layer_index][kind]
        if np.ndim(array) == 2 and not np.all(np.less(place, np.shape(array))):
            raise IndexError(
                f"there is no row {place[0]}, column {place[1]} in an array of shape "
                f"{np.shape(array)}: is a gradient transposed?"
            )
        if is_bias and np.ndim(array) == 1:  # a gradient may have lost its row
            return float(array[column])
        return float(array[place])

    def set_parameter(parameters: Parameters, value: float) -> list[list[np.ndarray]]:
        changed = [list(layer) for layer in parameters]
        array = np.array(changed[layer_index][kind], dtype=float)
        array[place] = value
        changed[layer_index][kind] = array
        return changed

    return get_parameter, set_parameter


def get_mlp_loss_range(
    model: NumpyMLP,
    get_parameter: Getter,
    set_parameter: Setter,
    batch: dict[str, np.ndarray],
    span: float = 10.0,
    num_values: int = 200,
) -> tuple[np.ndarray, np.ndarray]:
    """Return values around the current value of a weight, and the loss at each of them.

    The values lie the closer together, the nearer they are to the current one: there the curve of
    the loss is compared with its tangent. Nearly half of them are within a tenth of `span`.

    Parameters
    ----------
    model : NumpyMLP
        Its parameters are the same afterwards.
    get_parameter, set_parameter : callable
        From :func:`get_mlp_parameter_handlers`.
    batch : dict
        ``input`` and ``output``.
    span : float
        How far to go to either side of the current value.
    num_values : int

    Returns
    -------
    weight_range, loss_range : ndarray, shape (num_values,)
        In ascending order of the weight; losses in nats.
    """
    current = model.parameters
    value = get_parameter(current)
    weight_range = value + span * np.linspace(-1, 1, num_values) ** 3
    losses = []
    try:
        for weight in weight_range:
            model.parameters = set_parameter(current, weight)
            losses.append(model.cross_entropy_loss(batch["input"], batch["output"]))
    finally:
        model.parameters = current
    return weight_range, np.array(losses)
