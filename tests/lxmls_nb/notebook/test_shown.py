"""A notebook explains the same mistake once, for as long as it is shown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lxmls_nb import checks
from lxmls_nb.checks.messages import fail
from lxmls_nb.checks.mistakes import MISTAKES
from lxmls_nb.errors import CheckFailed
from lxmls_nb.notebook.cells import CodeCell
from lxmls_nb.notebook.shown import Explained, Shown


def one(weight, bias, input, output):
    return 0


def two(weight, bias, input, output):
    return 0


def explained(subject: str, key: str = "sum", answer=one, **values) -> Explained:
    """Return the message of a check that has named a mistake of an answer."""
    values = values or {"factor": 7, "size": 7, "also": ""}
    failure = fail(subject, MISTAKES[key].finding(**values))
    return Explained(str(failure), failure.subject, failure.mistake, (answer,))


class Notebook:
    """Cells that are run, each with a failing check."""

    def __init__(self) -> None:
        self.shown, self.number = Shown(), 0

    def run(self, source: str, message: Explained | None = None) -> str:
        self.number += 1
        self.shown.start_cell(CodeCell(source, source, self.number))
        return self.shown.text(message) if message else ""


WEIGHT = "`f` (5 features, 7 examples): the weight gradient differs from the numerical one"
BIAS = "`f` (5 features, 7 examples): the bias gradient differs from the numerical one"
OTHER = "`f` (8 features, 11 examples): the bias gradient differs from the numerical one"
NAME = "the average over the batch is missing"


def test_a_mistake_is_explained_once():
    notebook = Notebook()
    first = explained(WEIGHT)
    assert notebook.run("# The weight.\ncheck(f)", first) == first.message
    assert notebook.run("check again", explained(WEIGHT)) == (
        f"the same mistake as in the cell “The weight”: {NAME}."
    )


def test_what_the_first_message_does_not_tell_stays():
    notebook = Notebook()
    notebook.run("check(f)", explained(WEIGHT))
    assert notebook.run("of the bias", explained(BIAS)) == (
        "the bias gradient differs from the numerical one: the same mistake as in cell [1]: "
        f"{NAME}."
    )
    other = explained(OTHER, factor=11, size=11, also="")
    assert notebook.run("of others", other) == f"{OTHER}: the same mistake as in cell [1]: {NAME}."


@pytest.mark.parametrize(
    "other",
    [
        explained(BIAS, "sign", x=0),
        explained(BIAS, factor=-7, size=7, also=", and the sign opposite"),
        explained(BIAS, answer=two),
        explained("`f`", "other-loss", look="the sum of squares"),
    ],
    ids=["another mistake", "a second mistake besides", "another answer", "other words"],
)
def test_what_is_not_the_same_is_explained(other):
    notebook = Notebook()
    notebook.run("check(f)", explained(WEIGHT))
    notebook.run("check loss", explained("`f`", "other-loss", look="another thing"))
    assert notebook.run("another cell", other) == other.message


def test_a_cell_that_is_run_again_explains_again():
    notebook = Notebook()
    first, second = explained(WEIGHT), explained(BIAS)
    notebook.run("first", first)
    assert notebook.run("second", second) != second.message
    assert notebook.run("first", first) == first.message
    assert "cell [3]" in notebook.run("second", second)


def test_a_mistake_that_is_no_longer_shown_is_explained():
    """The first cell has passed since, or shows another mistake: its message is gone."""
    notebook = Notebook()
    notebook.run("first", explained(WEIGHT))
    notebook.run("first")
    second = explained(BIAS)
    assert notebook.run("second", second) == second.message


def test_a_message_that_is_shown_twice_stays():
    notebook = Notebook()
    first = explained(WEIGHT)
    notebook.run("first", first)
    assert notebook.shown.text(first) == first.message


def test_short_explanations_are_repeated():
    notebook = Notebook()
    notebook.run("first", explained("`f` has shape (3,)", "shape", x=0))
    second = explained("`f` has shape (3, 1)", "shape", x=0)
    assert notebook.run("second", second) == second.message


def test_nothing_is_remembered_outside_of_a_notebook():
    shown = Shown()
    for message in (explained(WEIGHT), explained(WEIGHT)):
        assert shown.text(message) == message.message
    shown.start_cell(CodeCell("first", "first", 1))
    assert shown.text(explained(BIAS)) == explained(BIAS).message


def test_failures_know_their_answers_and_lose_nothing():
    def answer(weight, bias, input, output):
        return 1

    with pytest.raises(CheckFailed) as failed:
        checks.log_linear_gradients(answer)
    assert failed.value.answers == (answer,)
    assert failed.value.cause == "triple"
    assert str(failed.value).startswith(f"{failed.value.subject}: ")


@pytest.mark.parametrize("key", sorted(MISTAKES))
def test_each_mistake_has_a_name_and_something_to_say(key):
    name, lesson = MISTAKES[key].in_short(), MISTAKES[key].to_say()
    assert len(name) <= 80
    assert name[-1] not in ".:;,?"
    assert not {"{", "}"} & {*name, *lesson}
    assert not name.startswith("it ")
    assert lesson[0] == lesson[0].upper()
    assert lesson.endswith((".", "?"))
    assert len(lesson) < 200


NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
for cell in {cells!r}:
    print("---")
    shell.run_cell(cell, store_history=True)
"""
SETUP = "import numpy as np\nfrom lxmls_nb import checks"
SUM = """
def f(weight, bias, input, output):
    z = input @ weight.T + bias
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    loss = -np.log(p[range(len(output)), output]).mean()
    e = p - np.eye(len(p.T))[output]
    return loss, e.T @ input, e.sum(0, keepdims=True)
"""
CHECK_WEIGHT = "# The gradient of the weight.\nchecks.log_linear_gradients(f, quantity='weight')"
CHECK_BIAS = "# The bias.\nchecks.log_linear_gradients(f, quantity='bias')"
MENDED = SUM.replace("[output]\n", "[output]\n    e /= len(e)\n")


@pytest.mark.slow
def test_a_notebook_tells_which_cell_explains():
    cells = [SETUP, SUM, CHECK_WEIGHT, CHECK_BIAS, SUM, CHECK_BIAS, MENDED, CHECK_WEIGHT]
    cells += [CHECK_BIAS, SUM, CHECK_BIAS, CHECK_WEIGHT]
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK.format(cells=cells)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shown = [" ".join(each.split()) for each in done.stdout.split("---\n")[1:]]
    whole = "is the average over the batch missing?"
    as_in = "Not yet right: the {} gradient differs from the numerical one: the same mistake as "
    as_in += f"in the cell “{{}}”: {NAME}."
    assert whole in shown[2]
    assert shown[3] == as_in.format("bias", "The gradient of the weight")
    assert whole in shown[5]  # of a new answer
    assert shown[7].startswith("Passed: ")
    assert shown[8].startswith("Passed: ")
    assert whole in shown[10]
    assert shown[11] == as_in.format("weight", "The bias")
    assert "Traceback" not in done.stdout
