"""Chapters 3 and 4: what the text reads off outputs and figures, and the words that it uses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from lxmls_grading.cells import read_notebook
from tests.support.course import ROOT

BACKPROPAGATION, PYTORCH = "3_backpropagation", "4_pytorch"
BUILD = "3b_build_it_yourself"
CHAPTERS = (BACKPROPAGATION, PYTORCH)


def cells(chapter: str) -> dict:
    return {cell.id: cell for cell in read_notebook(ROOT / "notebooks" / f"{chapter}.ipynb").cells}


def prose(chapter: str) -> str:
    return "\n\n".join(c.source for c in cells(chapter).values() if c.cell_type == "markdown")


def told(cell) -> str:
    """Return what a cell prints, and what its figures are in words."""
    parts = [
        each.get("text") or each.get("data", {}).get("text/plain", "") for each in cell.outputs
    ]
    return "\n".join(parts)


def numbers(text: str) -> np.ndarray:
    return np.array(
        [
            float(found.replace("−", "-").replace(",", ""))
            for found in re.findall(r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?", text)
        ]
    )


def rows(text: str, pattern: str) -> np.ndarray:
    """Return the numbers that groups of a pattern find, a row for each place."""
    found = re.findall(pattern, text)
    assert found, pattern
    return np.array([numbers(" ".join(row) if isinstance(row, tuple) else row) for row in found])


def after(text: str, words: str) -> np.ndarray:
    """Return the numbers of the line, or of the part of a description, that words begin."""
    part = re.search(rf"{re.escape(words)}([^\n;]*?)(?:\. [A-Z]|[;\n]|$)", text)
    assert part, words
    return numbers(part[1])


class Claim(NamedTuple):
    """A sentence, the cells it speaks of, and whether it holds for their outputs.

    `holds` gets the numbers that groups of `words` find in the text, and then the outputs.
    """

    chapter: str
    text: str
    words: str
    outputs: tuple[str, ...]
    holds: Callable[..., bool]


def times_of_products(output: str) -> dict[str, np.ndarray]:
    return {line[:26].strip(): numbers(line[26:].replace("µs", "")) for line in output.splitlines()}


def is_twice_as_fast(said, output) -> bool:
    first, low, high = said
    times = times_of_products(output)
    ratios = (times["NumPy, float64"] / times["NumPy, float32"])[-3:]
    return first == 64 and [low, high] == [round(ratios.min(), 1), round(ratios.max(), 1)]


def is_foretold_for_small_steps(_, output) -> bool:
    small, *_, large = rows(output, r"(?m)^ +([\d.]+ +\S+ +\S+)$")
    return abs(small[1] - small[2]) < 0.001 and abs(large[1] - large[2]) > 1


CLAIMS = [
    # Chapter 3
    *(
        Claim(BACKPROPAGATION, *claim)
        for claim in [
            (
                "why-deeper",
                "The first and the last review together have the same words as the two in the",
                ("four-reviews",),
                lambda _, out: len({line.split(":")[1].strip() for line in out.splitlines()}) == 1,
            ),
            (
                "hand-made",
                "Two hidden units are enough",
                ("hand-made-network",),
                lambda _, out: len(re.findall(r"says (\w+), is \1\b", out)) == 4,
            ),
            (
                "overview-steps",
                "no more than about two forward passes",
                ("effort",),
                lambda _, out: rows(out, r"as long as (\S+)").max() <= 2,
            ),
            (
                "task-hidden-error",
                r"\*after\* the unit is \$(\S+)\$, .*\\tilde\{z\} = (\S+)\$",
                ("back-linear", "forward-by-hand"),
                lambda said, back, forward: np.allclose(
                    said, [after(back, "together")[0], after(forward, "tilde z^1")[1]], atol=0.005
                ),
            ),
            (
                "gradient-result",
                "All negative, or zero",
                ("gradient-by-hand",),
                lambda _, out: (rows(out, r"by backpropagation (\S+)") <= 0).all(),
            ),
            (
                "saturated",
                "hardly any error gets through",
                ("figure-backpropagation",),
                lambda _, out: (
                    abs(
                        after(out[out.index("Linear of layer 1") :], "errors ")[0]
                        / after(out[out.index("Sigmoid of layer 1") :], "errors ")[0]
                    )
                    < 0.01
                ),
            ),
            (
                "batch-result",
                '"bad" and "not bad" pull the weight in opposite directions',
                ("batch",),
                lambda _, out: after(out, "\nbad")[0] * after(out, "not bad")[0] < 0,
            ),
            (
                "batch-result",
                "for a small step almost exactly; for a larger one the curve bends away",
                ("update",),
                is_foretold_for_small_steps,
            ),
            (
                "task-dead-unit",
                r"\$z = \((\S+), (\S+)\)\$ as before, and an error of \$(\S+)\$",
                ("relu-numbers",),
                lambda said, out: np.allclose(
                    said,
                    [*after(out, "z of the hidden layer:"), after(out, "after the ReLUs:")[0]],
                    atol=0.005,
                ),
            ),
            (
                "relu-kink",
                "no error at all gets back through it.*gets through unharmed",
                ("relu-numbers",),
                lambda _, out: (
                    after(out, "before them:")[0] == 0
                    and after(out, "before them:")[1] == after(out, "after the ReLUs:")[1]
                ),
            ),
            (
                "relu-kink",
                "never more than a quarter",
                ("figure-activations",),
                lambda _, out: after(out, "derivatives: sigmoid ")[0] == 0.25,
            ),
            (
                "questions",
                r"At \$z = 0\$ it is one, four times the derivative of the sigmoid",
                ("figure-activations",),
                lambda _, out: rows(out, r"sigmoid (\S+), tanh (\S+),").tolist() == [[0.25, 1]],
            ),
            (
                "wrong-tangents",
                "On the right one sees it: the line touches the curve",
                ("figure-tangent",),
                # Nowhere on the right is the line further away than where the curve bends away.
                lambda _, out: rows(out, r"(\S+) nats below the curve").max() < 0.05,
            ),
            (
                "slopes-introduction",
                "this curve is flatter than the one above",
                ("figure-first-layer", "figure-tangent"),
                lambda _, here, above: (
                    np.ptp(rows(here, r": (\S+) to (\S+) nats")[0])
                    < 0.1 * np.ptp(rows(above, r": (\S+) to (\S+) nats")[0])
                ),
            ),
            (
                "no-guarantees",
                "nowhere higher on the straight line between the two networks. It is:",
                ("figure-not-convex",),
                lambda _, out: (
                    after(out, "up to ")[0] > rows(out, r"(\S+) nats at one end, (\S+) at").max()
                ),
            ),
            (
                "local-minima-introduction",
                "twelve times",
                ("local-minima",),
                lambda _, out: rows(out, r"of (\d+) runs").ravel().tolist() == [12] * 3,
            ),
            (
                "local-minima-result",
                "Only some of the runs solve the task",
                ("local-minima",),
                lambda _, out: 0 < rows(out, r"(\d+) of 12 runs end at a loss of 0\.00")[0, 0] < 12,
            ),
        ]
    ),
    # Chapter 4
    *(
        Claim(PYTORCH, *claim)
        for claim in [
            (
                "types-why",
                r"about (\d+) digits instead of (\d+)",
                ("precision",),
                lambda said, out: (
                    np.round(-np.log10(rows(out, r"steps of (\S+)").ravel())).tolist()
                    == said[::-1].tolist()
                ),
            ),
            (
                "backward-result",
                "At `loss`, `tilde_z` and `z` you see the red numbers of the figure",
                ("backward", "figure-chain"),
                lambda _, out, figure: np.allclose(
                    [after(out, f"at {name} ")[0] for name in ("z      ", "tilde_z", "loss   ")],
                    after(figure, "Errors from the input to the end: ")[1:],
                    atol=0.005,
                ),
            ),
            (
                "backward-result",
                r"gradient of `w` is the error times what came in, that of `b` is the error itself",
                ("backward", "chain-forward-shown"),
                lambda _, out, forward: np.allclose(
                    rows(out, r"w\.grad (\S+), b\.grad (\S+)")[0],
                    after(out, "at z      ")[0] * np.array([after(forward, "x   ")[0], 1]),
                    atol=2e-4,
                ),
            ),
            (
                "task-twice",
                r"After one backward pass `w\.grad` is \$(\S+)\$",
                ("second-backward-mended-numbers",),
                lambda said, out: said[0] == rows(out, r"w\.grad (\S+)")[0, 0],
            ),
            (
                "memory-result",
                "The larger the batch, the more is kept",
                ("memory",),
                lambda _, out: np.diff(rows(out, r"(\S+) bytes kept").ravel())[0] > 0,
            ),
            (
                "dynamic-result",
                "The first is zero",
                ("dynamic",),
                lambda _, out: rows(out, r"gradient (\S+),")[0, 0] == 0,
            ),
            (
                "dynamic-result",
                "The third sequence has the graph of the second",
                ("dynamic",),
                lambda _, out: len(set(rows(out, r"(\d+) nodes").ravel()[1:3])) == 1,
            ),
            (
                "losses",
                "The same numbers as by hand",
                ("line-by-hand", "line-optimizer"),
                lambda _, by_hand, optimizer: by_hand == optimizer,
            ),
            (
                "silent",
                "a step taken three times, on a loss whose gradient is always 1",
                ("silent-accumulate",),
                lambda _, out: numbers(out).tolist() == [9, 7, 4, 9, 8, 7],
            ),
            (
                "timing-result",
                r"about twice as many of them with 32 bits as with 64 \(with NumPy here, from "
                r"\$n = (\d+)\$ on, between (\S+) and (\S+) times",
                ("timing-products",),
                is_twice_as_fast,
            ),
            (
                "timing-result",
                r"\*\*On the left\*\* curves are flat",
                ("timing-products",),
                lambda _, out: all(t[1] < 2 * t[0] for t in times_of_products(out).values()),
            ),
            (
                "timing-result",
                r"\*\*On the right\*\* curves are straight and steep",
                ("timing-products",),
                lambda _, out: all(t[-1] > 30 * t[-2] for t in times_of_products(out).values()),
            ),
            (
                "timing-result",
                "PyTorch's is usually larger than NumPy's",
                ("overhead",),
                lambda _, out: after(out, "PyTorch ")[0] > after(out, "NumPy ")[0],
            ),
        ]
    ),
]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.text}: {claim.words[:30]}")
def test_what_the_text_says_is_what_outputs_show(claim):
    chapter = cells(claim.chapter)
    text = " ".join(chapter[claim.text].source.split())
    match = re.search(claim.words, text)
    assert match, f"{claim.text} no longer says so: leave this claim out, or find its new words"
    said = numbers(" ".join(match.groups()))
    assert claim.holds(said, *(told(chapter[name]) for name in claim.outputs)), match[0]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_loss_is_no_cost_and_derivatives_are_taken_with_respect_to_something(chapter):
    for cell in cells(chapter).values():
        text = f"{cell.id} {cell.source} {told(cell) if cell.cell_type == 'code' else ''}"
        assert not re.findall(r"(?i)\bcosts?\b|_cost|cost_", text), cell.id
        assert not re.findall(r"(?i)derivatives?( of [^,.;:()]{1,60})? by (?!nudging)", text), (
            cell.id
        )


@pytest.mark.parametrize("chapter", [*CHAPTERS, BUILD, "3c_bug_hunt"])
def test_j_is_the_jacobian_alone(chapter):
    text = re.sub(r"\\mathbf\{J\}", "", prose(chapter))
    assert not re.findall(r"(?<![A-Za-z\\])J(?![A-Za-z])", text)


def test_upper_indices_of_the_autograd_are_layers():
    """Examples are rows there: an upper index alone is a layer, as Chapter 3 has it."""
    found = re.findall(r"\^\{?([A-Za-z])\b", re.sub(r"\\sum_\{[^}]*\}\^\{?\w", "", prose(BUILD)))
    assert set(found) <= {"N", "y"}  # the last layer; in 1^y, the right class


def test_upper_indices_are_explained_before_one_is_seen():
    text = prose(BACKPROPAGATION)
    place = text.index("**Upper indices.**")
    assert not re.search(r"\}\^|[zeW]_?.?\^", text[:place].replace("\\mathbf{x}^m", ""))
    assert list(cells(BACKPROPAGATION)).index("mlp") < list(cells(BACKPROPAGATION)).index(
        "figure-mlp"
    )
    assert "example $m$, layer $n$" in cells(BACKPROPAGATION)["mlp"].source


def test_the_guides_figures_are_named_where_they_are_drawn():
    chapter = cells(BACKPROPAGATION)
    order = list(chapter)
    for number, text, figure in [
        (3, "mlp", "figure-mlp"),
        (4, "gradient-result", "figure-backpropagation"),
        (5, "tangent", "figure-tangent"),
    ]:
        assert f"Figure {number} of the guide" in chapter[text].source
        between = order[order.index(text) : order.index(figure)]
        assert not [name for name in between if name.startswith("figure")]


def test_the_range_of_the_sigmoids_derivative_is_that_of_the_hidden_layers():
    text = cells(BACKPROPAGATION)["derivation-weights"].source
    assert r"\quad \text{for } n = 1 \cdots N-1" in text
    assert "not at $n = N$" in text


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_tasks_are_three_cells_with_hints_and_a_reason(chapter):
    notebook = cells(chapter)
    order = list(notebook)
    tasks = [name.removeprefix("task-") for name in order if name.startswith("task-")]
    assert 5 <= len(tasks) <= 8
    for name in tasks:
        ids = [f"{part}-{name}" for part in ("task", "predict", "check")]
        place = order.index(ids[0])
        assert order[place : place + 3] == ids
        text, predict, check = (notebook[each] for each in ids)
        assert text.source.startswith("**Predict.** ")
        assert "?" in text.source or "Write" in text.source
        guess = f"guess_{name.replace('-', '_')}"
        assert predict.source.startswith(f"{guess} = None  # ")
        assert predict.metadata.tags == ["hide-cell"]
        assert check.metadata.tags == ["hide-cell", "of-answers"]
        assert check.metadata.jupyter == {"source_hidden": True}
        assert guess in check.source
        assert "hints=[" in check.source
        assert "because=" in check.source
        assert told(check).startswith("Right: ")


def test_numbers_on_nodes_are_asked_for_on_the_nodes():
    drawn = [name for name, cell in cells(BACKPROPAGATION).items() if "guesses=" in cell.source]
    assert len(drawn) >= 2
    for name in drawn:
        assert "(right)" in told(cells(BACKPROPAGATION)[name])
