"""`lxmls-nb doctor` in a course: who can read and write its files, and the exchange."""

from __future__ import annotations

import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import LimitOutput

from lxmls_grading.doctor import course as inspections
from lxmls_grading.doctor import student_kernel
from lxmls_grading.execution.execute_apart import ExecuteApart
from tests.support.doctor import findings


def test_no_course_is_named(folder):
    (finding,) = findings(inspections.inspect_course, folder)
    assert (finding.what, finding.repair) == (f"course: {folder}", "")
    (finding,) = findings(inspections.inspect_course, folder / "source")
    assert "nbgrader_config.py" in finding.repair


SETTINGS = [
    ("CourseTime__timezone", "Lisbon", "CourseTime.timezone is 'Lisbon'"),
    ("Exchange__timezone", "Lisbon", "Exchange.timezone is 'Lisbon'"),
    ("ExecuteApart__memory", "2 GiB", "not the str '2 GiB'"),
    ("LimitOutput__max_lines", "many", "not the str 'many'"),
    ("LateSubmissionPlugin__penalty_method", "half", "not the str 'half'"),
    ("AssignLatePenalties__plugin_class", "late.Penalty", "'late.Penalty' could not be imported"),
    ("PersonalNumbers__secret", "abc", "PersonalNumbers.secret has 3 characters"),
]


@pytest.mark.parametrize(("name", "value", "named"), SETTINGS, ids=[name for name, *_ in SETTINGS])
def test_a_wrong_setting_is_named(folder, name, value, named):
    steps = {"Autograde__autograde_preprocessors": [ExecuteApart, LimitOutput]}
    (finding,) = findings(inspections.inspect_settings, folder, **steps)
    assert finding.repair == ""
    (finding,) = findings(inspections.inspect_settings, folder, **steps, **{name: value})
    assert named in finding.what
    assert finding.repair == "mend it in nbgrader_config.py"


def test_a_gradebook_that_cannot_be_read_is_named(folder):
    path = folder / "gradebook.db"
    assert findings(inspections.inspect_gradebook, folder) == []  # empty: nbgrader fills it
    path.write_text("This is no database, but a text of some length.")
    (finding,) = findings(inspections.inspect_gradebook, folder)
    assert f"{path} cannot be read (file is not a database)" in finding.what
    assert not finding.advice
    path.unlink()
    assert findings(inspections.inspect_gradebook, folder) == []
    with Gradebook(f"sqlite:///{path}") as gradebook:
        gradebook.add_assignment("day2")
    (finding,) = findings(inspections.inspect_gradebook, folder)
    assert (finding.what, finding.repair) == ("gradebook: it can be read, and has 1 assignment", "")


def test_a_gradebook_whose_driver_is_not_installed_is_named(folder):
    url = "postgresql+psycopg2://ada:secret@localhost/course"
    (finding,) = findings(inspections.inspect_gradebook, folder, CourseDirectory__db_url=url)
    assert "cannot be read (No module named 'psycopg2')" in finding.what
    assert "secret" not in finding.what


def test_a_gradebook_is_looked_for_where_commands_do(folder, monkeypatch, tmp_path):
    (folder / "own.db").write_text("This is no database.")
    monkeypatch.chdir(tmp_path)
    url = {"CourseDirectory__db_url": "sqlite:///own.db"}
    assert findings(inspections.inspect_gradebook, folder, **url) == []
    assert not (tmp_path / "own.db").exists()


def test_who_reads_the_solutions_is_said_once(folder):
    """By test_solutions.py's inspection; that others can *write* to them, here."""
    (folder / "source").chmod(0o755)
    (finding,) = findings(inspections.inspect_modes, folder)
    assert finding.repair == ""
    (folder / "source").chmod(0o757)
    (finding,) = findings(inspections.inspect_modes, folder)
    assert finding.what.endswith("can write to source")


def test_what_others_can_read_or_write_is_named_with_what_to_type(folder):
    (finding,) = findings(inspections.inspect_modes, folder)
    assert finding.repair == ""
    for name in ("gradebook.db", "submitted"):
        (folder / name).chmod(0o755)
    (finding,) = findings(inspections.inspect_modes, folder)
    assert "can read gradebook.db, submitted" in finding.what
    assert finding.repair == f"chmod -R o-rwx {folder}/gradebook.db {folder}/submitted"
    assert finding.advice
    (folder / "gradebook.db").chmod(0o666)
    (finding,) = findings(inspections.inspect_modes, folder)
    assert finding.what.endswith("can write to gradebook.db")
    assert not finding.advice
    folder.chmod(0o750)  # nobody else gets there
    (finding,) = findings(inspections.inspect_modes, folder)
    assert finding.repair == ""


def test_a_shared_course_must_be_writable_for_the_group(folder):
    shared = {"CourseDirectory__groupshared": True}
    (finding,) = findings(inspections.inspect_sharing, folder, **shared)
    assert "your group cannot write to course, source" in finding.what
    assert "gradebook.db" in finding.what
    assert "chmod -R g+rwX" in finding.repair
    assert "-type d -exec chmod g+s" in finding.repair
    for path in (folder, *folder.iterdir()):
        path.chmod(0o2770 if path.is_dir() else 0o660)
    (finding,) = findings(inspections.inspect_sharing, folder, **shared)
    assert finding.repair == ""


def test_files_of_several_graders_are_named(folder, monkeypatch):
    assert findings(inspections.inspect_sharing, folder) == []
    monkeypatch.setattr(inspections, "_owner", lambda path: f"owner of {path.name[:1]}")
    (finding,) = findings(inspections.inspect_sharing, folder)
    assert "groupshared is not set" in finding.what
    assert finding.advice


def test_the_exchange_is_inspected(folder, tmp_path):
    exchange = tmp_path / "exchange"
    (finding,) = findings(inspections.inspect_exchange, folder, Exchange__root=str(exchange))
    assert "there is no folder" in finding.what
    assert finding.repair == f"mkdir -p {exchange} && chmod 777 {exchange}"
    assert not finding.advice
    (exchange / "abc" / "inbound").mkdir(parents=True)
    (exchange / "abc" / "inbound").chmod(0o733)
    exchange.chmod(0o777)
    (finding,) = findings(inspections.inspect_exchange, folder, Exchange__root=str(exchange))
    assert finding.repair == ""
    exchange.chmod(0o755)
    (exchange / "abc" / "inbound").chmod(0o777)
    found = findings(inspections.inspect_exchange, folder, Exchange__root=str(exchange))
    assert [each.advice for each in found] == [True, False]
    assert f"chmod 733 {exchange}/abc/inbound" in found[1].repair


def test_who_does_without_an_exchange_need_not_repair_it(folder, monkeypatch):
    monkeypatch.setattr(inspections.Exchange.root, "default_value", str(folder / "not-there"))
    (finding,) = findings(inspections.inspect_exchange, folder)
    assert finding.repair == ""


@pytest.mark.slow
def test_a_student_kernel_runs_a_cell_or_tells_why_not(folder):
    (finding,) = findings(student_kernel.inspect_student_kernel, folder)
    assert finding.repair == ""
    assert "ran a cell and a test in" in finding.what
    options = {"ExecuteApart__memory": 1}  # MiB
    (finding,) = findings(student_kernel.inspect_student_kernel, folder, **options)
    assert finding.repair != ""


def test_submissions_that_no_grading_sees_are_named(folder):
    assert findings(inspections.inspect_submissions, folder) == []
    (folder / "source" / "day2").mkdir()
    assert findings(inspections.inspect_submissions, folder) == []
    for number in range(12):
        (folder / "submitted" / f".anna{number:02}" / "day2").mkdir(parents=True)
        (folder / "submitted" / f".anna{number:02}" / "day2" / "one.ipynb").touch()
    (finding,) = findings(inspections.inspect_submissions, folder)
    assert finding.what.startswith("submissions: 12 not where they are looked for")
    assert "submitted/.anna00: begins with a dot" in finding.repair
    assert "and 2 more" in finding.repair
    assert finding.repair.endswith("submitted/STUDENT/ASSIGNMENT")
