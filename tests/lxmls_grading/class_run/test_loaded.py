"""Submissions whose time was up on a loaded machine are tried once more, at the end and alone."""

from __future__ import annotations

import pytest

from lxmls_grading.class_run import run
from lxmls_grading.class_run.run import ClassRun
from lxmls_grading.records import records_folder
from tests.support.small_course import RIGHT, WRONG, check_whole, submit

STARVED = f"{RIGHT}  # runs out of time"


@pytest.fixture
def tries(monkeypatch):
    """Whom a run has sent to its workers, each with how many others were running then."""
    sent: list[tuple[str, int]] = []
    submit_one = ClassRun._submit

    def spy(self, submission, *more):
        sent.append((submission.student, len(self.running)))
        submit_one(self, submission, *more)

    monkeypatch.setattr(ClassRun, "_submit", spy)
    return sent


def test_it_is_tried_once_more_alone_and_that_counts(course, grade, tries):
    for student, first in {"ada": STARVED, "bob": RIGHT, "carl": STARVED, "dora": WRONG}.items():
        submit(course, student, first, RIGHT)
    status, summary, said = grade()
    assert status == 0
    names = [student for student, _ in tries]
    assert sorted(names[:4]) == ["ada", "bob", "carl", "dora"]
    assert sorted(names[4:]) == ["ada", "carl"]  # and not again, though time was up again
    assert [others for _, others in tries[4:]] == [0, 0]
    assert sorted(summary["graded"]) == ["ada", "bob", "carl", "dora"]
    check_whole(course, {"ada": 4, "bob": 4, "carl": 4, "dora": 2})
    assert "ada: time was up on a loaded machine; it is tried again at the end" in said
    assert "2 submissions ran out of time on a loaded machine" in said
    log = (records_folder(course, "day2") / "grade.log").read_text()
    assert "carl: time was up on a loaded machine" in log
    assert sum(summary["limits"].values()) == 4


def test_many_of_them_do_not_hold_up_a_class(course, grade, tries, monkeypatch):
    monkeypatch.setattr(run, "ALONE_SECONDS", 0)
    for number in range(4):
        submit(course, f"student-{number}", STARVED, RIGHT)
    _, summary, _ = grade()
    assert len(tries) == 8
    assert max(others for _, others in tries[4:]) == 1  # the other worker has one, too
    assert len(summary["graded"]) == 4


def test_without_them_nothing_is_tried_again(course, grade, tries):
    submit(course, "ada", RIGHT, RIGHT)
    _, _, said = grade()
    assert len(tries) == 1
    assert "loaded" not in said
