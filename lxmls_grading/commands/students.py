"""Which students a command works on: ``--student ada,b*`` names ids and patterns."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from lxmls_grading.commands.options import CommandError
from lxmls_grading.people.matching import close_names, written_alike


def select_students(
    students: list[str], patterns: str, assignment: str, overlooked: Sequence[str] = ()
) -> list[str]:
    """Return the students whom a list of ids and patterns names.

    Parameters
    ----------
    students : list of str
        Those who have handed in.
    patterns : str
        Ids and patterns, with commas between them. An id stands for itself, whatever characters it
        has.
    assignment : str
    overlooked : sequence of str
        What may be submissions and is not looked at: it is told where nobody is found.

    Raises
    ------
    CommandError
        If one of them names nobody.
    """
    if not students:
        raise CommandError("\n".join([f"nobody has handed in {assignment!r}", *overlooked]))
    chosen: set[str] = set()
    for pattern in filter(None, (each.strip() for each in patterns.split(","))):
        found = {pattern} & {*students} or {n for n in students if fnmatchcase(n, pattern)}
        found = found or {*written_alike(pattern, students)}
        if not found:
            problem = (
                f"nobody who matches {pattern!r} has handed in {assignment!r}"
                f"{close_names(pattern, students)}"
            )
            raise CommandError("\n".join([problem, *overlooked]))
        chosen |= found
    return [student for student in students if student in chosen]
