"""Mutants are small changes of a piece of code, and all of them are different."""

from __future__ import annotations

import ast

import pytest

from tests.answers.mutants.mutations import mutants


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("y = x @ x.T", ["x * x.T", "x @ x", "x.T @ x", "x.T @ x.T", "-(x @ x.T)"]),
        ("y = np.sum(x, axis=0)", ["np.mean(x, axis=0)", "np.sum(x)", "np.sum(x, axis=1)", "x"]),
        ("y = f(x, 2)", ["f(2, x)", "f(x)", "f(2)", "f(x, 1)", "f(x, 3)"]),
        ("y = x[1:-1]", ["x[:-1]", "x[1:]", "x[2:-1]", "x[1:1]", "x"]),
        ("y = x > 0", ["x >= 0", "x < 0", "True", "False", "x > 1"]),
        (
            "y = {'a': 'b', 'c': 'd'}",
            ["{'a': 'd', 'c': 'd'}", "{'c': 'd'}", "{'as': 'b', 'c': 'd'}"],
        ),
        ("y = (x, z)", ["(z, x)", "(x,)", "(-x, z)"]),
        ("y = reversed(range(x))", ["range(x)", "reversed(x)"]),
    ],
)
def test_mutants_are_what_slips_of_the_hand_make(line, expected):
    found = [each.change.split("\n")[-1] for each in mutants(line)]
    assert {f"+y = {each}" for each in expected} <= set(found)


def test_mutants_parse_differ_and_change_only_what_may_change():
    code = "def f(a, b):\n    c = a\n    c += b\n    for n in a:\n        c += n\n    return c"
    found = mutants(code, first=3, last=5)
    codes = [each.code for each in found]
    assert len({*codes, code}) == len(codes) + 1
    for each in found:
        ast.parse(each.code)
        assert "def f(a, b):\n    c = a\n" in each.code
        assert each.code.endswith("    return c")
    assert "-c += b" in [each.change for each in found]  # the statement is gone
    assert "+c += a" in [each.change.split("\n")[-1] for each in found]  # another variable
    assert "+break" in [each.change for each in found]
