"""The network in NumPy against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lxmls_nb.errors import NotAttempted
from lxmls_nb.models import NumpyMLP, glorot_weight_init
from tests.support.networks import (
    GEOMETRY,
    SIGMOIDS,
    arrays,
    batch,
    network,
    torch_log_probabilities,
)


class TestNumpyMLP:
    @pytest.mark.parametrize(
        ("geometry", "functions"),
        [
            ([6, 3], ["softmax"]),
            (GEOMETRY, SIGMOIDS),
            (GEOMETRY, ["relu", "sigmoid", "softmax"]),
            ([6, 6, 6], ["relu", "softmax"]),
        ],
    )
    def test_forward_and_loss(self, geometry, functions):
        model = network(geometry=geometry, functions=functions)
        input, output = batch(classes=geometry[-1])
        expected = torch_log_probabilities(model, input)
        log_probabilities, layer_inputs = model.log_forward(input)
        np.testing.assert_allclose(log_probabilities, expected, rtol=1e-10)
        assert [z.shape for z in layer_inputs] == [(7, size) for size in geometry[:-1]]
        np.testing.assert_array_equal(layer_inputs[0], input)
        np.testing.assert_array_equal(model.predict(input), expected.argmax(dim=1))
        loss = torch.nn.functional.nll_loss(expected, torch.tensor(output))
        assert model.cross_entropy_loss(input, output) == pytest.approx(float(loss), rel=1e-10)

    def test_extreme_logits(self):
        model = NumpyMLP([1, 2], ["softmax"])
        model.parameters = [[np.array([[1e4], [-1e4]]), np.zeros((1, 2))]]
        log_probabilities, _ = model.log_forward(np.ones((1, 1)))
        np.testing.assert_array_equal(log_probabilities, [[0, -2e4]])

    def test_parameters(self):
        model = NumpyMLP(GEOMETRY, SIGMOIDS)
        draw = np.random.RandomState(1234)  # shared by the layers
        for (weight, bias), size_in, size_out, name in zip(
            model.parameters, GEOMETRY[:-1], GEOMETRY[1:], SIGMOIDS, strict=True
        ):
            np.testing.assert_array_equal(
                weight, glorot_weight_init((size_in, size_out), name, draw)
            )
            np.testing.assert_array_equal(bias, np.zeros((1, size_out)))

    def test_update(self):
        class Known(NumpyMLP):
            def backpropagation(self, input, output):
                return [[np.full_like(w, 2), np.full_like(b, 3)] for w, b in self.parameters]

        model = Known([6, 3], ["softmax"], learning_rate=0.1)
        kept = [array for layer in model.parameters for array in layer]
        before = arrays(model)
        model.update(*batch())
        np.testing.assert_allclose(model.parameters[0][0], before[0] - 0.2)
        np.testing.assert_allclose(model.parameters[0][1], before[1] - 0.3)
        for array, value in zip(kept, before, strict=True):  # whoever kept the old ones has them
            np.testing.assert_array_equal(array, value)

    def test_update_takes_bias_gradients_of_one_dimension(self):
        class Flat(NumpyMLP):
            def backpropagation(self, input, output):
                return [[np.zeros_like(w), np.arange(3.0)] for w, _ in self.parameters]

        model = Flat([6, 3], ["softmax"], learning_rate=0.1)
        model.update(*batch())
        np.testing.assert_allclose(model.parameters[0][1], [[0, -0.1, -0.2]])
        model.backpropagation = lambda *_: [[np.zeros((3, 6)), np.zeros((3, 1))]]
        with pytest.raises(ValueError, match=r"gradient of shape \(3, 1\) does not fit"):
            model.update(*batch())

    def test_backpropagation_is_the_exercise(self):
        with pytest.raises(NotImplementedError, match="needs your answer"):
            network().update(*batch())


@pytest.mark.parametrize("last", [[None, None], None, [np.zeros((3, 4)), None]])
def test_an_answer_that_is_written_in_part_is_no_error_of_shapes(last):
    class Part(NumpyMLP):
        def backpropagation(self, input, output):
            return [last, [np.zeros((2, 3)), np.zeros((1, 2))]]

    model = Part(geometry=[4, 3, 2], activation_functions=["sigmoid", "softmax"])
    before = [array for pair in model.parameters for array in pair]
    with pytest.raises(NotAttempted, match="gives no gradient of layer 1"):
        model.update(np.ones((2, 4)), np.array([0, 1]))
    after = [array for pair in model.parameters for array in pair]
    assert all(one is two for one, two in zip(before, after, strict=True))
