"""Reasons: why a part of a submission could not be graded as it was handed in.

They are kept in the metadata of the notebook, where each later step and every report sees them.
"""

from __future__ import annotations

import re
import signal
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.cells import METADATA_KEY
from lxmls_nb.errors import WIDTH

#: The name of the error of a test that could not be carried out.
NOT_RUN_ERROR = "NotRun"

#: Kinds of reasons, each with the text that a student reads.
TEXTS = {
    "memory": "Out of memory: your code asked for more than {limit}.",
    "timeout": "Time is up: {what} took longer than {limit}. Is there a loop that never ends?",
    "kernel": "The kernel died: {what}.",
    "disk": "Disk full: your code wrote more than {limit}.",
    "processes": "Too many processes: your code started more than {limit}.",
    "messages": "Your code broke the connection to the kernel: {what}.",
    "fault": "The kernel could not run a cell, which need not be your fault: {what}. Your "
    "instructor will look at it.",
    "file": "A file that you handed in was not there when your code ran: {what}.",
    "tampered": "Cells that are not yours to edit were changed, and graded as released: {what}.",
    "repaired": "Your notebook was put in order before it was graded: {what}.",
    "set aside": "Your instructor will look at this by hand: {what}.",
    "renamed": "{notebook}.ipynb {state}, and {file} was graded in its place.",
    "left out": "There is more than one file for {notebook}: {graded} was graded, {files} not.",
    "missing": "{notebook}.ipynb was not handed in, and gets no points{what}.",
    "several": "{notebook}.ipynb {state}, and several files could be meant: {files}. "
    "None of them was graded; your instructor will look at it.",
    "uncertain": "{notebook}.ipynb {state}. Your answers may be in a file that cannot be graded: "
    "{files}. Your instructor will look at it.",
    "added name": "`{name}` is not defined: you added it to the cell {cell}, which is not yours to "
    "edit and was run as released. Put that line into your answer or a cell of your own.",
    "newer Python": "{cell} is no code in Python {grader}, which grades this course (see its line "
    "{line}). Your notebook was saved with Python {student}: if it runs there, it uses syntax that "
    "is newer. Write it without that.",
    "toolkit": "`{answer}` uses {toolkit}, where the gradients are to be worked out by hand. This "
    "costs no points; your instructor is told.",
    "unreadable": "The notebook could not be read: {what}. {advice}",
    "given up": "Your submission could not be graded: {what}. Your instructor will look at it.",
    "test": "`{test}`: this test could not be run; your instructor has been told.",
}

#: What a terminal takes for commands, what turns the order of characters, and what ends lines.
#: Texts from submissions are parts of reasons, which are printed and logged.
COMMANDS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

#: What follows a reason that has ended the kernel: the first time, and the second.
WENT_ON = " The cells after it ran in a fresh kernel, without it."
ENDED = " The rest of the notebook could not run."

#: Kinds of reasons for which all cells ran, or would have.
RAN = frozenset(
    {
        "tampered",
        "repaired",
        "set aside",
        "renamed",
        "left out",
        "added name",
        "newer Python",
        "toolkit",
        "file",
    }
)

#: The kind of reason of a test that could not be carried out: it is the test that is to be mended.
BROKEN_TEST = "test"

#: Kinds of reasons for which no cell of a notebook has an answer to grade.
NOTHING_READ = frozenset({"unreadable", "missing", "several", "uncertain"})


@dataclass(frozen=True)
class Reason:
    """Why something could not be graded as it was handed in, with the cells that it concerns.

    Attributes
    ----------
    kind : str
        A key of :data:`TEXTS`; another version of this project may have written another kind.
    text : str
        A sentence for the student.
    cells : tuple of str
        Names (``grade_id``) of the cells that did not run or were repaired.
    notebook : str, optional
        The notebook that the reason concerns; by default the whole submission or, in the metadata
        of a notebook, that notebook.
    detail : str
        A clause that only the instructor reads.
    """

    kind: str
    text: str
    cells: tuple[str, ...] = ()
    notebook: str | None = None
    detail: str = ""

    @property
    def full_text(self) -> str:
        """The text with the detail, for the instructor."""
        return f"{self.text} ({self.detail})" if self.detail else self.text

    def to_dict(self) -> dict[str, Any]:
        """Return the reason as plain data, for JSON."""
        return asdict(self) | {"cells": list(self.cells)}

    @classmethod
    def from_dict(cls, values: Any) -> Reason:
        """Return a reason from what :meth:`to_dict` has returned, now or in an earlier version.

        Raises
        ------
        ValueError
            If the values are something else: files can be damaged.
        """
        match values:
            case {"kind": str(kind), "text": str(text)}:
                cells, notebook = values.get("cells", []), values.get("notebook")
                detail = values.get("detail", "")
                named = isinstance(cells, list) and all(isinstance(name, str) for name in cells)
                if named and isinstance(notebook, str | None) and isinstance(detail, str):
                    return cls(kind, text, tuple(cells), notebook, detail)
        raise ValueError(f"{values!r} is not a reason")


def reason(kind: str, cells: Iterable[str] = (), detail: str = "", **values: str) -> Reason:
    """Return a reason with its text filled in.

    Parameters
    ----------
    kind : str
        A key of :data:`TEXTS`.
    cells : iterable of str
        Names (``grade_id``) of the cells that it concerns.
    detail : str
        A clause that only the instructor reads.
    **values : str
        The values of the fields in its text.

    Raises
    ------
    KeyError
        If there is no such kind, or a value is missing.
    """
    shown = {name: _on_a_line(value) for name, value in values.items()}
    return Reason(kind, TEXTS[kind].format(**shown), tuple(cells), detail=_on_a_line(detail))


def _on_a_line(text: str) -> str:
    """Return a text without what is no character to be shown."""
    return COMMANDS.sub(lambda found: " " if found[0].isspace() else "?", text)


def broken_test(name: str, detail: str) -> Reason:
    """Return the reason of a test that could not be carried out.

    Parameters
    ----------
    name : str
        Of the test cell (``grade_id``).
    detail : str
        Why: a clause with a subject, for the instructor.
    """
    return reason(BROKEN_TEST, [name], detail, test=name)


def add_reason(notebook: NotebookNode, new: Reason) -> None:
    """Note a reason in a notebook's metadata."""
    notes = notebook.metadata.setdefault(METADATA_KEY, NotebookNode())
    notes.setdefault("reasons", []).append(NotebookNode(new.to_dict()))


def note_sandbox(notebook: NotebookNode, sandbox: bool, limits: str = "") -> None:
    """Note in a notebook's metadata whether it was executed in a sandbox.

    Parameters
    ----------
    notebook : NotebookNode
    sandbox : bool
    limits : str
        What kept the limits there: one of `settings.LAYERS`, or nothing where nothing has run.
    """
    notes = notebook.metadata.setdefault(METADATA_KEY, NotebookNode())
    notes.update(sandbox=sandbox, limits=limits)


def reasons_of(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons noted in a notebook."""
    return [
        Reason.from_dict(note)
        for note in notebook.metadata.get(METADATA_KEY, {}).get("reasons", [])
    ]


def nothing_read(notebook: NotebookNode) -> bool:
    """Whether there is nothing of a student in a notebook, so that no cell needs to be executed."""
    return any(each.kind in NOTHING_READ for each in reasons_of(notebook))


def format_bytes(number: int) -> str:
    """Return a number of bytes as text, such as ``2 GiB``."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if number >= 2**power:
            return f"{number / 2**power:.3g} {unit}"
    return f"{number} bytes"


def describe_exit(code: int) -> str:
    """Return a clause on how a process has ended, for the student.

    Parameters
    ----------
    code : int
        The exit code of the process; minus the number of a signal, modulo 256, if that ended it.
    """
    if code > 192:
        number = 256 - code
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = "unknown"
        return f"it was ended by signal {number} ({name})"
    return f"it ended itself with exit code {code} (is there a call such as `os._exit`?)"


def not_run(text: str) -> NotebookNode:
    """Return the output of a test cell that was not run, which gives it no points."""
    lines = textwrap.wrap(f"Not run: {text}", WIDTH)
    output: NotebookNode = new_output("error", ename=NOT_RUN_ERROR, evalue=text, traceback=lines)
    return output
