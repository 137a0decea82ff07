"""Keeps the plans of an assignment's notebooks, and makes them where they are missing or old."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import (
    MetadataValidator,
    SchemaTooNewError,
    SchemaTooOldError,
    ValidationError,
)
from traitlets.config import Config

from lxmls_grading.cells import read_notebook
from lxmls_grading.execution.plan import NotebookPlan, plain_plan
from lxmls_grading.execution.trial import Execute, Trial, try_notebook
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.intake.sources import read_source, source_notebooks, source_to_try
from lxmls_grading.listing import list_names
from lxmls_grading.records import records_folder
from lxmls_nb import __version__
from lxmls_nb.files import atomic_path

#: Is counted up where a trial may find something else than before.
TRIAL_FORMAT = 6

#: The configured ways to run tests, and what they are for :func:`plain_plan`.
MODES = {"auto": None, "apart": True, "together": False}


@dataclass(frozen=True)
class Plans:
    """The plans of the notebooks of an assignment.

    What needs a trial of the reference solution is kept beside the records, until the notebook, a
    file beside it or this project changes.

    Attributes
    ----------
    coursedir : CourseDirectory
        With an ``assignment_id``.
    mode : str
        A key of :data:`MODES`.
    files : mapping of bytes
        What lies beside the notebooks, by its path.
    execute : callable
        Executes a notebook by a plan.
    config : Config, optional
        The configuration of nbgrader.
    keep : bool
        Whether what a trial has found is written, so that the next run need not try again.
    """

    coursedir: CourseDirectory
    mode: str
    files: Mapping[str, bytes]
    execute: Execute
    config: Config | None = None
    keep: bool = True

    @property
    def notebooks(self) -> dict[str, Path]:
        """The instructor's notebooks, by name."""
        return source_notebooks(self.coursedir, self.coursedir.assignment_id)

    def read(self, tell: Callable[[str], None]) -> Iterator[tuple[str, NotebookPlan]]:
        """Yield names and plans of all notebooks; a notebook without a plan is tried.

        Parameters
        ----------
        tell : callable
            Is called with a line for each notebook that is tried, and for what does not pass.

        Raises
        ------
        NbGraderException
            If tests that nbgrader generates are not what was released.
        """
        for name in self.notebooks:
            plan = plain_plan(self._released(name), MODES[self.mode]) or self._kept(name)
            if plan is None:
                tell(f"{name} is new or changed: its tests are tried on the reference solution.")
                plan, trials = self.try_out(name)
                lost = [test for test, each in trials.items() if each.reference.points < each.worth]
                if lost:
                    what = f"{name}: the reference solution does not pass {list_names(lost)}"
                    tell(f"{what}; see lxmls-nb check {self.coursedir.assignment_id}")
            yield name, plan

    def try_out(self, name: str) -> tuple[NotebookPlan, dict[str, Trial]]:
        """Try a notebook, and keep its plan; see :func:`try_notebook`.

        Raises
        ------
        NbGraderException
            If nbgrader would not generate it: a delimiter is missing, or tests cannot be generated.
        """
        path, default = self.notebooks[name], MODES[self.mode]
        _read_source(path)
        source = source_to_try(self.coursedir, self.coursedir.assignment_id, path)
        digest = self._digest(name)
        try:
            read_originals(source, self.config)
        except RuntimeError as error:
            raise NbGraderException(f"{path}: {error}") from error
        plan, trials = try_notebook(source, self.execute, default, self.config)
        if plain_plan(source, default) is None and self.keep:
            with atomic_path(self._place(name)) as partial:
                partial.write_text(json.dumps({"digest": digest, "plan": plan.to_dict()}, indent=1))
        return plan, trials

    def read_valid(self, name: str) -> NotebookNode:
        """Return an instructor's notebook.

        Raises
        ------
        NbGraderException
            If nbgrader would not generate it, because its metadata are wrong.
        """
        path = self.notebooks[name]
        source = _read_source(path)
        try:
            MetadataValidator().validate_nb(copy.deepcopy(source))
        except (ValidationError, SchemaTooOldError, SchemaTooNewError, KeyError) as error:
            raise NbGraderException(f"{path}: {one_line(error)}") from error
        return source

    def _released(self, name: str) -> NotebookNode:
        """Return an instructor's notebook with the tests that nbgrader has generated for it."""
        path = self.notebooks[name]
        _read_source(path)
        return read_source(self.coursedir, self.coursedir.assignment_id, path)

    def _kept(self, name: str) -> NotebookPlan | None:
        """Return a plan if there is one that can be read, for this very notebook."""
        try:
            found = json.loads(self._place(name).read_text(encoding="utf-8"))
            same = found["digest"] == self._digest(name)
            return NotebookPlan.from_dict(found["plan"]) if same else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _place(self, name: str) -> Path:
        folder = records_folder(self.coursedir.root, self.coursedir.assignment_id)
        return folder / "plans" / f"{name}.json"

    def _digest(self, name: str) -> str:
        """Return a hash of all that the plan of a notebook depends on."""
        digest = hashlib.sha256(f"{__version__} {TRIAL_FORMAT}".encode())
        try:
            text = nbformat.v4.writes(self._released(name)).encode()
        except NbGraderException:  # it is not released as it is now
            text = self.notebooks[name].read_bytes()
        for path, content in ({"": text} | {**self.files}).items():
            digest.update(f"{path!r} {hashlib.sha256(content).hexdigest()}\n".encode())
        return digest.hexdigest()


def _read_source(path: Path) -> NotebookNode:
    """Return an instructor's notebook.

    Raises
    ------
    NbGraderException
        If the file is no notebook.
    """
    try:
        return read_notebook(path)
    except Exception as error:  # nbformat raises errors of many kinds
        raise NbGraderException(f"{path} is no notebook: {one_line(error)}") from error


def one_line(error: Exception) -> str:
    """Return an error as a line."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def describe_together(plans: Mapping[str, NotebookPlan]) -> str:
    """Return which tests run together with the student's code, as a line; nothing if none does."""
    found = {
        notebook: [name for name, test in plan.tests.items() if not test.apart]
        for notebook, plan in plans.items()
    }
    parts = [f"{notebook}: {list_names(names)}" for notebook, names in found.items() if names]
    if not parts:
        return ""
    return f"Tests that run together with the student's code, as in nbgrader: {'; '.join(parts)}"
