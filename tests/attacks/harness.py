"""Has hostile submissions graded, and looks at what they have gained and done.

A course is made in a folder of its own, with two honest students: ``neighbour``, graded before the
attackers, and ``zoe``, who comes after them. This process adopts what the grading leaves behind,
so that nothing which outlives it is overlooked.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from lxmls_grading.cells import grade_id, is_test
from tests.attacks.attack import HOSTS, Attack, host
from tests.attacks.machine import GRACE, Listeners, Watch, adopting
from tests.attacks.traces import Traces, reasons_in, traces
from tests.support.course import ROOT
from tests.support.submissions import complete, reference_answers

#: What is in the secret file and in the environment of whoever grades.
SECRET = "s3cr3t-of-the-instructor"

#: Seconds that a cell has, here and with stock nbgrader, and that grading has in all. Endless loops
#: of attacks mostly sleep, so that they keep nobody else waiting.
TIMEOUT, STOCK_TIMEOUT, LIMIT = 5, 10, 1200

#: Bytes that a process that grades may write into one file: a link to /dev/zero fills no disk.
MAX_FILE = 2**30


@dataclass
class Outcome:
    """What became of a submission.

    Attributes
    ----------
    attack : Attack
    points : dict
        Points of each test cell, None without a grade.
    extra : float
        Points that come from anywhere else: further cells, extra credit, manual scores.
    reasons : list of str
        Kinds of reasons in the graded notebook.
    comments : str
        Of the gradebook.
    traces : Traces
        What graded notebook and feedback hold.
    escaped : str
        What the submission has written outside of the sandbox.
    """

    attack: Attack
    points: dict[str, float | None]
    extra: float
    reasons: list[str]
    comments: str
    traces: Traces
    escaped: str

    @property
    def unearned(self) -> float:
        """Points that the plain wrong answer would not have got."""
        plain = self.attack.points
        protected = plain.keys() - self.attack.unprotected
        gained = (max(0, (self.points[cell] or 0) - plain[cell]) for cell in protected)
        return sum(gained) + self.extra

    @property
    def lost(self) -> dict[str, float]:
        """Points of right answers that had to be kept, by cell."""
        lost = {c: self.attack.points[c] - (self.points[c] or 0) for c in self.attack.kept}
        return {cell: points for cell, points in lost.items() if points > 0}


@dataclass
class Run:
    """What became of a batch.

    Attributes
    ----------
    outcomes : dict
        By id of the attack.
    finished : bool
        Whether the honest students, who come before and after, have all their points.
    changed : list of str
        What of others was changed: files and rows of the gradebook.
    left : list of str
        Command lines of processes that outlived grading.
    messages : list of str
        What was received through the network and sockets.
    memory, disk : int
        The largest memory that the batch took, and the size of what was written, in bytes.
    seconds : float
    log : str
    closing : str
        The last lines of each process that graded: what it stopped at, if it did.
    """

    outcomes: dict[str, Outcome]
    finished: bool
    changed: list[str]
    left: list[str]
    messages: list[str]
    memory: int
    disk: int
    seconds: float
    log: str
    closing: str


def _tests(name: str) -> list[str]:
    return [str(grade_id(cell)) for cell in host(name).cells if is_test(cell)]


class Course:
    """A course in a folder: ``course/``, with files around it that are nobody's business.

    Parameters
    ----------
    folder : Path
    stock : bool
        Whether it is graded with nbgrader's own settings, not with those of this repository.
    template : Path, optional
        Folder of a course to copy.
    """

    def __init__(self, folder: Path, stock: bool = False, template: Path | None = None):
        self.folder, self.stock = folder, stock
        self.root = folder / "course"
        self.run_name = f"attack-{os.getpid()}-{folder.parent.name}-{folder.name}"
        self.listeners = Listeners(self.run_name)
        if template:
            shutil.copytree(template, folder)
            return
        for name in HOSTS:
            self._write(self.root / "source" / "day2" / f"{name}.ipynb", host(name))
        (folder / "secret").mkdir()
        (folder / "secret" / "secret.txt").write_text(SECRET)
        (folder / "marks").mkdir()

    @staticmethod
    def _write(path: Path, notebook) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)

    def nbgrader(self, *arguments: str, timeout: float = LIMIT) -> str:
        """Run an nbgrader command on the course and return what it said."""
        return self._run("nbgrader", *arguments, timeout=timeout)

    def class_run(self) -> str:
        """Have what is not graded yet graded by `lxmls-nb grade`; return what it said."""
        options = ("--workers=2", "--student=mallory*,zoe")
        return self._run("lxmls_grading.cli", "grade", "day2", *options)

    def _run(self, module: str, *arguments: str, timeout: float = LIMIT) -> str:
        place = self.root if self.stock else ROOT
        environment = os.environ | {
            "LXMLS_NB_CORPUS": "snippets",
            "LXMLS_NB_DEVICE": "cpu",
            "INSTRUCTOR_TOKEN": SECRET,
            "PATH": f"/{SECRET}:{os.environ['PATH']}",
            "VIRTUAL_ENV": f"/{SECRET}",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        environment.pop(
            "LXMLS_NB_WARM_PROCESS", None
        )  # what is left behind is looked for below here
        seconds = STOCK_TIMEOUT if self.stock else TIMEOUT
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", module, *arguments),
                f"--CourseDirectory.root={self.root}",
                f"--Execute.timeout={seconds}",
                f"--ExecuteApart.timeout={seconds}",
                "--ExecuteApart.memory=768",  # some machines take four seconds to fill a GiB
            ],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (MAX_FILE, MAX_FILE))
        try:
            said = process.communicate(timeout=timeout)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            process.kill()
            said = f"{module} {arguments[0]} took more than {timeout:g} s\n"
            with contextlib.suppress(subprocess.TimeoutExpired):
                said += process.communicate(timeout=GRACE)[0].decode(errors="replace")
        return f"{said}\n{module} {arguments[0]} ended with {process.returncode}\n"

    def generate_feedback(self) -> str:
        """Make the pages of what was handed in.

        There would be pages of all missing notebooks, too, each of which takes as long as another.
        """
        for graded in (self.root / "autograded").glob("mallory*/day2/*.ipynb"):
            if not list((self.root / "submitted" / graded.parts[-3]).glob(f"day2/{graded.stem}*")):
                graded.unlink()
        return self.nbgrader("generate_feedback", "day2")

    def prepare(self, students: Sequence[str] = ("neighbour", "zoe")) -> str:
        """Write the honest submissions, and have the first of them graded, with feedback."""
        said = self.nbgrader("generate_assignment", "day2")
        for student in students:
            for name in HOSTS[::4] if student != "neighbour" else (*HOSTS[:2], HOSTS[-1]):
                notebook = complete(host(name, released=True), reference_answers(host(name)))
                self._write(self.root / "submitted" / student / "day2" / f"{name}.ipynb", notebook)
        said += self.nbgrader("autograde", "day2", "--student=neighbour")
        return said + self.nbgrader("generate_feedback", "day2", "--student=neighbour")

    def submit(self, attack: Attack) -> None:
        """Write a hostile submission."""
        places = {
            "COURSE": str(self.root),
            "SECRET": str(self.folder / "secret" / "secret.txt"),
            "MARK": str(self.folder / "marks" / attack.id),
            "PORT": str(self.listeners.port),
            "SOCKET": self.run_name,
            "RUN": self.run_name,
            "HARNESS": str(os.getpid()),
        }

        def fill(text: str) -> str:
            for name, value in places.items():
                text = text.replace(f"@{name}@", value)
            return text

        folder = self.root / "submitted" / attack.student / "day2"
        path = folder / f"{attack.notebook}.ipynb"
        folder.mkdir(parents=True)
        # As JSON, not with nbformat.write: it would mend what is broken on purpose.
        path.write_text(fill(nbformat.v4.writes_json(attack.submission())), encoding="utf-8")
        for name, text in attack.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(fill(text), encoding="utf-8")
        if attack.write:
            attack.write(folder, path, places)

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.root / 'gradebook.db'}")

    def scores(self, student: str, name: str) -> tuple[dict[str, float | None], float, str]:
        """Return points by test cell, points from elsewhere, and comments of a notebook."""
        points: dict[str, float | None] = dict.fromkeys(_tests(name))
        extra, comments = 0.0, []
        with self.gradebook() as gradebook:
            try:
                submission = gradebook.find_submission("day2", student)
            except MissingEntry:
                return points, 0.0, ""
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    if notebook.name == name and grade.name in points:
                        points[grade.name] = grade.auto_score
                    else:
                        extra += grade.auto_score or 0
                    extra += (grade.extra_credit or 0) + (grade.manual_score or 0)
                comments += [
                    f"{c.auto_comment or ''}{c.manual_comment or ''}" for c in notebook.comments
                ]
        return points, extra, "\n".join(filter(None, comments))

    def full_marks(self, student: str) -> bool:
        """Whether an honest student has all points of test cells in what they have handed in."""
        points, extra, _ = self.scores(student, "exercise_2_1")
        ordinary, _, _ = self.scores(student, HOSTS[-1])
        right = sum(value or 0 for value in points.values()) == 8
        both = sum(value or 0 for value in ordinary.values())
        return right and both == 2 * len(ordinary) and extra - both in (0, 10)

    def state(self) -> dict[str, str]:
        """Return a hash of everything that attackers must leave as it is."""
        found = {}
        for part in ("source", "submitted", "autograded/neighbour", "../secret"):
            for folder, folders, files in os.walk(self.root / part):
                for name in sorted([*folders, *files]):
                    path = Path(folder, name)
                    if path.is_symlink():
                        content = os.readlink(path).encode()
                    elif path.is_file() and path.stat().st_size < MAX_FILE:
                        content = path.read_bytes()
                    else:
                        content = str(path.lstat().st_mode).encode()
                    found[os.path.relpath(path, self.root)] = hashlib.sha256(content).hexdigest()
        found["rows of neighbour"] = repr(self.rows("neighbour"))
        return found

    def rows(self, student: str) -> list:
        """Return what the gradebook knows of a student."""
        with self.gradebook() as gradebook:
            submission = gradebook.find_submission("day2", student)
            return [
                (n.name, g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
                for n in submission.notebooks
                for g in sorted(n.grades, key=lambda grade: grade.name)
            ]

    def outcome(self, attack: Attack) -> Outcome:
        """Look at what an attack has gained, and at what it has left."""
        points, extra, comments = self.scores(attack.student, attack.notebook)
        graded = self.root / "autograded" / attack.student / "day2" / f"{attack.notebook}.ipynb"
        page = self.root / "feedback" / attack.student / "day2" / f"{attack.notebook}.html"
        honest = self.root / "feedback" / "neighbour" / "day2" / "exercise_2_1.html"
        mark = self.folder / "marks" / attack.id
        return Outcome(
            attack,
            points,
            extra,
            reasons_in(graded),
            comments,
            traces(attack, graded, page, honest, SECRET),
            mark.read_text() or "a file" if mark.exists() else "",
        )

    def disk(self) -> int:
        """Return the bytes that graded notebooks and feedback take."""
        paths = [p for part in ("autograded", "feedback") for p in (self.root / part).rglob("*")]
        return sum(path.lstat().st_blocks * 512 for path in paths)


def grade(
    attacks: Sequence[Attack],
    folder: Path,
    stock: bool = False,
    template: Path | None = None,
    class_runs: int = 0,
) -> Run:
    """Have attacks graded, in a batch between honest students, and write their feedback.

    Parameters
    ----------
    attacks : sequence of Attack
    folder : Path
        Empty, or not there yet.
    stock : bool
        Whether to grade with nbgrader's own settings.
    template : Path, optional
        Folder of a course that is prepared already.
    class_runs : int
        For each attack that `nbgrader autograde` grades, how many a class run grades beside it, in
        a course of its own. That takes a fraction of the time.
    """
    start = time.monotonic()
    first = Course(folder / "part-0", stock, template)
    logs = [] if template else [first.prepare()]
    courses, shares = [first], [attacks[:: class_runs + 1]]
    if class_runs and len(attacks) > 1:
        courses.append(Course(folder / "part-1", stock, template=first.folder))
        shares.append([each for each in attacks if each not in shares[0]])
    limit = 40 + 15 * len(attacks) if stock else LIMIT
    with ThreadPoolExecutor(len(courses)) as pool:
        for course, share in zip(courses, shares, strict=True):
            for attack in share:
                course.submit(attack)
        before = [course.state() for course in courses]
        watch = Watch()
        watch.start()
        with adopting() as left:
            running = [pool.submit(first.nbgrader, "autograde", "day2", timeout=limit)]
            running += [pool.submit(course.class_run) for course in courses[1:]]
            graded = [each.result() for each in running]
        memory = watch.end()
        changed = [
            name
            for course, old in zip(courses, before, strict=True)
            for new in [course.state()]
            for name in old
            if old[name] != new.get(name)
        ]
        logs += graded
        logs += pool.map(Course.generate_feedback, courses)
    return Run(
        outcomes={
            attack.id: course.outcome(attack)
            for course, share in zip(courses, shares, strict=True)
            for attack in share
        },
        finished=all(c.full_marks(student) for c in courses for student in ("neighbour", "zoe")),
        changed=changed,
        left=left,
        messages=[message for course in courses for message in course.listeners.close()],
        memory=memory,
        disk=sum(course.disk() for course in courses),
        seconds=time.monotonic() - start,
        log="\n".join(logs),
        closing="\n".join(said[-4000:] for said in graded),
    )
