"""The reading: chapters run, say what they said, and hang together with the exercises."""

from __future__ import annotations

import re

import pytest
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import read_notebook
from lxmls_nb.data import AmazonData, default_corpus
from lxmls_nb.training import train
from tests.support.course import NOTEBOOKS, ROOT, definitions, nbval
from tools.chapters_without_answers import OF_ANSWERS, without_answers

FOLDER = ROOT / "notebooks"
CHAPTERS = (
    "1_computation_graphs",
    "2_chain_rule",
    "3_backpropagation",
    "3b_build_it_yourself",
    "3c_bug_hunt",
    "4_pytorch",
)

#: Of a notebook's metadata, what says something.
KERNEL = {"kernelspec", "language_info"}


def chapter(name: str) -> NotebookNode:
    return read_notebook(FOLDER / f"{name}.ipynb")


def prose(name: str) -> str:
    return "\n\n".join(c.source for c in chapter(name).cells if c.cell_type == "markdown")


def test_these_are_the_chapters():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(CHAPTERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAPTERS)
def test_outputs_are_what_comes_out_now(name, forked):
    options = ["--nbval", f"--nbval-sanitize-with={FOLDER / 'sanitize.cfg'}"]
    nbval(FOLDER / f"{name}.ipynb", *options, forked=forked)


@pytest.mark.slow
@pytest.mark.usefixtures("forked_kernels")
@pytest.mark.parametrize("name", CHAPTERS)
def test_without_answers_a_chapter_runs_and_each_task_says_what_to_do(name, monkeypatch):
    monkeypatch.setenv("LXMLS_NB_CORPUS", "snippets")
    monkeypatch.setenv("LXMLS_NB_DEVICE", "cpu")
    notebook = without_answers(chapter(name), name)
    resources = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        assert not [each for each in outputs if each.get("name") == "stderr"], cell.id
        text = "".join(each.get("text", "") for each in outputs)
        assert "Traceback" not in text, cell.id
        if OF_ANSWERS in cell.metadata.get("tags", []):
            assert re.match("Your turn|Not attempted yet", text), f"{cell.id}: {text}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapters_are_tidy(name):
    notebook = chapter(name)
    assert set(notebook.metadata) == KERNEL
    ids = [cell.id for cell in notebook.cells]
    assert all(re.fullmatch("[a-z][a-z0-9-]*", each) for each in ids)
    assert not [each for each in ids if re.fullmatch("[0-9a-f]{8}", each)]
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"jupyter", "tags"}
        if "jupyter" in cell.metadata:  # folded in JupyterLab, then on the site, too
            assert cell.metadata.jupyter == {"source_hidden": True}, cell.id
            assert {"hide-cell", "hide-input"} & set(cell.metadata.tags), cell.id
        for output in cell.get("outputs", []):
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", cell.id
            if output.output_type == "execute_result":
                assert output.execution_count == cell.execution_count


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_picture_says_what_it_shows(name):
    for cell in chapter(name).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert "image/png" not in data, f"{cell.id}: JupyterLab shows no text for it"
            for picture in re.findall("<img [^>]*>", data.get("text/html", "")):
                assert len(re.search('alt="([^"]*)"', picture)[1]) > 20, cell.id


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_what_it_is_for_and_where_to_go_on(name):
    text = prose(name)
    first = chapter(name).cells[0].source
    assert "minutes" in first
    assert 2 <= text.count("<details>") <= 12
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>")
    links = re.findall(r"\]\((\.\./release/day2/[\w.]+)", text)
    assert links
    for link in links:
        assert (FOLDER / link).resolve().is_file(), link


def test_every_exercise_has_a_chapter_that_leads_to_it():
    text = "".join(map(prose, CHAPTERS))
    assert [name for name in NOTEBOOKS if f"{name}.ipynb" not in text] == []


@pytest.mark.slow
def test_an_autograd_of_ones_own_learns_what_exercise_2_2_learns(monkeypatch):
    """The chapter says so: the same first weights, batches and gradients."""
    monkeypatch.setenv("LXMLS_NB_CORPUS", "snippets")
    corpus = default_corpus()
    network = definitions("exercise_2_2")["MyNumpyMLP"](
        geometry=[corpus.nr_features, 20, 2], activation_functions=["sigmoid", "softmax"]
    )
    history = train(network.update, network.predict, AmazonData(corpus), verbose=False)
    (cell,) = [cell for cell in chapter("3b_build_it_yourself").cells if cell.id == "train"]
    accuracies = re.findall(r"[\d.]+", cell.outputs[0].text)
    assert accuracies == [f"{accuracy:.2f}" for accuracy in history.accuracies]


def test_chapters_hold_no_solution():
    code = "\n".join(
        cell.source for name in CHAPTERS for cell in chapter(name).cells if cell.cell_type == "code"
    )
    for written in ("def log_linear_gradients", "def backpropagation", "def training_step"):
        assert written not in code
    for written in ("(NumpyMLP)", "(PytorchMLP)", "class LogLinear"):
        assert written not in code
