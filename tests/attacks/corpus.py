"""All attacks, and those that are known and cannot be tried here."""

from __future__ import annotations

from tests.attacks import (
    calls,
    files,
    notebooks,
    objects,
    outputs,
    process,
    prying,
    replies,
    resources,
    shell,
    together,
)

#: Of each kind, a module.
MODULES = (
    shell,
    prying,
    process,
    calls,
    resources,
    notebooks,
    files,
    replies,
    outputs,
    objects,
    together,
)

ATTACKS = [attack for module in MODULES for attack in module.ATTACKS]

#: Numbers of the catalogue of known attacks that have no submission here, and why.
NOT_HERE = {
    "A24": "a right answer that warns, not an attack: tests of grading, tests/answers",
    "A42": "prompt injection: no language model reads anything here",
}

#: How many numbers that catalogue has.
LAST_NUMBER = 45


def covered() -> set[str]:
    """Return the numbers of the catalogue that attacks stand for."""
    return {number for attack in ATTACKS for number in attack.number.split()}
