"""Graded notebooks are read, damaged ones too."""

from __future__ import annotations

import os

import pytest

from lxmls_grading.intake.files import UnreadableError
from lxmls_grading.results import outcomes
from lxmls_grading.results.outcomes import (
    FAILED,
    NOT_ATTEMPTED,
    NOT_RUN,
    PARTLY,
    PASSED,
    UNNAMED,
    read_result,
)
from tests.support.reporting import NO_ANSWER, STOPPED, Page, notebook, write, wrong


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


def test_outcomes_of_a_notebook(tmp_path):
    content = notebook("exercise_2_1", {"test-a": NO_ANSWER, "test-b": STOPPED}, {})
    write(tmp_path / "n.ipynb", content)
    found = read_result(tmp_path / "n.ipynb")
    assert found.tests == {
        "test-a": outcomes.TestResult(NOT_ATTEMPTED),
        "test-b": outcomes.TestResult(NOT_RUN),
    }
    content["cells"][1]["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "0.5"},
            "metadata": {},
            "execution_count": None,
        }
    ]
    write(tmp_path / "n.ipynb", content)
    assert read_result(tmp_path / "n.ipynb").tests["test-b"] == outcomes.TestResult(
        FAILED, "partly right: 0.5 of 2 points", PARTLY
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, (PASSED, "", None)),
        (wrong("the sign is opposite", "sign"), (FAILED, "the sign is opposite", "sign")),
        (wrong("not so"), (FAILED, "not so", UNNAMED)),
        (wrong("not so", ["sign"]), (FAILED, "not so", UNNAMED)),  # no key at all
        (("AssertionError", "not so"), (FAILED, "AssertionError: not so", None)),
    ],
)
def test_causes_of_failures(tmp_path, error, expected):
    write(tmp_path / "n.ipynb", notebook("exercise_2_1", {"test-a": error}, {}))
    found = read_result(tmp_path / "n.ipynb").tests["test-a"]
    assert found == outcomes.TestResult(*expected)
