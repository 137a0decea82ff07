"""The page for authors, played: its commands, its cells, and what it shows of them."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from lxmls_grading.cells import grade_id, is_answer, read_notebook
from lxmls_grading.commands.new_assignment import new_notebook
from lxmls_grading.execution.plan import calls_checks_alone
from lxmls_grading.execution.trial import try_notebook, with_solutions
from lxmls_grading.intake.personal_numbers import filled_in
from tests.answers import __main__ as answers_command
from tests.answers import runner
from tests.project.test_docs import commands
from tests.support.commands import run_command
from tests.support.course import ROOT
from tests.support.execution import SETTINGS
from tests.support.small_course import marks

PAGE = (ROOT / "docs" / "authors.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """Return the blocks of a kind in the page."""
    return re.findall(rf"^```{kind}\n(.*?)\n```", PAGE, re.M | re.S)


ASSERTION, MESSAGE, CHECK, CALLS, PERSONAL, RIGHT = blocks("python")
READ_1, READ_2, READ_3, SETTING, TABLE, ANSWERS = blocks("text")
[WRONG] = blocks("diff")


def step(test: str, given: str = ""):
    """Return the new notebook with a test in the place of its own."""
    notebook = nbformat.reads(new_notebook("warm_up"), as_version=4)
    del notebook.cells[-1]
    notebook.cells[-1].source = test
    if given:
        cell = new_code_cell(given, id="check", metadata=marks("check", False, False))
        notebook.cells.insert(2, cell)
    return notebook


STEPS = {
    "assertion": (step(ASSERTION), READ_1),
    "message": (step(MESSAGE), READ_2),
    "check": (step(CALLS, CHECK), READ_3),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_each_step_runs_apart_and_tells_what_the_page_says(warm, name):
    source, read = STEPS[name]

    def execute(notebook, plan):
        return warm.execute(notebook, SETTINGS, plan=plan)

    plan, trials = try_notebook(source, execute)
    trial = trials["test-mean"]
    assert (trial.plan.apart, trial.plan.why) == (True, "")
    assert (trial.reference.points, trial.blank.points) == (trial.worth, 0)
    wrong = with_solutions(source)
    for cell in filter(is_answer, wrong.cells):
        cell.source = cell.source.replace(" / len(numbers)", "")
    executed = execute(wrong, plan)
    [error] = executed.cells[-1].outputs
    assert "\n".join(error.traceback) == read
    assert executed.cells[-1].metadata.get("lxmls_nb", {}) == (
        {"cause": "sum"} if name == "check" else {}
    )


def test_the_personal_numbers_of_the_page_can_be_drawn():
    drawn = filled_in(PERSONAL, "the secret of a course", "ada", "day2", "warm_up", "test")
    assert "personal" not in drawn
    assert calls_checks_alone(PERSONAL)
    assert calls_checks_alone(drawn)


def test_the_setting_is_one():
    from lxmls_grading.nbgrader_steps import ExecuteApart

    assert ExecuteApart.tests.values == re.findall(r'"(\w+)"', SETTING)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play the commands of the page; return the folder, and what each has written."""
    home = tmp_path_factory.mktemp("home")
    course = home / "my_course"
    course.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", course)
    environment = {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    written = {}
    for line in commands("docs/authors.md"):
        if line.startswith("python -m tests.answers"):
            source, _ = STEPS["check"]
            source.cells[-1].metadata.nbgrader.points = 3
            nbformat.write(source, course / "source" / "day3" / "warm_up.ipynb")
            folder = course / "tests" / "answers" / "day3" / "warm_up"
            folder.mkdir(parents=True)
            (folder / "right.py").write_text(RIGHT)
            (folder / "wrong.diff").write_text(WRONG)
        status, text = run_command(line, course, environment)
        assert status == 0, f"$ {line}\n{text}"
        written[line] = text
    return course, written


def test_commands_write_what_the_page_shows(played):
    _, written = played

    def timeless(text: str) -> str:
        return re.sub(r"\d\.\d\d s", "0.01 s", text.strip())

    assert timeless(written["lxmls-nb check day3"]) == timeless(TABLE)
    answers = written["python -m tests.answers day3 --course ~/my_course"]
    assert answers.strip() == ANSWERS.strip()


def test_students_get_the_cells_that_the_page_lists(played):
    course, _ = played
    released = read_notebook(course / "release" / "day3" / "warm_up.ipynb")
    names = {grade_id(cell) for cell in released.cells if cell.cell_type == "code"}
    listed = re.findall(r"^\| `([\w-]+)` \|", PAGE, re.M)
    assert set(listed) == names
    assert not re.search("SOLUTION|HIDDEN", "\n".join(cell.source for cell in released.cells))


def try_answers(course: Path) -> tuple[int, str]:
    """Do what `python -m tests.answers day3` does; return its exit status and what it wrote.

    A fork of this process does it, which has imported what takes the command six seconds.
    """
    runner.warm_up()
    said = course / "said.txt"
    process = runner.FORK.Process(target=_try_answers, args=(course, said))
    process.start()
    process.join()
    return process.exitcode, said.read_text(encoding="utf-8")


def _try_answers(course: Path, said: Path) -> None:
    with open(said, "w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        sys.exit(answers_command.main(["day3", "--course", str(course)]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((" mean\n# Adds", " maen\n# Adds"), "warm_up-loop: no solution cell 'maen'; there are"),
        (("of=plain", "of=plane"), "there is no right answer 'plane' to mean"),
        (("total = 0", "import os; os._exit(3)"), "warm_up-loop ended its process"),
        (("total += number", "total = number"), "REJECTED"),
        (("+    return sum(numbers)", "+    return sum(numbers) / len(numbers) "), "MISSED"),
    ],
)  # fmt: skip
def test_faults_of_a_catalogue_are_named(played, tmp_path, change, said):
    played_course, _ = played
    course = shutil.copytree(played_course, tmp_path / "course")
    folder = course / "tests" / "answers" / "day3" / "warm_up"
    for name in ("right.py", "wrong.diff"):
        path = folder / name
        path.write_text(path.read_text().replace(*change, 1))
    status, text = try_answers(course)
    assert status != 0
    assert said in text
    assert "Traceback" not in text
