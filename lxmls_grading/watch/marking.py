"""Prepares tries, which lie in a folder of their own until it is known whether they count."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

from lxmls_grading.class_run.marker import Marker, PreparedSubmission
from lxmls_grading.execution.execute_apart import ExecuteApart
from lxmls_grading.feedback.comments import SaveReasons
from lxmls_grading.feedback.undefined import explain_errors
from lxmls_grading.intake.files import plain_files
from lxmls_grading.nbgrader_patches import class_of, find_paths
from lxmls_grading.reasons import add_reason
from lxmls_grading.watch.arrivals import replace_folder

#: Steps that write to the gradebook.
SAVING = (SaveAutoGrades, SaveReasons, AssignLatePenalties)


class TryMarker(Marker):
    """A marker of tries: it reads them, and writes nothing to the gradebook.

    Its ``coursedir`` has the folder of tries as ``submitted_directory``.
    """

    def __init__(self, coursedir: Any, parent: Any):
        super().__init__(coursedir, parent)
        steps = [class_of(step) for step in self.autograde_preprocessors]
        apart = next(i for i, step in enumerate(steps) if issubclass(step, ExecuteApart))
        after = [step for step in steps[apart + 1 :] if not issubclass(step, SAVING)]
        self.cleaning = self._exporter(after)

    def finished(
        self, submission: PreparedSubmission, executed: dict[str, str]
    ) -> dict[str, NotebookNode]:
        """Return the notebooks of a try as they would be in ``autograded``, by name.

        Parameters
        ----------
        submission : PreparedSubmission
        executed : dict of str
            Its notebooks that were executed, as JSON.
        """
        folder = self.submitted(submission.student)
        notebooks = {}
        for name, text in sorted((submission.unread | executed).items()):
            path = os.path.join(folder, f"{name}.ipynb")
            resources = self.init_single_notebook_resources(path)
            resources["metadata"] = ResourcesDict(name=name, path=folder)
            output, _ = self.cleaning.from_notebook_node(nbformat.v4.reads(text), resources)
            notebook: NotebookNode = nbformat.v4.reads(output)
            for each in explain_errors(notebook):
                add_reason(notebook, each)
            notebooks[name] = notebook
        return notebooks

    def keep(self, student: str, notebooks: Mapping[str, NotebookNode]) -> None:
        """Keep a try that does not count, so that its feedback can be made, and made again.

        It is in the ``autograded_directory`` of the tries, as the others are in that of the course.

        Raises
        ------
        OSError
            If that is not possible.
        """
        staged = Path(self.submitted(student))

        def fill(new: Path) -> None:
            for path in plain_files(staged, [*self.coursedir.ignore, "*.ipynb"], self.log):
                copy = new / os.path.relpath(path, staged)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
            for name, notebook in notebooks.items():
                nbformat.write(notebook, new / f"{name}.ipynb")

        replace_folder(Path(self.autograded(student)), fill)

    def state_of_source(self) -> list[tuple[str, int, int]]:
        """Return what tells that the source of the assignment, or its release, has changed."""
        found = []
        # A release writes the gradebook, too, where a notebook may be new, or points be others.
        for step in (self.coursedir.source_directory, self.coursedir.release_directory):
            top = self.coursedir.format_path(step, ".", self.assignment)
            for folder, _, files in os.walk(top):
                for name in files:
                    path = Path(folder, name)
                    with suppress(FileNotFoundError):  # it is being replaced
                        status = path.stat()
                        found.append((str(path), status.st_mtime_ns, status.st_size))
        return sorted(found)

    def remove_partial(self, *steps: str) -> None:
        """Remove folders that a killed watcher has left half-written.

        Parameters
        ----------
        *steps : str
            Such as ``coursedir.feedback_directory``.
        """
        for step in steps:
            pattern = self.coursedir.format_path(step, "*", self.assignment)
            hidden = os.path.join(os.path.dirname(pattern), f".{self.assignment}.*")
            for left in find_paths(hidden):
                shutil.rmtree(left, ignore_errors=True)
