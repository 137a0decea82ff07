"""The judge takes any reply: documented errors alone, at a bounded cost. See ``fuzz.py``."""

from __future__ import annotations

import random
import resource

import pytest

from lxmls_grading.execution import connection
from tests.attacks import fuzz as fuzzing
from tests.attacks import fuzz_texts
from tests.attacks.fuzz import TARGETS, Tally, bombs, fuzz, keep, kept, take, wire_reply

#: Bytes by which the memory may grow for a reply of 64 MiB.
MOST_MEMORY = 512 * 2**20


def test_small_replies_are_never_large_values():
    """One test for all: to make them takes seconds, which each process would spend on a list."""
    tried = 0
    for name, parts in bombs():
        print(name)  # seen where this fails
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        take(parts, Tally(tried=1))  # as in a real run; it bounds the time, too
        wire_reply(parts)
        grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        assert grown < MOST_MEMORY, name
        tried += 1
    assert tried == 44


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_reply_holds_nothing_but_documented_errors_comes_out(seed):
    """`python -m tests.attacks.fuzz` tries more."""
    tally = fuzz(seed, count=1500)
    assert tally.tried == 1500
    assert tally.accepted > 100
    assert tally.refused > 500
    assert tally.raised > 10


def test_the_harness_sees_an_error_that_nobody_has_sent(monkeypatch):
    monkeypatch.setattr(connection, "checked", lambda reply: reply)
    with pytest.raises((AssertionError, KeyError)):
        take([b'{"dict": []}', b""], Tally())


@pytest.mark.parametrize("name", [*kept()])
def test_what_has_found_something_finds_nothing_any_more(name):
    target, parts = kept()[name]
    TARGETS[target][1](parts)


@pytest.mark.parametrize("target", ["notebooks", "pages"])
def test_whatever_a_text_holds_it_is_read_within_bounds(target):
    make, take_one = TARGETS[target]
    inputs = make(random.Random(1))
    taken = [take_one(next(inputs)) for _ in range(500)]
    assert sum(taken) > 50  # of the others nothing is left, or they are refused


def test_what_finds_something_is_kept_and_named_with_its_seed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(fuzz_texts.passive, "clean", lambda source: source)
    with pytest.raises(AssertionError, match="this runs code") as caught:
        fuzzing.fuzz_target("pages", seed=7, seconds=60, folder=tmp_path)
    ((name, (target, parts)),) = kept(tmp_path).items()
    assert "pages, seed 7, number" in caught.value.__notes__[-1]
    assert name in caught.value.__notes__[-1]
    with pytest.raises(AssertionError, match="this runs code"):
        TARGETS[target][1](parts)
    monkeypatch.undo()
    TARGETS[target][1](parts)
    assert keep(target, parts, tmp_path).name == name
    assert fuzzing.fuzz_target("pages", seed=7, seconds=0.2, folder=tmp_path) > 1
    assert "tried with seed 7" in capsys.readouterr().out
