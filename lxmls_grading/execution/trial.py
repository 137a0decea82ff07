"""Tries the reference solution and a blank notebook, to find out which tests can run apart."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade
from traitlets.config import Config

from lxmls_grading.cells import grade_id, is_answer, is_test, noted
from lxmls_grading.definitions import analyse, names_from_elsewhere, used_names
from lxmls_grading.execution.judge import TOO_LONG, error_of
from lxmls_grading.execution.plan import (
    NotebookPlan,
    TestPlan,
    bare_plan,
    lent_imports,
    plain_plan,
    tagged_apart,
)
from lxmls_grading.execution.process_state import tests_of_one_process
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.reasons import NOT_RUN_ERROR
from lxmls_nb.errors import NotAttempted

#: Lines that delimit what students do not get.
DELIMITER = re.compile(r"^\s*#+\s*(BEGIN|END) SOLUTION\s*$")

#: Most times that a notebook is tried with some of its tests together.
MAX_TRIALS = 4

#: Characters of an error that are kept.
MAX_ERROR = 300

#: Sequences that color a terminal; what follows a syntax error; and what IPython writes of the
#: first place in a traceback.
COLORS = re.compile(r"\x1b\[[\d;]*m")
PLACE_IN_FILE = re.compile(r" \([^() ]+, line \d+\)$")
PLACE = re.compile(r"Cell In\[\d+\], line (\d+)|^-+> (\d+) ", re.M)

#: Executes a notebook in place by a plan, and returns it.
Execute = Callable[[NotebookNode, NotebookPlan], NotebookNode]


@dataclass(frozen=True)
class Outcome:
    """What became of a test cell in one run.

    Attributes
    ----------
    points, seconds : float
    error : str
        Why it has failed: ``line 2, NameError: ...``, or a clause whose subject is the cell if it
        could not be carried out. Empty if it has not failed.
    fault : bool
        Whether it could not be carried out.
    decided : tuple of str
        What objects of the answer, and not plain values, have decided.
    raised : str
        The error in its outputs, or why it could not be carried out.
    """

    points: float
    seconds: float = 0.0
    error: str = ""
    fault: bool = False
    decided: tuple[str, ...] = ()
    raised: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether its time was up."""
        return self.raised == TOO_LONG or self.raised.startswith("KeyboardInterrupt")


class Outcomes(NamedTuple):
    """What became of the test cells, by their names: those of both notebooks in one way to run."""

    reference: dict[str, Outcome]
    blank: dict[str, Outcome]


@dataclass(frozen=True)
class Trial:
    """What is known of a test cell after the trial.

    Attributes
    ----------
    plan : TestPlan
    worth : float
        The most points that it gives.
    reference, blank : Outcome
        Of the reference solution, and of a notebook without answers.
    """

    plan: TestPlan
    worth: float
    reference: Outcome
    blank: Outcome


def try_notebook(
    source: NotebookNode,
    execute: Execute,
    default: bool | None = None,
    config: Config | None = None,
) -> tuple[NotebookPlan, dict[str, Trial]]:
    """Try the reference solution and a blank notebook, and plan how the tests run.

    A test runs apart only if both get the same points there as together.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.
    execute : callable
    default : bool, optional
        Whether all cells run apart, or all together, but for those with a tag.
    config : Config, optional
        The configuration of nbgrader, which sets what replaces solutions.

    Returns
    -------
    plan : NotebookPlan
    trials : dict of Trial
        By the names of tests.
    """
    originals = read_originals(source, config)
    notebooks = with_solutions(source), originals.graded

    def run(plan: NotebookPlan) -> Outcomes:
        reference, blank = (
            _outcomes(execute(copy.deepcopy(each), replace(plan, trial=True))) for each in notebooks
        )
        return Outcomes(reference, blank)

    plan = plain_plan(source, default)
    if plan is None:
        plan, found = _plan(source, lent_imports(originals.released), run)
    else:
        found = run(plan)
    worth = {
        str(grade_id(c)): float(c.metadata.nbgrader.points) for c in source.cells if is_test(c)
    }
    if plan.names:  # else there is no reference solution
        tests = {
            name: _with_outcome(plan.of(name), found.reference[name], worth[name]) for name in worth
        }
        plan = replace(plan, tests=tests)
    return plan, {
        name: Trial(plan.of(name), worth[name], found.reference[name], found.blank[name])
        for name in worth
    }


def _plan(
    source: NotebookNode,
    lent: dict[str, dict[str, str]],
    run: Callable[[NotebookPlan], Outcomes],
) -> tuple[NotebookPlan, Outcomes]:
    """Return a plan by which both notebooks get the points of nbgrader, and what they get."""
    code = {str(grade_id(cell)): cell.source for cell in source.cells if is_test(cell)}
    tests = list(code)
    tags = plain_plan(source, default=True)
    assert tags is not None
    chosen = dict(tags.tests)
    tagged = (cell for cell in source.cells if is_test(cell) and tagged_apart(cell) is not None)
    fixed = {str(grade_id(cell)) for cell in tagged}
    for name, clause in tests_of_one_process(source).items():
        if name not in fixed:
            chosen[name] = TestPlan(apart=False, why=clause)
    together = {name: TestPlan(False, "depends on how the others run") for name in tests}
    plan = replace(bare_plan(source, together), lent=lent)
    expected = run(plan)
    for _ in range(MAX_TRIALS):
        undecided = tuple(name for name in tests if chosen[name].apart and name not in fixed)
        found = run(replace(plan, tests=chosen, open=undecided))
        free = [name for name in tests if name in undecided or not chosen[name].apart]
        why = {name: clause for name in free if (clause := _difference(name, expected, found))}
        differ = {name: why[name] for name in undecided if name in why}
        if not differ and why:  # one that runs together needs what others above it do
            last = max(why, key=tests.index)
            above = {
                name: code[name] for name in undecided if tests.index(name) < tests.index(last)
            }
            clause = f"does what `{last}` needs"
            differ = dict.fromkeys(_defining(above, used_names(code[last])) or above, clause)
        differ = _untried({name: code[name] for name in undecided}, expected, found) | differ
        if not differ:
            break
        chosen |= {name: TestPlan(apart=False, why=clause) for name, clause in differ.items()}
    else:
        chosen = {name: (chosen if name in fixed else together)[name] for name in tests}
        kept = any(test.apart for test in chosen.values())  # by a tag
        found = run(replace(plan, tests=chosen)) if kept else expected
    for name, outcome in found.reference.items():
        if outcome.fault and (error := expected.reference[name].error) and chosen[name].apart:
            both = f"{outcome.error}; together, it fails: {error}"
            found.reference[name] = replace(outcome, error=both)
    return replace(
        plan,
        tests={
            name: replace(chosen[name], decides=found.reference[name].decided) for name in tests
        },
    ), found


def _with_outcome(test: TestPlan, outcome: Outcome, worth: float) -> TestPlan:
    """Return the plan of a test with what became of the reference solution."""
    if outcome.points >= worth and not outcome.fault:
        return replace(test, passes=True, fault="")
    fault = TOO_LONG if outcome.interrupted else outcome.raised
    return replace(test, passes=False, fault="" if NotAttempted.__name__ in fault else fault)


def _difference(name: str, together: Outcomes, apart: Outcomes) -> str:
    """Return how a test apart differs: a clause whose subject is the cell; nothing if it doesn't.

    Not only the reference solution counts: a test that gives points to a blank notebook apart alone
    does not see what it should.
    """
    for who, expected, found in (
        ("the reference solution", together.reference[name], apart.reference[name]),
        ("a blank notebook", together.blank[name], apart.blank[name]),
    ):
        if found.fault and not expected.fault and together.reference[name].points:
            return found.error
        if expected.points != found.points:
            if found.error:
                return f"fails apart for {who} ({found.error})"
            return f"gives {who} {found.points:g} points apart, and {expected.points:g} together"
    return ""


def _untried(tests: dict[str, str], together: Outcomes, apart: Outcomes) -> dict[str, str]:
    """Return why tests run together that the reference solution fails, and what these need.

    Nothing tells of such a test whether it sees apart what it should. One that cannot be carried
    out either way, or takes too long both ways, stays apart: it waits for an instructor.
    """
    found: dict[str, str] = {}
    for number, name in enumerate(tests):
        outcome, other = apart.reference[name], together.reference[name]
        if outcome.points or not outcome.raised or other.fault or other.points:
            continue
        if outcome.interrupted and other.interrupted:  # perhaps the machine was busy
            continue
        if NotAttempted.__name__ not in outcome.raised:
            fails = "fails" if other.raised else "fails apart"  # of a test that gives no points
            found[name] = outcome.error if outcome.fault else f"{fails} with the reference solution"
            above = dict(list(tests.items())[:number])
            for each in _defining(above, names_from_elsewhere(tests[name])):
                found.setdefault(each, f"does what `{name}` needs")
    return found


def _defining(tests: dict[str, str], names: Collection[str]) -> list[str]:
    """Return the tests that bind some names, and what these use in turn."""
    used = {*names}
    found = []
    for name, code in reversed(tests.items()):
        if used & analyse(code).bound:
            used |= used_names(code)
            found.append(name)
    return found


def with_solutions(source: NotebookNode) -> NotebookNode:
    """Return a notebook as it is graded, with the reference solution as its answers."""
    notebook = copy.deepcopy(read_originals(source).graded)
    solutions = {grade_id(cell): cell.source for cell in source.cells if is_answer(cell)}
    for cell in notebook.cells:
        if is_answer(cell):
            lines = solutions[grade_id(cell)].split("\n")
            cell.source = "\n".join(line for line in lines if not DELIMITER.match(line))
    return notebook


def _outcomes(executed: NotebookNode) -> dict[str, Outcome]:
    """Return what became of the test cells of an executed notebook, as nbgrader reads them."""
    found = {}
    above = ""  # what has failed before
    for number, cell in enumerate(executed.cells, 1):
        if is_test(cell):
            found[str(grade_id(cell))] = outcome = _outcome(cell)
            if outcome.error and not outcome.fault and above:
                error = f"{outcome.error}; before it, {above}"
                found[str(grade_id(cell))] = replace(outcome, error=error)
        elif errors := _errors(cell):
            name = f"`{grade_id(cell)}`" if grade_id(cell) else f"cell {number}"
            above = above or f"{name} fails: {_error(cell, errors[0])}"
    return found


def _outcome(cell: NotebookNode) -> Outcome:
    notes = noted(cell)
    seconds, decided = notes.get("seconds", 0.0), tuple(notes.get("decided", ()))
    if "fault" in notes:
        return Outcome(0.0, seconds, notes["fault"], True, decided, notes["fault"])
    points = float(determine_grade(cell)[0] or 0)
    errors = _errors(cell)
    error = _error(cell, errors[0]) if errors else ""
    return Outcome(points, seconds, error, False, decided, error_of(cell))


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    return [each for each in cell.get("outputs", []) if each.output_type == "error"]


def _error(cell: NotebookNode, output: NotebookNode) -> str:
    """Return an error, and the line of the test that it comes from."""
    text = " ".join(PLACE_IN_FILE.sub("", output.evalue).split())[:MAX_ERROR]
    if output.ename == NOT_RUN_ERROR:
        return text
    line = noted(cell).get("line")
    if line is None:
        found = PLACE.search(COLORS.sub("", "\n".join(output.traceback)))
        line = found and (found[1] or found[2])
    place = f"line {line}, " if line else ""
    return f"{place}{output.ename}: {text}" if text else f"{place}{output.ename}"
