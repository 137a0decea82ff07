"""What the tests of figures share."""

from __future__ import annotations

import pytest

from tests.support.course import definitions


@pytest.fixture(scope="module")
def model():
    """Return a network whose gradients are those of the reference answer."""
    my_numpy_mlp = definitions("exercise_2_2")["MyNumpyMLP"]
    return my_numpy_mlp(geometry=[6, 4, 3], activation_functions=["sigmoid", "softmax"])
