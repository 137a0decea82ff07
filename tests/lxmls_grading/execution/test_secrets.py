"""Test cells that run apart are nowhere in the student's process, also while others run there."""

from __future__ import annotations

import ast
from dataclasses import replace

from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution.plan import NotebookPlan, TestPlan
from tests.support.execution import SETTINGS, graded, printed
from tests.support.submissions import points_of

#: Looks for a word in all memory that can be read, in files and in the command lines, without
#: holding the word itself.
SEARCH = r"""
import glob, os, re

WORDS = [re.compile(start + b"-[s]tripes") for start in (b"zebra", b"quagga")]

def places():
    for line in open("/proc/self/maps"):
        area, rights = line.split()[:2]
        first, last = (int(part, 16) for part in area.split("-"))
        if "rw" not in rights: continue  # it is a file, which cannot hold what is new
        with open("/proc/self/mem", "rb", 0) as memory:
            while first < last:
                memory.seek(first)
                try: yield memory.read(min(2**22, last - first))
                except OSError: break
                first += 2**22 - 20
    for folder in (".", "/tmp", "/dev/shm", "/home", "/root"):
        for path in glob.glob(f"{folder}/**", recursive=True)[:10_000]:
            try: yield open(path, "rb").read(10**7)
            except OSError: pass

def look():
    counts = [0, 0]
    for text in places():
        for n, word in enumerate(WORDS): counts[n] += bool(word.search(text))
    found.append(counts)

found = []
look()

def square(x):
    look()
    return x * x
"""

APART = "assert square(3) == 9, 'zebra-stripes'\n### BEGIN HIDDEN TESTS\nzebra = 'zebra-stripes'"
TOGETHER = "assert square(4) == 16, 'quagga-stripes'"


def test_tests_that_run_apart_are_nowhere_in_the_student_s_process(warm):
    """Not before, in the midst or after; a test that runs together is found as soon as it runs."""
    notebook = new_notebook(
        cells=[
            new_code_cell(SEARCH),
            graded(APART, "first"),
            graded(TOGETHER, "together"),
            graded(APART, "last"),
            new_code_cell("print(found)"),
        ]
    )
    plan = NotebookPlan(tests={"together": TestPlan(apart=False)})
    executed = warm.execute(notebook, replace(SETTINGS, timeout=100), plan=plan)
    assert points_of(executed) == {"first": 2.0, "together": 2.0, "last": 2.0}
    apart, together = zip(*ast.literal_eval(printed(executed, 4)), strict=True)
    assert apart == (0, 0, 0, 0)
    assert together[:2] == (0, 0)
    assert min(together[2:]) > 0, "the search finds what is there"
