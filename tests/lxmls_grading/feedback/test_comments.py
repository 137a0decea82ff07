"""What is said about a submission in the gradebook and in feedback."""

from __future__ import annotations

import copy

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback

from lxmls_grading.cells import read_notebook
from lxmls_grading.feedback.comments import ShowReasons, comments_of
from lxmls_grading.reasons import add_reason, reason
from tests.support.conversion import (
    ANSWER,
    NAME,
    TEST,
    convert,
    details,
    feedback,
    find,
    hand_in,
    scores,
)
from tests.support.course import release
from tests.support.rebuilding import edited, missing


@pytest.mark.usefixtures("_guarded")
def test_tampering_is_said_in_the_gradebook_and_in_feedback(course):
    path = hand_in(course, "ada") / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    edited(find(notebook, TEST), notebook.cells)
    missing(find(notebook, ANSWER), notebook.cells)
    stopping = "### BEGIN HIDDEN TESTS\n![](attachment:none.png)"  # what stops nbgrader's feedback
    notebook.cells.append(nbformat.v4.new_markdown_cell(stopping))
    notebook.metadata["lxmls_nb"] = {"reasons": [{"kind": "test", "text": "forged", "cells": []}]}
    nbformat.write(notebook, path)
    convert(Autograde, course)
    grades, comments = details(course, "ada")
    assert f"graded as released: {TEST} (edited)" in comments["log-linear-comments"]
    assert f"the cell {ANSWER} was missing" in comments[ANSWER]
    assert "forged" not in str(comments)
    assert not grades[TEST][2]  # it ran
    convert(GenerateFeedback, course)
    page = feedback(course, "ada")
    assert f"graded as released: {TEST} (edited)" in page
    assert f"the cell {ANSWER} was missing" in page


@pytest.mark.usefixtures("_guarded")
def test_a_resubmission_that_dies_loses_what_did_not_run(course):
    hand_in(course, "ada")
    convert(Autograde, course)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for name, points in ((TEST, 1), ("test-weight-gradient", 1.5), ("log-linear-comments", 2)):
            grade = gradebook.find_grade(name, NAME, "day2", "ada")
            grade.manual_score, grade.needs_manual_grade = points, False
        grade.extra_credit = None
        extra = gradebook.find_grade("test-bias-gradient", NAME, "day2", "ada")
        extra.extra_credit, extra.needs_manual_grade = 5, False
        comment = gradebook.find_comment("log-linear-comments", NAME, "day2", "ada")
        comment.manual_comment = "Well done"
        gradebook.db.commit()
    assert scores(course)["ada", NAME] == 14.5

    hand_in(course, "ada", **{ANSWER: "DIES"})
    convert(Autograde, course)
    grades, comments = details(course, "ada")
    ran = "test-equations-forward"  # the first one
    assert grades[ran] == (1, None, False)
    for name in ("test-equations-update", TEST, "test-weight-gradient", "test-whole"):
        assert grades[name] == (0, None, True), name
    assert grades["log-linear-comments"] == (None, 2, False)  # this one was handed in as before
    assert scores(course)["ada", NAME] == 1 + 2
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        said = gradebook.find_comment("log-linear-comments", NAME, "day2", "ada").auto_comment
    assert "Out of memory: your code asked for more than 2 &lt;GB&gt;" in said
    assert f"{TEST}: 1 point that was given by hand to an earlier submission was set aside" in said
    assert "test-weight-gradient: 1.5 points that were given by hand" in said
    assert "test-bias-gradient: 5 points that were given by hand" in said
    assert comments["log-linear-comments"] == "Well done"  # hides the other one in nbgrader
    convert(GenerateFeedback, course)
    assert "Well done" in feedback(course, "ada")
    assert "Out of memory: your code asked for more than 2 <GB>" in feedback(course, "ada")

    hand_in(course, "ada")
    convert(Autograde, course)
    assert scores(course)["ada", NAME] == 10
    assert "Out of memory" not in str(details(course, "ada"))


@pytest.mark.usefixtures("_guarded")
def test_what_was_set_aside_keeps_its_points_and_waits(course):
    path = hand_in(course, "ada") / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    answer = find(notebook, ANSWER)
    missing(answer, notebook.cells)
    notebook.cells.append(nbformat.v4.new_code_cell(answer.source))
    nbformat.write(notebook, path)
    convert(Autograde, course)
    grades, comments = details(course, "ada")
    assert "below its tests" in comments[ANSWER]
    assert grades[TEST] == (1, None, True)
    assert grades["test-equations-forward"] == (1, None, False)


@pytest.mark.usefixtures("_guarded")
def test_no_response_never_stands_beside_points(course):
    path = hand_in(course, "ada") / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    stub = find(release(NAME), ANSWER).source
    answer = find(notebook, ANSWER)
    text, answer.source = answer.source, stub
    place = notebook.cells.index(answer)
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(text))
    nbformat.write(notebook, path)
    convert(Autograde, course)
    grades, said = details(course, "ada")
    assert grades[TEST][0] == 1
    assert "No response" not in said[ANSWER]


@pytest.mark.parametrize(
    ("scored", "shown"),
    [
        ({}, True),
        ({TEST: 1.0}, False),
        ({ANSWER: 1.0}, False),
        ({"test-equations-forward": 1}, True),
    ],
)
def test_points_by_hand_are_a_response_too(scored, shown):
    """Somebody has given them in the formgrader, after grading."""
    notebook = copy.deepcopy(release(NAME))
    find(notebook, ANSWER).metadata.nbgrader.comment = "No response."
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.score = scored.get(cell.metadata.nbgrader.grade_id, 0)
    ShowReasons().preprocess(notebook, {})
    assert find(notebook, ANSWER).metadata.nbgrader.comment == ("No response." if shown else "")


def test_comments_stand_at_the_answer_that_they_are_about():
    notebook = copy.deepcopy(release(NAME))
    add_reason(notebook, reason("timeout", [ANSWER], what="the cell", limit="2 s"))
    add_reason(notebook, reason("tampered", [TEST], what="test-loss"))
    said = comments_of(notebook)
    assert list(said) == [ANSWER, "log-linear-comments"]
    assert said[ANSWER][0].startswith("Time is up")
