"""A reason has one shape: from the step that finds it to the report that shows it."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest
from nbformat.v4 import new_notebook, reads, writes

from lxmls_grading.reasons import Reason, add_reason, reason, reasons_of

WHY = Reason("timeout", "Time is up.", ("test-loss", "test-weight"), "exercise_2_1")


def test_a_reason_comes_out_of_json_as_it_went_in():
    assert Reason.from_dict(json.loads(json.dumps(WHY.to_dict()))) == WHY
    assert Reason.from_dict(Reason("disk", "Disk full.").to_dict()) == Reason("disk", "Disk full.")


def test_a_reason_stays_as_it_is():
    with pytest.raises(FrozenInstanceError):
        WHY.text = "another"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        WHY.cells.append("more")  # type: ignore[attr-defined]


def test_reasons_travel_in_a_notebook_s_metadata():
    notebook = new_notebook()
    assert reasons_of(notebook) == []
    add_reason(notebook, reason("memory", ["test"], limit="2 GiB"))
    add_reason(notebook, WHY)
    found = reasons_of(reads(writes(notebook)))
    assert found == [reason("memory", ["test"], limit="2 GiB"), WHY]
    assert "2 GiB" in found[0].text


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        "timeout",
        {},
        {"kind": "timeout"},
        {"kind": "timeout", "text": 7},
        {"kind": None, "text": "Time is up."},
        {"kind": "timeout", "text": "Time is up.", "cells": "test"},
        {"kind": "timeout", "text": "Time is up.", "cells": [7]},
        {"kind": "timeout", "text": "Time is up.", "notebook": ["exercise_2_1"]},
    ],
)
def test_what_is_no_reason_is_refused(damaged):
    with pytest.raises(ValueError, match="is not a reason"):
        Reason.from_dict(damaged)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jred", "?[2Jred"),
        ("\x9b31mred", "?31mred"),
        ("a\r\nWARNING forged", "a  WARNING forged"),
        ("a\u2028b\u0085c", "a b c"),
        ("fdp\u202excod.exe\u2069", "fdp?xcod.exe?"),
        ("\ud800", "?"),
        ("Größe 中文 👩\u200d💻 a\u202fb", "Größe 中文 👩\u200d💻 a\u202fb"),
    ],
)
def test_no_part_of_a_submission_commands_the_terminal(hostile, shown):
    found = reason("uncertain", notebook="n", state="is there", files=hostile, detail=hostile)
    assert shown in found.text
    assert found.detail == shown
