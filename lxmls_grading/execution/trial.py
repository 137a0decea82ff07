"""Tries the reference solution of a notebook both ways, to find out which tests can run apart."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade

from lxmls_grading.cells import METADATA_KEY, grade_id, is_answer, is_test
from lxmls_grading.execution.plan import (
    NotebookPlan,
    TestPlan,
    defined_names,
    given_code,
    plain_plan,
)
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.reasons import reasons_of

#: Lines that delimit what students do not get.
DELIMITER = re.compile(r"^\s*#+\s*(BEGIN|END) SOLUTION\s*$")

#: Most times that a notebook is tried with some of its tests together.
MAX_TRIALS = 4

#: Executes a notebook in place by a plan, and returns it.
Execute = Callable[[NotebookNode, NotebookPlan], NotebookNode]


@dataclass(frozen=True)
class Trial:
    """What became of a test cell in a trial.

    Attributes
    ----------
    plan : TestPlan
    worth : float
        The most points that it gives.
    reference, blank : float
        The points of the reference solution, and of a notebook without answers.
    """

    plan: TestPlan
    worth: float
    reference: float
    blank: float


def try_notebook(
    source: NotebookNode, execute: Execute, default: bool | None = None
) -> tuple[NotebookPlan, dict[str, Trial]]:
    """Try the reference solution and a blank notebook, and plan how the tests run.

    A test runs apart only if the reference solution gets the same points there as together.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.
    execute : callable
    default : bool, optional
        Whether all cells run apart, or all together, but for those with a tag.

    Returns
    -------
    plan : NotebookPlan
    trials : dict of Trial
        By the names of tests.
    """
    plan = plain_plan(source, default) or plan_by_trial(source, execute)
    reference = _points(execute(with_solutions(source), plan))
    blank = _points(execute(read_originals(source).graded, plan))
    worth = {
        str(grade_id(c)): float(c.metadata.nbgrader.points) for c in source.cells if is_test(c)
    }
    trials = {
        name: Trial(plan.of(name), worth[name], reference[name], blank[name]) for name in worth
    }
    return plan, trials


def plan_by_trial(source: NotebookNode, execute: Execute) -> NotebookPlan:
    """Return a plan for which the reference solution gets the points that it gets in nbgrader."""
    tests = [str(grade_id(cell)) for cell in source.cells if is_test(cell)]
    tags = plain_plan(source, default=True)
    assert tags is not None
    chosen = dict(tags.tests)
    fixed = {name for name in tests if chosen[name].why == "has the tag"}
    together = {name: TestPlan(apart=False) for name in tests}
    plan = NotebookPlan(given_code(source), defined_names(source), together, trial=True)
    expected = _points(execute(with_solutions(source), plan))
    for _ in range(MAX_TRIALS):
        executed = execute(with_solutions(source), replace(plan, tests=chosen))
        found = _points(executed)
        differ = [
            name
            for name in tests
            if chosen[name].apart and name not in fixed and found[name] != expected[name]
        ]
        if not differ:
            break
        why = {name: each.detail for each in reasons_of(executed) for name in each.cells}
        for name in differ:
            chosen[name] = TestPlan(apart=False, why=why.get(name) or "it gives other points apart")
    else:
        chosen = together
    decided = {
        str(grade_id(cell))
        for cell in executed.cells
        if cell.metadata.get(METADATA_KEY, {}).get("decided")
    }
    tests_planned = {name: replace(chosen[name], decides=name in decided) for name in tests}
    return replace(plan, tests=tests_planned, trial=False)


def with_solutions(source: NotebookNode) -> NotebookNode:
    """Return a notebook as it is graded, with the reference solution as its answers."""
    notebook = copy.deepcopy(read_originals(source).graded)
    solutions = {grade_id(cell): cell.source for cell in source.cells if is_answer(cell)}
    for cell in notebook.cells:
        if is_answer(cell):
            lines = solutions[grade_id(cell)].split("\n")
            cell.source = "\n".join(line for line in lines if not DELIMITER.match(line))
    return notebook


def _points(executed: NotebookNode) -> dict[str, float]:
    """Return the points of the test cells of an executed notebook, as nbgrader reads them."""
    return {
        str(grade_id(cell)): float(determine_grade(cell)[0] or 0)
        for cell in executed.cells
        if is_test(cell)
    }
