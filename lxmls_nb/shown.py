"""What checks have shown in a notebook, so that the same mistake is explained once."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

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
        self._cell = ""
        self._source = ""
        self._number = 0
        self._explained: dict[str, tuple[str, Explained]] = {}

    def start_cell(self, cell: str, source: str, number: int) -> None:
        """Note that a cell is run: what it has shown before disappears.

        Parameters
        ----------
        cell : str
            What tells it from other cells.
        source : str
        number : int
            What stands in brackets beside it.
        """
        self._cell, self._source, self._number = cell, source, number
        self._explained.pop(cell, None)

    def text(self, message: Explained) -> str:
        """Return what the present cell shows: no more than is new, if another one explains it."""
        if not self._cell or not message.mistake:
            return message.message
        for cell, (where, earlier) in self._explained.items():
            if cell != self._cell and earlier.is_same_mistake(message):
                return message.after(earlier, where)
        self._explained[self._cell] = self._where(), message
        return message.message

    def _where(self) -> str:
        """Return how the present cell is called: by the comment it begins with, if it has one."""
        first = self._source.strip().partition("\n")[0]
        if first.startswith("#") and (comment := first.strip("# ").rstrip(".:")):
            return f"in the cell “{comment}”"
        return f"in cell [{self._number}]"


#: What is shown in the notebook that this process runs.
SHOWN = Shown()


def watch_cells() -> None:
    """Have a notebook tell which of its cells is run; where there is none, nothing changes."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return

    def start(info: object) -> None:
        source = str(getattr(info, "raw_cell", ""))
        cell = getattr(info, "cell_id", None) or source  # not every front end sends ids
        SHOWN.start_cell(str(cell), source, int(shell.execution_count))

    shell.events.register("pre_run_cell", start)
