"""A notebook in another language is released and graded as by nbgrader."""

from __future__ import annotations

import nbformat
import pytest

from lxmls_grading.cells import read_notebook
from lxmls_grading.intake.originals import read_originals
from tests.support.both_ways import grade_both, release
from tests.support.conversion import course_config
from tests.support.other_language import LANGUAGE, answer, graded, install_kernel, notebook
from tests.support.submissions import complete

ANSWERS = {"right": "x = 3", "half": "x = 1.5", "wrong": "y = 4", "odd": "x <- function(y) y"}
STUB = f'\nc.ClearSolutions.code_stub["{LANGUAGE}"] = "not attempted"\n'


@pytest.mark.slow
def test_points_are_those_of_stock_nbgrader(tmp_path, monkeypatch):
    for name, value in install_kernel(tmp_path / "jupyter").items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "course"
    source = root / "source" / "day3"
    source.mkdir(parents=True)
    solution = "# BEGIN SOLUTION\nx = 3\n# END SOLUTION"
    hidden = "check x 3\n# BEGIN HIDDEN TESTS\ncheck x 3\n# END HIDDEN TESTS"
    cells = [answer(solution), graded(hidden, "whole"), graded("points 1.5", "partial")]
    nbformat.write(notebook(*cells), source / "tally.ipynb")
    release(root, "day3", config=STUB)
    released = read_notebook(root / "release" / "day3" / "tally.ipynb")
    assert [cell.source for cell in released.cells][:2] == ["not attempted", "check x 3"]
    for student, code in {**ANSWERS, "blank": None}.items():
        folder = root / "submitted" / student / "day3"
        folder.mkdir(parents=True)
        answers = {} if code is None else {"answer": code}
        nbformat.write(complete(released, answers), folder / "tally.ipynb")
    ours, stock = grade_both(root, "day3")
    assert ours.points == stock.points, reasons(root)
    assert ours.points["right", "tally", "whole"] == 2
    for student in ("half", "wrong", "odd", "blank"):
        assert ours.points[student, "tally", "whole"] == 0
        graded_notebook = read_notebook(root / "autograded" / student / "day3" / "tally.ipynb")
        assert "reasons" not in graded_notebook.metadata["lxmls_nb"]


def reasons(root) -> dict[str, list[str]]:
    """Return what was noted on each graded notebook, and what its tests put out."""
    found = {}
    for path in (root / "autograded").glob("*/day3/tally.ipynb"):
        graded = read_notebook(path)
        noted = [each.text for each in graded.metadata["lxmls_nb"].get("reasons", [])]
        outputs = [str(output) for cell in graded.cells for output in cell.get("outputs", [])]
        found[path.parts[-3]] = noted + outputs
    return found


@pytest.mark.parametrize(
    ("language", "stub"),
    [("R", "# YOUR CODE HERE\nfail()"), ("java", "// YOUR CODE HERE")],
)
def test_stubs_of_other_languages_are_nbgrader_s(language, stub):
    source = notebook(answer("### BEGIN SOLUTION\nx <- 3\n### END SOLUTION"), graded("x"))
    source.metadata.kernelspec["language"] = language
    assert read_originals(source, course_config()).released.cells[0].source == stub
