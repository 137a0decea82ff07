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


def answered(name: str, *cells: str) -> dict:
    """Run cells of an exercise, with the right answers; return the names that there are then."""
    names: dict = {"__name__": "__main__"}
    answers = reference_answers(source(name))
    for cell in cells:
        names[f"value of {cell}"] = execute(answers.get(cell, code(name, cell)), names)
    return names


#: The cells up to the loop over epochs, and what is trained in it.
LOOPS = {
    "exercise_2_1": (["imports", "data", "log-linear-comments"], "given"),
    "exercise_2_2": (["imports", "data", "network", "numpy-backpropagation"], ""),
}


@pytest.mark.parametrize("name", LOOPS)
def test_the_loop_in_the_notebook_does_what_train_does(name, monkeypatch, capsys):
    monkeypatch.setenv("LXMLS_NB_CORPUS", "snippets")
    monkeypatch.setenv("LXMLS_NB_EPOCHS", "2")
    cells, which = LOOPS[name]
    train = "train-given" if which else "train"
    names = answered(name, *cells, "epoch-loop")
    looped = re.findall(r"accuracy +(\d+\.\d\d) %", capsys.readouterr().out)
    execute(code(name, train), names)
    history = names["given_history" if which else "history"]
    assert looped == [f"{each:.2f}" for each in history.accuracies]
    assert len(looped) == 3


def test_the_ladder_of_the_exercise_is_climbed_by_its_answers(monkeypatch, capsys):
    monkeypatch.setenv("LXMLS_NB_CORPUS", "snippets")
    rungs = ["error-at-output", "error-after-linear", "error-before-sigmoid"]
    cells = [each for rung in rungs for each in (rung, f"check-{rung}")]
    names = answered("exercise_2_2", "imports", *cells)
    told = capsys.readouterr().out
    assert told.count("Right: ") == 3
    assert "Not yet" not in told
    figure = names["value of check-error-before-sigmoid"]
    assert figure.alt.count("(right)") == 9
    for cell in rungs:  # as released, each is the student's turn
        execute(code("exercise_2_2", cell), names)
    execute(code("exercise_2_2", "check-error-before-sigmoid"), names)
    assert capsys.readouterr().out.startswith("Your turn: write `error_at_output`")


def test_the_weighted_gradients_of_the_exercise_are_right(capsys):
    answered("exercise_2_1", "imports", "weighted-gradients", "check-weighted-gradients")
    assert capsys.readouterr().out.startswith("Right: ")


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
