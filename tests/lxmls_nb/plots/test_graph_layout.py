"""Layouts of computation graphs: plain data, computed without Matplotlib."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from lxmls_nb import plots
from lxmls_nb.models import NumpyMLP
from lxmls_nb.plots.graph_layout import RADIUS, layout_chain
from lxmls_nb.plots.network_graph import build_network_graph
from lxmls_nb.plots.network_layout import layout_network


def text_width(text, size):
    """Return a width in inches, as if all letters were equally wide."""
    return 0.007 * size * len(text)


def lay_out(geometry, with_batch=True, **options):
    """Return the layout of a network of sigmoids, of the first of two examples."""
    functions = ["sigmoid"] * (len(geometry) - 2) + ["softmax"]
    given = {"example": 0, "names": None, "class_names": None, "highlight": None}
    given["guesses"] = {}
    input = output = None
    if with_batch:
        input, output = np.ones((2, geometry[0])), np.array([geometry[-1] - 1, 0])
    parameters = NumpyMLP(geometry, functions).parameters
    graph = build_network_graph(parameters, functions, input, output, **(given | options))
    return layout_network(graph, text_width)


def words(layout, kind="plain"):
    return [text.text for text in layout.texts if text.kind == kind]


def edges(layout, *kinds):
    return [edge for edge in layout.edges if edge.kind in kinds]


@pytest.mark.parametrize("name", ["network_graph", "graph_layout", "network_layout"])
def test_layouts_do_without_matplotlib(name):
    source = Path(plots.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    imported = {node.module for node in nodes}
    assert imported <= {
        *("__future__", "collections.abc", "dataclasses", "itertools", "typing", "scipy.special"),
        *("lxmls_nb.differences", "lxmls_nb.guesses"),
        *("lxmls_nb.models.model", "lxmls_nb.models.numpy_mlp"),
        *("lxmls_nb.plots.graph_layout", "lxmls_nb.plots.network_graph"),
    }


def test_a_layout_is_not_changed_once_it_is_computed():
    layout = lay_out([2, 2])
    with pytest.raises(dataclasses.FrozenInstanceError):
        layout.width = 1.0
    assert layout == lay_out([2, 2])


def test_every_function_of_a_unit_has_a_node():
    layout = lay_out([2, 3, 2])
    columns = sorted({x for x, _ in layout.circles})
    counts = [sum(x == column for x, _ in layout.circles) for column in columns]
    assert counts == [2, 3, 2]  # the input and both linear functions
    *hidden, softmax, loss = layout.boxes
    assert len(hidden) == 3
    assert columns[1] < hidden[0].x < columns[2] < softmax.x < loss.x
    assert softmax.high - softmax.low > loss.high - loss.low == pytest.approx(2 * RADIUS)


def test_edges_end_at_the_nodes():
    layout = lay_out([2, 3, 2])
    weights = edges(layout, "positive", "negative")
    assert len(weights) == 2 * 3 + 3 * 2
    *hidden, softmax, loss = layout.boxes
    boxes = [(box.x, pytest.approx((box.low + box.high) / 2)) for box in hidden]
    for edge in weights:
        assert edge.end in layout.circles
        assert edge.start in [*layout.circles, *boxes]
        assert edge.start[0] < edge.end[0]
    classes = edges(layout, "right class", "other class")
    assert [edge.kind for edge in classes] == ["other class", "right class"]
    assert {edge.start[0] for edge in classes} == {softmax.x + softmax.half_width}
    assert {edge.end for edge in classes} == {(loss.x, (loss.low + loss.high) / 2)}


def test_the_widest_weight_of_a_layer_is_the_largest():
    weight = np.array([[2.0, -1.0], [0.5, 4.0]])
    graph = build_network_graph(
        [[weight, np.zeros((1, 2))]], ["softmax"], *(None, None, 0, None, None), None, {}
    )
    drawn = edges(layout_network(graph, text_width), "positive", "negative")
    assert [edge.width for edge in drawn] == pytest.approx([1.8, 1.2, 0.9, 3.0])
    assert [edge.kind for edge in drawn] == ["positive", "negative", "positive", "positive"]


def test_numbers_take_more_room_than_bare_nodes():
    bare, full = lay_out([2, 2], with_batch=False), lay_out([2, 2])
    assert full.height > bare.height
    for layout, row in ((bare, 0.75), (full, 1.0)):
        (_, upper), (_, lower) = layout.circles[:2]
        assert upper - lower == pytest.approx(row)
    assert words(bare, "forward") == words(bare, "error") == []
    assert len(words(full, "forward")) == 2 + 2 + 2 + 1
    assert len(words(full, "error")) == 2 + 1
    assert {kind for kind, _ in full.legend} - {kind for kind, _ in bare.legend} == {
        "forward",
        "error",
    }


def test_long_names_move_the_graph_to_the_right():
    short, long = lay_out([2, 2], names=["a", "b"]), lay_out([2, 2], names=["a", "b" * 12])
    moved = text_width("b" * 12, 9) - text_width("a", 9)
    assert long.width - short.width == pytest.approx(moved)
    for (x, y), (new_x, new_y) in zip(short.circles, long.circles, strict=True):
        assert (new_x - x, new_y) == (pytest.approx(moved), y)


def test_of_a_large_layer_the_first_units_and_dots_are_shown():
    layout = lay_out([2, 30, 2])
    linear, sigmoid = layout.dots  # both functions of the layer
    assert linear[0] < sigmoid[0]
    hidden = [y for x, y in layout.circles if x == linear[0]]
    assert len(hidden) == 4
    assert linear[1] < min(hidden)
    assert words(layout).count("30 units") == 2


def test_weights_are_written_where_there_is_room():
    assert lay_out([2, 3, 2]).written_layers == {1, 2}
    assert len(words(lay_out([2, 3, 2]), "weight")) == 12
    crowded = lay_out([4, 4, 2])
    assert crowded.written_layers == {2}
    assert len(words(crowded, "weight")) == 8
    assert lay_out([2, 5, 2]).written_layers == set()  # ten weights are too many


def test_a_highlighted_weight_is_the_only_one_that_is_written_and_not_faint():
    layout = lay_out([2, 3, 2], highlight=(0, 1, 0))
    drawn = edges(layout, "positive", "negative")
    assert [number for number, edge in enumerate(drawn) if not edge.faint] == [2]
    assert len(words(layout, "weight")) == 1
    assert layout.written_layers == set()
    assert layout.height > lay_out([2, 3, 2]).height  # the formulas stand on top
    assert [text.y > max(y for _, y in layout.circles) for text in layout.texts].count(True) >= 2


def test_everything_is_inside_of_the_picture():
    layout = lay_out([6, 4, 3], names=["a long name"] * 6, class_names=["positive"] * 3)
    for text in layout.texts:
        assert 0 < text.x < layout.width
        assert 0 < text.y < layout.height
    for box in layout.boxes:
        assert 0 < box.x - box.half_width < box.x + box.half_width < layout.width
        assert 0 < box.low < box.high < layout.height


def test_a_chain_stands_in_a_row():
    layout = layout_chain(["exp", "a longer name"], "xyz", [0, 1, 2], [3, 2, 1], [4, 5], text_width)
    ((x, y),) = layout.circles
    first, second = layout.boxes
    assert x < first.x < second.x
    assert RADIUS < y < layout.height - RADIUS
    assert {(box.low + box.high) / 2 for box in layout.boxes} == {y}
    assert second.half_width > first.half_width  # as wide as the name
    assert [start[0] for start, _ in layout.arrows] == [x + RADIUS, first.x + first.half_width]
    assert words(layout, "forward") == ["$x$ = 0", "$y$ = 1", "$z$ = 2"]
    assert words(layout, "error") == ["← 3", "← 2", "← 1"]
    assert {"× 4", "× 5"} <= set(words(layout))
    assert layout.edges == ()
