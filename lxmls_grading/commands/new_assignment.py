"""The command ``lxmls-nb new-assignment``."""

from __future__ import annotations

import importlib.resources
import os
import re
import shlex
from pathlib import Path

import nbformat
from traitlets import Unicode

from lxmls_grading.commands.base import ALIASES, CourseApp
from lxmls_grading.commands.options import CommandError
from lxmls_nb.files import atomic_path

#: Names that nbgrader, shells and file systems all take as they are.
NAME = re.compile(r"[^\W_]([\w .-]{0,98}\w)?")

EXAMPLE = "lxmls-nb new-assignment day3 --notebook warm_up"


class NewAssignmentApp(CourseApp):
    """Makes a source notebook to start from."""

    name = "lxmls-nb new-assignment"
    description = (
        "Make a notebook in source/ to start from: a task, its solution, a visible and a hidden "
        "test. It can be generated, checked and graded as it is. Where the assignment is there "
        "already, the notebook is added to it.\n\n"
        "Exit status: 0, or 2 if nothing could be made."
    )
    examples = EXAMPLE

    aliases = ALIASES | {"notebook": "NewAssignmentApp.notebook"}

    notebook = Unicode("", help="The name of the notebook, without .ipynb.").tag(config=True)

    def work(self) -> int:
        """Write the notebook, and print what to do next; return 0."""
        assignment, notebook = self.given_assignment(), self.notebook.removesuffix(".ipynb")
        if not assignment or not notebook:
            what = "which notebook" if assignment else "which assignment, and which notebook"
            raise CommandError(f"{what}? {EXAMPLE}")
        check_name("an assignment", assignment)
        check_name("a notebook", notebook)
        folder = self.coursedir.format_path(self.coursedir.source_directory, ".", assignment)
        path = Path(folder, f"{notebook}.ipynb")
        shown = os.path.relpath(path, self.coursedir.root)
        if os.path.lexists(path):
            raise CommandError(
                f"{shown} is there already, and stays as it is: choose another --notebook, or "
                "remove it first"
            )
        with atomic_path(path) as partial:
            partial.write_text(new_notebook(notebook), encoding="utf-8")
        if not self.quiet:
            release = self.coursedir.format_path(self.coursedir.release_directory, ".", assignment)
            force = " --force" if os.path.isdir(release) else ""
            print(f"{shown} is made. To edit, try and release it:")
            print(f"  jupyter lab {shlex.quote(shown)}")
            print(f"  lxmls-nb check {shlex.quote(assignment)}")
            print(f"  nbgrader generate_assignment {shlex.quote(assignment)}{force}")
        return 0


def check_name(what: str, name: str) -> None:
    """Make sure that an assignment or a notebook can have a name.

    Raises
    ------
    CommandError
        If nbgrader would not take it, or a shell or a file system not as it is.
    """
    if not NAME.fullmatch(name):
        raise CommandError(
            f"{name!r} is no name for {what}: letters, digits, _, -, . and spaces between "
            "them make one, such as day3 or warm_up"
        )


def new_notebook(name: str) -> str:
    """Return a source notebook to start from, as JSON; its title is made of a name."""
    template = importlib.resources.files("lxmls_grading.commands") / "templates" / "notebook.ipynb"
    notebook = nbformat.reads(template.read_text(encoding="utf-8"), as_version=4)
    title = re.sub(r"[_\s-]+", " ", name)
    first = notebook.cells[0]
    first.source = first.source.replace("# Title", f"# {title[:1].upper()}{title[1:]}", 1)
    return f"{nbformat.writes(notebook)}\n"
