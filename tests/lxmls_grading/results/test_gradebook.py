"""The gradebook is enough for points; the order of names."""

from __future__ import annotations

from lxmls_grading.results.gradebook import natural
from tests.support.reporting import Page


def test_report_without_the_graded_notebooks_has_the_points(small_class):
    (small_class.root / "autograded").rename(small_class.root / "tidied away")
    page, rows = small_class.report()
    assert rows[0]["total"] == "8"
    assert Page(page).row("2.1 test-a")[3:] == ["0", "0", "0", "0", "4"]


def test_whose_misspelt_folder_was_renamed_is_not_there(course):
    course.add("ada", essay=2)
    course.record("ada")
    course.record("aad")  # what grading noted before; the folders and the student are gone
    assert [row["student"] for row in course.report()[1]] == ["ada"]


def test_names_are_sorted_as_people_do():
    assert sorted(["e_10", "e_2", "x", "e_2_1"], key=natural) == ["e_2", "e_2_1", "e_10", "x"]
