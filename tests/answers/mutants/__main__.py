"""Changes the reference answers in hundreds of small ways, and shows which changes the tests catch.

    python -m tests.answers.mutants day2 [exercise_2_2 ...]
    python -m tests.answers.mutants day3 --course ~/my_course

``make mutants`` runs it. It ends with status 1 if a mutant passes all tests that is not listed, with
a reason, in ``tests/answers/<assignment>/<notebook>/equivalent.diff`` of the course, or if an entry
there does not hold.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from tqdm import tqdm

from lxmls_grading.cells import is_answer
from tests.answers.mutants.equivalents import Key, complaints, read_equivalents
from tests.answers.mutants.running import Outcome, mutants_of, outcomes
from tests.answers.runner import source_notebook

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = ("mutants", "caught", "named", "fact", "neither", "equivalent", "survived")
LEGEND = """
named: the message of the first test that fails names the mistake; fact: it reports what is simply so,
such as a shape or the error that the answer raised, with its line; neither: only that numbers differ.
"""


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 0 if the tests tell all mutants from right answers."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.answers.mutants", description=__doc__.splitlines()[0]
    )
    parser.add_argument("assignment", help="such as day2")
    parser.add_argument("notebooks", nargs="*", help="names such as exercise_2_2 (default: all)")
    parser.add_argument("--course", type=Path, default=ROOT, help="its folder (default: this one)")
    parser.add_argument("--unnamed", action="store_true", help="list mutants of no named cause")
    given = parser.parse_args(arguments)
    source = given.course.resolve() / "source" / given.assignment
    folder = given.course.resolve() / "tests" / "answers" / given.assignment
    known = sorted(path.stem for path in source.glob("*.ipynb"))
    if not known:
        parser.error(f"there is no notebook in {source}")
    if unknown := set(given.notebooks) - set(known):
        parser.error(f"there is no notebook {min(unknown)!r}; there are {', '.join(known)}")
    names = given.notebooks or known
    try:
        listed = {key: why for name in names for key, why in read_equivalents(name, folder).items()}
        found = _run(names, source)
    except (RuntimeError, ValueError) as error:
        parser.error(str(error))
    print_table(found, listed)
    if given.unnamed:
        for outcome in found:
            if outcome.failure and not outcome.is_named:
                print(f"\n{outcome.notebook}, {outcome.grade_id}\n{outcome.change}")
                print(f"  {outcome.failure.cause}: {outcome.failure.message}")
    wrong = complaints(found, listed)
    print("\n" + "\n".join(wrong) if wrong else "\nEach mutant is caught, or listed as equivalent.")
    return 1 if wrong else 0


def _run(names: list[str], source: Path) -> list[Outcome]:
    cells = [cell for name in names for cell in source_notebook(name, source).cells]
    total = sum(len(mutants_of(cell)) for cell in cells if is_answer(cell))
    with tqdm(total=total, unit="mutant") as progress:
        found = []
        for name in names:
            progress.set_description(name)
            for outcome in outcomes(name, source):
                found.append(outcome)
                progress.update()
    return found


def print_table(found: list[Outcome], listed: Collection[Key]) -> None:
    """Print how many mutants of each answer were caught, and what their messages are.

    Parameters
    ----------
    found : list of Outcome
    listed : collection of Key
        The mutants that are equivalent to the reference answer.
    """
    counts: dict[str, Counter[str]] = {"all": Counter()}
    for outcome in found:
        marks = {
            "mutants": True,
            "caught": outcome.failure is not None,
            "named": outcome.is_named,
            "fact": outcome.is_fact,
            "neither": outcome.failure is not None and outcome.failure.cause is None,
            "equivalent": outcome.failure is None and outcome.key in listed,
            "survived": outcome.failure is None and outcome.key not in listed,
        }
        for row in (f"{outcome.notebook} {outcome.grade_id}", "all"):
            counts.setdefault(row, Counter()).update(marks)
    print("\n" + " " * 36 + "".join(f"{name:>12}" for name in COLUMNS))
    rows = [row for row in counts if row != "all"]
    for row in [*rows, "all"]:
        each = counts[row]
        named = f"{each['named']} ({each['named'] / max(1, each['caught']):.0%})"
        cells = [named if name == "named" else each[name] for name in COLUMNS]
        print(f"{row:36}" + "".join(f"{cell:>12}" for cell in cells))
    print(LEGEND.rstrip())


if __name__ == "__main__":
    sys.exit(main())
