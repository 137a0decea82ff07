"""Checks of answers that are a dictionary of short words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lxmls_nb.checks.messages import describe, quiet
from lxmls_nb.checks.mistakes.form import ANSWER, STRUCTURE, TYPE
from lxmls_nb.checks.replies import ask
from lxmls_nb.errors import CheckFailed, NotAttempted
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report


@quiet
def dictionary(
    answer: object,
    keys: Sequence[str] = (),
    choices: Sequence[str] | Mapping[str, Sequence[str]] = (),
    expected: dict[str, str | tuple[str, ...]] | None = None,
) -> None:
    """Check the form of a dictionary, or whether entries are right.

    Parameters
    ----------
    answer : dict
        Values are compared without regard to case and surrounding blanks.
    keys : sequence of str
        Keys that have to be there.
    choices : sequence of str, or mapping of str to sequence of str
        What their values can be: the same for all keys, or by key.
    expected : dict, optional
        Right entries: a value, or a tuple of values that are accepted.

    Raises
    ------
    CheckFailed
        The message tells which entry is wrong, never what is right.
    NotAttempted
        If all the entries looked at are None.
    """
    value = ask("dictionary", "the dictionary", [answer])["value"]
    if not isinstance(value, dict) or set(value) == {"unsupported"}:
        raise CheckFailed(f"a dictionary is expected; this is {describe(value)}.", TYPE.key)
    looked_at = [*keys, *(expected or {})]
    missing = [key for key in looked_at if key not in value]
    if missing:
        raise CheckFailed(f"the dictionary has no key {missing[0]!r}.", STRUCTURE.key)
    empty = [key for key in looked_at if value[key] is None]
    if len(empty) == len(looked_at):
        raise NotAttempted("fill in the dictionary above, run its cell, then this one.")
    if empty:
        raise CheckFailed(f"there is no answer for {empty[0]!r} yet.", ANSWER.key)
    for key in keys:
        allowed = choices[key] if isinstance(choices, Mapping) else choices
        if allowed and _word(value[key]) not in map(_word, allowed):
            raise CheckFailed(
                f"{_shown(value[key])}, given for {key!r}, is not one of: {', '.join(allowed)}.",
                STRUCTURE.key,
            )
    for key, right in (expected or {}).items():
        accepted = (right,) if isinstance(right, str) else right
        if _word(value[key]) not in [_word(word) for word in accepted]:
            raise CheckFailed(f"{_shown(value[key])} is not right for {key!r}.", ANSWER.key)
    entries = "1 entry" if len(looked_at) == 1 else f"{len(looked_at)} entries"
    if expected:
        report(Kind.RIGHT, "Passed", f"{entries} right.")
        return
    text = (
        f"the form of {entries} is fine. Whether they are right is marked later, when the notebook "
        "is graded."
    )
    report(Kind.NOTE, "Filled in", text)


def _shown(value: object) -> str:
    """Return what a message calls a value: numbers as they are, a text in quotes."""
    if isinstance(value, str):
        return repr(value[:60])
    if isinstance(value, bool | int | float):
        return str(value)
    text = describe(value)
    return f"something {text}" if text.startswith("of ") else text


def _word(value: object) -> str:
    return str(value).strip().lower()
