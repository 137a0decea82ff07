"""Courses whose gradebooks and graded notebooks are made by hand, and reports read back."""

from __future__ import annotations

import csv
import json
import warnings
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.results.report import write_report

TIME = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)

#: Cells that give points, by notebook: the points of tests, and of an answer graded by hand.
TESTS = {"exercise_2_1": {"test-b": 2, "test-a": 1}, "exercise_2_2": {"test-c": 3}}
ESSAY, ESSAY_POINTS = "essay", 2
RIGHT: dict[str, tuple | None] = {}
NO_ANSWER = ("NotAttempted", "this needs your answer")
STOPPED = ("NotRun", "Time is up.")
TIMEOUT = {"kind": "timeout", "text": "Time is up: `train` took too long.", "cells": []}


def wrong(message: str, cause=None) -> tuple:
    """Return the error of a failed check, with the cause that it notes in the cell."""
    return "CheckFailed", message, cause


class Course:
    """A course whose gradebook and graded notebooks are made by hand."""

    def __init__(self, root: Path):
        self.root = root
        self.coursedir = CourseDirectory(root=str(root), course_id="lxmls_nb")

    def release(self) -> None:
        for name, tests in TESTS.items():
            # Not in the order of names: the source decides.
            write(self.root / "source" / "day2" / f"{name}.ipynb", notebook(name, RIGHT, {}))
            with self.gradebook() as gradebook:
                gradebook.update_or_create_assignment("day2")
                gradebook.add_notebook(name, "day2")
                for test, points in tests.items():
                    gradebook.add_grade_cell(test, name, "day2", max_score=points, cell_type="code")
        with self.gradebook() as gradebook:
            where = ("exercise_2_1", "day2")
            gradebook.add_grade_cell(ESSAY, *where, max_score=ESSAY_POINTS, cell_type="code")
            gradebook.add_solution_cell(ESSAY, *where)
            gradebook.add_task_cell("rubric", *where, max_score=0, cell_type="markdown")

    def gradebook(self) -> Gradebook:
        return Gradebook(self.coursedir.db_url, "lxmls_nb")

    def add(
        self,
        student: str,
        errors: dict[str, tuple | None] = RIGHT,
        essay: float | None = 0,
        penalty: float = 0,
        missing: tuple[str, ...] = (),
        answer: str = "",
        **notes,
    ) -> None:
        """Add a graded submission: errors by test; no points yet for an essay that is None.

        The answer stands above the tests of each notebook.
        """
        (self.root / "submitted" / student / "day2").mkdir(parents=True)
        with self.gradebook() as gradebook, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's use of SQLAlchemy
            gradebook.add_student(student)
            submission = gradebook.add_submission("day2", student)
            for saved in submission.notebooks:
                if saved.name == "exercise_2_2":
                    saved.late_submission_penalty = penalty
                for grade in saved.grades:
                    grade.needs_manual_grade = grade.name == "rubric"
                    if grade.name == ESSAY:
                        grade.manual_score, grade.needs_manual_grade = essay, essay is None
                    elif grade.name != "rubric":
                        lost = grade.name in errors or saved.name in missing
                        grade.auto_score = 0 if lost else TESTS[saved.name][grade.name]
            gradebook.db.commit()
        for name in TESTS:
            if name not in missing:
                write(self.graded(student, name), notebook(name, errors, notes, answer))

    def graded(self, student: str, name: str) -> Path:
        return self.root / "autograded" / student / "day2" / f"{name}.ipynb"

    def record(self, student: str, **values) -> None:
        record = {
            "student": student,
            "assignment": "day2",
            "graded": True,
            "digest": "",
            "time": "2026-11-24T03:50:00+00:00",
            "sandbox": True,
            "reasons": [],
            "seconds": {},
            "version": "0.1.0",
            "format": 1,
        }
        write(self.root / ".lxmls_nb" / "day2" / f"{student}.json", record | values)

    def report(self) -> tuple[str, list[dict[str, str]]]:
        page, table = write_report(self.coursedir, "day2", quiet=True, time=TIME)
        with open(table, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert all(None not in row and None not in row.values() for row in rows)
        return page.read_text(encoding="utf-8"), rows


def write(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def notebook(name: str, errors: dict, notes: dict, answer: str = "") -> dict:
    cells: list[dict] = [
        {"cell_type": "markdown", "id": "text", "metadata": {}, "source": "# Text"}
    ]
    if answer:
        marks = {"grade": False, "solution": True, "grade_id": "answer"}
        cells.append(
            {
                "cell_type": "code",
                "id": "answer",
                "metadata": {"nbgrader": marks},
                "source": answer.splitlines(keepends=True),  # as nbformat writes it
                "outputs": [],
                "execution_count": None,
            }
        )
    for test, points in TESTS[name].items():
        marks = {"grade": True, "solution": False, "points": points, "grade_id": test}
        metadata: dict = {"nbgrader": marks}
        outputs: list[dict] = [{"output_type": "stream", "name": "stdout", "text": "hello"}]
        if errors.get(test):
            kind, message, *cause = errors[test]
            outputs.append(
                {"output_type": "error", "ename": kind, "evalue": message, "traceback": []}
            )
            if any(cause):
                metadata["lxmls_nb"] = {"cause": cause[0]}
        cells.append(
            {
                "cell_type": "code",
                "id": test,
                "metadata": metadata,
                "source": ["check(\n", "    f\n", ")"] if answer else "",
                "outputs": outputs,
                "execution_count": None,
            }
        )
    notes = {"sandbox": True} | notes
    return {"cells": cells, "metadata": {"lxmls_nb": notes}, "nbformat": 4, "nbformat_minor": 5}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, headings, rows of tables."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.in_cell = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data):
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data

    def row(self, start: str) -> list[str]:
        (found,) = [row for row in self.rows if row[:1] == [start] and len(row) > 2]
        return [" ".join(cell.split()) for cell in found]
