"""Graphs of nodes side by side: every node once, nothing on top of another, arrows downwards."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
import torch
from matplotlib.patches import FancyBboxPatch

from lxmls_nb.plots import plot_backward_graphs


def node(name, *parents):
    return SimpleNamespace(name=name, parents=parents)


def diamond():
    """A graph with a short way and a long one to the same node, and a leaf that is used twice."""
    x = node("x")
    w = node("w", x, node("b"))
    return node("loss", w, node("u", node("v", w), x))


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def boxes(figure):
    return [patch.get_bbox() for patch in figure.axes[0].patches if type(patch) is FancyBboxPatch]


def arrows(figure):
    """Return the ends of the arrows, from and to."""
    return [(t.xyann, t.xy) for t in figure.axes[0].texts if not t.get_text()]


@pytest.fixture(scope="module")
def figure():
    return plot_backward_graphs({"Yours": diamond(), "Another": node("alone")})


class TestNodes:
    def test_each_node_is_there_once(self, figure):
        assert sorted(words(figure)) == sorted(
            ["Yours", "Another", "loss", "w", "u", "v", "x", "b", "alone"]
        )
        assert len(boxes(figure)) == 7

    def test_nothing_lies_on_top_of_another(self, figure):
        for one, two in itertools.combinations(boxes(figure), 2):
            assert not one.overlaps(two)
        width = figure.get_figwidth()
        assert all(box.x0 > 0 and box.x1 < width and box.y0 > 0 for box in boxes(figure))

    def test_arrows_run_from_box_to_box_and_downwards(self, figure):
        found = arrows(figure)
        assert len(found) == 7  # loss: w, u; w: x, b; u: v, x; v: w
        for start, end in found:
            assert start[1] > end[1]
            assert any(box.y0 == pytest.approx(start[1]) for box in boxes(figure))
            assert any(box.y1 == pytest.approx(end[1]) for box in boxes(figure))

    def test_words_tell_all_of_it(self, figure):
        assert figure.alt == (
            "Yours, a graph of 6 nodes. Errors go from loss to w and u; from u to v and x; from v "
            "to w; from w to x and b. Another, a graph of 1 node."
        )


class TestTensors:
    def test_names_are_those_of_pytorch(self):
        weight = torch.ones(2, 2, requires_grad=True)
        bias = torch.ones(1, 2, requires_grad=True)
        loss = (torch.ones(3, 2) @ weight + bias).sigmoid().sum()
        figure = plot_backward_graphs({"PyTorch's": loss}, {"W": weight})
        assert words(figure) == [
            *("PyTorch's", "SumBackward0", "SigmoidBackward0", "AddBackward0"),
            *("AccumulateGrad", "MmBackward0", "AccumulateGrad: W"),
        ]
        assert "from MmBackward0 to AccumulateGrad: W" in figure.alt
