"""A student's own answer, fetched from another notebook."""

from __future__ import annotations

import builtins
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from lxmls_nb.notebook.names import names_of, python_of


class AnswerNotFound(Exception):
    """There is no finished answer to continue with; the message tells why."""


class _NoShell:
    """Takes the place of IPython's shell: lines such as ``%matplotlib inline`` do nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given, **options: None


def load_solution(
    notebook: str,
    grade_id: str,
    name: str,
    namespace: dict[str, Any],
    trial: Callable[[Any], object] | None = None,
) -> Any:
    """Run a cell of a notebook, and the cells that it needs, and return what it defines.

    Where it does not bind the name, the last cell that does takes its place. Also run are the cells
    that bind the names which this one uses, such as a helper of the student's own: for each name
    the last such cell above, else the last one below. What they print is not shown.

    Parameters
    ----------
    notebook : str
        The path of the notebook, for example ``"exercise_2_2.ipynb"``.
    grade_id, name : str
        The id that nbgrader knows the cell by, and the name that the cell defines, for example
        ``"MyNumpyMLP"``.
    namespace : dict
        The names that are there already. It is not changed.
    trial : callable, optional
        A function that is called with the object, to see whether it works: only then does an
        unfinished method raise.

    Raises
    ------
    AnswerNotFound
        If the notebook or the cell is missing, or the code is unfinished or raises.
    """
    path = Path(notebook)
    place = f"the cell with your {name} in {path.name}"
    sources, number = _read(path, grade_id, name)
    names = {"__name__": path.stem, "get_ipython": _NoShell, **namespace}
    try:
        with redirect_stdout(io.StringIO()):
            for needed in _needed(sources, number, namespace):
                # Where another cell stops halfway, the answer may need no more of it.
                with nullcontext() if needed == number else suppress(Exception):
                    exec(compile(python_of(sources[needed]), place, "exec"), names)
            if trial is not None and name in names:
                trial(names[name])
    except NotImplementedError:
        raise AnswerNotFound(f"{place} is not finished yet") from None
    except Exception as error:  # of any kind: it is a student's code
        raise AnswerNotFound(f"{place} raised {type(error).__name__}: {error}") from error
    if name not in names:
        raise AnswerNotFound(f"{place} does not define {name}")
    return names[name]


def _read(path: Path, grade_id: str, name: str) -> tuple[list[str], int]:
    """Return the sources of the code cells of a notebook, and which of them binds the name."""
    try:
        cells = [
            cell
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"
        ]
        ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells]
        sources = ["".join(cell["source"]) for cell in cells]
    except FileNotFoundError:
        raise AnswerNotFound(f"there is no {path.name} in this folder") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnswerNotFound(f"{path.name} is not a readable notebook") from error
    if grade_id not in ids:
        raise AnswerNotFound(f"{path.name} has no cell {grade_id!r}")
    number = ids.index(grade_id)
    elsewhere = [n for n, source in enumerate(sources) if _binds(source, name)]
    return sources, number if number in elsewhere else (elsewhere or [number])[-1]


def _binds(source: str, name: str) -> bool:
    """Whether a cell binds a name; it is taken apart only if the name is in it at all."""
    # Python takes some letters that are not ASCII for others.
    is_there = not source.isascii() or re.search(rf"\b{re.escape(name)}\b", source)
    return bool(is_there) and name in names_of(source).bound


def _needed(sources: Sequence[str], number: int, there: Iterable[str]) -> list[int]:
    """Return which cells bind the names that a cell uses, and so on, and the cell, in order."""
    found, left = {number}, [number]
    while left:
        place = left.pop()
        for name in names_of(sources[place]).read.difference(there):
            binding = [n for n, each in enumerate(sources) if _binds(each, name)]
            makers = [n for n in binding if n <= place]
            if not makers and not hasattr(builtins, name):
                makers = binding
            for maker in makers[-1:]:
                if maker not in found:
                    found.add(maker)
                    left.append(maker)
    return sorted(found)
