"""Numbers of a test that can differ from student to student."""

from __future__ import annotations


def personal(default: int, low: int | None = None, high: int | None = None) -> int:
    """Return a number, in whose place grading can put one of each student's own.

    In a notebook it is the default. Where the course has a secret (``c.PersonalNumbers.secret``),
    grading writes another number into the test in place of the call, always the same for a student.

    Parameters
    ----------
    default : int
    low, high : int, optional
        The smallest and the largest number that it can be, for a size. By default it is a seed.

    Raises
    ------
    ValueError
        If the default is not between these two, or one of them is missing.

    Examples
    --------
    >>> personal(21)
    21
    >>> personal(5, 3, 8)
    5
    """
    if (low is None) != (high is None):
        raise ValueError("personal(default, low, high): give both low and high, or none")
    if low is not None and high is not None and not low <= default <= high:
        raise ValueError(
            f"personal({default}, {low}, {high}): {default} is not from {low} to {high}"
        )
    return default
