"""Classes that are reported on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.reporting import NO_ANSWER, STOPPED, TIMEOUT, Course, wrong


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A course without submissions: to be copied, for nbgrader takes a second to make it."""
    course = Course(tmp_path_factory.mktemp("released"))
    course.release()
    return course.root


@pytest.fixture
def course(released, tmp_path) -> Course:
    return Course(Path(shutil.copytree(released, tmp_path / "course")))


@pytest.fixture
def small_class(class_of_seven, tmp_path) -> Course:
    return Course(Path(shutil.copytree(class_of_seven, tmp_path / "class")))


@pytest.fixture(scope="module")
def class_of_seven(released, tmp_path_factory) -> Path:
    """Four graded submissions, one that was given up, one that waits, one that is not there."""
    course = Course(Path(shutil.copytree(released, tmp_path_factory.mktemp("seven") / "course")))
    course.add("ada", essay=2)
    course.add("bob", {"test-b": wrong("off by 3.5 at (1, 2)."), "test-c": NO_ANSWER}, essay=None)
    course.add(
        "cyn", {"test-b": wrong("off by 7 at (0, 1, 2)."), "test-c": STOPPED}, reasons=[TIMEOUT]
    )
    course.add("dan", {"test-a": wrong("sign")}, penalty=1, missing=("exercise_2_2",))
    with course.gradebook() as gradebook:
        gradebook.add_student("eve")
    (course.root / "submitted" / "gil" / "day2").mkdir(parents=True)
    course.record("fay", graded=False, reasons=[dict(TIMEOUT, notebook=None, text="It ended us.")])
    course.record("ada", seconds={"exercise_2_1": 1.0, "exercise_2_2": 2.0, "unknown": 3.0})
    course.record("bob", seconds={"exercise_2_1": 3.0})
    course.record("cyn", reasons=[dict(TIMEOUT, notebook="exercise_2_1")])
    course.record("dan")
    return course.root


@pytest.fixture(scope="module")
def reported(class_of_seven):
    """What is reported on this class."""
    return Course(class_of_seven).report()
