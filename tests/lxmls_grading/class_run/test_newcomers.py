"""Whoever comes into the gradebook by grading alone is named: the name may be misspelt."""

from __future__ import annotations

import shutil

import pytest
from nbgrader.api import Gradebook

from lxmls_grading import cli
from tests.support.course import run
from tests.support.small_course import RIGHT, scores, submit

pytestmark = pytest.mark.slow


def test_students_who_are_not_in_the_gradebook_are_named(course, grade, capsys):
    """Where it knows others: a class without a list would be named as a whole."""
    submit(course, "ada", RIGHT, RIGHT)
    status, summary, _ = grade()
    assert (status, summary["newcomers"]) == (0, [])

    for name in ("blaise", "bliase", "\tcarl"):  # the last is refused, since it cannot be shown
        submit(course, name, RIGHT, RIGHT)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.add_student("blaise")
    assert grade("--dry-run")[1]["newcomers"] == ["bliase"]
    capsys.readouterr()
    assert cli.main(["grade", "day2", "--workers=1"]) == 1
    shown = capsys.readouterr().out
    assert "Not in the gradebook before: bliase. If that is a misspelt name, rename" in shown
    assert "nbgrader db student remove NAME --force\n" in shown
    assert grade()[1]["newcomers"] == []

    # What is said then helps.
    for folder in ("submitted", "autograded"):
        shutil.rmtree(course / folder / "bliase")
    run("nbgrader", "db", "student", "remove", "bliase", "--force", cwd=course)
    assert scores(course) == {"ada": 4, "blaise": 4}
    assert cli.main(["report", "day2"]) == 0
    pages = [path.read_text() for path in (course / "reports").rglob("*.html")]
    assert pages
    assert not any("bliase" in page for page in pages)
