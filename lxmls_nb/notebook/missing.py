"""Explains in a line that a name is not there yet, since a cell was left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from lxmls_nb.notebook.cells import CodeCell, file_of
from lxmls_nb.notebook.names import names_of


def explain_missing(
    name: str, run: Sequence[CodeCell], stopped: Collection[str] = (), code: str = ""
) -> str:
    """Return which cell makes a name that is not defined.

    Parameters
    ----------
    name : str
    run : sequence of CodeCell
        The cells that were run, in that order; the last one needs the name.
    stopped : collection of str
        The keys of those that ended with an error.
    code : str
        The source of the function that looked the name up, with all of its cell; empty if the
        present cell did it itself. A function needs what is above it: what else it lacks is a
        mistake in it.

    Returns
    -------
    sentence : str
        Empty if no cell makes the name: it is mistyped, say.
    """
    present, earlier = run[-1], run[:-1]
    cells: Sequence[CodeCell] = file_of(run).cells
    below: Sequence[CodeCell] = ()
    if code:
        wanted = names_of(code).code
        cells, earlier = _above(cells, wanted), _above(run, wanted)
    else:
        cells, below = _split(cells, present)
    maker = _last_that_binds(name, cells) or _last_that_binds(name, earlier)
    if maker is not None:
        where = maker.by_its_beginning()
        if maker.key in stopped:
            return f"`{name}` is made in {where}, which stopped with an error. Mend that one first."
        again = " again" if any(cell.key == maker.key for cell in earlier) else ""
        return f"`{name}` is made in {where}: run that one{again} first."
    if maker := _last_that_binds(name, below):
        where = maker.by_its_beginning()
        return f"`{name}` is made further down, in {where}. This cell needs it before."
    return ""


def _split(
    cells: Sequence[CodeCell], present: CodeCell
) -> tuple[Sequence[CodeCell], Sequence[CodeCell]]:
    """Return the cells above the present one, and those below."""
    place = next((n for n, cell in enumerate(cells) if cell.key == present.key), len(cells))
    return cells[:place], cells[place + 1 :]


def _above(cells: Sequence[CodeCell], code: str) -> Sequence[CodeCell]:
    """Return the cells above the last one that has this code; none if there is no such cell."""
    places = [n for n, cell in enumerate(cells) if names_of(cell.source).code == code]
    return cells[: places[-1]] if places else ()


def _last_that_binds(name: str, cells: Iterable[CodeCell]) -> CodeCell | None:
    found = None
    for cell in cells:
        if name in names_of(cell.source).bound:
            found = cell
    return found
