"""The random problems that answers are tried on."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb.checks.problems import forward, make_problem


@pytest.mark.parametrize(
    ("geometry", "batch_size"), [([5, 3], 7), ([5, 4, 3], 5), ([6, 5, 3], 7), ([4, 6, 5, 4], 5)]
)
def test_exponentials_of_large_logits_overflow(geometry, batch_size):
    """Whoever takes the softmax apart has to learn of it, whatever the numbers."""
    for seed in range(300):
        logits = forward(make_problem(geometry, batch_size, 3000.0, seed)).linear[-1]
        with np.errstate(over="ignore"):
            assert np.isinf(np.exp(logits.max())), seed


def test_those_of_the_visible_tests_do():
    for geometry in ([5, 3], [6, 5, 3]):
        for seed in (0, 1):
            logits = forward(make_problem(geometry, 7, 1000.0, seed)).linear[-1]
            with np.errstate(over="ignore"):
                assert np.isinf(np.exp(logits.max())), (geometry, seed)


def test_a_scale_changes_the_last_layer_alone():
    plain, large = make_problem([6, 5, 3], 7), make_problem([6, 5, 3], 7, 1000.0)
    for array, same in zip(plain.parameters[0], large.parameters[0], strict=True):
        assert np.array_equal(array, same)
    for array, scaled in zip(plain.parameters[1], large.parameters[1], strict=True):
        assert np.array_equal(np.abs(scaled), np.abs(array) * 1000)
    assert np.array_equal(plain.input, large.input)
