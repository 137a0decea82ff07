"""What a chapter's text reads off an output or a figure is what the output says.

A case names the cell with the text and a regular expression for what it says, then the cell with
the output and how that tells the same: a regular expression, or a function of the output. Groups of
the first are compared with those of the second, numbers to the digits that the text has. It fails
when one of the two changes alone. Figures are read by their alternative texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import pytest
from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import read_notebook
from tests.support.course import ROOT

NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?")


class Case(NamedTuple):
    """A sentence, and what it speaks of.

    Attributes
    ----------
    text, says : str
        The id of the cell with the sentence, and a regular expression for it.
    output : str
        The id of the cell with the output.
    tells : str or callable
        A regular expression with as many groups, or a function that returns as many numbers or
        words; or whether the sentence, which has no groups then, is true.
    """

    text: str
    says: str
    output: str
    tells: str | Callable[[str], Sequence[float | str] | bool]


# What functions below read off an output.


def numbers(text: str) -> list[float]:
    """Return all numbers in a text."""
    return [float(each.replace("−", "-").replace(",", "")) for each in NUMBER.findall(text)]


def behind(start: str, output: str) -> list[float]:
    """Return the numbers that come behind a text, in its line or its sentence."""
    return numbers(re.split(r"\n|[.;] ", output.split(start, 1)[1])[0])


class Rate(NamedTuple):
    """What Chapter 1 prints of a learning rate."""

    rate: float
    before: float
    after_one: float
    after_six: float
    least: float
    largest: float
    accuracies: tuple[float, ...]


def rates(output: str) -> list[Rate]:
    """Return what is printed of each learning rate, the smallest first."""
    found = []
    for part in output.split("curve ")[1:]:
        rate, loss, last, accuracy = (line.partition(":")[2] for line in part.splitlines()[:4])
        found.append(Rate(*numbers(rate), *numbers(loss), *numbers(last), tuple(numbers(accuracy))))
    return sorted(found)


def accuracies(output: str) -> Sequence[float]:
    """Return the accuracies before and after a jump, if all learning rates have the same."""
    before, least, largest = zip(*(each.accuracies for each in rates(output)), strict=True)
    return sorted({*before, *least, *largest})


def gaps(output: str) -> list[float]:
    """Return how far the loss is above its tangent, at distances that get ten times shorter."""
    return [numbers(line)[-1] for line in output.splitlines()]


def products(output: str) -> list[float]:
    """Return the products of error and input, review by review."""
    rows = [numbers(line.partition(":")[2]) for line in output.splitlines()]
    return [error * came_in for error, came_in in rows]


def third_unit(output: str) -> list[float]:
    """Return each weight of the third linear unit and its input, then its bias and its value."""
    inputs, linear = behind("Input: forward values", output), output.partition("Linear:")[2]
    weights = numbers(linear.split(";")[2])
    pairs = [number for pair in zip(weights, inputs, strict=True) for number in pair]
    return [*pairs, behind("biases", linear)[2], behind("forward values", linear)[2]]


WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 10: "a tenth", 100: "a hundredth"}

CASES: dict[str, list[Case]] = {
    "1_computation_graphs": [
        Case("check-sigmoid-side", r"here ([\d.]+) comes in", "chain-by-hand", r"z = ([\d.]+),"),
        Case(
            "check-z3",
            r"because=\"([\d.]+) · (\d) \+ ([\d.]+) · (\d) (- [\d.]+) = ([\d.]+)\.",
            "log-linear-forward",
            third_unit,
        ),
        Case(
            "task-p2",
            r"probability ([\d.]+) and \*mixed\* ([\d.]+)",
            "log-linear-forward",
            lambda output: behind("Softmax: forward values", output)[::2],
        ),
        Case(
            "check-p2",
            r"1 - ([\d.]+) - ([\d.]+)\.",
            "log-linear-forward",
            lambda output: behind("Softmax: forward values", output)[::2],
        ),
        Case(
            "real-graph",
            r"(\w+) of the features that it has are drawn",
            "log-linear-real",
            lambda output: [WORDS[len(behind("Input, units", output.partition(" shown")[0]))]],
        ),
        Case(
            "landscape",
            r"the two losses are ([\d.]+) nats apart",
            "sgd-by-differences",
            lambda output: [abs(behind("loss", output)[0] - numbers(output)[-1])],
        ),
        Case("landscape", r"looks at (\d+) reviews", "sgd-landscape", r"mini-batches of (\d+)"),
        Case(
            "training-remarks",
            r"smallest rate is still on its way",
            "three-rates",
            lambda output: rates(output)[0].after_six - rates(output)[1].after_six > 0.01,
        ),
        Case(
            "training-remarks",
            r"largest is nearly there after one; then its curve is flat",
            "three-rates",
            lambda output: abs(rates(output)[-1].after_one - rates(output)[-1].after_six) < 0.0005,
        ),
        Case(
            "training-remarks",
            r"the loss jumps about between ([\d.]+) and ([\d.]+)\. ",
            "three-rates",
            lambda output: [rates(output)[-1].least, rates(output)[-1].largest],
        ),
        Case(
            "training-remarks",
            r"([\d.]+) nats too high",
            "three-rates",
            lambda output: [rates(output)[-1].after_six - rates(output)[1].after_six],
        ),
        Case(
            "training-remarks",
            r"rate between them does both, quickly down and then quiet",
            "three-rates",
            lambda output: (
                rates(output)[1].after_one - rates(output)[1].after_six < 0.02
                and rates(output)[1].largest - rates(output)[1].least < 0.001
            ),
        ),
        Case(
            "training-remarks",
            r"jump once, from ([\d.]+) to ([\d.]+) %, and then stay",
            "three-rates",
            accuracies,
        ),
        Case(
            "training-remarks",
            r"at the two smaller rates, the loss goes on falling",
            "three-rates",
            lambda output: all(
                each.after_six < each.after_one - 0.01 for each in rates(output)[:2]
            ),
        ),
    ],
    "2_chain_rule": [
        Case(
            "task-errors",
            r"probabilities of the review are ([\d.]+), ([\d.]+) and ([\d.]+)",
            "tiny-model",
            lambda output: behind("tilde z:", output),
        ),
        Case(
            "error-meaning",
            r"negative for the right class.* positive for the others",
            "check-error",
            lambda output: (
                [numbers(line)[-1] < 0 for line in output.splitlines()] == [False, True, False]
            ),
        ),
        Case("task-w32", r"error at \$z_3\$ is ([\d.]+)", "check-error", r"dz_3 .*measured +(\S+)"),
        Case(
            "check-w32",
            r"error ([\d.]+) times the count of 'not', (\d)",
            "figure-2",
            r"W_\{32\} is ([\d.]+) · (\d) =",
        ),
        Case(
            "check-batch-gradient",
            r"\(([\d.]+) \+ (\d) (- [\d.]+)\) / (\d)",
            "check-batch",
            lambda output: [*products(output), len(products(output))],
        ),
        Case(
            "tangent-remarks",
            r"With (a \w+) of the distance, the gap shrinks to about (a \w+)",
            "tangent-line",
            lambda output: ["a tenth", WORDS.get(round(gaps(output)[1] / gaps(output)[2], -1), "")],
        ),
        Case(
            "batch-warning",
            r"is something else",
            "average-of-products",
            lambda output: len(set(numbers(output))) == 2,
        ),
        Case(
            "sparse",
            r"errors are about one half too, with opposite signs",
            "check-real-error",
            lambda output: (
                [round(2 * each) for each in behind("errors", output.replace(" (a", ""))] == [1, -1]
            ),
        ),
    ],
}

ALL = [
    pytest.param(name, case, id=f"{name[0]}-{case.text}") for name in CASES for case in CASES[name]
]


def cell(name: str, identity: str) -> NotebookNode:
    notebook = read_notebook(ROOT / "notebooks" / f"{name}.ipynb")
    return next(each for each in notebook.cells if each.id == identity)


def text_of(name: str, case: Case) -> str:
    """Return what stands in the cell with the sentence, in one line."""
    return " ".join(cell(name, case.text).source.split())


def output_of(name: str, case: Case) -> str:
    """Return what the cell with the output prints, and what its figures show in words."""
    return "\n".join(
        each.text if each.output_type == "stream" else each.data.get("text/plain", "")
        for each in cell(name, case.output).outputs
    ).rstrip("\n")


def disagreement(case: Case, text: str, output: str) -> str:
    """Return in which way a text and an output disagree; an empty text if they do not."""
    said = re.search(case.says, text)
    if said is None:
        return f"{case.text} no longer says {case.says!r}"
    if callable(case.tells):
        told = case.tells(output)
    else:
        found = re.search(case.tells, output)
        told = found.groups() if found else ()
    if isinstance(told, bool):
        return "" if told else f"{case.text} says {said[0]!r}; {case.output} does not"
    agree = len(told) == len(said.groups()) and all(map(same, said.groups(), told))
    return "" if agree else f"{case.text} says {said[0]!r}; {case.output} tells {told}"


def same(said: str, told: float | str) -> bool:
    """Whether a text says what an output tells, in words or rounded to the digits it has."""
    said = said.rstrip(".").replace(" ", "")
    if isinstance(told, str) and not numbers(told):
        return said.casefold() == told.casefold().replace(" ", "")
    if not numbers(said):
        return False
    value = numbers(told)[0] if isinstance(told, str) else told
    return round(value, len(said.partition(".")[2])) == float(said)


def changed(text: str) -> Iterator[str]:
    """Return a text again and again, each time with one of its numbers changed or gone."""
    before = ""
    for found in NUMBER.finditer(text):
        value = numbers(found[0])[0]
        larger, smaller, negative = 1.7 * value + 1, 0.3 * value, -value - 1
        for other in (f"{larger:.6f}", f"{smaller:.6f}", f"{negative:.6f}", before, ""):
            yield f"{text[: found.start()]}{other}{text[found.end() :]}"
        before = found[0]


@pytest.mark.parametrize(("name", "case"), ALL)
def test_text_says_what_the_output_tells(name, case):
    assert disagreement(case, text_of(name, case), output_of(name, case)) == ""


@pytest.mark.parametrize(("name", "case"), ALL)
def test_a_change_of_the_output_is_seen(name, case):
    text, seen = text_of(name, case), []
    for output in changed(output_of(name, case)):
        with suppress(IndexError, KeyError, TypeError, ValueError):  # nothing can be read there
            seen.append(disagreement(case, text, output))
    assert any(seen)


@pytest.mark.parametrize(("name", "case"), ALL)
def test_a_change_of_the_text_is_seen(name, case):
    text, output = text_of(name, case), output_of(name, case)
    said = re.search(case.says, text)
    for group in range(1, len(said.groups()) + 1):
        start, end = said.span(group)
        other = f"{text[:start]}9.9{text[end:]}"
        assert disagreement(case, other, output), said[group]
    assert disagreement(case, text.replace(said[0], ""), output)
