"""The explorer of tangent figures: what can be chosen, and what is drawn then."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import plots
from lxmls_nb.errors import NotAttempted
from lxmls_nb.models import NumpyMLP

ipywidgets = pytest.importorskip("ipywidgets")

WORDS = ["a", "bad", "$5", "nothing", "good", "book"]


@pytest.fixture(scope="module")
def batch():
    """Counts of words, of which the fourth does not occur."""
    input = np.array([[1, 0, 1, 0, 2, 0], [0, 1, 0, 0, 3, 1], [1, 0, 0, 0, 1, 0]], dtype=float)
    return {"input": input, "output": np.array([0, 1, 2])}


@pytest.fixture
def notebook(monkeypatch):
    """As in a notebook: there are widgets."""
    monkeypatch.setattr("lxmls_nb.plots.explorer._widgets", lambda: ipywidgets)


def parts(box):
    """Return the controls of layer, row, word and unit, and the picture."""
    controls, picture = box.children
    return *controls.children, picture


def shown(control) -> bool:
    return control.layout.display != "none"


def test_it_is_a_static_figure_where_there_is_no_notebook(model, batch):
    figure = plots.tangent_explorer(model, batch, layer=0, row=1, column=2)
    assert "row 1, column 2" in figure.alt


@pytest.mark.usefixtures("notebook")
class TestControls:
    def test_words_of_the_batch_are_offered_by_their_counts(self, model, batch):
        box = plots.tangent_explorer(model, batch, layer=0, row=1, vocabulary=WORDS)
        _, _, word, unit, picture = parts(box)
        assert word.description == "word"
        assert [label for label, _ in word.options] == [
            *("good (6)", "a (2)", "bad (1)", "$5 (1)", "book (1)")
        ]
        assert (shown(word), shown(unit)) == (True, False)
        assert "row 1, column 4: “good”." in picture.value
        word.label = "$5 (1)"
        assert "row 1, column 2: “$5”." in picture.value

    def test_numbers_of_columns_that_occur_are_offered_without_a_vocabulary(self, model, batch):
        _, _, column, _, picture = parts(plots.tangent_explorer(model, batch, layer=0))
        assert column.description == "column"
        assert column.options == tuple((str(place), place) for place in (0, 1, 2, 4, 5))
        assert "row 0, column 0. " in picture.value

    def test_a_feature_that_does_not_occur_can_be_asked_for(self, model, batch):
        box = plots.tangent_explorer(model, batch, layer=0, column=3, vocabulary=WORDS)
        _, _, word, _, picture = parts(box)
        assert word.label == "nothing (not in this batch)"
        assert "nats, flat" in picture.value

    def test_a_batch_without_features_offers_one(self, model):
        empty = {"input": np.zeros((2, 6)), "output": np.array([0, 1])}
        _, _, word, _, _ = parts(plots.tangent_explorer(model, empty, layer=0, vocabulary=WORDS))
        assert [label for label, _ in word.options] == ["a (not in this batch)"]

    def test_other_layers_offer_their_units(self, model, batch):
        box = plots.tangent_explorer(model, batch, layer=1, row=2, vocabulary=WORDS)
        layer, row, word, unit, picture = parts(box)
        assert (shown(word), shown(unit)) == (False, True)
        assert (row.max, unit.max) == (2, 3)
        unit.value = 3
        assert "layer_index 1, row 2, column 3. " in picture.value
        layer.value = 0
        assert (shown(word), shown(unit)) == (True, False)
        assert "layer_index 0, row 2, column 4: “good”." in picture.value

    def test_it_remembers_what_was_chosen_in_a_layer(self, model, batch):
        box = plots.tangent_explorer(model, batch, layer=0, row=3, column=5, vocabulary=WORDS)
        layer, row, _, unit, picture = parts(box)
        layer.value = 1  # it has three rows
        assert "layer_index 1, row 2, column 0. " in picture.value
        row.value, unit.value = 1, 3
        layer.value = 0
        assert "layer_index 0, row 3, column 5: “book”." in picture.value
        layer.value = 1  # its own row, and not the largest that it has
        assert "layer_index 1, row 1, column 3. " in picture.value

    def test_another_layer_is_drawn_once(self, model, batch, monkeypatch):
        layer, *_ = parts(plots.tangent_explorer(model, batch, layer=0, row=3))
        drawn = []
        draw = plots.explorer.draw_tangent
        monkeypatch.setattr(
            "lxmls_nb.plots.explorer.draw_tangent",
            lambda *arguments: drawn.append(1) or draw(*arguments),
        )
        layer.value = 1
        assert len(drawn) == 1

    def test_controls_wrap_on_a_narrow_screen(self, model, batch):
        controls, _ = plots.tangent_explorer(model, batch).children
        assert controls.layout.flex_flow == "row wrap"

    def test_an_error_of_an_answer_is_shown(self, batch):
        class Moody(NumpyMLP):
            def backpropagation(self, input, output):
                if hasattr(self, "tired"):
                    raise ValueError("1 < 2")
                return [[np.zeros((4, 6)), None], [np.zeros((3, 4)), None]]

        model = Moody([6, 4, 3], ["sigmoid", "softmax"])
        _, row, _, _, picture = parts(plots.tangent_explorer(model, batch))
        model.tired = True
        row.value = 1
        assert picture.value == "<pre>ValueError: 1 &lt; 2</pre>"

    def test_the_figure_is_shown_where_widgets_do_not_run(self, model, batch):
        bundle = plots.tangent_explorer(model, batch, layer=0, row=1, column=5)._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["text/html"].startswith("<img ")
        assert "row 1, column 5" in bundle["text/plain"]


def test_a_gradient_that_is_not_written_is_not_attempted(batch):
    class LastLayer(NumpyMLP):
        def backpropagation(self, input, output):
            return [[None, None], [np.zeros((3, 4)), np.zeros((1, 3))]]

    model = LastLayer([6, 4, 3], ["sigmoid", "softmax"])
    with pytest.raises(NotAttempted, match="layer 1"):
        plots.tangent_explorer(model, batch, layer=0)


def test_gradients_that_are_not_returned_are_told(batch):
    class Forgotten(NumpyMLP):
        def backpropagation(self, input, output):
            pass

    with pytest.raises(ValueError, match="`return` missing in backpropagation"):
        plots.tangent_explorer(Forgotten([6, 4, 3], ["sigmoid", "softmax"]), batch, layer=0)


@pytest.mark.parametrize(
    ("place", "match"),
    [({"row": 99}, "row 99"), ({"column": 99}, "column 99"), ({"layer": 2}, "2")],
)
def test_a_weight_that_is_not_there_is_refused(model, batch, place, match):
    with pytest.raises(IndexError, match=match):
        plots.tangent_explorer(model, batch, **{"layer": 0} | place)


def test_a_vocabulary_of_another_length_is_refused(model, batch):
    with pytest.raises(ValueError, match="2 words, and the batch 6 features"):
        plots.tangent_explorer(model, batch, vocabulary=["a", "b"])
