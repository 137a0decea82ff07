"""What has arrived is complete, the newest of each student, and read without following links."""

from __future__ import annotations

import errno
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader
from nbgrader.exchange import ExchangeError

from lxmls_grading.watch import arrivals
from lxmls_grading.watch.arrivals import Drop, Exchange, NotStagedError, replace_folder
from lxmls_grading.watch.ledger import PASSED, WAITING, Ledger
from lxmls_grading.watch.releasing import another
from tests.lxmls_grading.collect.conftest import collecting, filled  # noqa: F401 (fixtures)


@pytest.fixture
def course(collecting):  # noqa: F811
    collecting.coursedir.assignment_id = "day2"
    (collecting.root / "exchange" / "small" / "inbound").mkdir(parents=True)
    return collecting


@pytest.fixture
def exchange(course):
    app = NbGrader()
    app.config.Exchange.root = str(course.root / "exchange")
    app.config.ExchangeCollect.check_owner = False
    tries = another(course.coursedir, submitted_directory=".lxmls_nb/day2/watch/tries")
    return Exchange(course.coursedir, tries, app)


@pytest.fixture
def ledger(course):
    return Ledger(course.root, "day2")


def put(exchange: Exchange, name: str, *files: str) -> Path:
    folder = exchange.inbound / name
    folder.mkdir()
    for file in files:
        (folder / file).write_text(file)
    return folder


TIME = "2026-11-27 10:00:0{} UTC"
WHOLE = ("exercise_2_1.ipynb", "timestamp.txt", "submission_secret.txt")


def states(ledger: Ledger, student: str) -> list[str]:
    return [one.state for one in ledger.of(student)]


def test_a_submission_counts_when_its_secret_is_there(exchange, ledger):
    folder = put(exchange, f"ada+day2+{TIME.format(1)}+x", "exercise_2_1.ipynb", "timestamp.txt")
    exchange.look(ledger, {})
    assert states(ledger, "ada") == []
    (folder / "submission_secret.txt").write_text("secret")
    exchange.look(ledger, {})
    exchange.look(ledger, {})
    assert states(ledger, "ada") == [WAITING]


def test_without_a_secret_it_counts_when_it_does_not_change(exchange, ledger, monkeypatch):
    put(exchange, f"ada+day2+{TIME.format(1)}", "exercise_2_1.ipynb", "timestamp.txt")
    exchange.look(ledger, {})
    assert states(ledger, "ada") == []
    later = time.time() + 11
    monkeypatch.setattr(arrivals.time, "time", lambda: later)
    exchange.look(ledger, {})
    assert states(ledger, "ada") == [WAITING]


def test_the_newest_waits_whatever_order_they_are_seen_in(exchange, ledger):
    for second in (2, 1, 3):
        put(exchange, f"ada+day2+{TIME.format(second)}+x", *WHOLE)
    put(exchange, f"bob+other+{TIME.format(1)}+x", *WHOLE)
    put(exchange, f"a+b+day2+{TIME.format(1)}+x", *WHOLE)
    exchange.look(ledger, {})
    assert ledger.waiting("ada").id == f"ada+day2+{TIME.format(3)}+x"
    assert set(ledger.tries) == {"ada", "a+b"}
    put(exchange, f"ada+day2+{TIME.format(0)}+x", *WHOLE)  # it was late on its way
    exchange.look(ledger, {})
    assert ledger.waiting("ada").id == f"ada+day2+{TIME.format(3)}+x"
    put(exchange, f"ada+day2+{TIME.format(4)}+x", *WHOLE)
    exchange.look(ledger, {})
    assert states(ledger, "ada") == [PASSED] * 4 + [WAITING]


def test_before_the_due_date_the_newest_on_time_waits(exchange, ledger, course):
    """As with nbgrader collect, whose option it is; an extension counts."""
    exchange.collecting.before_duedate = True
    with Gradebook(course.coursedir.db_url) as gradebook:
        gradebook.update_or_create_assignment("day2", duedate="2026-11-27 10:00:02 UTC")
        gradebook.update_or_create_student("bob")
        gradebook.update_or_create_submission("day2", "bob").extension = timedelta(seconds=1)
        gradebook.db.commit()
    for student in ("ada", "bob"):
        for second in (1, 2, 3, 4):
            put(exchange, f"{student}+day2+{TIME.format(second)}+x", *WHOLE)
    put(exchange, f"eve+day2+{TIME.format(4)}+x", *WHOLE)
    exchange.look(ledger, {})
    waiting = {student: ledger.waiting(student).id for student in ledger.tries}
    seconds = {"ada": 2, "bob": 3, "eve": 4}
    assert waiting == {who: f"{who}+day2+{TIME.format(n)}+x" for who, n in seconds.items()}
    put(exchange, f"eve+day2+{TIME.format(1)}+x", *WHOLE)  # it was late on its way
    exchange.look(ledger, {})
    assert states(ledger, "eve") == [PASSED, WAITING]


def test_what_is_in_work_is_not_passed_over(exchange, ledger):
    put(exchange, f"ada+day2+{TIME.format(1)}+x", *WHOLE)
    exchange.look(ledger, {})
    working = ledger.waiting("ada")
    for second in (2, 3):
        put(exchange, f"ada+day2+{TIME.format(second)}+x", *WHOLE)
        exchange.look(ledger, {"ada": working})
    assert states(ledger, "ada") == [WAITING, PASSED, WAITING]


def test_staging_replaces_the_folder_and_follows_no_link(exchange, ledger, course):
    (course.root / "private").write_text("secret")
    folder = put(exchange, f"ada+day2+{TIME.format(1)}+x", *WHOLE)
    (folder / "link").symlink_to(course.root / "private")
    os.mkfifo(folder / "pipe")
    exchange.look(ledger, {})
    exchange.stage("ada", ledger.waiting("ada"))
    staged = course.root / ".lxmls_nb/day2/watch/tries/ada/day2"
    assert {path.name for path in staged.iterdir()} == set(WHOLE)
    newer = put(exchange, f"ada+day2+{TIME.format(2)}+x", "exercise_2_2.ipynb", *WHOLE[1:])
    exchange.look(ledger, {})
    exchange.stage("ada", ledger.waiting("ada"))
    assert {path.name for path in staged.iterdir()} == {path.name for path in newer.iterdir()}
    assert [path.name for path in staged.parent.iterdir()] == ["day2"]
    for path in newer.iterdir():
        path.unlink()
    newer.rmdir()
    with pytest.raises(NotStagedError, match="no longer"):
        exchange.stage("ada", ledger.waiting("ada"))


def test_without_an_exchange_it_is_told(course):
    app = NbGrader()
    app.config.Exchange.root = str(course.root / "nowhere")
    with pytest.raises(ExchangeError, match="nowhere"):
        Exchange(course.coursedir, course.coursedir, app)


def test_a_folder_that_cannot_be_filled_leaves_the_other(tmp_path):
    target = tmp_path / "day2"
    replace_folder(target, lambda new: (new / "a").write_text("a"))

    def fail(new: Path) -> None:
        (new / "b").write_text("b")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        replace_folder(target, fail)
    assert [path.name for path in target.iterdir()] == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["day2"]


# --- a folder -------------------------------------------------------------------------------------


@pytest.fixture
def box(course, tmp_path):
    folder = tmp_path / "box"
    (folder / "ada").mkdir(parents=True)
    return folder


@pytest.fixture
def drop(course, box):
    kept = ".lxmls_nb/day2/watch"
    notes = another(course.coursedir, root=str(course.root / kept), submitted_directory="tries")
    return Drop(course.coursedir, notes, box)


@pytest.fixture
def later(monkeypatch):
    """Return a function that lets seconds pass."""
    moved = [0.0]
    clock = time.time
    monkeypatch.setattr(arrivals.time, "time", lambda: clock() + moved[0])

    def wait(seconds: float) -> None:
        moved[0] += seconds

    return wait


def test_files_in_a_folder_count_once_all_of_a_student_are_quiet(drop, box, ledger, later):
    (box / "ada" / "exercise_2_1.ipynb").write_text("one")
    drop.look(ledger, {})
    assert ledger.tries == {}
    later(3)
    drop.look(ledger, {})
    drop.look(ledger, {})
    assert states(ledger, "ada") == [WAITING]
    drop.stage("ada", ledger.waiting("ada"))
    staged = drop.tries.format_path("tries", "ada", "day2")
    assert Path(staged, "exercise_2_1.ipynb").read_text() == "one"
    assert Path(staged, "timestamp.txt").exists()


def test_another_version_is_another_try_and_the_same_is_none(drop, box, ledger, later):
    path = box / "ada" / "exercise_2_1.ipynb"
    for text in ("one", "two", "two", "one"):
        path.write_text(text)
        later(3)
        drop.look(ledger, {})
    assert states(ledger, "ada") == [PASSED, PASSED, WAITING]
    assert len({one.id for one in ledger.of("ada")}) == 2


def test_who_is_in_work_is_looked_at_later(drop, box, ledger, later):
    (box / "ada" / "exercise_2_1.ipynb").write_text("one")
    later(3)
    drop.look(ledger, {})
    working = ledger.waiting("ada")
    (box / "ada" / "exercise_2_2.ipynb").write_text("two")
    later(3)
    drop.look(ledger, {"ada": working})
    assert states(ledger, "ada") == [WAITING]
    drop.look(ledger, {})
    assert states(ledger, "ada") == [PASSED, WAITING]


def test_what_fits_nobody_is_told(drop, box, ledger, later):
    (box / "nobody").mkdir()
    (box / "nobody" / "exercise_2_1.ipynb").write_text("one")
    later(3)
    assert any("nobody" in problem for problem in drop.look(ledger, {}))
    assert ledger.tries == {}


def test_what_may_not_be_written_is_no_fault_of_the_student(exchange, ledger, monkeypatch):
    """Such as a folder of another grader: the watcher stops and says so, and no try is refused."""
    put(exchange, f"ada+day2+{TIME.format(1)}+x", *WHOLE)
    exchange.look(ledger, {})
    exchange.stage("ada", ledger.waiting("ada"))
    replace = os.replace

    def refuse(source, target):
        if Path(source).name == "day2":
            raise PermissionError(errno.EACCES, "Permission denied", str(source))
        replace(source, target)

    monkeypatch.setattr(arrivals.os, "replace", refuse)
    with pytest.raises(PermissionError):
        exchange.stage("ada", ledger.waiting("ada"))

    def unreadable(path, most):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(arrivals, "read_plain", unreadable)  # a file of the student's
    with pytest.raises(NotStagedError, match="cannot be copied"):
        exchange.stage("ada", ledger.waiting("ada"))


def test_a_folder_in_a_shared_one_is_the_groups(tmp_path):
    """So that another grader can put a newer one in its place."""
    tmp_path.chmod(0o2770)
    before = os.umask(0o077)
    try:
        replace_folder(tmp_path / "day2", lambda new: (new / "a").write_text("a"))
    finally:
        os.umask(before)
    assert (tmp_path / "day2").stat().st_mode & 0o2070 == 0o2070
    assert (tmp_path / "day2" / "a").stat().st_mode & 0o060 == 0o060
