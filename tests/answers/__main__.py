"""Prints the table of the catalogue: caught or accepted, and the message each answer got.

    python -m tests.answers day2 [2_2 2_4-P1 ...] [--student ada]
    python -m tests.answers day3 --course ~/my_course

``make answers`` runs it. The answers are in ``tests/answers/<assignment>/<notebook>`` of the
course, its notebooks in ``source/<assignment>``.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

from lxmls_grading.cells import read_notebook
from lxmls_grading.intake.personal_numbers import PersonalNumbers
from tests.answers.catalogue import all_answers
from tests.answers.runner import Score, score_answer

ROOT = Path(__file__).resolve().parents[2]

#: What numbers of students follow from here. A course has a secret of its own.
SECRET = "no secret: any other numbers do"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 0 if the tests tell all right answers from all wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.answers", description=__doc__.splitlines()[0]
    )
    parser.add_argument("assignment", help="such as day2")
    parser.add_argument("only", nargs="*", help="ids such as 2_2-M8, or their beginnings")
    parser.add_argument("--course", type=Path, default=ROOT, help="its folder (default: this one)")
    parser.add_argument(
        "--student",
        help="such as ada: try it with the numbers of this student (checks.personal)",
    )
    given = parser.parse_args(arguments)
    source = given.course.resolve() / "source" / given.assignment
    folder = given.course.resolve() / "tests" / "answers" / given.assignment
    for path in (source, folder):
        if not path.is_dir():
            parser.error(f"there is no folder {path}")
    try:
        answers = all_answers(folder)
    except ValueError as error:
        parser.error(str(error))
    for notebook in sorted({answer.notebook for answer in answers}):
        if not (source / f"{notebook}.ipynb").is_file():
            parser.error(f"there are answers to {notebook}, and no {source / notebook}.ipynb")
    if given.only:
        answers = [each for each in answers if str(each).startswith(tuple(given.only))]
    if not answers:
        parser.error(f"there is no such answer in {folder}")
    counts: Counter[str] = Counter()
    width = max(12, *(len(str(answer)) for answer in answers))
    # Processes that each fork: forking from threads is not safe. One spends as long on its imports
    # as on some twenty answers; fewer are scored by this process itself.
    processes = min(os.cpu_count() or 1, 1 + len(answers) // 20)
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(numbers_of(given.student, source))
        score_each = map
        if processes > 1:
            spawn = multiprocessing.get_context("spawn")
            score_each = stack.enter_context(ProcessPoolExecutor(processes, spawn)).map
        try:
            for result in score_each(functools.partial(score_answer, source=source), answers):
                print_score(result, width, counts)
        except (RuntimeError, ValueError) as error:
            parser.error(str(error))
    print(
        f"\nright answers accepted: {counts['accepted']} of {counts['right']}; "
        f"wrong answers caught: {counts['caught']} of {counts['wrong']}, "
        f"with their cause named: {counts['named']}{_share(counts['named'], counts['wrong'])}, "
        f"misleading: {counts['misleading']}{_share(counts['misleading'], counts['wrong'])}"
    )
    told_apart = counts["accepted"] + counts["caught"] == counts["right"] + counts["wrong"]
    return 0 if told_apart else 1


@contextlib.contextmanager
def numbers_of(student: str | None, source: Path) -> Iterator[Path]:
    """Return a folder of notebooks with the numbers of a student; without one, the same folder."""
    if not student:
        yield source
        return
    numbers = PersonalNumbers(secret=SECRET)
    with tempfile.TemporaryDirectory() as folder:
        copies = Path(shutil.copytree(source, Path(folder, source.name)))
        for path in copies.glob("*.ipynb"):
            notebook = read_notebook(path)
            numbers.fill_in(notebook, student, source.name, path.stem)
            nbformat.write(notebook, path)
        yield copies


def print_score(result: Score, width: int, counts: Counter[str]) -> None:
    """Print what the tests say of an answer, whose name has some columns, and count it."""
    answer, failure = result.answer, result.failure
    full = result.points == result.max_points
    named = result.is_named
    counts["right" if answer.right else "wrong"] += 1
    counts["accepted"] += answer.right and full
    counts["caught"] += not answer.right and not full
    counts["named"] += named
    counts["misleading"] += bool(result.misleading)
    verdict = {
        (True, True): "accepted",
        (True, False): "REJECTED",
        (False, True): "MISSED",
        (False, False): "caught, named" if named else "caught",
    }[answer.right, full]
    points = f"{result.points:g}/{result.max_points:g}"
    print(f"{answer!s:{width}} {verdict:14} {points:>6}  {answer.description}")
    if failure and failure.message:
        expected = f" [expected {', '.join(answer.causes)}]" if answer.causes and not named else ""
        cause = f"{failure.cause}: " if failure.cause else ""
        print(f"{'':{width + 22}}{cause}{failure.message.splitlines()[0][:300]}{expected}")
    if result.misleading:
        print(f"{'':{width + 22}}MISLEADING: {', '.join(result.misleading)}")
    sys.stdout.flush()


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.0%})" if whole else ""


if __name__ == "__main__":
    sys.exit(main())
