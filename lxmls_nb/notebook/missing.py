"""Explains in a line that a name is not there yet, since a cell was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxmls_nb.notebook.cells import Cell, file_of
from lxmls_nb.notebook.names import names_of


def explain_missing(name: str, run: Sequence[Cell]) -> str:
    """Return which cell makes a name that is not defined.

    Parameters
    ----------
    name : str
    run : sequence of Cell
        The cells that were run, in that order; the last one needs the name.

    Returns
    -------
    sentence : str
        Empty if no cell makes the name: it is mistyped, say.
    """
    cells, present = file_of(run).cells, run[-1]
    place = next((n for n, cell in enumerate(cells) if cell.key == present.key), len(cells))
    maker = _last_that_binds(name, cells[:place])
    tried = _last_that_binds(name, run[:-1])
    if maker is None:
        maker = tried or _last_that_binds(name, cells[place + 1 :])
    if maker is None:
        return ""
    where = maker.by_its_beginning()
    if tried is not None and tried.key == maker.key:
        return f"`{name}` is made in {where}, which stopped before. Once that runs, run this one."
    return f"`{name}` is made in {where}: run that one first."


def _last_that_binds(name: str, cells: Iterable[Cell]) -> Cell | None:
    found = None
    for cell in cells:
        if name in names_of(cell.source).bound:
            found = cell
    return found
