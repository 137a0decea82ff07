"""What networks share: their errors, saved parameters, first weights."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from lxmls_nb.models import Model, NumpyMLP, glorot_weight_init, index2onehot
from lxmls_nb.models.model import load_parameters, save_parameters
from tests.support.networks import GEOMETRY, SIGMOIDS, TorchAnswer, arrays, batch, network


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
            return [[np.zeros((3, 6)), np.zeros(4)]]

    with pytest.raises(ValueError, match=r"shape \(4,\) does not fit .* \(1, 3\)"):
        Flat([6, 3], ["softmax"]).update(np.zeros((3, 6)), np.array([0, 1, 2]))
