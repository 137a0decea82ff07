"""Reads a notebook that a student has handed in, whatever the file holds."""

from __future__ import annotations

import os
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from traitlets import Integer

from lxmls_grading.intake.files import UnreadableError, UnsafeFileError, is_linked, read_plain
from lxmls_grading.intake.notebooks import clean_notebook, parse_notebook
from lxmls_grading.reasons import add_reason, reason


class SubmissionExporter(NotebookExporter):
    """Reads a submitted notebook, and keeps of it only what a student writes.

    It must be ``c.Autograde.exporter_class``. A file that is no notebook counts as an empty one
    with a reason, so that the student's other notebooks are graded as usual.
    """

    max_bytes = Integer(20_000_000, help="Largest notebook file that is read.").tag(config=True)
    max_cells = Integer(2000, help="Most cells that a notebook may have.").tag(config=True)
    max_text = Integer(2_000_000, help="Most characters in all cells together.").tag(config=True)

    @property
    def coursedir(self) -> Any:
        """The folders of the course, from the converter that uses this; None without one."""
        return getattr(self.parent, "coursedir", None)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Convert the file of a notebook.

        One in the folder ``autograded`` was written by this class, and is read as it is.

        Parameters
        ----------
        filename : str
        resources : dict, optional

        Returns
        -------
        output : str
            The notebook after all steps.
        resources : ResourcesDict
        """
        resources = ResourcesDict() if resources is None else resources
        if self._is_ours(filename, resources):
            return super().from_filename(filename, resources, **kw)
        path, name = os.path.split(filename)
        resources["metadata"] = ResourcesDict(name=os.path.splitext(name)[0], path=path)
        submitted = self.read_submitted(filename)
        converted: tuple[str, dict[str, Any]] = self.from_notebook_node(submitted, resources, **kw)
        return converted

    def _is_ours(self, filename: str, resources: dict[str, Any]) -> bool:
        """Whether a file lies where nbgrader writes the notebooks that this class has read."""
        names = resources.get("nbgrader")
        if self.coursedir is None or not names:
            return False
        folder: str = self.coursedir.format_path(
            self.coursedir.autograded_directory, names["student"], names["assignment"]
        )
        return os.path.normpath(os.path.dirname(filename)) == os.path.normpath(folder)

    def read_submitted(self, filename: str) -> NotebookNode:
        """Return a submitted notebook, or an empty one with the reason why it is empty."""
        try:
            course = self.coursedir
            if course and is_linked(filename, course, course.submitted_directory):
                raise UnreadableError("its folder is a link to another folder")
            return clean_notebook(
                parse_notebook(read_plain(filename, self.max_bytes)), self.max_cells, self.max_text
            )
        except UnsafeFileError as problem:
            what = f"it {problem}"
        except UnreadableError as problem:
            what = str(problem)
        except Exception:  # one file must cost nobody else a grade
            self.log.exception("Cannot read %r", filename)
            what = "it is not a notebook that Jupyter can open"
        self.log.warning("Unreadable notebook %r: %s", filename, what)
        notebook: NotebookNode = nbformat.v4.new_notebook()
        add_reason(notebook, reason("unreadable", what=what))
        return notebook
