"""Graded notebooks and records are read, damaged ones too."""

from __future__ import annotations

import json
import os

import pytest

from lxmls_grading.results.gradebook import (
    FAILED,
    NOT_ATTEMPTED,
    NOT_RUN,
    Messages,
    UnreadableError,
    known_of,
    natural,
    printable,
    read_result,
    without_numbers,
)
from lxmls_grading.results.report import marked_up, number
from tests.support.reporting import NO_ANSWER, STOPPED, Page, notebook, write


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"metadata": {}}',
        '{"metadata": {"lxmls_nb": 1}, "cells": []}',
        '{"metadata": {"lxmls_nb": {"reasons": 3}}, "cells": []}',
        '{"metadata": {}, "cells": [1]}',
        "[" * 100_000,
        '{"metadata": {}, "cells": [{"cell_type": "code", "metadata": {"nbgrader": 1}}]}',
    ],
)
def test_damaged_notebook_is_not_read(tmp_path, content):
    (tmp_path / "n.ipynb").write_text(content)
    with pytest.raises(UnreadableError):
        read_result(tmp_path / "n.ipynb")


def test_damaged_notebook_is_listed(small_class):
    small_class.graded("bob", "exercise_2_2").write_text("{")
    page = Page(small_class.report()[0])
    assert any(row[0] == "bob" and "could not be read" in row[2] for row in page.rows)
    # Nobody knows what became of the test: it is not taken for one that failed.
    assert page.row("2.2 test-c") == ["2.2 test-c", "3", "25 %", "1", "0", "1", "1", "1"]


def test_notebook_that_is_no_file_is_listed(small_class):
    """A link, to what could be read, and a pipe that nobody writes to."""
    link, pipe = (small_class.graded(name, "exercise_2_2") for name in ("bob", "cyn"))
    link.unlink()
    link.symlink_to(small_class.graded("ada", "exercise_2_2"))
    pipe.unlink()
    os.mkfifo(pipe)
    page = Page(small_class.report()[0])
    unread = [row[0] for row in page.rows if "could not be read" in row[-1]]
    assert unread == ["bob", "cyn"]
    assert page.row("2.2 test-c")[3:] == ["1", "0", "1", "0", "2"]


def test_report_without_the_graded_notebooks_has_the_points(small_class):
    (small_class.root / "autograded").rename(small_class.root / "tidied away")
    page, rows = small_class.report()
    assert rows[0]["total"] == "8"
    assert Page(page).row("2.1 test-a")[3:] == ["0", "0", "0", "0", "4"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"student": "bob"}',
        *(
            json.dumps(
                {
                    "student": "bob",
                    "assignment": "day2",
                    "graded": True,
                    "digest": "",
                    "time": 0,
                    "sandbox": True,
                    "reasons": [],
                    "seconds": {},
                }
                | values
            )
            for values in (
                {"student": 1},
                {"sandbox": "yes", "version": [], "graded": "?"},
                {"seconds": {"exercise_2_1": float("nan"), "exercise_2_2": -1, "x": 1.5}},
                {"seconds": {"exercise_2_1": "x"}},
                {"seconds": 3},
                {"reasons": [1]},
                {"reasons": [{"notebook": 3, "kind": [], "text": {}}]},
                {"format": 2},
            )
        ),
    ],
)
def test_damaged_record_stops_nothing(tmp_path, content):
    path = tmp_path / ".lxmls_nb" / "day2" / "bob.json"
    write(path, {})
    path.write_text(content)
    for known in known_of(tmp_path, "day2").values():  # nothing, or what makes sense
        assert known.sandbox in (True, None)
        assert known.version in ("0.1.0", None)
        assert not known.given_up
        assert set(known.seconds.values()) <= {1.5}
        assert all(isinstance(each.text, str) for each in known.reasons)


def test_report_with_a_damaged_record(small_class):
    (small_class.root / ".lxmls_nb" / "day2" / "ada.json").write_text("{")
    page, rows = small_class.report()
    assert rows[0]["total"] == "8"
    assert "On for all 4" in page  # the notebooks say so


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("off by 3.5.", "off by 12."),
        ("off by -1e-05", "off by nan"),
        ("shapes (3, 2) and (2,)", "shapes (4, 1, 5) and (7,)"),
        ("[1. 2. 3.]", "[4. 5.]"),
        ("object at 0x7f00", "object at 0x12ab"),
        ("`f` raised E: x (line 3: a = 1)", "`f` raised E: x (line 14: return b())"),
    ],
)
def test_messages_that_are_the_same(one, other):
    assert without_numbers(one) == without_numbers(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("float32", "float64"), ("W1", "W2"), ("the loss", "the gradient"), ("x 1", "y 1")],
)
def test_messages_that_are_not(one, other):
    assert without_numbers(one) != without_numbers(other)


def test_most_frequent_messages_come_first():
    messages = Messages()
    for message in ("b 1", "a 1", "b 2", "c"):
        messages.add(message)
    assert messages.most_frequent(2) == [(2, "b 1"), (1, "a 1")]
    assert len(messages) == 3


def test_outcomes_of_a_notebook(tmp_path):
    content = notebook("exercise_2_1", {"test-a": NO_ANSWER, "test-b": STOPPED}, {})
    write(tmp_path / "n.ipynb", content)
    found = read_result(tmp_path / "n.ipynb")
    assert found.tests == {"test-a": (NOT_ATTEMPTED, ""), "test-b": (NOT_RUN, "")}
    content["cells"][1]["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "0.5"},
            "metadata": {},
            "execution_count": None,
        }
    ]
    write(tmp_path / "n.ipynb", content)
    assert read_result(tmp_path / "n.ipynb").tests["test-b"] == (
        FAILED,
        "partly right: 0.5 of 2 points",
    )


def test_text_is_made_printable():
    assert printable("a\n b\x00\u202ec\ud800") == "a b\\x00\\u202ec\\ud800"
    assert len(printable("x" * 10_000)) == 400
    assert marked_up("<b> `a<b` &") == "&lt;b&gt; <code>a&lt;b</code> &amp;"
    assert marked_up("one ` alone") == "one ` alone"
    assert number(2.0) == "2"
    assert number(1 / 3) == "0.33"
    assert sorted(["e_10", "e_2", "x", "e_2_1"], key=natural) == ["e_2", "e_2_1", "e_10", "x"]
