"""Names in a line of text, where there may be many."""

from __future__ import annotations

from collections.abc import Sequence


def list_names(names: Sequence[str] | set[str], most: int = 6) -> str:
    """Return the first names and the number of the others.

    Parameters
    ----------
    names : sequence or set of str
        Those of a set are sorted.
    most : int
        How many are named.

    Examples
    --------
    >>> list_names(["ada", "bob", "cy"], most=2)
    'ada, bob and 1 more'
    >>> list_names({"cy", "bob"})
    'bob, cy'
    """
    listed = sorted(names) if isinstance(names, set) else names
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
