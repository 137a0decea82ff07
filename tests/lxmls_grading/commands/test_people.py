"""The commands on people: students, collect, extend."""

from __future__ import annotations

import shutil
import zipfile
from datetime import datetime

import pytest
from nbgrader.api import Gradebook

from lxmls_grading.records import lock_assignment

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "small"
c.CourseTime.timezone = "Europe/Lisbon"
c.LateSubmissionPlugin.penalty_method = "zero"
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A gradebook: to be copied, for nbgrader takes a second to make it."""
    path = tmp_path_factory.mktemp("filled") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}", "small") as gradebook:
        gradebook.add_assignment("day2", duedate=datetime(2026, 7, 1, 17))
        gradebook.add_notebook("exercise_2_2", "day2")
        gradebook.add_grade_cell("test", "exercise_2_2", "day2", max_score=4, cell_type="code")
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace")
        gradebook.add_student("bob [2]", first_name="Bob", last_name="O'Hara")
    return path


@pytest.fixture
def small(filled, folder):
    """The folder of a course with an assignment and two students."""
    (folder / "nbgrader_config.py").write_text(CONFIG)
    shutil.copy(filled, folder)
    return folder


def archive(path, *names: str) -> str:
    with zipfile.ZipFile(path, "w") as out:
        for name in names:
            out.writestr(zipfile.ZipInfo(name, (2026, 7, 1, 16, 0, 0)), "{}")
    return str(path)


def test_students_are_imported_and_every_line_is_told(small, call):
    (small / "list.csv").write_bytes("id;Name;Room\nada;Ada King;1\nzoe;Zoé;2\n;X;3\n".encode())
    status, out, _ = call("students", "import", "list.csv")
    assert status == 1
    assert "line 2: ada: last_name Lovelace -> King" in out
    assert "line 3: zoe is new" in out
    assert "line 4: skipped, no id" in out
    assert "not read: 'Room'" in out
    assert "1 new, 1 changed, 0 as they were, 1 skipped" in out
    (small / "list.csv").write_text("id\nada\n")
    assert call("students", "import", "list.csv")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "lxmls-nb students import FILE"),
        (["imprt", "x"], "did you mean import?"),
        (["import"], "which file?"),
        (["import", "a", "b"], "one file at a time"),
        (["import", "nothing.csv"], "nothing.csv: No such file"),
        (["import", "twice.csv"], "line 3: ada is in line 2 already"),
        (["import", "book.xlsx"], "save it as CSV"),
        (["import", "none.csv"], "it has no student"),
    ],
)
def test_a_list_that_cannot_be_taken_is_a_line_and_changes_nothing(small, call, arguments, said):
    (small / "twice.csv").write_text("id\nada\nada\nzoe\n")
    (small / "none.csv").write_text("id\n")
    (small / "book.xlsx").write_bytes(b"PK\x03\x04")
    status, out, err = call("students", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    with Gradebook(f"sqlite:///{small}/gradebook.db") as gradebook:
        assert len(gradebook.students) == 2


def test_collect_shows_what_fitted_whom(small, call):
    path = archive(
        small / "s.zip",
        "lovelaceada_1_2_exercise_2_2.ipynb",
        "oharabob_3_4_exercise_2_2.ipynb",
        "xyz_5_6_exercise_2_2.ipynb",
    )
    status, out, _ = call("collect", path, "--dry-run")
    assert status == 1
    assert "nothing is written" in out
    assert not (small / "submitted").exists()
    status, out, _ = call("collect", path)
    assert status == 1
    lines = out.splitlines()
    assert lines[0] == "day2: 2 students"
    assert lines[2].split()[:4] == ["ada", "1", "new", "2026-07-01"]
    assert "16:00 +0100 (Europe/Lisbon)" in lines[2]
    assert lines[3].startswith("bob [2]")
    assert "does not fit: s.zip: xyz_5_6_exercise_2_2.ipynb no student" in out
    stamp = small / "submitted" / "bob [2]" / "day2" / "timestamp.txt"
    assert stamp.read_text() == "2026-07-01T15:00:00+00:00"
    status, out, _ = call("collect", archive(small / "t.zip", "ada/exercise_2_2.ipynb"))
    assert (status, out.splitlines()[0]) == (0, "day2: 1 student")


def test_collect_finds_out_the_assignment_or_asks(small, call):
    with Gradebook(f"sqlite:///{small}/gradebook.db") as gradebook:
        gradebook.add_assignment("day3")
        gradebook.add_notebook("exercise_3_1", "day3")
    both = archive(small / "b.zip", "ada/exercise_2_2.ipynb", "ada/exercise_3_1.ipynb")
    status, _, err = call("collect", both)
    assert (status, "--assignment=day2" in err) == (2, True)
    assert call("collect", "--assignment=day2", both)[0] == 0
    assert call("collect", archive(small / "c.zip", "ada/exercise_3_1-1.ipynb"))[0] == 0
    assert (small / "submitted" / "ada" / "day3" / "exercise_3_1.ipynb").exists()
    status, _, err = call("collect", "--assignment=day22", both)
    assert (status, "did you mean" in err) == (2, True)
    assert call("collect")[0] == 2
    for more in ([], ["--assignment=day2"]):  # in any case, not which assignment is meant
        status, _, err = call("collect", "nothing.zip", *more)
        assert (status, err) == (2, f"lxmls-nb: {small / 'nothing.zip'} is not there\n")
    (small / "empty").mkdir()
    status, _, err = call("collect", "empty", "--assignment=day2")
    assert (status, err) == (2, f"lxmls-nb: there is no file in {small / 'empty'}\n")


def test_collect_waits_for_grading(small, call):
    path = archive(small / "s.zip", "ada/exercise_2_2.ipynb")
    with lock_assignment(small, "day2"):
        status, _, err = call("collect", path)
    assert (status, "being graded already" in err) == (2, True)
    assert not (small / "submitted").exists()


def test_extend_tells_the_due_date_in_the_course_s_zone(small, call):
    status, out, _ = call("extend", "bob [2]", "day2", "+48h")
    assert status == 0
    assert out == "bob [2], day2: +48h more, due 2026-07-03 18:00 +0100 (Europe/Lisbon)\n"
    status, out, _ = call("extend", "bob [2]", "day2", "0")
    assert "no extension, due 2026-07-01 18:00" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ada", "day2"], "lxmls-nb extend ada day2 +48h"),
        (["ada", "day2", "48h"], "'48h' is no extension"),
        (["ad", "day2", "+48h"], "did you mean ada?"),
        (["ada", "day1", "+48h"], "did you mean day2?"),
    ],
)
def test_extend_refuses_in_a_line(small, call, arguments, said):
    status, out, err = call("extend", *arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_a_zone_that_does_not_exist_is_a_line(small, call):
    (small / "nbgrader_config.py").write_text(CONFIG.replace("Lisbon", "Lisboa"))
    status, _, err = call("extend", "ada", "day2", "+48h")
    assert (status, "Europe/Lisboa" in err) == (2, True)
