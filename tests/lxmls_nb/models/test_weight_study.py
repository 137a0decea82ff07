"""The handlers that change one weight of a network."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb.models import get_mlp_loss_range, get_mlp_parameter_handlers
from tests.support.networks import arrays, batch, network, numerical_gradient


class TestWeightStudy:
    @pytest.mark.parametrize(
        ("where", "found"),
        [
            ({"layer_index": 1, "row": 3, "column": 2}, lambda p: p[1][0][3, 2]),
            ({"layer_index": 0, "is_bias": True, "column": 4}, lambda p: p[0][1][0, 4]),
            ({"layer_index": 2, "is_bias": True, "row": 9, "column": 2}, lambda p: p[2][1][0, 2]),
        ],
    )
    def test_handlers(self, where, found):
        model = network()
        before = arrays(model)
        get_parameter, set_parameter = get_mlp_parameter_handlers(**where)
        assert get_parameter(model.parameters) == found(model.parameters)
        changed = set_parameter(model.parameters, 42.0)
        assert found(changed) == get_parameter(changed) == 42.0
        flat = [array for layer in changed for array in layer]
        different = sum((one != other).sum() for one, other in zip(flat, before, strict=True))
        assert different == 1
        for one, other in zip(arrays(model), before, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_a_bias_gradient_of_one_dimension_is_read(self):
        get_parameter, _ = get_mlp_parameter_handlers(is_bias=True, row=7, column=2)
        assert get_parameter([[np.zeros((4, 5)), np.arange(4.0)]]) == 2

    @pytest.mark.parametrize(
        ("gradients", "match"),
        [(None, "`return` missing"), ([[np.zeros((5, 4)), np.zeros((1, 4))]], "transposed")],
    )
    def test_gradients_that_are_not_there_are_told(self, gradients, match):
        get_parameter, _ = get_mlp_parameter_handlers(row=1, column=4)
        with pytest.raises((ValueError, IndexError), match=match):
            get_parameter(gradients)

    def test_loss_range(self):
        model = network()
        kept, before = model.parameters, arrays(model)
        input, output = batch()
        get_parameter, set_parameter = get_mlp_parameter_handlers(layer_index=1, row=2, column=1)
        weights, losses = get_mlp_loss_range(
            model,
            get_parameter,
            set_parameter,
            {"input": input, "output": output},
            span=2,
            num_values=21,
        )
        value = get_parameter(kept)
        assert (weights[0], weights[-1]) == pytest.approx((value - 2, value + 2))
        assert np.all(np.diff(weights) > 0)
        assert np.mean(np.abs(weights - value) <= 0.2) > 0.4, "too few where tangency is seen"
        assert losses[10] == pytest.approx(model.cross_entropy_loss(input, output))
        slope = numerical_gradient(model, 1, 0, input, output)[2, 1]
        assert np.gradient(losses, weights)[10] == pytest.approx(slope, rel=0.01)
        assert model.parameters is kept
        for one, other in zip(arrays(model), before, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_loss_range_restores_after_an_error(self):
        model = network()
        kept = model.parameters
        handlers = get_mlp_parameter_handlers()
        with pytest.raises(ValueError, match="label 9"):
            get_mlp_loss_range(
                model, *handlers, {"input": batch()[0], "output": np.full(7, 9)}, num_values=3
            )
        assert model.parameters is kept
