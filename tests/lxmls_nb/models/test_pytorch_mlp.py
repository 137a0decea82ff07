"""The network in PyTorch against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lxmls_nb.models import NumpyMLP, PytorchMLP
from tests.support.networks import (
    GEOMETRY,
    SIGMOIDS,
    TorchAnswer,
    arrays,
    batch,
    network,
    numerical_gradient,
    torch_log_probabilities,
)


def test_pytorch_mlp_knows_no_relu():
    with pytest.raises(ValueError, match="'relu'"):
        PytorchMLP([6, 5, 3], ["relu", "softmax"])


def test_pytorch_mlp_has_no_such_device():
    with pytest.raises(ValueError, match="'moon'"):
        PytorchMLP([6, 3], ["softmax"], device="moon")


class TestPytorchMLP:
    @pytest.fixture
    def model(self):
        return network(TorchAnswer, device="cpu")

    def test_same_first_parameters_as_in_numpy(self):
        expected = arrays(NumpyMLP(GEOMETRY, SIGMOIDS))
        for found, array in zip(arrays(TorchAnswer(GEOMETRY, SIGMOIDS)), expected, strict=True):
            np.testing.assert_array_equal(found, array.astype(np.float32))

    def test_predict_and_loss(self, model):
        input, output = batch()
        expected = torch_log_probabilities(model, input)
        np.testing.assert_array_equal(model.predict(input), expected.argmax(dim=1))
        loss = torch.nn.functional.nll_loss(expected, torch.tensor(output))
        assert model.cross_entropy_loss(input, output) == pytest.approx(float(loss), rel=1e-5)

    def test_gradients_twice(self, model):
        input, output = batch()
        first, second = model.gradients(input, output), model.gradients(input, output)
        twin = network()  # the same parameters, in double precision
        for layer, (pair, again) in enumerate(zip(first, second, strict=True)):
            for kind in range(2):
                np.testing.assert_array_equal(pair[kind], again[kind])
                assert type(pair[kind]) is np.ndarray
                expected = numerical_gradient(twin, layer, kind, input, output)
                np.testing.assert_allclose(pair[kind], expected, atol=1e-6)

    def test_update(self, model):
        input, output = batch()
        before = arrays(model)
        steps = [0.05 * array for pair in model.gradients(input, output) for array in pair]
        loss = model.cross_entropy_loss(input, output)
        assert model.update(input, output) == pytest.approx(loss)
        for now, old, step in zip(arrays(model), before, steps, strict=True):
            np.testing.assert_allclose(now, old - step, atol=1e-7)

    def test_two_updates_do_not_add_up(self, model):
        model.update(*batch(seed=3))
        fresh = network(TorchAnswer, device="cpu")
        for ours, theirs in zip(fresh.parameters, model.parameters, strict=True):
            for ours_one, theirs_one in zip(ours, theirs, strict=True):
                ours_one.data = theirs_one.detach().clone()
        model.update(*batch(seed=4))
        fresh.update(*batch(seed=4))
        for one, other in zip(arrays(model), arrays(fresh), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_cut_graph(self):
        class Cut(TorchAnswer):
            def log_forward(self, input):
                return super().log_forward(input).detach()

        model = Cut(GEOMETRY, SIGMOIDS)
        for method in (model.gradients, model.update):
            with pytest.raises(ValueError, match="cut it off"):
                method(*batch())

    def test_unused_parameter(self):
        class WithoutBias(TorchAnswer):
            def log_forward(self, input):
                self_bias = self.parameters[1][1]
                self.parameters[1][1] = torch.zeros_like(self_bias)
                try:
                    return super().log_forward(input)
                finally:
                    self.parameters[1][1] = self_bias

        with pytest.raises(ValueError, match="bias of layer 2 plays no part"):
            WithoutBias(GEOMETRY, SIGMOIDS).gradients(*batch())

    def test_input_is_not_shared(self, model):
        input = batch()[0].astype(np.float32)
        tensor = model.to_tensor(input)
        assert not tensor.requires_grad
        tensor += 1
        np.testing.assert_array_equal(input, batch()[0].astype(np.float32))

    def test_gradients_are_not_shared(self, model):
        input, output = batch()
        first = model.gradients(input, output)
        kept = first[0][0].copy()
        first[0][0][:] = 0
        np.testing.assert_array_equal(model.gradients(input, output)[0][0], kept)

    def test_log_forward_is_the_exercise(self):
        with pytest.raises(NotImplementedError, match="needs your answer"):
            PytorchMLP([6, 3], ["softmax"]).predict(batch()[0])
