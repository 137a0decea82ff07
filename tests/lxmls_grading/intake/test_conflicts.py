"""Where a merge that was not finished left two versions of an answer, a person looks at it."""

from __future__ import annotations

import time

import pytest
from nbformat.v4 import new_markdown_cell

from lxmls_grading.intake.conflicts import BEGIN, END
from lxmls_grading.intake.rebuild import rebuild
from tests.support.odd_course import AREA, cell, originals, own, place, submission

OTHER = "def area(radius):\n    return 0"
GIT = f"<<<<<<< HEAD\n{AREA}\n=======\n{OTHER}\n>>>>>>> 3f2a1c0 (mine)"
NBDIME = f"<<<<<<< local\n{AREA}\n||||||| base\n=======\n{OTHER}\n>>>>>>> remote"
DELETED = f"<<<<<<< LOCAL CELL DELETED >>>>>>>\n{AREA}"


def marker(text: str):
    return new_markdown_cell(f'<span style="color:red">**{text}**</span>')


def waiting(notebook) -> set[str]:
    reasons = rebuild(notebook, originals())[1]
    assert {each.kind for each in reasons} <= {"set aside"}
    return {name for each in reasons for name in each.cells}


@pytest.mark.parametrize("text", [GIT, NBDIME, DELETED], ids=["git", "nbdime", "deleted"])
def test_two_versions_in_its_cell_wait(text):
    notebook = submission()
    cell(notebook, "area").source = text
    assert waiting(notebook) == {"area", "test-area"}


@pytest.mark.parametrize("first", [True, False])
def test_two_versions_in_cells_wait(first):
    notebook = submission()
    at = place(notebook, "area")
    mine, other = notebook.cells[at], own(OTHER)
    versions = (mine, other) if first else (other, mine)
    notebook.cells[at : at + 1] = [
        *(marker("<<<<<<< local"), versions[0], marker("=======")),
        *(versions[1], marker(">>>>>>> remote")),
    ]
    assert waiting(notebook) == {"area", "test-area"}


def test_so_does_what_calls_a_function_with_two_versions():
    notebook = submission()
    helper = "<<<<<<< local\ndef pi():\n    return 3\n=======\ndef pi():\n    return 4\n>>>>>>> r"
    cell(notebook, "area").source = AREA.replace("math.pi", "pi()")
    notebook.cells.insert(place(notebook, "area"), own(helper))
    assert waiting(notebook) == {"area", "test-area"}


def test_nobody_waits_for_lines_that_are_no_answer():
    notebook = submission()
    notebook.cells.insert(0, own("<<<<<<< local\nx = 1\n=======\nx = 2\n>>>>>>> remote"))
    notebook.cells.insert(1, new_markdown_cell("<<<<<<< local"))  # it does not end
    cell(notebook, "area").source = f"# <<<<<<< mine\n{AREA}\n# =======\n# >>>>>>> other"
    assert waiting(notebook) == set()


def test_a_line_in_a_text_is_no_beginning_of_two_versions():
    notebook = submission()
    doc = '    """Return the area.\n\n<<<<<<< this way =======\n    """\n'
    cell(notebook, "area").source = AREA.replace("    return", f"{doc}    return")
    assert waiting(notebook) == set()


def test_hostile_texts_are_searched_in_linear_time():
    started = time.perf_counter()
    for pattern in (BEGIN, END):
        assert not pattern.search("<span\n" * 200_000)  # it took minutes
    assert time.perf_counter() - started < 5
