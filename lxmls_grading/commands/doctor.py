"""The command ``lxmls-nb doctor``."""

from __future__ import annotations

from lxmls_grading.commands.base import CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.doctor import doctor


class DoctorApp(CourseApp):
    """Checks what grading needs on this machine."""

    name = "lxmls-nb doctor"
    description = (
        "Report what is wrong on this machine and in this course, with the command that repairs "
        "it: !! has to be repaired, ? is advice.\n\n"
        "Exit status: 0 if nothing has to be repaired, else 1."
    )
    examples = "lxmls-nb doctor"

    def work(self) -> int:
        """Print all findings; return 0 if nothing is wrong, else 1."""
        if self.extra_args:
            raise CommandError(f"doctor takes no argument, and {self.extra_args[0]} was given")
        return doctor(self)
