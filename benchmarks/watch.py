"""Measure ``lxmls-nb watch``: the seconds from hand-in to feedback, and how fast a crowd is served.

    python benchmarks/watch.py [--students 24] [--single 5]

Students hand in through an exchange, as ``nbgrader submit`` does. First one at a time, while
nothing else runs: expected under 60 s on 2 cores. Then all at once, and the same submissions with
``lxmls-nb grade`` and without feedback, for the class rate: the ratio of both tells what it costs
that each student has feedback at once.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import notebook_hash

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.classroom import ASSIGNMENT, make_course, student_names  # noqa: E402
from tests.support.course import NOTEBOOKS  # noqa: E402
from tests.support.watching import CONFIG  # noqa: E402

ENVIRONMENT = os.environ | {"LXMLS_NB_CORPUS": "snippets", "LXMLS_NB_DEVICE": "cpu"}
LINE = (sys.executable, "-m", "lxmls_grading.cli")


def hand_in(exchange: Path, course: Path, student: str) -> list[Path]:
    """Hand in what a student has in the course's folder; return the pages that are to come back."""
    now, secret = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC"), secrets.token_hex(64)
    name = f"{student}+{ASSIGNMENT}+{now}+{secrets.token_hex(6)}"
    partial = exchange / "lxmls_nb" / f".{name}"
    shutil.copytree(course / "handed-in" / student / ASSIGNMENT, partial)
    (partial / "timestamp.txt").write_text(now)
    (partial / "submission_secret.txt").write_text(secret)
    os.replace(partial, exchange / "lxmls_nb" / "inbound" / name)
    hashes = [notebook_hash(secret=secret, notebook_id=each) for each in NOTEBOOKS]
    return [exchange / "lxmls_nb" / "feedback" / f"{each}.html" for each in hashes]


def wait_for(pages: list[Path]) -> float:
    """Return when all pages are there."""
    while not all(page.exists() for page in pages):
        time.sleep(0.05)
    return time.monotonic()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=24)
    parser.add_argument("--single", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder, "course"), given.students)
        exchange = Path(folder, "exchange")
        (exchange / "lxmls_nb" / "inbound").mkdir(parents=True)
        exchange.chmod(0o777)
        config = course / "nbgrader_config.py"
        config.write_text(config.read_text() + CONFIG.format(root=str(exchange)))
        os.rename(course / "submitted", course / "handed-in")
        names = student_names(given.students)
        measure(course, exchange, names, given.single)


def measure(course: Path, exchange: Path, names: list[str], single: int) -> None:
    """Print the times of single students, and the rate of all at once."""
    print(f"lxmls-nb watch, {os.cpu_count()} cores, {len(NOTEBOOKS)} notebooks each")
    watcher = subprocess.Popen([*LINE, "watch", ASSIGNMENT, "--quiet"], cwd=course, env=ENVIRONMENT)
    try:
        wait_for([course / ".lxmls_nb" / ASSIGNMENT / "watch" / "state.json"])
        seconds = []
        for student in names[:single]:
            start = time.monotonic()
            seconds.append(wait_for(hand_in(exchange, course, student)) - start)
        print(
            f"  from hand-in to feedback, one at a time: {statistics.median(seconds):.1f} s, at "
            f"most {max(seconds):.1f} s (expected: under 60)"
        )
        begin = time.time()
        pages = [hand_in(exchange, course, student) for student in names]
        wait_for([page for each in pages for page in each])
        ends = sorted(max(page.stat().st_ctime for page in each) - begin for each in pages)
    finally:
        watcher.send_signal(signal.SIGINT)
        watcher.wait()
    rate = 60 * len(names) / ends[-1]
    print(
        f"  {len(names)} at once: {ends[-1]:.0f} s, {rate:.1f} a minute; half of them after "
        f"{statistics.median(ends):.0f} s"
    )
    start = time.monotonic()
    subprocess.run([*LINE, "grade", ASSIGNMENT, "--force", "--quiet"], cwd=course, env=ENVIRONMENT)
    took = time.monotonic() - start
    print(
        f"  lxmls-nb grade, the same: {took:.0f} s with its start, "
        f"{60 * len(names) / took:.1f} a minute; ratio {took / ends[-1]:.2f}"
    )


if __name__ == "__main__":
    main()
