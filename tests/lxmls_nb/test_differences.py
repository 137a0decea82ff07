"""The central difference that gradients and figures share."""

from __future__ import annotations

import numpy as np

from lxmls_nb.differences import central_difference


def test_it_is_as_exact_as_a_rule_of_five_points():
    point = np.array([0.3, -1.2, 2.0])
    derivative = central_difference(np.sin, point, np.ones(3), 1e-3)
    assert np.abs(derivative - np.cos(point)).max() < 1e-12


def test_a_stack_of_directions_gives_a_derivative_for_each():
    weight = np.arange(6.0).reshape(2, 3)
    directions = np.eye(6).reshape(6, 2, 3)
    squares = central_difference(lambda w: np.sum(w**2, axis=(1, 2)), weight, directions, 1e-3)
    assert np.allclose(squares, 2 * weight.ravel())


def test_rows_that_a_function_takes_on_their_own_are_moved_together():
    points = np.array([[0.3, -1.2], [2.0, 0.1], [0.0, 1.0]])
    first = central_difference(lambda x: x[:, 0] ** 2 * x[:, 1], points, np.array([1.0, 0.0]), 1e-3)
    assert np.allclose(first, 2 * points[:, 0] * points[:, 1])
