"""Starts a student kernel as grading does, runs a cell in it, and a test beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.apps import NbGrader

from lxmls_grading.doctor.findings import Finding
from lxmls_grading.execution.execute_apart import ExecuteApart
from lxmls_grading.execution.warm_process import GradingError, WarmProcess
from lxmls_grading.reasons import reasons_of
from lxmls_grading.sandbox.bubblewrap import SandboxError

ANSWER = "answers = {'one': 'two'}"
TEST = "from lxmls_nb import checks\nchecks.dictionary(answers, expected={'one': 'two'})"


def inspect_student_kernel(app: NbGrader) -> Iterator[Finding]:
    """Execute a notebook of an answer and a test, and report how long that takes."""
    marks = {"schema_version": 3, "task": False, "solution": False, "locked": True}
    test = {"nbgrader": {**marks, "grade": True, "grade_id": "test", "points": 1}}
    answer = {"nbgrader": {**marks, "grade": False, "grade_id": "answer", "solution": True}}
    notebook = new_notebook(
        cells=[new_code_cell(ANSWER, metadata=answer), new_code_cell(TEST, metadata=test)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    settings = ExecuteApart(parent=app).settings()
    start = time.perf_counter()
    with WarmProcess() as process:
        try:
            process.start()
            warm = time.perf_counter()
            executed = process.execute(notebook, settings)
        except SandboxError as error:
            yield Finding(f"student kernel: {error.clause}", error.repair)
            return
        except GradingError as error:
            yield Finding(f"student kernel: {error}", "free memory, or make setup")
            return
    end = time.perf_counter()
    errors = [out.evalue for out in executed.cells[1].outputs if out.output_type == "error"]
    wrong = [why.text for why in reasons_of(executed)] + errors
    if wrong:
        yield Finding(f"student kernel: {wrong[0]}", "see the limits in nbgrader_config.py")
    else:
        yield Finding(
            f"student kernel: ran a cell and a test in {end - warm:.1f} s, after "
            f"{warm - start:.1f} s of imports"
        )
