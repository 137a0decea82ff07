"""The scaffolds against an independent computation, their errors, saved parameters, handlers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from lxmls_nb.models import (
    Model,
    NumpyMLP,
    PytorchMLP,
    get_mlp_loss_range,
    get_mlp_parameter_handlers,
    glorot_weight_init,
    index2onehot,
)
from lxmls_nb.models.model import load_parameters, save_parameters

GEOMETRY = [6, 5, 4, 3]
SIGMOIDS = ["sigmoid", "sigmoid", "softmax"]
HIDDEN = {"sigmoid": torch.sigmoid, "relu": torch.relu}


def batch(size=7, features=6, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(size, features)), draw.integers(classes, size=size)


def network(kind=NumpyMLP, geometry=GEOMETRY, functions=SIGMOIDS, seed=1, **options):
    """Return a network with random biases too, which are zero at first."""
    model = kind(geometry, functions, **options)
    draw = np.random.default_rng(seed)
    for layer in model.parameters:
        bias = draw.normal(size=layer[1].shape)
        layer[1] = bias if kind is NumpyMLP else model.to_tensor(bias).requires_grad_()
    return model


def arrays(model):
    """Return all parameters in one flat list of NumPy arrays."""
    flat = [torch.as_tensor(array) for layer in model.parameters for array in layer]
    return [tensor.detach().cpu().numpy().copy() for tensor in flat]


def torch_log_probabilities(model, input):
    """Compute the forward pass with layers of torch.nn, in double precision."""
    out = torch.tensor(input)
    for (weight, bias), name in zip(model.parameters, model.activation_functions, strict=True):
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        layer.weight.data = torch.as_tensor(weight).detach().cpu().double()
        layer.bias.data = torch.as_tensor(bias).detach().cpu().double().reshape(-1)
        out = layer(out)
        out = torch.log_softmax(out, dim=1) if name == "softmax" else HIDDEN[name](out)
    return out.detach()


class TorchAnswer(PytorchMLP):
    def log_forward(self, input):
        out = self.to_tensor(input)
        for weight, bias in self.parameters[:-1]:
            out = torch.sigmoid(out @ weight.T + bias)
        weight, bias = self.parameters[-1]
        return torch.log_softmax(out @ weight.T + bias, dim=1)


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

    def test_backpropagation_is_the_exercise(self):
        with pytest.raises(NotImplementedError, match="needs your answer"):
            network().update(*batch())


@pytest.mark.parametrize("kind", [NumpyMLP, TorchAnswer])
class TestWrongUse:
    @pytest.mark.parametrize(
        ("geometry", "functions", "named"),
        [
            ([6], ["softmax"], r"\[6\]"),
            ([], [], r"\[\]"),
            ([6, 0, 3], ["sigmoid", "softmax"], r"\[6, 0, 3\]"),
            ([6, 2.5, 3], ["sigmoid", "softmax"], r"2\.5"),
            ([6, 5, 3], ["softmax"], r"2 layers.* 1 activation"),
            ([6, 5, 3], ["sigmoid", "sigmoid"], "'sigmoid'"),
            ([6, 5, 3], ["tanh", "softmax"], "'tanh'"),
            ([6, 5, 3], ["softmax", "softmax"], "'softmax'"),
        ],
    )
    def test_geometry_and_activation_functions(self, kind, geometry, functions, named):
        with pytest.raises(ValueError, match=named):
            kind(geometry, functions)

    @pytest.mark.parametrize(
        ("labels", "named"),
        [
            ([0, 1, 3], "label 3 is not one of the 3 classes"),
            ([0, -1, 2], "label -1"),
            ([0.0, 1.0, 2.0], "float64"),
            ([[0], [1], [2]], r"\(3, 1\)"),
        ],
    )
    def test_labels(self, kind, labels, named):
        input, _ = batch(size=3)
        with pytest.raises(ValueError, match=named):
            network(kind).cross_entropy_loss(input, np.array(labels))


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


def numerical_gradient(model, layer, kind, input, output, step=1e-5):
    """Return central differences of the loss in one array of parameters."""
    array = model.parameters[layer][kind]
    gradient = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        value = array[place]
        losses = []
        for array[place] in (value + step, value - step):
            losses.append(model.cross_entropy_loss(input, output))
        array[place] = value
        gradient[place] = (losses[0] - losses[1]) / (2 * step)
    return gradient


class TestSaved:
    @pytest.mark.parametrize("kind", [NumpyMLP, TorchAnswer])
    def test_round_trip(self, kind, tmp_path):
        saved = network(kind)
        saved.save(tmp_path / "folder" / "model.npz")
        loaded = kind(GEOMETRY, SIGMOIDS)
        loaded.load(tmp_path / "folder" / "model.npz")
        for one, other in zip(arrays(loaded), arrays(saved), strict=True):
            np.testing.assert_array_equal(one, other)
        assert loaded.cross_entropy_loss(*batch()) == saved.cross_entropy_loss(*batch())

    def test_from_pytorch_to_numpy_and_back(self, tmp_path):
        saved = network(TorchAnswer)
        saved.save(tmp_path / "model.npz")
        model = NumpyMLP(GEOMETRY, SIGMOIDS)
        model.load(tmp_path / "model.npz")
        model.save(tmp_path / "again.npz")
        loaded = TorchAnswer(GEOMETRY, SIGMOIDS)
        loaded.load(tmp_path / "again.npz")
        assert all(tensor.requires_grad for layer in loaded.parameters for tensor in layer)
        for one, other in zip(arrays(loaded), arrays(saved), strict=True):
            np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize("kind", [NumpyMLP, TorchAnswer])
    def test_other_geometry(self, kind, tmp_path):
        network().save(tmp_path / "model.npz")
        model = kind([6, 5, 3], ["sigmoid", "softmax"])
        before = arrays(model)
        with pytest.raises(ValueError, match=r"geometry \[6, 5, 4, 3\], not \[6, 5, 3\]"):
            model.load(tmp_path / "model.npz")
        for one, other in zip(arrays(model), before, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_any_damage_is_noticed(self, tmp_path):
        path = tmp_path / "model.npz"
        model = network(geometry=[2, 2], functions=["softmax"])
        model.save(path)
        expected, content = arrays(model), path.read_bytes()
        for place in range(len(content)):
            for damaged in (
                content[:place],
                content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :],
            ):
                path.write_bytes(damaged)
                try:
                    model.load(path)
                except ValueError as error:
                    named = str(path) in str(error)
                    assert named
                    continue
                # Nothing depends on this byte (a time stamp, say).
                for one, other in zip(arrays(model), expected, strict=True):
                    np.testing.assert_array_equal(one, other)

    def test_no_pickle_is_read(self, tmp_path):
        path = tmp_path / "model.npz"

        class Bomb:
            def __reduce__(self):
                return (pytest.fail, ("a pickle was loaded",))

        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(ValueError, match="no parameters"):
            load_parameters(path, [2, 2])
        bomb = np.empty(1, dtype=object)
        bomb[0] = Bomb()
        np.savez(path, weight_1=bomb, bias_1=bomb)
        with pytest.raises(ValueError, match="no parameters"):
            load_parameters(path, [2, 2])

    def test_no_pickle_is_written(self, tmp_path):
        objects = np.array([[None, 1]], dtype=object)
        with pytest.raises(ValueError, match="allow_pickle"):
            save_parameters(tmp_path / "model.npz", [[objects, objects]])
        assert list(tmp_path.iterdir()) == []

    def test_other_arrays(self, tmp_path):
        np.savez(tmp_path / "other.npz", weight_1=np.zeros((2, 2)), beta_1=np.zeros((1, 2)))
        with pytest.raises(ValueError, match="'bias_1'"):
            load_parameters(tmp_path / "other.npz", [2, 2])

    def test_no_file(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            NumpyMLP(GEOMETRY, SIGMOIDS).load(tmp_path / "model.npz")

    def test_failed_save_leaves_the_old_file(self, tmp_path):
        path = tmp_path / "model.npz"
        network().save(path)
        content = path.read_bytes()
        with pytest.raises(ValueError, match="allow_pickle"):
            save_parameters(path, [[np.array([None]), np.array([None])]])
        assert path.read_bytes() == content
        assert list(tmp_path.iterdir()) == [path]


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
        np.testing.assert_allclose(weights, np.linspace(value - 2, value + 2, 21))
        assert losses[10] == pytest.approx(model.cross_entropy_loss(input, output))
        slope = numerical_gradient(model, 1, 0, input, output)[2, 1]
        assert np.gradient(losses, weights)[10] == pytest.approx(slope, rel=0.05)
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


class TestGlorot:
    def test_values(self):
        span = np.sqrt(6 / 24)
        weight = glorot_weight_init((20, 4), "softmax")
        assert weight.shape == (4, 20)
        expected = np.random.RandomState(1234).uniform(-span, span, (4, 20))
        np.testing.assert_allclose(weight, expected)
        np.testing.assert_allclose(glorot_weight_init((20, 4), "sigmoid"), 4 * expected)
        np.testing.assert_allclose(glorot_weight_init((20, 4), "relu"), expected)

    def test_seed_moves_on(self):
        draw = np.random.RandomState(7)
        first = glorot_weight_init((3, 3), "softmax", draw)
        assert not np.array_equal(first, glorot_weight_init((3, 3), "softmax", draw))


def test_index2onehot():
    np.testing.assert_array_equal(
        index2onehot(np.array([2, 0, 2]), 3), [[0, 0, 1], [1, 0, 0], [0, 0, 1]]
    )
    with pytest.raises(ValueError, match="label 3 is not one of the 3 classes"):
        index2onehot(np.array([0, 3]), 3)


def test_models_say_what_they_lack():
    class Half(Model):
        pass

    with pytest.raises(NotImplementedError, match="Half"):
        Half().predict(np.zeros((1, 1)))
    with pytest.raises(NotImplementedError, match="Half"):
        Half().update(np.zeros((1, 1)), np.zeros(1))


def test_geometry_is_the_models_own():
    geometry, functions = list(GEOMETRY), list(SIGMOIDS)
    model = NumpyMLP(geometry, functions)
    geometry.append(9)
    functions.append("relu")
    assert model.geometry == GEOMETRY
    assert model.activation_functions == SIGMOIDS


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_parameters_that_are_no_numbers_are_refused(tmp_path, value):
    model = NumpyMLP([6, 3], ["softmax"])
    model.parameters[0][1][0, 1] = value
    model.save(tmp_path / "model.npz")
    with pytest.raises(ValueError, match="bias_1 holds values that are no finite numbers"):
        NumpyMLP([6, 3], ["softmax"]).load(tmp_path / "model.npz")


def test_as_many_labels_as_examples():
    with pytest.raises(ValueError, match="2 labels for 3 examples"):
        NumpyMLP([6, 3], ["softmax"]).cross_entropy_loss(np.zeros((3, 6)), np.array([0, 1]))


def test_gradients_that_do_not_fit_are_refused():
    class Flat(NumpyMLP):
        def backpropagation(self, input, output):
            return [[np.zeros((3, 6)), np.zeros(3)]]

    with pytest.raises(ValueError, match=r"shape \(3,\) does not fit .* \(1, 3\)"):
        Flat([6, 3], ["softmax"]).update(np.zeros((3, 6)), np.array([0, 1, 2]))
