"""What arrives is graded and told: limits, which try counts, and what is told before it is due."""

from __future__ import annotations

import errno
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from lxmls_grading import cli
from lxmls_grading.records import lock_assignment
from lxmls_grading.watch import arrivals, releasing
from lxmls_grading.watch.ledger import Ledger
from lxmls_grading.watch.run import WatchRun
from tests.lxmls_grading.watch.conftest import told
from tests.support.small_course import RIGHT, WRONG, scores, submit
from tests.support.watching import MOMENTS, state, tries, watch_until_killed, write_answer

pytestmark = pytest.mark.slow


def set_due(course: Path, text: str) -> None:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("day2", duedate=text)


def check_nothing_is_left(course: Path) -> None:
    hidden = [*list(course.rglob(".day2.*")), *course.rglob(".*.json.*")]
    assert hidden == []


def test_what_is_handed_in_is_graded_and_told(course, inbox, watch):
    secrets = {
        "ada": inbox.hand_in("ada", RIGHT, RIGHT),
        "bob": inbox.hand_in("bob", WRONG, RIGHT),
    }
    status, said = watch(told(2))
    assert status == 130, said
    assert scores(course) == {"ada": 4, "bob": 2}
    assert "Score: 2.0 / 2.0" in inbox.page(secrets["ada"])
    page = inbox.page(secrets["bob"])
    assert "Score: 0.0 / 2.0" in page
    assert "HIDDEN" not in page
    assert re.search(r"ada: graded, feedback after \d+ s", said)
    now = state(course)
    assert now["state"] == "stopped"
    assert {row["student"]: row["points"] for row in now["graded"]} == {"ada": 4, "bob": 2}
    assert "ada" in (course / ".lxmls_nb/day2/watch/state.html").read_text()
    check_nothing_is_left(course)
    # A run by hand finds nothing to do.
    before = (course / "autograded" / "ada" / "day2").stat().st_mtime_ns
    assert cli.main(["grade", "day2", "--quiet"]) == 0
    assert (course / "autograded" / "ada" / "day2").stat().st_mtime_ns == before


def test_students_can_read_what_comes_back_whatever_the_umask_is(course, inbox, watch):
    """On a hub graders have umask 007; one page that a student may not read breaks their lists."""
    before = os.umask(0o007)
    try:
        inbox.hand_in("ada", RIGHT, RIGHT)
        inbox.hand_in("ada", WRONG, RIGHT)
        watch(told(1), "--tries", "1")
        inbox.hand_in("ada", RIGHT, WRONG)
        watch(lambda ledger: ledger.of("ada")[-1].noticed, "--tries", "1")
    finally:
        os.umask(before)
    pages = list((inbox.top / "feedback").glob("*.html"))
    assert len(pages) == 4  # of the try that was graded, and of the one that waits
    assert all(page.stat().st_mode & 0o004 for page in pages)


def test_of_several_tries_the_newest_is_graded(course, inbox, watch):
    old = [inbox.hand_in("ada", WRONG, WRONG) for _ in range(3)]
    new = inbox.hand_in("ada", RIGHT, WRONG)
    watch(told(1))
    assert scores(course) == {"ada": 2}
    assert [one["state"] for one in tries(course, "ada")] == ["passed over"] * 3 + ["graded"]
    assert [bool(inbox.page(secret)) for secret in [*old, new]] == [False, False, False, True]
    inbox.hand_in("ada", WRONG, WRONG)
    watch(told(2))
    assert scores(course) == {"ada": 0}  # the last one counts


def test_where_the_best_counts_a_worse_try_changes_nothing_and_is_told(course, inbox, watch):
    best = inbox.hand_in("ada", RIGHT, RIGHT, minutes=5)
    watch(told(1), "--counts", "best")
    assert "best of your tries so far" in inbox.page(best)

    def kept() -> dict[str, bytes]:
        folders = [course / step / "ada" / "day2" for step in ("submitted", "autograded")]
        return {str(p): p.read_bytes() for f in folders for p in sorted(f.rglob("*"))}

    before = kept()
    worse = inbox.hand_in("ada", WRONG, RIGHT, minutes=7)
    watch(told(2), "--counts", "best")
    assert kept() == before
    assert scores(course) == {"ada": 4}
    page = inbox.page(worse)
    assert "Score: 0.0 / 2.0" in page
    assert (
        "This try got 2 points from the tests. The best of your tries counts, which is an earlier "
        "one, of 2026-11-27 10:05:00 UTC, with 4 points." in page
    )
    assert [(one["points"], one["counts"]) for one in tries(course, "ada")] == [
        (4, True),
        (2, False),
    ]
    assert cli.main(["grade", "day2", "--quiet"]) == 0
    assert kept() == before


def test_where_the_best_counts_a_better_try_takes_its_place(course, inbox, watch):
    inbox.hand_in("ada", WRONG, RIGHT)
    watch(told(1), "--counts", "best")
    better = inbox.hand_in("ada", RIGHT, RIGHT)
    watch(told(2), "--counts", "best")
    assert scores(course) == {"ada": 4}
    assert "counts" in inbox.page(better)


def test_a_late_try_is_compared_after_its_penalty(course, inbox, watch):
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    set_due(course, "2026-11-27 10:06:00 UTC")
    inbox.hand_in("ada", WRONG, RIGHT, minutes=5)
    watch(told(1), "--counts", "best")
    inbox.hand_in("ada", RIGHT, RIGHT, minutes=7)
    watch(told(2), "--counts", "best")
    assert scores(course) == {"ada": 2}
    assert [one["points"] for one in tries(course, "ada")] == [2, 0]


def test_tries_in_an_hour_are_limited_and_none_is_lost(course, inbox, watch):
    for number in range(2):
        inbox.hand_in("ada", WRONG, WRONG)
        watch(told(number + 1), "--tries", "2")
    third = inbox.hand_in("ada", RIGHT, RIGHT)
    other = inbox.hand_in("bob", RIGHT, RIGHT)
    watch(lambda ledger: told(3)(ledger) and inbox.page(third), "--tries", "2")
    assert scores(course) == {"ada": 0, "bob": 4}
    assert inbox.page(other)
    page = inbox.page(third, "second")
    assert re.search(r"graded after \d\d:\d\d UTC. 2 tries of yours were graded", page)
    assert not (course / "feedback" / "ada" / "day2" / "notices").exists()
    assert "Score: 0.0 / 2.0" in (course / "feedback" / "ada" / "day2" / "first.html").read_text()
    assert "2 in an hour" in state(course)["waiting"]["ada"]
    # An hour later its turn has come.
    ledger = Ledger(course, "day2")
    for one in ledger.graded("ada"):
        one.done = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    ledger.save("ada")
    watch(told(4), "--tries", "2")
    assert scores(course)["ada"] == 4
    assert "Score: 2.0 / 2.0" in inbox.page(third)


def test_causes_are_told_without_points(course, inbox, watch):
    right, wrong = inbox.hand_in("ada", RIGHT, RIGHT), inbox.hand_in("bob", WRONG, RIGHT)
    dead = inbox.hand_in("carl", "import os; os._exit(3)", RIGHT)
    watch(told(3), "--tell", "causes", "--counts", "best")
    for secret in (right, wrong, dead):
        page = inbox.page(secret)
        assert page
        assert "Score" not in page
        assert not re.search(r"\d points", page)
        assert "HIDDEN" not in page
    assert "is not right for" in inbox.page(wrong)  # the message of the check
    assert "The kernel died" in inbox.page(dead)
    assert scores(course) == {"ada": 4, "bob": 2, "carl": 2}


def test_nothing_is_told_but_that_it_ran(course, inbox, watch):
    right, wrong = inbox.hand_in("ada", RIGHT), inbox.hand_in("bob", WRONG, RIGHT)
    dead = inbox.hand_in("carl", "import os; os._exit(3)", RIGHT)
    watch(told(3), "--tell", "nothing")

    def without_time(secret: str, notebook: str = "first") -> str:
        return re.sub(r"\d\d:\d\d:\d\d", "", inbox.page(secret, notebook))

    assert "It ran to its end." in inbox.page(right)
    assert without_time(right) == without_time(wrong)  # nothing tells them apart
    assert "did not run to its end" in inbox.page(dead)
    assert "no notebook of this name" in inbox.page(right, "second")
    for secret in (right, wrong, dead):
        assert not re.search(r"[Pp]oint|Score|checks|answers", inbox.page(secret))


def test_after_the_due_date_the_points_are_told(course, inbox, watch):
    set_due(course, "2026-11-27 10:00:00 UTC")
    secret = inbox.hand_in("ada", RIGHT, RIGHT, minutes=-5)
    watch(told(1), "--tell", "nothing")
    assert "Score: 2.0 / 2.0" in inbox.page(secret)


def test_fifty_at_once_are_all_graded_and_told(course, inbox, watch):
    secrets = {f"student-{n:02}": inbox.hand_in(f"student-{n:02}", RIGHT) for n in range(50)}
    watch(told(50), seconds=400)
    assert scores(course) == dict.fromkeys(secrets, 2)
    assert all(inbox.page(secret) for secret in secrets.values())
    check_nothing_is_left(course)


def test_a_folder_is_watched_as_collect_takes_it(course, watch, tmp_path):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace")
    box = tmp_path / "box"
    (box / "ada").mkdir(parents=True)
    (box / "nobody").mkdir()
    write_answer(course, box / "ada" / "first.ipynb", "first", WRONG)
    write_answer(course, box / "nobody" / "first.ipynb", "first", WRONG)
    watch(told(1), "--folder", str(box))
    assert scores(course) == {"ada": 0}
    assert (course / "feedback" / "ada" / "day2" / "first.html").exists()
    assert any("nobody" in problem for problem in state(course)["problems"])
    write_answer(course, box / "ada" / "first-1.ipynb", "first", RIGHT)
    write_answer(course, box / "ada" / "second.ipynb", "second", RIGHT)
    watch(told(2), "--folder", str(box))
    assert scores(course) == {"ada": 4}
    watch(lambda ledger: True, "--folder", str(box))
    assert len(tries(course, "ada")) == 2


def test_links_of_a_submission_are_not_followed(course, inbox, watch, tmp_path):
    (tmp_path / "private.txt").write_text("a secret of the instructor")
    inbox.hand_in("ada", RIGHT, RIGHT)
    [folder] = (inbox.top / "inbound").iterdir()
    (folder / "mine.txt").symlink_to(tmp_path / "private.txt")
    os.mkfifo(folder / "pipe.txt")
    other = f"bob{folder.name.removeprefix('ada')}"
    (inbox.top / "inbound" / other).symlink_to(folder)
    watch(lambda ledger: told(1)(ledger) and ledger.of("bob"))
    files = {path.name for path in (course / "submitted").rglob("*") if path.is_file()}
    assert files == {"first.ipynb", "second.ipynb", "timestamp.txt", "submission_secret.txt"}
    assert "a link" in state(course)["refused"][0]["why"]
    assert scores(course) == {"ada": 4}


def test_what_belongs_to_somebody_else_is_refused(course, inbox, watch):
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().replace("check_owner = False", "check_owner = True"))
    inbox.hand_in("nobody-like-that", RIGHT, RIGHT)
    watch(lambda ledger: ledger.of("nobody-like-that"))
    assert "check_owner" in state(course)["refused"][0]["why"]
    assert not (course / "submitted").exists()


@pytest.mark.parametrize("name", ["..", ".x", "a*"])
def test_what_is_no_name_of_a_student_is_left_alone(name, course, inbox, watch):
    inbox.hand_in("ada", RIGHT, RIGHT)
    inbox.hand_in(name, WRONG, WRONG)
    watch(told(1))
    assert scores(course) == {"ada": 4}
    assert [*(course / "submitted").iterdir()] == [course / "submitted" / "ada"]
    assert not (course / "day2").exists()
    assert "does not begin with the name of a student" in state(course)["problems"][0]


def test_there_is_one_watcher_and_no_other_run_meanwhile(course, inbox, capsys):
    submit(course, "ada", RIGHT)
    with lock_assignment(course, "day2"):
        for command in ("watch", "grade"):
            assert cli.main([command, "day2", "--scheduler", "tcp://127.0.0.1:1"]) == 2
            assert "is being graded already" in capsys.readouterr().err


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_loses_and_doubles_nothing(moment, course, inbox, watch, cluster):
    first = inbox.hand_in("ada", WRONG, WRONG)
    watch(told(1), "--counts", "best")
    second = inbox.hand_in("ada", RIGHT, WRONG)
    watch_until_killed(course, moment, "--counts", "best", "--scheduler", cluster.scheduler_address)
    told_first = inbox.page(first)
    watch(told(2), "--counts", "best")
    assert scores(course) == {"ada": 2}
    assert [one["state"] for one in tries(course, "ada")] == ["graded", "graded"]
    assert [one["counts"] for one in tries(course, "ada")] == [False, True]
    assert "Score: 2.0 / 2.0" in inbox.page(second)
    assert "Score: 0.0 / 2.0" in inbox.page(second, "second")
    assert inbox.page(first) == told_first
    assert len(list((inbox.top / "feedback").iterdir())) == 4
    assert [path.name for path in (course / "feedback" / "ada").iterdir()] == ["day2"]
    check_nothing_is_left(course)
    assert cli.main(["grade", "day2", "--quiet"]) == 0


@pytest.mark.parametrize("place", ["ledger", "staging", "feedback", "page"])
def test_a_full_disk_ends_it_with_a_line_and_it_goes_on(place, course, inbox, watch, monkeypatch):
    secret = inbox.hand_in("ada", RIGHT, RIGHT)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    with monkeypatch.context() as patch:
        if place == "ledger":
            patch.setattr(Ledger, "save", full)
        elif place == "staging":
            patch.setattr(arrivals, "replace_folder", full)
        elif place == "feedback":
            patch.setattr(releasing, "replace_folder", full)
        else:
            patch.setattr("lxmls_grading.watch.state.atomic_path", full)
        status, said = watch(told(1))
    assert status == 2
    assert "No space left on device" in said
    assert "run again to continue" in said
    assert "Traceback" not in said
    watch(told(1))
    assert scores(course) == {"ada": 4}
    assert inbox.page(secret)
    assert [one["state"] for one in tries(course, "ada")] == ["graded"]


def test_feedback_that_cannot_be_released_is_tried_again(course, inbox, watch, monkeypatch):
    secret = inbox.hand_in("ada", RIGHT, RIGHT)
    release, failed = releasing.FeedbackMaker.release, []

    def once(self, student):
        if not failed:
            failed.append(student)
            raise PermissionError(errno.EACCES, "Permission denied", "/exchange")
        return release(self, student)

    monkeypatch.setattr(releasing.FeedbackMaker, "release", once)
    monkeypatch.setattr("lxmls_grading.watch.run.AGAIN", 0.5)
    watch(told(1))
    assert failed
    assert inbox.page(secret)
    assert "Permission denied" in state(course)["last_error"]


def test_a_changed_source_is_read_again(course, inbox, watch, monkeypatch):
    inbox.hand_in("ada", RIGHT, RIGHT)
    runs, begin = [], WatchRun._run

    def counted(self, todo):
        runs.append(self.desk)
        begin(self, todo)

    monkeypatch.setattr(WatchRun, "_run", counted)

    def until(ledger):
        if told(1)(ledger) and len(runs) == 1:
            os.utime(course / "source" / "day2" / "first.ipynb")
        return len(runs) == 2

    watch(until)
    assert runs[0] is not runs[1]


def test_whom_a_loaded_machine_kept_is_tried_again(course, inbox, watch, monkeypatch):
    secret, again, handle = inbox.hand_in("ada", RIGHT), [], WatchRun._handle_executed

    def starved_once(self, student):
        if again:
            handle(self, student)
            return
        _, executed, _ = self.running.pop(student)
        executed.result()
        again.append(student)
        self.again.append(student)

    monkeypatch.setattr(WatchRun, "_handle_executed", starved_once)
    watch(told(1), seconds=60)
    assert again == ["ada"]
    assert scores(course) == {"ada": 2}
    assert inbox.page(secret)
