"""The command ``lxmls-nb``."""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from lxmls_grading.doctor import doctor

if TYPE_CHECKING:
    from nbgrader.apps import NbGrader

    from lxmls_grading.class_run.run import Summary

# Modules that take long to import are imported in functions, so that `--help` answers at once.


def open_course(assignment: str, student: str = "*", sandbox: bool | None = None) -> NbGrader:
    """Return nbgrader's application for the course of this folder.

    Parameters
    ----------
    assignment : str
    student : str
        A pattern of names.
    sandbox : bool, optional
        Whether submissions run in a sandbox; by default as configured.

    Returns
    -------
    app : nbgrader.apps.NbGrader
        The application, which has read ``nbgrader_config.py``; its ``coursedir`` knows the folders
        of the course.
    """
    from nbgrader.apps import NbGrader
    from sqlalchemy.exc import SAWarning
    from traitlets.config import Config

    warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader causes it with SQLAlchemy 2.1
    app = NbGrader()
    app.initialize([])
    config = Config()
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    config.CourseDirectory.notebook_id = "*"
    if sandbox is not None:
        config.ExecuteApart.sandbox = sandbox
    app.update_config(config)
    app.coursedir.update_config(config)
    return app


def grade(given: argparse.Namespace) -> int:
    """Grade the submissions under ``submitted/`` in parallel.

    Parameters
    ----------
    given : argparse.Namespace
        The arguments of ``lxmls-nb grade``.

    Returns
    -------
    status : int
        0 if every submission was graded, 1 if some have reasons, 2 if nothing could run.
    """
    if importlib.util.find_spec("nbgrader") is None:  # before a process is started for nothing
        raise ModuleNotFoundError("nbgrader is not installed", name="nbgrader")
    from lxmls_grading.execution.hub import warm_for_workers

    if given.scheduler:
        return _grade(given, {})
    with warm_for_workers() as environment:  # it starts while this process imports the rest
        return _grade(given, environment)


def _grade(given: argparse.Namespace, environment: dict[str, str]) -> int:
    from nbgrader.converters.base import NbGraderException

    from lxmls_grading.class_run.cluster import ClusterError, connect_to_cluster
    from lxmls_grading.class_run.marker import Marker
    from lxmls_grading.class_run.progress import Progress
    from lxmls_grading.class_run.run import ClassRun, Summary
    from lxmls_grading.records import AlreadyGradingError, lock_assignment, records_folder

    app = open_course(given.assignment, given.student, False if given.no_sandbox else None)
    root = app.coursedir.root
    os.chdir(root)  # nbgrader does so, too: patterns of folders may be relative
    summary = Summary()
    try:
        with lock_assignment(root, given.assignment):
            logfile = records_folder(root, given.assignment) / "grade.log"
            log_to(logfile, app.log)
            marker = Marker(app.coursedir, app)
            students = marker.students()
            if not students:
                raise NbGraderException(
                    f"nobody who matches {given.student!r} has handed in {given.assignment!r}: "
                    f"{marker.submitted(given.student)} is missing"
                )
            if not marker.settings.sandbox and not given.quiet:
                print("Submissions run WITHOUT a sandbox, with all your rights.", file=sys.stderr)
            marker.clean_up()
            progress = Progress(len(students), given.assignment, given.quiet)
            run = ClassRun(marker, progress, given.force)
            summary = run.summary
            try:
                students = run.select(students)
                if students:
                    gc.freeze()  # no object that exists now will become garbage
                    with connect_to_cluster(given.scheduler, given.workers, environment) as client:
                        run.run(client, students)
            finally:
                progress.close()
    except (NbGraderException, ClusterError, AlreadyGradingError) as error:
        summary.error = str(error)
    if summary.error:
        print(f"lxmls-nb: {summary.error}", file=sys.stderr)
    if given.json:
        print(json.dumps(summary.to_dict()))
    elif not given.quiet and (summary.seconds or summary.skipped):
        print(_sentence(given.assignment, summary))
    return summary.status


def _sentence(assignment: str, summary: Summary) -> str:
    """Return a line that sums up a run."""
    parts = [f"{len(summary.graded)} graded"]
    if summary.graded:
        rate = 60 * len(summary.graded) / summary.seconds
        parts[0] += f" in {summary.seconds:.0f} s ({rate:.1f} per minute)"
    parts += [f"{len(summary.skipped)} unchanged"] if summary.skipped else []
    parts += [f"{len(summary.reasons)} with reasons"] if summary.reasons else []
    parts += [f"{summary.left} left"] if summary.left else []
    return f"{assignment}: {', '.join(parts)}. What to teach again: lxmls-nb report {assignment}"


def log_to(path: Path, log: logging.Logger) -> None:
    """Send the log of nbgrader and of grading to a file instead of the terminal."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setLevel(logging.INFO)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("lxmls_grading")
    ours.setLevel(logging.INFO)
    for logger in (log, ours):
        for old in list(logger.handlers):
            logger.removeHandler(old)
        logger.addHandler(handler)
        logger.propagate = False


def report(given: argparse.Namespace) -> int:
    """Write the report on an assignment, and print the paths of its files.

    Parameters
    ----------
    given : argparse.Namespace
        The arguments of ``lxmls-nb report``.

    Returns
    -------
    status : int
        0, or 2 if there is nothing to report on.
    """
    from lxmls_grading.results.report import ReportError, write_report

    app = open_course(given.assignment)
    try:
        for path in write_report(app.coursedir, given.assignment, quiet=given.quiet):
            print(os.path.relpath(path))
    except ReportError as error:
        print(f"lxmls-nb: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    main = argparse.ArgumentParser(prog="lxmls-nb", description="Grade the course.")
    commands = main.add_subparsers(dest="command", required=True)
    grading = commands.add_parser(
        "grade",
        help="grade all submissions, in parallel",
        description="Grade the submissions under submitted/. Those that are graded and unchanged "
        "are skipped, so a run that was stopped continues where it was.",
        epilog="Exit status: 0 if every submission was graded, 1 if some have reasons, 2 if "
        "nothing could run.",
    )
    grading.add_argument("assignment", help="for example day2")
    grading.add_argument("--student", default="*", help="whom to grade; a pattern (default: all)")
    grading.add_argument(
        "--force", action="store_true", help="grade again those that are graded already"
    )
    grading.add_argument(
        "--workers",
        type=_positive,
        metavar="N",
        help="processes on this machine (default: one per core)",
    )
    grading.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler, such as tcp://10.0.0.1:8786"
    )
    grading.add_argument("--quiet", action="store_true", help="show nothing but errors")
    grading.add_argument("--json", action="store_true", help="print a summary as JSON")
    grading.add_argument(
        "--no-sandbox",
        action="store_true",
        help="run submissions with all your rights: only for code that you trust",
    )
    grading.set_defaults(function=grade)
    reporting = commands.add_parser(
        "report",
        help="write a page on how the class did",
        description="Write reports/ASSIGNMENT.html and .csv: points, what to teach again, times.",
    )
    reporting.add_argument("assignment", help="for example day2")
    reporting.add_argument("--quiet", action="store_true", help="show no progress")
    reporting.set_defaults(function=report)
    inspecting = commands.add_parser(
        "doctor",
        help="check what grading needs on this machine",
        description="Report what is wrong on this machine, with the command that repairs it.",
    )
    inspecting.set_defaults(function=lambda given: doctor())
    return main


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    given = parser().parse_args(arguments)
    import lxmls_grading.startup  # noqa: F401 (it must come before jsonschema)

    try:
        status: int = given.function(given)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing.startswith("lxmls_"):
            raise
        print(
            f"lxmls-nb: {missing} is not installed; instructors need more packages than students: "
            "pip install 'lxmls-nb[instructor]'",
            file=sys.stderr,
        )
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
