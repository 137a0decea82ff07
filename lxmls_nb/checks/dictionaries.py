"""Checks of answers that are a dictionary of short words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from lxmls_nb.checks.messages import describe, quiet
from lxmls_nb.checks.mistakes.form import ANSWER, STRUCTURE, TYPE
from lxmls_nb.checks.replies import ask
from lxmls_nb.errors import CheckFailed, NotAttempted
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report

#: Hyphens, dashes and the minus sign, as editors and other programs put them.
DASHES = re.compile("[\u2010-\u2015\u2212]")

#: What may stand between two parts of a word, each of two letters at least: "x - y" is no word.
BETWEEN = re.compile(r"(?<=[^\W\d_]{2})[\s_-]+(?=[^\W\d_]{2})")

#: What stands before the name of a type where PyTorch or NumPy print it: "torch.float32".
LIBRARY = re.compile(r"^(?:torch|np|numpy)\.(?=(?:b?float|u?int|complex|bool)\d*$)")

#: British spelling where it differs: "initialisation".
BRITISH = re.compile(r"(?<=[^\W\d_]{2})is(?=ations?(?![^\W\d_]))")


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
        Values are compared without regard to case, to what joins the parts of a word (a hyphen, a
        blank, nothing), to quotes around it and a full stop after it, and to British or American
        spelling. Types of NumPy and PyTorch count as their names.
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
    """Return a value as it is compared: different spellings of a word become one."""
    text = DASHES.sub("-", unicodedata.normalize("NFKC", str(value))).strip().casefold()
    for quotes in ("``", "''", '""', "\u201c\u201d", "\u2018\u2019"):
        if len(text) > 2 and text[0] == quotes[0] and text[-1] == quotes[1]:
            text = text[1:-1].strip()
    if len(text) > 2 and text[-1] == "." and text[-2].isalnum():
        text = text[:-1]
    return BRITISH.sub("iz", BETWEEN.sub("", LIBRARY.sub("", text)))
