"""The loss against one weight, with the gradient as its tangent."""

from __future__ import annotations

import html
from types import ModuleType
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lxmls_nb.errors import NotAttempted, answer_needed
from lxmls_nb.models.numpy_mlp import NumpyMLP
from lxmls_nb.models.weight_study import get_mlp_loss_range, get_mlp_parameter_handlers
from lxmls_nb.plots.figure import BLUE, VERMILLION, DescribedFigure, image, make_room, new_axes

Batch = dict[str, np.ndarray]


def plot_tangent(
    weight_range: np.ndarray,
    loss_range: np.ndarray,
    current_weight: float,
    current_loss: float,
    current_gradient: float,
    ax: Axes | None = None,
) -> Figure:
    """Draw the loss against one weight, with a line that has the gradient as its slope.

    Where the gradient is right, the line is a tangent.

    Parameters
    ----------
    weight_range, loss_range : ndarray, shape (V,)
        From :func:`~lxmls_nb.models.get_mlp_loss_range`; losses in nats.
    current_weight, current_loss, current_gradient : float
        The weight and the loss of the model now, and the derivative of the loss with respect to
        this weight, by backpropagation.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default in a new figure.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The one of `ax`, or the new one.
    """
    weight_range, loss_range = np.asarray(weight_range), np.asarray(loss_range)
    figure, axes = (cast(Figure, ax.figure), ax) if ax is not None else new_axes()
    tangent = current_loss + current_gradient * (weight_range - current_weight)
    axes.plot(weight_range, loss_range, color=BLUE, label="loss")
    axes.plot(weight_range, tangent, color=VERMILLION, linestyle="--", label="slope: gradient")
    axes.plot(current_weight, current_loss, "x", color="black", label="current weight", ms=9, mew=2)
    # A steep tangent must not make the curve look flat, nor rounding errors look like a curve.
    low, high = min(loss_range.min(), current_loss), max(loss_range.max(), current_loss)
    margin = 0.15 * (high - low) if high - low > 1e-9 else 0.1
    axes.set_ylim(low - margin, high + margin)
    axes.ticklabel_format(useOffset=False)
    axes.set(xlabel="weight value", ylabel="loss (nats)")
    axes.legend()
    if isinstance(figure, DescribedFigure):
        make_room(axes)  # the numbers of a flat loss have many digits
        figure.alt = (
            f"The loss, {low:.4g} to {high:.4g} nats, against one weight, {weight_range.min():.3g} "
            f"to {weight_range.max():.3g}. A cross marks the current weight, {current_weight:.4g}, "
            f"with the loss {current_loss:.4g}; the dashed line through it has the slope of the "
            f"gradient, {current_gradient:.3g}."
        )
    return figure


@answer_needed()
def tangent_explorer(
    model: NumpyMLP, batch: Batch, layer: int = 1, row: int = 0, column: int = 0
) -> Any:
    """Draw the tangent figure of a weight, with sliders to choose the weight.

    Parameters
    ----------
    model : NumpyMLP
        A model that has a `backpropagation`.
    batch : dict
        ``input`` and ``output``.
    layer, row, column : int
        The weight to begin with: its index into `model.parameters`, and its place in the matrix.

    Returns
    -------
    ipywidgets.VBox or matplotlib.figure.Figure
        The figure alone, without sliders, where there is no notebook or no ipywidgets.

    Raises
    ------
    IndexError
        If there is no such weight.
    ValueError
        If `backpropagation` gives no gradient for this layer yet.
    """
    figure = _draw_weight(model, batch, layer, row, column)
    widgets = _widgets()
    if widgets is None:
        return figure
    picture = widgets.HTML(image(figure, figure.alt))
    sliders = [
        widgets.IntSlider(value, 0, size - 1, description=name, continuous_update=False)
        for value, (name, size) in zip((layer, row, column), _sizes(model, layer), strict=True)
    ]

    places = {layer: (row, column)}  # the weight that was chosen last in each layer

    def redraw(change: dict[str, Any]) -> None:
        chosen = sliders[0].value
        for slider, (_, size) in zip(sliders, _sizes(model, chosen), strict=True):
            slider.max = size - 1  # a larger value becomes this one
        if change["owner"] is sliders[0] and chosen in places:
            sliders[1].value, sliders[2].value = places[chosen]
        places[chosen] = (sliders[1].value, sliders[2].value)
        try:
            figure = _draw_weight(model, batch, *[slider.value for slider in sliders])
            picture.value = image(figure, figure.alt)
        except (
            Exception
        ) as error:  # of a student's code: it is shown, since widgets show no traceback
            picture.value = f"<pre>{html.escape(f'{type(error).__name__}: {error}')}</pre>"

    for slider in sliders:
        slider.observe(redraw, names="value")
    still = {"text/html": picture.value, "text/plain": figure.alt}

    class Explorer(widgets.VBox):  # type: ignore[name-defined,misc]
        """Shows the figure alone where widgets don't run, on a web page for example."""

        def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
            bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
            return bundle | still

    return Explorer([widgets.HBox(sliders), picture])


def _sizes(model: NumpyMLP, layer: int) -> list[tuple[str, int]]:
    """Return the numbers of layers, and of rows and columns of the weight of one layer."""
    count = len(model.parameters)
    rows, columns = np.shape(model.parameters[layer][0]) if 0 <= layer < count else (0, 0)
    return [("layer_index", count), ("row", rows), ("column", columns)]


def _draw_weight(
    model: NumpyMLP, batch: Batch, layer: int, row: int, column: int
) -> DescribedFigure:
    """Return the tangent figure of one weight of a model."""
    for index, (name, size) in zip((layer, row, column), _sizes(model, layer), strict=True):
        if not 0 <= index < size:
            raise IndexError(f"there is no {name} {index}: choose 0 to {size - 1}")
    get_parameter, set_parameter = get_mlp_parameter_handlers(
        layer_index=layer, is_bias=False, row=row, column=column
    )
    gradients = model.backpropagation(batch["input"], batch["output"])
    if gradients[layer][0] is None:  # students may write it layer by layer
        raise NotAttempted(f"backpropagation gives no gradient of layer {layer + 1}.")
    ranges = get_mlp_loss_range(model, get_parameter, set_parameter, batch, num_values=81)
    figure, axes = new_axes()
    plot_tangent(
        *ranges,
        get_parameter(model.parameters),
        model.cross_entropy_loss(batch["input"], batch["output"]),
        get_parameter(gradients),
        ax=axes,
    )
    title = f"layer_index {layer}, row {row}, column {column}"
    axes.set_title(title)
    figure.alt = f"{title}. {figure.alt}"
    return figure


def _widgets() -> ModuleType | None:
    """Return ipywidgets, or None where it is not installed or this is not a notebook."""
    try:
        import ipywidgets
        from IPython import get_ipython
    except ImportError:
        return None
    return ipywidgets if getattr(get_ipython(), "kernel", None) else None
