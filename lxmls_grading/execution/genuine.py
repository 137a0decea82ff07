"""What the instructor imports, where a student's name should stand for it."""

from __future__ import annotations

import importlib
from typing import Any

from lxmls_grading.execution.remote import Remote
from lxmls_grading.kernel.values import known_name
from lxmls_nb import checks


def genuine(found: Any, module: str, name: str) -> Any:
    """Return what the instructor's notebook imports, if a student's object is called so, too.

    Then nothing that a student has put in its place can decide a test, and a student who has
    imported something else, or nothing, is told the same as in one process.

    Parameters
    ----------
    found : object
        What the student calls by that name.
    module, name : str
        What the instructor's notebook imports; without a name, the module itself.

    Raises
    ------
    NotPlainError
        If the student has an object of another kind there.
    """
    try:
        own = importlib.import_module(module)
        own = getattr(own, name) if name else own
    except Exception:  # it lies beside the notebook, or is not installed here
        return found
    if type(found) is not Remote:
        return found
    if found._remote.known is not None and found._remote.known == known_name(own):
        return own
    found._remote.connection.not_plain(found, f"{module} {name}".replace(" ", ".").rstrip("."))


def own_check(found: Any) -> Any:
    """Return the check of this project that a student's object says it is; else that object.

    A student kernel has no checks, only what passes everything in their place. And it is not known
    of all notebooks where the name comes from: a cell with a magic is not parsed for its imports.

    Parameters
    ----------
    found : object
        What the student calls by some name.
    """
    known = found._remote.known if type(found) is Remote else None
    if known is None:
        return found
    module, name = known
    if not name:
        return checks if module == checks.__name__ else found
    own = getattr(checks, name) if name in checks.__all__ else None
    return own if own is not None and known_name(own) == known else found
