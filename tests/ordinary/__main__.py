"""Prints what ordinary test cells, and nbgrader's own, give here and with stock nbgrader.

    python -m tests.ordinary [--keep FOLDER] [notebook ...]

``make ordinary`` runs it. The exit status is 1 if points differ without a reason that is listed in
the corpus.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.ordinary.corpus import TESTS
from tests.ordinary.course import STUDENTS, Row, grade, rows
from tests.ordinary.nbgraders_own import all_comparisons, show


def line(row: Row, width: int) -> str:
    """Return a line of the table."""
    pairs = " ".join(
        f"{show(mine):>4}/{show(theirs):<4}"
        for mine, theirs in zip(row.ours, row.stock, strict=True)
    )
    test = row.test
    where = "apart" if row.plan.apart else f"together: {row.plan.why}"
    note = f"  (stock: {test.stock_fault})" if test.stock_fault else ""
    note = note if row.explained else "  <-- NOT EXPLAINED"
    return f"{test.notebook:12} {f'{test.answer} {test.name}':{width}} {pairs} {where}{note}"


def table(found: Sequence[Row]) -> str:
    """Return the table of all cells, with a count at its end."""
    width = max(len(f"{row.test.answer} {row.test.name}") for row in found)
    heads = " ".join(f"{student:^9}" for student in STUDENTS)
    lines = [f"{'notebook':12} {'test cell':{width}} {heads} where (points here/stock)"]
    lines += [line(row, width) for row in found]
    apart = sum(row.plan.apart for row in found)
    same = sum(row.ours == row.stock for row in found)
    listed = sum(row.ours != row.stock and row.explained for row in found)
    wrong = len(found) - same - listed
    lines += [
        "",
        f"{len(found)} test cells: {apart} apart, {len(found) - apart} together.",
        f"{same} give the same points as stock nbgrader, {listed} others for a listed fault of it, "
        f"{wrong} others without a reason.",
    ]
    unlisted = [row for row in found if not row.explained]
    lines += [f"Not explained: {row.test.answer} {row.test.name}" for row in unlisted]
    return "\n".join(lines)


def main() -> int:
    """Print the table; return 1 if it has differences without a reason."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", help="names of files in tests/ordinary/cells")
    parser.add_argument("--keep", type=Path, help="keep everything in this (new) folder")
    options = parser.parse_args()
    tests = [test for test in TESTS if test.notebook in (options.notebooks or test.notebook)]
    with tempfile.TemporaryDirectory(prefix="ordinary-", ignore_cleanup_errors=True) as name:
        folder = options.keep or Path(name)
        ours, stock = grade(folder / "course", tests)
        (folder / "ours.log").write_text(ours.log)
        (folder / "stock.log").write_text(stock.log)
        found = rows(ours, stock, tests)
        print(table(found))
        print(f"{ours.seconds:.0f} s here, with trials; {stock.seconds:.0f} s with stock nbgrader.")
        differ = any(not row.explained for row in found)
        for comparison in [] if options.notebooks else all_comparisons(folder):
            print(f"\n{comparison.table()}", flush=True)
            differ |= bool(comparison.differing())
    return int(differ)


if __name__ == "__main__":
    sys.exit(main())
