"""Figures of the cost: what is drawn, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import plots


def test_the_cost_of_a_probability_is_minus_its_logarithm():
    figure = plots.plot_cost_of_probability({"sure": 0.9, "unsure": 0.2})
    (axes,) = figure.axes
    curve, *points = axes.lines
    np.testing.assert_allclose(curve.get_ydata(), -np.log(curve.get_xdata()))
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in points]
    assert places == [(p, pytest.approx(-np.log(p))) for p in (0.9, 0.2)]
    assert "nats" in axes.get_ylabel()
    assert "unsure, 0.2: 1.61 nats" in figure.alt


def test_costs_count_epochs_from_zero():
    figure = plots.plot_costs({"slow": [0.7, 0.6, 0.5], "fast": [0.7, 0.3, 0.2]})
    (axes,) = figure.axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.7, 0.6, 0.5], [0.7, 0.3, 0.2]]
    assert all(list(line.get_xdata()) == [0, 1, 2] for line in axes.lines)
    assert axes.get_xlabel() == "epoch"
    assert "nats" in axes.get_ylabel()
    assert "fast from 0.700 to 0.200" in figure.alt


def test_a_descent_is_drawn_on_the_map_of_its_cost():
    def cost(a, b):
        return a**2 + 2 * b**2

    path = np.array([[2.0, 1.0], [1.0, 0.2], [0.1, 0.0]])
    figure = plots.plot_descent(cost, {"mine": path}, labels=("a", "b"), every=1)
    (axes,) = figure.axes
    np.testing.assert_array_equal(np.transpose(axes.lines[0].get_data()), path)
    (contours,) = axes.collections
    for level, lines in zip(contours.levels, contours.get_paths(), strict=True):
        for a, b in lines.vertices:
            assert cost(a, b) == pytest.approx(level, abs=0.03)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "b")
    assert "mine, 2 steps, from (2.00, 1.00), cost 6.000, to (0.10, 0.00), 0.010" in figure.alt
