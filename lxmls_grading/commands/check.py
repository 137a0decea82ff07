"""The command ``lxmls-nb check``."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException
from traitlets import default

from lxmls_grading.commands.base import ALIASES, CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.plans import Plans
from lxmls_grading.execution.trial import Trial
from lxmls_grading.execution.warm_process import GradingError
from lxmls_grading.intake.delimiters import stray_delimiters
from lxmls_grading.intake.personal_numbers import check_calls
from lxmls_grading.machine.bars import tqdm
from lxmls_grading.machine.temporary_folder import TemporaryFolderError
from lxmls_grading.nbgrader_steps import ExecuteApart
from lxmls_grading.people.matching import close_names
from lxmls_grading.sandbox.bubblewrap import SandboxError

#: Columns of the table where it goes to no terminal, and the fewest and most elsewhere.
WIDTH, LEAST, MOST = 100, 60, 120

HEADER = ("test", "reference", "blank", "time", "runs")


class CheckApp(CourseApp):
    """Runs the reference solution and a blank notebook, and tells what each test makes of them."""

    name = "lxmls-nb check"
    description = (
        "Run each test of the notebooks in source/ on the reference solution and on a blank "
        "notebook, apart from the student's process and together with it. A test that the "
        "reference solution does not pass is an error, one that a blank notebook passes a "
        "warning.\n\n"
        "Exit status: 0 if the reference solution passes everywhere, 1 if not, 2 if nothing could "
        "run."
    )
    examples = "lxmls-nb check day2\nlxmls-nb check day3 --notebook warm_up"

    aliases = ALIASES | {
        "notebook": (
            "CourseDirectory.notebook_id",
            "The name or a pattern of notebooks (default: all).",
        )
    }

    @default("classes")
    def _classes_default(self) -> list[type]:
        return [*super()._classes_default(), ExecuteApart]

    def work(self) -> int:
        """Print a table of all tests; return 0 if the reference solution passes all of them."""
        assignment = self.assignment(generated=False)
        step = ExecuteApart(parent=self)
        try:
            planner = step.planner(self.coursedir)
            names = self._chosen(planner, assignment)
            step.check()
            found, stray = self._try(planner, names)
        except (NbGraderException, SandboxError, TemporaryFolderError, GradingError) as error:
            raise CommandError(str(error)) from None
        print(summary(found, stray))
        return 1 if any(errors_of(trial) for trial in found) else 0

    def _chosen(self, planner: Plans, assignment: str) -> list[str]:
        """Return the names of the notebooks to try."""
        known, pattern = planner.notebooks, self.coursedir.notebook_id
        if not known:
            raise CommandError(
                f"there are no notebooks in source/{assignment}: "
                f"`lxmls-nb new-assignment {assignment} --notebook NAME` makes one"
            )
        chosen = [name for name in known if name == pattern or fnmatchcase(name, pattern)]
        if not chosen:
            raise CommandError(
                f"there is no notebook {pattern!r} in source/{assignment}"
                f"{close_names(pattern, known) or ': ' + ', '.join(known)}"
            )
        return chosen

    def _try(self, planner: Plans, names: list[str]) -> tuple[list[Trial], int]:
        """Try notebooks, and print tables; return the trials, and the number of other warnings."""
        found: list[Trial] = []
        stray: list[tuple[str, str]] = []
        width = max(LEAST, min(shutil.get_terminal_size((WIDTH, 0)).columns, MOST))
        # None: no bar where there is no terminal.
        with tqdm(names, unit="notebook", disable=self.quiet or None, leave=False) as bar:
            for name in bar:
                source = planner.read_valid(name)
                check_calls(source)
                here = stray_delimiters(source, self.config)
                _, trials = showing_runs(planner, name, bar).try_out(name)
                with bar.external_write_mode():
                    if not self.quiet:
                        print("\n".join(table(name, trials, here, width)), flush=True)
                found += trials.values()
                stray += here
        return found, len(stray)


def showing_runs(planner: Plans, name: str, bar: Any) -> Plans:
    """Return a planner that shows on a bar which run of a notebook it is at."""
    number = 0

    def execute(notebook: NotebookNode, plan: NotebookPlan) -> NotebookNode:
        nonlocal number
        number += 1
        bar.set_description(f"{name}, run {number}")
        return planner.execute(notebook, plan)

    return replace(planner, execute=execute)


def table(
    notebook: str, trials: dict[str, Trial], stray: list[tuple[str, str]], width: int
) -> list[str]:
    """Return what is known of the tests of a notebook, as lines with a header.

    Parameters
    ----------
    notebook : str
    trials : dict of Trial
        By the names of tests.
    stray : list of tuple
        Cells, and lines in them that look like delimiters.
    width : int
        Columns of the table.
    """
    rows = [
        (
            name,
            f"{trial.reference.points:g}/{trial.worth:g}",
            f"{trial.blank.points:g}/{trial.worth:g}",
            f"{trial.reference.seconds:.2f} s",
        )
        for name, trial in trials.items()
    ]
    widths = [max(map(len, column)) for column in zip(HEADER[:-1], *rows, strict=True)]

    def line(row: Iterable[str], last: str) -> str:
        name, *numbers = row
        cells = [name.ljust(widths[0])]
        cells += [text.rjust(space) for text, space in zip(numbers, widths[1:], strict=True)]
        return f"  {'  '.join(cells)}  {last}"

    lines = [notebook, line(HEADER[:-1], HEADER[-1])]
    if not rows:
        lines[1:] = ["  no test cells: nothing here gives points by itself"]
    for row, trial in zip(rows, trials.values(), strict=True):
        notes = [*errors_of(trial), *warnings_of(trial)]
        where = "apart" if trial.plan.apart else "together"
        if trial.plan.why:
            where += f": {trial.plan.why}"
        if trial.plan.why and len(line(row, where)) > width:
            notes.insert(0, where)
            where = where.partition(":")[0]
        lines.append(line(row, where))
        for note in notes:
            lines += textwrap.wrap(note, width, initial_indent=" " * 4, subsequent_indent=" " * 6)
    for cell, text in stray:
        note = f"warning: `{text}` in `{cell}` is no delimiter: students get what follows"
        lines += textwrap.wrap(note, width, initial_indent=" " * 2, subsequent_indent=" " * 4)
    return [*lines, ""]


def errors_of(trial: Trial) -> list[str]:
    """Return what is wrong with a test: sentences for its author."""
    found = trial.reference
    if found.points >= trial.worth:
        return []
    if found.fault:
        it = "" if found.error.startswith("its ") else "it "
        return [f"ERROR: the test cannot be carried out: {it}{found.error}"]
    why = found.error or f"it gets {found.points:g} of {trial.worth:g} points"
    return [f"ERROR: the reference solution does not pass: {why}"]


def warnings_of(trial: Trial) -> list[str]:
    """Return what is odd about a test: sentences for its author."""
    found = []
    if trial.worth and trial.blank.points > 0:
        found.append(
            f"warning: a blank notebook gets {trial.blank.points:g} of {trial.worth:g} points: "
            "does the test ask for anything of the answer?"
        )
    return found


def summary(trials: list[Trial], stray: int = 0) -> str:
    """Return a line that sums up trials, and other warnings."""
    apart = sum(trial.plan.apart for trial in trials)
    errors = sum(len(errors_of(trial)) for trial in trials)
    warnings = sum(len(warnings_of(trial)) for trial in trials) + stray
    parts = [
        f"{len(trials)} test{'s' * (len(trials) != 1)}",
        f"{apart} apart",
        *([f"{len(trials) - apart} together"] if apart < len(trials) else []),
        f"{errors or 'no'} error{'s' * (errors != 1)}",
        f"{warnings or 'no'} warning{'s' * (warnings != 1)}",
    ]
    return f"{parts[0]}: {', '.join(parts[1:])}"
