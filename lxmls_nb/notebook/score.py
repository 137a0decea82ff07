"""The points that the visible checks of a notebook have shown so far."""

from __future__ import annotations

from collections.abc import Sequence

from lxmls_nb.notebook.cells import CodeCell, file_of
from lxmls_nb.notebook.freshness import Freshness, State


class Score:
    """Remembers which cells with checks have passed, and with which answers.

    Parameters
    ----------
    freshness : Freshness
        It tells whether an answer has changed since.
    """

    def __init__(self, freshness: Freshness) -> None:
        self._freshness = freshness
        self._passed: dict[str, tuple[str, State]] = {}
        self._undecided: set[str] = set()

    def note(self, cell: CodeCell, passed: bool, undecided: bool) -> None:
        """Note whether all checks of a cell have passed, or have left open if they do."""
        self._passed.pop(cell.key, None)
        if passed:
            self._passed[cell.key] = cell.source, self._freshness.state(cell.source)
        if undecided:
            self._undecided.add(cell.key)

    def sentence(self, run: Sequence[CodeCell]) -> str:
        """Return how many points there are by now, or nothing if the last cell is worth none.

        Parameters
        ----------
        run : sequence of CodeCell
            The cells that were run.
        """
        notebook = file_of(run)
        if not notebook.tests.get(run[-1].key):
            return ""
        tests = notebook.tests
        so_far = sum(tests.get(key, 0) for key in self._passed if self._is_valid(key))
        later = notebook.points - sum(tests.values())  # what a person marks
        later += sum(tests.get(key, 0) for key in self._undecided)
        text = f"So far {so_far:g} of {notebook.points:g} points by visible checks"
        return f"{text}; {later:g} are given when it is graded." if later else f"{text}."

    def _is_valid(self, key: str) -> bool:
        source, state = self._passed[key]
        return self._freshness.state(source) == state
