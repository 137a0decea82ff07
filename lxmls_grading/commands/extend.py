"""The command ``lxmls-nb extend``."""

from __future__ import annotations

from datetime import tzinfo

from lxmls_grading.commands.base import CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.deadlines.extensions import Extension, ExtensionError, extend, parse_extension
from lxmls_grading.deadlines.times import local, zone_of


class ExtendApp(CourseApp):
    """Gives a student an extension."""

    name = "lxmls-nb extend"
    description = (
        "Give a student more time for an assignment: +48h, +2d, +1w or +90m, counted from the due "
        "date of all and in place of an earlier extension; 0 takes it back. Penalties for being "
        "late follow at once.\n\n"
        "Exit status: 0, 1 if it is in doubt when the submission was handed in, or 2 if nothing "
        "could be done."
    )
    examples = "lxmls-nb extend ada day2 +48h\nlxmls-nb extend ada day2 0"

    def work(self) -> int:
        """Give the extension, and print the due date; return the exit status."""
        self.check_course()
        if len(self.extra_args) != 3:
            raise CommandError(
                "whom, which assignment and by how much? lxmls-nb extend ada day2 +48h"
            )
        student, assignment, text = self.extra_args
        self.need_assignments()
        zone = zone_of(self)
        try:
            more = parse_extension(text)
            found = extend(self.coursedir, self, student, assignment, more, zone)
        except ExtensionError as problem:
            raise CommandError(str(problem)) from None
        if not self.quiet:
            print(sentence(student, assignment, text, found, zone))
        if found.problem:
            self.report_error(f"{student} keeps the earlier time: {found.problem}")
            return 1
        return 0


def sentence(student: str, assignment: str, text: str, found: Extension, zone: tzinfo) -> str:
    """Return what is printed about an extension that was given."""
    given = f"{text} more" if text.startswith("+") and text[1:2] != "0" else "no extension"
    parts = [f"{student}, {assignment}: {given}, due {local(found.due, zone)}"]
    if found.handed_in:
        late = "late" if found.late else "in time"
        parts.append(f"handed in {local(found.handed_in, zone)}, {late}")
    if found.penalty != found.penalty_before:
        parts.append(f"penalty {found.penalty_before:g} -> {found.penalty:g} points")
    return "; ".join(parts)
