"""A watcher reads the assignment again when that has changed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.watch.marking import TryMarker


@pytest.mark.parametrize("step", ["source", "release"])
def test_a_change_of_the_source_or_of_the_release_is_noticed(step, tmp_path):
    """After a change of the source it takes a release until the gradebook has a new notebook."""
    desk = SimpleNamespace(coursedir=CourseDirectory(root=str(tmp_path)), assignment="day2")
    for folder in ("source", "release"):
        (tmp_path / folder / "day2" / "data").mkdir(parents=True)
        (tmp_path / folder / "day2" / "first.ipynb").touch()
    before = TryMarker.state_of_source(desk)
    assert TryMarker.state_of_source(desk) == before
    (tmp_path / step / "day2" / "data" / "more.csv").touch()
    (tmp_path / step / "day2" / "gone.csv").symlink_to("nothing")
    assert len(TryMarker.state_of_source(desk)) == len(before) + 1
