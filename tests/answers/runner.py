"""Scores answers on the real source notebooks, each in a fork of one warm process."""

from __future__ import annotations

import multiprocessing
import numbers
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing.connection import Connection
from pathlib import Path

from lxmls_grading.cells import grade_id, is_answer, is_test, read_notebook
from lxmls_grading.execution.needed import dispensable_cells
from tests.answers.catalogue import FACTS, Answer

#: The instructor's notebooks of this course.
SOURCE = Path(__file__).resolve().parents[2] / "source" / "day2"

#: Seconds that an answer has.
TIMEOUT = 60

#: Seconds in place of seven for answers that are known to be too slow: they take half a minute.
SLOW_SECONDS = 1.0

FORK = multiprocessing.get_context("fork")


@dataclass
class CellScore:
    """What a test cell said of an answer.

    Attributes
    ----------
    grade_id : str
    points, max_points : float
    message, cause : str or None
        Of a failed check.
    output, warned : str
        What the cell printed, and what it wrote to stderr.
    """

    grade_id: str
    points: float
    max_points: float
    message: str | None = None
    cause: str | None = None
    output: str = ""
    warned: str = ""


@dataclass
class Score:
    """What a notebook's tests said of an answer."""

    answer: Answer | None
    cells: list[CellScore] = field(default_factory=list)

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def max_points(self) -> float:
        return sum(cell.max_points for cell in self.cells)

    @property
    def failure(self) -> CellScore | None:
        """The first failed cell."""
        return next((cell for cell in self.cells if cell.message is not None), None)

    @property
    def causes(self) -> list[str]:
        """The causes that were named, in the order of the cells."""
        return [cell.cause for cell in self.cells if cell.cause]

    @property
    def is_named(self) -> bool:
        """Whether a message names what is wrong."""
        return self.answer is not None and bool(set(self.answer.causes) & set(self.causes))

    @property
    def misleading(self) -> list[str]:
        """What misleads: causes that are none of this answer's, texts that its entry lists."""
        if self.answer is None or self.answer.right:
            return []
        messages = [cell.message.lower() for cell in self.cells if cell.message is not None]
        texts = [text for text in self.answer.misleading if any(text in m for m in messages)]
        wrong = set(self.causes) - set(self.answer.causes) - FACTS
        return sorted(wrong | (set(self.answer.misleading) & set(self.causes)) | set(texts))


@cache
def source_notebook(name: str, source: Path = SOURCE):
    """Return an instructor's notebook."""
    return read_notebook(source / f"{name}.ipynb")


@cache
def needed_cells(name: str, source: Path = SOURCE) -> list:
    """Return the code cells that a notebook's tests need, in order, the tests among them.

    What is given and needed by none of them (training, figures, checks without points) decides
    nothing and is left out.
    """
    cells = source_notebook(name, source).cells
    dispensable = dispensable_cells(cells)
    last = max((place for place, cell in enumerate(cells) if is_test(cell)), default=-1)
    return [
        cell
        for place, cell in enumerate(cells[: last + 1])
        if cell.cell_type == "code" and place not in dispensable
    ]


def _run_notebook(
    name: str, source: Path, answers: dict[str, str], repeats: int
) -> list[CellScore]:
    """Run the solutions and the tests of a notebook, and what these need, in this process."""
    from IPython.core.interactiveshell import InteractiveShell

    # Warnings are shown in a notebook; pytest's own filters would hide or raise them.
    warnings.resetwarnings()
    shell = InteractiveShell.instance()
    scores = []
    for cell in needed_cells(name, source):
        if not is_test(cell):
            run_cell(shell, cell, answers.get(grade_id(cell), cell.source))
            continue
        for each in [run_test(shell, cell) for _ in range(repeats)]:
            if not scores or scores[-1].grade_id != each.grade_id:
                scores.append(each)
            elif each.points < scores[-1].points:
                scores[-1] = each
    return scores


def run_cell(shell, cell, code: str) -> None:
    """Run the code of a cell without a test in this process.

    The value of a cell that is no answer isn't shown: nobody looks at it, and to draw its figure
    takes ten times as long as all tests of a notebook.
    """
    from IPython.utils.capture import capture_output

    with capture_output():
        shell.run_cell(code, store_history=False, silent=not is_answer(cell))


def run_test(shell, cell) -> CellScore:
    """Run a test cell in this process, or a check without points, whose figure isn't drawn."""
    from IPython.utils.capture import capture_output

    from lxmls_nb.checks import CheckFailed

    with capture_output() as captured:
        result = shell.run_cell(cell.source, store_history=False, silent=not is_test(cell))
    error = result.error_before_exec or result.error_in_exec
    most = float(cell.metadata.nbgrader.get("points", 0))
    points = 0.0 if error else most
    if isinstance(result.result, numbers.Real) and not isinstance(result.result, bool):
        points = float(result.result)
    message = f"{error}" if isinstance(error, CheckFailed) else _described(error)
    if error is None and points < most:
        message = f"it gives {points:g} of {most:g} points"
    return CellScore(
        grade_id=grade_id(cell),
        points=points,
        max_points=most,
        message=message,
        cause=error.cause if isinstance(error, CheckFailed) else None,
        output=captured.stdout[-2000:],
        warned=captured.stderr[-2000:],
    )


def _described(error: BaseException | None) -> str | None:
    if error is None:
        return None
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


@contextmanager
def forked(function: Callable[..., None], source: Path, *arguments) -> Iterator[Connection]:
    """Let a fork of this process call a function, and kill it at the end.

    It works in a copy of the assignment's files, which this process makes and removes: a fork can
    be killed before it has removed anything.

    Parameters
    ----------
    function : callable
        Gets a pipe to send results through, then the arguments.
    source : Path
        The folder of the instructor's notebooks.

    Yields
    ------
    multiprocessing.connection.Connection
        Where the results come.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.ipynb")
        )
        receiver, sender = FORK.Pipe(duplex=False)
        child = FORK.Process(target=_work_in, args=(folder, function, sender, *arguments))
        child.start()
        sender.close()
        try:
            yield receiver
        finally:
            child.kill()
            child.join()
            receiver.close()


def _work_in(folder: str, function: Callable[..., None], sender: Connection, *arguments) -> None:
    """Call a function in a fork: in its folder, and without stderr."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.chdir(folder)
    sys.path.insert(0, folder)  # modules of the assignment
    function(sender, *arguments)


def _child(
    sender: Connection,
    name: str,
    source: Path,
    answers: dict[str, str],
    repeats: int,
    is_slow: bool,
) -> None:
    if is_slow:
        from lxmls_nb import checks

        checks.backpropagation_at_size = partial(
            checks.backpropagation_at_size, seconds=SLOW_SECONDS
        )
    sender.send(_run_notebook(name, source, answers, repeats))


@cache
def warm_up() -> None:
    """Import what answers need, so that a fork starts with it."""
    import matplotlib
    import torch
    from IPython.core.interactiveshell import InteractiveShell

    os.environ["LXMLS_NB_CORPUS"] = "snippets"
    os.environ["LXMLS_NB_DEVICE"] = "cpu"
    matplotlib.use("agg")
    torch.set_num_threads(1)  # a fork of a process with running threads can hang
    InteractiveShell.instance().history_manager.enabled = False
    # What the first step of an optimizer imports, half a second of it. No backward() here: its
    # threads would not survive the fork.
    tensor = torch.zeros(1, requires_grad=True)
    tensor.grad = torch.zeros(1)
    torch.optim.SGD([tensor], lr=0.1).step()
    import lxmls_nb.checks
    import lxmls_nb.plots
    import lxmls_nb.training
    from lxmls_nb.models import PytorchMLP  # noqa: F401

    for verdict in lxmls_nb.checks.__all__:  # imported when they are first used
        getattr(lxmls_nb.checks, verdict)


def score(
    name: str,
    answers: dict[str, str],
    answer: Answer | None = None,
    repeats: int = 1,
    source: Path = SOURCE,
) -> Score:
    """Score answers to a notebook in a fork of this process.

    Parameters
    ----------
    name : str
        Of the notebook, e.g. ``"exercise_2_2"``.
    answers : dict
        Code by ``grade_id``; the other solution cells keep the reference answers.
    answer : Answer, optional
        What the score belongs to.
    repeats : int
        How often each test is run; a cell has its points only if it passes each time.
    source : Path
        The folder of the instructor's notebooks.

    Raises
    ------
    RuntimeError
        If the answer ended its process or took too long.
    ValueError
        If the notebook has no solution cell of that name.
    """
    notebook = source_notebook(name, source)
    known = [grade_id(cell) for cell in notebook.cells if is_answer(cell)]
    if unknown := answers.keys() - {*known}:
        names = ", ".join(map(str, known))
        raise ValueError(f"{answer or name}: no solution cell {min(unknown)!r}; there are {names}")
    warm_up()
    needed_cells(name, source)  # found once, and not in each fork
    is_slow = answer is not None and "too-slow" in answer.causes
    with forked(_child, source, name, source, answers, repeats, is_slow) as receiver:
        if not receiver.poll(TIMEOUT):
            raise RuntimeError(f"{answer or name} takes more than {TIMEOUT} s")
        try:
            return Score(answer, receiver.recv())
        except EOFError:
            raise RuntimeError(f"{answer or name} ended its process") from None


def score_answer(answer: Answer, source: Path = SOURCE) -> Score:
    """Score an entry of the catalogue."""
    return score(answer.notebook, {answer.grade_id: answer.code}, answer, source=source)


def full_marks(name: str) -> float:
    """Return the points of a notebook's test cells."""
    return sum(
        float(cell.metadata.nbgrader.points)
        for cell in source_notebook(name).cells
        if is_test(cell)
    )
