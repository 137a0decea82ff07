"""Exports for Canvas and Moodle: their documented columns, and what must not come to harm."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import subprocess
import sys
import warnings
from datetime import timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, LoggingConfigurable

from lxmls_grading.results.lms import CanvasExporter, MoodleExporter

#: What Canvas needs to find students: these five, in this order, then assignments.
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


class App(LoggingConfigurable):
    """What nbgrader's command is to its plugin."""

    def __init__(self, root: Path, config: Config):
        super().__init__(config=config)
        self.coursedir = CourseDirectory(root=str(root), course_id="lxmls_nb")


class Course:
    """A gradebook with two assignments of one test (4 points) and one answer by hand (6 points)."""

    def __init__(self, root: Path):
        self.root = root

    def release(self) -> None:
        with self.gradebook() as gradebook:
            for name in ("day1", "day2"):
                gradebook.add_assignment(name)
                gradebook.add_notebook("exercise_2_1", name)
                gradebook.add_grade_cell(
                    "test", "exercise_2_1", name, max_score=4, cell_type="code"
                )
                gradebook.add_grade_cell(
                    "essay", "exercise_2_1", name, max_score=6, cell_type="markdown"
                )
                gradebook.add_solution_cell("essay", "exercise_2_1", name)

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.root}/gradebook.db", "lxmls_nb")

    def add(
        self, student: str, test=None, essay=None, extra=None, late=0, assignment="day2", **who
    ) -> None:
        """Add a student; without points for the test there is no submission."""
        with self.gradebook() as gradebook, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's use of SQLAlchemy
            gradebook.update_or_create_student(student, **who)
            if test is not None:
                [notebook] = gradebook.add_submission(assignment, student).notebooks
                notebook.late_submission_penalty = late
                for grade in notebook.grades:
                    if grade.name == "test":
                        grade.auto_score, grade.extra_credit = test, extra
                    else:
                        grade.manual_score = essay
                    grade.needs_manual_grade = grade.name == "essay" and essay is None
                gradebook.db.commit()

    def export(self, exporter, to="out.csv", student=(), assignment=("day2",), **settings):
        """Export, and return the rows that are read back."""
        config = Config({exporter.__name__: settings})
        plugin = exporter(parent=App(self.root, config))
        plugin.to, plugin.student = str(self.root / to), list(student)
        plugin.assignment = list(assignment)
        with self.gradebook() as gradebook:
            plugin.export(gradebook)
        with open(self.root / to, encoding="utf-8", newline="") as file:
            return list(csv.reader(file, strict=True))

    def refuse(self, exporter, caplog, **options) -> str:
        """Check that nothing is exported, and what was there stays; return what is said."""
        (self.root / "out.csv").write_text("before")
        with pytest.raises(SystemExit) as stopped:
            self.export(exporter, **options)
        assert stopped.value.code == 1
        assert (self.root / "out.csv").read_text() == "before"
        return caplog.text


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course without students, to be copied: nbgrader takes its time to make one."""
    course = Course(tmp_path_factory.mktemp("released"))
    course.release()
    return course


@pytest.fixture
def course(released, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    shutil.copy(released.root / "gradebook.db", tmp_path)
    return Course(tmp_path)


def points(rows: list[list[str]], column: int) -> dict[str, str]:
    """Return a column by the last of the identifying columns that is filled in."""
    return {row[3] if len(row) > 4 else row[0]: row[column] for row in rows[1:]}


# --- the formats ----------------------------------------------------------------------------------


def test_canvas_reads_its_columns(course):
    course.add("ada", 4, 5, first_name="Ada", last_name="Lovelace", lms_user_id="77")
    rows = course.export(CanvasExporter, titles={"day2": "Day 2 (1234)"}, section="Lisbon")
    assert rows == [
        [*CANVAS, "Day 2 (1234)"],
        ["    Points Possible", "", "", "", "", "10"],
        ["Lovelace, Ada", "77", "", "ada", "Lisbon", "9"],
    ]


@pytest.mark.parametrize(
    ("identifier", "column"), [("ID", 1), ("SIS User ID", 2), ("SIS Login ID", 3)]
)
def test_canvas_finds_students_by_the_column_that_is_asked_for(course, identifier, column):
    course.add("0042", 4, 5)
    [_, _, row] = course.export(CanvasExporter, identifier=identifier)
    assert row[column] == "0042"
    assert [row[other] for other in {1, 2, 3} - {column}] == ["", ""]


def test_each_assignment_has_a_column(course):
    course.add("ada", 4, 5, assignment="day1")
    course.add("ada", 2, 0)
    [header, possible, row] = course.export(CanvasExporter, assignment=())
    assert header[5:] == ["day1", "day2"]
    assert possible[5:] == ["10", "10"]
    assert row[5:] == ["9", "2"]
    assert course.export(MoodleExporter, assignment=()) == [
        ["Username", "day1", "day2"],
        ["ada", "9", "2"],
    ]


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [("Username", "ada"), ("ID number", "ada"), ("Email address", "ada@example.org")],
)
def test_moodle_finds_students_by_the_column_that_is_asked_for(course, identifier, expected):
    course.add("ada", 4, 5, email="ada@example.org")
    assert course.export(MoodleExporter, identifier=identifier) == [
        [identifier, "day2"],
        [expected, "9"],
    ]


def test_moodle_gets_feedback_beside_the_points(course, caplog):
    course.add("ada", 4, 5, late=1.5)
    course.add("bob")
    rows = course.export(MoodleExporter, feedback=True, missing="zero")
    assert rows == [
        ["Username", "day2", "day2 (feedback)"],
        ["ada", "7.5", "2.1: 9 of 10; late: -1.5"],
        ["bob", "0", ""],
    ]
    assert "day2: the maximum is 10" in caplog.text


# --- points ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("exporter", [CanvasExporter, MoodleExporter])
def test_points_are_those_of_nbgrader(course, exporter):
    from nbgrader.plugins import CsvExportPlugin

    course.add("extra", 4, 6, extra=1.25)
    course.add("late", 4, 5, late=2)
    course.add("too-late", 1, 1, late=5)
    course.add("third", 1 / 3, 0)
    rows = course.export(exporter)
    found = {name: float(value) for name, value in points(rows, len(rows[0]) - 1).items() if name}
    assert found == {"extra": 11.25, "late": 7, "too-late": 0, "third": 0.3333}
    plugin = CsvExportPlugin()
    plugin.to, plugin.assignment = str(course.root / "nbgrader.csv"), ["day2"]
    with course.gradebook() as gradebook:
        plugin.export(gradebook)
    with open(plugin.to) as file:
        theirs = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert found == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize("exporter", [CanvasExporter, MoodleExporter])
def test_points_that_are_given_later_do_not_escape_the_penalty(course, exporter, caplog):
    """Those of a submission of which the gradebook does not know the time keep theirs."""
    course.add("ada", 4, 3, late=4)
    course.add("bob", 4, 3, late=1)
    with course.gradebook() as gradebook:
        assignment = gradebook.update_or_create_assignment("day2", duedate="2026-07-01 10:00 UTC")
        late = assignment.duedate + timedelta(hours=1)
        gradebook.find_submission("day2", "ada").timestamp = late
        gradebook.db.commit()
    plugin = exporter(
        parent=App(course.root, Config({"LateSubmissionPlugin": {"penalty_method": "zero"}}))
    )
    plugin.to, plugin.assignment = str(course.root / "out.csv"), ["day2"]
    with course.gradebook() as gradebook:
        plugin.export(gradebook)
    with open(plugin.to, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    found = {name: float(value) for name, value in points(rows, len(rows[0]) - 1).items() if name}
    assert found == {"ada": 0, "bob": 6}
    assert "points that being late costs now: ada (7)" in caplog.text


@pytest.mark.parametrize("exporter", [CanvasExporter, MoodleExporter])
def test_what_is_not_final_is_left_empty_and_named(course, exporter, caplog):
    course.add("ada", 4, 5)
    course.add("waits", 4, None)
    (course.root / "submitted" / "ungraded" / "day2").mkdir(parents=True)
    rows = course.export(exporter, missing="zero")
    assert {name for name in points(rows, 0) if name} == {"ada"}
    assert "day2: answers wait for points by hand, left empty: waits" in caplog.text
    assert "day2: no points, left empty: ungraded (not graded yet)" in caplog.text


def test_an_empty_cell_stands_beside_points_of_another_assignment(course):
    course.add("waits", 4, None)
    course.add("waits", 4, 6, assignment="day1")
    assert course.export(MoodleExporter, assignment=())[1:] == [["waits", "10", ""]]


def test_points_so_far_are_exported_on_demand_and_named(course, caplog):
    course.add("waits", 4, None)
    assert course.export(MoodleExporter, unfinished="export")[1:] == [["waits", "4"]]
    assert "exported as they are so far: waits" in caplog.text


def test_who_handed_in_nothing_has_no_points_or_zero(course):
    course.add("ada", 4, 5)
    course.add("nothing")
    assert course.export(MoodleExporter)[1:] == [["ada", "9"]]
    assert course.export(MoodleExporter, missing="zero")[1:] == [["ada", "9"], ["nothing", "0"]]


def test_a_submission_that_could_not_be_graded_is_not_zero(course, caplog):
    course.add("bomb", 0, 0)
    folder = course.root / ".lxmls_nb" / "day2"
    folder.mkdir(parents=True)
    record = {"student": "bomb", "assignment": "day2", "graded": False, "digest": "", "time": ""}
    more = {"sandbox": True, "reasons": [], "seconds": {}, "version": "0.1.0", "format": 1}
    (folder / "bomb.json").write_text(json.dumps(record | more))
    assert course.export(MoodleExporter, missing="zero")[1:] == []
    assert "bomb (could not be graded)" in caplog.text


# --- names ----------------------------------------------------------------------------------------


def test_names_come_back_as_they_were(course):
    course.add("zoë", 4, 5, first_name='Zoë "Zo"', last_name="O’Neill, Jr.")
    course.add("李", 4, 4, last_name="李")
    course.add("noname", 4, 3)
    course.add("first", 4, 2, first_name="Plato")
    rows = course.export(CanvasExporter)[2:]
    assert {row[3]: row[0] for row in rows} == {
        "zoë": 'O’Neill, Jr., Zoë "Zo"',
        "李": "李",
        "noname": "noname",
        "first": "Plato",
    }


def test_a_name_is_one_line_and_no_formula(course):
    course.add("eve", 4, 5, last_name='=HYPERLINK("http://evil")', first_name="a\nb\x1b")
    [_, _, row] = course.export(CanvasExporter)
    assert row[0] == '\'=HYPERLINK("http://evil"), a b\\x1b'
    # Canvas finds out from the first lines what separates columns.
    assert len((course.root / "out.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("exporter", [CanvasExporter, MoodleExporter])
def test_identifiers_stay_as_they_are_and_formulas_are_named(course, exporter, caplog):
    course.add("+351,ada", 4, 5)
    rows = course.export(exporter)
    assert "+351,ada" in rows[-1]
    assert "take identifiers for formulas, import the file without opening it: +351,ada" in (
        caplog.text
    )


def test_no_row_for_moodle_is_without_identifier(course, caplog):
    course.add("ada", 4, 5, email="ada@example.org")
    course.add("bob", 4, 5)
    course.add("carl@example.org", 4, 6)
    rows = course.export(MoodleExporter, identifier="Email address")
    assert rows[1:] == [["ada@example.org", "9"], ["carl@example.org", "10"]]
    assert "left out, there is no identifier of: bob" in caplog.text


# --- what cannot be exported ----------------------------------------------------------------------


def test_what_is_asked_for_has_to_be_there(course, caplog):
    course.add("ada", 4, 5)
    course.add("bob", 4, 5)
    assert course.export(MoodleExporter, student=["bob"])[1:] == [["bob", "9"]]
    said = course.refuse(MoodleExporter, caplog, assignment=["day3"])
    assert "there is no assignment 'day3', there are: day1, day2" in said
    said = course.refuse(MoodleExporter, caplog, student=["ada", "eve"])
    assert "there is no student 'eve', there are: ada, bob" in said
    said = course.refuse(MoodleExporter, caplog, titles={"day4": "Day 4"})
    assert "there is no assignment 'day4' (titles name it)" in said


def test_no_two_can_be_mistaken_for_each_other(course, caplog):
    course.add("ada", 4, 5, email="both@example.org")
    course.add("bob", 4, 5, email="both@example.org")
    said = course.refuse(MoodleExporter, caplog, identifier="Email address")
    assert "the students ada, bob have the same identifier: 'both@example.org'" in said
    said = course.refuse(CanvasExporter, caplog, assignment=(), titles={"day1": "day2"})
    assert "the assignments day1, day2 have the same title: 'day2'" in said


@pytest.mark.parametrize("exporter", [CanvasExporter, MoodleExporter])
def test_ids_that_differ_in_capital_letters_only_are_named(course, exporter, caplog):
    for student in ("Ada", "ada", "bob"):
        course.add(student, 4, 5)
    rows = course.export(exporter)
    assert len(rows) == 3 + (2 if exporter is CanvasExporter else 1)  # nobody is left out
    assert "differ in capital letters only, and may be taken for one: Ada, ada" in caplog.text


def test_canvas_would_not_read_these(course, caplog):
    course.add("ada", 4, 5)
    said = course.refuse(CanvasExporter, caplog, identifier="ID")
    assert "the ID of ada is 'ada', and Canvas's IDs are numbers" in said
    said = course.refuse(CanvasExporter, caplog, titles={"day2": "Final Score of day 2"})
    assert "Canvas would leave out the column 'Final Score of day 2'" in said


def test_a_folder_that_cannot_be_written_is_told(course, caplog):
    course.add("ada", 4, 5)
    (course.root / "file").write_text("")
    said = course.refuse(MoodleExporter, caplog, to="file/out.csv")
    assert "Nothing is exported" in said


def test_an_empty_gradebook_is_told(tmp_path, caplog):
    Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "lxmls_nb").close()
    said = Course(tmp_path).refuse(MoodleExporter, caplog, assignment=())
    assert "the gradebook has no assignment" in said


# --- the command ----------------------------------------------------------------------------------


def nbgrader_export(root: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "nbgrader", "export", *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.mark.slow
def test_the_command_takes_options_and_settings(course):
    course.add("ada", 4, 5)
    course.add("bob", 4, None)
    (course.root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "lxmls_nb"\n'
        'c.CanvasExporter.titles = {"day2": \'Day 2, "all" (1234)\'}\n'
    )
    exporter = ["--exporter", "lxmls_grading.nbgrader_steps.CanvasExporter"]
    done = nbgrader_export(
        *(course.root, *exporter, "--to", "canvas.csv", "--assignment", "day2"),
        *("--student", "ada", "--student", "bob", "--CanvasExporter.unfinished=export"),
    )
    assert done.returncode == 0, done.stderr
    assert "exported as they are so far: bob" in done.stderr
    with open(course.root / "canvas.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert rows[0] == [*CANVAS, 'Day 2, "all" (1234)']
    assert [row[3:] for row in rows[2:]] == [["ada", "", "9"], ["bob", "", "4"]]


@pytest.mark.slow
def test_the_command_makes_no_gradebook(tmp_path):
    done = nbgrader_export(tmp_path, "--exporter", "lxmls_grading.nbgrader_steps.MoodleExporter")
    assert done.returncode == 1
    assert f"there is no gradebook {tmp_path}/gradebook.db" in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(tmp_path.iterdir())
