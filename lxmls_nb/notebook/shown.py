"""What checks have shown in a notebook, so that the same mistake is explained once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxmls_nb.notebook.cells import CodeCell

NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")


@dataclass(frozen=True, eq=False)
class Explained:
    """A message that explains a known mistake.

    Attributes
    ----------
    message : str
        All of it: what is wrong, then the words of the mistake.
    subject : str
        What it begins with: what is wrong.
    mistake : str
        The mistake, in a few words that hold for each case of it.
    answers : sequence
        The functions and classes that were looked at.
    """

    message: str
    subject: str
    mistake: str
    answers: Sequence[object] = ()

    def is_same_mistake(self, other: Explained) -> bool:
        """Whether another message explains the same of the same answers, but for its numbers."""
        return (
            self.mistake == other.mistake
            and len(self.answers) == len(other.answers)
            and all(one is two for one, two in zip(self.answers, other.answers, strict=True))
            and self._words() == other._words()
        )

    def _words(self) -> str:
        return NUMBER.sub("#", self.message.removeprefix(self.subject))

    def after(self, earlier: Explained, where: str) -> str:
        """Return what is new in this message where another, shown before, explains its mistake."""
        parts, known = self.subject.split(": "), earlier.subject.split(": ")
        while parts and known and parts[0] == known[0]:
            del parts[0], known[0]
        text = ": ".join([*parts, f"the same mistake as {where}: {self.mistake}."])
        return text if len(text) < len(self.message) else self.message


class Shown:
    """The mistakes that the cells of a notebook have explained, as far as they are still shown.

    Outside of a notebook, no cell is known, and each message is shown whole.
    """

    def __init__(self) -> None:
        self._cell = CodeCell("", "")
        self._explained: dict[str, tuple[str, Explained]] = {}

    def start_cell(self, cell: CodeCell) -> None:
        """Note that a cell is run: what it has shown before disappears."""
        self._cell = cell
        self._explained.pop(cell.key, None)

    def text(self, message: Explained) -> str:
        """Return what the present cell shows: no more than is new, if another one explains it."""
        key = self._cell.key
        if not key or not message.mistake:
            return message.message
        for cell, (where, earlier) in self._explained.items():
            if cell != key and earlier.is_same_mistake(message):
                return message.after(earlier, where)
        self._explained[key] = f"in {self._cell.described()}", message
        return message.message
