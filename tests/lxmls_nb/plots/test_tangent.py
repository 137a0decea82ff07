"""The tangent figure and its explorer: what is drawn, and what is told of it."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import plots
from lxmls_nb.models import get_mlp_loss_range, get_mlp_parameter_handlers
from tests.support.course import definitions


@pytest.fixture(scope="module")
def model():
    my_numpy_mlp = definitions("exercise_2_2")["MyNumpyMLP"]
    return my_numpy_mlp(geometry=[6, 4, 3], activation_functions=["sigmoid", "softmax"])


@pytest.fixture(scope="module")
def batch():
    random = np.random.RandomState(0)
    return {"input": random.normal(size=(5, 6)), "output": np.array([0, 1, 2, 0, 1])}


def test_the_gradient_is_drawn_as_a_line_through_the_current_weight(model, batch):
    get_parameter, set_parameter = get_mlp_parameter_handlers(layer_index=1, row=2, column=1)
    weights, losses = get_mlp_loss_range(model, get_parameter, set_parameter, batch)
    weight = get_parameter(model.parameters)
    loss = model.cross_entropy_loss(batch["input"], batch["output"])
    gradient = get_parameter(model.backpropagation(batch["input"], batch["output"]))
    figure = plots.plot_tangent(weights, losses, weight, loss, gradient)
    (axes,) = figure.axes
    curve, tangent, cross = axes.lines
    np.testing.assert_array_equal(curve.get_ydata(), losses)
    slope, at_zero = np.polyfit(tangent.get_xdata(), tangent.get_ydata(), 1)
    assert slope == pytest.approx(gradient)
    assert slope * weight + at_zero == pytest.approx(loss)
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (weight, loss)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("weight value", "loss (nats)")
    # A right gradient is a tangent: near the weight the curve is on the line.
    near = np.abs(weights - weight) < 0.1
    np.testing.assert_allclose(losses[near], slope * weights[near] + at_zero, atol=1e-3)


def test_explorer_is_a_static_figure_where_there_is_no_notebook(model, batch):
    figure = plots.tangent_explorer(model, batch, layer=0, row=1, column=2)
    assert "row 1, column 2" in figure.alt


def test_explorer_redraws_for_another_weight(model, batch, monkeypatch):
    ipywidgets = pytest.importorskip("ipywidgets")
    monkeypatch.setattr("lxmls_nb.plots.tangent._widgets", lambda: ipywidgets)
    box = plots.tangent_explorer(model, batch, layer=0, row=1, column=5)
    controls, picture = box.children
    layer, row, column = controls.children
    before = picture.value
    row.value = 3
    assert picture.value != before
    assert "row 3" in picture.value
    layer.value = 1  # the last layer has 3 rows and 4 columns
    assert (row.max, column.max) == (2, 3)
    assert "column 3" in picture.value


def test_explorer_shows_its_figure_where_widgets_do_not_run(model, batch, monkeypatch):
    ipywidgets = pytest.importorskip("ipywidgets")
    monkeypatch.setattr("lxmls_nb.plots.tangent._widgets", lambda: ipywidgets)
    bundle = plots.tangent_explorer(model, batch, layer=0, row=1, column=5)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"].startswith("<img ")
    assert "row 1, column 5" in bundle["text/plain"]


def test_explorer_remembers_what_was_chosen_in_a_layer(model, batch, monkeypatch):
    ipywidgets = pytest.importorskip("ipywidgets")
    monkeypatch.setattr("lxmls_nb.plots.tangent._widgets", lambda: ipywidgets)
    layer, row, column = (
        plots.tangent_explorer(model, batch, layer=0, row=1, column=5).children[0].children
    )
    layer.value = 1
    assert column.value == 3
    layer.value = 0
    assert (row.value, column.value) == (1, 5)


def test_a_gradient_that_is_not_written_is_not_attempted(batch):
    from lxmls_nb.checks import NotAttempted
    from lxmls_nb.models import NumpyMLP

    class LastLayer(NumpyMLP):
        def backpropagation(self, input, output):
            return [[None, None], [np.zeros((3, 4)), np.zeros((1, 3))]]

    model = LastLayer([6, 4, 3], ["sigmoid", "softmax"])
    with pytest.raises(NotAttempted, match="layer 1"):
        plots.tangent_explorer(model, batch, layer=0)


def test_a_weight_that_is_not_there_is_refused(model, batch):
    with pytest.raises(IndexError, match="99"):
        plots.tangent_explorer(model, batch, layer=0, row=99)
