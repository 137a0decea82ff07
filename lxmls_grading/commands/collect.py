"""The command ``lxmls-nb collect``."""

from __future__ import annotations

import contextlib
import os
from datetime import tzinfo
from pathlib import Path

from traitlets import Bool

from lxmls_grading.collect.archives import files_in
from lxmls_grading.collect.course import Course, assignments_of, collect, read_course
from lxmls_grading.collect.taking import CONFLICT, NEW, OLDER, REPLACED, SAME, Taken
from lxmls_grading.commands.base import FLAGS, CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_grading.deadlines.times import local, zone_of
from lxmls_grading.people.matching import close_names
from lxmls_grading.records import AlreadyGradingError, lock_assignment
from lxmls_grading.results.messages import printable


class CollectApp(CourseApp):
    """Takes in the submissions that a learning management system gives."""

    name = "lxmls-nb collect"
    description = (
        'Take in what Canvas and Moodle give as "download submissions": archives, or folders '
        "that were unpacked from them. Each file goes to submitted/STUDENT/ASSIGNMENT, the newest "
        "attempt of each notebook. A file that is there is replaced by a newer one only, and goes "
        "to .lxmls_nb/collected. Students are found by name, id or Canvas number, where that is "
        "beyond doubt.\n\n"
        "Exit status: 0 if everything fits, 1 if something does not, 2 if nothing could be done."
    )
    examples = (
        "lxmls-nb collect ~/Downloads/submissions.zip\n"
        "lxmls-nb collect --assignment=day2 --dry-run ~/Downloads/day2/"
    )

    flags = FLAGS | {
        ("n", "dry-run"): ({"CollectApp": {"dry_run": True}}, "Show the table, write nothing."),
        "trust-times": (
            {"CollectApp": {"trust_times": True}},
            "Believe the times in archives, though Canvas and Moodle write that of the download.",
        ),
    }

    dry_run = Bool(False, help="Whether to write nothing.").tag(config=True)
    trust_times = Bool(False, help="Whether times in archives are those of the submissions.").tag(
        config=True
    )

    #: What is collected: the command's arguments, from the folder in which it was called.
    paths: list[Path]

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the command line; paths are those of the folder that the command is called in."""
        super().initialize(argv)
        self.paths = [Path(os.path.abspath(os.path.expanduser(path))) for path in self.extra_args]

    def work(self) -> int:
        """Collect, and print what fitted whom; return the exit status."""
        self.check_course()
        if not self.extra_args:
            raise CommandError("which archive or folder? lxmls-nb collect submissions.zip")
        for path in self.paths:
            if not path.exists():
                raise CommandError(f"{path} is not there")
        self.need_assignments()
        zone = zone_of(self)
        course = read_course(self.coursedir)
        found = [file for path in self.paths for file in files_in(path, zone)]
        if not found:
            raise CommandError(f"there is no file in {' or '.join(map(str, self.paths))}")
        assignment = self.choose(course, assignments_of(found, course))
        options = {"trust_times": self.trust_times, "dry_run": self.dry_run}
        root = self.coursedir.root
        lock = contextlib.nullcontext() if self.dry_run else lock_assignment(root, assignment)
        try:
            with lock:
                everybody, problems = collect(self.coursedir, assignment, found, course, **options)
        except AlreadyGradingError as error:
            raise CommandError(str(error)) from None
        failed = bool(problems) or any(taken.problems for taken in everybody)
        if not self.quiet:
            print("\n".join(table(everybody, assignment, zone)))
        if not self.quiet or failed:
            for problem in problems:
                print(printable(f"does not fit: {problem.where} {problem.why}"))
        if not self.quiet and course.due.get(assignment) is None and everybody:
            print(
                f"{assignment} has no due date: once it has one, collect the same again, since "
                "times in an archive may be those of the download"
            )
        if not self.quiet and self.dry_run:
            print("nothing is written: this was to see what fits")
        return 1 if failed else 0

    def choose(self, course: Course, fitting: list[str]) -> str:
        """Return the assignment that is collected for.

        Parameters
        ----------
        course : Course
        fitting : list of str
            Those whose notebooks are among the files.

        Raises
        ------
        CommandError
            If it is not known.
        """
        given = str(self.coursedir.assignment_id)
        if given:
            if given not in course.notebooks:
                raise CommandError(
                    f"there is no assignment {given!r}{close_names(given, course.notebooks)}"
                )
            return given
        names = fitting if fitting else sorted(course.notebooks)
        if len(names) == 1:
            return names[0]
        raise CommandError(f"which assignment? Add --assignment={names[0]} (or {names[1]}, ...)")


def table(everybody: list[Taken], assignment: str, zone: tzinfo) -> list[str]:
    """Return what fitted whom, as lines of columns."""
    rows = [("student", "files", "handed in", "")]
    for taken in everybody:
        rows.append(
            (
                printable(taken.student),
                summary(taken),
                local(taken.time, zone) if taken.time else "",
                printable("; ".join([*taken.problems, *taken.notes])),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join([*map(str.ljust, row[:3], widths), row[3]]).rstrip() for row in rows]
    students = "1 student" if len(everybody) == 1 else f"{len(everybody)} students"
    return [f"{assignment}: {students}", *lines]


def summary(taken: Taken) -> str:
    """Return how many files are new, replaced, and so on."""
    counts = dict.fromkeys((NEW, REPLACED, SAME, OLDER, CONFLICT), 0)
    for kind in taken.files.values():
        counts[kind] += 1
    return ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
