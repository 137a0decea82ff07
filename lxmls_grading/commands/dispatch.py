"""Finds the command that is meant, and runs it.

Each command is an application of traitlets in :mod:`lxmls_grading.commands`, with the conventions
of nbgrader's own. It is imported only when it runs, so that ``lxmls-nb --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from typing import Any

from traitlets import Dict
from traitlets.utils.importstring import import_item

import lxmls_nb
from lxmls_grading.commands.options import CommandError, StrictApplication
from lxmls_grading.machine.temporary_folder import TemporaryFolderError, check_temporary_folder
from lxmls_grading.people.matching import close_names

#: The commands: their classes, and what they do.
COMMANDS = {
    "students": (
        "lxmls_grading.commands.roster.StudentsApp",
        "Take a list of students into the gradebook.",
    ),
    "collect": (
        "lxmls_grading.commands.collect.CollectApp",
        "Take in submissions from Canvas, Moodle or a folder.",
    ),
    "extend": ("lxmls_grading.commands.extend.ExtendApp", "Give a student more time."),
    "new-assignment": (
        "lxmls_grading.commands.new_assignment.NewAssignmentApp",
        "Make a source notebook to start from.",
    ),
    "check": (
        "lxmls_grading.commands.check.CheckApp",
        "Try an assignment's tests on its reference solution.",
    ),
    "grade": ("lxmls_grading.commands.grade.GradeApp", "Grade all submissions, in parallel."),
    "watch": (
        "lxmls_grading.commands.watch.WatchApp",
        "Grade what arrives, and release feedback at once.",
    ),
    "report": ("lxmls_grading.commands.report.ReportApp", "Write a page on how the class did."),
    "doctor": (
        "lxmls_grading.commands.doctor.DoctorApp",
        "Check what grading needs on this machine.",
    ),
}

#: Options with which a command answers and ends.
ANSWERS = ("-h", "--help", "--help-all", "-V", "--version")


class CommandLine(StrictApplication):
    """The command without its subcommand: it answers ``--help`` and ``--version``."""

    name = "lxmls-nb"
    description = "Grade the course."
    version = lxmls_nb.__version__
    subcommands = COMMANDS
    aliases = Dict()
    flags = Dict()
    chosen: tuple[str, list[str]] | None = None

    def initialize_subcommand(self, subc: str, argv: list[str] | None = None) -> None:
        """Note which command is meant."""
        self.chosen = subc, argv or []

    def emit_help_epilogue(self, classes: bool) -> Any:
        """Leave out that there are more options: there are none."""
        return iter(())


def choose(arguments: list[str]) -> tuple[str, list[str]]:
    """Return the command that is meant, and the arguments that are left for it.

    Raises
    ------
    CommandError
        If there is no such command.
    """
    app = CommandLine()
    app.parse_command_line(arguments)
    if app.chosen is not None:
        return app.chosen
    names = ", ".join(COMMANDS)
    if not app.extra_args:
        raise CommandError(f"which command? There are {names}; lxmls-nb --help describes them")
    given = app.extra_args[0]
    raise CommandError(f"there is no command {given}{close_names(given, COMMANDS) or ': ' + names}")


def run_command(command: str, arguments: list[str], stack: contextlib.ExitStack) -> int:
    """Run a command of :data:`COMMANDS`, and return its exit status.

    Parameters
    ----------
    command : str
    arguments : list of str
        What is left for it of the command line.
    stack : contextlib.ExitStack
        It ends, in any case, what is started for the command.
    """
    import lxmls_grading.machine.startup  # noqa: F401 (it must come before jsonschema)

    if importlib.util.find_spec("nbgrader") is None:  # before a process is started for nothing
        raise ModuleNotFoundError("nbgrader is not installed", name="nbgrader")
    options = {}
    if command in ("grade", "watch") and not any(
        given in ANSWERS or given.startswith("--scheduler") for given in arguments
    ):
        from lxmls_grading.execution.hub import warm_for_workers

        with contextlib.suppress(TemporaryFolderError):  # the command itself reports it
            check_temporary_folder()
            # It starts while this process imports the rest.
            options["environment"] = stack.enter_context(warm_for_workers())
    app = import_item(COMMANDS[command][0])(**options)
    return int(app.run(arguments))


def run(arguments: list[str], stack: contextlib.ExitStack) -> int:
    """Run the command that is meant, and return its exit status; see :func:`run_command`."""
    try:
        return run_command(*choose(arguments), stack)
    except CommandError as error:
        print(f"lxmls-nb: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing.startswith("lxmls_"):
            raise
        print(
            f"lxmls-nb: {missing} is not installed; instructors need more packages than students: "
            "pip install 'lxmls-nb[instructor]'",
            file=sys.stderr,
        )
    except SystemExit as answered:  # after --help and --version
        return int(answered.code or 0)
    return 2
