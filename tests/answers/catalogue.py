"""Reads the catalogue of answers: see README.md beside this file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from tests.answers.changes import ChangeError, changed

#: The answers to the assignment of this course, a folder for each notebook.
FOLDER = Path(__file__).parent / "day2"
NOTEBOOKS = ("exercise_2_1", "exercise_2_2", "exercise_2_3", "exercise_2_4")
FILES = {"right": "right.py", "wrong": "wrong.diff"}
HEADER = re.compile(
    r"^# %% (?P<id>\S+) (?P<grade_id>\S+)(?: cause=(?P<cause>\S+))?(?: not=(?P<misleading>\S+))?"
    r"(?: of=(?P<of>\S+))?\s*$",
    re.M,
)

#: Causes that are simply so, whatever the mistake behind them: they mislead nobody.
FACTS = {
    "answer",
    "bias-shape",
    "error",
    "module",
    "not-finite",
    "precision",
    "random",
    "shape",
    "shapes",
    "structure",
    "type",
    "zero",
}


@dataclass(frozen=True)
class Answer:
    """An answer to one solution cell.

    Attributes
    ----------
    id : str
        Unique in its notebook.
    notebook, grade_id : str
        Where the answer goes.
    right : bool
    causes : tuple of str
        Of a wrong one: what ``CheckFailed.cause`` should name, none where it is caught but cannot
        be named. In this course, these are keys in ``lxmls_nb.checks.mistakes.KEYS``.
    misleading : tuple of str
        Causes, and texts of messages, that would mislead who wrote it.
    description : str
        What is wrong, or what style it is.
    code : str
    """

    id: str
    notebook: str
    grade_id: str
    right: bool
    causes: tuple[str, ...]
    description: str
    code: str
    misleading: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.notebook.removeprefix('exercise_')}-{self.id}"


def read_answers(notebook: str, kind: str, folder: Path = FOLDER) -> list[Answer]:
    """Return the answers of a notebook, of kind ``"right"`` or ``"wrong"``.

    Parameters
    ----------
    notebook, kind : str
    folder : Path
        Where the answers to the assignment are.

    Raises
    ------
    ValueError
        If an entry cannot be read; the message names it.
    """
    path = folder / notebook / FILES[kind]
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    right = [] if kind == "right" else read_answers(notebook, "right", folder)
    bases = {each.id: each for each in right}
    headers = list(HEADER.finditer(text))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    answers = []
    for header, end in zip(headers, ends, strict=True):
        description, _, code = text[header.end() : end].strip("\n").partition("\n")
        causes = (header["cause"] or "none").split(",")
        answer = Answer(
            id=header["id"],
            notebook=notebook,
            grade_id=header["grade_id"],
            right=kind == "right",
            causes=() if causes == ["none"] else tuple(causes),
            description=description.lstrip("# "),
            code=code.strip("\n"),
            misleading=_texts(header["misleading"]),
        )
        answers.append(_expanded(answer, header["of"], bases) if header["of"] else answer)
    names = [answer.id for answer in answers]
    twice = {name for name in names if names.count(name) > 1}
    if twice or len(headers) != len(re.findall(r"^# %%", text, re.M)):
        raise ValueError(f"{notebook}/{FILES[kind]}: ids that occur twice {twice}, or a bad header")
    return answers


def _texts(listed: str | None) -> tuple[str, ...]:
    """Return the texts in a list of a header, which has ``_`` for each blank."""
    return tuple(text.replace("_", " ") for text in listed.split(",")) if listed else ()


def _expanded(answer: Answer, base: str, bases: dict[str, Answer]) -> Answer:
    """Return an answer with its whole code, made of its changes to a right answer."""
    if base not in bases or bases[base].grade_id != answer.grade_id:
        raise ValueError(f"{answer}: there is no right answer {base!r} to {answer.grade_id}")
    try:
        return replace(answer, code=changed(bases[base].code, answer.code))
    except ChangeError as error:
        raise ValueError(f"{answer}, changes of {base}: {error}") from None


def all_answers(folder: Path = FOLDER) -> list[Answer]:
    """Return all answers to an assignment."""
    notebooks = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return [
        answer
        for notebook in notebooks
        for kind in FILES
        for answer in read_answers(notebook, kind, folder)
    ]
