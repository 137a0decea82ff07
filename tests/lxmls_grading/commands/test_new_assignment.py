"""A new assignment: a notebook that grades as it is, and names that are refused."""

from __future__ import annotations

import csv
import shutil

import nbformat
import pytest
from nbgrader.preprocessors import CheckCellMetadata

from lxmls_grading.cells import grade_id, is_answer, is_test, read_notebook
from lxmls_grading.commands.new_assignment import new_notebook
from lxmls_grading.intake.originals import read_originals
from tests.support.commands import run_command
from tests.support.course import ROOT
from tests.support.submissions import DELIMITER, reference_answers


@pytest.fixture
def notebook():
    return nbformat.reads(new_notebook("warm_up"), as_version=4)


def test_it_is_a_valid_and_tidy_source_notebook(notebook):
    nbformat.validate(notebook)
    CheckCellMetadata().preprocess(notebook, {})
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert set(cell.metadata) == {"nbgrader"}
        assert cell.metadata.nbgrader.schema_version == 3
        assert cell.id == grade_id(cell)
        assert cell.metadata.nbgrader.locked is not is_answer(cell)
        assert cell.source == cell.source.strip()
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert new_notebook("warm_up").endswith("}\n")


@pytest.mark.parametrize(
    ("name", "title"), [("warm_up", "Warm up"), ("PCA", "PCA"), ("2-trees", "2 trees")]
)
def test_its_title_is_its_name_in_words(name, title):
    first = nbformat.reads(new_notebook(name), as_version=4).cells[0]
    assert first.source.startswith(f"# {title}\n")


def test_students_get_neither_solution_nor_hidden_test(notebook):
    released = read_originals(notebook).released
    text = "\n".join(cell.source for cell in released.cells)
    assert "def mean" in text
    assert "sum(" not in text
    assert "isclose" not in text
    assert not any(DELIMITER.match(line) for line in text.splitlines())


def test_the_solution_passes_visible_and_hidden_tests(notebook):
    namespace: dict = {}
    answers = reference_answers(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(answers.get(cell.id, cell.source), namespace)
    assert sum(is_test(cell) for cell in notebook.cells) == 2


# --- the command ----------------------------------------------------------------------------------


def test_it_tells_what_to_do_next(folder, call):
    status, out, err = call("new-assignment", "day3", "--notebook", "warm_up")
    assert (status, err) == (0, "")
    assert out.startswith("source/day3/warm_up.ipynb is made")
    assert out.endswith("nbgrader generate_assignment day3\n")
    assert read_notebook(folder / "source" / "day3" / "warm_up.ipynb").cells
    assert not (folder / "gradebook.db").exists()


def test_another_notebook_joins_the_assignment(folder, call):
    (folder / "release" / "day3").mkdir(parents=True)
    assert call("new-assignment", "day3", "--notebook=warm_up", "--quiet") == (0, "", "")
    status, out, _ = call("new-assignment", "--assignment=day3", "--notebook=trees.ipynb")
    assert status == 0
    assert out.endswith("generate_assignment day3 --force\n")
    names = sorted(path.name for path in (folder / "source" / "day3").iterdir())
    assert names == ["trees.ipynb", "warm_up.ipynb"]


def test_what_is_there_stays(folder, call):
    path = folder / "source" / "day2" / "mine.ipynb"
    path.write_text("my own work")
    status, out, err = call("new-assignment", "day2", "--notebook", "mine")
    assert (status, out) == (2, "")
    assert "source/day2/mine.ipynb is there already" in err
    assert "another --notebook" in err
    assert path.read_text() == "my own work"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which assignment, and which notebook? lxmls-nb new-assignment day3 --notebook"),
        (["day3"], "which notebook? lxmls-nb new-assignment day3 --notebook warm_up"),
        (["day3", "day4", "--notebook=a"], "one assignment at a time, not 'day3' and 'day4'"),
        (["day3", "--notebook=a", "--notebook=b"], "--notebook can be given once, not as a and b"),
        (["day+3", "--notebook=a"], "'day+3' is no name for an assignment"),
        (["../day3", "--notebook=a"], "'../day3' is no name for an assignment"),
        (["day3", "--notebook=../a"], "'../a' is no name for a notebook"),
        (["day3", "--notebook=a*"], "'a*' is no name for a notebook"),
        (["day3", "--notebook=.a"], "'.a' is no name for a notebook"),
        (["day3", "--notebook=a "], "'a ' is no name for a notebook"),
        (["day3", f"--notebook={'a' * 300}"], "is no name for a notebook"),
    ],
)
def test_what_makes_no_sense_is_named_and_writes_nothing(folder, call, arguments, said):
    status, out, err = call("new-assignment", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert list(folder.parent.rglob("*.ipynb")) == []
    assert not (folder / "source" / "day3").exists()


def test_it_needs_the_folder_of_a_course(folder, call):
    (folder / "nbgrader_config.py").unlink()
    status, _, err = call("new-assignment", "day3", "--notebook", "warm_up")
    assert status == 2
    assert "there is no nbgrader_config.py" in err


def test_settings_of_the_whole_machine_make_no_folder_a_course(folder, call, monkeypatch):
    """Where the exchange is configured for all, the wrong folder is still the wrong folder."""
    everywhere = folder.parent / "etc"
    everywhere.mkdir()
    (everywhere / "nbgrader_config.py").write_text("get_config().Exchange.root = '/srv'\n")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(everywhere))
    own = (folder / "nbgrader_config.py").read_text()
    (folder / "nbgrader_config.py").unlink()
    shutil.rmtree(folder / "source", ignore_errors=True)
    status, _, err = call("new-assignment", "day3", "--notebook", "warm_up")
    assert status == 2
    assert "there is no nbgrader_config.py in" in err
    assert not (folder / "source").exists()
    (everywhere / "nbgrader_config.py").write_text(f"{own}\nc.CourseDirectory.root = '{folder}'\n")
    assert call("new-assignment", "day3", "--notebook", "warm_up")[0] == 0


@pytest.mark.slow
def test_it_is_checked_generated_and_graded_as_it_is(tmp_path):
    course = tmp_path / "course"
    course.mkdir()
    (course / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())

    def play(line: str) -> str:
        status, said = run_command(line, course, {"HOME": str(tmp_path)})
        assert status == 0, f"$ {line}\n{said}"
        return said

    play("lxmls-nb new-assignment day3 --notebook warm_up")
    assert "2 apart" in play("lxmls-nb check day3")
    play("nbgrader generate_assignment day3")
    play("mkdir -p submitted/ada submitted/bob")
    play("cp -r release/day3 submitted/ada/day3")
    play("cp -r release/day3 submitted/bob/day3")
    handed_in = course / "submitted" / "ada" / "day3" / "warm_up.ipynb"
    notebook = read_notebook(handed_in)
    solved = reference_answers(read_notebook(course / "source" / "day3" / "warm_up.ipynb"))
    for cell in notebook.cells:
        cell.source = solved.get(grade_id(cell), cell.source)
    nbformat.write(notebook, handed_in)
    said = play("lxmls-nb grade day3")
    assert "2 graded" in said
    play("nbgrader export --to points.csv")
    with open(course / "points.csv", newline="") as file:
        points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert points == {"ada": 3, "bob": 0}
