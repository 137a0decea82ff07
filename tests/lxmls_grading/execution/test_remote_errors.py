"""Errors of a student's own classes behave in a test as they do beside the answer."""

from __future__ import annotations

import pytest

from lxmls_grading.execution.failures import FaultyTest
from tests.lxmls_grading.execution.test_hostile_objects import points
from tests.lxmls_grading.execution.test_remote import WORTH, cell, judge, points_beside, student

REFERENCE = """
class TooYoung(Exception):
    def __init__(self, age):
        super().__init__(f"{age} is too young")
        self.age, self.code = age, 400
def check(age): raise TooYoung(age)
"""
#: The same, written in other ways; and what is wrong.
RIGHT = {
    "a text of its own": """
class TooYoung(Exception):
    code = 400
    def __init__(self, age): self.age = age
    def __str__(self): return f"{self.age} is too young"
def check(age): raise TooYoung(age)
""",
    "a property": """
class Refused(ValueError):
    code = 400
    @property
    def age(self): return self.args[0]
class TooYoung(Refused):
    def __str__(self): return "%d is too young" % self.age
def check(age): raise TooYoung(age)
""",
}
WRONG = {
    "no text": "class TooYoung(Exception):\n    code = 400\n"
    "    def __init__(self, age): self.age = age\n    def __str__(self): return self.age\n"
    "def check(age): raise TooYoung(age)",
    "a property that fails": "class TooYoung(Exception):\n    code = 404\n"
    "    def __str__(self): return 'you are too young'\n    @property\n"
    "    def age(self): raise KeyError\ndef check(age): raise TooYoung(age)",
}
TESTS = [
    "try:\n    check(5)\nexcept TooYoung as e:\n    assert '5' in str(e)",
    "try:\n    check(5)\nexcept TooYoung as e:\n    assert f'{e}' == f'{5} is too young'",
    "import pytest\nwith pytest.raises(TooYoung, match='5 is'):\n    check(5)",
    "import pytest\nwith pytest.raises(TooYoung) as e:\n    check(5)\n"
    "assert (e.value.age, e.value.code, str(e.value)) == (5, 400, '5 is too young')",
    "error = TooYoung(7)\nassert str(error) == '7 is too young' and error.age == 7",
    "try:\n    raise TooYoung(7)\nexcept Exception as e:\n    assert str(e).startswith('7')",
]


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("name", [*RIGHT, *WRONG])
def test_errors_of_own_classes_give_the_points_of_one_process(name, test):
    answer = (RIGHT | WRONG)[name]
    expected = points_beside(test, student(answer))
    assert expected == (WORTH if name in RIGHT else 0)
    assert points(answer, test, REFERENCE) == expected


def test_an_error_can_be_handed_back():
    answer = f"{REFERENCE}\ndef age_of(e): return e.age\ndef is_own(e, k): return type(e) is k"
    test = "try:\n    check(5)\nexcept TooYoung as e:\n    assert age_of(e) == 5"
    test += " and is_own(e, TooYoung)"
    assert points(answer, test, answer) == WORTH


def test_a_text_that_cannot_be_made_is_told_of_an_error_that_fails_a_test():
    (output,) = judge(student(WRONG["no text"])).run(cell("check(5)")).outputs
    assert output.ename == "TooYoung"
    assert output.evalue == "an error that cannot be shown"


def test_a_class_that_a_test_derives_from_an_error_is_refused():
    with pytest.raises(FaultyTest, match="derives a class"):
        judge(student(REFERENCE)).run(cell("class Own(TooYoung): pass"))


def test_an_object_that_an_error_gives_decides_nothing_that_the_reference_does_not():
    lie = "class Liar:\n    def __eq__(self, other): return True\n"
    answer = RIGHT["a property"].replace("return self.args[0]", "return Liar()")
    test = "try:\n    check(5)\nexcept TooYoung as e:\n    assert e.age == 5"
    assert points(f"{lie}{answer}", test, REFERENCE) == 0
