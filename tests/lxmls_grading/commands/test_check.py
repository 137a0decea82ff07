"""What `lxmls-nb check` prints: a table that can be read, and an exit status."""

from __future__ import annotations

import json

import pytest

from lxmls_grading.commands.check import errors_of, summary, table, warnings_of
from lxmls_grading.commands.new_assignment import new_notebook
from lxmls_grading.execution import plan
from lxmls_grading.execution.trial import Outcome, Trial
from tests.support.commands import run_command
from tests.support.course import ROOT
from tests.support.small_course import marks


def trial(why="", reference=2.0, blank=0.0, **more) -> Trial:
    return Trial(
        plan.TestPlan(not why, why), 2.0, Outcome(reference, 0.125, **more), Outcome(blank)
    )


TRIALS = {
    "test-mean": trial(),
    "test-globals": trial("uses `globals()`"),
    "test-source": trial("looks into the code of the answer, as `inspect` does"),
    "test-typo": trial(reference=0, error="line 2, NameError: name 'men' is not defined"),
    "test-five": trial(reference=0, error="its last line gives 5", fault=True),
    "test-loop": trial(reference=0, error="takes longer than 360 s", fault=True),
    "test-part": trial(reference=1),
    "test-nothing": trial(blank=2),
}

STRAY = [("test-mean", "### BEGIN HIDDEN TEST")]

EXPECTED = """\
warm_up
  test          reference  blank    time  runs
  test-mean           2/2    0/2  0.12 s  apart
  test-globals        2/2    0/2  0.12 s  together: uses `globals()`
  test-source         2/2    0/2  0.12 s  together
    together: looks into the code of the answer, as `inspect` does
  test-typo           0/2    0/2  0.12 s  apart
    ERROR: the reference solution does not pass: line 2, NameError: name 'men' is not defined
  test-five           0/2    0/2  0.12 s  apart
    ERROR: the test cannot be carried out: its last line gives 5
  test-loop           0/2    0/2  0.12 s  apart
    ERROR: the test cannot be carried out: it takes longer than 360 s
  test-part           1/2    0/2  0.12 s  apart
    ERROR: the reference solution does not pass: it gets 1 of 2 points
  test-nothing        2/2    2/2  0.12 s  apart
    warning: a blank notebook gets 2 of 2 points: does the test ask for anything of the answer?
  warning: `### BEGIN HIDDEN TEST` in `test-mean` is no delimiter: students get what follows
"""


def test_the_table():
    assert "\n".join(table("warm_up", TRIALS, STRAY, 100)) == EXPECTED
    assert max(map(len, table("warm_up", TRIALS, STRAY, 60))) <= 60


def test_a_notebook_without_tests_is_told():
    assert "no test cells" in "\n".join(table("essay", {}, [], 100))


def test_the_summary():
    assert summary(list(TRIALS.values())) == "8 tests: 6 apart, 2 together, 4 errors, 1 warning"
    assert summary([trial()], 1) == "1 test: 1 apart, no errors, 1 warning"
    assert summary([trial()]) == "1 test: 1 apart, no errors, no warnings"


def test_a_test_without_points_is_never_wrong():
    task = Trial(plan.TestPlan(), 0.0, Outcome(0.0), Outcome(0.0))
    assert (errors_of(task), warnings_of(task)) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which assignment? Name one: day2"),
        (["day3"], "there is no assignment 'day3' in source/: did you mean day2? If not, run "
         "`lxmls-nb new-assignment day3`"),
        (["day2"], "there are no notebooks in source/day2"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(folder, call, arguments, said):
    status, out, err = call("check", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_mistyped_notebook_is_named(folder, call):
    (folder / "source" / "day2" / "warm_up.ipynb").write_text(new_notebook("warm_up"))
    status, _, err = call("check", "day2", "--notebook", "warmup")
    assert status == 2
    assert "there is no notebook 'warmup' in source/day2: did you mean warm_up?" in err


@pytest.mark.slow
def test_a_course_without_gradebook_is_checked(tmp_path):
    course = tmp_path / "course"
    folder = course / "source" / "day3"
    folder.mkdir(parents=True)
    (course / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    notebook = json.loads(new_notebook("warm_up"))
    (folder / "right.ipynb").write_text(json.dumps(notebook))
    for name, code in {
        "magic": "%timeit -n1 -r1 mean([1])\nassert mean([1]) == 1",
        "typo": "### BEGIN HIDDEN TESTS\nassert men([1]) == 1\n### END HIDDEN TESTS",
        "typo-together": "### BEGIN HIDDEN TEST\n%time 1\nassert men([1]) == 1",
        "any": "assert True",
    }.items():
        cell = {"cell_type": "code", "id": name, "metadata": marks(name, True, False)}
        cell |= {"source": code, "outputs": [], "execution_count": None}
        notebook["cells"].append(cell)
    (folder / "wrong.ipynb").write_text(json.dumps(notebook))

    status, said = run_command("lxmls-nb check day3", course, {"HOME": str(tmp_path)})
    assert status == 1
    assert not (course / "gradebook.db").exists()
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert max(map(len, said.splitlines())) <= 100

    def row(name: str) -> list[str]:
        [place] = [n for n, line in enumerate(lines) if line.startswith(f"{name} ")]
        return lines[place : place + 4]

    assert row("magic")[0].startswith("magic 2/2 0/2 0.")
    assert "together: is not Python alone" in " ".join(row("magic"))
    for name, number in ("typo", 2), ("typo-together", 3):
        assert f": line {number}, NameError: name 'men' is not defined" in " ".join(row(name))
    assert row("any")[0].startswith("any 2/2 2/2")
    assert row("any")[1].startswith("warning: a blank notebook gets 2 of 2 points")
    assert lines[-1] == "8 tests: 5 apart, 3 together, 2 errors, 2 warnings"

    line = "lxmls-nb check day3 --notebook right --quiet"
    status, said = run_command(line, course, {"HOME": str(tmp_path)})
    assert (status, said) == (0, "2 tests: 2 apart, no errors, no warnings\n")
