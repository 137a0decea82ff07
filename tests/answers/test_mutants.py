"""Small changes of the reference answers are caught, and where they are not, it is reported."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.answers.catalogue import FOLDER, NOTEBOOKS
from tests.answers.mutants import running
from tests.answers.mutants.__main__ import main
from tests.answers.mutants.equivalents import complaints, read_equivalents
from tests.answers.mutants.running import outcomes

pytestmark = pytest.mark.slow

ANSWER = """\
def minus(x, y):
    ### BEGIN SOLUTION
    return x - y
    ### END SOLUTION
"""
STRONG = "assert minus(5, 3) == 2\nassert minus(1, 1) == 0"
WEAK = "assert minus(1, 1) == 0"
EQUIVALENT = "# %% minus\n# The tests know no other numbers.\n-return x - y\n+return y - x\n"


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_each_mutant_is_caught_or_listed_as_equivalent(notebook):
    found = list(outcomes(notebook))
    assert len(found) >= 70
    assert len({outcome.key for outcome in found}) == len(found)
    assert not complaints(found, read_equivalents(notebook, FOLDER))


@pytest.fixture
def course(tmp_path):
    """Return a function that runs the command on a course of one answer and one test."""

    def run(answer: str, test: str, equivalents: str = "") -> int:
        cells = [
            _cell("minus", answer, solution=True),
            _cell("test-minus", test, grade=True, points=1),
        ]
        source, answers = tmp_path / "source/day9", tmp_path / "tests/answers/day9/one"
        for folder in (source, answers):
            folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
        (answers / "equivalent.diff").write_text(equivalents)
        running.source_notebook.cache_clear()
        return main(["day9", "--course", str(tmp_path)])

    yield run
    running.source_notebook.cache_clear()


def _cell(name: str, source: str, **nbgrader):
    marks = {"grade": False, "solution": False, "locked": False, "schema_version": 3, **nbgrader}
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, **marks}})


def test_a_test_that_catches_all_mutants_is_reported_as_such(course, capsys):
    assert course(ANSWER, STRONG) == 0
    table = capsys.readouterr().out
    # x + y, y - x, x, y, -(x - y), None, y - y, x - x and nothing at all
    assert re.search(r"one minus +9 +9 +0 \(0%\) +0 +9 +0 +0\n", table)
    assert "Each mutant is caught" in table


def test_a_weakened_test_lets_mutants_survive_and_the_command_fails(course, capsys):
    assert course(ANSWER, WEAK) == 1
    text = capsys.readouterr().out
    assert "one, minus: no test catches\n-return x - y\n+return y - x\n" in text
    assert "+return x + y" not in text


def test_mutants_that_are_listed_may_survive(course, capsys):
    entries = [EQUIVALENT.replace("y - x", new) for new in ("y - x", "x - x", "y - y")]
    assert course(ANSWER, WEAK, "\n".join(entries)) == 1
    text = capsys.readouterr().out
    assert "+return y - x" not in text
    assert text.count("no test catches") == 1
    assert "+return -(x - y)" in text


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (EQUIVALENT, "test-minus catches, though it is listed as equivalent"),
        (EQUIVALENT.replace("y - x", "x % y"), "listed as equivalent, and no mutant any more"),
        (EQUIVALENT.replace("%% minus", "%% plus"), "no mutant any more"),
    ],
    ids=["caught", "gone", "of-no-answer"],
)
def test_an_entry_that_does_not_hold_is_named(course, capsys, entry, message):
    assert course(ANSWER, STRONG, entry) == 1
    assert message in capsys.readouterr().out


@pytest.mark.parametrize(
    "entry",
    [
        EQUIVALENT * 2,
        EQUIVALENT.replace("# The", "The"),
        "# %% minus\n# Why.\n",
        "x\n" + EQUIVALENT,
    ],
    ids=["twice", "no-reason", "no-change", "before-the-first"],
)
def test_an_entry_that_cannot_be_read_is_named(course, capsys, entry):
    with pytest.raises(SystemExit):
        course(ANSWER, STRONG, entry)
    assert "equivalent.diff: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("while x < 0: pass", "takes more than 1 s"),
        ("if x < 0: import os; os._exit(0)", "ended its process"),
    ],
    ids=["loop", "end"],
)
def test_a_mutant_that_blocks_or_ends_the_process_is_caught_and_the_rest_runs(
    course, tmp_path, monkeypatch, line, message
):
    monkeypatch.setattr(running, "TIMEOUT", 1)
    course(ANSWER.replace("    return", f"    {line}\n    return"), STRONG)
    found = list(outcomes("one", tmp_path / "source/day9"))
    messages = {each.change: each.failure and each.failure.message for each in found}
    start = line.partition(":")[0]
    assert message in messages[f"-{start}:\n+{start.replace('<', '>')}:"]
    assert messages["-return x - y\n+return x + y"].startswith("AssertionError")


def test_a_reference_answer_that_fails_is_named(course, capsys):
    with pytest.raises(SystemExit):
        course(ANSWER, "assert minus(1, 1) == 1")
    assert "one, minus: the reference answer fails: AssertionError" in capsys.readouterr().err
