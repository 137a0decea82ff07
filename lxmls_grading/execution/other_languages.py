"""Notebooks in other languages than Python that cannot be run: their tests wait for a person."""

from __future__ import annotations

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.reasons import add_reason, broken_test, not_run
from lxmls_grading.settings import Settings


def why_not(plan: NotebookPlan, settings: Settings) -> str:
    """Return why the tests of a notebook cannot be carried out: a clause; nothing if they can."""
    if plan.language and not plan.command:
        return f"its kernel for {plan.language} is not installed where this course is graded"
    if plan.language and not settings.sandbox:
        return f"a notebook in {plan.language} runs in a sandbox only, and grading runs without one"
    return ""


def not_carried_out(notebook: NotebookNode, what: str) -> None:
    """Write into all tests of a notebook why they have no result, for the instructor."""
    for cell in filter(is_test, notebook.cells):
        why = broken_test(str(grade_id(cell)), what)
        add_reason(notebook, why)
        cell.outputs = [not_run(why.text)]
