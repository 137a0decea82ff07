"""The chapter in which students build an autograd, worked through as a person does it."""

from __future__ import annotations

import pytest

from lxmls_grading.cells import read_notebook
from tests.support.course import ROOT
from tests.support.notebook import watched_notebook
from tools.chapters_without_answers import OF_ANSWERS, without_answers

pytestmark = pytest.mark.slow

CHAPTER = read_notebook(ROOT / "notebooks" / "3b_build_it_yourself.ipynb")
ANSWERS = {cell.id: cell.source for cell in CHAPTER.cells if cell.cell_type == "code"}
STEPS = [key for key in ANSWERS if key.startswith("write-")]


@pytest.fixture
def opened(tmp_path, forked_kernels, monkeypatch):
    """Return a kernel, and what each cell shows when the student's copy is run from the top."""
    monkeypatch.setenv("LXMLS_NB_CORPUS", "snippets")
    monkeypatch.setenv("LXMLS_NB_DEVICE", "cpu")
    copy = without_answers(CHAPTER, "the chapter")
    with watched_notebook(tmp_path, copy) as kernel:
        cells = [cell for cell in copy.cells if cell.cell_type == "code"]
        yield kernel, {cell.id: kernel.text(cell.source, cell.id) for cell in cells}


def test_there_are_eight_steps_with_a_check_each():
    assert len(STEPS) == 8
    for key in STEPS:
        (cell,) = [cell for cell in CHAPTER.cells if cell.id == key]
        assert cell.metadata.tags == ["hide-cell"]
        assert key.replace("write-", "check-") in ANSWERS


def test_step_by_step(opened):
    kernel, shown = opened
    for cell in CHAPTER.cells:
        if OF_ANSWERS in cell.metadata.get("tags", []):
            assert shown[cell.id].startswith("Your turn: "), cell.id
    for key in STEPS:
        assert kernel.text(ANSWERS[key], key) == ""  # and no note that something is old
        check = key.replace("write-", "check-")
        assert kernel.text(ANSWERS[check], check).startswith("Right: "), check
    assert "Right: `network_loss`" in kernel.text(ANSWERS["check-models"], "check-models")

    # A step that is mended later is the one that is used.
    wrong = ANSWERS["write-matmul"].replace("error @ b.value.T", "error @ b.value")
    assert kernel.text(wrong, "write-matmul") == ""
    check = kernel.text(ANSWERS["check-matmul"], "check-matmul")
    assert "gets back to `a` is not right: `b` is not transposed" in check
    assert "Not yet: " in kernel.text(ANSWERS["check-models"], "check-models")
    kernel.text(ANSWERS["write-matmul"], "write-matmul")
    assert "Right: `network_loss`" in kernel.text(ANSWERS["check-models"], "check-models")
    assert "the same gradient, True" in kernel.text(ANSWERS["graphs"], "graphs")
