"""Released notebooks say until when they are to be handed in."""

from __future__ import annotations

import copy
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.utils import compute_checksum
from traitlets import TraitError
from traitlets.config import Config

from lxmls_grading.deadlines.due_date import DUE_DATE_CELL, ShowDueDate
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.intake.rebuild import rebuild
from tests.support.commands import run_command
from tests.support.course import ROOT, run

LINE = "**Hand in by Tuesday, 1 December 2026, 18:00 (Europe/Lisbon, UTC+00:00).**"


@pytest.fixture
def names(tmp_path):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("day2", duedate="2026-12-01 18:00:00 UTC")
        gradebook.add_assignment("day3")
    return {"db_url": url, "assignment": "day2"}


def released(notebook, names):
    config = Config({"CourseTime": {"timezone": "Europe/Lisbon"}})
    return ShowDueDate(config=config).preprocess(notebook, {"nbgrader": names})[0]


def test_it_stands_below_the_text_of_the_first_cell(names):
    cell = new_markdown_cell("# Day 2\n")
    cell.metadata["nbgrader"] = {"grade_id": "intro", "locked": True, "checksum": "old"}
    first, second = released(new_notebook(cells=[cell, new_code_cell("x = 1")]), names).cells
    assert first.source == f"# Day 2\n\n{LINE}"
    assert first.metadata["nbgrader"]["checksum"] == compute_checksum(first)
    assert second.source == "x = 1"


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [new_code_cell("x = 1")],
        [new_markdown_cell("Your answer.", metadata={"nbgrader": {"solution": True}})],
    ],
    ids=["no cell", "code", "an answer"],
)
def test_it_has_a_cell_of_its_own_where_the_first_is_no_text_to_read(cells, names):
    first, *others = released(new_notebook(cells=list(cells)), names).cells
    assert (first.source, first.id) == (LINE, DUE_DATE_CELL)
    assert others == cells


@pytest.mark.parametrize("assignment", ["day3", "day4"])
def test_without_a_due_date_nothing_is_said(assignment, names):
    notebook = new_notebook(cells=[new_markdown_cell("# Day 3")])
    assert released(notebook, names | {"assignment": assignment}).cells[0].source == "# Day 3"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("c.CourseTime.timezone = 'Europe/Lisbonn'", "CourseTime.timezone is 'Europe/Lisbonn'"),
        ("c.Exchange.timezone = 'Lisbon'", "Exchange.timezone is 'Lisbon'"),
        ("c.CourseTime.timezone = 1", "not the int 1"),
        ("c.ClearSolutions.enforce_metadata = 'perhaps'", "not the str 'perhaps'"),
    ],
    ids=["zone", "zone-of-exchange", "type", "of-nbgrader"],
)
def test_a_wrong_setting_costs_no_release_and_ends_in_a_line(setting, named, tmp_path):
    release = tmp_path / "release" / "day2" / "exercise_2_1.ipynb"
    for path in (tmp_path / "source" / "day2" / release.name, release):
        path.parent.mkdir(parents=True)
        shutil.copy(ROOT / path.relative_to(tmp_path), path)
    earlier = release.read_bytes()
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.add_assignment("day2", duedate="2026-12-01 18:00:00 UTC")
    config = (ROOT / "nbgrader_config.py").read_text()
    (tmp_path / "nbgrader_config.py").write_text(f"{config}\n{setting}")
    status, written = run_command("nbgrader generate_assignment day2 --force", tmp_path, {})
    assert status == 1
    assert named in written.splitlines()[-1]
    assert "Traceback" not in written
    assert release.read_bytes() == earlier


def test_the_formgrader_learns_of_a_wrong_zone_before_anything_is_removed():
    with pytest.raises(TraitError, match="'Europe/Lisbonn'"):
        ShowDueDate(config=Config({"CourseTime": {"timezone": "Europe/Lisbonn"}}))


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("line", [LINE, LINE.replace("1 December", "30 November")])
def test_it_is_no_answer_of_a_student(names, marked, line):
    """Where a text has no marks, nobody knows it but by its words; the date may be of before."""
    marks = {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3}
    intro = new_markdown_cell("# Day 2")
    if marked:
        intro.metadata["nbgrader"] = marks | {"grade_id": "intro"}
    essay = marks | {"grade": True, "solution": True, "locked": False, "points": 2}
    answer = new_markdown_cell("### BEGIN SOLUTION\nIt is so.\n### END SOLUTION")
    answer.metadata["nbgrader"] = essay | {"grade_id": "essay"}
    originals = read_originals(new_notebook(cells=[intro, answer]))
    for cells in (originals.released.cells, originals.released.cells[:1], [answer]):
        notebook = released(new_notebook(cells=copy.deepcopy(cells)), names)
        notebook.cells[0].source = notebook.cells[0].source.replace(LINE, line)
        kinds = {reason.kind for reason in rebuild(notebook, originals)[1]}
        assert "set aside" not in kinds
    own = new_markdown_cell(f"It is so, since I have seen it.\n\n{line}")
    _, reasons = rebuild(new_notebook(cells=[own, *originals.released.cells[1:]]), originals)
    assert [reason.kind for reason in reasons][-1] == "set aside"


@pytest.mark.slow
def test_what_is_handed_in_with_it_is_graded_as_without(tmp_path):
    shutil.copytree(ROOT / "source", tmp_path / "source")
    for name in ("exercise_2_2", "exercise_2_3", "exercise_2_4"):
        (tmp_path / "source" / "day2" / f"{name}.ipynb").unlink()
    config = (ROOT / "nbgrader_config.py").read_text()
    (tmp_path / "nbgrader_config.py").write_text(
        f"{config}\nc.CourseTime.timezone = 'Europe/Lisbon'"
    )
    run("nbgrader", "generate_assignment", "day2", "--no-db", cwd=tmp_path)
    assert not (tmp_path / "gradebook.db").exists()

    run("nbgrader", "db", "assignment", "add", "day2", "--duedate=2026-12-01 18:00", cwd=tmp_path)
    run("nbgrader", "generate_assignment", "day2", "--force", cwd=tmp_path)
    path = tmp_path / "release" / "day2" / "exercise_2_1.ipynb"
    before, after = (
        nbformat.read(each, as_version=4).cells
        for each in (ROOT / "release" / "day2" / path.name, path)
    )
    assert after[0].source == f"{before[0].source}\n\n{LINE}"
    assert after[1:] == before[1:]

    folder = tmp_path / "submitted" / "ada" / "day2"
    folder.mkdir(parents=True)
    shutil.copy(path, folder)
    run("nbgrader", "autograde", "day2", cwd=tmp_path)
    graded = nbformat.read(tmp_path / "autograded" / "ada" / "day2" / path.name, as_version=4)
    assert "lxmls_nb" not in graded.metadata or "reasons" not in graded.metadata["lxmls_nb"]
    assert len(graded.cells) == len(before)
