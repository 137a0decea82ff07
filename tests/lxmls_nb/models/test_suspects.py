"""The networks of the bug hunt: each is wrong in the way that its name says, and in no other."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb.models.suspects import (
    BUGS,
    HUNT,
    Suspect,
    compare_gradients,
    pull_back,
    reviews,
    suspects,
)


def ratios(bug, batch=None, **options):
    """Return the ratios of each layer, weights and biases together; None where no shape fits."""
    batch = batch or reviews()
    compared = compare_gradients(Suspect(bug, **options), **batch)
    pairs = zip(compared[::2], compared[1::2], strict=True)
    return [
        np.concatenate([each.ratios for each in pair]) if all(c.fits for c in pair) else None
        for pair in pairs
    ]


def first_review():
    return {key: values[:1] for key, values in reviews().items()}


def test_without_a_bug_gradients_are_right():
    torch = pytest.importorskip("torch")
    model, batch = Suspect(geometry=[4, 5, 3, 2], seed=1), reviews()
    tensors = [
        [torch.tensor(array, requires_grad=True) for array in pair] for pair in model.parameters
    ]
    value = torch.tensor(batch["input"])
    for number, (weight, bias) in enumerate(tensors, start=1):
        value = value @ weight.T + bias
        value = torch.sigmoid(value) if number < len(tensors) else value
    torch.nn.functional.cross_entropy(value, torch.tensor(batch["output"])).backward()
    for pair, claimed in zip(tensors, model.backpropagation(**batch), strict=True):
        for tensor, gradient in zip(pair, claimed, strict=True):
            np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-6, atol=1e-10)


def test_measured_gradients_are_right_too():
    for each in ratios(""):
        np.testing.assert_allclose(each, 1.0, rtol=1e-6)


def test_each_bug_is_hunted_once():
    assert sorted(HUNT) == sorted(BUGS)
    assert [each.bug for each in suspects()] == list(HUNT)
    assert len(set(BUGS.values())) == len(BUGS) == 8


@pytest.mark.parametrize("bug", BUGS)
def test_each_bug_makes_gradients_wrong(bug):
    layers = ratios(bug)
    assert any(each is None or not np.allclose(each, 1.0, rtol=1e-3) for each in layers)


@pytest.mark.parametrize(("bug", "factor"), [("sum", 6), ("sign", -1)])
def test_a_factor_is_the_same_everywhere(bug, factor):
    for each in ratios(bug):
        np.testing.assert_allclose(each, factor, rtol=1e-6)


@pytest.mark.parametrize("bug", ["sum", "one-example"])
def test_bugs_of_the_batch_are_not_seen_with_one_example(bug):
    for each in ratios(bug, first_review()):
        np.testing.assert_allclose(each, 1.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("bug", "first_right"), [("no-slope", 3), ("wrong-slope", 3), ("transposed", 2)]
)
def test_bugs_of_the_way_back_leave_later_layers_right(bug, first_right):
    layers = ratios(bug)
    for number, each in enumerate(layers, start=1):
        assert np.allclose(each, 1.0, rtol=1e-6) == (number >= first_right)


def test_what_the_chapter_says_of_these_networks():
    # The numbers that hints and reasons of Chapter 3c name.
    first, second, _ = ratios("no-slope")
    assert second.min() > 4
    assert first.min() > 16
    assert min(each.min() for each in ratios("wrong-slope")) > 0.99
    biases = compare_gradients(Suspect("no-indicator"), **reviews())[-1]
    assert (biases.claimed > 0).all()
    assert biases.claimed.sum() == pytest.approx(1)
    assert np.prod(biases.measured) < 0
    assert biases.measured.sum() == pytest.approx(0, abs=1e-8)
    weight = compare_gradients(Suspect("transposed"), **reviews())[0]
    assert weight.claimed[0, 0] == pytest.approx(
        weight.measured[0, 0], rel=0.05
    )  # a tangent, nearly


def test_another_order_shows_in_the_shapes():
    assert [each is None for each in ratios("order")] == [True, False, True]


def test_a_transpose_needs_a_square_weight():
    for each in ratios("transposed", geometry=[4, 3, 2]):
        np.testing.assert_allclose(each, 1.0, rtol=1e-6)


def test_no_other_bug_is_known():
    with pytest.raises(ValueError, match="there is no bug 'typo': choose from sign, sum"):
        Suspect("typo")


@pytest.mark.parametrize("bug", ["", *BUGS])
def test_nothing_is_changed(bug):
    model, batch = Suspect(bug), reviews()
    before = [[array.copy() for array in pair] for pair in model.parameters]
    compare_gradients(model, **batch)
    for pair, kept in zip(model.parameters, before, strict=True):
        for array, copy in zip(pair, kept, strict=True):
            np.testing.assert_array_equal(array, copy)
    for key, values in reviews().items():
        np.testing.assert_array_equal(batch[key], values)


def test_parameters_are_put_back_where_measuring_fails():
    model, batch = Suspect(), reviews()
    kept = model.parameters
    model.cross_entropy_loss = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        compare_gradients(model, **batch)
    assert model.parameters is kept


def test_an_error_is_pulled_back_row_by_row():
    random = np.random.RandomState(0)
    matrix, point, error = (random.normal(size=size) for size in ((3, 2), (5, 3), (5, 2)))
    found = pull_back(lambda value: value @ matrix, point, error)
    np.testing.assert_allclose(found, error @ matrix.T, rtol=1e-7)
