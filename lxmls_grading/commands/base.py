"""What all commands on a course share: its configuration, its folders and its assignments."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Gradebook
from nbgrader.apps import NbGrader
from nbgrader.apps.baseapp import nbgrader_flags
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets import Bool, TraitError, default
from traitlets.utils.importstring import import_item

import lxmls_grading.nbgrader_steps  # noqa: F401 (its classes have options)
from lxmls_grading.commands.options import CommandError, StrictApplication
from lxmls_grading.machine.interrupts import raising
from lxmls_grading.nbgrader_patches import wait_for_others
from lxmls_grading.people.matching import close_names
from lxmls_nb import __version__

#: Options that all commands have, as nbgrader spells them.
ALIASES: dict[Any, Any] = {
    "course": "CourseDirectory.course_id",
    "course-dir": ("CourseDirectory.root", "The folder of the course (default: this folder)."),
    "assignment": ("CourseDirectory.assignment_id", "The assignment, if it is not an argument."),
    "db": "CourseDirectory.db_url",
    "log-level": "Application.log_level",
}

#: The option of commands that work on some students.
STUDENT_ALIAS = {
    "student": (
        "CourseDirectory.student_id",
        "Ids and patterns of students, such as ada,b* (default: all).",
    )
}

FLAGS: dict[Any, Any] = {
    "debug": nbgrader_flags["debug"],
    "quiet": (
        {"Application": {"log_level": "CRITICAL"}, "CourseApp": {"quiet": True}},
        "Show nothing but errors.",
    ),
}


class CourseApp(NbGrader, StrictApplication):
    """A command on the course of this folder.

    It reads ``nbgrader_config.py`` and the options that nbgrader's own commands have. A command
    extends it by :meth:`work`.
    """

    version = __version__
    aliases = ALIASES
    flags = FLAGS

    quiet = Bool(False, help="Whether to show nothing but errors.").tag(config=True)

    @default("log_level")
    def _log_level_default(self) -> int:
        return 30  # a command reports what it does itself; nbgrader tells of every step

    @default("classes")
    def _classes_default(self) -> list[type]:
        return [CourseApp, *super()._classes_default()]

    def _find_subcommand(self, name: str) -> str:
        return ""  # Jupyter would look for programs of this name

    def load_config_file(self, **options: Any) -> None:  # type: ignore[override]
        """Read the configuration as nbgrader does, without its warning if there is no file."""
        super(NbGrader, self).load_config_file(**options)
        StrictApplication.load_config_file(self, self.config_file_name, os.getcwd())

    def run(self, arguments: list[str]) -> int:
        """Read options and configuration, and do the work.

        Parameters
        ----------
        arguments : list of str
            The command line behind the name of the command.

        Returns
        -------
        status : int
            0 if all is well, 2 if nothing could be done; further ones as the command documents.
        """
        warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader causes it (SQLAlchemy 2.1)
        try:
            self.initialize(arguments)
            # A plugin of the course's own lies in its folder: nbgrader looks in this one alone.
            sys.path.append(self.coursedir.root)
            if self.unknown_options:
                import_named_classes(self.config)
                self.check_unknown_options()
            wait_for_others(self.coursedir)
            with self.interrupts():
                return self.work()
        except CommandError as error:
            return self.report_error(str(error))
        except TraitError as error:  # a setting that is read where it is needed
            return self.report_error(str(error))
        except SQLAlchemyError as error:
            url = make_url(self.coursedir.db_url)
            local = url.get_backend_name() == "sqlite"
            place = url.database if local else url.render_as_string()  # without the password
            return self.report_error(f"the gradebook {place} cannot be used: {one_line(error)}")
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            return self.report_error(f"{place}{error.strerror or error}")

    def work(self) -> int:
        """Do what the command is for; return its exit status."""
        raise NotImplementedError

    def interrupts(self) -> contextlib.AbstractContextManager[None]:
        """Return what Ctrl-C does during the work: it raises KeyboardInterrupt."""
        return raising()

    def report_error(self, message: str) -> int:
        """Print why nothing could be done, as one line; return the exit status 2."""
        print(f"lxmls-nb: {message}", file=sys.stderr)
        return 2

    # --- the course ------------------------------------------------------------------------------

    def check_course(self) -> None:
        """Make sure that this is the folder of a course.

        Raises
        ------
        CommandError
            If there is no such folder, or no ``nbgrader_config.py`` was found. One of the whole
            machine, or of this user, is enough only if it names the folder, or there is a
            ``source/`` in it.
        """
        if not os.path.isdir(self.coursedir.root):
            raise CommandError(f"there is no folder {self.coursedir.root}")
        name = f"{self.config_file_name}.py"
        root = os.path.realpath(self.coursedir.root)
        here = {root, os.path.realpath(os.getcwd())}
        found = [path for path in self.loaded_config_files if os.path.basename(path) == name]
        option = self.cli_config.CourseDirectory
        is_named = (
            "root" in self.config.CourseDirectory and "root" not in option
        ) or os.path.isdir(self.coursedir.format_path(self.coursedir.source_directory, "", ""))
        if not found or not (
            is_named or any(os.path.dirname(os.path.realpath(path)) in here for path in found)
        ):
            raise CommandError(
                f"there is no {name} in {self.coursedir.root}: cd to the folder of the course, or "
                "name it with --course-dir"
            )

    def given_assignment(self) -> str:
        """Return the assignment that the command line names, or an empty string.

        Raises
        ------
        CommandError
            If it names several, or this is not the folder of a course.
        """
        self.check_course()
        option = str(self.cli_config.CourseDirectory.get("assignment_id", ""))
        given = dict.fromkeys([*self.extra_args, *([option] if option else [])])
        if len(given) > 1:
            raise CommandError(f"one assignment at a time, not {' and '.join(map(repr, given))}")
        return next(iter(given), "")

    def assignment(self, generated: bool = True) -> str:
        """Return the assignment that the command is given, as an argument or by ``--assignment``.

        Parameters
        ----------
        generated : bool
            Whether it has to be in the gradebook; else its folder in ``source/`` is enough.

        Raises
        ------
        CommandError
            If none is given, several are, or it does not exist. Nothing is written in this case.
        """
        name = self.given_assignment() or self.coursedir.assignment_id
        sources = sources_in(self.coursedir)
        found = assignments_in(self.coursedir) if generated else sources
        known = sorted({*found, *sources})
        if not name:
            raise CommandError(f"which assignment? Name one: {', '.join(known) or 'there is none'}")
        if name not in found:
            close = "" if name in known else close_names(name, known)
            place = "the gradebook" if generated else "source/"
            make = (
                f"nbgrader generate_assignment {name} --force"
                if generated
                else f"lxmls-nb new-assignment {name}"
            )
            raise CommandError(
                f"there is no assignment {name!r} in {place}{close or ':'} "
                f"{'If not, run' if close else 'run'} `{make}`"
            )
        self.coursedir.assignment_id = name
        return str(name)

    def need_assignments(self) -> None:
        """Make sure that the gradebook has an assignment, whichever.

        Raises
        ------
        CommandError
            If it has none.
        """
        if not assignments_in(self.coursedir):
            raise CommandError(
                "the gradebook has no assignment: "
                "run `nbgrader generate_assignment ASSIGNMENT --force` first"
            )


def assignments_in(coursedir: CourseDirectory) -> list[str]:
    """Return the names of the assignments in the gradebook; no gradebook is made for it."""
    url = make_url(coursedir.db_url)
    if url.get_backend_name() == "sqlite" and not os.path.isfile(url.database or ""):
        return []
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        return sorted(name for (name,) in gradebook.db.query(Assignment.name))


def sources_in(coursedir: CourseDirectory) -> list[str]:
    """Return the names of the folders in ``source/``."""
    folder = Path(coursedir.format_path(coursedir.source_directory, ".", "x")).parent
    with contextlib.suppress(OSError):
        names = [each.name for each in folder.iterdir() if each.is_dir()]
        return sorted(name for name in names if not name.startswith("."))
    return []


def import_named_classes(config: Any) -> None:
    """Import what a configuration names, such as ``"late.MyPlugin"``, so that it can be found."""
    for value in config.values() if isinstance(config, dict) else config:
        if isinstance(value, dict | list | tuple):
            import_named_classes(value)
        elif isinstance(value, str) and re.fullmatch(r"\w+(\.\w+)+", value):
            with contextlib.suppress(Exception):  # whoever uses it reports what is wrong
                import_item(value)


def one_line(error: BaseException) -> str:
    """Return the first line of an error."""
    text = str(getattr(error, "orig", None) or error)
    return text.strip().partition("\n")[0] or type(error).__name__
