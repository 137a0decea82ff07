"""What is remembered of tries: it survives, and tells whose turn it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from lxmls_grading.watch.ledger import GRADED, PASSED, REFUSED, WAITING, Ledger, Try


def at(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def graded(name: str, minutes: float) -> Try:
    return Try(name, "", at(minutes + 1), state=GRADED, done=at(minutes), told=True)


def test_what_was_written_is_read_again(tmp_path):
    ledger = Ledger(tmp_path, "day2")
    ledger.add("ada", Try("one", "2026-11-27T10:00:00", at(3)))
    ledger.add("ada", Try("two", "", at(2), state=REFUSED, why="it is no folder"))
    again = Ledger(tmp_path, "day2")
    assert again.tries == ledger.tries
    assert again.waiting("ada").id == "one"


def test_a_damaged_file_concerns_one_student(tmp_path):
    ledger = Ledger(tmp_path, "day2")
    for student in ("ada", "bob"):
        ledger.add(student, Try("one", "", at(1)))
    for damage in ("", "{", "[]", json.dumps({"student": "ada", "tries": [{"odd": 1}]})):
        (ledger.folder / "ada.json").write_text(damage)
        assert set(Ledger(tmp_path, "day2").tries) == {"bob"}


def test_a_long_name_has_a_file_too(tmp_path):
    student = "é" * 100
    Ledger(tmp_path, "day2").add(student, Try("one", "", at(1)))
    assert [*Ledger(tmp_path, "day2").tries] == [student]


def test_tries_are_counted_in_the_last_hour(tmp_path):
    ledger = Ledger(tmp_path, "day2")
    ledger.add("ada", graded("one", 70), graded("two", 50), graded("three", 20))
    assert ledger.allowed_from("ada", 0) is None
    assert ledger.allowed_from("ada", 3) is None
    soon = ledger.allowed_from("ada", 2) - datetime.now(UTC)
    assert timedelta(minutes=9) < soon < timedelta(minutes=11)
    assert ledger.allowed_from("ada", 1) - datetime.now(UTC) > timedelta(minutes=39)
    assert ledger.allowed_from("bob", 1) is None


def test_what_is_refused_is_no_try(tmp_path):
    ledger = Ledger(tmp_path, "day2")
    ledger.add("ada", Try("one", "", at(2), state=REFUSED, done=at(1)))
    assert ledger.allowed_from("ada", 1) is None


def test_who_hands_in_again_keeps_the_place(tmp_path):
    ledger = Ledger(tmp_path, "day2")
    first = at(9)
    ledger.add("ada", graded("zero", 20), Try("one", "", first, state=PASSED))
    ledger.add("ada", Try("two", "", at(1), state=WAITING))
    assert ledger.waits_since("ada") == first
    # A try that was seen while the one before was graded, and is older than its end.
    ledger.add("bob", graded("one", 1))
    ledger.of("bob")[0].seen = at(10)
    ledger.add("bob", Try("two", "", at(5)))
    assert ledger.waits_since("bob") == ledger.waiting("bob").seen


def test_what_is_refused_gives_nobody_another_place(tmp_path):
    """Its time was empty, which came before all others': one such try, and one is always next."""
    ledger = Ledger(tmp_path, "day2")
    ledger.add("ada", Try("one", "", at(9)))
    ledger.add("mallory", graded("one", 5), Try("two", "", at(2)))
    ledger.add("mallory", Try("a link", "", at(1), state=REFUSED, done=at(1)))
    assert ledger.waits_since("mallory") == ledger.waiting("mallory").seen
    assert ledger.waits_since("ada") < ledger.waits_since("mallory")
    ledger.add("eve", Try("one", "", at(8), state=REFUSED), Try("two", "", at(1)))
    assert ledger.waits_since("eve") == ledger.waiting("eve").seen
    ledger.add("bob", Try("one", "", at(7)), Try("a link", "", at(6), state=REFUSED))
    ledger.add("bob", Try("two", "", at(1)))
    assert ledger.waits_since("bob") == ledger.of("bob")[0].seen
    ledger.of("bob")[1].staged = True  # it had its turn
    assert ledger.waits_since("bob") == ledger.waiting("bob").seen
