"""A person in a notebook: cards, points, older values, names that are not there yet."""

from __future__ import annotations

import re

import nbformat
import pytest

from tests.answers.catalogue import read_answers
from tests.support.course import release, source
from tests.support.notebook import as_text, watched_notebook
from tests.support.submissions import reference_answers

pytestmark = pytest.mark.slow

NAME = "exercise_2_1"
RIGHT = reference_answers(source(NAME))["log-linear-gradients"]
SO_FAR = "So far {} of 10 points by visible checks; 2 are given when it is graded."
LOSS, WEIGHT, BIAS, WHOLE = "test-loss", "test-weight-gradient", "test-bias-gradient", "test-whole"


@pytest.fixture(scope="module")
def sum_of_errors() -> str:
    """Return an answer that leaves out the average of the gradients."""
    return next(one.code for one in read_answers(NAME, "wrong") if one.id == "U2")


@pytest.fixture
def notebook(tmp_path):
    with watched_notebook(tmp_path, release(NAME)) as running:
        running.sources = {cell.id: cell.source for cell in release(NAME).cells}
        running.cell = lambda key: running.run(running.sources[key], key)
        running.shown = lambda key: as_text(running.cell(key))
        yield running


def test_a_way_through_the_first_exercise(notebook, sum_of_errors):
    cell, shown = notebook.cell, notebook.shown
    cell("imports")
    # What is not there yet.
    assert shown("train-given").startswith(
        "Not there yet: `NumpyLogLinear` is made in the cell that begins with "
        "`class NumpyLogLinear(Model)`: run that one first."
    )
    # A name that no cell makes is a mistake: Python says where.
    assert "Traceback" in notebook.text("mistyped + 1", "mine")
    # An answer that is not written.
    cell("log-linear-gradients")
    card, error = cell(LOSS)
    assert card["data"]["text/plain"].startswith("Not attempted yet: write")
    assert "lxmls-open" in card["data"]["text/html"]
    assert error["ename"] == "NotAttempted"
    assert error["traceback"] == ["Not attempted yet: see the message above."]
    # A wrong one.
    notebook.run(sum_of_errors, "log-linear-gradients")
    (card,) = cell(LOSS)
    assert "lxmls-right" in card["data"]["text/html"]
    assert card["data"]["text/plain"].endswith(SO_FAR.format(1))
    card, error = cell(WEIGHT)
    assert "is the average over the batch missing?" in " ".join(card["data"]["text/plain"].split())
    assert "lxmls-wrong" in card["data"]["text/html"]
    assert "the same mistake as in the cell “The gradient of the weight”" in shown(BIAS)
    own = notebook.text("seen = log_linear_gradients(np.ones((2, 3)), np.zeros((1, 2)),"
                        " np.ones((4, 3)), np.zeros(4, int))", "own")  # fmt: skip
    assert own == ""
    # Repaired: earlier points wait until their checks are run again.
    notebook.run(RIGHT, "log-linear-gradients")
    assert SO_FAR.format(2) in shown(WEIGHT)
    assert notebook.text("len(seen)", "look").startswith(
        "Older than your code: `seen` was made before `log_linear_gradients` changed. Run cell ["
    )
    assert SO_FAR.format(3) in shown(LOSS)
    assert SO_FAR.format(4) in shown(BIAS)
    (card,) = cell(WHOLE)
    text = card["data"]["text/plain"]
    assert text.count("Largest relative difference") == 3
    assert text.count("Why it works") == 1
    assert text.startswith("Passed: ")
    assert text.endswith(SO_FAR.format(6))


def test_a_check_of_the_form_gives_no_points(notebook):
    notebook.cell("imports")
    filled = re.sub("None", '"softmax"', notebook.sources["log-linear-equations"])
    notebook.run(filled.replace("raise", "# raise"), "log-linear-equations")
    (card,) = notebook.cell("test-equations-forward")
    assert "lxmls-note" in card["data"]["text/html"]
    assert card["data"]["text/plain"].startswith("Filled in: the form of 5 entries is fine.")
    assert "points" not in card["data"]["text/plain"]


def test_an_error_of_python_after_a_check_is_shown(notebook):
    notebook.cell("imports")
    notebook.run(RIGHT, "log-linear-gradients")
    card, error = notebook.run(f"{notebook.sources[LOSS]}\n1 / 0", LOSS)
    assert "points" not in card["data"]["text/plain"]
    assert "lxmls-error" not in card["data"]["text/html"].partition("</style>")[2]
    assert error["ename"] == "ZeroDivisionError"
    assert len(error["traceback"]) > 1


def test_captured_output_stays_text(notebook):
    notebook.cell("imports")
    notebook.run(RIGHT, "log-linear-gradients")
    (printed,) = notebook.run(
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n"
        f"    {notebook.sources[LOSS].splitlines()[-1]}\nprint(text.getvalue()[:7])"
    )
    assert printed["text"].strip() == "Passed:"


def test_without_a_person_it_is_text(tmp_path):
    """As nbval, nbgrader and a grader's kernel run notebooks: there everything is printed."""
    from nbclient import NotebookClient

    notebook = nbformat.from_dict(release(NAME))
    next(cell for cell in notebook.cells if cell.id == "log-linear-gradients").source = RIGHT
    del notebook.cells[next(n for n, c in enumerate(notebook.cells) if c.id == "training") :]
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    assert {each.output_type for each in outputs[WHOLE]} == {"stream"}
    text = "".join(each.text for each in outputs[WHOLE])
    assert text.startswith("Passed: `log_linear_gradients` (5 features")
    assert text.count("Passed: ") == 3
    assert not re.search("points|Why", text)
