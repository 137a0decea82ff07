"""With `groupshared`, a second grader can go on where a first one has stopped."""

from __future__ import annotations

import codecs
import os
import shutil
import stat
import tempfile
import traceback
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from lxmls_grading.class_run.marker import Marker
from lxmls_grading.gradebook.earlier_results import EarlierPoints
from lxmls_grading.records import Record, lock_assignment, write_record
from lxmls_nb.files import atomic_path, make_folder
from tests.support.conversion import convert, course_config, hand_in

GROUP, FIRST, SECOND = 54321, 54301, 54302


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_in_a_shared_folder_is_shared_and_nothing_else(tmp_path):
    (tmp_path / "own").mkdir(mode=0o755)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o2775)
    for name, folder, file in (("own", 0o755, 0o644), ("shared", 0o2775, 0o664)):
        with atomic_path(tmp_path / name / "a" / "b" / "c.txt") as partial:
            partial.write_text("x")
        make_folder(tmp_path / name / "d")
        assert mode(tmp_path / name / "a" / "b" / "c.txt") == file
        assert {mode(tmp_path / name / made) for made in ("a", "a/b", "d")} == {folder}


def grade(root: Path, points: float) -> None:
    """Do what `lxmls-nb grade` does, but execute nothing."""
    config = course_config()
    config.merge(Config({"CourseDirectory": {"root": str(root), "groupshared": True}}))
    app = NbGrader(config=config)
    coursedir = CourseDirectory(parent=app)
    coursedir.assignment_id = "day2"
    marker = Marker(coursedir, app)
    with lock_assignment(root, "day2"):
        marker.clean_up()
        submission = marker.prepare("ada")
        earlier = EarlierPoints(coursedir, "day2", "ada", root)
        marker.finish(submission, submission.notebooks, earlier)
        write_record(root, Record("ada", "day2", True, "", "now", True, seconds={"x": points}))


def as_user(user: int, action) -> None:
    """Do something in a process that belongs to a user of the group of graders."""
    codecs.lookup("utf-8-sig")  # root's Python may not be readable to others, once it runs
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setgroups([GROUP])
            os.setgid(GROUP)
            os.setuid(user)
            os.umask(0o022)
            action()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture
def shared_course(course):
    """A course that belongs to a group, in a folder that all users can reach."""
    if os.geteuid() != 0:
        pytest.skip("only root can become two other users")
    hand_in(course, "ada")
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    root = Path(shutil.copytree(course, top / "course"))
    for path in [root, *root.rglob("*")]:
        os.chown(path, FIRST, GROUP)
    root.chmod(0o2775)
    yield root
    shutil.rmtree(top)


@pytest.mark.usefixtures("_guarded")
def test_two_graders_grade_the_same_submission_in_turn(shared_course):
    for user in (FIRST, SECOND, FIRST):
        as_user(user, lambda: grade(shared_course, 1.0))
    for path in [shared_course / ".lxmls_nb", *shared_course.glob(".lxmls_nb/**/*")]:
        assert path.stat().st_gid == GROUP
        assert mode(path) & 0o060 == 0o060, path
    for folder in ("autograded", "autograded/ada", "autograded/ada/day2"):
        assert mode(shared_course / folder) & 0o2770 == 0o2770
    assert [path.name for path in (shared_course / "autograded" / "ada").iterdir()] == ["day2"]
    assert mode(shared_course / "gradebook.db") & 0o060 == 0o060


@pytest.mark.usefixtures("_guarded")
def test_what_was_made_before_the_setting_is_shared_by_its_owner(shared_course):
    folder = shared_course / ".lxmls_nb" / "day2"
    folder.mkdir(parents=True)
    (folder / "lock").touch()
    for path in (folder.parent, folder, folder / "lock"):
        os.chown(path, FIRST, GROUP)
        path.chmod(0o755)
    as_user(FIRST, lambda: grade(shared_course, 1.0))
    as_user(SECOND, lambda: grade(shared_course, 1.0))


@pytest.mark.usefixtures("_guarded")
def test_nbgraders_own_command_shares_all_folders(shared_course):
    sharing = {"CourseDirectory": {"groupshared": True}}

    def autograde() -> None:
        convert(Autograde, shared_course, sections=sharing)

    as_user(FIRST, autograde)
    as_user(SECOND, autograde)
    with Gradebook(f"sqlite:///{shared_course}/gradebook.db") as gradebook:
        assert gradebook.find_submission("day2", "ada").score > 0
