"""A mistyped delimiter would release what is hidden, without a word."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config

from lxmls_grading.intake.delimiters import stray_delimiters
from tests.support.course import NOTEBOOKS, source
from tests.support.small_course import marks


def found(text: str, config=None) -> list[tuple[str, str]]:
    cell = new_code_cell(f"x = 1\n{text}\n", metadata=marks("test", True, False))
    return stray_delimiters(new_notebook(cells=[cell]), config)


@pytest.mark.parametrize(
    "line",
    [
        "### BEGIN HIDDEN TEST",
        "### BEGIN SOLUTIN",
        "    # END HIDDEN TEST",
        "### begin hidden tests",
        "## End Solution",
        "#BEGIN HIDEN TESTS",
        "### BEGIN_HIDDEN_TESTS",
        "### begin-solution",
        "### END MARKSCHEME",
    ],
)
def test_what_looks_like_a_delimiter_is_found(line):
    assert found(line) == [("test", line.strip())]


@pytest.mark.parametrize(
    "line",
    [
        "### BEGIN HIDDEN TESTS",
        "    # END SOLUTION",
        "## BEGIN MARK SCHEME ##",
        "# begin with the last layer",
        "# the BEGIN of it",
        "BEGIN = 3",
        "# ends here",
        "### AUTOTEST mean([1])",
    ],
)
def test_other_lines_are_not(line):
    assert found(line) == []


def test_delimiters_are_those_that_are_configured():
    config = Config({"ClearHiddenTests": {"begin_test_delimeter": "BEGIN SECRET"}})
    assert found("### BEGIN SECRET", config) == []
    assert found("### BEGIN HIDDEN TESTS", config) == [("test", "### BEGIN HIDDEN TESTS")]


def test_cells_without_a_name_are_counted():
    cells = [new_markdown_cell("a"), new_markdown_cell("### BEGIN MARK SCEME")]
    assert stray_delimiters(new_notebook(cells=cells)) == [("cell 2", "### BEGIN MARK SCEME")]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_course_has_none(name):
    assert stray_delimiters(source(name)) == []
