"""Functions of nbgrader that are replaced, since it has no setting for what they must do here.

Written for nbgrader 0.9.6. nbgrader copies the files of a submission to ``autograded`` and to
``feedback``, which the student gets, and follows links on the way, be it to a private file of the
instructor or to ``/dev/zero``. It opens the gradebook again for each step, and gives up where
another program writes to it for more than five seconds. It begins to replace earlier results before
it is known whether submissions can be executed on this machine, and removes them where grading
fails. It stops releasing feedback at the first student who handed in without the exchange.
"""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import nbgrader.api
import nbgrader.apps.api
import nbgrader.converters.base
import nbgrader.exchange.default.collect
import nbgrader.exchange.default.exchange
import nbgrader.exchange.default.list
import nbgrader.exchange.default.release_feedback
import nbgrader.utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderApp
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeReleaseFeedback
from traitlets import TraitError
from traitlets.utils.importstring import import_item

from lxmls_grading.deadlines.lateness import follow_points, renew_penalties
from lxmls_grading.deadlines.nbgrader_times import TIME_PATCHES, fail_for_refused, refuse_unreadable
from lxmls_grading.deadlines.times import zone_of
from lxmls_grading.gradebook.earlier_results import EarlierResults, interrupted, recover
from lxmls_grading.gradebook.new_notebooks import (
    GENERATE_PATCHES,
    add_missing_rows,
    describe_unreleased,
)
from lxmls_grading.gradebook.points_by_hand import put_back_digests
from lxmls_grading.gradebook.transaction import TRANSACTION_PATCHES, patient
from lxmls_grading.intake.files import (
    MAX_FILE_BYTES,
    UNPRINTABLE,
    is_linked,
    plain_files,
    read_plain,
)
from lxmls_grading.intake.overlooked import find_overlooked
from lxmls_grading.machine.sharing import share
from lxmls_nb.files import atomic_path

#: The file from which follows what the feedback to a submission is called in the exchange.
SECRET_FILE = "submission_secret.txt"

#: Files that students do not get back: a browser would run scripts in them, as a part of feedback.
ACTIVE_FILES = ("*.htm", "*.html", "*.xhtml", "*.svg", "*.xml")

_stock_init_assignment = BaseConverter.init_assignment
_stock_init_notebooks = BaseConverter.init_notebooks
_stock_set_permissions = BaseConverter.set_permissions
_stock_convert_notebooks = BaseConverter.convert_notebooks
_stock_create_engine = nbgrader.api.create_engine
_stock_start = NbGraderApp.start


def _copy_files(self: BaseConverter, assignment_id: str, student_id: str) -> None:
    """Copy the other files of a submission, as ``BaseConverter.init_assignment`` does."""
    if not isinstance(self, Autograde | GenerateFeedback):
        _stock_init_assignment(self, assignment_id, student_id)  # the instructor's own files
        return
    if isinstance(self, Autograde):
        add_missing_rows(self.coursedir, assignment_id, student_id)
    source = self._format_source(assignment_id, student_id)
    if is_linked(Path(source, "file"), self.coursedir, self._input_directory):
        self.log.warning("Left out all files of %s, which is a link", source)
        return
    exclude = [*self.coursedir.ignore, "*.ipynb"]
    if isinstance(self, GenerateFeedback):
        exclude += ACTIVE_FILES
    for filename in plain_files(source, exclude, self.log):
        path = Path(self._format_dest(assignment_id, student_id), os.path.relpath(filename, source))
        try:
            data = read_plain(filename, MAX_FILE_BYTES)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(data)
        except OSError as problem:
            self.log.warning("Left out %r, which %s", filename, problem)


def _known_notebooks(self: BaseConverter) -> None:
    """Find the notebooks to grade, as ``BaseConverter.init_notebooks``, in the assignment only.

    A notebook that a submission lacks is graded as a missing one: it gets 0 points and a reason,
    or is found under another name. nbgrader would give no reason, leave out a folder without
    notebooks, and fail where no folder has any.

    This is the first thing that a run does. A step that depends on this machine has a method
    ``check``, which is called here, before anything of an earlier run is replaced.
    """
    for step in map(class_of, self.autograde_preprocessors):
        if hasattr(step, "check"):
            step(parent=self).check()
    coursedir = self.coursedir
    for found in find_overlooked(coursedir, coursedir.assignment_id, (), coursedir.student_id):
        self.log.error("Not graded: %s", found)
    known = []
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        with contextlib.suppress(MissingEntry):  # nbgrader itself reports this, with what to do
            notebooks = gradebook.find_assignment(coursedir.assignment_id).notebooks
            released = [each.name for each in notebooks]
            if unreleased := describe_unreleased(coursedir, released):
                self.log.warning(unreleased)
            known = fnmatch.filter(released, coursedir.notebook_id)
        known = sorted(f"{name}.ipynb" for name in known)
    submissions = sorted(
        find_paths(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id))
    )
    if not known or not any(map(os.path.isdir, submissions)):
        _stock_init_notebooks(self)  # it reports what is wrong
        return
    self.notebooks, self.assignments = [], {}
    for assignment in submissions:
        if UNPRINTABLE.search(assignment):
            # nbgrader stops all grading at a line break in the name of a student's folder.
            self.log.error("Left out %r: its name has characters that cannot be shown", assignment)
        elif not os.path.isdir(assignment):
            continue
        elif not os.access(assignment, os.R_OK | os.X_OK):
            self.log.error("Left out %s: the folder may not be read by the grader", assignment)
        else:
            self.assignments[assignment] = [os.path.join(assignment, name) for name in known]
    refuse_unreadable(self)


def _set_permissions(self: BaseConverter, assignment_id: str, student_id: str) -> None:
    """Set permissions, also of the folders above an assignment: others have to replace it there."""
    _stock_set_permissions(self, assignment_id, student_id)
    if self.coursedir.groupshared:
        top = Path(self.coursedir.format_path(self._output_directory, ".", "."))
        for folder in Path(self._format_dest(assignment_id, student_id)).parents:
            if top in folder.parents:
                share(folder)
        share(Path(self.coursedir.root, "gradebook.db"))


def _set_earlier_aside(self: Autograde, assignment_id: str, student_id: str) -> bool:
    """Return whether to grade a submission, as ``init_destination``, and keep what it had."""
    _end_submission(self, complete=False)  # the one before: it has failed, or is complete already
    folder = Path(os.path.normpath(self._format_dest(assignment_id, student_id)))
    if student_id in (self.coursedir.student_id_exclude or "").split(","):
        return False
    earlier = EarlierResults(self.coursedir, assignment_id, student_id, folder)
    some_notebooks = self.coursedir.notebook_id != "*"
    try:
        if interrupted(folder):
            # The folder that comes back is that of the earlier answer, and points by hand may be
            # noted for the new one: they wait.
            put_back_digests(self.coursedir.root, assignment_id, student_id, {})
        recovered = recover(folder)
        again = self.force or recovered or _is_newer(self, assignment_id, student_id)
        if not again and not _is_incomplete(self, folder):
            self.log.info("Skipping existing assignment: %s", folder)
            renew_penalties(self.coursedir, self, assignment_id, [student_id])
            return False
    except BaseException:
        self._earlier = earlier
        earlier.set_aside()  # else nbgrader would remove it
        raise
    self._earlier = earlier
    earlier.set_aside()
    if some_notebooks:
        earlier.copy_back()
        for notebook in self.notebooks:
            (folder / os.path.basename(notebook)).unlink(missing_ok=True)
    return True


def _is_newer(self: Autograde, assignment_id: str, student_id: str) -> bool:
    """Whether a submission is newer than its results."""
    new = self.coursedir.get_existing_timestamp(self._format_source(assignment_id, student_id))
    old = self.coursedir.get_existing_timestamp(self._format_dest(assignment_id, student_id))
    return new is not None and old is not None and new > old


def _is_incomplete(self: Autograde, folder: Path) -> bool:
    """Whether a notebook that is to be graded has no results."""
    if self.coursedir.notebook_id == "*":
        return not folder.exists()
    return not all((folder / os.path.basename(notebook)).exists() for notebook in self.notebooks)


def _complete_submission(self: Autograde, assignment_id: str, student_id: str) -> None:
    """Set permissions, the last step of a submission, as ``BaseConverter.set_permissions``."""
    _set_permissions(self, assignment_id, student_id)
    _end_submission(self, complete=True)


def _convert_notebooks(self: Autograde) -> None:
    """Grade all submissions; those that fail, or are stopped, keep what they had."""
    try:
        with shared_engine():
            _stock_convert_notebooks(self)
    finally:
        _end_submission(self, complete=False)
    fail_for_refused(self)


def _begin_pages(self: GenerateFeedback, assignment_id: str, student_id: str) -> None:
    """Begin the feedback of a submission, as ``BaseConverter.init_assignment``.

    Its pages tell the penalty for being late: of the points that there are now.
    """
    BaseConverter.init_assignment(self, assignment_id, student_id)
    changed = follow_points(self.coursedir, self, assignment_id, student_id)
    for penalty in changed.values():
        self.log.warning("%s: being late costs %g points now", student_id, penalty)


def _make_pages(self: GenerateFeedback) -> None:
    """Write the feedback of all submissions, as ``BaseConverter.convert_notebooks``."""
    with shared_engine():
        _stock_convert_notebooks(self)


def _end_submission(self: Autograde, complete: bool) -> None:
    """Drop the earlier results of the submission that was graded last, or put them back."""
    earlier = self.__dict__.pop("_earlier", None)
    if earlier is not None:
        earlier.drop() if complete else earlier.put_back()


def find_paths(pattern: str, **options: Any) -> list[str]:
    """Return what ``glob.glob`` does, for folders and students with square brackets in their names.

    nbgrader's patterns have stars in them, and paths as they are. Only where a pattern fits nothing
    with its brackets as characters are they a range.

    Parameters
    ----------
    pattern : str
    **options
        As ``glob.glob`` has them.
    """
    return glob.glob(pattern.replace("[", "[[]"), **options) or glob.glob(pattern, **options)


def students_in(coursedir: CourseDirectory, step: str, pattern: str) -> list[str]:
    """Return the students, sorted, who have a folder of the assignment and are not left out.

    Parameters
    ----------
    coursedir : CourseDirectory
        With an ``assignment_id``, and perhaps a ``student_id_exclude``.
    step : str
        One of its folders, such as ``submitted_directory``.
    pattern : str
        Of the folders of students.
    """
    assignment = re.escape(coursedir.assignment_id)
    expression = coursedir.format_path(step, "(?P<student>[^/]+)", assignment, escape=True)
    excluded = (coursedir.student_id_exclude or "").split(",")
    folders = sorted(filter(os.path.isdir, find_paths(pattern)))
    found = filter(None, (re.fullmatch(expression, folder) for folder in folders))
    return [each["student"] for each in found if each["student"] not in excluded]


def _release_pages(self: ExchangeReleaseFeedback) -> None:
    """Copy feedback to the exchange, as ``ExchangeReleaseFeedback.copy_files``; name the others.

    nbgrader ends in a traceback at the first submission without a secret, since it came in another
    way, or without a time stamp, which may be removed to forgive a delay; and all who come after it
    get nothing.
    """
    coursedir, elsewhere = self.coursedir, []
    if not find_paths(self.src_path):
        self.log.warning("There is no feedback: run `nbgrader generate_feedback` first")
    step = coursedir.feedback_directory
    for student in students_in(coursedir, step, self.src_path):
        folder = Path(coursedir.format_path(step, student, coursedir.assignment_id))
        pages = sorted(folder.glob("*.html"))
        if not pages:
            continue
        if not (folder / SECRET_FILE).is_file():
            elsewhere.append(student)
            continue
        secret = (folder / SECRET_FILE).read_text(errors="replace")
        for page in pages:
            name = nbgrader.utils.notebook_hash(secret=secret, notebook_id=page.stem)
            with atomic_path(Path(self.dest_path, f"{name}.html")) as partial:
                shutil.copyfile(page, partial)
        self.log.info("Feedback released for student '%s'", student)
    if elsewhere:
        self.log.warning(
            "Not handed in through the exchange, where feedback can be fetched: send each the"
            " folder in %s/ to %s",
            coursedir.feedback_directory,
            ", ".join(elsewhere),
        )


class _Glob:
    """Takes the place of the module ``glob`` in nbgrader's modules."""

    glob = staticmethod(find_paths)


def class_of(step: Any) -> type:
    """Return the class of a step, which nbgrader's configuration may name as a string."""
    found: type = import_item(step) if isinstance(step, str) else step
    return found


def _start(self: NbGraderApp) -> None:
    """Run a command; a setting with a wrong value ends it in a line, before anything is changed."""
    try:
        zone_of(self.subapp or self)  # it is read late, where a time is met
        _stock_start(self)
    except TraitError as error:
        self.fail("A setting has a wrong value: %s", error)


#: What is replaced: an owner, a name, and what takes its place.
PATCHES: list[tuple[Any, str, Any]] = [
    (NbGraderApp, "start", _start),
    (BaseConverter, "init_assignment", _copy_files),
    (BaseConverter, "set_permissions", _set_permissions),
    (Autograde, "init_notebooks", _known_notebooks),
    (Autograde, "init_destination", _set_earlier_aside),
    (Autograde, "set_permissions", _complete_submission),
    (Autograde, "convert_notebooks", _convert_notebooks),
    (GenerateFeedback, "init_assignment", _begin_pages),
    (GenerateFeedback, "convert_notebooks", _make_pages),
    (ExchangeReleaseFeedback, "copy_files", _release_pages),
    *[
        (module, "glob", _Glob)
        for module in (
            nbgrader.apps.api,
            nbgrader.converters.base,
            nbgrader.exchange.default.collect,
            nbgrader.exchange.default.exchange,
            nbgrader.exchange.default.list,
            nbgrader.exchange.default.release_feedback,
            nbgrader.utils,
        )
    ],
    *GENERATE_PATCHES,
    *TIME_PATCHES,
    *TRANSACTION_PATCHES,
]


def install_patches() -> None:
    """Replace nbgrader's functions with those above. To call it again changes nothing."""
    for owner, name, new in PATCHES:
        setattr(owner, name, new)


def wait_for_others(coursedir: CourseDirectory) -> None:
    """Let SQLite wait for other processes that write to the gradebook, longer than five seconds."""
    coursedir.db_url = patient(coursedir.db_url)


def share_engine() -> None:
    """Let nbgrader use one database engine in this process, from now on.

    nbgrader opens the gradebook again for each of its steps. With one engine for all of them, each
    statement is compiled once and not for each submission, and tables are looked up once.
    """
    nbgrader.api.create_engine = cache(_stock_create_engine)
    tables = nbgrader.api.Base.metadata
    tables.create_all = cache(partial(type(tables).create_all, tables))


@contextlib.contextmanager
def shared_engine() -> Iterator[None]:
    """Let nbgrader use one database engine for as long as a command takes.

    The formgrader's server runs such commands, too, and must see it when a gradebook is replaced.
    """
    if nbgrader.api.create_engine is not _stock_create_engine:  # this process always shares one
        yield
        return
    share_engine()
    try:
        yield
    finally:
        nbgrader.api.create_engine = _stock_create_engine
        del nbgrader.api.Base.metadata.create_all
