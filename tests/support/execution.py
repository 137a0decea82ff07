"""Notebooks that tests of grading execute, and what becomes of them."""

from __future__ import annotations

from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.settings import Settings
from tests.support.course import ROOT
from tests.support.submissions import points_of

SETTINGS = Settings(hide=(str(ROOT),), timeout=20)
RIGHT = "answers = {'a': 'b'}"
#: The same as an object of a class of its own, which a check probes in the student kernel.
OBJECT = "class Answers(dict): pass\nanswers = Answers(a='b')"
TEST = "from lxmls_nb import checks\nchecks.dictionary(answers, expected={'a': 'b'})"


def graded(source: str, name: str = "test", points: float = 2.0):
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {
        "grade": True,
        "solution": False,
        "locked": True,
        "grade_id": name,
        "points": points,
    }
    return cell


def printed(notebook, index: int = 0) -> str:
    """Return what a cell of an executed notebook has printed; fail if it raised."""
    outputs = notebook.cells[index].outputs
    assert all(output.output_type == "stream" for output in outputs), outputs
    return "".join(output.text for output in outputs).strip()


def see(warm, code: str, settings: Settings = SETTINGS) -> str:
    return printed(warm.execute(new_notebook(cells=[new_code_cell(code)]), settings))


def attempt(warm, code: str, settings: Settings = SETTINGS, answer: str = RIGHT):
    """Run a right answer, its test, some code, and the test again."""
    cells = [new_code_cell(answer), graded(TEST, "before"), new_code_cell(code)]
    executed = warm.execute(new_notebook(cells=[*cells, graded(TEST, "after")]), settings)
    points = points_of(executed)
    assert points["before"] == 2.0
    return executed, points["after"], executed.metadata["lxmls_nb"].get("reasons", [])


def kinds(reasons) -> list[str]:
    return [reason["kind"] for reason in reasons]
