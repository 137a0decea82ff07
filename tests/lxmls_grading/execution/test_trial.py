"""Which tests run apart follows from what the reference solution and a blank notebook get."""

from __future__ import annotations

import json

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.cells import is_test, note, read_notebook
from lxmls_grading.execution.judge import TOO_LONG
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.plans import Plans, describe_together
from lxmls_grading.execution.trial import try_notebook
from lxmls_grading.reasons import not_run
from tests.support.small_course import marks

PASS, FAIL = "pass", "fail"
SOLUTION = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"


def source(**tests: str):
    """Return an instructor's notebook with test cells."""
    cells = [new_code_cell(SOLUTION, id="answer", metadata=marks("answer", False, True))]
    cells += [
        new_code_cell(code, metadata=marks(name, True, False)) for name, code in tests.items()
    ]
    return new_notebook(cells=cells)


class Runs:
    """Executes notebooks as a table tells, and counts.

    Of each test, `rules` has a function of the plan and of whether the notebook is solved; it
    returns PASS, FAIL or why the test could not be carried out. By default, tests pass for the
    reference solution and fail for a blank notebook.
    """

    def __init__(self, **rules):
        self.rules, self.seen = rules, []

    def __call__(self, notebook, plan):
        solved = "x = 1" in notebook.cells[0].source
        assert plan.trial
        self.seen.append((solved, [plan.of(name).apart for name in plan.tests]))
        for cell in filter(is_test, notebook.cells):
            name = cell.metadata.nbgrader.grade_id
            rule = self.rules.get(name, lambda plan, solved: PASS if solved else FAIL)
            result = rule(plan, solved)
            note(cell, seconds=0.25, decided=[])
            if result == FAIL:
                trace = ["\x1b[31mCell \x1b[32mIn[3], line 2\x1b[0m", "AssertionError: 1 != 2"]
                cell.outputs = [
                    new_output("error", ename="AssertionError", evalue="1 != 2", traceback=trace)
                ]
            elif result != PASS:
                note(cell, fault=result)
                cell.outputs = [not_run("A sentence for the student.")]
        return notebook


def plan_of(notebook, execute, default=None):
    plan, trials = try_notebook(notebook, execute, default)
    assert plan.trial is False
    assert all(trials[name].plan == plan.of(name) for name in trials)
    return {name: "" if test.apart else test.why for name, test in plan.tests.items()}, trials


def test_what_is_the_same_both_ways_runs_apart_after_four_runs():
    runs = Runs()
    plan, trials = plan_of(source(a="assert x", b="assert x == 1"), runs)
    assert plan == {"a": "", "b": ""}
    assert runs.seen == [
        (True, [False, False]),
        (False, [False, False]),
        (True, [True, True]),
        (False, [True, True]),
    ]
    assert (trials["a"].worth, trials["a"].reference.points, trials["a"].blank.points) == (2, 2, 0)
    assert trials["a"].reference.seconds == 0.25


@pytest.mark.parametrize("default", [True, False])
def test_where_the_way_is_configured_each_notebook_runs_once(default):
    runs = Runs()
    plan, _ = plan_of(source(a="assert x"), runs, default)
    assert plan == {"a": "" if default else "is configured so"}
    assert runs.seen == [(True, [default]), (False, [default])]


def test_checks_need_one_run_each():
    runs = Runs()
    plan_of(source(a="from lxmls_nb import checks\nchecks.dictionary(x)"), runs)
    assert len(runs.seen) == 2


def test_why_a_test_runs_together_is_a_bare_clause():
    runs = Runs(
        a=lambda plan, solved: "uses `globals()`" if plan.of("a").apart else PASS,
        b=lambda plan, solved: FAIL if plan.of("b").apart else PASS,
    )
    plan, _ = plan_of(source(a="assert x", b="assert x", c="assert x"), runs)
    assert plan == {
        "a": "uses `globals()`",
        "b": "fails apart for the reference solution (line 2, AssertionError: 1 != 2)",
        "c": "",
    }


def test_a_test_that_cannot_be_carried_out_either_way_stays_apart():
    runs = Runs(a=lambda plan, solved: "never ends")
    plan, trials = plan_of(source(a="assert x"), runs)
    assert plan == {"a": ""}
    found = trials["a"].reference
    assert (found.points, found.fault) == (0, True)
    assert found.error == "never ends; together, it fails: never ends"


def test_a_test_that_takes_too_long_both_ways_takes_no_others_along():
    """The machine may have been busy; no answer gets points from such a test, and each waits."""
    runs = Runs(slow=lambda plan, solved: TOO_LONG if plan.of("slow").apart else FAIL)

    def execute(notebook, plan):
        executed = runs(notebook, plan)
        for output in executed.cells[-1].outputs:
            if output.ename == "AssertionError":
                output.ename, output.evalue = "KeyboardInterrupt", ""
        return executed

    plan, trials = plan_of(source(defines="a = x", slow="assert a"), execute)
    assert plan == {"defines": "", "slow": ""}
    assert trials["slow"].plan.fault == TOO_LONG


def test_a_test_without_points_that_fails_apart_alone_runs_together():
    notebook = source(a="assert x")
    notebook.cells[1].metadata.nbgrader["points"] = 0
    plan, _ = plan_of(notebook, Runs(a=lambda plan, s: FAIL if plan.of("a").apart else PASS))
    assert plan == {"a": "fails apart with the reference solution"}


def test_a_test_that_cannot_be_carried_out_apart_alone_runs_together():
    runs = Runs(a=lambda plan, solved: "opens a file" if plan.of("a").apart else FAIL)
    plan, trials = plan_of(source(a="assert x"), runs)
    assert plan == {"a": "opens a file"}
    found = trials["a"].reference
    assert (found.points, found.fault, found.error) == (0, False, "line 2, AssertionError: 1 != 2")


def test_what_the_reference_solution_fails_runs_together_with_what_it_needs():
    """As where a source has no solution: no trial has shown that the test could run apart."""
    runs = Runs(fails=lambda plan, solved: FAIL)
    tests = {
        "other": "points = 1\nassert x",
        "defines": "helper = 3",
        "fails": "points = 2\nassert x == helper\npoints",
    }
    plan, trials = plan_of(source(**tests), runs)
    assert plan == {
        "other": "",
        "defines": "does what `fails` needs",
        "fails": "fails with the reference solution",
    }
    assert trials["fails"].plan.fault == "AssertionError: 1 != 2"


def test_what_passes_together_takes_along_no_test_with_a_name_of_its_own():
    """`points` is defined anew: what the test above binds to that name does not count."""
    runs = Runs(second=lambda plan, _: "looks into it" if plan.of("second").apart else PASS)
    tests = {"first": "points = 1\nassert x", "second": "points = 2\nassert x\npoints"}
    plan, _ = plan_of(source(**tests), runs)
    assert plan == {"first": "", "second": "looks into it"}


def test_a_test_that_cannot_be_carried_out_on_a_blank_notebook_runs_together():
    runs = Runs(a=lambda plan, s: PASS if s else "uses x" if plan.of("a").apart else FAIL)
    plan, _ = plan_of(source(a="assert x"), runs)
    assert plan == {"a": "uses x"}


def test_an_error_above_a_test_that_fails_is_told():
    error = new_output("error", ename="SyntaxError", evalue="'(' was never closed", traceback=[])
    runs = Runs(a=lambda plan, solved: FAIL, b=lambda plan, solved: PASS)

    def execute(notebook, plan):
        executed = runs(notebook, plan)
        executed.cells[0].outputs = [error]
        return executed

    _, trials = plan_of(source(a="assert x", b="assert x"), execute)
    assert trials["a"].reference.error == (
        "line 2, AssertionError: 1 != 2; before it, `answer` fails: SyntaxError: '(' was never "
        "closed"
    )
    assert trials["b"].reference.error == ""


def test_a_test_that_gives_a_blank_notebook_points_apart_alone_runs_together():
    runs = Runs(a=lambda plan, solved: PASS if solved or plan.of("a").apart else FAIL)
    plan, trials = plan_of(source(a="assert x"), runs)
    assert plan == {"a": "gives a blank notebook 2 points apart, and 0 together"}
    assert trials["a"].blank.points == 0


def test_what_a_test_together_needs_runs_together_too():
    runs = Runs(
        magic=lambda plan, solved: (
            "is no Python"
            if plan.of("magic").apart
            else FAIL
            if plan.of("defines").apart or plan.of("before").apart
            else PASS
        )
    )
    tests = {
        "before": "value = x",
        "other": "assert x",
        "defines": "helper = value",
        "magic": "%%time\nassert helper",
    }
    plan, _ = plan_of(source(**tests), runs)
    assert plan == {
        "before": "does what `magic` needs",
        "other": "",
        "defines": "does what `magic` needs",
        "magic": "is no Python",
    }


def test_where_nothing_settles_all_run_together():
    runs = Runs(
        a=lambda plan, solved: FAIL if not plan.of("b").apart else PASS,
        b=lambda plan, solved: "cannot" if plan.of("b").apart else PASS,
    )
    plan, trials = plan_of(source(a="assert x", b="assert x"), runs)
    assert plan["b"] == "cannot"
    assert trials["a"].reference.points == 0  # it fails in nbgrader, too
    assert trials["a"].reference.error == "line 2, AssertionError: 1 != 2"


def test_a_tag_stays_and_is_tried():
    notebook = source(a="assert x", b="assert x")
    notebook.cells[1].metadata["tags"] = ["tests-apart"]
    notebook.cells[2].metadata["tags"] = ["tests-together"]
    runs = Runs(a=lambda plan, solved: "cannot" if plan.of("a").apart else PASS)
    plan, trials = plan_of(notebook, runs)
    assert plan == {"a": "", "b": "has the tag"}
    assert (trials["a"].reference.fault, trials["a"].reference.error) == (True, "cannot")
    assert trials["a"].reference.points == 0


def test_a_test_with_a_tag_takes_no_others_along():
    """Above it, tests that run together would define nothing for one that runs apart."""
    notebook = source(defines="helper = x", a="%time 1\nassert helper", b="assert x == 3")
    for cell in notebook.cells[2:]:
        cell.metadata["tags"] = ["tests-apart"]
    runs = Runs(
        a=lambda plan, solved: "cannot" if plan.of("a").apart else PASS,
        b=lambda plan, solved: FAIL,
    )
    plan, trials = plan_of(notebook, runs)
    assert plan == {"defines": "", "a": "", "b": ""}
    assert trials["a"].reference.fault


def test_a_tag_stays_where_nothing_settles():
    """Each round of the trial shows of one more test that it can't run apart."""

    def after(first, name):
        def rule(plan, solved):
            fails = plan.of(name).apart and not plan.of(first).apart
            return PASS if solved and not fails else FAIL

        return rule

    chain = {second: after(first, second) for first, second in ("ab", "bc", "cd", "de")}
    runs = Runs(a=lambda plan, s: PASS if s and not plan.of("a").apart else FAIL, **chain)
    notebook = source(**dict.fromkeys(["a", *chain, "tagged"], "assert x"))
    notebook.cells[-1].metadata["tags"] = ["tests-apart"]
    plan, trials = plan_of(notebook, runs)
    assert plan == dict.fromkeys(["a", *chain], "depends on how the others run") | {"tagged": ""}
    assert runs.seen[-1] == (False, [False] * 5 + [True])
    assert trials["tagged"].plan.passes


def test_what_concerns_one_process_runs_together_whatever_the_reference_solution_does():
    codes = {"a": "sum = None\nassert x", "b": "import os\nassert os.getcwd()", "c": "assert x"}
    notebook = source(**codes)
    notebook.cells[2].metadata["tags"] = ["tests-apart"]
    plan, _ = plan_of(notebook, Runs())
    assert plan == {"a": "gives another meaning to `sum`, which is Python's", "b": "", "c": ""}


def test_imports_that_students_can_read_in_a_test_are_lent_to_their_code():
    hidden = "### BEGIN HIDDEN TESTS\nimport secrets\n### END HIDDEN TESTS"
    codes = {
        "a": f"import math, numpy as np\nfrom collections import Counter, deque as d\n{hidden}",
        "b": "from lxmls_nb import checks\nfrom math import *\nassert x",
        "c": "import given_module as given\n%time x",
        "d": "import os.path\nimport given_module as given",
    }
    notebook = source(**codes)
    given = new_code_cell("import given_module as given", metadata=marks("given", False, False))
    given.metadata.nbgrader.locked = True
    notebook.cells.insert(0, given)
    plan, _ = try_notebook(notebook, lambda notebook, plan: Runs()(notebook, plan))
    assert plan.lent == {
        "a": {
            "math": "import math",
            "np": "import numpy as np",
            "Counter": "from collections import Counter",
            "d": "from collections import deque as d",
        },
        "d": {"os": "import os.path"},
    }
    assert NotebookPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


# --- plans that are kept --------------------------------------------------------------------------


@pytest.fixture
def plans(tmp_path):
    """Return a function that makes the planner of a course, and the runs that it does."""
    (tmp_path / "source" / "day3").mkdir(parents=True)
    coursedir = CourseDirectory(root=str(tmp_path), course_id="small")
    coursedir.assignment_id = "day3"
    place = tmp_path / "source" / "day3" / "warm_up.ipynb"
    place.write_text(json.dumps(source(a="assert x", b="%time assert x")))

    def make(mode: str = "auto", files=None):
        runs = Runs(b=lambda plan, solved: "is no Python" if plan.of("b").apart else PASS)
        return Plans(coursedir, mode, files or {}, runs), runs, place

    return make


def read(planner) -> tuple[dict, list[str]]:
    told: list[str] = []
    return dict(planner.read(told.append)), told


def test_a_notebook_is_tried_once_and_again_after_a_change(plans):
    planner, runs, place = plans()
    found, told = read(planner)
    assert len(runs.seen) == 6
    assert told == ["warm_up is new or changed: its tests are tried on the reference solution."]
    for files, count in ({}, 0), ({"data.csv": b"1"}, 6), ({"data.csv": b"1"}, 0):
        again, runs, _ = plans(files=files)
        assert read(again)[0] == found
        assert len(runs.seen) == count
    place.write_text(json.dumps(source(a="assert x == 1")))
    again, runs, _ = plans(files={"data.csv": b"1"})
    assert list(read(again)[0]["warm_up"].tests) == ["a"]
    assert len(runs.seen) == 4


def test_what_is_configured_is_not_kept_for_later(plans):
    planner, _, _ = plans("apart")
    planner.try_out("warm_up")
    again, _, _ = plans()
    assert read(again)[0]["warm_up"].of("b").apart is False


def test_tests_that_the_reference_solution_fails_are_told(plans):
    planner, runs, _ = plans()
    runs.rules["a"] = lambda plan, solved: FAIL
    _, told = read(planner)
    assert told[1] == "warm_up: the reference solution does not pass a; see lxmls-nb check day3"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cell: cell["metadata"]["nbgrader"].pop("points"), "'a' does not have points"),
        (lambda cell: cell["metadata"]["nbgrader"].update(grade_id="answer"), "Duplicate grade id"),
        (lambda cell: cell["metadata"]["nbgrader"].update(schema_version=9), "too new"),
    ],
)
def test_wrong_metadata_are_named(plans, change, said):
    planner, _, place = plans()
    notebook = source(a="assert x")
    change(notebook.cells[1])
    place.write_text(json.dumps(notebook))
    with pytest.raises(NbGraderException, match=f"warm_up.ipynb: .*{said}"):
        planner.read_valid("warm_up")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "is no notebook"),
        ("{}", "is no notebook"),
        (json.dumps(source(a="assert x")).replace("### END SOLUTION", ""), "no end solution"),
    ],
    ids=["no JSON", "no notebook", "no end"],  # nbformat may draw the ids of cells
)
def test_a_damaged_source_is_named(plans, text, said):
    planner, _, place = plans()
    place.write_text(text)
    with pytest.raises(NbGraderException, match=f"warm_up.ipynb.*{said}"):
        read(planner)


def test_a_line_tells_which_tests_run_together(plans):
    planner, _, place = plans()
    found, _ = read(planner)
    assert describe_together(found) == (
        "Tests that run together with the student's code, as in nbgrader: warm_up: b"
    )
    assert describe_together({}) == ""
    assert read_notebook(place).cells


def test_what_becomes_of_the_reference_solution_is_known_when_others_are_graded():
    runs = Runs(b=lambda plan, solved: FAIL, c=lambda plan, solved: TOO_LONG)
    plan, _ = try_notebook(source(a="assert x", b="assert x", c="assert x"), runs)
    assert [(test.passes, test.fault) for test in plan.tests.values()] == [
        (True, ""),
        (False, "AssertionError: 1 != 2"),
        (False, TOO_LONG),
    ]


def test_notebook_without_a_reference_solution_tells_nothing_of_its_tests():
    notebook = source(a="assert x")
    notebook.cells[0].source = "# Nobody has written one."
    plan, _ = try_notebook(notebook, Runs(a=lambda plan, solved: FAIL))
    assert (plan.of("a").apart, plan.of("a").why) == (False, "fails with the reference solution")
    assert (plan.of("a").passes, plan.of("a").fault) == (False, "")
