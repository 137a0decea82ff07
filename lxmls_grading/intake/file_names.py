"""Reads which notebook of an assignment the name of a file stands for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

from lxmls_grading.intake.archives import NOTEBOOK


def is_one_of(given: Collection[str], path: str) -> bool:
    """Whether a file is one of the assignment's own, maybe in a folder or an archive.

    Parameters
    ----------
    given : collection of str
        The paths of the assignment's files.
    path : str
        Relative to the submission.
    """
    return any(path == each or path.endswith(f"/{each}") for each in given)


def stem(path: str) -> str:
    """Return the name of a file without its ending.

    Parameters
    ----------
    path : str
    """
    file = Path(path).name
    return NOTEBOOK.sub("", file) if NOTEBOOK.search(file) else os.path.splitext(file)[0]


def name_in(stem: str, names: list[str]) -> str | None:
    """Return the name of a notebook that the name of a file contains, or None.

    Parameters
    ----------
    stem : str
        Of a file, such as ``smith_ada_12345_678_exercise_2_2-1`` or ``Exercise 2.2 (1)``.
    names : list of str
        The longest that fits counts: ``lab_10``, not ``lab_1``. There is none where it is not
        certain, as of ``lab-1`` if there are ``lab`` and ``lab_1``.
    """
    exact = _longest(stem, names, str.casefold)
    loose = _longest(stem, names, lambda text: re.sub(r"[\s._-]+", "_", text.casefold()))
    return loose if exact in (None, loose) else None


def _longest(stem: str, names: list[str], form: Callable[[str], str]) -> str | None:
    for name in sorted(names, key=len, reverse=True):
        # No letter or digit may continue the name.
        if re.search(rf"(?<![^\W_]){re.escape(form(name))}(?![^\W_])", form(stem)):
            return name
    return None
