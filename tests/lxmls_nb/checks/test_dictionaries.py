"""Checks of answers that are a dictionary of short words."""

from __future__ import annotations

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
