"""The tangent figure: what is drawn, and what is told of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from lxmls_nb import plots
from lxmls_nb.models import get_mlp_loss_range, get_mlp_parameter_handlers
from lxmls_nb.plots.figure import image


@pytest.fixture(scope="module")
def batch():
    random = np.random.RandomState(0)
    input = random.normal(size=(5, 6))
    input[:, 4] = 0  # a feature that does not occur
    return {"input": input, "output": np.array([0, 1, 2, 0, 1])}


@pytest.fixture
def study(model, batch):
    """Return what plot_tangent needs, for a weight of a layer and a factor of its gradient."""

    def arguments(factor=1.0, layer=1, row=2, column=1):
        get_parameter, set_parameter = get_mlp_parameter_handlers(layer, False, row, column)
        return (
            *get_mlp_loss_range(model, get_parameter, set_parameter, batch),
            get_parameter(model.parameters),
            model.cross_entropy_loss(batch["input"], batch["output"]),
            factor * get_parameter(model.backpropagation(batch["input"], batch["output"])),
        )

    return arguments


def visible(axes):
    """Return the loss and the line at places within a panel, NaN where they are not in sight."""
    curve, line, _ = axes.lines
    places = np.linspace(*axes.get_xlim(), 201)
    low, high = axes.get_ylim()
    values = [
        np.interp(places, *each.get_data(), left=np.nan, right=np.nan) for each in (curve, line)
    ]
    return [np.where((low <= each) & (each <= high), each, np.nan) for each in values]


def test_the_gradient_is_drawn_as_a_line_through_the_current_weight(study):
    weights, losses, weight, loss, gradient = study()
    figure = plots.plot_tangent(weights, losses, weight, loss, gradient)
    left, right = figure.axes
    for axes in (left, right):
        curve, tangent, cross = axes.lines
        np.testing.assert_array_equal(curve.get_ydata(), losses)
        slope, at_zero = np.polyfit(tangent.get_xdata(), tangent.get_ydata(), 1)
        assert slope == pytest.approx(gradient)
        assert slope * weight + at_zero == pytest.approx(loss)
        assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (weight, loss)
        assert axes.get_xlabel() == "weight value"
    assert left.get_ylabel() == "loss (nats)"
    assert left.get_xlim() == pytest.approx((weight - 10, weight + 10))
    assert right.get_xlim() == pytest.approx((weight - 1, weight + 1))
    # Each panel has a scale of its own, which its part of the curve fills.
    for axes in (left, right):
        drawn, _ = visible(axes)
        assert not np.isnan(drawn).any()
        assert np.ptp(drawn) > 0.7 * np.ptp(axes.get_ylim())


@pytest.mark.parametrize(("factor", "touches"), [(1, True), (-1, False), (0.7, False), (5, False)])
def test_close_to_the_weight_a_wrong_gradient_is_seen_to_leave_the_curve(study, factor, touches):
    _, right = plots.plot_tangent(*study(factor)).axes
    curve, line = visible(right)
    near = slice(70, 131)  # a third of the panel, around the cross
    apart = np.abs(curve - line)[near] / np.ptp(right.get_ylim())
    assert (np.nanmax(apart) < 0.04 and not np.isnan(apart).any()) == touches


@pytest.mark.parametrize("gradient", [1e6, -1e300, 1e-320, np.inf, np.nan])
def test_any_gradient_can_be_drawn(study, gradient):
    figure = plots.plot_tangent(*study()[:-1], gradient)
    drawn = image(figure, figure.alt)
    assert f"the slope of the gradient, {gradient:.3g}." in drawn
    for axes in figure.axes:
        assert len(axes.lines) == (3 if np.isfinite(gradient) else 2)
        if np.isfinite(gradient):
            line = axes.lines[1].get_ydata()
            low, high = axes.get_ylim()
            assert (line.min() < low < high < line.max()) == (abs(gradient) > 1)
            assert np.abs(line).max() < 10


@pytest.mark.parametrize("gradient", [0, 0.01])
def test_a_flat_loss_is_drawn_as_a_level_line(study, gradient):
    figure = plots.plot_tangent(*study(layer=0, column=4)[:-1], gradient)
    assert len(re.findall(r" nats, flat\.", figure.alt)) == 2
    for axes in figure.axes:
        curve, line = visible(axes)
        assert np.nanmax(np.abs(curve - axes.lines[2].get_ydata())) < 1e-9
        # A line that is not level is seen not to be.
        assert (np.nanmax(np.abs(line - curve)) > 0.2 * np.ptp(axes.get_ylim())) == bool(gradient)


def test_what_is_told_is_what_is_drawn(study):
    weights, losses, weight, loss, gradient = study()
    figure = plots.plot_tangent(weights, losses, weight, loss, gradient)
    _, right = figure.axes
    near, close = np.abs(weights - weight) <= 1, np.array(right.get_xlim())
    ends = np.interp(close, weights, losses)
    line = loss + gradient * (close - weight)
    below, other = (f"{abs(gap):.2g} nats {'above' if gap > 0 else 'below'}" for gap in line - ends)
    assert figure.alt == (
        f"Left, the loss against one weight, {weights[0]:.3g} to {weights[-1]:.3g}: "
        f"{losses.min():.4g} to {losses.max():.4g} nats. A cross marks the current weight, "
        f"{weight:.4g}, with the loss {loss:.4g}; the dashed line through it has the slope of the "
        f"gradient, {gradient:.3g}. Right, the same close to the cross, {close[0]:.3g} to "
        f"{close[1]:.3g}: {min(*losses[near], *ends):.4g} to {max(*losses[near], *ends):.4g} nats. "
        f"At the left end there the line is {below} the curve, at the right end {other} the curve."
    )


def test_labels_of_both_panels_have_room(study):
    """Also where the numbers of an axis have many digits."""
    for arguments in (study(), study(layer=0, column=4), study(layer=0, column=0)):
        figure = plots.plot_tangent(*arguments)
        image(figure, figure.alt)
        left, right = (axes.get_tightbbox() for axes in figure.axes)
        assert left.x0 >= 0
        assert left.x1 < right.x0
        assert right.x1 <= figure.bbox.x1


def test_in_axes_of_ones_own_there_is_the_whole_range_alone(study):
    axes = Figure().subplots()
    assert plots.plot_tangent(*study(), ax=axes) is axes.figure
    assert axes.figure.axes == [axes]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), study()[0])


def test_wrong_gradients_are_drawn_side_by_side_close_to_the_weight(study):
    weights, losses, weight, loss, gradient = study()
    slopes = {"turned round": -gradient, "summed": 5 * gradient}
    figure = plots.plot_wrong_tangents(weights, losses, weight, loss, slopes)
    for axes, (mistake, slope) in zip(figure.axes, slopes.items(), strict=True):
        curve, line, _ = axes.lines
        assert axes.get_title() == mistake
        assert np.polyfit(*line.get_data(), 1)[0] == pytest.approx(slope)
        assert np.ptp(curve.get_xdata()) <= 0.1 * np.ptp(weights)
        assert f"{mistake}, {slope:.3g}" in figure.alt
    assert [axes.get_legend() is None for axes in figure.axes] == [False, True]
