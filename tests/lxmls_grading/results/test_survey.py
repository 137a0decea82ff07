"""What is counted of a class."""

from __future__ import annotations

import json
import re

from lxmls_grading.results import survey
from tests.support.reporting import STOPPED, TESTS, TIMEOUT, Page, write, wrong


def test_table_has_a_row_for_everybody(reported):
    _, rows = reported
    assert [row["student"] for row in rows] == ["ada", "bob", "cyn", "dan", "eve", "fay", "gil"]
    assert [row["status"] for row in rows] == ["graded"] * 4 + [
        "not handed in",
        "could not be graded",
        "not graded yet",
    ]
    # In the order of the course's notebooks; a rubric without points has no column.
    assert list(rows[0]) == [
        "student",
        "status",
        "2.1 test-b",
        "2.1 test-a",
        "2.1 essay",
        "2.2 test-c",
        "exercise 2.1",
        "exercise 2.2",
        "points",
        "late_penalty",
        "total",
        "max",
        "needs_manual_grade",
        "reasons",
    ]
    assert [*rows[0].values()][2:] == ["2", "1", "2", "3", "5", "3", "8", "0", "8", "8", "no", ""]
    assert [*rows[1].values()][2:] == ["0", "1", "0", "0", "1", "0", "1", "0", "1", "8", "yes", ""]
    assert [*rows[3].values()][2:] == ["2", "0", "0", "0", "2", "0", "2", "1", "1", "8", "no", ""]
    assert rows[2]["reasons"] == "2.1: Time is up: `train` took too long. | 2.2: " + TIMEOUT["text"]
    assert rows[5]["reasons"] == "It ended us."
    assert rows[4]["total"] == rows[5]["total"] == rows[6]["total"] == ""


def test_tests_are_counted(reported):
    page = Page(reported[0])
    # points, pass rate; passed, failed, not attempted, not run
    assert page.row("2.1 test-a") == ["2.1 test-a", "1", "75 %", "3", "1", "0", "0"]
    assert page.row("2.1 test-b") == ["2.1 test-b", "2", "50 %", "2", "2", "0", "0"]
    assert page.row("2.2 test-c") == ["2.2 test-c", "3", "25 %", "1", "0", "2", "1"]
    assert page.row("2.1 essay") == ["2.1 essay", "2", "0.67", "3", "1"]
    assert ["Exercise 2.1", "5", "2.25", "1.5"] in page.rows


def test_the_class_is_summed_up(reported):
    text = " ".join(Page(reported[0]).text.split())
    for said in (
        "Handed in 6",
        "Graded 4",
        "Could not be graded 1",
        "Not graded yet 1",
        "Not handed in 1",
        "With reasons 2",
        "Wait for points by hand 1",
        "With a late penalty 1",
        "Mean total 2.75 of 8",
        "Median total 1 of 8",
        "Sandbox on for all",
        "2026-11-24 04:00 UTC",
        "Graded with lxmls-nb 0.1.0",
    ):
        assert re.sub(r"\s", "", said) in re.sub(r"\s", "", text), said


def test_what_to_teach_again_comes_first(reported):
    text = " ".join(Page(reported[0]).text.split())
    teach, costly, end = map(
        text.index, ("What to teach again", "Tests that cost the most points", "The class")
    )
    assert text[:teach].count("points") == 0
    # Mistakes that cost most first, by what they are; where there is no answer, there is none.
    assert re.findall(r"(\d+ students?, \d points? .*?\)) (\S+)", text[teach:costly]) == [
        ("2 students, 2 points each (of 3)", "Off"),
        ("1 student, 1 point (of 3)", "Sign"),
    ]
    assert "Off by … at (…) 2.1 test-b" in text[teach:costly]
    assert "off by 3.5 at (1, 2)." in text[teach:costly]
    assert "test-c" not in text[teach:costly]
    # Tests follow, most points lost first: 3 x 3 of test-c, then 2 x 2 of test-b.
    assert re.findall(r"(\S+) of (\S+) points lost (\S+ \S+)", text[costly:end]) == [
        ("9", "12", "2.2 test-c"),
        ("4", "8", "2.1 test-b"),
        ("1", "4", "2.1 test-a"),
    ]


def test_a_mistake_is_taught_once_with_answers_that_unfold(course):
    for student, times, code in (
        ("ada", 7, "# Ada's\ndef f(x):\n    return x < '</code><script>'"),
        ("bob", 5, "def f(x):  # the same, but for comments\n    return x < '</code><script>'"),
        ("cyn", 3, "def f(y):\n    return 'cyn', y"),
    ):
        message = f"`f` (a batch of {times}): it is {times} times too large: is it a sum?"
        course.add(
            student, {name: wrong(message, "sum") for name in ("test-b", "test-c")}, answer=code
        )
    course.add("dan", {"test-a": wrong("it is wrong", "sign"), "test-b": wrong("x", "sum")})
    html, _ = course.report()
    page = Page(html)
    text = " ".join(page.text.split())
    first = text[text.index("What to teach") : text.index("Tests that cost")]
    assert re.findall(r"\d+ students?, .*?\)", first) == [
        "4 students, 4.25 points each on average (of 6)",
        "1 student, 1 point (of 3)",
    ]
    assert "The average over the batch is missing To say: The loss is a mean over" in first
    assert "2.1 test-b; 2.2 test-c" in first
    assert "2 different answers, and what the check reports" in first
    assert "(a batch of 7): it is 7 times" in first
    assert "return x < '</code><script>'" in first
    assert "return '…', y" in first
    assert not re.search(r"\b(ada|bob|cyn|dan)\b", first, re.I)
    tags = [tag for tag, _ in page.elements]
    assert (tags.count("details"), tags.count("pre"), tags.count("script")) == (2, 2, 0)


def test_answers_with_the_same_mistake_are_counted_as_one(course):
    for student, message, cause in (
        ("ada", "loss of (3, 4): the sign is opposite", "sign"),
        ("bob", "loss of (5, 6), a batch of 7: the sign is opposite", "sign"),
        ("cyn", "loss of (3, 4): it is 3 times too large", "sum"),
        ("dan", "loss of (3, 4) is off by 2 %", None),
        ("eve", "loss of (5, 6) is off by 7 %, or more", None),
    ):
        course.add(student, {"test-b": wrong(message, cause)})
    page = Page(course.report()[0])
    assert [row for row in page.rows if len(row) == 2 and row[0].isdecimal()] == [
        ["2", "loss of (3, 4) is off by 2 %"],
        ["2", "loss of (3, 4): the sign is opposite"],
        ["1", "loss of (3, 4): it is 3 times too large"],
    ]


def test_times_are_summed_up(reported):
    rows = Page(reported[0]).rows
    times = [row for row in rows if len(row) == 5 and row[2].endswith(" s")]
    assert times == [
        ["Exercise 2.1", "2", "2.0 s", "2.9 s", "3.0 s"],
        ["Exercise 2.2", "1", "2.0 s", "2.0 s", "2.0 s"],
    ]


def test_nothing_to_teach_where_all_is_right(course):
    course.add("ada", essay=2)
    page, _ = course.report()
    assert "no points were lost" in page
    assert "Unknown: <code>lxmls-nb grade</code> records it" in page  # there is no record


def test_sandbox_that_was_off_is_a_warning(small_class):
    assert "was OFF" not in small_class.report()[0]
    small_class.add("hal", sandbox=False)
    page = Page(small_class.report()[0])
    assert ("p", {"class": "warning"}) in page.elements
    assert "OFF for 1 submission" in page.text
    assert "OFF for 1: hal" in " ".join(page.text.split())


def test_sandbox_is_unknown_where_nothing_says_so(course):
    course.add("ada", sandbox=None)
    page = " ".join(Page(course.report()[0]).text.split())
    assert "Unknown for 1: ada" in page
    course.record("ada")
    assert "On for all 1 graded submission." in Page(course.report()[0]).text


def test_reasons_are_listed_once(reported):
    page = Page(reported[0])
    rows = [row for row in page.rows if row[0] in ("cyn", "fay")]
    assert [row[:2] for row in rows] == [["cyn", "2.1"], ["cyn", "2.2"], ["fay", "all"]]
    assert "Could not be graded." in rows[2][2]


def test_many_reasons_are_cut_on_the_page(small_class, monkeypatch):
    monkeypatch.setattr(survey, "ROWS", 2)
    page, rows = small_class.report()
    assert "And 1 more" in page
    assert sum(bool(row["reasons"]) for row in rows) == 2


def test_submissions_graded_by_nbgrader_alone_are_graded(course):
    """Neither records nor this project's notes."""
    course.add("ada", {"test-b": ("AssertionError", "no")}, essay=0)
    for name in TESTS:
        path = course.graded("ada", name)
        content = json.loads(path.read_text())
        content["metadata"] = {}
        write(path, content)
    page, rows = course.report()
    assert rows[0]["status"] == "graded"
    assert "AssertionError: no" in page


def test_tests_that_could_not_be_run_come_first_and_are_not_taught(course):
    broken = {
        "kind": "test",
        "text": "`test-c`: this test could not be run; your instructor has been told.",
        "cells": ["test-c"],
        "detail": "it takes too long",
    }
    course.add("ada", {"test-c": STOPPED, "test-a": wrong("sign")}, reasons=[broken])
    course.add("bob", {"test-c": STOPPED}, reasons=[broken])
    course.add("cyn")
    course.add("dan", {"test-c": wrong("all zero", "zero")}, reasons=[broken])
    page, rows = course.report()
    text = " ".join(Page(page).text.split())
    parts = ("Mend these tests", "What to teach again", "Tests that cost", "The class")
    mend, teach, costly, end = map(text.index, parts)
    assert mend < teach
    assert "3 of 4 students 2.2 test-c it takes too long" in text[mend:teach]
    assert "test-c" not in text[teach:end]
    assert "1 student, 1 point (of 3) Sign 2.1 test-a" in text[teach:costly]
    assert "1 of 4 points lost 2.1 test-a" in text[costly:end]
    assert rows[0]["reasons"].endswith("has been told. (it takes too long)")


def test_points_by_hand_for_a_test_that_could_not_be_run_hide_no_loss(course):
    """They are no part of the points that there are in it."""
    broken = {"kind": "test", "text": "could not be run", "cells": ["test-c"], "detail": "it hangs"}
    for student in ("ada", "bob"):
        course.add(student, {"test-c": STOPPED}, reasons=[broken])
        with course.gradebook() as gradebook:
            grade = gradebook.find_grade("test-c", "exercise_2_2", "day2", student)
            grade.manual_score = TESTS["exercise_2_2"]["test-c"]
            gradebook.db.commit()
    course.add("cyn", {"test-c": wrong("sign")})
    page, _ = course.report()
    points = TESTS["exercise_2_2"]["test-c"]
    assert f"{points} of {points} points lost 2.2 test-c" in " ".join(Page(page).text.split())


def test_limits_are_not_told_of_submissions_without_notebooks(course):
    course.add("ada", limits="looks")
    course.add("bob", missing=tuple(TESTS))
    page, _ = course.report()
    text = " ".join(Page(page).text.split())
    assert "were kept by looks ten times a second alone." in text
