"""The hidden tests of day 2 can call answers with numbers of each student's own."""

from __future__ import annotations

import re

import pytest

from tests.answers.__main__ import main, numbers_of
from tests.answers.catalogue import NOTEBOOKS
from tests.answers.runner import SOURCE, full_marks, score
from tests.notebooks.test_course import lines_by_region
from tests.support.course import source
from tests.support.submissions import reference_answers

#: Prints what an answer is called with, so that another one could hold it.
PRINTS = """

_honest = log_linear_gradients

def log_linear_gradients(weight, bias, input, output):
    print("called with", float(input.sum()))
    return _honest(weight, bias, input, output)
"""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_seed_of_a_hidden_test_is_the_students_own(name):
    hidden = "\n".join(line for region, line in lines_by_region(name) if region == "HIDDEN TESTS")
    calls = len(re.findall(r"\bseed=", hidden))
    assert calls >= 6
    assert len(re.findall(r"\bseed=checks\.personal\(\d+\)", hidden)) == calls


@pytest.mark.slow
def test_what_one_student_prints_is_of_no_use_to_another():
    name, cell = "exercise_2_1", "log-linear-gradients"
    answers = {cell: reference_answers(source(name))[cell] + PRINTS}
    printed = []
    for student in (None, "ada", "ada", "blaise"):
        with numbers_of(student, SOURCE) as folder:
            result = score(name, answers, source=folder)
        assert result.points == full_marks(name)
        printed.append([re.findall("called with (.*)", each.output) for each in result.cells])
    default, ada, again, blaise = printed
    assert ada == again
    own = 0
    for first, second, third in zip(default, ada, blaise, strict=True):
        shown = {*first} & {*second} & {*third}  # by the tests that are not hidden
        assert ({*second} - shown).isdisjoint({*first, *third})
        own += bool({*second} - shown)
    assert own == 4  # the two tests about equations call nothing


@pytest.mark.slow
def test_the_catalogue_can_be_tried_with_the_numbers_of_a_student(capfd):
    assert main(["day2", "2_1-F15", "--student", "ada"]) == 0
    assert "wrong answers caught: 2 of 2" in capfd.readouterr().out
