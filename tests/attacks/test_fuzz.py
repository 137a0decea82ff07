"""The judge takes any reply: documented errors alone, at a bounded cost. See ``fuzz.py``."""

from __future__ import annotations

import resource

import pytest

from lxmls_grading.execution import connection
from tests.attacks.fuzz import Tally, bombs, fuzz, take, wire_reply

BOMBS = list(bombs())

#: Bytes by which the memory may grow for a reply of 64 MiB.
MOST_MEMORY = 512 * 2**20


@pytest.mark.parametrize(("name", "parts"), BOMBS, ids=[name for name, _ in BOMBS])
def test_small_replies_are_never_large_values(name, parts):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    take(parts, Tally())  # which bounds the time, too
    wire_reply(parts)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MOST_MEMORY


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_reply_holds_nothing_but_documented_errors_comes_out(seed):
    """`python -m tests.attacks.fuzz` tries more."""
    tally = fuzz(seed, count=1500)
    assert tally.tried == 1500
    assert tally.accepted > 100
    assert tally.refused > 500
    assert tally.raised > 10


def test_the_harness_sees_an_error_that_nobody_has_sent(monkeypatch):
    monkeypatch.setattr(connection, "_checked", lambda reply: reply)
    with pytest.raises((AssertionError, KeyError)):
        take([b'{"dict": []}', b""], Tally())
