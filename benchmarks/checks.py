"""Time all tests of each notebook on the reference answer, on one core.

Expected: under one second a notebook. The first call of a check is counted, imports are not.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy and PyTorch start their threads
os.environ["LXMLS_NB_DEVICE"] = "cpu"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lxmls_grading.cells import is_test
from tests.answers.runner import warm_up
from tests.support.course import NOTEBOOKS, definitions, source


def seconds(name: str) -> list[tuple[str, float]]:
    """Return how long each test cell of a notebook takes."""
    namespace = definitions(name)
    times = []
    for cell in source(name).cells:
        if is_test(cell):
            start = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                exec(cell.source, namespace)
            times.append((cell.id, time.perf_counter() - start))
    return times


def main() -> None:
    """Print the table."""
    warm_up()
    print("All tests of a notebook, reference answers, one core (expected: under 1 s)")
    for name in NOTEBOOKS:
        times = seconds(name)
        slowest = max(times, key=lambda pair: pair[1])
        total = sum(spent for _, spent in times)
        print(f"  {name}: {total:.2f} s, of which {slowest[0]} {slowest[1]:.2f} s")


if __name__ == "__main__":
    main()
