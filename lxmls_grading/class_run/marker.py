"""nbgrader's steps for one submission in two halves: before its cells run, and after.

The first half only reads. The second writes rows of the gradebook and files. At its end, the folder
in ``autograded`` appears as a whole: where that exists, the rows are written, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.writers.files import FilesWriter
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from lxmls_grading.deadlines.lateness import read_stamp, renew_penalties
from lxmls_grading.deadlines.times import TimeError
from lxmls_grading.execution.execute_apart import ExecuteApart
from lxmls_grading.execution.warm_process import without_result
from lxmls_grading.gradebook.earlier_results import EarlierPoints, forget, interrupted
from lxmls_grading.gradebook.new_notebooks import describe_unreleased
from lxmls_grading.gradebook.transaction import after_commit, one_transaction
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.intake.files import UNPRINTABLE
from lxmls_grading.intake.personal_numbers import PersonalNumbers
from lxmls_grading.intake.working_files import WorkingFiles
from lxmls_grading.machine.sharing import share, share_folder
from lxmls_grading.nbgrader_patches import (
    class_of,
    find_paths,
    share_engine,
    students_in,
    wait_for_others,
)
from lxmls_grading.reasons import Reason, nothing_read, reasons_of
from lxmls_grading.records import RECORDS_FOLDER, digest_source, digest_submission
from lxmls_nb.files import make_folder

if TYPE_CHECKING:
    from nbgrader.apps import NbGrader
    from nbgrader.coursedir import CourseDirectory


class UnreadableSubmissionError(Exception):
    """A submission cannot be read at all. The message is a clause that tells why."""


@dataclass(frozen=True)
class PreparedSubmission:
    """A submission that is ready to be executed.

    Attributes
    ----------
    student : str
    digest : str
        Hash of what was handed in, and of the source.
    notebooks : dict of str
        Its notebooks as JSON, by name: rebuilt, with the course's tests.
    files : WorkingFiles
        What lies beside them while they run.
    unread : dict of str
        Those with nothing to execute: they are missing, or cannot be read.
    """

    student: str
    digest: str
    notebooks: dict[str, str]
    files: WorkingFiles
    unread: dict[str, str] = field(default_factory=dict)


class Marker(Autograde):
    """Prepares the submissions of one assignment, and writes their grades.

    Parameters
    ----------
    coursedir : nbgrader.coursedir.CourseDirectory
        With an ``assignment_id``, and a pattern of students as ``student_id``.
    parent : nbgrader.apps.NbGrader
        The application whose configuration is used.
    scratch : Path, optional
        For a dry run, the folder that takes all files in place of the course's.

    Attributes
    ----------
    doubted : set of str
        Students for whom the gradebook has other automatic points than their last grading gave:
        nobody knows for which answers their points by hand are.
    unreleased : str
        Which notebooks in ``source/`` nobody is graded for: a line, or nothing.

    Raises
    ------
    NbGraderException
        If the assignment was never generated, or ``nbgrader_config.py`` does not grade apart.
    """

    def __init__(self, coursedir: CourseDirectory, parent: NbGrader, scratch: Path | None = None):
        super().__init__(coursedir=coursedir, parent=parent)
        self.scratch = scratch
        share_engine()
        self.assignment = coursedir.assignment_id
        wait_for_others(coursedir)
        self.writer = FilesWriter(parent=self, config=self.config)
        steps = [class_of(step) for step in self.autograde_preprocessors]
        apart = [i for i, step in enumerate(steps) if issubclass(step, ExecuteApart)]
        if not apart:
            raise NbGraderException(
                "c.Autograde.autograde_preprocessors has no ExecuteApart: is this the folder of "
                "the course, with its nbgrader_config.py?"
            )
        self.reading = self._exporter([*self.sanitize_preprocessors, *steps[: apart[0]]])
        self.exporter = self._exporter(steps[apart[0] + 1 :])
        self.executing = steps[apart[0]](parent=self.reading)
        self.executing.keep_plans = scratch is None
        self.settings = self.executing.settings()
        self.notebook_names, checksums = self._released()
        self.unreleased = describe_unreleased(coursedir, self.notebook_names)
        self._partial: str | None = None
        self.doubted: set[str] = set()
        if coursedir.groupshared and scratch is None:
            share_folder(Path(coursedir.root, RECORDS_FOLDER))
            share(Path(coursedir.root, "gradebook.db"))
        source = coursedir.format_path(coursedir.source_directory, ".", self.assignment)
        # The gradebook has tests that nbgrader has generated (AUTOTEST), and the source has not.
        files = digest_source(source, coursedir.ignore)
        state = f"{files} {checksums}{PersonalNumbers(parent=self).fingerprint()}"
        self._source_digest = hashlib.sha256(state.encode()).hexdigest()

    def _exporter(self, steps: list[Any]) -> SubmissionExporter:
        # A notebook is validated once after all steps, and not after each.
        exporter = SubmissionExporter(parent=self, config=self.config, optimistic_validation=True)
        exporter._preprocessors = []
        for step in steps:
            exporter.register_preprocessor(step)
        return exporter

    def _released(self) -> tuple[list[str], list[str]]:
        """Return the names of the assignment's notebooks, and the checksums of their cells."""
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                notebooks = gradebook.find_assignment(self.assignment).notebooks
            except MissingEntry:
                raise NbGraderException(
                    f"there is no assignment {self.assignment!r} in the gradebook: run "
                    f"`nbgrader generate_assignment {self.assignment} --force`"
                ) from None
            cells = [cell for notebook in notebooks for cell in notebook.source_cells]
            checksums = sorted(str(cell.checksum) for cell in cells)
            return sorted(notebook.name for notebook in notebooks), checksums

    # --- which submissions there are ----------------------------------------------------------

    def students(self) -> list[str]:
        """Return the students who have handed in and match the pattern, sorted."""
        pattern = self._format_source(self.assignment, self.coursedir.student_id)
        return students_in(self.coursedir, self._input_directory, pattern)

    def submitted(self, student: str) -> str:
        """Return the folder that a student has handed in."""
        folder: str = self._format_source(self.assignment, student)
        return folder

    def autograded(self, student: str) -> str:
        """Return the folder of a graded submission."""
        folder: str = super()._format_dest(self.assignment, student)
        return folder

    def has_output(self, student: str) -> bool:
        """Whether the folder of a graded submission exists, and is complete."""
        folder = self.autograded(student)
        return os.path.isdir(folder) and not interrupted(folder)

    def time_problem(self, student: str) -> str | None:
        """Return what is wrong with a submission's time, or None if it can be read."""
        try:
            read_stamp(self.coursedir, self.submitted(student))
        except TimeError as problem:
            return str(problem)
        return None

    def renew_penalties(self, students: list[str]) -> dict[str, float]:
        """Bring times and penalties up to date for submissions that are not graded again.

        Returns
        -------
        earlier : dict
            What being late cost so far, by student: of those for whom this changes.
        """
        return renew_penalties(self.coursedir, self, self.assignment, students)

    def digest(self, student: str) -> str:
        """Return a hash of a submission and of the source that it is graded with."""
        folder = self.submitted(student)
        files = digest_submission(folder, self.coursedir.ignore, self.log)
        return f"{files[:32]}-{self._source_digest[:32]}"

    def is_newer(self, student: str) -> bool:
        """Whether a submission is newer than the one in ``autograded``: nbgrader's own rule."""
        new = self.coursedir.get_existing_timestamp(self.submitted(student))
        old = self.coursedir.get_existing_timestamp(self.autograded(student))
        return new is not None and old is not None and new > old

    # --- the first half ------------------------------------------------------------------------

    def prepare(self, student: str) -> PreparedSubmission:
        """Read a submission and rebuild its notebooks. Nothing is written.

        Raises
        ------
        UnreadableSubmissionError
            If its folder cannot be read.
        NbGraderException
            If the source is not what was released: this concerns all submissions.
        """
        folder = self.submitted(student)
        if UNPRINTABLE.search(student):
            raise UnreadableSubmissionError("the name of its folder cannot be shown")
        try:
            os.listdir(folder)
        except OSError as error:
            raise UnreadableSubmissionError(
                f"its folder cannot be read by the grader ({error.strerror}): {folder}"
            ) from error
        if problem := self.time_problem(student):
            raise UnreadableSubmissionError(f"when it was handed in is in doubt, {problem}")
        digest = self.digest(student)
        notebooks: dict[str, str] = {}
        unread: dict[str, str] = {}
        for name in self.notebook_names:  # one that is missing gets 0 points and a reason
            path = os.path.join(folder, f"{name}.ipynb")
            output, _ = self.reading.from_filename(path, self.init_single_notebook_resources(path))
            nothing = nothing_read(nbformat.from_dict(json.loads(output)))
            (unread if nothing else notebooks)[name] = output
        files = self.executing.working_files(self.coursedir, student)
        return PreparedSubmission(student, digest, notebooks, files, unread)

    def give_up(self, submission: PreparedSubmission, what: str) -> dict[str, str]:
        """Return a submission's notebooks as not run.

        Parameters
        ----------
        submission : PreparedSubmission
        what : str
            Why it could not be graded: a clause for the student.

        Returns
        -------
        notebooks : dict of str
            As JSON, by name.
        """
        return {
            name: nbformat.v4.writes(without_result(nbformat.v4.reads(text), "given up", what=what))
            for name, text in submission.notebooks.items()
        }

    # --- the second half -----------------------------------------------------------------------

    def finish(
        self, submission: PreparedSubmission, executed: dict[str, str], earlier: EarlierPoints
    ) -> list[Reason]:
        """Write rows and files of a submission; its folder appears when all of them are written.

        The rows become one transaction: all of them are written, or none.

        Parameters
        ----------
        submission : PreparedSubmission
        executed : dict of str
            Its notebooks that were executed, as JSON.
        earlier : EarlierPoints
            Reads what points there are before.

        Returns
        -------
        reasons : list of Reason
        """
        final = Path(self.autograded(submission.student))
        if self.scratch is not None:
            final = Path(tempfile.mkdtemp(dir=self.scratch), final.name)
        make_folder(final.parent)
        self._partial = tempfile.mkdtemp(prefix=f".{self.assignment}.", dir=final.parent)
        os.chmod(self._partial, 0o755)  # like the folders that nbgrader makes
        folder = self.submitted(submission.student)
        executed = dict(sorted((submission.unread | executed).items()))
        self.notebooks = [os.path.join(folder, f"{name}.ipynb") for name in executed]
        reasons: list[Reason] = []
        try:
            with one_transaction(self.coursedir.db_url, self.coursedir.course_id):
                earlier.read()
                # In this order, and before what the steps add: they note, last of all, which
                # answers the points by hand are for.
                after_commit(partial(self._put_in_place, submission.student, final))
                after_commit(earlier.keep_new)
                self.init_assignment(self.assignment, submission.student)
                for path, (name, text) in zip(self.notebooks, executed.items(), strict=True):
                    notebook: NotebookNode = nbformat.v4.reads(text)
                    resources = self.init_single_notebook_resources(path)
                    resources["metadata"] = ResourcesDict(name=name, path=folder)
                    output, resources = self.exporter.from_notebook_node(notebook, resources)
                    # The steps have added reasons: points were lost for them.
                    finished = nbformat.from_dict(json.loads(output))
                    reasons += [replace(why, notebook=name) for why in reasons_of(finished)]
                    self.write_single_notebook(output, resources)
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial = None
        return reasons

    def _put_in_place(self, student: str, final: Path) -> None:
        """Let the folder of a submission appear, with all its files."""
        self.set_permissions(self.assignment, student)
        _replace(Path(str(self._partial)), final)
        if self.scratch is None:
            forget(final)
        else:
            shutil.rmtree(final.parent)

    def init_single_notebook_resources(self, notebook_filename: str) -> ResourcesDict:
        """Return nbgrader's resources, and where records of submissions are written."""
        resources: ResourcesDict = super().init_single_notebook_resources(notebook_filename)
        names = resources["nbgrader"]
        names["records"] = str(self.scratch or self.coursedir.root)
        names["doubted"] = names["student"] in self.doubted
        return resources

    def _format_dest(self, assignment_id: str, student_id: str, escape: bool = False) -> str:
        return self._partial or super()._format_dest(assignment_id, student_id, escape=escape)

    def clean_up(self) -> None:
        """Remove folders that a killed run has left half-written; a dry run leaves them."""
        if self.scratch is not None:
            return
        pattern = self.autograded("*")
        for left in find_paths(os.path.join(os.path.dirname(pattern), f".{self.assignment}.*")):
            shutil.rmtree(left, ignore_errors=True)


def _replace(new: Path, place: Path) -> None:
    """Move a folder to a place, and remove the folder that may be there."""
    if place.exists():
        old = Path(tempfile.mkdtemp(prefix=f"{new.name}.", dir=place.parent))
        os.replace(place, old / place.name)
        try:
            os.replace(new, place)
        except BaseException:
            os.replace(old / place.name, place)
            raise
        shutil.rmtree(old, ignore_errors=True)  # what is left of it, the next run removes
    else:
        os.replace(new, place)
