"""Instructors' notebooks are read as nbgrader has released them: with the tests of AUTOTEST."""

from __future__ import annotations

from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.converters.base import NbGraderException
from traitlets.config import Config

from lxmls_grading.intake import sources
from lxmls_grading.intake.sources import generate_tests, generated_cells, read_source
from tests.support.small_course import marks

TEMPLATE = "import math\n### AUTOTEST square(3); square(4)\nprint('done')"
RELEASED = (
    "import math\nfrom hashlib import sha1\nassert str(square(3)) == '9'\n"
    "assert str(square(4)) == '16'\n\nprint('done')\nprint('Success!')"
)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return what makes a course with a notebook whose released test the gradebook has."""

    def make(template: str, released: str | None, config: dict | None = None):
        cells = [
            new_code_cell("square = 1", metadata=marks("answer", False, True)),
            new_code_cell(template, metadata=marks("test", True, False)),
        ]
        kernel = {"name": "python3", "display_name": "Python 3"}
        path = tmp_path / "first.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        stored = {} if released is None else {"test": released}
        monkeypatch.setattr(sources, "_released", lambda *given: stored)
        return SimpleNamespace(config=Config(config or {})), path

    return make


def test_generated_tests_are_those_that_were_released(course):
    folders, path = course(TEMPLATE, RELEASED)
    source = read_source(folders, "day3", path)
    assert [cell.source for cell in source.cells] == ["square = 1", RELEASED]


@pytest.mark.parametrize(
    "template",
    [
        TEMPLATE.replace("square(3)", "square(7)"),
        TEMPLATE.replace("print('done')", "print('over')"),
        f"{TEMPLATE}\nassert square(5) == 25",
        "\n".join(reversed(TEMPLATE.split("\n"))),
    ],
)
def test_template_that_was_changed_since_is_an_error(course, template):
    folders, path = course(template, RELEASED)
    with pytest.raises(NbGraderException, match=r"not what was released: test.*--force"):
        read_source(folders, "day3", path)


def test_tests_that_were_never_released_are_an_error(course):
    folders, path = course(TEMPLATE, None)
    with pytest.raises(NbGraderException, match="generate_assignment day3"):
        read_source(folders, "day3", path)


@pytest.mark.parametrize(
    ("code", "generated"),
    [
        ("### AUTOTEST x", True),
        ("  # HASHED AUTOTEST x", True),
        ("x = 'AUTOTEST'", False),
        ("assert x == 3  # no AUTOTEST here", False),
        ("assert x == 3", False),
    ],
)
def test_lines_that_nbgrader_replaces(code, generated):
    notebook = new_notebook(cells=[new_code_cell(code)])
    assert generated_cells(notebook) == ([0] if generated else [])


def test_plain_notebook_needs_no_gradebook(course, monkeypatch):
    folders, path = course("assert square == 1", None)
    monkeypatch.setattr(sources, "_released", None)
    assert len(read_source(folders, "day3", path).cells) == 2


def test_header_and_footer_are_added(course, tmp_path):
    header = tmp_path / "header.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("# the course")]), header)
    config = {"IncludeHeaderFooter": {"header": str(header), "footer": str(header)}}
    folders, path = course("assert square == 1", None, config)
    texts = [cell.source for cell in read_source(folders, "day3", path).cells]
    assert texts == ["# the course", "square = 1", "assert square == 1", "# the course"]


def test_templates_that_are_missing_are_an_error(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders, path = course(TEMPLATE, None)
    with pytest.raises(NbGraderException, match=r"first\.ipynb: AUTOTEST cannot be replaced"):
        generate_tests(folders, path)
