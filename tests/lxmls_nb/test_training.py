"""The epoch loop: what it records, prints and hands to a model."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb.data import AmazonData, SentimentCorpus
from lxmls_nb.training import accuracy, train


@pytest.fixture(scope="module")
def sets() -> AmazonData:
    return AmazonData(SentimentCorpus("snippets"))


class Recorder:
    """A model that says that everything is negative, and notes what it is given."""

    def __init__(self):
        self.batches = []

    def update(self, input, output):
        self.batches.append((input, output))

    def predict(self, input):
        assert len(input) == 400
        return np.ones(400, dtype=int)


def test_history(sets):
    model = Recorder()
    history = train(model.update, model.predict, sets, num_epochs=3, batch_size=100, verbose=False)
    assert history.accuracies == [50.0] * 4
    assert len(history.seconds) == 3
    assert all(seconds > 0 for seconds in history.seconds)


def test_batches_in_order(sets):
    model = Recorder()
    train(model.update, model.predict, sets, num_epochs=2, batch_size=300, verbose=False)
    sizes = [len(output) for _, output in model.batches]
    assert sizes == 2 * [300, 300, 300, 300, 300, 100]
    expected = list(sets.batches("train", batch_size=300))
    for (input, output), batch in zip(model.batches, 2 * expected, strict=True):
        np.testing.assert_array_equal(input, batch["input"])
        np.testing.assert_array_equal(output, batch["output"])


def test_accuracy_is_that_of_the_test_set(sets):
    output = sets.batches("test")[0]["output"]
    guess = output.copy()
    guess[:100] = 1 - guess[:100]
    assert accuracy(lambda input: guess, sets) == 75.0
    with pytest.raises(ZeroDivisionError):  # errors of a model are seen
        accuracy(lambda input: 1 / 0, sets)


def test_prints(sets, capfd):
    model = Recorder()
    train(model.update, model.predict, sets, num_epochs=2, batch_size=800)
    captured = capfd.readouterr()
    assert captured.err == ""
    assert "Initial accuracy 50.00 %" in captured.out
    assert "Epoch  1: accuracy 50.00 %" in captured.out
    assert "Epoch  2: accuracy 50.00 %" in captured.out


def test_silent(sets, capfd):
    model = Recorder()
    train(model.update, model.predict, sets, num_epochs=1, batch_size=800, verbose=False)
    assert capfd.readouterr() == ("", "")


def test_no_epochs(sets):
    model = Recorder()
    history = train(model.update, model.predict, sets, num_epochs=0, verbose=False)
    assert history.accuracies == [50.0]
    assert history.seconds == []
    assert model.batches == []


def test_the_environment_can_shorten_a_training(monkeypatch, capsys):
    monkeypatch.setenv("LXMLS_NB_EPOCHS", "2")
    data = AmazonData(SentimentCorpus("snippets"))
    history = train(lambda **_: None, lambda input: np.zeros(len(input), int), data, num_epochs=5)
    assert len(history.seconds) == 2
    assert "Only 2 of 5 epochs" in capsys.readouterr().out
    monkeypatch.setenv("LXMLS_NB_EPOCHS", "two")
    with pytest.raises(ValueError, match="two"):
        train(lambda **_: None, lambda input: np.zeros(len(input), int), data)


@pytest.mark.parametrize("epochs", ["3", 2.5, -1, None, True])
def test_a_wrong_number_of_epochs_is_named_before_anything_starts(sets, epochs):
    """Else the progress bar is left half made, and no later training works."""
    model = Recorder()
    with pytest.raises(ValueError, match=f"not {epochs!r}"):
        train(model.update, model.predict, sets, num_epochs=epochs)
    assert model.batches == []
