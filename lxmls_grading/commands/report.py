"""The command ``lxmls-nb report``."""

from __future__ import annotations

import os

from lxmls_grading.commands.base import CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.results.report import ReportError, write_report


class ReportApp(CourseApp):
    """Writes the report on an assignment, and prints the paths of its files."""

    name = "lxmls-nb report"
    description = "Write reports/ASSIGNMENT.html and .csv: points, what to teach again, times."
    examples = "lxmls-nb report day2"

    def work(self) -> int:
        """Write the report; return 0."""
        assignment = self.assignment()
        try:
            for path in write_report(self.coursedir, assignment, quiet=self.quiet):
                print(os.path.relpath(path))
        except ReportError as error:
            raise CommandError(str(error)) from None
        return 0
