"""An exchange in which students hand in, and a watcher that is killed at a chosen moment."""

from __future__ import annotations

import json
import os
import secrets
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
from nbgrader.utils import notebook_hash

from tests.support.forks import fork
from tests.support.small_course import NAMES

CONFIG = """
c.Exchange.root = {root!r}
c.ExchangeCollect.check_owner = False  # all of them belong to whoever runs the tests
"""

START = datetime(2026, 11, 27, 10, tzinfo=UTC)


class Inbox:
    """The exchange of a course: what is handed in there, and what comes back."""

    def __init__(self, course: Path, root: Path):
        self.course, self.root = course, root
        self.top = root / "lxmls_nb"
        (self.top / "inbound").mkdir(parents=True)
        root.chmod(0o777)
        self.count = 0
        config = course / "nbgrader_config.py"
        config.write_text(config.read_text() + CONFIG.format(root=str(root)))

    def hand_in(self, student: str, *answers: str, minutes: float | None = None) -> str:
        """Hand in answers, as ``nbgrader submit`` does, and return the secret.

        Each is a minute later than the one before, or at the minutes given, after START.
        """
        self.count += 1
        when = START + timedelta(minutes=self.count if minutes is None else minutes)
        stamp = when.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        name = f"{student}+day2+{stamp}+{secrets.token_hex(6)}"
        partial, secret = self.top / f".{name}", secrets.token_hex(64)
        partial.mkdir()
        for notebook, answer in zip(NAMES, answers, strict=False):
            write_answer(self.course, partial / f"{notebook}.ipynb", notebook, answer)
        (partial / "timestamp.txt").write_text(stamp)
        (partial / "submission_secret.txt").write_text(secret)
        os.replace(partial, self.top / "inbound" / name)
        return secret

    def page(self, secret: str, notebook: str = "first") -> str:
        """Return the page that a student fetches; empty if it is not there."""
        name = notebook_hash(secret=secret, notebook_id=notebook)
        path = self.top / "feedback" / f"{name}.html"
        return path.read_text() if path.exists() else ""


def write_answer(course: Path, path: Path, notebook: str, answer: str) -> None:
    """Write a released notebook with an answer in it."""
    found = nbformat.read(course / "release" / "day2" / f"{notebook}.ipynb", as_version=4)
    found.cells[1].source = answer
    nbformat.write(found, path)


def state(course: Path) -> dict:
    """Return the page of the watcher's state as data."""
    return json.loads((course / ".lxmls_nb" / "day2" / "watch" / "state.json").read_text())


def tries(course: Path, student: str) -> list[dict]:
    """Return what the watcher has written down of a student's tries."""
    path = course / ".lxmls_nb" / "day2" / "watch" / "students" / f"{student}.json"
    return json.loads(path.read_text())["tries"]


# --- a watcher that is killed ---------------------------------------------------------------------


def watch_until_killed(course: Path, moment: str, *arguments: str) -> None:
    """Watch in another process, which is killed by SIGKILL at a moment of `MOMENTS`."""
    process = fork(_enter, str(course), moment, arguments)
    process.join(120)
    ended = process.exitcode
    process.kill()
    assert ended == -signal.SIGKILL, f"it did not come to the moment {moment!r}: {ended}"


def _kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(function):
    def call(*given, **options):
        function(*given, **options)
        _kill()

    return call


def _half(function):
    """Return `replace_folder` that is killed when a part of the new folder is there."""

    def call(target, fill):
        if target.parts[-3] != "feedback":
            return function(target, fill)

        def fill_half(new):
            fill(new)
            next(iter(sorted(new.glob("*.html")))).unlink()
            _kill()

        return function(target, fill_half)

    return call


def _enter(course: str, moment: str, arguments: tuple[str, ...]) -> None:
    os.chdir(course)
    from lxmls_grading import cli
    from lxmls_grading.class_run import marker
    from lxmls_grading.watch import arrivals, releasing, run

    with open(Path(course).parent / "killed.log", "a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    if moment == "seen":
        arrivals.Exchange.stage = _kill
    elif moment == "staged":
        arrivals.Exchange.stage = _after(arrivals.Exchange.stage)
    elif moment == "executed":
        run.WatchRun._write = _kill
    elif moment == "submitted":
        run.copy_submission = _after(run.copy_submission)
    elif moment == "rows written":
        marker._replace = _kill
    elif moment == "recorded":
        run.WatchRun._note_graded = _kill
    elif moment == "feedback half made":
        releasing.replace_folder = _half(releasing.replace_folder)
    elif moment == "feedback made":
        releasing.FeedbackMaker.release = _kill
    elif moment == "released":
        releasing.FeedbackMaker.release = _after(releasing.FeedbackMaker.release)
    cli.main(["watch", "day2", *arguments])


#: Moments at which a watcher can be killed, in their order.
MOMENTS = (
    "seen",
    "staged",
    "executed",
    "submitted",
    "rows written",
    "recorded",
    "feedback half made",
    "feedback made",
    "released",
)
