"""Messages of failed tests: in groups, and as text that is safe to show on a line."""

from __future__ import annotations

import re

from lxmls_grading.results.outcomes import TestResult

#: Characters of a text that are shown.
MAX_LINE = 400


#: What differs between messages of the same kind: what an answer was run on, numbers, and the
#: word that was given for an entry of a dictionary.
RUN_ON = re.compile(r"(?<=`) \([^()]*\d[^()]*\)")
NUMBERS = re.compile(
    r"(?<!\w)[-+]?\d[\d.,]*(?:e[-+]?\d+)?(?:(?:, | )[-+]?\d[\d.,]*(?:e[-+]?\d+)?)*"
)
GIVEN = re.compile(r"^.+?(?= is not right for |, given for )")

#: What Python, unittest, NumPy, pandas and PyTorch write of a comparison, whatever is compared.
COMPARISON = re.compile(
    r"""(?x) assertionerror | is | are | not | none | true | false | nan | inf | arrays? | tensor
    | likes | scalars | dtype | an? | the | of | in | to | at | up | or | and | than | first
    | second | lists | tuples | sets | sequences | differ(ing|ent|ence)? | elements? | items?
    | (un)?equals? | almost | close | tolerance | [ra]tol | mismatch(ed)? | max(imum)? | greatest
    | absolute | relative | among | violations | actual | desired | expected | got | index
    | allowed | [xye] | shapes? | lengths? | contains? | additional | unexpectedly | found
    | greater | less | within | delta | places | values"""
)
VALUES = re.compile(r"(?m)^[-+?] .*?(?= : |$)|'[^']*'|\"[^\"]*\"|\[.*\]|\(.*\)|\{.*\}")


class Messages:
    """Counts the failures of a test in groups, each with its first message as an example.

    Failures with the same cause are one group, whatever the numbers in their messages; so are all
    checks that have failed without naming a cause. Errors of other kinds are told apart by their
    messages.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str | None, str], tuple[int, str]] = {}

    def add(self, result: TestResult) -> None:
        """Count the failure of a test."""
        message = printable(result.message)
        group = result.cause, ""
        if result.cause is None:
            group = None, message
        elif result.cause == "error":
            group = "error", in_general(message, "error")  # types of errors stay apart
        count, example = self._groups.get(group, (0, message))
        self._groups[group] = count + 1, example

    def most_frequent(self, number: int) -> list[tuple[int, str]]:
        """Return the sizes and examples of the largest groups, the largest first."""
        return sorted(self._groups.values(), key=lambda found: (-found[0], found[1]))[:number]

    def __len__(self) -> int:
        return len(self._groups)


def in_general(message: str, cause: str | None = None) -> str:
    """Return a message without what differs between messages of the same kind."""
    text = RUN_ON.sub("", message)
    if cause in ("answer", "structure"):
        text = GIVEN.sub("…", text)
    elif cause == "error":
        # "`f` raised TypeError: ..." and "in `f`, shapes don't fit together (line 2: ...": what
        # each of these errors is about differs.
        text = re.split(r":| \(", text, maxsplit=1)[0]
    return NUMBERS.sub("…", text).rstrip(".")


def is_comparison(message: str) -> bool:
    """Whether the message of a failed assertion is no more than that two values differ.

    Those of two tests have nothing in common then. It is told by the words alone, which are those
    of a library: a message that an author made of these only is taken for one of these.

    Parameters
    ----------
    message : str

    Examples
    --------
    >>> is_comparison("AssertionError"), is_comparison("AssertionError: 3 != 4")
    (True, True)
    >>> is_comparison("AssertionError: the shape is not right"), is_comparison("KeyError: 3")
    (False, False)
    """
    if not message.startswith("AssertionError"):
        return False
    words = re.findall(r"[^\W\d_]+", VALUES.sub("", message).lower())
    return all(COMPARISON.fullmatch(word) for word in words)


def printable(text: str, limit: int = MAX_LINE) -> str:
    """Return text on one line, without characters that are invisible or reverse the others."""
    line = " ".join(text[: 4 * limit].split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
