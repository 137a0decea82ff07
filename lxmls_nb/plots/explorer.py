"""The tangent figure of any weight, with controls to choose the weight."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from lxmls_nb.errors import NotAttempted, answer_needed
from lxmls_nb.models.numpy_mlp import NumpyMLP
from lxmls_nb.models.weight_study import get_mlp_loss_range, get_mlp_parameter_handlers
from lxmls_nb.plots.figure import DescribedFigure, image
from lxmls_nb.plots.tangent import LossCurve, draw_tangent

Batch = dict[str, np.ndarray]

#: What stands above the figure after an answer has changed.
OLD = "This network is of your class as it was before. Run the cell again to see your present one."

#: Of a weight: the index of its layer, its row and its column.
Place = tuple[int, int, int]


@answer_needed()
def tangent_explorer(
    model: NumpyMLP,
    batch: Batch,
    layer: int = 1,
    row: int = 0,
    column: int | None = None,
    vocabulary: Sequence[str] | None = None,
) -> Any:
    """Draw the tangent figure of a weight, with controls to choose the weight.

    In the first layer, whose weights belong to features, the column is chosen among the features
    that occur in the batch: the loss does not depend on the others. In other layers it is chosen
    among all units.

    Parameters
    ----------
    model : NumpyMLP
        A model that has a `backpropagation`.
    batch : dict
        ``input`` and ``output``.
    layer, row, column : int
        The weight to begin with: its index into `model.parameters`, and its place in the matrix.
        By default the column is the first one to choose from.
    vocabulary : sequence of str, optional
        The word of each feature. With it the first layer offers words, the most frequent ones
        first, and otherwise numbers of columns.

    Returns
    -------
    ipywidgets.VBox or matplotlib.figure.Figure
        The figure alone, without controls, where there is no notebook or no ipywidgets.

    Raises
    ------
    IndexError
        If there is no such weight.
    ValueError
        If `backpropagation` gives no gradient for this layer yet, or if `vocabulary` does not have
        a word for each feature.
    """
    features = _occurring_features(batch["input"], vocabulary)
    first_feature = features[0][1] if features else 0
    if column is None:
        column = first_feature if layer == 0 else 0
    figure = _draw_weight(model, batch, (layer, row, column), vocabulary)
    widgets = _widgets()
    if widgets is None:
        return figure
    feature = column if layer == 0 else first_feature
    if feature not in [column for _, column in features]:
        name = feature if vocabulary is None else vocabulary[feature]
        features.append((f"{name} (not in this batch)", feature))
    picture = widgets.HTML(image(figure, figure.alt))
    controls = _Controls(widgets, model, (layer, row, column), features, feature)
    if vocabulary is not None:
        controls.word.description = "word"

    def redraw() -> None:
        note = "" if _is_present(model) else f"<p>{OLD}</p>"
        try:
            figure = _draw_weight(model, batch, controls.place, vocabulary)
            picture.value = note + image(figure, figure.alt)
        # It is an error of a student's code. Widgets show no traceback.
        except Exception as error:
            picture.value = f"{note}<pre>{html.escape(f'{type(error).__name__}: {error}')}</pre>"

    controls.when_chosen(redraw)
    still = {"text/html": picture.value, "text/plain": figure.alt}

    class Explorer(widgets.VBox):  # type: ignore[name-defined,misc]
        """Shows the figure alone where widgets don't run, on a web page for example."""

        def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
            bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
            return bundle | still

    return Explorer([controls.box, picture])


class _Controls:
    """The controls that choose a weight; the layer decides which of them chooses the column."""

    def __init__(
        self,
        widgets: ModuleType,
        model: NumpyMLP,
        place: Place,
        features: list[tuple[str, int]],
        feature: int,
    ):
        self._shapes = [np.shape(weight) for weight, _ in model.parameters]
        layer, row, column = place
        rows, columns = self._shapes[layer]

        def slider(name: str, value: int, size: int) -> Any:
            return widgets.IntSlider(value, 0, size - 1, description=name, continuous_update=False)

        self.layer = slider("layer_index", layer, len(self._shapes))
        self.row = slider("row", row, rows)
        self.unit = slider("column", column if layer else 0, columns if layer else 1)
        self.word = widgets.Dropdown(options=features, value=feature, description="column")
        self._chosen = {layer: (row, column)}  # the weight that was chosen last in each layer
        self._following = False
        self._show_column()
        in_lines = widgets.Layout(flex_flow="row wrap")  # as many in a line as there is room for
        self.box = widgets.Box([self.layer, self.row, self.word, self.unit], layout=in_lines)

    @property
    def column(self) -> Any:
        """The control that chooses the column."""
        return self.unit if self.layer.value else self.word

    @property
    def place(self) -> Place:
        """The weight that is chosen: layer, row and column."""
        return self.layer.value, self.row.value, self.column.value

    def when_chosen(self, call: Callable[[], None]) -> None:
        """Have a function called whenever another weight is chosen."""

        def changed(change: dict[str, Any]) -> None:
            if self._following:
                return
            if change["owner"] is self.layer:
                self._follow_layer()
            layer, row, column = self.place
            self._chosen[layer] = row, column
            call()

        for control in (self.layer, self.row, self.unit, self.word):
            control.observe(changed, names="value")

    def _follow_layer(self) -> None:
        """Let the other controls offer the weights of the layer that is chosen now."""
        self._following = True  # what changes here is not chosen by anybody
        layer = self.layer.value
        rows, columns = self._shapes[layer]
        self.row.max = rows - 1  # a larger value becomes this one
        if layer:
            self.unit.max = columns - 1
        self._show_column()
        if layer in self._chosen:
            self.row.value, self.column.value = self._chosen[layer]
        self._following = False

    def _show_column(self) -> None:
        for control in (self.word, self.unit):
            control.layout.display = None if control is self.column else "none"


def _occurring_features(
    input: np.ndarray, vocabulary: Sequence[str] | None
) -> list[tuple[str, int]]:
    """Return labels and columns of the features of a batch; most frequent words first."""
    if vocabulary is None:
        return [(str(column), int(column)) for column in np.any(input, axis=0).nonzero()[0]]
    if len(vocabulary) != input.shape[1]:
        raise ValueError(
            f"vocabulary has {len(vocabulary)} words, and the batch {input.shape[1]} features"
        )
    counts = np.sum(input, axis=0)
    columns = [int(column) for column in counts.nonzero()[0]]
    columns.sort(key=lambda column: -counts[column])  # equally frequent ones stay in their order
    return [(f"{vocabulary[column]} ({counts[column]:g})", column) for column in columns]


def _is_present(model: NumpyMLP) -> bool:
    """Whether the class of a model is still what its name stands for in the notebook."""
    present = getattr(sys.modules["__main__"], type(model).__name__, type(model))
    return present is type(model)


def _draw_weight(
    model: NumpyMLP,
    batch: Batch,
    place: Place,
    vocabulary: Sequence[str] | None,
) -> DescribedFigure:
    """Return the tangent figure of one weight of a model."""
    layer, row, column = place
    count = len(model.parameters)
    shape = np.shape(model.parameters[layer][0]) if 0 <= layer < count else (0, 0)
    names = ("layer_index", "row", "column")
    for index, name, size in zip(place, names, (count, *shape), strict=True):
        if not 0 <= index < size:
            raise IndexError(f"there is no {name} {index}: choose 0 to {size - 1}")
    get_parameter, set_parameter = get_mlp_parameter_handlers(
        layer_index=layer, is_bias=False, row=row, column=column
    )
    gradients = model.backpropagation(batch["input"], batch["output"])
    # Students may write it layer by layer.
    if gradients is not None and gradients[layer][0] is None:
        raise NotAttempted(f"backpropagation gives no gradient of layer {layer + 1}.")
    weights, losses = get_mlp_loss_range(model, get_parameter, set_parameter, batch, num_values=121)
    curve = LossCurve(
        weights,
        losses,
        get_parameter(model.parameters),
        model.cross_entropy_loss(batch["input"], batch["output"]),
        get_parameter(gradients),
    )
    title = f"layer_index {layer}, row {row}, column {column}"
    if layer == 0 and vocabulary is not None:
        title += f": “{vocabulary[column]}”"
    return draw_tangent(curve, title)


def _widgets() -> ModuleType | None:
    """Return ipywidgets, or None where it is not installed or this is not a notebook."""
    try:
        import ipywidgets
        from IPython import get_ipython
    except ImportError:
        return None
    return ipywidgets if getattr(get_ipython(), "kernel", None) else None
