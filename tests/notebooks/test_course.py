"""The course as a whole: released, opened, completed, graded."""

from __future__ import annotations

import contextlib
import html
import io
import re
import shutil

import nbformat
import numpy as np
import pytest
from nbgrader.api import Gradebook

from lxmls_grading.cells import is_answer, read_notebook
from lxmls_nb.data import AmazonData, SentimentCorpus
from lxmls_nb.models import glorot_weight_init
from lxmls_nb.training import train
from tests.support.course import (
    NOTEBOOKS,
    RELEASE,
    ROOT,
    SOURCE,
    definitions,
    nbval,
    release,
    run,
    source,
    write_completed,
)
from tests.support.submissions import DELIMITER, complete, reference_answers
from tools import demo, name_repository

#: Test accuracies in % that the LxMLS toolkit gives, before training and after each epoch.
LOG_LINEAR = [51.25, 63.00, 81.00, 82.00, 82.00, 82.75, 82.75, 83.00, 83.00, 83.75, 83.75]
MLP = [50.00, 58.75, 61.75, 66.25, 69.00, 71.75, 73.25, 76.00, 76.50, 77.50, 78.00]

#: Makes `import torch` fail as it does where PyTorch is not installed.
WITHOUT_TORCH = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("no torch here")

sys.meta_path.insert(0, NoTorch())
"""

#: This notebook is executed as on a student's machine: by stock kernels. They are forks elsewhere.
AS_AT_HOME = "exercise_2_3"

#: The contract: solution cells of each notebook.
SOLUTIONS = {
    "exercise_2_1": {"log-linear-comments", "log-linear-equations", "log-linear-gradients"},
    "exercise_2_2": {"numpy-backpropagation"},
    "exercise_2_3": {"pytorch-questions", "pytorch-module"},
    "exercise_2_4": {"pytorch-log-forward"},
}


@pytest.fixture(scope="module")
def books(books_cache):
    corpus = SentimentCorpus("books", cache=books_cache)
    return corpus, AmazonData(corpus)


def fit(model, data):
    return train(model.update, model.predict, data, verbose=False).accuracies


def mlp(names: dict, class_name: str, corpus):
    return names[class_name](
        geometry=[corpus.nr_features, 20, 2],
        activation_functions=["sigmoid", "softmax"],
        learning_rate=0.05,
    )


def test_numpy_log_linear_reproduces_the_published_accuracies(books):
    corpus, data = books
    names = definitions("exercise_2_1")
    model = names["NumpyLogLinear"](
        input_size=corpus.nr_features, num_classes=2, learning_rate=0.05
    )
    assert fit(model, data) == pytest.approx(LOG_LINEAR)


def test_log_linear_gradients_reproduce_the_published_accuracies(books):
    corpus, data = books
    gradients = definitions("exercise_2_1")["log_linear_gradients"]
    weight = glorot_weight_init((corpus.nr_features, 2), "softmax")
    bias = np.zeros((1, 2))

    def update(input, output):
        _, gradient_weight, gradient_bias = gradients(weight, bias, input, output)
        weight[:] -= 0.05 * gradient_weight
        bias[:] -= 0.05 * gradient_bias

    def predict(input):
        return np.argmax(input @ weight.T + bias, axis=1)

    assert train(update, predict, data, verbose=False).accuracies == pytest.approx(LOG_LINEAR)


def test_numpy_mlp_reproduces_the_published_accuracies(books):
    corpus, data = books
    model = mlp(definitions("exercise_2_2"), "MyNumpyMLP", corpus)
    assert fit(model, data) == pytest.approx(MLP)


def test_pytorch_log_linear_reproduces_the_published_accuracies(books, monkeypatch):
    corpus, data = books
    monkeypatch.setenv("LXMLS_NB_DEVICE", "cpu")
    model = definitions("exercise_2_3")["PytorchLogLinear"](
        input_size=corpus.nr_features, num_classes=2, learning_rate=0.05
    )
    assert fit(model, data) == pytest.approx(LOG_LINEAR)


def test_log_linear_module_reproduces_the_published_accuracies(books):
    import torch

    corpus, data = books
    names = definitions("exercise_2_3")
    model = names["LogLinear"](corpus.nr_features, 2)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel() > 2:
                first = glorot_weight_init((corpus.nr_features, 2), "softmax")
                parameter.copy_(torch.tensor(first))
            else:
                parameter.zero_()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    def update(input, output):
        names["training_step"](model, optimizer, input, output)

    def predict(input):
        return model(torch.tensor(input, dtype=torch.float32)).argmax(dim=1).numpy()

    assert train(update, predict, data, verbose=False).accuracies == pytest.approx(LOG_LINEAR)


def test_pytorch_mlp_reproduces_the_published_accuracies(books, monkeypatch):
    corpus, data = books
    monkeypatch.setenv("LXMLS_NB_DEVICE", "cpu")
    model = mlp(definitions("exercise_2_4"), "MyPytorchMLP", corpus)
    assert fit(model, data) == pytest.approx(MLP)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nbval_passes_on_the_release_as_first_opened(name, tmp_path, forked):
    shutil.copytree(RELEASE, tmp_path / "day2")
    nbval(tmp_path / "day2" / f"{name}.ipynb", "--nbval-lax", forked=forked)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nbval_passes_on_the_completed_release_without_tags(name, tmp_path, forked):
    write_completed(tmp_path, keep_tags=False)
    forked = forked if name != AS_AT_HOME else None
    nbval(tmp_path / f"{name}.ipynb", "--nbval-lax", forked=forked)


@pytest.mark.slow
@pytest.mark.usefixtures("forked_kernels")
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_only_cells_that_need_an_answer_may_raise(name):
    """Run the untouched release: what raises is tagged, and what is tagged raises."""
    from nbclient import NotebookClient

    notebook = nbformat.from_dict(release(name))
    NotebookClient(notebook, timeout=120, allow_errors=True).execute()
    raised = {
        cell.id
        for cell in notebook.cells
        if cell.cell_type == "code" and any(o.output_type == "error" for o in cell.outputs)
    }
    tagged = {
        cell.id for cell in notebook.cells if "raises-exception" in cell.metadata.get("tags", [])
    }
    assert raised == tagged
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                message = "\n".join(output.traceback)
                assert message.startswith(("Not attempted yet: ", "Not there yet: ")), cell.id
                assert len(output.traceback) <= 2, cell.id
    graded = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    for cell in graded:
        if cell.cell_type == "code" and not is_answer(cell):
            (error,) = [output for output in cell.outputs if output.output_type == "error"]
            assert "\n".join(error.traceback).startswith("Not attempted yet"), cell.id


@pytest.mark.slow
def test_release_equals_what_the_source_generates(tmp_path, forked):
    run(
        "nbgrader",
        "generate_assignment",
        "day2",
        "--no-db",
        f"--CourseDirectory.root={tmp_path}",
        f"--CourseDirectory.source_directory={SOURCE.parent}",
        forked=forked,
    )
    generated = tmp_path / "release" / "day2"
    assert sorted(p.name for p in generated.iterdir()) == sorted(p.name for p in RELEASE.iterdir())
    for path in generated.iterdir():
        assert path.read_bytes() == (RELEASE / path.name).read_bytes(), (
            f"{path.name}: source/ has changed; run make release"
        )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_delimiters_are_well_formed(name):
    """A mistyped delimiter would ship a test or a solution to students."""
    for cell in source(name).cells:
        inside = None
        for line in cell.source.split("\n"):
            match = DELIMITER.match(line)
            if match is None:
                assert not re.search(r"\b(BEGIN|END)\b", line), f"{cell.id}: {line}"
            elif match[1] == "BEGIN":
                assert inside is None, f"{cell.id}: nested {line}"
                inside = match[2]
            else:
                assert inside == match[2], f"{cell.id}: {line} without its BEGIN"
                inside = None
        assert inside is None, f"{cell.id}: no END {inside}"
        metadata = cell.metadata.get("nbgrader", {})
        assert ("### BEGIN SOLUTION" in cell.source) == bool(metadata.get("solution")), cell.id
        assert "HIDDEN" not in cell.source or metadata["grade"], cell.id


def lines_by_region(name: str):
    """Yield the lines of a source notebook, each with the region that it stands in, else None."""
    for cell in source(name).cells:
        region = None
        for line in cell.source.split("\n"):
            match = DELIMITER.match(line)
            if match:
                region = match[2] if match[1] == "BEGIN" else None
            else:
                yield region, line.strip()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_release_holds_no_line_of_a_solution_or_hidden_test(name):
    lines = list(lines_by_region(name))
    secret = {line for region, line in lines if region}
    public = {line for region, line in lines if not region}
    secret = {line for line in secret if len(line) > 3} - public
    assert secret
    shown = {line.strip() for cell in release(name).cells for line in cell.source.split("\n")}
    assert not secret & shown
    package = "\n".join(path.read_text() for path in (ROOT / "lxmls_nb").rglob("*.py"))
    assert not [line for line in secret if len(line) > 40 and line in package]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_contract(name):
    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in source(name).cells
        if "nbgrader" in cell.metadata
    }
    solutions = {key for key, cell in cells.items() if is_answer(cell)}
    assert SOLUTIONS[name] <= solutions
    points = [
        cell.metadata.nbgrader.points for cell in cells.values() if cell.metadata.nbgrader.grade
    ]
    assert sum(points) == 10
    assert (
        sum(1 for cell in cells.values() if cell.metadata.nbgrader.grade and not is_answer(cell))
        >= 3
    )
    for key in solutions - SOLUTIONS[name]:
        assert not cells[key].metadata.nbgrader.grade, f"{key} is extra: it carries no points"


def folds(cell) -> set[str]:
    """Return the metadata that fold a cell away: the one for Colab has both, no other has any."""
    if cell.id != name_repository.COLAB_ID:
        return set()
    given = name_repository.COLAB_METADATA
    both = {"cellView", "jupyter"}
    assert {key: cell.metadata[key] for key in both} == {key: given[key] for key in both}
    return both


@pytest.mark.parametrize("folder", [SOURCE, RELEASE], ids=["source", "release"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_tidy(folder, name):
    """No outputs, no counts, no noise in the metadata, readable ids."""
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell.id), cell.id
        locks = set() if folder == SOURCE else {"deletable", "editable"}  # nbgrader's
        assert set(cell.metadata) - locks <= {"nbgrader", "tags"} | folds(cell), cell.id
        if "nbgrader" in cell.metadata:
            assert cell.metadata.nbgrader.grade_id == cell.id
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


#: An answer that nbgrader's rule about stderr would give nothing.
LOGGING = """
import logging
import sys

logging.basicConfig(level=logging.INFO)

class Loud({name}):
    def backpropagation(self, input, output):
        logging.info("a line of a logger")
        print("a line on stderr", file=sys.__stderr__)
        return super().backpropagation(input, output)

{name} = Loud
"""


@pytest.fixture(scope="module")
def demo_course(tmp_path_factory):
    """The course of `make demo`, with a submission that cannot run and a noisy one beside it."""
    course = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "COURSE", course)
        write_class = demo.write_submissions

        def write_submissions():
            for student, name, cell, code in (
                ("erin", "exercise_2_2", "numpy-backpropagation", "class MyNumpyMLP(:"),
                (
                    "felix",
                    "exercise_2_2",
                    "numpy-backpropagation",
                    reference_answers(source("exercise_2_2"))["numpy-backpropagation"]
                    + LOGGING.format(name="MyNumpyMLP"),
                ),
            ):
                folder = course / "submitted" / student / "day2"
                folder.mkdir(parents=True)
                answers = reference_answers(source(name)) | {cell: code}
                nbformat.write(complete(release(name), answers), folder / f"{name}.ipynb")
            return write_class()

        patch.setattr(demo, "write_submissions", write_submissions)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            demo.main()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        yield course, gradebook, printed.getvalue()


@pytest.fixture
def graded_course(demo_course):
    return demo_course[1]


def test_demo_prints_points_and_where_the_feedback_lies(demo_course):
    _, gradebook, printed = demo_course
    lines = {line.split()[0]: line for line in printed.splitlines() if line.strip()}
    assert "40/40" in lines["ada"]
    assert "0/40" in lines["blaise"]
    assert "20/40" in lines["carl"]
    for notebook in gradebook.find_submission("day2", "dorothy").notebooks:
        assert 0 < notebook.score < 10, notebook.name
    pages = [line.strip() for line in printed.splitlines() if line.strip().endswith(".html")]
    assert len(pages) == 4
    assert all((ROOT / page).is_file() for page in pages)


def test_feedback_holds_no_line_of_a_hidden_test(demo_course):
    course, _, _ = demo_course
    pages = {path: path.read_text() for path in course.glob("feedback/*/day2/*.html")}
    assert len(pages) == 6 * 4  # of notebooks that are missing, too
    for path, page in pages.items():
        text = " ".join(html.unescape(re.sub("<[^>]*>", "", page)).split())
        assert "HIDDEN" not in text, path
        assert "MARK SCHEME" not in text, path
        own = course / "submitted" / path.parts[-3] / "day2" / f"{path.stem}.ipynb"
        released = course / "release" / "day2" / own.name
        for line in hidden_lines(path.stem, read_notebook(own if own.exists() else released)):
            assert " ".join(line.split()) not in text, f"{path}: {line}"


def test_feedback_names_the_mistake(demo_course):
    page = (demo_course[0] / "feedback/dorothy/day2/exercise_2_2.html").read_text()
    text = " ".join(html.unescape(re.sub("<[^>]*>", "", page)).split())
    assert "the derivative of the sigmoid seems to be missing" in text


def hidden_lines(name: str, submission) -> set[str]:
    """Return the lines of a notebook's hidden tests that a submission does not hold itself."""
    hidden = {line for region, line in lines_by_region(name) if region == "HIDDEN TESTS"}
    shown = "\n".join(cell.source for cell in submission.cells)
    lines = {line for line in hidden if len(line) > 20 and line not in shown}
    assert lines
    return lines


def test_output_on_stderr_costs_no_points(demo_course):
    _, gradebook, _ = demo_course
    (notebook,) = [
        notebook
        for notebook in gradebook.find_submission("day2", "felix").notebooks
        if notebook.name == "exercise_2_2"
    ]
    assert notebook.score == 10


def auto_scores(gradebook, student: str) -> dict[str, tuple[float, float]]:
    """Return the points and the maximum of the cells that are graded automatically."""
    submission = gradebook.find_submission("day2", student)
    return {
        f"{notebook.name}/{grade.name}": (grade.auto_score, grade.max_score)
        for notebook in submission.notebooks
        for grade in notebook.grades
        if grade.name != "log-linear-comments" and grade.max_score > 0
    }


def test_nbgrader_gives_the_reference_answers_full_marks(graded_course):
    scores = auto_scores(graded_course, "ada")
    assert {key: pair for key, pair in scores.items() if pair[0] != pair[1]} == {}
    assert sum(maximum for _, maximum in scores.values()) == 38  # 2 points are given by hand


def test_nbgrader_gives_the_untouched_release_nothing(graded_course):
    scores = auto_scores(graded_course, "blaise")
    assert {key: pair for key, pair in scores.items() if pair[0] != 0} == {}
    assert len(scores) >= 12


def test_comments_are_graded_by_hand(graded_course):
    submission = graded_course.find_submission("day2", "ada")
    (comments,) = [
        grade
        for notebook in submission.notebooks
        for grade in notebook.grades
        if grade.name == "log-linear-comments"
    ]
    assert comments.auto_score is None
    assert (comments.manual_score, comments.max_score) == (2, 2)  # given in the demo


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nbgrader_validate_passes_the_reference_answers(name, tmp_path, forked):
    write_completed(tmp_path)
    forked = forked if name != AS_AT_HOME else None
    path = str(tmp_path / f"{name}.ipynb")
    done = run("nbgrader", "validate", path, cwd=tmp_path, forked=forked)
    assert "Success! Your notebook passes all the tests." in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS[:2])
def test_numpy_notebooks_run_without_torch(name, tmp_path):
    write_completed(tmp_path)
    notebook = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
    code = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    script = tmp_path / "without_torch.py"
    script.write_text(f"{WITHOUT_TORCH}\n{code}\n")
    run("without_torch", cwd=tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT}", MPLBACKEND="agg")
