"""The figure of the bug hunt: claimed gradients beside measured ones."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import plots
from lxmls_nb.models import NumpyMLP
from lxmls_nb.models.suspects import BUGS, Suspect, compare_gradients, reviews


def panels(figure):
    return np.reshape(figure.axes, (2, -1))


@pytest.mark.parametrize("bug", ["", *BUGS])
def test_axes_have_titles_units_and_a_description(bug):
    figure = plots.plot_evidence(Suspect(bug), reviews())
    upper, lower = panels(figure)
    assert [axes.get_xlabel() for axes in lower] == ["weight value"] + ["measured gradient"] * 3
    assert "loss (nats)" in upper[0].get_ylabel()
    assert [axes.get_title().split(",")[0] for axes in upper[1:]] == [
        "layer 1",
        "layer 2",
        "layer 3",
    ]
    assert figure.alt.count("Layer ") == 6
    assert "With a batch of 6: " in figure.alt
    assert "With its first example: " in figure.alt


def test_points_are_the_gradients():
    model, batch = Suspect("no-slope"), reviews()
    weights, biases = compare_gradients(model, **batch)[:2]
    layer = panels(plots.plot_evidence(model, batch))[0][1]
    points = {line.get_label(): line.get_xydata() for line in layer.lines}
    for compared, label in ((weights, "weights"), (biases, "biases")):
        expected = np.stack([compared.measured.ravel(), compared.claimed.ravel()], axis=1)
        np.testing.assert_array_equal(points[label], expected)
    (start, end) = points["equal"]
    assert start[0] == start[1] == -end[0] == -end[1]


def test_the_line_has_the_claimed_slope():
    model, batch = Suspect("sign"), reviews()
    weight = compare_gradients(model, **batch)[0]
    axes = panels(plots.plot_evidence(model, batch))[0][0]
    line = next(each for each in axes.lines if each.get_label().startswith("slope"))
    (x0, y0), (x1, y1) = line.get_xydata()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(weight.claimed[0, 0])
    assert f"{weight.measured[0, 0]:.3g}, the claimed one is {weight.claimed[0, 0]:.3g}" in (
        plots.plot_evidence(model, batch).alt
    )


def test_factors_stand_on_top():
    titles = [
        axes.get_title() for axes in panels(plots.plot_evidence(Suspect("sum"), reviews()))[0]
    ]
    assert titles[1:] == ["layer 1, × 6", "layer 2, × 6", "layer 3, × 6"]
    titles = [
        axes.get_title() for axes in panels(plots.plot_evidence(Suspect("sign"), reviews()))[1]
    ]
    assert titles[1:] == ["layer 1, × −1", "layer 2, × −1", "layer 3, × −1"]


def test_a_shape_that_does_not_fit_is_written():
    figure = plots.plot_evidence(Suspect("order"), reviews())
    layer = panels(figure)[0][1]
    assert [text.get_text() for text in layer.texts] == [
        "W: 2 × 3\nnot 3 × 4\n\nb: 1 × 2\nnot 1 × 3"
    ]
    assert "weights has the shape 2 × 3, not 3 × 4" not in figure.alt  # plain English
    assert "the weights' gradient has the shape 2 × 3, not 3 × 4" in figure.alt


def test_a_gradient_that_is_no_matrix_is_no_error():
    class Flat(Suspect):
        def backpropagation(self, input, output):
            return [
                [weight.ravel()[:1], bias]
                for weight, bias in super().backpropagation(input, output)
            ]

    assert "no claimed gradient" in plots.plot_evidence(Flat(), reviews()).alt


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_gradients_that_are_not_finite_are_told(number):
    class Overflowing(Suspect):
        def backpropagation(self, input, output):
            gradients = super().backpropagation(input, output)
            gradients[0][0][:] = gradients[1][0][0, 0] = number
            return gradients

    alt = plots.plot_evidence(Overflowing(), reviews()).alt
    assert f"the claimed slope of the loss at one weight of layer 1 is {number}" in alt
    assert "weights × none, biases × 1, 12 not finite" in alt
    assert "weights × 1, biases × 1, 1 not finite" in alt


def test_a_bias_without_its_row_is_as_good():
    class Flat(Suspect):
        def backpropagation(self, input, output):
            return [[weight, bias[0]] for weight, bias in super().backpropagation(input, output)]

    assert "weights × 1, biases × 1" in plots.plot_evidence(Flat(), reviews()).alt


def test_only_what_does_not_fit_is_named():
    class Column(Suspect):
        def backpropagation(self, input, output):
            return [[weight, bias.T] for weight, bias in super().backpropagation(input, output)]

    figure = plots.plot_evidence(Column(), reviews())
    assert [text.get_text() for text in panels(figure)[0][1].texts] == ["b: 3 × 1\nnot 1 × 3"]
    assert "weights' gradient" not in figure.alt


@pytest.mark.parametrize("returned", [None, [], [[np.ones((3, 4))]], "no", [[None, None]] * 3])
def test_whatever_is_missing_has_no_shape(returned):
    class Odd(Suspect):
        def backpropagation(self, input, output):
            return returned

    assert "has the shape none, not" in plots.plot_evidence(Odd(), reviews()).alt


def test_layers_that_are_not_written_yet_have_no_shape():
    class Begun(Suspect):
        def backpropagation(self, input, output):
            return [[None, None], [None, None], super().backpropagation(input, output)[-1]]

    figure = plots.plot_evidence(Begun(), reviews())
    assert "the weights' gradient has the shape none, not 3 × 4" in figure.alt
    assert "Layer 3, claimed gradients as multiples of the measured: weights × 1" in figure.alt


def test_networks_of_students_can_be_looked_at():
    class Own(NumpyMLP):
        def backpropagation(self, input, output):
            return [
                [np.zeros_like(weight), np.zeros_like(bias)] for weight, bias in self.parameters
            ]

    figure = plots.plot_evidence(Own([4, 2], ["softmax"]), reviews())
    assert panels(figure).shape == (2, 2)
    assert "weights × 0, biases × 0" in figure.alt
