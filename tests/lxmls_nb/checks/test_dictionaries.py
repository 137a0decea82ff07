"""Checks of answers that are a dictionary of short words."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import checks


def test_dictionary():
    choices = {"keys": ["a", "b"], "choices": ["x", "y"]}
    checks.dictionary({"a": "X ", "b": "y"}, **choices)
    with pytest.raises(checks.NotAttempted):
        checks.dictionary({"a": None, "b": None}, **choices)
    with pytest.raises(checks.CheckFailed, match="no answer for 'b' yet"):
        checks.dictionary({"a": "x", "b": None}, **choices)
    with pytest.raises(checks.CheckFailed, match="'z', given for 'b', is not one of: x, y"):
        checks.dictionary({"a": "x", "b": "z"}, **choices)
    with pytest.raises(checks.CheckFailed, match="no key 'b'"):
        checks.dictionary({"a": "x"}, **choices)
    with pytest.raises(checks.CheckFailed, match="a dictionary is expected"):
        checks.dictionary(["x", "y"], **choices)
    checks.dictionary({"a": "x"}, expected={"a": ("x", "y")})
    with pytest.raises(checks.CheckFailed) as failure:
        checks.dictionary({"a": "wrong"}, expected={"a": "secret"})
    assert "secret" not in str(failure.value)


def test_nothing_passes_that_is_not_compared(capsys):
    checks.dictionary({"a": "y"}, keys=["a"], choices=["x", "y"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "Passed" not in printed
    assert (
        "Filled in: the form of 1 entry is fine. Whether they are right is marked later" in printed
    )
    checks.dictionary({"a": "y"}, expected={"a": "y"})
    assert "Passed: 1 entry right." in capsys.readouterr().out


def test_choices_can_differ_from_key_to_key():
    choices = {"a": ["x", "y"], "b": ["z"]}
    checks.dictionary({"a": "y", "b": "z"}, keys=["a", "b"], choices=choices)
    with pytest.raises(checks.CheckFailed, match="'y', given for 'b', is not one of: z"):
        checks.dictionary({"a": "y", "b": "y"}, keys=["a", "b"], choices=choices)


@pytest.mark.parametrize(
    ("spelling", "word"),
    [
        *(("float32", each) for each in ("torch.float32", "np.float32", "'float32'", "`Float32`")),
        *(("non-leaf", each) for each in ("nonleaf", "non leaf", "Non_Leaf", "non\u2011leaf")),
        *(("non-leaf", each) for each in ("non \u2212 leaf", "non-leaf.", "\u201cnon-leaf\u201d")),
        ("log-probabilities", "log probabilities"),
        ("initialisation", "Initialization"),
        ("categorise", "categorise"),
        ("x - y", "x - y"),
    ],
)
def test_spellings_of_a_word_are_one(spelling, word):
    checks.dictionary({"a": word}, keys=["a"], choices=[spelling, "other"])
    checks.dictionary({"a": word}, expected={"a": spelling})


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("1", "-1"),
        ("15", "1.5"),
        ("xy", "x-y"),
        ("x y", "x - y"),
        ("n-1", "n1"),
        ("np.dot", "torch.dot"),
        ("float32", "float3 2"),
        ("probabilities", "-probabilities"),
        ("non-leaf", "leaf"),
    ],
)
def test_what_is_another_answer_is_no_spelling(expected, given):
    with pytest.raises(checks.CheckFailed):
        checks.dictionary({"a": given}, expected={"a": expected})


def test_types_count_as_their_names():
    for each in (np.float32, np.dtype("float32")):
        checks.dictionary({"a": each}, expected={"a": "float32"})
    for each in (np.generic, np.floating, float, int, np.float64):
        with pytest.raises(checks.CheckFailed):
            checks.dictionary({"a": each}, expected={"a": "float32"})
