"""A learner's way through each exercise: a mistake, a look at what it does, the repair."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from lxmls_grading.cells import is_answer
from tests.browser.conftest import Camera, new_page
from tests.browser.kit import student_lab
from tests.browser.lab import Notebook
from tests.notebooks.test_partly_done import wrong_answer
from tests.support.course import NOTEBOOKS, release, source
from tests.support.submissions import reference_answers

pytestmark = pytest.mark.slow

#: Of each exercise: the answer with the mistake, a check that sees it, cells that are run before
#: what shows its numbers, that cell, and what it shows with the mistake and after the repair.
WAYS = {
    "exercise_2_1": (
        "log-linear-gradients",
        "test-weight-gradient",
        ["log-linear-comments", "train-given"],
        "train-own",
        ("Epoch  2: accuracy", "Epoch  2: accuracy 72.75 %"),
    ),
    "exercise_2_2": (
        "numpy-backpropagation",
        "test-last-layer",
        ["network", "loss-range"],
        "tangent-figure",
        ("-0.917586", "-0.030586"),
    ),
    "exercise_2_3": (
        "pytorch-module",
        "test-training-step",
        ["train-given", "module-instance"],
        "train-module",
        ("Epoch  2: accuracy", "Epoch  2: accuracy 72.75 %"),
    ),
    "exercise_2_4": (
        "pytorch-log-forward",
        "test-values",
        ["model"],
        "train-pytorch",
        ("Epoch  2: accuracy", "Epoch  2: accuracy 57.25 %"),
    ),
}


@pytest.fixture(scope="module")
def day(browser, tmp_path_factory):
    """A student's JupyterLab with the exercises in it."""
    root = tmp_path_factory.mktemp("learner")
    with student_lab(root) as (url, work):
        yield SimpleNamespace(url=url, work=work, page=new_page(browser), camera=Camera("learner"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_mistake_and_repair(day, name):
    answer, check, before, figure, (wrong, right) = WAYS[name]
    references = reference_answers(source(name))
    notebook = Notebook(day.page, day.url, day.work, f"day2/{name}.ipynb")
    for key in ("imports", "data"):
        notebook.run(key)
    others = [cell.id for cell in release(name).cells if is_answer(cell) and cell.id != answer]
    for key in others:
        notebook.write(key, references[key])
        notebook.run(key)

    notebook.write(answer, wrong_answer(name))
    notebook.run(answer)
    notebook.run(check)
    expect(notebook.output(check).locator(".lxmls-wrong")).to_contain_text("Not yet right")
    for key in (*before, figure):
        notebook.run(key)
    expect(notebook.output(figure)).to_contain_text(wrong)
    notebook.scroll_to(check)
    day.camera.take(day.page, f"{name}-mistake")

    notebook.write(answer, references[answer])
    notebook.run(answer)
    notebook.run(figure)  # at once: nothing that it needs has to be run again
    expect(notebook.output(figure)).to_contain_text(right)
    expect(notebook.output(figure)).not_to_contain_text("Older than your code")
    notebook.run(check)
    expect(notebook.output(check).locator(".lxmls-right")).to_contain_text("points by visible")
    day.camera.take(day.page, f"{name}-repaired")
