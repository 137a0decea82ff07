"""Numbers of each student's own: the same on every run, another for everybody else."""

from __future__ import annotations

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.converters.base import NbGraderException
from traitlets import TraitError
from traitlets.config import Config

from lxmls_grading.execution.plan import calls_checks_alone
from lxmls_grading.intake.personal_numbers import PersonalNumbers, check_calls, filled_in
from lxmls_nb.checks import personal
from tests.support.course import ROOT, run
from tests.support.small_course import RIGHT, marks, submit

SECRET = "a secret of sixteen characters"
WHO = "ada", "day2", "exercise", "test"


def drawn(source: str, *who: str, secret: str = SECRET) -> list:
    """Return the numbers that a test has, by running it."""
    found: list = []
    exec(filled_in(source, secret, *(who or WHO)), {"note": lambda *values: found.extend(values)})
    return found


def test_it_is_the_same_for_a_student_and_another_for_others():
    source = "note(checks.personal(21), personal(22))"
    numbers = drawn(source)
    assert numbers == drawn(source)
    assert len(set(numbers)) == 2
    others = [
        drawn(source, "blaise", *WHO[1:]),
        drawn(source, "ada", "day3", *WHO[2:]),
        drawn(source, "ada", "day2", "other", "test"),
        drawn(source, *WHO[:3], "other"),
        drawn(source, secret="another secret of the course"),
    ]
    assert len({number for each in [numbers, *others] for number in each}) == 12
    assert all(0 <= number < 2**31 for each in [numbers, *others] for number in each)


def test_names_that_run_together_are_told_apart():
    source = "note(personal(1))"
    assert drawn(source, "ab", "c", "d", "e") != drawn(source, "a", "bc", "d", "e")


def test_sizes_stay_in_their_range_and_reach_its_ends():
    numbers = [drawn("note(personal(5, 3, high=8))", f"s{n}", *WHO[1:])[0] for n in range(200)]
    assert set(numbers) == {3, 4, 5, 6, 7, 8}


def test_the_rest_of_the_code_stays_as_it_is():
    source = (
        "# für é — one and two\n"
        "note('é', checks.personal(7, 4,\n"
        "          9), [personal(1)], 'personal(1)')  # personal(1)\n"
        "note(other.personal if False else 3)"
    )
    code = filled_in(source, SECRET, *WHO)
    name, size, (seed,), text, three = drawn(source)
    assert (name, text, three) == ("é", "personal(1)", 3)
    assert 4 <= size <= 9
    assert code.split("\n") == [
        "# für é — one and two",
        f"note('é', {size}, [{seed}], 'personal(1)')  # personal(1)",
        "note(other.personal if False else 3)",
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("personal(n)", "whole numbers"),
        ("personal(1.5)", "whole numbers"),
        ("personal(True)", "whole numbers"),
        ("personal()", "whole numbers"),
        ("personal(*[1])", "whole numbers"),
        ("personal(1, **{'low': 1})", "whole numbers"),
        ("personal(5, 3)", "give both low and high"),
        ("personal(9, 3, 8)", "9 is not from 3 to 8"),
        ("%time personal(1)", "Python alone"),
    ],
)
def test_what_cannot_be_replaced_is_refused_by_name(source, said):
    with pytest.raises(NbGraderException, match=f"test: .*{said}"):
        filled_in(source, SECRET, *WHO)


def test_only_tests_are_touched_and_only_with_a_secret():
    answer = new_code_cell("personal(1)", metadata=marks("answer", False, True))
    check = new_code_cell("personal(1)", metadata=marks("check", True, False))
    own = new_code_cell("personal(1)")
    notebook = new_notebook(cells=[answer, check, own])
    PersonalNumbers().fill_in(notebook, *WHO[:3])
    assert [cell.source for cell in notebook.cells] == ["personal(1)"] * 3
    config = Config({"PersonalNumbers": {"secret": SECRET}})
    PersonalNumbers(config=config).fill_in(notebook, *WHO[:3])
    assert answer.source == own.source == "personal(1)"
    assert check.source.isdigit()


def test_check_names_a_call_that_cannot_be_replaced():
    cell = new_code_cell("personal(n)", metadata=marks("check", True, False))
    with pytest.raises(NbGraderException, match="check: `personal\\(n\\)` must have whole numbers"):
        check_calls(new_notebook(cells=[cell]))
    cell.source = "%time f(personality(3))"  # nothing is to be replaced, so that magics are fine
    check_calls(new_notebook(cells=[cell]))


def test_a_short_secret_is_refused():
    with pytest.raises(TraitError, match="6 characters"):
        _ = PersonalNumbers(config=Config({"PersonalNumbers": {"secret": "secret"}})).secret


def test_in_a_notebook_it_is_the_default():
    assert (personal(21), personal(5, 3, 8)) == (21, 5)
    with pytest.raises(ValueError, match="both low and high"):
        personal(5, 3)


def test_it_is_one_of_the_checks():
    """Such a test is known to run apart, without a trial."""
    assert calls_checks_alone("checks.square(f, sizes=[checks.personal(3), 4], seed=-1)")
    assert calls_checks_alone("checks.square(f, seed=checks.personal(3, 1, 5))")
    assert not calls_checks_alone("checks.square(f, seed=draw(3))")
    assert not calls_checks_alone("checks.square(f, sizes=[draw(3)])")
    assert not calls_checks_alone("checks.square(f, sizes={'a': checks.personal(3)})")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Two students, graded twice, by nbgrader and by a class run."""
    root = tmp_path_factory.mktemp("personal") / "course"
    (root / "source" / "day2").mkdir(parents=True)
    answer = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
    test = (
        "from lxmls_nb import checks\n"
        "### BEGIN HIDDEN TESTS\n"
        "print('drawn:', checks.personal(21))\n"
        "assert answers == {'a': 'b'}\n"
        "### END HIDDEN TESTS"
    )
    for name in ("first", "second"):
        cells = [
            new_markdown_cell("Say what follows a.", id="text"),
            new_code_cell(answer, id="answer", metadata=marks("answer", False, True)),
            new_code_cell(test, id="test", metadata=marks("test", True, False)),
        ]
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = new_notebook(cells=cells, metadata=metadata)
        nbformat.write(notebook, root / "source" / "day2" / f"{name}.ipynb")
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(f"{config}\nc.PersonalNumbers.secret = {SECRET!r}\n")
    run("nbgrader", "generate_assignment", "day2", cwd=root)
    for student in ("ada", "blaise"):
        submit(root, student, RIGHT, RIGHT)
    run("nbgrader", "autograde", "day2", cwd=root)
    shutil.copytree(root / "autograded", root / "by nbgrader")
    run("lxmls_grading.cli", "grade", "day2", "--force", "--workers=1", cwd=root)
    run("nbgrader", "generate_feedback", "day2", cwd=root)
    return root


def _numbers(folder) -> dict[str, tuple[str, str]]:
    """Return what each student's first test says, and what it has printed."""
    found = {}
    for student in ("ada", "blaise"):
        path = folder / student / "day2" / "first.ipynb"
        (test,) = [c for c in nbformat.read(path, as_version=4).cells if "drawn:" in c.source]
        found[student] = (test.source.split("\n")[2], test.outputs[0].text)
    return found


@pytest.mark.slow
def test_a_regrade_has_the_same_and_the_instructors_copy_shows_them(graded):
    numbers = _numbers(graded / "autograded")
    assert numbers == _numbers(graded / "by nbgrader")
    for line, printed in numbers.values():
        assert line == f"print('drawn:', {printed.split()[1]})"
    assert numbers["ada"] != numbers["blaise"]
    assert "21" not in {printed.split()[1] for _, printed in numbers.values()}


@pytest.mark.slow
def test_the_student_sees_no_hidden_test_with_them(graded):
    page = (graded / "feedback" / "ada" / "day2" / "first.html").read_text()
    assert "print(" not in page
