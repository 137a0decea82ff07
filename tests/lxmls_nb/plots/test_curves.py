"""Curves of losses, accuracies and times: what is drawn, and what is told of it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lxmls_nb import plots


def test_figures_are_shown_with_an_alternative_text():
    figure = plots.plot_learning_curves({"mine": [50.0, 60.0, 75.5]})
    bundle = figure._repr_mimebundle_()
    alt = re.search(r'alt="([^"]*)"', bundle["text/html"])[1]
    assert alt == bundle["text/plain"]
    assert "mine from 50.00 to 75.50 %" in alt
    assert bundle["text/html"].startswith('<img src="data:image/png;base64,')


def test_learning_curves_count_epochs_from_zero():
    figure = plots.plot_learning_curves({"a": [50.0, 60.0], "b": [50.0, 70.0]})
    (axes,) = figure.axes
    assert [list(line.get_xdata()) for line in axes.lines] == [[0, 1], [0, 1]]
    assert "%" in axes.get_ylabel()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_epoch_times():
    figure = plots.plot_epoch_times([20, 80], {"NumPy": [0.1, 0.4]})
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert "(s)" in axes.get_ylabel()
    assert "0.4 s with 80" in figure.alt
    figure.draw_without_rendering()
    assert {"0.1", "0.2"} <= {label.get_text() for label in axes.get_yticklabels()}


def test_the_cost_of_a_probability_is_minus_its_logarithm():
    figure = plots.plot_loss_of_probability({"sure": 0.9, "unsure": 0.2})
    (axes,) = figure.axes
    curve, *points = axes.lines
    np.testing.assert_allclose(curve.get_ydata(), -np.log(curve.get_xdata()))
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in points]
    assert places == [(p, pytest.approx(-np.log(p))) for p in (0.9, 0.2)]
    assert "nats" in axes.get_ylabel()
    assert "unsure, 0.2: 1.61 nats" in figure.alt


def test_costs_count_epochs_from_zero():
    figure = plots.plot_losses({"slow": [0.7, 0.6, 0.5], "fast": [0.7, 0.3, 0.2]})
    (axes,) = figure.axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.7, 0.6, 0.5], [0.7, 0.3, 0.2]]
    assert all(list(line.get_xdata()) == [0, 1, 2] for line in axes.lines)
    assert axes.get_xlabel() == "epoch"
    assert "nats" in axes.get_ylabel()
    assert "fast from 0.700 to 0.200" in figure.alt


def test_a_descent_is_drawn_on_the_map_of_its_cost():
    def loss(a, b):
        return a**2 + 2 * b**2

    path = np.array([[2.0, 1.0], [1.0, 0.2], [0.1, 0.0]])
    figure = plots.plot_descent(loss, {"mine": path}, labels=("a", "b"))
    (axes,) = figure.axes
    np.testing.assert_array_equal(np.transpose(axes.lines[0].get_data()), path)
    (contours,) = axes.collections
    for level, lines in zip(contours.levels, contours.get_paths(), strict=True):
        for a, b in lines.vertices:
            assert loss(a, b) == pytest.approx(level, abs=0.03)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "b")
    assert "mine, 2 steps, from (2.00, 1.00), loss 6.000, to (0.10, 0.00), 0.010" in figure.alt


def test_activation_functions_are_drawn_beside_their_derivatives():
    figure = plots.plot_activation_functions()
    left, right = figure.axes
    for function, slope in zip(left.lines, right.lines, strict=True):
        z, values = function.get_data()
        measured = np.gradient(values, z)
        smooth = np.abs(z) > 0.05  # ReLU has a kink at zero
        np.testing.assert_allclose(slope.get_ydata()[smooth], measured[smooth], atol=0.02)
    assert [text.get_text() for text in left.get_legend().get_texts()] == [
        "sigmoid",
        "tanh",
        "ReLU",
    ]
    assert "sigmoid 0.25, tanh 1.00, ReLU 1.00" in figure.alt


def test_the_loss_between_two_networks_is_drawn_with_the_line_that_joins_its_ends():
    figure = plots.plot_loss_between([0.0, 0.5, 1.0], [0.4, 0.7, 0.2])
    (axes,) = figure.axes
    curve, chord = axes.lines
    assert list(curve.get_ydata()) == [0.4, 0.7, 0.2]
    assert list(chord.get_ydata()) == [0.4, 0.2]
    assert "nats" in axes.get_ylabel()
    assert "0.400 nats at one end, 0.200 at the other, and in between up to 0.700" in figure.alt


def test_times_of_products_are_in_microseconds():
    figure = plots.plot_product_times([4, 16], {"NumPy": [1e-6, 2e-6], "PyTorch": [3e-6, 4e-6]})
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    np.testing.assert_allclose(axes.lines[1].get_ydata(), [3, 4])
    assert "µs" in axes.get_ylabel()
    assert "PyTorch from 3.0 µs to 4.0 µs" in figure.alt
