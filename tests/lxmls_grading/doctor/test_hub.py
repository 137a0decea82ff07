"""`lxmls-nb doctor` on a JupyterHub: what students could read, change or see is to be repaired."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook

from lxmls_grading.doctor import hub, solutions
from tests.support.doctor import findings


@pytest.fixture
def closed(folder, tmp_path, monkeypatch):
    """A course on a hub, with nothing to repair: no home, and an environment for students."""
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(0o1777)
    monkeypatch.setattr(hub, "is_hub", lambda: True)
    monkeypatch.setattr(hub, "_homes", lambda: [])
    prefix = tmp_path / "environment"
    lab = prefix / "etc" / "jupyter" / "labconfig" / "page_config.d"
    lab.mkdir(parents=True)
    (lab / "kit.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(hub.TOOLS, True)})
    )
    (prefix / "bin").mkdir()
    for path in (prefix, prefix / "bin"):
        path.chmod(0o755)
    monkeypatch.setattr(hub.sys, "prefix", str(prefix))
    monkeypatch.setattr(hub.sys, "executable", str(prefix / "bin" / "python"))
    return folder


def inspect(folder, **options):
    options = {"Exchange__root": str(folder.parent / "exchange")} | options
    return findings(hub.inspect_hub, folder, **options)


def test_nothing_is_reported_without_a_hub(folder, monkeypatch):
    monkeypatch.setattr(hub.importlib.util, "find_spec", lambda name: None)
    (folder / "gradebook.db").chmod(0o666)
    assert inspect(folder) == []


def test_nothing_is_wrong_where_nobody_else_reads(closed):
    (finding,) = inspect(closed)
    assert finding.repair == ""
    assert finding.what.startswith("hub: students can read neither")


@pytest.mark.parametrize(
    "name",
    ["source", "gradebook.db", "submitted", "autograded", "feedback", "reports", ".lxmls_nb"],
)
@pytest.mark.parametrize("mode", [0o755, 0o704, 0o701])
def test_what_all_accounts_can_read_is_no_advice_here(closed, name, mode):
    (closed / name).mkdir(exist_ok=True) if name != "gradebook.db" else None
    (closed / name).chmod(mode)
    (finding,) = [each for each in inspect(closed) if name in each.what]
    assert finding.what.startswith(f"hub: students can read {name}")
    assert finding.repair == f"chmod -R o-rwx {closed / name}"
    assert not finding.advice
    for path in (closed / name, closed):
        path.chmod(0o750)  # nobody else gets there
    assert [each.repair for each in inspect(closed)] == [""]


def test_the_secret_of_personal_numbers_is_private(closed):
    (closed / "nbgrader_config.py").chmod(0o644)
    assert [each.repair for each in inspect(closed)] == [""]
    (finding,) = inspect(closed, PersonalNumbers__secret="abc")
    assert finding.what.startswith("hub: students can read nbgrader_config.py")


class TestGroup:
    @pytest.fixture
    def members(self, closed, monkeypatch):
        """Name who is in the group of every file; of them, ada and bob are students."""
        names = {"otto"}
        monkeypatch.setattr(hub, "members_of", lambda group, without: set(names))
        (closed / "gradebook.db").unlink()
        with Gradebook(f"sqlite:///{closed}/gradebook.db") as gradebook:
            for name in ("ada", "bob"):
                gradebook.add_student(name)
        (closed / "gradebook.db").chmod(0o660)
        return names

    def test_of_graders_may_read(self, closed, members):
        assert [each.repair for each in inspect(closed)] == [""]

    def test_with_a_student_in_it_is_named(self, closed, members):
        members.add("ada")
        (finding,) = inspect(closed)
        assert "source, gradebook.db, submitted" in finding.what
        assert "ada, by the group" in finding.what
        assert "gpasswd --delete ada" in finding.repair
        assert not finding.advice

    def test_that_cannot_read_is_not_named(self, closed, members):
        members.add("ada")
        for path in closed.iterdir():
            path.chmod(0o700)
        assert [each.repair for each in inspect(closed)] == [""]


class TestHomes:
    @pytest.fixture
    def home(self, closed, tmp_path, monkeypatch):
        home = tmp_path / "home" / "ada"
        home.mkdir(parents=True)
        home.parent.chmod(0o755)
        monkeypatch.setattr(hub, "_homes", lambda: [home])
        return home

    @pytest.mark.parametrize(("mode", "wrong"), [(0o700, False), (0o755, True), (0o711, True)])
    def test_that_others_can_enter_are_named(self, closed, home, mode, wrong):
        home.chmod(mode)
        (finding,) = inspect(closed)
        assert (finding.repair != "") == wrong
        if wrong:
            assert f"others can read the homes {home}" in finding.what
            assert finding.repair.startswith(f"sudo chmod go-rwx {home}\n")
            assert not finding.advice

    @pytest.mark.parametrize(("members", "wrong"), [(set(), False), ({"bob"}, True)])
    def test_that_a_group_shares_are_named(self, closed, home, monkeypatch, members, wrong):
        """As where the group of all accounts is `users` or `students`."""
        home.chmod(0o750)
        monkeypatch.setattr(hub, "members_of", lambda group, without: members)
        (finding,) = inspect(closed)
        assert (finding.repair != "") == wrong

    def test_are_those_of_people(self, tmp_path, monkeypatch):
        import pwd

        users = [
            SimpleNamespace(pw_uid=uid, pw_dir=str(tmp_path / name), pw_shell=shell)
            for uid, name, shell in (
                (0, "root", "/bin/bash"),
                (33, "www", "/usr/sbin/nologin"),
                (1000, "ada", "/bin/bash"),
                (1001, "gone", "/bin/bash"),
                (1002, "builds", "/usr/sbin/nologin"),
            )
        ]
        monkeypatch.setattr(pwd, "getpwall", lambda: users)
        for name in ("root", "www", "ada", "builds"):
            (tmp_path / name).mkdir()
        assert hub._homes() == [tmp_path / "ada"]


def test_an_exchange_in_which_the_course_can_be_renamed(closed):
    (closed.parent / "exchange").chmod(0o777)
    (finding,) = inspect(closed)
    assert "students can rename the courses" in finding.what
    assert finding.repair == f"chmod +t {closed.parent / 'exchange'}"
    assert not finding.advice


def test_an_environment_that_students_cannot_start(closed, tmp_path):
    (tmp_path / "environment").chmod(0o700)
    (finding,) = inspect(closed)
    assert f"{tmp_path / 'environment'} is closed" in finding.what
    assert "/opt/lxmls_nb" in finding.repair


def test_an_environment_that_students_could_change(closed, tmp_path):
    (tmp_path / "environment" / "bin").chmod(0o777)
    (finding,) = inspect(closed)
    assert "students can change the programs" in finding.what
    assert finding.repair.startswith("chmod -R o-w ")
    assert not finding.advice


def test_tools_of_instructors_in_everybodys_menus(closed, tmp_path):
    lab = tmp_path / "environment" / "etc" / "jupyter" / "labconfig"
    (lab / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"@jupyter/nbgrader:formgrader": False}})
    )
    (finding,) = inspect(closed)
    assert finding.what == "hub: students see Formgrader in their menus"
    assert "setup/lab" in finding.repair
    assert finding.advice
    (lab / "page_config.d" / "kit.json").write_text("no JSON")
    (finding,) = inspect(closed)
    assert finding.what.endswith("see Create Assignment, Formgrader, Course List in their menus")


def test_members_and_students_are_those_of_the_other_inspection():
    assert hub.members_of is solutions.members_of
    assert hub.student_ids is solutions.student_ids
