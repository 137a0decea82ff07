"""Failures are counted by cause, and texts are safe to show."""

from __future__ import annotations

import pytest

from lxmls_grading.results import outcomes
from lxmls_grading.results.messages import Messages, in_general, printable
from lxmls_grading.results.outcomes import FAILED, PARTLY, UNNAMED
from lxmls_grading.results.report import marked_up, number


def counted(*failures: tuple[str, str | None]) -> Messages:
    """Return the messages of failures, each with its cause."""
    messages = Messages()
    for message, cause in failures:
        messages.add(outcomes.TestResult(FAILED, message, cause))
    return messages


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("off by 3.5: the sign is opposite.", "sign"), ("off by 12: it is turned.", "sign")),
        (("shapes (3, 2) and (2,)", UNNAMED), ("the key `block a` is missing", UNNAMED)),
        (("partly right: 1 of 2 points", PARTLY), ("partly right: 0.5 of 2 points", PARTLY)),
        (("`f` raised E: x (line 3: a = 1)", "error"), ("`f` raised E: y", "error")),
        (
            ("in `f`, shapes don't fit together (line 2: a @ b): p", "error"),
            ("in `f`, shapes don't fit together: p", "error"),
        ),
        (("AssertionError: no", None), ("AssertionError:  no", None)),
    ],
)
def test_failures_that_are_one_group(one, other):
    assert counted(one, other).most_frequent(5) == [(2, one[0])]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("it is wrong", "sign"), ("it is wrong", "sum")),
        (("it is wrong", "sign"), ("it is wrong", UNNAMED)),
        (("it is wrong", UNNAMED), ("it is wrong", None)),
        (("`f` raised TypeError: x", "error"), ("`f` raised KeyError: x", "error")),
        (("`f` (3 examples) raised E: x", "error"), ("`f` (3 examples) raised F: x", "error")),
        (("`f` raised ValueError: x", "error"), ("in `f`, shapes don't fit (line 2: x)", "error")),
        (("AssertionError: 1", None), ("AssertionError: 2", None)),
    ],
)
def test_failures_that_are_not(one, other):
    assert len(counted(one, other)) == 2


def test_largest_groups_come_first():
    messages = counted(("b 1", "sum"), ("a", "sign"), ("b 2", "sum"), ("c", "zero"))
    assert messages.most_frequent(2) == [(2, "b 1"), (1, "a")]
    assert len(messages) == 3


def test_text_is_made_printable():
    assert printable("a\n b\x00\u202ec\ud800") == "a b\\x00\\u202ec\\ud800"
    assert len(printable("x" * 10_000)) == 400
    assert marked_up("<b> `a<b` &") == "&lt;b&gt; <code>a&lt;b</code> &amp;"
    assert marked_up("one ` alone") == "one ` alone"
    assert number(2.0) == "2"
    assert number(1 / 3) == "0.33"


def test_messages_in_general():
    text = "`f` (3 examples): layer 2 has shape (3, 2) where (2, 3) is expected, 1e-5 off"
    assert in_general(text) == "`f`: layer … has shape (…) where (…) is expected, … off"
    assert in_general("`exp2` of float64") == "`exp2` of float64"
