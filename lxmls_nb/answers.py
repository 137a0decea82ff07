"""A student's own answer, fetched from another notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class AnswerNotFound(Exception):
    """There is no finished answer to continue with; the message tells why."""


def load_solution(
    notebook: str,
    grade_id: str,
    name: str,
    namespace: dict[str, Any],
    trial: Callable[[Any], object] | None = None,
) -> Any:
    """Run one cell of a notebook and return what it defines.

    Parameters
    ----------
    notebook : str
        The path of the notebook, for example ``"exercise_2_2.ipynb"``.
    grade_id, name : str
        The id that nbgrader knows the cell by, and the name that the cell defines, for example
        ``"MyNumpyMLP"``.
    namespace : dict
        The names that the cell can use. It is not changed.
    trial : callable, optional
        A function that is called with the object, to see whether it works: only then does an
        unfinished method raise.

    Raises
    ------
    AnswerNotFound
        If the notebook or the cell is missing, or the code is unfinished or raises.
    """
    path = Path(notebook)
    place = f"cell {grade_id!r} of {path.name}"
    try:
        sources = {
            cell["metadata"].get("nbgrader", {}).get("grade_id"): "".join(cell["source"])
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        }
    except FileNotFoundError:
        raise AnswerNotFound(f"there is no {path.name} in this folder") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnswerNotFound(f"{path.name} is not a readable notebook") from error
    if grade_id not in sources:
        raise AnswerNotFound(f"{path.name} has no cell {grade_id!r}")
    names = {"__name__": path.stem, **namespace}
    try:
        exec(compile(sources[grade_id], place, "exec"), names)  # it is the student's own code
        if trial is not None and name in names:
            trial(names[name])
    except NotImplementedError:
        raise AnswerNotFound(f"{place} is not finished yet") from None
    except Exception as error:  # of any kind: it is a student's code
        raise AnswerNotFound(f"{place} raised {type(error).__name__}: {error}") from error
    if name not in names:
        raise AnswerNotFound(f"{place} does not define {name}")
    return names[name]
