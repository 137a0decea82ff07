"""A class's failures are counted by mistake, over tests, notebooks and numbers."""

from __future__ import annotations

import pytest

from lxmls_grading.results import outcomes
from lxmls_grading.results.mistakes import EXAMPLES, ClassMistakes, add_examples
from lxmls_grading.results.outcomes import FAILED, PARTLY, UNNAMED
from lxmls_grading.results.submissions import CellKey
from lxmls_nb.checks.mistakes import MISTAKES

WEIGHT = CellKey("exercise_2_1", "test-weight")
BIAS = CellKey("exercise_2_1", "test-bias")
LAYERS = CellKey("exercise_2_2", "test-layers")


def counted(*failures):
    """Return the mistakes of failures: student, test, message, cause and lost points of each."""
    found = ClassMistakes()
    for student, test, message, cause, lost in failures:
        found.add(student, test, test.cell, outcomes.TestResult(FAILED, message, cause), lost)
    return found.most_costly()


def test_a_mistake_is_counted_over_tests_and_notebooks():
    (found,) = counted(
        ("ada", WEIGHT, "it is 7 times the numerical one", "sum", 2),
        ("ada", BIAS, "it is 7 times the numerical one", "sum", 1),
        ("bob", LAYERS, "it is 11 times too large", "sum", 5),
    )
    assert found.name == "the average over the batch is missing"
    assert found.lesson == MISTAKES["sum"].to_say()
    assert found.lost == {"ada": 3, "bob": 5}
    assert (found.each, found.total, found.is_same_for_all) == (4, 8, False)
    assert found.tests == {WEIGHT, BIAS, LAYERS}


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        (
            ("`f` (5 features, 7 examples): off by up to 34 % of its largest value.", UNNAMED),
            ("`f` (2 features, 1 example): off by up to 5.5e-05 % of its largest value.", UNNAMED),
            "`f`: off by up to … % of its largest value",
        ),
        (
            ("`f` (geometry [5, 4], 7 examples) gives [1, 2]", UNNAMED),
            ("`f` (geometry [5, 4, 3], 7 examples) gives [1, 2, 3]", UNNAMED),
            "`f` gives […]",
        ),
        (("AssertionError: f is 1, not 2", None), ("AssertionError: f is 3, not 2", None), None),
        (
            ("'linear' is not right for 'block b'.", "answer"),
            ("'sgd' is not right for 'block b'.", "answer"),
            "… is not right for 'block b'",
        ),
        (
            ("`f` (5 features, 7 examples) raised ValueError: x (line 3: a)", "error"),
            ("`f` raised ValueError: y", "error"),
            "`f` raised ValueError",
        ),
        (("it is a", "their-own"), ("it is b", "their-own"), "it is a"),
    ],
)
def test_messages_of_one_mistake(one, other, name):
    found = counted(("ada", WEIGHT, *one, 1), ("bob", LAYERS, *other, 1))
    assert [len(mistake.lost) for mistake in found] == [2]
    assert name is None or found[0].name == name


@pytest.mark.parametrize(
    "message",
    [
        "AssertionError",
        "AssertionError: 3 != 4",
        "AssertionError: 'b' != 'c'\n- b\n+ c\n",
        "AssertionError: False is not true",
        "AssertionError: Lists differ: [1] != [2]\n\nFirst differing element 0:\n1\n2\n\n- [1]\n"
        "+ [2]",
        "AssertionError: \nNot equal to tolerance rtol=1e-07, atol=0\n\nMismatched elements: 1 / 1 "
        "(100%)\nMax absolute difference among violations: 1.\nMax relative difference among "
        "violations: 0.5\n ACTUAL: array(1)\n DESIRED: array(2)",
        "AssertionError: 1.0 != 2.0 within 7 places (1.0 difference)",
    ],
)
def test_assertions_of_two_tests_that_say_nothing_are_not_one_mistake(message):
    found = counted(
        *(("ada", WEIGHT, message, None, 1), ("bob", WEIGHT, message, None, 1)),
        ("ada", LAYERS, message, None, 1),
    )
    assert [len(each.lost) for each in found] == [2, 1]
    assert found[0].name.endswith(", in test-weight")
    assert found[0].name.startswith("AssertionError")
    (found,) = counted(
        ("ada", WEIGHT, f"{message} : the mean is wrong", None, 1),
        ("ada", LAYERS, f"{message} : the mean is wrong", None, 1),
    )
    assert found.tests == {WEIGHT, LAYERS}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("it is wrong", "sign"), ("it is wrong", "sum")),
        (("it is wrong", "sign"), ("it is wrong", UNNAMED)),
        (
            ("'sgd' is not right for 'block b'.", "answer"),
            ("'sgd' is not right for 'c'.", "answer"),
        ),
        (("no key 'block a'", "structure"), ("a list of pairs is expected", "structure")),
        (("`f` raised ValueError: x", "error"), ("`f` raised TypeError: x", "error")),
        (("partly right: 1 of 2 points", PARTLY), ("partly right: 1 of 2 points", PARTLY)),
    ],
)
def test_messages_of_two_mistakes(one, other):
    assert len(counted(("ada", WEIGHT, *one, 1), ("bob", LAYERS, *other, 1))) == 2


def test_what_costs_most_comes_first_and_what_costs_nothing_is_left_out():
    found = counted(
        ("ada", WEIGHT, "x", "sign", 1),
        ("ada", BIAS, "x", "zero", 0),
        ("bob", BIAS, "x", "sum", 1),
        ("cyn", BIAS, "x", "sum", 1),
    )
    assert [mistake.name for mistake in found] == [
        MISTAKES["sum"].in_short(),
        MISTAKES["sign"].in_short(),
    ]


@pytest.mark.parametrize(
    ("cause", "lesson"),
    [
        ("sum", MISTAKES["sum"].to_say()),
        ("label-smoothing", "The labels are smoothed."),
        ("error", MISTAKES["error"].lesson),
        ("answer", ""),
        ("their-own", ""),
        (UNNAMED, ""),
        (None, ""),
    ],
)
def test_what_to_say(cause, lesson):
    (found,) = counted(("ada", WEIGHT, "it is rounded", cause, 1))
    assert found.lesson == lesson


def test_what_comes_from_a_message_is_short():
    words = MISTAKES["structure"].words  # every message of this cause ends with them
    found = counted(
        ("ada", WEIGHT, f"`f` gave a dictionary: {words}.", "structure", 2),
        ("ada", WEIGHT, f"`f` gave {'a thing ' * 50}: {words}.", "structure", 1),
    )
    assert found[0].name == "`f` gave a dictionary"
    assert len(found[1].name) == 120


def test_examples_are_few_and_different():
    (mistake,) = counted(("ada", WEIGHT, "x", "sum", 1))
    for code in ("a = 1", "", "a=1", "b", "c", "d"):
        add_examples(mistake, [code])
    assert mistake.answers == ["a = 1", "b", "c"]
    assert EXAMPLES == 3
