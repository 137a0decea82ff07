"""From the parameters of a module to the mistake in them."""

from __future__ import annotations

import pytest

from lxmls_nb.checks.mistakes.modules import Parameters, name_parameters


@pytest.mark.parametrize(
    ("shapes", "about", "key"),
    [
        ([], {"is_module": False}, "no-module"),
        ([], {"initialised": False, "tensors": ["weight"]}, "super-init"),
        ([], {"tensors": ["weight", "bias"]}, "plain-tensor"),
        ([[1, 3]], {"tensors": ["weight"]}, "plain-tensor"),
        ([], {"hidden": ["layers"]}, "hidden-parameters"),
        ([], {}, "no-parameters"),
        ([[3, 5]], {}, "no-bias-parameter"),
        ([[5, 3]], {}, "no-bias-parameter"),
        ([[3]], {}, "no-weight-parameter"),
        ([[20, 5], [20], [3, 20], [3]], {}, "hidden-layer"),
        ([[3, 5], [3], [1]], {}, "too-many-parameters"),
        ([[5, 3], [5]], {}, "exchanged-sizes"),
        ([[5, 3], [3]], {}, "exchanged-sizes"),
        ([[3, 5], [1]], {}, "bias-size"),
        ([[2, 8], [2]], {}, "fixed-sizes"),
    ],
)
def test_each_mistake_has_its_word(shapes, about, key):
    found = name_parameters(Parameters(sizes=(5, 3), shapes=shapes, **about))
    assert found.mistake.key == key
    assert "{" not in found.sentence()
