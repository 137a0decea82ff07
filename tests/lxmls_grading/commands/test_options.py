"""Options as nbgrader has them: what is wrong is told in one line, in words."""

from __future__ import annotations

import sys

import pytest

from lxmls_grading import cli
from lxmls_grading.class_run.marker import Marker
from lxmls_grading.commands import dispatch
from lxmls_grading.commands.base import CourseApp
from lxmls_grading.commands.grade import GradeApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.commands.report import ReportApp
from lxmls_grading.commands.students import select_students
from lxmls_grading.deadlines.lateness import penalty_plugin


def initialized(*arguments: str) -> GradeApp:
    app = GradeApp()
    app.initialize([*arguments])
    return app


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workers=0"], "--workers takes a whole number of at least 1, not '0'"),
        (["--workers", "-3"], "--workers takes a whole number of at least 1, not '-3'"),
        (["--workers=x"], "--workers takes a whole number of at least 1, not 'x'"),
        (["--workers=2.5"], "--workers takes a whole number of at least 1, not '2.5'"),
        (["--GradeApp.workers=0"], "--GradeApp.workers takes a whole number"),
        (["--quiet", "day2", "--workers"], "--workers needs a value"),
        (["--workers=1", "--workers=2"], "--workers can be given once, not as 1 and 2"),
        (
            ["--ExecuteApart.timeout=abc"],
            "--ExecuteApart.timeout takes a number of at least 0.1, not 'abc'",
        ),
        (["--ExecuteApart.timeout=-5"], "takes a number of at least 0.1, not '-5'"),
        (["--ExecuteApart.memory=0"], "takes a whole number of at least 1, not '0'"),
        (
            ["--ExecuteApart.timeout=nan"],
            "--ExecuteApart.timeout takes a number of at least 0.1, not 'nan'",
        ),
        (["day2", "--ExecuteApart.timeout"], "--ExecuteApart.timeout needs a value"),
        (["--ExecuteApart.sandbox=maybe"], "takes True or False, not 'maybe'"),
        (["--ExecuteApart.tmeout=3"], "there is no option --ExecuteApart.tmeout"),
        (["--ExecuteApart.tmeout=3"], "did you mean --ExecuteApart.timeout"),
        (["--ExecuteApar.timeout=3"], "did you mean --ExecuteApart.timeout"),
        (["--Nobody.knows=3"], "there is no option --Nobody.knows"),
        (["--wrkers", "3"], "there is no option --wrkers: did you mean --workers?"),
        (["--work=3"], "there is no option --work: did you mean --workers"),
        (["--no-sandbx"], "there is no option --no-sandbx: did you mean --no-sandbox?"),
        (["--no-sand"], "there is no option --no-sand"),
        (["--xyz"], "there is no option --xyz"),
        (["-x"], "there is no option -x"),
        (["--force=yes"], "--force takes no value, and 'yes' was given"),
        (["--assignment=a+b"], "should not contain"),
        (["day3"], "one assignment at a time, not 'day3' and 'day2'"),
        (["--assignment=day3"], "one assignment at a time, not 'day2' and 'day3'"),
        (["--course-dir=/not/there"], "lxmls-nb: there is no folder /not/there"),
        (["--course-dir=/usr"], "there is no nbgrader_config.py in /usr"),
    ],
)
def test_what_is_wrong_is_one_line_in_words(folder, arguments, said, capsys, monkeypatch):
    monkeypatch.setattr(dispatch, "ANSWERS", arguments)  # no warm process need start for this
    if arguments[0].startswith("--course-dir"):
        (folder / "nbgrader_config.py").unlink()
    assert cli.main(["grade", *arguments, *([] if "day2" in arguments else ["day2"])]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1), err
    assert err.startswith("lxmls-nb: ")
    assert said in err
    assert "Traceback" not in err
    assert "_positive" not in err
    assert not (folder / ".lxmls_nb").exists()
    assert not (folder / "gradebook.db").exists()


def test_options_are_those_of_nbgrader(folder):
    app = initialized(
        *("--assignment=day2", "--course=other", "--student", "ada,b*", "--student=carl"),
        *("--ExecuteApart.timeout=20", "--workers", "3", "--scheduler", "tcp://1.2.3.4:5"),
        *("--json", "--no-sandbox", "-f", "--quiet", "--LateSubmissionPlugin.penalty_method=zero"),
    )
    assert app.coursedir.assignment_id == "day2"
    assert app.coursedir.course_id == "other"
    assert app.coursedir.student_id == "ada,b*,carl"
    assert app.config.ExecuteApart == {"timeout": 20.0, "sandbox": False}
    assert (app.workers, app.scheduler, app.json, app.quiet) == (3, "tcp://1.2.3.4:5", True, True)
    assert app.config.Autograde.force is True
    assert app.config.LateSubmissionPlugin.penalty_method == "zero"
    assert initialized("day2").coursedir.course_id == "small"  # from the file


def test_an_id_of_digits_stays_as_it_is(folder):
    assert initialized("day2", "--student", "0042").coursedir.student_id == "0042"


def test_an_option_before_the_assignment_does_not_swallow_it(folder):
    assert initialized("--force", "day2", "--json").extra_args == ["day2"]


def test_the_course_may_be_named_from_another_folder(folder, monkeypatch, capsys):
    (folder / "tenth.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class Tenth(LateSubmissionPlugin):\n    pass\n"
    )
    with open(folder / "nbgrader_config.py", "a") as config:
        config.write("c.AssignLatePenalties.plugin_class = 'tenth.Tenth'\n")
    found = []
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(
        ReportApp, "work", lambda app: found.append((app.coursedir.root, penalty_plugin(app))) or 0
    )
    monkeypatch.chdir(folder / "source")
    assert cli.main(["report", "day2", "--course-dir", ".."]) == 0
    ((root, plugin),) = found
    assert (root, type(plugin).__name__) == (str(folder), "Tenth")
    assert capsys.readouterr() == ("", "")


def test_classes_that_the_configuration_names_have_options(folder, monkeypatch, capsys):
    (folder / "late_penalty.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\nfrom traitlets import Integer\n"
        "class Half(LateSubmissionPlugin):\n    points = Integer(1).tag(config=True)\n"
    )
    with open(folder / "nbgrader_config.py", "a") as config:
        config.write("c.AssignLatePenalties.plugin_class = 'late_penalty.Half'\n")
    monkeypatch.setattr(Marker, "__init__", lambda *given: None)
    monkeypatch.setattr(CourseApp, "work", lambda self: 0)
    monkeypatch.setattr(GradeApp, "work", CourseApp.work)
    assert GradeApp().run(["--Half.points=2"]) == 0
    assert GradeApp().run(["--Half.points=two"]) == 2
    assert "--Half.points takes a whole number, not 'two'" in capsys.readouterr().err
    assert GradeApp().run(["--Half.pionts=2"]) == 2
    assert "did you mean --Half.points" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c.GradeApp.workers = 0", "nbgrader_config"),
        ("c.CourseDirectory.ignore = 3", "nbgrader_config"),
        ("1 / 0", "line 4: ZeroDivisionError"),
        ("c.CourseDirectory.root = (", "line 4"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_one_line(folder, line, said, capsys):
    with open(folder / "nbgrader_config.py", "a") as config:
        config.write(line + "\n")
    assert GradeApp().run(["day2"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1), err
    assert said in err


def test_all_help_is_there(capsys):
    for argument in ("--help", "--help-all"):
        with pytest.raises(SystemExit) as ended:
            GradeApp().run([argument])
        assert ended.value.code == 0
        said = capsys.readouterr().out
        for option in ("--student", "--assignment", "--course", "--workers", "--no-sandbox"):
            assert option in said
        assert "Exit status" in said
        assert "_positive" not in said
    assert "--ExecuteApart.timeout" in said
    with pytest.raises(SystemExit):
        GradeApp().run(["--version"])


def test_an_option_that_has_no_effect_is_refused(folder, capsys):
    assert ReportApp().run(["day2", "--student", "ada"]) == 2
    assert "there is no option --student" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["dya2"], ["../day2"], ["day2"], ["--json", "dya2"]])
@pytest.mark.parametrize("command", [GradeApp, ReportApp])
def test_an_assignment_that_is_not_there_leaves_nothing(folder, command, arguments, capsys):
    if command is ReportApp and "--json" in arguments:
        return
    before = sorted(folder.rglob("*"))
    assert command().run(arguments) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "day2" in err
    if "dya2" in arguments:
        assert "did you mean day2?" in err
    if arguments == ["day2"]:
        assert "run `nbgrader generate_assignment day2 --force`" in err
    assert sorted(folder.rglob("*")) == before


def test_an_assignment_that_is_not_generated_is_no_mistyped_name(folder, call):
    (folder / "source" / "day1").mkdir()
    status, _, err = call("report", "day2")
    assert status == 2
    assert "in the gradebook: run `nbgrader generate_assignment day2 --force`" in err


def test_a_gradebook_that_is_none_is_named(folder, call):
    path = folder / "gradebook.db"
    path.write_text("This is no database, but a text of some length.")
    status, _, err = call("report", "day2")
    assert (status, err.count("\n")) == (2, 1)
    assert f"the gradebook {path} cannot be used: file is not a database" in err


def test_students_are_ids_and_patterns():
    students = ["ada", "bob", "[x] carl", "x carl", "Dora"]
    assert select_students(students, "*", "day2") == students
    assert select_students(students, "bob, a*", "day2") == ["ada", "bob"]
    assert select_students(students, "[x] carl", "day2") == ["[x] carl"]  # an id, not a pattern
    assert select_students(students, "[ab]*", "day2") == ["ada", "bob"]
    with pytest.raises(CommandError, match=r"nobody who matches 'bbo' .*did you mean bob\?"):
        select_students(students, "ada,bbo", "day2")
    with pytest.raises(CommandError, match="nobody who matches 'dora'"):
        select_students(students, "dora", "day2")
    with pytest.raises(CommandError, match=r"nobody who matches 'ADA' .*did you mean ada\?"):
        select_students(students, "ADA", "day2")
    with pytest.raises(CommandError, match=r"'joao.ca' .*did you mean joão\.çã\?"):
        select_students(["joão.çã"], "joao.ca", "day2")  # few letters are the same
    assert select_students(["jose\u0301"], "jos\xe9", "day2") == ["jose\u0301"]
