"""Keeps the plans of an assignment's notebooks, and makes them where they are missing or old."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from lxmls_grading.cells import read_notebook
from lxmls_grading.execution.plan import NotebookPlan, plain_plan
from lxmls_grading.execution.trial import Execute, plan_by_trial
from lxmls_grading.records import records_folder
from lxmls_nb import __version__
from lxmls_nb.files import atomic_path

log = logging.getLogger(__name__)

#: The configured ways to run tests, and what they are for :func:`plain_plan`.
MODES = {"auto": None, "apart": True, "together": False}


def source_notebooks(coursedir: CourseDirectory, assignment: str) -> dict[str, Path]:
    """Return the instructor's notebooks of an assignment, by name."""
    folder = coursedir.format_path(coursedir.source_directory, ".", assignment)
    return {path.stem: path for path in sorted(Path(folder).glob("*.ipynb"))}


def plans_of(
    coursedir: CourseDirectory, assignment: str, mode: str, execute: Execute
) -> dict[str, NotebookPlan]:
    """Return the plans of an assignment's notebooks, by name.

    What needs a trial of the reference solution is kept beside the records, until a notebook or
    this project changes.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment : str
    mode : str
        A key of :data:`MODES`.
    execute : callable
        Executes a notebook by a plan.
    """
    plans = {}
    for name, path in source_notebooks(coursedir, assignment).items():
        source = read_notebook(path)
        plan = plain_plan(source, MODES[mode])
        if plan is None:
            plan = _read(_place(coursedir, assignment, name), _digest(path))
            if plan is None:
                log.info("Trying the reference solution of %s", name)
                plan = plan_by_trial(source, execute)
                keep_plan(coursedir, assignment, name, plan)
        plans[name] = plan
    return plans


def keep_plan(coursedir: CourseDirectory, assignment: str, name: str, plan: NotebookPlan) -> None:
    """Write the plan of a notebook, as a whole or not at all."""
    path = source_notebooks(coursedir, assignment)[name]
    with atomic_path(_place(coursedir, assignment, name)) as partial:
        partial.write_text(json.dumps({"digest": _digest(path), "plan": plan.to_dict()}, indent=1))


def _place(coursedir: CourseDirectory, assignment: str, name: str) -> Path:
    return records_folder(coursedir.root, assignment) / "plans" / f"{name}.json"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes() + __version__.encode()).hexdigest()


def _read(place: Path, digest: str) -> NotebookPlan | None:
    """Return a plan if there is one that can be read, for this very notebook."""
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        return NotebookPlan.from_dict(found["plan"]) if found["digest"] == digest else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
