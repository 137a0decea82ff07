"""The command ``lxmls-nb students import``."""

from __future__ import annotations

import os

from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator

from lxmls_grading.commands.base import CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.people.matching import close_names
from lxmls_grading.people.roster import Changes, import_students
from lxmls_grading.people.roster_file import RosterError, RosterFile, read_roster
from lxmls_grading.results.messages import printable


class StudentsApp(CourseApp):
    """Takes a list of students into the gradebook."""

    name = "lxmls-nb students"
    description = (
        "Take a list of students, as spreadsheets and learning management systems write it, into "
        "the gradebook. One column has the ids (id, username, student id, ...); names, addresses "
        "and ids of the learning management system are taken where they are found. All lines are "
        "taken or, if one makes no sense, none. Nobody is removed.\n\n"
        "Exit status: 0 if all students are taken, 1 if lines were skipped, 2 if nothing could be "
        "done."
    )
    examples = "lxmls-nb students import students.csv"

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the command line; the path is one of the folder that the command is called in."""
        super().initialize(argv)
        self.extra_args[1:] = [os.path.abspath(path) for path in self.extra_args[1:]]

    def work(self) -> int:
        """Import the list, and print what has changed; return the exit status."""
        self.check_course()
        match self.extra_args:
            case ["import", path]:
                pass
            case ["import"]:
                raise CommandError("which file? Name it: lxmls-nb students import students.csv")
            case ["import", _, *_]:
                raise CommandError("one file at a time")
            case [other, *_]:
                raise CommandError(
                    f"students can be imported, not {other!r}{close_names(other, ['import'])}: "
                    "lxmls-nb students import students.csv"
                )
            case _:
                raise CommandError("what to do with students? lxmls-nb students import FILE")
        try:
            roster = read_roster(path)
        except RosterError as problem:
            raise CommandError(f"{path} is not taken: {problem}") from None
        if not roster.entries:
            raise CommandError(f"{path} is not taken: it has no student")
        with Gradebook(
            self.coursedir.db_url, self.coursedir.course_id, Authenticator(parent=self)
        ) as gradebook:
            changes = import_students(gradebook, roster.entries)
        if not self.quiet:
            print("\n".join(lines(os.path.basename(path), roster, changes)))
        return 1 if roster.skipped else 0


def lines(path: str, roster: RosterFile, changes: Changes) -> list[str]:
    """Return what is printed about a list that was taken."""
    read = ", ".join(f"{name} from {column!r}" for name, column in roster.columns.items())
    text = [f"{path}: {read}"]
    if roster.unused:
        text.append(f"not read: {', '.join(map(repr, roster.unused))}")
    text += [f"look at this: {printable(note)}" for note in [*roster.notes, *changes.notes]]
    text += [f"line {line}: skipped, {printable(why)}" for line, why in roster.skipped]
    text += [f"line {entry.line}: {entry.id} is new" for entry in changes.added]
    for entry, new in changes.changed:
        parts = [f"{name} {old or '(none)'} -> {value}" for name, (old, value) in new.items()]
        text.append(f"line {entry.line}: {entry.id}: {printable(', '.join(parts))}")
    text.append(
        f"{len(changes.added)} new, {len(changes.changed)} changed, "
        f"{len(changes.unchanged)} as they were, {len(roster.skipped)} skipped"
    )
    return text
