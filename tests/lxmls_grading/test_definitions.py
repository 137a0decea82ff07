"""What the code of a cell binds and uses is read, and not run."""

from __future__ import annotations

import time

import pytest

from lxmls_grading.definitions import MAX_CODE, analyse


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(): g = 1", "f"),
        ("async def f(): pass", "f"),
        ("class A(B):\n    x = 1", "A"),
        ("a = b = 1; (c, *d), [e] = 1, 2; f += 1; g: int = 3; h: int", "a b c d e f g"),
        ("x[0] = y.z = 1", ""),
        ("import a.b, c as d\nfrom e import f as g, h\nfrom i import *", "a d g h"),
        ("for a in b:\n    c = 1\nelse:\n    d = 1", "a c d"),
        ("with a as b, c as (d, e): f = 1", "b d e f"),
        ("try:\n    a = 1\nexcept E:\n    b = 1\nfinally:\n    c = 1", "a b c"),
        ("if x:\n    a = 1\nelif y:\n    b = 1", "a b"),
        ("match x:\n    case 1:\n        a = 1", "a"),
        ("%matplotlib inline\na = %time 3\nb = !ls\n!pip install x\nlen?", "a b"),
        ("%%time\ndef f(): pass", "f"),
        ("%%capture out\nf = 1", "f"),
        ("%%writefile x.py\ndef f(): pass", ""),
        ("%%bash\nf=1", ""),
        ("await x\ny = await z", "y"),
        ("def f(:\n    pass\nclass G:\nh = 1\nh == 2\n  i = 3", "f G h"),  # it is broken
        ("return 1\nx = 2", "x"),
        ("x = '\\d'", "x"),
        ("", ""),
        ("# only words", ""),
    ],
)
def test_bound_names(code, names):
    assert analyse(code).bound == set(names.split())


@pytest.mark.parametrize("code", ["x = (", "def f(:", "if x\n    pass", "x = 1\n  y = 2", "a b"])
def test_errors_have_a_line(code):
    found = analyse(code)
    assert not found.parsed
    assert found.error_line


@pytest.mark.parametrize(
    "code",
    ["(" * 50_000, "-" * 90_000 + "1", "x = 1\n" * 50_000, "%time x\n" * 500, "a?\n" * 900 + "("],
)
def test_hostile_code_costs_no_time(code):
    start = time.monotonic()
    found = analyse(code)
    assert time.monotonic() - start < 5
    assert not found.parsed
    assert len(code) <= MAX_CODE or found.error_line is None


def test_layout_makes_no_difference_but_comments_do():
    key = analyse("x = {'a': 1}\ny = f(x)  # why").key
    assert key
    assert analyse('x = {"a":1}\n\ny = f(\n    x,\n)\n#why').key == key
    assert analyse("x = {'a': 1}\ny = f(x)  # because").key != key
    assert analyse("x = {'a': 2}\ny = f(x)  # why").key != key
    assert analyse("x = (").key == ""
