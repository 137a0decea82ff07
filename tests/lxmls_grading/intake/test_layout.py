"""Code in another layout, and code that does nothing, is told from other code."""

from __future__ import annotations

import pytest

from lxmls_grading.intake.layout import layout_key, outline, statements_about

STUB = 'def f(x):\n    """Return x."""\n    raise NotImplementedError\n\n\nA = {"a": None}'


def test_layout_makes_no_difference_but_comments_do():
    key = layout_key("x = {'a': 1}\ny = f(x)  # why")
    assert key
    assert layout_key('x = {"a":1}\n\ny = f(\n    x,\n)\n#why') == key
    assert layout_key("x = {'a': 1}\ny = f(x)  # because") != key
    assert layout_key("x = {'a': 2}\ny = f(x)  # why") != key
    assert layout_key("x = (") == ""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        *(("raise NotImplementedError", "pass", True), ('"""Return x."""', "", True)),
        *(
            ("raise NotImplementedError", "return None", True),
            ("f(x)", "f(x, y)", False),
        ),
        ("raise NotImplementedError", "return 1", False),
        ("raise NotImplementedError", "return False", False),
        *(("raise NotImplementedError", "return x", False), ("None", "1", False)),
        ("raise NotImplementedError", "y = x\n    raise NotImplementedError", False),
    ],
)
def test_what_does_nothing_makes_no_difference(old, new, same):
    assert (outline(STUB.replace(old, new)) == outline(STUB)) == same


def test_of_broken_code_there_is_no_outline():
    assert outline("def f(") == ""


def test_statements_about_names_bind_or_mention_them():
    fill = 'A["a"] = 1\nA.update(b=2)\nchange(A)\nprint(f(1), B)'
    binding, others = statements_about(f"{STUB}\n{fill}", frozenset({"A", "f"}))
    assert (len(binding), len(others)) == (2, 3)  # to call f changes nothing of it
    assert binding == statements_about(STUB.replace("{", "{ "), frozenset({"A", "f"}))[0]
    assert statements_about("f(", frozenset("f")) == (frozenset(), frozenset())


def test_a_number_too_long_for_a_text_is_no_error():
    """Python turns no number into a text that has more than 4300 digits."""
    number = "0x" + "f" * 5000
    assert outline(f"def f(x):\n    return {number}") != outline("def f(x):\n    return None")
    assert layout_key(number) == ""
    assert all(map(len, statements_about(f"A = {number}\nf({number}, f)", frozenset({"A", "f"}))))
