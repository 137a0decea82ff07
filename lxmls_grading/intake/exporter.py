"""Reads a notebook that a student has handed in, whatever the file holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from traitlets import Integer

from lxmls_grading.intake.files import (
    HAND_IN_FILE,
    SAVE_AGAIN,
    UnreadableError,
    UnsafeFileError,
    is_linked,
    read_plain,
)
from lxmls_grading.intake.finding import NotebookFinder
from lxmls_grading.intake.notebooks import clean_notebook, parse_notebook
from lxmls_grading.intake.sources import read_sources, source_files
from lxmls_grading.reasons import Reason, add_reason, reason


class SubmissionExporter(NotebookExporter):
    """Reads a submitted notebook, and keeps of it only what a student writes.

    It must be ``c.Autograde.exporter_class``. A file that is no notebook counts as an empty one
    with a reason, so that the student's other notebooks are graded as usual.
    """

    max_bytes = Integer(20_000_000, help="Largest notebook file that is read.").tag(config=True)
    max_cells = Integer(2000, help="Most cells that a notebook may have.").tag(config=True)
    max_text = Integer(2_000_000, help="Most characters in all cells together.").tag(config=True)

    def __init__(self, **options: Any):
        super().__init__(**options)
        self._finders: dict[str, NotebookFinder] = {}

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
        names = resources.get("nbgrader") or {}
        submitted = self.read_submitted(filename, names.get("assignment"))
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

    def read_submitted(self, filename: str, assignment: str | None = None) -> NotebookNode:
        """Return a submitted notebook, or an empty one with the reason why it is empty.

        Parameters
        ----------
        filename : str
            Where it should be.
        assignment : str, optional
            With its name, and the folders of a course, a notebook is also found under another name.
        """
        linked = self.coursedir and is_linked(
            filename, self.coursedir, self.coursedir.submitted_directory
        )
        found: NotebookNode | Reason
        if linked:
            what = "its folder is a link to another folder"
            found = reason("unreadable", what=what, advice=HAND_IN_FILE)
        else:
            found = self._read(lambda: read_plain(filename, self.max_bytes), filename)
            if assignment and self.coursedir:
                other = self._finder(assignment).find(filename, found)
                found = found if other is None else other
        if not isinstance(found, Reason):
            return found
        self.log.warning("No notebook at %r: %s", filename, found.text)
        notebook: NotebookNode = nbformat.v4.new_notebook()
        add_reason(notebook, found)
        return notebook

    def _read(self, read: Callable[[], bytes], name: str) -> NotebookNode | Reason:
        """Return the notebook in a file, or the reason why there is none."""
        try:
            return clean_notebook(parse_notebook(read()), self.max_cells, self.max_text)
        except UnsafeFileError as problem:
            what, advice = f"it {problem}", problem.advice
        except UnreadableError as problem:
            what, advice = str(problem), problem.advice
        except Exception:  # one file must cost nobody else a grade
            self.log.exception("Cannot read %r", name)
            what, advice = "it is not a notebook that Jupyter can open", SAVE_AGAIN
        return reason("unreadable", what=what, advice=advice)

    def _finder(self, assignment: str) -> NotebookFinder:
        """Return what finds notebooks of an assignment under other names."""
        if assignment not in self._finders:
            sources = partial(read_sources, self.coursedir, assignment)
            ignore = self.coursedir.ignore
            given = partial(source_files, self.coursedir, assignment)
            self._finders[assignment] = NotebookFinder(
                sources, given, ignore, self.max_bytes, self._read, self.config
            )
        return self._finders[assignment]
