"""Changes of a text, written as in a diff but without line numbers."""

from __future__ import annotations

import re


class ChangeError(ValueError):
    """A change that cannot be made."""


def changed(text: str, changes: str) -> str:
    """Return a text with some of its lines changed.

    Parameters
    ----------
    text : str
    changes : str
        Changes with empty lines between them. In each of them a line that goes begins with ``-``,
        one that comes with ``+``, and one that stays, to tell where, with a space. The old lines
        (those that go or stay) stand together in the text, and only once.

    Raises
    ------
    ChangeError
        If a change has no old lines, or they are not in the text, or more than once, or in another
        change too.
    """
    lines = text.split("\n")
    found = []
    for change in re.split(r"\n{2,}", changes.strip("\n")):
        marked = change.split("\n")
        for line in marked:
            if not line.startswith(("-", "+", " ")):
                raise ChangeError(f"the line {line!r} begins with neither '-' nor '+' nor a space")
        old = [line[1:] for line in marked if line[0] != "+"]
        new = [line[1:] for line in marked if line[0] != "-"]
        places = [n for n in range(len(lines)) if lines[n : n + len(old)] == old]
        if not old:
            raise ChangeError(f"a change has no old line to tell where it is:\n{change}")
        if len(places) != 1:
            what = "\n".join(old)
            raise ChangeError(f"old lines are there {len(places)} times, not once:\n{what}")
        found.append((places[0], places[0] + len(old), new))
    found.sort(key=lambda place: place[:2])
    for (_, end, _), (start, _, _) in zip(found[:-1], found[1:], strict=True):
        if start < end:
            raise ChangeError(f"two changes of the same line: {lines[start]}")
    for start, end, new in reversed(found):
        lines[start:end] = new
    return "\n".join(lines)
