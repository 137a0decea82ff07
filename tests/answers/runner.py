"""Scores answers on the real source notebooks, each in a fork of one warm process."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lxmls_grading.cells import is_answer, is_test, read_notebook
from tests.answers.catalogue import FACTS, Answer

ROOT = Path(__file__).resolve().parents[2]

#: Seconds that an answer has.
TIMEOUT = 60


@dataclass
class CellScore:
    """What a test cell said of an answer.

    Attributes
    ----------
    grade_id : str
    points, max_points : float
    message, cause : str or None
        Of a failed check.
    output : str
        What the cell printed.
    """

    grade_id: str
    points: float
    max_points: float
    message: str | None = None
    cause: str | None = None
    output: str = ""


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
def source_notebook(name: str):
    """Return an instructor's notebook."""
    return read_notebook(ROOT / "source" / "day2" / f"{name}.ipynb")


def _run_notebook(name: str, answers: dict[str, str], repeats: int) -> list[CellScore]:
    """Run the imports, the solutions and the tests of a notebook, in this process.

    What else is given there (training, figures) decides nothing and is left out.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from lxmls_nb.checks import CheckFailed

    # Warnings are shown in a notebook; pytest's own filters would hide or raise them.
    warnings.resetwarnings()
    shell = InteractiveShell.instance()
    tests = []
    for cell in source_notebook(name).cells:
        if is_test(cell):
            tests.append(cell)
        elif cell.id == "imports" or (is_answer(cell) and cell.cell_type == "code"):
            with capture_output():
                shell.run_cell(answers.get(cell.id, cell.source), store_history=False)
    scores: dict[str, CellScore] = {}
    for cell in tests * repeats:
        metadata = cell.metadata.nbgrader
        with capture_output() as captured:
            result = shell.run_cell(cell.source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        # nbgrader's rule: a cell that raises, or writes to stderr, gets no points.
        failed = error is not None or bool(captured.stderr)
        before = scores.get(metadata.grade_id)
        if before is None or (failed and before.points):
            scores[metadata.grade_id] = CellScore(
                grade_id=metadata.grade_id,
                points=0.0 if failed else float(metadata.points),
                max_points=float(metadata.points),
                message=str(error or captured.stderr) if failed else None,
                cause=error.cause if isinstance(error, CheckFailed) else None,
                output=captured.stdout[-2000:],
            )
    return list(scores.values())


def _child(pipe, name: str, answers: dict[str, str], repeats: int) -> None:
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    pipe.send(_run_notebook(name, answers, repeats))
    pipe.close()


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
    import lxmls_nb.training  # noqa: F401
    from lxmls_nb.models import PytorchMLP  # noqa: F401


def score(
    name: str, answers: dict[str, str], answer: Answer | None = None, repeats: int = 1
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
        How often the tests are run; a cell has its points only if it passes each time.

    Raises
    ------
    RuntimeError
        If the answer ended its process or took too long.
    """
    warm_up()
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(sender, name, answers, repeats))
    child.start()
    sender.close()
    try:
        if not receiver.poll(TIMEOUT):
            raise RuntimeError(f"{answer or name} takes more than {TIMEOUT} s")
        return Score(answer, receiver.recv())
    except EOFError:
        raise RuntimeError(f"{answer or name} ended its process") from None
    finally:
        child.kill()
        child.join()


def score_answer(answer: Answer) -> Score:
    """Score an entry of the catalogue; right ones are tested twice in a row."""
    return score(
        answer.notebook, {answer.grade_id: answer.code}, answer, repeats=2 if answer.right else 1
    )


def full_marks(name: str) -> float:
    """Return the points of a notebook's test cells."""
    return sum(
        float(cell.metadata.nbgrader.points)
        for cell in source_notebook(name).cells
        if is_test(cell)
    )
