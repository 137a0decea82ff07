"""The names that a cell binds and reads."""

from __future__ import annotations

import pytest

from lxmls_nb.notebook.names import names_of


@pytest.mark.parametrize(
    ("source", "bound", "read"),
    [
        ("a = b", "a", "b"),
        ("import numpy as np\nfrom os import path", "np path", ""),
        ("import os.path", "os", ""),
        ("a, (b, *c) = d", "a b c", "d"),
        ("a = 1\nb = a", "a b", ""),
        ("for a in b:\n    c = a", "a c", "b a"),
        ("a = [b for b in c]", "a", "c"),
        ("with a as b:\n    pass", "b", "a"),
        ("(a := b)", "a", "b"),
        ("def f(a, b=c):\n    return a + d", "f", "c d"),
        ("class C(B):\n    x = y\n    def f(self):\n        return z", "C", "B y z"),
        ("def f():\n    global a\n    a = b", "a f", "b"),
        ("a = lambda x: x + b", "a", "b"),
        ("a.b = c", "", "a c"),
        ("def f():\n    return g()\ndef g():\n    return a\nb = f()", "b f g", "a"),
        ("%time a = b", "", "get_ipython"),
        ("%matplotlib inline\na = b", "a", "b get_ipython"),
        ("%%time\na = b", "a", "b"),
        ("%%timeit\na = b", "", "get_ipython"),
        ("del a", "", ""),
        ("try:\n    a = b\nexcept C as e:\n    d(e)", "a", "C b d e"),
        ("a = await b(c)", "a", "b c"),
        ("async for a in b:\n    c = await a", "a c", "b a"),
        ("async with a as b:\n    pass", "b", "a"),
        ("async def f():\n    return await a", "f", "a"),
        ("no python at all", "", ""),
        ("", "", ""),
    ],
)
def test_names_of_a_cell(source, bound, read):
    found = names_of(source)
    assert sorted(found.bound) == sorted(bound.split())
    assert sorted(found.read) == sorted(read.split())


def test_each_value_has_the_names_that_were_read_for_it():
    found = names_of("a = b\nc = d\ne = a + c\ndef f():\n    return g\nh = f()")
    assert {name: sorted(value.reads) for name, value in found.values.items()} == {
        "a": ["b"],
        "c": ["d"],
        "e": ["b", "d"],
        "h": ["g"],
    }
    assert found.definitions["f"].reads == {"g"}


def test_a_value_has_the_code_that_it_is_made_by():
    cell = "a = b\nc = d\ne = a + 1\ndef f():\n    return g\nh = f()"
    before = names_of(cell).values
    for line, changed in (("a = b", "ae"), ("c = d", "c"), ("return g", "h"), ("a + 1", "e")):
        after = names_of(cell.replace(line, f"{line} * 2")).values
        assert "".join(name for name in "aceh" if before[name].code != after[name].code) == changed


def test_comments_and_blanks_do_not_count():
    one, two = names_of("def f(x):  # one\n    return x\n"), names_of("def f(x):\n\n  return x")
    assert one.code == two.code
    assert one.definitions == two.definitions
