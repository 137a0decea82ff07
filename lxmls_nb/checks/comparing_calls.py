"""What several calls of an answer show beside one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from lxmls_nb.checks.calls import Call, Kind
from lxmls_nb.checks.comparing import distance, is_real, shape_of, tolerance
from lxmls_nb.checks.messages import fail
from lxmls_nb.checks.mistakes.calls import (
    ACCUMULATES,
    ALIASES,
    CHANGES_INPUT,
    CHANGES_LABELS,
    CHANGES_TYPE,
    RANDOM,
    STALE,
    UPDATES,
    name_later_call,
)
from lxmls_nb.checks.mistakes.fit import constant_factor
from lxmls_nb.checks.mistakes.gradients import name_gradient
from lxmls_nb.checks.mistakes.mistake import Finding
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem
from lxmls_nb.errors import CheckFailed

#: What an answer should leave as it is, by the name that probes report it with.
CHANGES = {
    "parameters": UPDATES,
    "input": CHANGES_INPUT,
    "labels": CHANGES_LABELS,
    "result": ALIASES,
    "type": CHANGES_TYPE,
}


def check_unchanged(changed: list[str], problem: Problem, name: str) -> None:
    """Check that an answer left what it was given, and kept the parameters' memory to itself.

    Parameters
    ----------
    changed : list of str
        What probes report as changed.
    problem : Problem
    name : str
        What messages call the answer.

    Raises
    ------
    CheckFailed
        If it did not.
    """
    for what in changed:
        if what in CHANGES:
            raise fail(f"`{name}` ({problem})", CHANGES[what].finding())


@contextmanager
def explain(
    first: list[object],
    again: Callable[[], list[object]],
    changed: list[str],
    problem: Problem,
    name: str,
) -> Iterator[None]:
    """Where the numbers of a first call are wrong, look first at what an answer should not do.

    Parameters
    ----------
    first : list
        What a first call gave of what counts.
    again : callable
        Returns what the same call gave again; nothing where that cannot be compared.
    changed : list of str
        What probes report as changed.
    problem : Problem
        That of the first call.
    name : str
        What messages call the answer.

    Raises
    ------
    CheckFailed
        If the block raises it.
    """
    try:
        yield
    except CheckFailed:
        check_unchanged([what for what in changed if what != "result"], problem, name)
        second = again()
        if second and not same_numbers(first, second):
            mistake = ACCUMULATES if _grows(first, second, problem) else RANDOM
            raise fail(f"`{name}` ({problem})", mistake.finding()) from None
        raise


def same_numbers(first: object, again: object) -> bool:
    """Whether the arrays in two results are the same, but for rounding.

    Parameters
    ----------
    first, again : object
        Arrays, lists of them, or anything else. What is no array, or not of one shape, or not
        finite, is for other checks to see, and counts as the same.
    """
    if isinstance(first, list) and isinstance(again, list):
        return len(first) == len(again) and all(map(same_numbers, first, again))
    if isinstance(first, np.ndarray) and isinstance(again, np.ndarray):
        if first.shape != again.shape or not is_real(first):
            return True
        finite = np.all(np.isfinite(first))
        return not finite or bool(np.allclose(again, first, rtol=1e-5, atol=1e-12))
    return True


def _grows(first: object, again: object, problem: Problem) -> bool:
    """Whether a second call gives what the first one gave, and the last layer's gradient more."""
    truth = numerical_gradients(problem)[-1][0]
    return any(
        shape_of(one) == shape_of(two) == truth.shape and distance(two - one, truth) < 1e-3
        for one, two in zip(arrays_in(first), arrays_in(again), strict=False)
    )


def arrays_in(value: object) -> list[np.ndarray]:
    """Return the arrays of real numbers in a result; a single number is one of no dimension."""
    if isinstance(value, list):
        return [array for item in value for array in arrays_in(item)]
    if isinstance(value, float):
        return [np.array(value)]
    return [value] if isinstance(value, np.ndarray) and is_real(value) else []


def check_later_call(
    call: Call,
    array: np.ndarray,
    truth: np.ndarray,
    earlier: list[np.ndarray],
    subject: str,
    place: tuple[int, bool] | None,
    name: Callable[[], Finding | None] = lambda: None,
    is_right_near: Callable[[], bool] = lambda: False,
) -> None:
    """Check what a later call gave, where the first one was right.

    Parameters
    ----------
    call : Call
        Not the first one.
    array, truth : ndarray
        What it gave, and what is right.
    earlier : list of ndarray
        What was right in the calls before.
    subject : str
        What messages call it.
    place : (int, bool), optional
        Layer, and whether it is the bias, of a gradient.
    name : callable, optional
        Returns the likely mistake of what is no gradient.
    is_right_near : callable, optional
        Whether a call is right, after the first one, with parameters that are nearly those of that.

    Raises
    ------
    CheckFailed
        If it is wrong.
    """
    if distance(array, truth) <= tolerance(call.problem):
        return
    found = name_later_call(array, truth, [a for a in earlier if a.shape == truth.shape])
    if found is None and place is not None and call.kind is not Kind.AGAIN:
        found = name_gradient(array, truth, call.problem, *place)
    if found is None and call.kind is not Kind.AGAIN:
        found = name()
    # What is kept of another call is no multiple of what is right.
    factor = constant_factor(array, truth) if array.size > 2 else None
    if (
        found is None
        and factor is None
        and (call.kind is Kind.AGAIN or (call.kind is Kind.OTHER_PARAMETERS and place is not None))
        and (call.kind is Kind.AGAIN or not is_right_near())
    ):
        found = STALE.finding()
    is_batch = call.kind is not Kind.OTHER_PARAMETERS
    first = "batch, such as its size or its classes" if is_batch else "parameters"
    otherwise = f"is something cut off, or taken for granted of the first {first}?"
    if factor is not None:
        otherwise = f"it is {factor:.4g} times what is right: is it cut off or scaled?"
    raise fail(
        f"{subject} was right in a first call and is wrong when called {call.kind.value}",
        found,
        otherwise=otherwise,
    )
