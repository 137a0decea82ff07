"""Grade a class with stock nbgrader and with ``lxmls-nb grade``, in one run, and compare.

    python benchmarks/class.py [--students 24] [--growth 12 24 48] [--no-stock] [--same-epochs]
                               [--ordinary 12]

The same submissions, made from the catalogue of answers (tests/answers): exercises solved, with a
mistake, and blank. Stock nbgrader grades with its own settings, ten epochs a training; here,
trainings end after one. `--same-epochs` lets stock nbgrader grade with one epoch, too, as a second
comparison: the gain without that difference.
Expected on 2 cores: at least ten times the throughput, the same points, and at most 1.5 times the
processor time of a program that does no more than execute the same cells in bare forks of a process
that has imported everything.
A class of `--ordinary` students then hands in the corpus of ordinary test cells (tests/ordinary).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import psutil
from nbgrader.api import Gradebook
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lxmls_grading.cells import read_notebook  # noqa: E402
from lxmls_grading.class_run.cluster import cores  # noqa: E402
from lxmls_grading.kernel.forked import ENVIRONMENT as KERNEL  # noqa: E402
from tests.ordinary import course as ordinary  # noqa: E402
from tests.support.classroom import ASSIGNMENT, make_course  # noqa: E402
from tests.support.course import NOTEBOOKS  # noqa: E402

ENVIRONMENT = os.environ | {"LXMLS_NB_CORPUS": "snippets", "LXMLS_NB_DEVICE": "cpu"}


@dataclass
class Run:
    """What a command took: seconds, of the processor too, and MiB at most of each process."""

    wall: float = 0.0
    cpu: float = 0.0
    peaks: dict[str, float] = field(default_factory=dict)


def kind_of(process: psutil.Process, parent: int) -> str:
    line = " ".join(process.cmdline())
    if process.pid == parent:
        return "coordinator"
    forked = ("warm_server", "student kernel")
    return "warm process or kernel" if any(each in line for each in forked) else "worker"


def family(parent: psutil.Process) -> list[psutil.Process]:
    """Return a process and all that it has started."""
    try:
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def measure(*command: str, cwd: Path, title: str, **environment: str) -> Run:
    """Run a command; look at its processes twice a second."""
    start = time.perf_counter()
    with open(cwd / "said.txt", "w") as said:
        process = subprocess.Popen(
            command, cwd=cwd, env=ENVIRONMENT | environment, stdout=said, stderr=said
        )
        done = Run()
        ended = threading.Event()

        def watch() -> None:
            parent = psutil.Process(process.pid)
            while not ended.wait(0.5):
                spent = 0.0
                for each in family(parent):
                    try:
                        with each.oneshot():
                            kind, size = kind_of(each, process.pid), each.memory_info().rss / 2**20
                            # Of a process that has ended, its parent knows what it took.
                            spent += sum(each.cpu_times()[:4])
                    except psutil.Error:
                        continue
                    done.peaks[kind] = max(size, done.peaks.get(kind, 0))
                done.cpu = max(done.cpu, spent)

        watcher = threading.Thread(target=watch)
        watcher.start()
        with tqdm(
            total=0, desc=title, bar_format="{desc}: {elapsed}", leave=False, disable=None
        ) as bar:
            while process.poll() is None:
                time.sleep(0.2)
                bar.refresh()
        ended.set()
        watcher.join()
    done.wall = time.perf_counter() - start
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} failed:\n{(cwd / 'said.txt').read_text()[-3000:]}")
    return done


def points(course: Path) -> dict[tuple[str, str], float]:
    """Return the points of each test of each student."""
    found = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    score = grade.auto_score or 0.0
                    found[submission.student.id, f"{notebook.name} {grade.name}"] = score
    return found


#: Executes the code cells of notebooks in forks of a process that has imported everything, as many
#: at a time as the first argument says.
BARE = """
import json, os, sys
from lxmls_grading.kernel.forked import ENVIRONMENT
os.environ.update(ENVIRONMENT)
os.environ["MPLBACKEND"] = "agg"
from lxmls_grading.execution.warm_server import import_everything
import_everything()
from lxmls_nb import checks
for name in checks.__all__:
    getattr(checks, name)  # they are imported with it
import contextlib, io
from IPython.core.interactiveshell import InteractiveShell
notebooks, at_once = json.load(sys.stdin), int(sys.argv[1])
for number, cells in enumerate(notebooks):
    if number >= at_once:
        os.wait()
    if os.fork() == 0:
        shell = InteractiveShell.instance()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for cell in cells:
                shell.run_cell(cell)  # figures are drawn, too: IPython displays them
        os._exit(0)
for _ in notebooks[-at_once:]:
    os.wait()
"""


def bare(course: Path) -> tuple[float, float]:
    """Return the seconds of the processor of bare forks, one per core at a time.

    Where cores share a unit, work takes each of them more seconds if both are busy.

    Returns
    -------
    all : float
        For everything: the start of the process that is forked, and the cells.
    start : float
        For the start alone.
    """
    notebooks = []
    for path in sorted((course / "autograded").glob(f"*/{ASSIGNMENT}/*.ipynb")):
        cells = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
        notebooks.append(cells)

    def cpu(work: list) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        line = [sys.executable, "-c", BARE, str(cores())]
        text = json.dumps(work)
        subprocess.run(line, input=text, text=True, env=ENVIRONMENT, check=True, cwd=course)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return cpu(notebooks), cpu([])


#: Which students nbgrader grades in each of its turns: by the last digits of their names.
PARTS = ("*[0-2]", "*[3-5]", "*[67]", "*[89]")

#: Multiplies matrices of the size that trainings have, for two seconds; prints how often.
WORK = """
import time, numpy as np
a, b, count, end = np.ones((30, 5000)), np.ones((5000, 20)), 0, time.time() + 2
while time.time() < end:
    a @ b
    count += 1
print(count)
"""


def both_cores() -> float:
    """Return how much more two processes do than one: less than 2 where cores share a unit."""
    environment = ENVIRONMENT | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def work(number: int) -> int:
        line = [sys.executable, "-c", WORK]
        started = [
            subprocess.Popen(line, stdout=subprocess.PIPE, env=environment) for _ in range(number)
        ]
        return sum(int(process.communicate()[0]) for process in started)

    return work(2) / work(1)


def grade(course: Path, students: int, *options: str) -> Run:
    """Grade a course with this project, print what it took, and return it."""
    line = (sys.executable, "-m", "lxmls_grading.cli", "grade", ASSIGNMENT, *options)
    done = measure(*line, cwd=course, title=f"{students} submissions")
    report(done, "lxmls-nb grade", students)
    return done


def compare(folder: Path, students: int, same_epochs: bool) -> None:
    """Print how stock nbgrader and this project's grading compare."""
    ours = make_course(folder / "ours", students)
    stock = make_course(folder / "stock", students, config=False)
    print(f"{students} submissions of {len(NOTEBOOKS)} notebooks, {os.cpu_count()} cores")
    print(
        f"  two processes do {both_cores():.2f} times the work of one here (2 if cores were alike)"
    )
    # Other work on the machine comes and goes: what is compared takes turns.
    stock_line = (sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT)
    runs, (forks, start), slow = [grade(ours, students)], bare(ours), Run()
    for turn, part in enumerate(PARTS, 1):
        title = f"nbgrader autograde, {turn} of {len(PARTS)}"
        one = measure(*stock_line, f"--student={part}", cwd=stock, title=title)
        slow = Run(slow.wall + one.wall, slow.cpu + one.cpu)
        runs.append(grade(ours, students, "--force"))
    graded = len([*(stock / "autograded").glob("*")])
    if graded < students:
        sys.exit(f"nbgrader graded {graded} of {students} submissions: nothing can be compared.")
    mine, theirs = points(ours), points(stock)
    if not any(theirs.values()):
        said = (stock / "said.txt").read_text()[-3000:]
        sys.exit(f"nbgrader gave nobody any points: nothing can be compared. It said:\n{said}")
    report(slow, "nbgrader autograde", students)
    fast = Run(mean(run.wall for run in runs), mean(run.cpu for run in runs))
    forks, start = ((a + b) / 2 for a, b in zip((forks, start), bare(ours), strict=True))
    print(f"  throughput: {slow.wall / fast.wall:.1f} times that of nbgrader (expected: 10),")
    print(
        f"    taking the mean of {len(runs)} runs, between which nbgrader grades parts of the class"
    )
    print(f"  processor: {fast.cpu / forks:.2f} times the {forks:.0f} s of bare forks")
    print("    (expected: 1.5), both with the start of their processes;")
    print(f"    {fast.cpu / (forks - start):.2f} times if the {start:.1f} s of theirs do not count")
    if same_epochs:
        slow = measure(
            *(sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--force"),
            cwd=stock,
            title="nbgrader autograde",
            LXMLS_NB_EPOCHS=KERNEL["LXMLS_NB_EPOCHS"],
        )
        report(slow, "nbgrader autograde, as few epochs", students)
        print(f"  throughput: {slow.wall / fast.wall:.1f} times that of nbgrader")
    differ = {key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)}
    print(f"  points: {len(mine) - len(differ)} of {len(mine)} tests the same")
    for student, test in sorted(differ):
        pair = mine.get((student, test)), theirs.get((student, test))
        print(f"    {student} {test}: {pair[0]} here, {pair[1]} with nbgrader")


def compare_ordinary(folder: Path, students: int) -> None:
    """Print how both compare on the corpus of ordinary test cells, tests apart and together."""
    course = folder / "ordinary"
    ordinary.make_course(course, class_of=students)
    stock = folder / "ordinary-stock"
    shutil.copytree(course, stock)
    (stock / "nbgrader_config.py").unlink()
    cells = len(ordinary.TESTS)
    print(f"{students} submissions of {cells} ordinary test cells in many notebooks")
    line = (sys.executable, "-m", "lxmls_grading.cli")
    tried = measure(*line, "check", ordinary.ASSIGNMENT, cwd=course, title="trial")
    print(f"  lxmls-nb check, once for all students: {tried.wall:.0f} s")
    grading = (*line, "grade", ordinary.ASSIGNMENT, "--force")
    fast = measure(*grading, cwd=course, title=f"{students} submissions")
    report(fast, "lxmls-nb grade", students)
    slow = measure(
        *(sys.executable, "-m", "nbgrader", "autograde", ordinary.ASSIGNMENT),
        cwd=stock,
        title="nbgrader autograde",
    )
    report(slow, "nbgrader autograde", students)
    again = measure(*grading, cwd=course, title=f"{students} submissions")
    wall = (fast.wall + again.wall) / 2
    print(f"  throughput: {slow.wall / wall:.1f} times that of nbgrader, and")
    print(f"    {slow.wall / (wall + tried.wall):.1f} times with the trial of the tests")


def report(run: Run, title: str, students: int) -> None:
    rate = 60 * students / run.wall
    print(
        f"  {title}, {students} submissions: {run.wall:.0f} s, {rate:.1f} a minute, "
        f"{run.cpu:.0f} s of the processor",
        flush=True,
    )


def grow(folder: Path, sizes: list[int]) -> None:
    """Print how time and memory grow with the number of submissions."""
    print("Growth (expected: linear time, flat memory)")
    for size in sizes:
        # The same few again and again: some answers take ten times as long as others.
        course = make_course(folder / f"grow-{size}", size, different=min(sizes))
        run = grade(course, size)
        peaks = ", ".join(f"{kind} {peak:.0f} MiB" for kind, peak in sorted(run.peaks.items()))
        print(f"    {run.wall / size:.2f} s each; at most {peaks}")
        shutil.rmtree(course)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=24)
    parser.add_argument("--growth", type=int, nargs="*", default=[12, 24, 48])
    parser.add_argument("--no-stock", action="store_true", help="growth only")
    parser.add_argument("--ordinary", type=int, default=12, help="0: without the corpus of cells")
    parser.add_argument("--same-epochs", action="store_true", help="a second run of nbgrader")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not given.no_stock:
            compare(Path(folder), given.students, given.same_epochs)
        if given.ordinary:
            compare_ordinary(Path(folder), given.ordinary)
        grow(Path(folder), given.growth)


if __name__ == "__main__":
    main()
