"""The command ``lxmls-nb check``."""

from __future__ import annotations

import time

from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException

from lxmls_grading.cells import read_notebook
from lxmls_grading.commands.base import CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.execution.execute_apart import ExecuteApart
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.plans import MODES, keep_plan, source_notebooks
from lxmls_grading.execution.trial import Trial, try_notebook
from lxmls_grading.execution.warm_process import shared_process
from lxmls_grading.intake.working_files import WorkingFiles


class CheckApp(CourseApp):
    """Runs the reference solution and a blank notebook, and tells what each test makes of them."""

    name = "lxmls-nb check"
    description = (
        "Run each test on the reference solution and on a blank notebook, apart from the student's "
        "process and together with it.\n\n"
        "Exit status: 0 if the reference solution passes everywhere, 1 if not, 2 if nothing could "
        "run."
    )
    examples = "lxmls-nb check day2"

    def work(self) -> int:
        """Print a table of all tests; return 0 if the reference solution passes all of them."""
        assignment = self.assignment()
        notebooks = source_notebooks(self.coursedir, assignment)
        if not notebooks:
            raise CommandError(f"there are no notebooks in source/{assignment}")
        step = ExecuteApart(parent=self)
        files = WorkingFiles(step.assignment_files(self.coursedir))

        def execute(notebook: NotebookNode, plan: NotebookPlan) -> NotebookNode:
            return shared_process().execute(notebook, step.settings(), files, plan)

        failed = 0
        try:
            step.check()
            for name, path in notebooks.items():
                start = time.monotonic()
                plan, trials = try_notebook(read_notebook(path), execute, MODES[step.tests])
                keep_plan(self.coursedir, assignment, name, plan)
                print(f"{name} ({time.monotonic() - start:.1f} s)")
                for test, trial in trials.items():
                    print(f"  {line(test, trial)}")
                    failed += trial.reference < trial.worth
        except NbGraderException as error:
            raise CommandError(str(error)) from None
        return 1 if failed else 0


def line(test: str, trial: Trial) -> str:
    """Return what is known of a test, as a line of the table."""
    where = "apart" if trial.plan.apart else f"together: {trial.plan.why}"
    notes = []
    if trial.reference < trial.worth:
        notes.append(
            f"ERROR: the reference solution gets {trial.reference:g} of {trial.worth:g} points"
        )
    if trial.worth and trial.blank > 0:
        notes.append(f"warning: a blank notebook gets {trial.blank:g} of {trial.worth:g} points")
    return "; ".join([f"{test}: {where}", *notes])
