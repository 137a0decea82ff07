"""nbgrader's commands with this project's steps, but nothing that executes."""

from __future__ import annotations

import contextlib
import html
import re
import signal
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config

from lxmls_grading.cells import grade_id, is_answer, is_test
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.reasons import RAN, add_reason, reason, reasons_of
from tests.support.course import ROOT, reference_answers, release, source
from tests.support.submissions import complete

NAME = "exercise_2_1"
TEST = "test-loss"
ANSWER = "log-linear-gradients"


def course_config() -> Config:
    """Return what nbgrader_config.py sets."""
    config = Config()
    code = compile((ROOT / "nbgrader_config.py").read_text(), "nbgrader_config.py", "exec")
    exec(code, {"get_config": lambda: config})
    return config


def find(notebook, name: str):
    """Return the last cell of a name."""
    return [cell for cell in notebook.cells if grade_id(cell) == name][-1]


class Waits(BaseException):
    """Something waits for a pipe; no handler of exceptions catches this."""


@contextlib.contextmanager
def in_time(seconds: int = 120):
    """Fail where something waits for a pipe."""

    def too_long(*_):
        raise Waits

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class StubExecute(NbGraderPreprocessor):
    """In place of execution: tests pass unless an answer says what becomes of them."""

    def preprocess(self, nb, resources):
        text = "\n".join(cell.source for cell in nb.cells if is_answer(cell))
        cells = [cell for cell in nb.cells if is_test(cell)]
        if "DIES" in text:
            names = [grade_id(cell) for cell in cells[1:]]
            add_reason(nb, reason("memory", names, limit="2 <GB>"))
        dead = {name for each in reasons_of(nb) for name in each.cells if each.kind not in RAN}
        for cell in cells:
            cell.outputs = []
            if grade_id(cell) in dead or "not attempted yet" in text:
                error = {"ename": "NotRun", "evalue": "no", "traceback": ["no"]}
                cell.outputs = [nbformat.v4.new_output("error", **error)]
        return nb, resources


def convert(
    converter,
    root: Path,
    steps: dict | None = None,
    force: bool = True,
    notebook: str = "*",
    sections: dict | None = None,
) -> None:
    """Run an nbgrader command on a course, by default anew; with more of a configuration."""
    config = course_config()
    config.CourseDirectory.root = str(root)
    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.sanitize_preprocessors = [
        "lxmls_grading.intake.rebuild.RebuildCells",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        StubExecute,
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "lxmls_grading.nbgrader_steps.SaveGrades",
        "lxmls_grading.feedback.comments.SaveReasons",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "lxmls_grading.feedback.comments.ShowReasons",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    config.Autograde.update(steps or {})
    config.merge(Config(sections or {}))
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id, coursedir.notebook_id = "day2", notebook
    command = converter(coursedir=coursedir, config=config)
    command.force = force
    with in_time():
        command.start()


def hand_in(course: Path, student: str, **answers: str) -> Path:
    """Write a student's submission: the reference answers, and some others."""
    folder = course / "submitted" / student / "day2"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("exercise_2_1", "exercise_2_2"):
        mine = reference_answers(source(name))
        mine |= {key: text for key, text in answers.items() if key in mine}
        nbformat.write(complete(release(name), mine), folder / f"{name}.ipynb")
    return folder


def scores(course: Path) -> dict[tuple[str, str], float]:
    """Return the points by student and notebook."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {
            (submission.student.id, notebook.name): notebook.score
            for submission in gradebook.assignment_submissions("day2")
            for notebook in submission.notebooks
        }


def details(course: Path, student: str, name: str = NAME):
    """Return the grades and the comments of a notebook, by cell."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission_notebook(name, "day2", student)
        grades = {
            grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for grade in notebook.grades
        }
        comments = {comment.name: comment.comment for comment in notebook.comments}
    return grades, comments


def feedback(course: Path, student: str) -> str:
    """Return the text of a page of feedback."""
    page = (course / "feedback" / student / "day2" / f"{NAME}.html").read_text()
    return " ".join(html.unescape(re.sub("<[^>]*>", "", page)).split())
