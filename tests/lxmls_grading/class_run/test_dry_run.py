"""A dry run says what grading would change, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from lxmls_grading import cli
from lxmls_grading.class_run.dry_run import NoDryRunError, scratch_copy
from tests.support.course import run
from tests.support.small_course import RIGHT, WRONG, scores, submit

pytestmark = pytest.mark.slow


def everything(course: Path) -> dict[str, tuple]:
    """Return all files of a course with their contents, modes and times."""
    return {
        str(path.relative_to(course)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else sorted(each.name for each in path.iterdir()),
        )
        for path in (course, *course.rglob("*"))
    }


def set_due(course: Path, due: str) -> None:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("day2", duedate=due)


def mend(course: Path) -> None:
    """Release a second notebook that asks for what was wrong before, by a plain test."""
    path = course / "source" / "day2" / "second.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = f"### BEGIN SOLUTION\n{WRONG}\n### END SOLUTION"
    notebook.cells[2].source = f"assert answers == {WRONG.partition(' = ')[2]}"
    nbformat.write(notebook, path)
    run("nbgrader", "generate_assignment", "day2", "--force", cwd=course)


@pytest.fixture
def graded(course, grade):
    """A class that is graded, and for which a test, a submission and the due date have changed."""
    set_due(course, "2026-11-30 10:00:00 UTC")
    for student, second in (("ada", RIGHT), ("blaise", WRONG), ("carl", RIGHT)):
        folder = submit(course, student, RIGHT, second)
        (folder / "timestamp.txt").write_text("2026-11-24 10:00:00 UTC")
    assert grade()[0] == 0
    assert scores(course) == {"ada": 4, "blaise": 2, "carl": 4}
    return course


def test_it_says_what_grading_then_does(graded, grade):
    mend(graded)
    submit(graded, "dorothy", WRONG, WRONG)
    before = everything(graded)
    status, dry, _ = grade("--dry-run")
    assert everything(graded) == before
    assert dry["dry_run"]
    assert dry["points"]["changed_totals"] == {"ada": [4, 2], "blaise": [2, 4], "carl": [4, 2]}

    again, real, _ = grade()
    assert not real["dry_run"]
    assert (status, dry["points"]) == (again, real["points"])
    assert sorted(dry["graded"]) == sorted(real["graded"])
    assert scores(graded) == {"ada": 2, "blaise": 4, "carl": 2, "dorothy": 2}


def test_it_is_said_in_words(graded, capsys):
    mend(graded)
    submit(graded, "dorothy", WRONG, WRONG)
    assert cli.main(["grade", "day2", "--dry-run", "--workers=1"]) == 1  # there are reasons
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("day2, dry run (nothing is written): 4 graded in ")
    changes = lines[lines.index("Would change:") :]
    assert changes == [
        "Would change:",
        "  second test: 2 students -2",
        "  second test: 1 student +2",
        "  ada: 4 -> 2",
        "  blaise: 2 -> 4",
        "  carl: 4 -> 2",
        "For the first time: 1 student",
        "Not in the gradebook before: dorothy. If that is a misspelt name, rename the folder in "
        "submitted/.",
    ]


def test_with_force_all_are_tried_and_without_none_that_is_done(graded, grade):
    before = everything(graded)
    assert grade("--dry-run")[1]["graded"] == []
    _, summary, _ = grade("--dry-run", "--force")
    assert sorted(summary["graded"]) == ["ada", "blaise", "carl"]
    assert summary["points"]["changed_totals"] == {}
    assert everything(graded) == before


def test_penalties_of_those_that_are_not_graded_again_are_changes_too(graded, grade):
    config = graded / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    set_due(graded, "2026-11-23 10:00:00 UTC")
    before = everything(graded)
    for arguments in (("--dry-run",), ()):
        assert everything(graded) == before
        _, summary, _ = grade(*arguments)
        assert summary["graded"] == []
        assert summary["points"]["changed_totals"] == {
            "ada": [4, 0],
            "blaise": [2, 0],
            "carl": [4, 0],
        }
    assert everything(graded) != before


@pytest.mark.parametrize("url", ["postgresql://me:secret@host/grades", "sqlite://"])
def test_a_gradebook_that_cannot_be_copied_is_refused(url):
    with (
        pytest.raises(NoDryRunError, match="must be a file of SQLite") as error,
        scratch_copy(CourseDirectory(db_url=url)),
    ):
        pass
    assert "secret" not in str(error.value)


def test_a_damaged_gradebook_is_named(tmp_path):
    (tmp_path / "gradebook.db").write_text("no database" * 100)
    coursedir = CourseDirectory(root=str(tmp_path))
    with pytest.raises(NoDryRunError, match=r"gradebook\.db"), scratch_copy(coursedir):
        pass
    assert coursedir.db_url.endswith(f"{tmp_path}/gradebook.db")
