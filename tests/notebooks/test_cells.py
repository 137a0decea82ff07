"""What single cells of the exercises do: run without a kernel, one after the other."""

from __future__ import annotations

import ast
import re
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from tests.support.course import NOTEBOOKS, release, source
from tests.support.submissions import reference_answers


def code(notebook: str, cell: str) -> str:
    return next(each.source for each in release(notebook).cells if each.id == cell)


def execute(text: str, names: dict):
    """Run code, and return the value of the expression at its end, as a notebook shows it."""
    *body, last = ast.parse(text).body
    exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    exec(compile(ast.Module([last], []), "<cell>", "exec"), names)
    return None


@pytest.fixture
def backpropagation(monkeypatch):
    """Exercise 2.2 up to the tangent figure, with an answer that has the wrong sign."""
    monkeypatch.setenv("LXMLS_NB_CORPUS", "snippets")
    names: dict = {"__name__": "__main__"}
    right = reference_answers(source("exercise_2_2"))["numpy-backpropagation"]
    wrong = right.replace("return gradients", "return [[-w, -b] for w, b in gradients]")
    for cell in ("imports", "data", "network"):
        execute(code("exercise_2_2", cell), names)
    execute(wrong, names)
    execute(code("exercise_2_2", "loss-range"), names)
    return names, right


def slope(figure) -> float:
    return float(re.search(r"slope of the gradient, (\S+)\.", figure.alt)[1])


@pytest.mark.parametrize("cell", ["tangent-figure", "tangent-explorer"])
def test_a_figure_shows_the_class_as_it_is_now(backpropagation, cell):
    names, right = backpropagation
    before = slope(execute(code("exercise_2_2", cell), names))
    execute(right, names)
    after = slope(execute(code("exercise_2_2", cell), names))
    assert before == -after != 0
    # Nor does training change it.
    names["model"].update(**names["batch"])
    assert slope(execute(code("exercise_2_2", cell), names)) == after


def test_the_explorer_begins_with_the_most_frequent_word(backpropagation, capsys):
    names, _ = backpropagation
    execute(code("exercise_2_2", "words"), names)
    first = re.search(r"column +(\d+): (\S+), (\d+) times", capsys.readouterr().out)
    figure = execute(code("exercise_2_2", "tangent-explorer"), names)
    assert f"column {first[1]}: “{first[2]}”." in figure.alt


#: There are three systems of three sizes, and ten rounds: a busy moment lasts for 40 of 99 updates.
@pytest.mark.parametrize("begins", range(0, 60, 7))
def test_a_busy_moment_does_not_change_the_times_of_an_epoch(begins, capsys):
    clock = SimpleNamespace(now=0.0, updates=0)

    class Network:
        def __init__(self, geometry, device="numpy", **options):
            factor = {"numpy": 1, "cpu": 2, "gpu": 3}[device]
            self.seconds = geometry[1] * factor * 1e-5

        def update(self, input):
            busy = begins <= clock.updates < begins + 40
            clock.now += self.seconds * (10 if busy else 1)
            clock.updates += 1

    drawn = execute(
        code("exercise_2_4", "time-epochs"),
        {
            "np": np,
            "time": SimpleNamespace(perf_counter=lambda: clock.now),
            "data": SimpleNamespace(batches=lambda name, batch_size: [{"input": 0}] * 50),
            "batch_size": 30,
            "corpus": SimpleNamespace(nr_features=100),
            "activation_functions": ["sigmoid", "softmax"],
            "learning_rate": 0.05,
            "MyNumpyMLP": Network,
            "MyPytorchMLP": Network,
            "select_device": lambda: type("Device", (str,), {"type": "gpu"})("gpu"),
            "describe_device": str,
            "plot_epoch_times": lambda sizes, seconds: (sizes, seconds),
        },
    )
    sizes, seconds = drawn
    for factor, values in enumerate(seconds.values(), start=1):
        expected = [size * factor * 1e-5 * 50 for size in sizes]
        np.testing.assert_allclose(values, expected)
    assert list(seconds) == ["NumPy", "PyTorch, CPU", "PyTorch, gpu"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_hints_open_one_after_the_other(name):
    """Each hint holds the next one at its end, so that opening one offers the next."""
    cells = [cell for cell in source(name).cells if cell.id.endswith("-hints")]
    assert cells
    for cell in cells:
        page = BeautifulSoup(MarkdownIt().render(cell.source), "html.parser")
        hints = page.find_all("details")
        assert 2 <= len(hints) <= 5
        for depth, hint in enumerate(hints):
            assert len(hint.find_parents("details")) == depth
            first, text = [part for part in hint.children if part.name][:2]
            assert (first.name, text.name) == ("summary", "p"), "a hint begins with its own text"
            inner = hint.find("details")
            assert inner is None or not inner.find_next_sibling()
