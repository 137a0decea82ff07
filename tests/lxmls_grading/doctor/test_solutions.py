"""`lxmls-nb doctor`: where students can read the solutions, it says so."""

from __future__ import annotations

import os
import shutil
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook

from lxmls_grading.doctor import solutions
from tests.support.course import RELEASE, SOURCE
from tests.support.doctor import findings

PLAINLY = "students can read the solutions"


@pytest.fixture
def private(folder, tmp_path):
    """A course that only its owner can read, and an exchange of its own."""
    shutil.copy(SOURCE / "exercise_2_1.ipynb", folder / "source")
    for name in ("tests/answers", ".git"):
        (folder / name).mkdir(parents=True)
    for path in solutions.solution_paths(SimpleNamespace(root=folder, source_directory="source")):
        path.chmod(0o700)
    (tmp_path / "exchange").mkdir(mode=0o777)
    return folder


@pytest.fixture
def outbound(private, tmp_path):
    path = tmp_path / "exchange" / "abc" / "outbound" / "day2"
    path.mkdir(parents=True)
    return path


def inspect(folder, **options):
    options = {"Exchange__root": str(folder.parent / "exchange")} | options
    return findings(solutions.inspect_solutions, folder, **options)


def test_nothing_is_wrong_where_only_the_owner_reads(private):
    (finding,) = inspect(private)
    assert finding.repair == ""
    assert PLAINLY not in finding.what


def test_no_course_has_no_solutions(tmp_path):
    assert inspect(tmp_path) == []


class TestOnThisMachine:
    @pytest.mark.parametrize("name", ["source", "tests/answers", ".git"])
    @pytest.mark.parametrize("mode", [0o755, 0o704, 0o701])
    def test_what_all_users_can_read_is_named(self, private, name, mode):
        (private / name).chmod(mode)
        (finding,) = inspect(private)
        assert finding.what.startswith(PLAINLY)
        assert finding.what.endswith(f"all users of it can read {name}")
        assert finding.repair == f"chmod -R o-rwx {private / name}"
        assert finding.advice  # on a machine without students, nothing is wrong

    def test_all_of_it_in_one_line(self, private):
        for name in ("source", ".git"):
            (private / name).chmod(0o755)
        (finding,) = inspect(private)
        assert finding.what.endswith("can read source, .git")

    def test_where_nobody_else_gets_there_nothing_is_wrong(self, private):
        (private / "source").chmod(0o755)
        private.chmod(0o700)
        assert [finding.repair for finding in inspect(private)] == [""]

    def test_what_a_link_leads_to_counts(self, private, tmp_path):
        elsewhere = tmp_path / "elsewhere"
        (private / "source").rename(elsewhere)
        (private / "source").symlink_to(elsewhere)
        elsewhere.chmod(0o755)
        private.chmod(0o700)  # the link cannot be read, what it leads to can
        (finding,) = inspect(private)
        assert finding.what.endswith("all users of it can read source")


class TestGroup:
    @pytest.fixture
    def members(self, monkeypatch):
        """Name who is in the group of every file, beside their owner."""
        names: set[str] = set()
        monkeypatch.setattr(solutions, "members_of", lambda group, without: set(names))
        return names

    def test_of_others_than_its_owner_is_named(self, private, members):
        (private / "source").chmod(0o750)
        assert [finding.repair for finding in inspect(private)] == [""]
        members |= {"bob", "carl", "ada", "dora"}
        (finding,) = inspect(private)
        assert finding.what.startswith(f"{PLAINLY}, if they are in the group ")
        assert "(ada, bob, carl and 1 more): it can read source" in finding.what
        assert finding.repair.startswith(f"chmod -R g-rwx {private / 'source'}\n")
        assert "groupshared" in finding.repair
        assert finding.advice

    def test_that_grades_may_read_unless_a_student_is_in_it(self, private, members):
        (private / "source").chmod(0o2770)
        members |= {"ada", "tutor"}
        shared = {"CourseDirectory__groupshared": True}
        assert [finding.repair for finding in inspect(private, **shared)] == [""]
        (private / "gradebook.db").unlink()
        with Gradebook(f"sqlite:///{private}/gradebook.db") as gradebook:
            gradebook.add_student("ada")
        (finding,) = inspect(private, **shared)
        assert "(ada): it can read source" in finding.what
        assert finding.repair == f"chmod -R g-rwx {private / 'source'}"
        assert not finding.advice

    def test_that_does_not_get_there_is_not_named(self, private, members):
        (private / "source").chmod(0o750)
        members.add("bob")
        private.chmod(0o700)
        assert [finding.repair for finding in inspect(private)] == [""]

    def test_members_are_those_of_the_system(self):
        import grp
        import pwd

        user = pwd.getpwuid(os.geteuid())
        assert user.pw_name in solutions.members_of(user.pw_gid, set())
        assert user.pw_name not in solutions.members_of(user.pw_gid, {user.pw_uid})
        for group in grp.getgrall():
            assert set(group.gr_mem) <= solutions.members_of(group.gr_gid, set())


class TestWhatStudentsGet:
    def test_a_released_assignment_is_right(self, private, outbound):
        shutil.copy(RELEASE / "exercise_2_1.ipynb", outbound)
        shutil.copytree(RELEASE, private / "release" / "day2")
        assert [finding.repair for finding in inspect(private)] == [""]

    @pytest.mark.parametrize("inside", ["", "source", "deep/down"])
    def test_a_source_notebook_in_the_exchange(self, private, outbound, inside):
        (outbound / inside).mkdir(parents=True, exist_ok=True)
        path = shutil.copy(SOURCE / "exercise_2_1.ipynb", outbound / inside)
        (finding,) = inspect(private)
        assert finding.what == f"{PLAINLY}: they are in what students get, {path}"
        assert finding.repair.splitlines() == [
            "nbgrader generate_assignment day2 --force",
            "nbgrader release_assignment day2 --force",
        ]
        assert not finding.advice

    def test_a_source_notebook_in_the_release(self, private):
        for name in ("exercise_2_1.ipynb", "exercise_2_2.ipynb"):
            (private / "release" / "day2").mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, private / "release" / "day2")
        (finding,) = inspect(private)
        assert "exercise_2_1.ipynb, and 1 more in" in finding.what
        assert finding.repair == "nbgrader generate_assignment day2 --force"

    @pytest.mark.parametrize("name", ["answers/2_1/right.py", ".git/HEAD", "notes.txt"])
    def test_other_files_that_tell(self, private, outbound, name):
        path = outbound / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("### BEGIN SOLUTION\nx = 1\n" if name == "notes.txt" else "x = 1\n")
        (finding,) = inspect(private)
        assert finding.what.startswith(PLAINLY)
        first = outbound / name.removesuffix("/HEAD")
        assert finding.repair.startswith(f"rm -r {first}")
        assert not finding.advice

    def test_delimiters_of_the_course_count(self, private, outbound):
        (outbound / "own.ipynb").write_text('{"source": "#{ ANSWER \\"é\\""}')
        assert [finding.repair for finding in inspect(private)] == [""]
        own = {"ClearSolutions__begin_solution_delimeter": '#{ ANSWER "é"'}
        (finding,) = inspect(private, **own)
        assert finding.what.startswith(PLAINLY)

    def test_every_course_of_the_exchange_where_none_is_named(self, private, outbound):
        shutil.copy(SOURCE / "exercise_2_1.ipynb", outbound)
        (finding,) = inspect(private, CourseDirectory__course_id="")
        assert finding.what.startswith(PLAINLY)

    def test_a_course_inside_the_exchange(self, private, tmp_path):
        found = inspect(private, Exchange__root=str(tmp_path))
        assert found[0].what.startswith(f"{PLAINLY}: this course is inside the exchange")
        assert str(private) in found[0].repair
        assert not found[0].advice
