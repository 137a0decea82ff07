"""A run tells which tests run together with the student's code, and so does the report."""

from __future__ import annotations

import nbformat

from lxmls_grading import cli
from tests.support.course import run
from tests.support.small_course import RIGHT, scores, submit


def test_tests_that_run_together_are_told_and_reported(course, grade):
    path = course / "source" / "day2" / "first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].source += "\n%time value = answers['a']"
    nbformat.write(notebook, path)
    run("nbgrader", "generate_assignment", "day2", "--force", cwd=course)
    submit(course, "ada", RIGHT, RIGHT)
    status, summary, told = grade()
    assert (status, summary["graded"]) == (0, ["ada"])
    assert scores(course) == {"ada": 4}
    assert "first is new or changed" in told
    assert "together with the student's code, as in nbgrader: first: test (why: lxmls-nb" in told
    status, _, told = grade("--force")
    assert status == 0
    assert "is new or changed" not in told
    assert "first: test (why" in told
    assert cli.main(["report", "day2", "--quiet"]) == 0
    page = (course / "reports" / "day2.html").read_text()
    assert "first test" in page.partition('id="together"')[2]
    assert "second test" not in page.partition('id="together"')[2]
