"""How a check reports that an answer is right, or what is wrong."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

from lxmls_nb.checks.mistakes.mistake import Finding
from lxmls_nb.checks.problems import Problem
from lxmls_nb.errors import CheckFailed
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report

P = ParamSpec("P")
R = TypeVar("R")


def quiet(check: Callable[P, R]) -> Callable[P, R]:
    """Keep warnings about a verdict's own numbers off stderr, whatever an answer has set.

    A failure is told which answers it is about.
    """

    @functools.wraps(check)
    def wrapped(*arguments: P.args, **options: P.kwargs) -> R:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                return check(*arguments, **options)
            except CheckFailed as failure:
                failure.answers = tuple(each for each in arguments if callable(each))
                raise

    return wrapped


def fail(subject: str, finding: Finding | None = None, otherwise: str = "") -> CheckFailed:
    """Return a failure that tells what is wrong and, where known, the likely mistake.

    Parameters
    ----------
    subject : str
        What is wrong.
    finding : Finding, optional
        The likely mistake.
    otherwise : str
        What is reported where none is known.
    """
    text = finding.sentence() if finding else otherwise
    end = "" if text.endswith("?") else "."
    message = f"{subject}: {text}{end}" if text else f"{subject}."
    if finding is None:
        return CheckFailed(message)
    return CheckFailed(message, finding.mistake.key, subject, finding.mistake.in_short())


def passed(
    name: str, problem: Problem, what: str, worst: float, allowed: float, why: str = ""
) -> None:
    """Report what was compared and how close it came; a notebook shows why it works, too."""
    text = (
        f"`{name}` ({problem}): {what}. Largest relative difference {worst:.0e}, "
        f"allowed {allowed:.0e}."
    )
    report(Kind.RIGHT, "Passed", text, why)


def describe(value: object) -> str:
    """Return what a value is, for a message."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    if isinstance(value, dict) and set(value) == {"unsupported"}:
        return f"a value of type {value['unsupported']}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "None" if value is None else f"a value of type {type(value).__name__}"


def hint_on(value: object) -> str:
    """Return a hint where an answer gave None, or a method in the place of what that returns."""
    kind = value.get("unsupported") if isinstance(value, dict) else ""
    if kind in ("builtin_function_or_method", "method"):
        return ", a method: brackets are missing behind its name, as in `loss.item()`"
    return " (is the `return` missing?)" if value is None else ""


def percent(off: float) -> str:
    """Return a share as a percentage for people."""
    return f"{100 * off:.0f} %" if 0.1 <= off < 100 else f"{100 * off:.2g} %"
