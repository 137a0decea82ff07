"""A course with a class of any size: submissions made from the catalogue of answers."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from tests.answers.catalogue import read_answers
from tests.support.course import NOTEBOOKS, ROOT, SOURCE, release, run, source
from tests.support.submissions import complete, reference_answers

#: How often an exercise is solved, solved with a mistake in one answer, and not attempted.
KINDS = {"right": 0.5, "wrong": 0.35, "blank": 0.15}

#: Answers by numerical differences or by loops over numbers: a training takes minutes with them.
SLOW = ("differences", "Differences", "Explicit loops", "Triple loops")

ASSIGNMENT = "day2"


def student_names(number: int) -> list[str]:
    """Return the names of a class."""
    return [f"student-{index:05d}" for index in range(number)]


def answers_of(name: str, chance: random.Random) -> Mapping[str, str]:
    """Draw what a student writes in a notebook."""
    kind = chance.choices([*KINDS], [*KINDS.values()])[0]
    if kind == "blank":
        return {}
    answers = reference_answers(source(name))
    drawn = chance.choice(
        [a for a in read_answers(name, kind) if not any(w in a.description for w in SLOW)]
    )
    return answers | {drawn.grade_id: drawn.code}


def write_submission(folder: Path, answers: Mapping[str, Mapping[str, str]]) -> None:
    """Write the notebooks of a submission: answers by notebook, and by cell."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in answers.items():
        nbformat.write(complete(release(name), code), folder / f"{name}.ipynb")


def make_course(
    root: Path,
    students: int,
    notebooks: Sequence[str] = NOTEBOOKS,
    config: bool = True,
    different: int | None = None,
) -> Path:
    """Make a course whose assignment is released and handed in, and return its folder.

    The same students always hand in the same. With `config`, it is graded as this course is, else
    as nbgrader does by itself. Of `different` students, the others hand in copies.
    """
    (root / "source" / ASSIGNMENT).mkdir(parents=True)
    for name in notebooks:
        shutil.copy(SOURCE / f"{name}.ipynb", root / "source" / ASSIGNMENT)
    # The same release in both cases: only grading differs.
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run("nbgrader", "generate_assignment", ASSIGNMENT, cwd=root)
    if not config:
        (root / "nbgrader_config.py").unlink()
    names = student_names(students)
    for number, student in enumerate(names):
        author = names[number % (different or students)]
        answers = {name: answers_of(name, random.Random(f"{author} {name}")) for name in notebooks}
        write_submission(root / "submitted" / student / ASSIGNMENT, answers)
    return root
