"""What the code of a cell binds and uses is read, and not run."""

from __future__ import annotations

import ast
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from lxmls_grading import definitions
from lxmls_grading.definitions import (
    analyse,
    global_names,
    may_bind_unseen,
    needed_names,
    syntax_error,
)


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
        ("%%time\n\n%%capture\nf = 1", "f"),
        ("    def f():\n        pass\n    g = 1", "f g"),
        ("\n\n  f = 1\n  g = 2", "f g"),
        (">>> def f():\n...     pass\n>>> g = 1", "f g"),
        ("In [12]: def f():\n    ...:     pass", "f"),
        ("In [1] = 2", ""),
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


@pytest.mark.parametrize(
    ("code", "line"),
    [
        *(("x = (", 1), ("x = 1\nif x\n    pass", 2), ("%time 1\n!ls\na b", 3)),
        ("\n \n\nx = (", 4),
        *(("x = 1", None), ("%matplotlib inline\nlen?\nx = !ls", None), (",print a b", None)),
        *(("%time f(\\\n  1)", None), ("%%bash\nfi", None), ("%x\n" * 30 + "(", None)),
    ],
)
def test_the_line_of_an_error_is_told_where_it_is_certain(code, line):
    assert (syntax_error(code) or [None])[0] == line


@pytest.mark.parametrize(
    "code",
    [
        "(" * 50_000,
        "-" * 90_000 + "1",
        "x = 1\n" * 50_000,
        "%time x\n" * 500 + "(",
        "a?\n" * 900 + "(",
    ],
)
def test_hostile_code_costs_no_time(code):
    start = time.monotonic()
    assert not analyse(code).parsed
    syntax_error(code)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("code", "unseen"),
    [
        *(("from m import *", True), ("%run m.py", True), ("x = 1\n%load m.py", True)),
        *(("exec('f = 1')", True), ("globals()['f'] = 1", True), ("import builtins", True)),
        *(("def f():\n    global g\n    g = 1", True), ("print(f := 1)", True), ("x = (", True)),
        *(("", False), ("import m\nf = m.run", False), ("%matplotlib inline", False)),
        *(("%%time\nf = 1", False), ("def f(x):\n    return x", False), ("!pip install m", False)),
    ],
)
def test_code_that_may_bind_more_than_is_seen(code, unseen):
    assert may_bind_unseen(code) == unseen


def test_two_threads_never_parse_at_the_same_time(monkeypatch):
    """Python 3.11 takes the depth of all threads' trees for that of one, and raises an error."""
    parsing, at_once, parse = [], [], ast.parse

    def slow(source):
        parsing.append(source)
        time.sleep(0.02)
        at_once.append(len(parsing))
        parsing.remove(source)
        return parse(source)

    monkeypatch.setattr(definitions, "ast", SimpleNamespace(parse=slow))
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(definitions.parse, ["x = 1"] * 8))) == 8
    assert at_once == [1] * 8


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("class A(A): pass", {"A"}),
        ("d = {**d, 'a': 1}", {"d"}),
        ("d |= {}", {"d"}),
        ("old = f\ndef f(): pass", {"f"}),
        ("help(f)\ndef f(): pass", {"f"}),
        ("del f\ndef f(): pass", {"f"}),
        ("def f(a=f): pass", {"f"}),
        ("if True:\n    f = g(f)", {"f"}),
        ("with open(p) as h:\n    a = h.read()\n    b = a + 1", set()),
        ("try:\n    net = Net()\n    net.fit()\nexcept ValueError as e:\n    e = 1", set()),
        ("if True:\n    w = 1\n    b = w + 1", set()),
        ("xs = [x for x in range(3)]\nx = 5", set()),
        ("x = lambda x: x", set()),
        ("def f(): return f()", set()),
        ("f =", set()),
    ],
)
def test_names_that_have_to_be_there_before(source, needed):
    assert needed_names(source) == needed


def test_global_names_are_those_of_no_function():
    source = "x = acc + 1\ndef g(y):\n    z = y\n    return z + helper(x)"
    assert global_names(source) == {"acc", "helper", "x"}
    assert global_names("f =") == set()
