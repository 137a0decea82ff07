"""What a student's class defines, where a check needs a method that it lacks."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from lxmls_nb.checks.probes.running import Report


def missing_method(answer: Any, base: type, names: Sequence[str]) -> Report | None:
    """Return what a class lacks, None if it has all that it needs.

    Parameters
    ----------
    answer : object
        What should be a class. Anything else has all that it needs: calling it tells.
    base : type
        The class of the scaffold: what is found only there, or not at all, is missing.
    names : sequence of str
        Of the methods.

    Returns
    -------
    report : dict or None
        ``missing``: the first such method; ``methods``: those that the student's classes define
        and the scaffold does not know. A class that defines none of its own is only not written
        yet, and has no report.
    """
    if not isinstance(answer, type):
        return None
    own = [each for each in answer.__mro__ if each not in base.__mro__]
    methods = [
        name
        for each in own
        for name, value in vars(each).items()
        if inspect.isfunction(value) and (name in names or not hasattr(base, name))
    ]
    for name in names:
        if getattr(answer, name, None) is getattr(base, name, None) and methods:
            return {"missing": name, "methods": [each for each in methods if each not in names]}
    return None
