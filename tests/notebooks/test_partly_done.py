"""Exercises that are begun anywhere, left half done, or repaired: no traceback, nothing old."""

from __future__ import annotations

import re

import pytest

from lxmls_grading.cells import is_answer
from tests.answers.catalogue import read_answers
from tests.support.course import NOTEBOOKS, release, source
from tests.support.notebook import as_text, watched_notebook
from tests.support.submissions import reference_answers

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_kernels")]

#: Fewer epochs, on the same way.
EPOCHS = "2"


class Student:
    """Opens a released exercise, and runs its cells.

    Parameters
    ----------
    name : str
        Of the exercise.
    kernel : tests.support.notebook.Watched
    """

    def __init__(self, name: str, kernel):
        self.cells = [cell for cell in release(name).cells if cell.cell_type == "code"]
        self.sources = {cell.id: cell.source for cell in self.cells}
        self.answers = [cell.id for cell in self.cells if is_answer(cell)]
        self.right = reference_answers(source(name))
        self._kernel = kernel

    def outputs(self, key: str) -> list[dict]:
        return self._kernel.run(self.sources[key], key)

    def run(self, key: str) -> str:
        """Run a cell; return what it shows."""
        return as_text(self.outputs(key))

    def write(self, key: str, code: str) -> None:
        """Write an answer, and run its cell."""
        self.sources[key] = code
        self.outputs(key)

    def run_all(self) -> dict[str, str]:
        return {key: self.run(key) for key in self.sources}


@pytest.fixture(params=NOTEBOOKS)
def student(request, tmp_path, forked_kernels, monkeypatch):
    monkeypatch.setenv("LXMLS_NB_EPOCHS", EPOCHS)
    with watched_notebook(tmp_path, release(request.param)) as kernel:
        yield Student(request.param, kernel)


def opened(name: str, tmp_path, monkeypatch):
    monkeypatch.setenv("LXMLS_NB_EPOCHS", EPOCHS)
    return watched_notebook(tmp_path, release(name))


def assert_no_traceback(shown: dict[str, str]) -> None:
    assert {key: text for key, text in shown.items() if "Traceback" in text} == {}


def test_each_cell_without_those_before(student):
    """From the last to the first, with nothing but the imports."""
    student.run("imports")
    shown = {key: student.run(key) for key in reversed(student.sources) if key != "imports"}
    assert_no_traceback(shown)
    assert any(text.startswith("Not there yet: ") for text in shown.values())


def test_untouched_and_with_one_answer_after_the_other(student):
    assert_no_traceback(student.run_all())
    for key in student.answers:
        student.sources[key] = student.right[key]
        assert_no_traceback(student.run_all())
    tests = [cell.id for cell in student.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    for key in set(tests) - set(student.answers):
        assert student.run(key).startswith(("Passed: ", "Filled in: ")), key


#: A mistake of each exercise: its answer, the id of the mistake in the catalogue, what is then run
#: with the mistake, and what shows its numbers.
MISTAKES = {
    "exercise_2_1": ("log-linear-gradients", "U2", ["train-own"]),
    "exercise_2_2": ("numpy-backpropagation", "M2", ["loss-range", "tangent-figure", "train"]),
    "exercise_2_3": ("pytorch-module", "", ["module-instance", "train-module", "learning-curves"]),
    "exercise_2_4": ("pytorch-log-forward", "", ["model", "train-pytorch", "compare-accuracies"]),
}


#: Of a progress bar, how fast it goes.
BAR = re.compile("batch/s|s/batch")


def numbers(outputs: list[dict]) -> str:
    """Return what a cell shows, without progress bars and times.

    A bar is an output of its own, or text among what is printed, in one message with it or not.
    """
    kept = []
    for each in outputs:
        if isinstance(each.get("text"), str):
            parts = [part for part in re.split("[\r\n]", each["text"]) if not BAR.search(part)]
            kept.append(each | {"text": "\n".join(parts)})
        elif not BAR.search(str(each)):
            kept.append(each)
    return as_text(kept)


def wrong_answer(name: str) -> str:
    """Return a wrong answer of the catalogue that runs, and gives other numbers."""
    answer, wanted, _ = MISTAKES[name]
    if wanted:
        return next(one.code for one in read_answers(name, "wrong") if one.id == wanted)
    right = reference_answers(source(name))[answer]
    return {
        "exercise_2_3": right.replace("loss.backward()", "(-loss).backward()"),
        "exercise_2_4": right.replace("torch.sigmoid", "torch.tanh"),
    }[name]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_after_a_repair_cells_show_the_present_code(name, tmp_path, monkeypatch):
    """As for who was right at once, or they tell that they are old: which cell is run first or not.

    Run backwards, each cell finds what the cells before it have made of the mistake.
    """
    answer, _, cells = MISTAKES[name]
    right = {}
    with opened(name, tmp_path, monkeypatch) as kernel:
        student = Student(name, kernel)
        student.sources |= student.right
        student.run_all()
        right = {key: numbers(student.outputs(key)) for key in cells}
    with opened(name, tmp_path, monkeypatch) as kernel:
        student = Student(name, kernel)
        student.sources |= student.right
        student.sources[answer] = wrong_answer(name)
        student.run_all()
        student.write(answer, student.right[answer])
        for key in reversed(cells):
            shown = numbers(student.outputs(key))
            assert shown == right[key] or shown.startswith("Older than your code: "), key
        for key in cells:
            assert numbers(student.outputs(key)) == right[key]
