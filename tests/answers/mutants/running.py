"""Runs mutants of the reference answers against the tests of a source notebook.

All mutants of an answer run in one fork of a warm process, each until a test fails: to fork for each
would take most of the time. They share nothing but the process; one that ends or blocks it is caught,
and the rest runs in another fork.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_answer, is_test
from tests.answers.catalogue import FACTS
from tests.answers.mutants.mutations import Mutant, mutants
from tests.answers.runner import (
    SOURCE,
    CellScore,
    forked,
    needed_cells,
    run_cell,
    run_test,
    source_notebook,
    warm_up,
)

#: Seconds that a mutant has. One that takes longer is caught: no right answer runs for ever.
TIMEOUT = 30

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@dataclass(frozen=True)
class Outcome:
    """What the tests made of a mutant.

    Attributes
    ----------
    notebook, grade_id : str
        Where the mutated answer is.
    change : str
        Its change of the reference answer, see :class:`~tests.answers.mutants.mutations.Mutant`.
    failure : CellScore or None
        The first test that failed; the tests after it did not run.
    """

    notebook: str
    grade_id: str
    change: str
    failure: CellScore | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells this mutant from all others."""
        return self.notebook, self.grade_id, self.change

    @property
    def is_fact(self) -> bool:
        """Whether the message is one that is simply so, such as an error of the answer itself."""
        return self.failure is not None and self.failure.cause in FACTS

    @property
    def is_named(self) -> bool:
        """Whether the message names a cause that is more than a fact."""
        return self.failure is not None and bool(self.failure.cause) and not self.is_fact


def mutants_of(cell: NotebookNode) -> list[Mutant]:
    """Return the mutants of an answer: of what stands between the marks of a solution."""
    lines = [line.strip() for line in cell.source.splitlines()]
    begins = [number for number, line in enumerate(lines, 1) if line == BEGIN]
    ends = [number for number, line in enumerate(lines, 1) if line == END]
    regions = zip(begins, ends, strict=True)
    return [each for first, last in regions for each in mutants(cell.source, first, last)]


def outcomes(name: str, source: Path = SOURCE, step: int = 1) -> Iterator[Outcome]:
    """Run the mutants of all answers to a notebook.

    Parameters
    ----------
    name : str
        Of the notebook, e.g. ``"exercise_2_2"``.
    source : Path
        The folder of the instructor's notebooks.
    step : int
        Every how many mutants one runs.

    Raises
    ------
    RuntimeError
        If the reference answer itself does not pass.
    """
    warm_up()
    needed_cells(name, source)  # found once, and not in each fork
    for cell in source_notebook(name, source).cells:
        found = mutants_of(cell)[::step] if is_answer(cell) else []
        failures = _failures(name, source, cell, [mutant.code for mutant in found])
        for mutant, failure in zip(found, failures, strict=True):
            yield Outcome(name, grade_id(cell), mutant.change, failure)


def _failures(
    name: str, source: Path, answer: NotebookNode, codes: list[str]
) -> Iterator[CellScore | None]:
    """Run texts of an answer in forks of this process; return the first failure of each."""
    while codes:
        with forked(_run_all, source, name, source, answer, codes) as receiver:
            failure, goes_on = _received(receiver)
            if failure:
                answered = f"{name}, {grade_id(answer)}: the reference answer"
                raise RuntimeError(f"{answered} fails: {failure.message}")
            while codes and goes_on:
                failure, goes_on = _received(receiver)
                codes = codes[1:]
                yield failure


def _received(receiver) -> tuple[CellScore | None, bool]:
    """Return the failure of the next text, and whether the process goes on to the one after it."""
    if not receiver.poll(TIMEOUT):
        return CellScore("", 0, 0, f"takes more than {TIMEOUT} s"), False
    try:
        return receiver.recv(), True
    except EOFError:
        return CellScore("", 0, 0, "ended its process"), False


def _run_all(sender, name: str, source: Path, answer: NotebookNode, codes: list[str]) -> None:
    """Run what an answer needs, then the answer and each text of it, and send the first failures."""
    from IPython.core.interactiveshell import InteractiveShell

    warnings.resetwarnings()
    shell = InteractiveShell.instance()
    notebook = source_notebook(name, source)
    place = [grade_id(cell) for cell in notebook.cells].index(grade_id(answer))
    needed = needed_cells(name, source)
    above = [cell for cell in notebook.cells[:place] if cell in needed or is_answer(cell)]
    below = [cell for cell in needed if cell in notebook.cells[place + 1 :]]
    if practice := _practice(answer, notebook.cells[place + 1 :]):
        below = [practice]
    for cell in above:
        if not is_test(cell):
            run_cell(shell, cell, cell.source)
    names = dict(shell.user_ns)
    for code in [answer.source, *codes]:
        shell.user_ns.clear()
        shell.user_ns.update(names)
        sender.send(_first_failure(shell, answer, code, below))


def _practice(answer: NotebookNode, below: list[NotebookNode]) -> NotebookNode | None:
    """Return the check of an answer without points; None for one that tests are about."""
    defined = set(re.findall(r"^(?:def|class) (\w+)", answer.source, re.MULTILINE))
    about = [cell for cell in below if defined & set(re.findall(r"\w+", cell.source))]
    if any(map(is_test, about)):
        return None
    return next(filter(_is_check, about), None)


def _is_check(cell: NotebookNode) -> bool:
    """Whether a cell calls a check, with points or without."""
    return is_test(cell) or (cell.cell_type == "code" and cell.source.startswith("checks."))


def _first_failure(
    shell, answer: NotebookNode, code: str, below: list[NotebookNode]
) -> CellScore | None:
    """Run an answer and the cells below it in this process; return the first test that failed."""
    run_cell(shell, answer, code)
    for cell in below:
        if not _is_check(cell):
            run_cell(shell, cell, cell.source)
        elif (score := run_test(shell, cell)).message is not None:
            return score
        elif re.search("^(Not yet|Your turn)", score.output, re.MULTILINE):  # a check that raises nothing
            return replace(score, message=score.output)
    return None
