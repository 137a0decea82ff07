"""What a student is told has no points in it where none are to be told."""

from __future__ import annotations

import pytest
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.v4 import new_notebook, new_output

from lxmls_grading.reasons import add_reason, reason
from lxmls_grading.watch.best import automatic_points
from lxmls_grading.watch.pages import (
    UNTOLD,
    ScoresOfNotebook,
    WithoutPoints,
    add_note,
    hide_points,
    receipt,
)
from tests.support.small_course import source_notebook


def partly_right():
    """A notebook whose test gives a part of its points, which it prints."""
    notebook = source_notebook()
    test = notebook.cells[2]
    test.metadata.nbgrader["score"] = 0.5
    notebook.cells[1].metadata.nbgrader["comment"] = "0.5 points were given by hand"
    test.outputs = [
        new_output("stream", text="nearly\n"),
        new_output("execute_result", data={"text/plain": "0.5"}, execution_count=1),
    ]
    return notebook


def test_a_part_of_the_points_is_not_told():
    notebook = partly_right()
    assert automatic_points(notebook) == (0.5, 2)
    resources = ResourcesDict(nbgrader={})
    notebook, resources = WithoutPoints().preprocess(notebook, resources)
    assert [each.output_type for each in notebook.cells[2].outputs] == ["stream"]
    assert "0.5" not in str(notebook)
    assert resources["nbgrader"] == {"score": 0, "max_score": 0, "late_penalty": 0}


def test_the_points_of_another_try_come_from_its_outputs():
    notebook, resources = ScoresOfNotebook().preprocess(partly_right(), ResourcesDict(nbgrader={}))
    assert notebook.cells[2].metadata.nbgrader["score"] == 0.5
    assert (resources["nbgrader"]["score"], resources["nbgrader"]["max_score"]) == (0.5, 2)


def test_places_for_points_are_removed_and_nothing_else():
    page = f"<h4>first (Score: {UNTOLD} / {UNTOLD})</h4> Score: {UNTOLD} / {UNTOLD} <p>Score: 3"
    assert hide_points(page) == "<h4>first </h4>  <p>Score: 3"


def test_a_note_is_text():
    assert "&lt;b&gt;" in add_note("<html><body>x</body></html>", "<b>")
    assert add_note("<body>", "") == "<body>"


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (None, "It ran to its end."),
        (reason("tampered", what="one"), "It ran to its end."),
        (reason("test", test="one"), "It ran to its end."),
        (reason("kernel", what="it ended"), "did not run to its end"),
        (reason("missing", notebook="first", what=""), "no notebook of this name"),
    ],
)
def test_a_receipt_tells_whether_it_ran(new, told):
    notebook = new_notebook()
    if new is not None:
        add_reason(notebook, new)
    page = receipt(notebook, "<first>", "2026-11-27 10:00:00 UTC", "")
    assert told in page
    assert "&lt;first&gt;" in page
    assert "10:00:00" in page
