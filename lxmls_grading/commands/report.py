"""The command ``lxmls-nb report``."""

from __future__ import annotations

import os

from lxmls_grading.commands.base import CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.deadlines.lateness import follow_points
from lxmls_grading.listing import list_names
from lxmls_grading.results.messages import printable
from lxmls_grading.results.report import ReportError, write_report


class ReportApp(CourseApp):
    """Writes the report on an assignment, and prints the paths of its files."""

    name = "lxmls-nb report"
    description = "Write reports/ASSIGNMENT.html and .csv: points, what to teach again, times."
    examples = "lxmls-nb report day2"

    def work(self) -> int:
        """Write the report; return 0."""
        assignment = self.assignment()
        late = follow_points(self.coursedir, self, assignment)
        if late:  # as the exports: points that were given by hand since would escape it
            points = list_names([printable(f"{who} ({cost:g})") for who, cost in late.items()], 20)
            self.coursedir.log.warning("Points that being late costs now: %s", points)
        try:
            for path in write_report(self.coursedir, assignment, quiet=self.quiet):
                print(os.path.relpath(path))
        except ReportError as error:
            raise CommandError(str(error)) from None
        return 0
