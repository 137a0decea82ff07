"""Answers are shown as examples without what tells whose they are."""

from __future__ import annotations

import pytest

from lxmls_grading.results.examples import MAX_COLUMNS, MAX_LINES, anonymous, answers_of

ANSWERS = {
    "words": "block_equations = {}\nother: dict = {}",
    "function": "import numpy as np\ndef f(x):\n    z = 1\n    return z",
    "class": "class MyModel(Model):\n    pass",
}


@pytest.mark.parametrize(
    ("test", "names"),
    [
        ("check(block_equations)", ("words",)),
        ("# f and MyModel\ncheck(other)", ("words",)),
        ("check(f, 'MyModel')", ("function",)),
        ("check(f, MyModel)", ("function", "class")),
        ("%time check(f)", ("function",)),
        ("check(z)", ("class",)),  # nothing that it uses is an answer's: the one above it
    ],
)
def test_a_test_is_about_the_answers_that_define_what_it_uses(test, names):
    assert answers_of(test, ANSWERS) == names


def test_a_test_without_an_answer_above_it_is_about_none():
    assert answers_of("check(f)", {}) == ()


def test_what_tells_who_has_written_it_is_left_out():
    code = '''"""Written by Ada Lovelace."""
# Ada Lovelace, 12345

def f(x):  # my own work, Ada
    """Return x.

    :author: ada
    """
    'ada, too'
    path = "/home/ada/data"  # mine
    print(f"ada {x}", "canada", x)

    return x
'''
    assert anonymous(code, "ada").split("\n") == [
        "def f(x):",
        '    path = "/home/…/data"',
        '    print(f"… {x}", "canada", x)',
        "    return x",
    ]


def test_code_is_not_changed_where_an_id_is_a_word_of_it():
    code = 'y = max(x)\nz = "a max"'
    assert anonymous(code, "max") == 'y = max(x)\nz = "a …"'
    assert anonymous('a = "a"', "a") == 'a = "a"'


@pytest.mark.parametrize(
    "code", ["def f(:  # ada\n  'ada'", "x = '''ada # ada", "if x:\n    y\n  z  # Ada"]
)
def test_code_that_is_no_python_is_shown_without_comments(code):
    shown = anonymous(code, "ada")
    assert "ada" not in shown
    assert "#" not in shown
    assert shown


def test_long_answers_are_cut():
    shown = anonymous("\n".join(f"x{n} = {'1' * 500}" for n in range(100)), "ada").split("\n")
    assert len(shown) == MAX_LINES + 1
    assert shown[-1] == "…"
    assert {len(line) for line in shown[:-1]} == {MAX_COLUMNS}


def test_nothing_invisible_is_left():
    assert anonymous("a = '\u202e'\n\tb\x0c = 1", "ada") == "a = '\\u202e'\n    b\\x0c = 1"


def test_texts_that_are_continued_stay():
    code = "a = [\n    'one',\n    'two'\n]\nreturn (\n    'three'\n)"
    assert anonymous(code, "ada") == code
