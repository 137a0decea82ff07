"""What an attack is, and what attacks share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_answer, is_test
from tests.attacks import ordinary_host
from tests.support.course import NOTEBOOKS, release, source
from tests.support.submissions import complete, reference_answers

#: The hosts.
HOSTS = (*NOTEBOOKS, ordinary_host.NAME)

#: Given cells that the hosts keep. The others (data, training, figures) decide nothing.
KEPT = ("imports", "pytorch-log-linear")

#: A wrong answer to each solution cell that attacks start from: of the right form, worth nothing.
WRONG = {
    ordinary_host.ANSWER: ordinary_host.WRONG,
    "log-linear-equations": """
block_equations = {f"block {letter}": "cross-entropy" for letter in "abcdefghi"}
""",
    "log-linear-gradients": """
def log_linear_gradients(weight, bias, input, output):
    return 0.0, np.zeros_like(weight), np.zeros_like(bias)
""",
    "numpy-backpropagation": """
class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        return [[np.zeros_like(weight), np.zeros_like(bias)] for weight, bias in self.parameters]
""",
    "pytorch-questions": """
pytorch_answers = {
    "weight_dtype": "int16", "label_dtype": "int16", "from_numpy_memory": "copies",
    "late_float": "leaf", "second_backward": "fails", "update_without_data": "updates",
    "loss_input": "logits", "softmax_dim": "features", "loss_average": "sum",
}
""",
    "pytorch-module": """
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return self.linear(input)

def training_step(model, optimizer, input, output):
    return 0.0
""",
    "pytorch-log-forward": """
class MyPytorchMLP(PytorchMLP):
    def log_forward(self, input):
        return torch.zeros(len(input), len(self.parameters[-1][0]))
""",
}

#: Tests of the dictionaries; the others of their notebooks are tests of the other answer.
DICTIONARIES = {
    ordinary_host.BESIDE: ("apart-beside",),
    "log-linear-equations": ("test-equations-forward", "test-equations-update"),
    "pytorch-questions": ("test-questions-types", "test-questions-graph", "test-questions-loss"),
}

#: Goes before what would hurt the machine: raises where the process that tests is in sight.
ISOLATED = """
import os
try:
    os.kill(@HARNESS@, 0)
except ProcessLookupError:
    pass
else:
    raise SystemExit("not isolated: what comes next would hurt this machine")
"""


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Code and files may hold ``@COURSE@`` (the course's folder), ``@SECRET@`` (a file outside of
    it), ``@MARK@`` (a file that only code outside of the sandbox can make), ``@PORT@`` (of a
    listener on 127.0.0.1), ``@SOCKET@`` (name of an abstract Unix socket that is listened on),
    ``@RUN@`` (stands in the command line of processes that are started), ``@HARNESS@`` (the id
    of the process that tests).

    Attributes
    ----------
    id : str
    number : str
        Of the catalogue of known attacks: ``"A1"``, ``"A1 A3"``, or nothing.
    description : str
        What is tried.
    code : str
        Comes after the wrong answer, in its cell.
    change : callable, optional
        Edits the notebook in place.
    write : callable, optional
        ``write(folder, notebook_path, places)`` changes the files of the submission after they
        are written; ``places`` is what the placeholders stand for.
    files : dict
        Further files of the submission: text by path.
    notebook : str
        The host.
    weak : str
        The solution cell with a wrong answer; the others of the notebook are right.
    plain : str
        The wrong answer that the attack is to help, by default that of :data:`WRONG`.
    earns : tuple of str
        Test cells that `plain` passes nevertheless.
    keeps : {"all", "before", "none"}
        Which points of right answers have to be there: ``"before"``, of cells that come before
        the weak one, where the attack kills the kernel; ``"none"``, where nothing is handed in
        that could be graded. Where it is ``"none"`` and `nothing`, no cell may have points.
    nothing : bool
        Whether the student has written no answer at all.
    reasons : tuple of str
        Kinds of reasons of which one has to be recorded; with none of them, anything goes.
    hurts : str
        Why stock nbgrader cannot be tried.
    unprotected : tuple of str
        Test cells that run together with the student's code, and whose points it can take.
    not_faulty : bool
        Whether no test may look as if it were the instructor's fault that it did not run.
    ends_kernel : bool
        Whether it ends its kernel where it succeeds, so that a reason tells.
    """

    id: str
    number: str
    description: str
    code: str = ""
    change: Callable[[NotebookNode], None] | None = None
    write: Callable[[Path, Path, dict[str, str]], None] | None = None
    files: dict[str, str] = field(default_factory=dict)
    notebook: str = "exercise_2_1"
    weak: str = ""
    plain: str = ""
    earns: tuple[str, ...] = ()
    keeps: str = "all"
    nothing: bool = False
    reasons: tuple[str, ...] = ()
    hurts: str = ""
    unprotected: tuple[str, ...] = ()
    not_faulty: bool = False
    ends_kernel: bool = False

    @property
    def weak_cell(self) -> str:
        """The solution cell with a wrong answer."""
        default = {
            "exercise_2_1": "log-linear-gradients",
            "exercise_2_2": "numpy-backpropagation",
            "exercise_2_3": "pytorch-module",
            "exercise_2_4": "pytorch-log-forward",
            ordinary_host.NAME: ordinary_host.ANSWER,
        }
        return self.weak or default[self.notebook]

    @property
    def plain_answer(self) -> str:
        """The wrong answer that the attack is to help."""
        return self.plain or WRONG[self.weak_cell]

    @property
    def points(self) -> dict[str, float]:
        """Points of each test cell for the plain wrong answer, with right ones beside it."""
        of_dictionary = DICTIONARIES.get(self.weak_cell)
        others = [cell for name in DICTIONARIES for cell in DICTIONARIES[name]]
        points = {}
        for cell in host(self.notebook).cells:
            if is_test(cell):
                name = str(grade_id(cell))
                weak = name in of_dictionary if of_dictionary else name not in others
                right = name in self.earns or not (weak or self.nothing)
                points[name] = float(cell.metadata.nbgrader.points) if right else 0.0
        return points

    @property
    def kept(self) -> list[str]:
        """Test cells that must have their points."""
        if self.keeps == "none":
            return []
        cells = [str(grade_id(cell)) for cell in host(self.notebook).cells]
        limit = cells.index(self.weak_cell) if self.keeps == "before" else len(cells)
        return [
            cell for cell, points in self.points.items() if points and cells.index(cell) < limit
        ]

    @property
    def student(self) -> str:
        return f"mallory-{self.id}"

    def submission(self) -> NotebookNode:
        """Return the notebook that is handed in, with placeholders."""
        code = f"{self.plain_answer.strip()}\n{self.code}"
        answers = reference_answers(host(self.notebook)) | {self.weak_cell: code}
        notebook = complete(host(self.notebook, released=True), answers)
        if self.change:
            self.change(notebook)
        return notebook


@cache
def _host(name: str, released: bool) -> NotebookNode:
    if name == ordinary_host.NAME:
        return ordinary_host.notebook(released)
    notebook = copy.deepcopy(release(name) if released else source(name))
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" or is_answer(cell) or is_test(cell) or cell.id in KEPT
    ]
    return notebook


def host(name: str, released: bool = False) -> NotebookNode:
    """Return a notebook of the course without what takes time and decides nothing."""
    return copy.deepcopy(_host(name, released))


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the cell of a ``grade_id``."""
    return next(cell for cell in notebook.cells if grade_id(cell) == name)
