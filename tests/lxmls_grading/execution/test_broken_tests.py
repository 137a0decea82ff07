"""A test that cannot be carried out is the test's fault, and costs no other test of a notebook."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution import plan as plans
from tests.support.execution import SETTINGS, graded
from tests.support.submissions import points_of

pytestmark = pytest.mark.slow

QUICK = replace(SETTINGS, timeout=2)
SQUARE = "def square(x):\n    return x * x"
APART, TOGETHER = plans.TestPlan(), plans.TestPlan(apart=False)


def execute(warm, answer: str, code: str, plan: plans.TestPlan = APART):
    """Run a test between two others, and return points and reasons."""
    good = "assert square(3) == 9"
    cells = [graded(good, "before"), graded(code, "broken"), graded(good, "after")]
    notebook = new_notebook(cells=[new_code_cell(answer), *cells])
    executed = warm.execute(notebook, QUICK, plan=plans.NotebookPlan(tests={"broken": plan}))
    return points_of(executed), executed.metadata.lxmls_nb.get("reasons", []), executed


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("while True: pass", "it takes too long"),
        ("try:\n    while True: pass\nexcept BaseException: pass", "it takes too long"),
        ("%timeit square(3)", "is not Python alone"),
        ("assert square(", "is not Python alone"),
        ("square.__globals__", "__globals__"),
        ("import os; os._exit(0)", "it ends a process"),
        ("import os\ntry: os.abort()\nexcept Exception: pass", "it ends a process"),
        ("import os; os.kill(os.getpid(), 9)", "it ends a process"),
        ("import nowhere", "it imports `nowhere`, which is not installed here"),
    ],
)
def test_broken_test_is_told_to_the_instructor_and_the_others_run(warm, code, detail):
    points, (reason,), executed = execute(warm, SQUARE, code)
    assert points == {"before": 2, "broken": 0, "after": 2}
    assert (reason.kind, reason.cells) == ("test", ["broken"])
    assert detail in reason.detail
    told = "`broken`: this test could not be run; your instructor has been told."
    assert reason.text == executed.cells[2].outputs[0].evalue == told


def test_what_decides_in_a_test_that_cannot_be_carried_out_is_noted(warm):
    """Else each answer would wait for the same, right or wrong."""
    test = graded("from fractions import Fraction\nsquare(Fraction(1)) < 2\nNone == square", "it")
    test.source += "\nimport nowhere"
    notebook = new_notebook(cells=[new_code_cell(SQUARE), test])
    plan = plans.NotebookPlan(tests={"it": APART}, trial=True)
    executed = warm.execute(notebook, QUICK, plan=plan)
    notes = executed.cells[1].metadata.lxmls_nb
    assert (notes["decided"], "nowhere" in notes["fault"]) == (["3 eq"], True)


@pytest.mark.parametrize("plan", [plans.TestPlan(passes=True), APART, TOGETHER])
def test_answer_that_never_ends_is_the_answer_s_fault(warm, plan):
    answer = f"{SQUARE}\ndef endless():\n    while True: pass"
    points, reasons, executed = execute(warm, answer, "endless()", plan)
    assert points == {"before": 2, "broken": 0, "after": 2}
    assert [reason.kind for reason in reasons] == ["timeout"]
    assert executed.cells[2].outputs[0].ename in ("TimeoutError", "KeyboardInterrupt")


@pytest.mark.parametrize("apart", [True, False])
def test_error_of_the_reference_solution_is_the_test_s_fault(warm, apart):
    fault = "NameError: name 'expected' is not defined"
    plan = plans.TestPlan(apart=apart, fault=fault)
    points, (reason,), _ = execute(warm, SQUARE, "assert square(3) == expected", plan)
    assert points == {"before": 2, "broken": 0, "after": 2}
    assert reason.detail == f"it fails with the reference solution, too: {fault}"
    other = "assert square(3) + other == expected"
    points, reasons, _ = execute(warm, SQUARE, other, plan)
    assert (points["broken"], reasons) == (0, [])
