"""Reads which mutants are right answers, and judges what became of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.answers.mutants.running import Outcome

FILE = "equivalent.diff"
HEADER = re.compile(r"^# %% (\S+)[ ]*\n", re.M)

#: What tells a mutant from all others: notebook, ``grade_id``, change.
Key = tuple[str, str, str]


def read_equivalents(notebook: str, folder: Path) -> dict[Key, str]:
    """Return the mutants of a notebook that are no worse than the reference answer.

    Parameters
    ----------
    notebook : str
    folder : Path
        Where the answers to the assignment are, such as ``tests/answers/day2``.

    Returns
    -------
    reasons : dict
        Why, by key.

    Raises
    ------
    ValueError
        If an entry has no reason or no change, or is there twice.
    """
    path = folder / notebook / FILE
    if not path.exists():
        return {}
    start, *parts = HEADER.split(path.read_text(encoding="utf-8"))
    found: dict[Key, str] = {}
    for name, entry in zip(parts[::2], parts[1::2], strict=True):
        lines = entry.strip("\n").split("\n")
        reason = [line.lstrip("# ") for line in lines if line.startswith("#")]
        change = "\n".join(lines[len(reason) :])
        key = (notebook, name, change)
        if not reason or not re.match("[-+ ]", change) or key in found:
            raise ValueError(f"{path}: an entry without reason or change, or twice:\n{entry}")
        found[key] = " ".join(reason)
    if start.strip():
        raise ValueError(f"{path}: text before the first header: {start.splitlines()[0]!r}")
    return found


def complaints(outcomes: Iterable[Outcome], equivalents: Iterable[Key]) -> list[str]:
    """Return what is wrong: mutants that survived, and entries of the list that do not hold.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Of all mutants.
    equivalents : iterable of Key
        Those that may survive.
    """
    listed = set(equivalents)
    found = []
    for outcome in outcomes:
        if outcome.failure is None and outcome.key not in listed:
            found.append(_complaint("no test catches", outcome.key))
        elif outcome.failure is not None and outcome.key in listed:
            message = f"{outcome.failure.grade_id} catches, though it is listed as equivalent,"
            found.append(_complaint(message, outcome.key))
        listed.discard(outcome.key)
    found += [_complaint("listed as equivalent, and no mutant any more:", key) for key in listed]
    return found


def _complaint(what: str, key: Key) -> str:
    notebook, name, change = key
    return f"{notebook}, {name}: {what}\n{change}\n"
