"""The command ``lxmls-nb``."""

from __future__ import annotations

import argparse
import sys

from traitlets.config import Config

from lxmls_nb.grading.doctor import doctor


def grade(assignment: str, student: str = "*", force: bool = False, sandbox: bool = True) -> int:
    """Grade what lies under ``submitted/``, as ``nbgrader autograde`` does.

    Parameters
    ----------
    assignment : str
    student : str
        A pattern of names.
    force : bool
        Whether to grade again what is graded already.
    sandbox : bool
        Whether submissions run in a sandbox.

    Returns
    -------
    status : int
        0 if everything was graded, else 1.
    """
    from nbgrader.apps import NbGrader  # not before it is needed: `doctor` runs without it
    from nbgrader.converters import Autograde
    from nbgrader.converters.base import NbGraderException

    app = NbGrader()
    app.initialize([])  # reads nbgrader_config.py
    options = Config()
    options.CourseDirectory.assignment_id = assignment
    options.CourseDirectory.student_id = student
    options.ExecuteApart.sandbox = sandbox
    app.update_config(options)
    app.coursedir.update_config(options)
    grading = Autograde(coursedir=app.coursedir, parent=app)
    grading.force = force
    try:
        grading.start()
    except NbGraderException as error:
        print(f"lxmls-nb: {error}", file=sys.stderr)
        return 1
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="lxmls-nb", description="Grade the course.")
    commands = parser.add_subparsers(dest="command", required=True)
    grading = commands.add_parser(
        "grade", help="grade submissions", description="Grade what lies under submitted/."
    )
    grading.add_argument("assignment", help="for example day2")
    grading.add_argument("--student", default="*", help="whom to grade; a pattern (default: all)")
    grading.add_argument("--force", action="store_true", help="grade again what is graded already")
    grading.add_argument(
        "--no-sandbox",
        action="store_true",
        help="give submissions all your rights: only for code that you trust",
    )
    commands.add_parser(
        "doctor",
        help="look at what grading needs on this machine",
        description="Say what is wrong on this machine, and the command that mends it.",
    )
    given = parser.parse_args(arguments)
    if given.command == "doctor":
        return doctor()
    return grade(given.assignment, given.student, given.force, not given.no_sandbox)


if __name__ == "__main__":
    sys.exit(main())
