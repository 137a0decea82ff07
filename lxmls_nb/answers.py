"""A student's own answer, fetched from another notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class AnswerNotFound(Exception):
    """There is no finished answer to go on with; the message says why."""


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
        Its path, for example ``"exercise_2_2.ipynb"``.
    grade_id, name : str
        nbgrader's name of the cell, and what the cell defines, for example ``"MyNumpyMLP"``.
    namespace : dict
        The names that the cell finds imported; it is left as it is.
    trial : callable, optional
        Called with the object, to see whether it works: an unfinished method shows only then.

    Raises
    ------
    AnswerNotFound
        If the notebook or the cell is not there, or the code is unfinished or raises.
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
        exec(compile(sources[grade_id], place, "exec"), names)  # the student's own code
        if trial is not None and name in names:
            trial(names[name])
    except NotImplementedError:
        raise AnswerNotFound(f"{place} is not finished yet") from None
    except Exception as error:  # a student's code: anything can happen
        raise AnswerNotFound(f"{place} raised {type(error).__name__}: {error}") from error
    if name not in names:
        raise AnswerNotFound(f"{place} does not define {name}")
    return names[name]
