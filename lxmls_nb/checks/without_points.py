"""What checks without points share: they call a function, and a card tells, whatever comes out.

They never raise. A function that is not written, that raises or that gives something else gets a
card, as one that is right does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from lxmls_nb.checks.comparing import is_real
from lxmls_nb.checks.mistakes.fit import fits
from lxmls_nb.checks.problems import Problem
from lxmls_nb.checks.replies import ask
from lxmls_nb.errors import CheckFailed, NotAttempted
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report

C = TypeVar("C")


@dataclass(frozen=True, eq=False)
class KnownNumbers(Generic[C]):
    """A mistake that is told by its numbers.

    Attributes
    ----------
    words : str
        What a student reads: a sentence without its end.
    gives : callable
        From a case to what the mistake would give there. Where shapes don't fit, it raises a
        ValueError, as the student's code would.
    """

    words: str
    gives: Callable[[C], np.ndarray]


def results_of(
    function: object, name: str, calls: Sequence[Sequence[Any]], problems: Sequence[Problem]
) -> list[Any]:
    """Call a function on copies of arguments, and return what each call gave.

    Raises
    ------
    CheckFailed
        If the function raised, or changed its arguments.
    NotAttempted
        If it is not written yet.
    """
    given = [list(arguments) for arguments in calls]
    result = ask("function_calls", name, [function], problems, calls=given)
    if result["changed"]:
        raise CheckFailed(
            f"`{name}` changes its arguments: they belong to the caller, so work on a copy "
            "(`a = a * b` makes one, `a *= b` does not)."
        )
    results: list[Any] = result["results"]
    return results


def suspected(
    suspects: Iterable[KnownNumbers[C]], results: Sequence[Any], cases: Sequence[C]
) -> KnownNumbers[C] | None:
    """Return the first mistake that would give all these results, if there is one."""
    for suspect in suspects:
        given = [_given(suspect, case) for case in cases]
        pairs = [(r, g) for r, g in zip(results, given, strict=True) if g is not None]
        if pairs and all(is_real(r) and fits(r, g, 1e-4) for r, g in pairs):
            return suspect
    return None


def _given(suspect: KnownNumbers[C], case: C) -> np.ndarray | None:
    """Return what a mistake would give; None where it would raise an error."""
    try:
        return suspect.gives(case)
    except ValueError:
        return None


def tell(failure: CheckFailed) -> None:
    """Report what is wrong or missing in a card."""
    if isinstance(failure, NotAttempted):
        report(Kind.OPEN, "Your turn", str(failure))
    else:
        report(Kind.WRONG, "Not yet", str(failure))
