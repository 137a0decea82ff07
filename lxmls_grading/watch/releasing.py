"""Makes the feedback of one try, and releases it: what students get within a minute."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.preprocessors import GetGrades

from lxmls_grading.intake.files import MAX_FILE_BYTES, plain_files, read_plain
from lxmls_grading.machine.sharing import share_folder
from lxmls_grading.nbgrader_patches import ACTIVE_FILES, SECRET_FILE, class_of
from lxmls_grading.watch.arrivals import replace_folder
from lxmls_grading.watch.ledger import watch_folder
from lxmls_grading.watch.pages import (
    HIDING,
    NOTHING,
    POINTS,
    ScoresOfNotebook,
    WithoutPoints,
    add_note,
    hide_points,
    notice,
    receipt,
)


class FeedbackMaker(GenerateFeedback):
    """Makes and releases feedback, one try at a time, with the steps of ``GenerateFeedback``.

    Parameters
    ----------
    coursedir : CourseDirectory
    parent : nbgrader.apps.NbGrader
    """

    def __init__(self, coursedir: CourseDirectory, parent: Any):
        super().__init__(coursedir=coursedir, parent=parent)
        self.assignment = coursedir.assignment_id
        self.official = self._exporter(GetGrades)
        self.of_try = self._exporter(ScoresOfNotebook)
        self.without_points = self._exporter(WithoutPoints)
        self.without_points.environment.filters.update(HIDING)
        self.released = another(coursedir, assignment_id=self.assignment)
        kept = os.path.relpath(watch_folder(coursedir.root, self.assignment), coursedir.root)
        self.notices = another(self.released, feedback_directory=f"{kept}/notices")
        self.exchange = ExchangeFactory(config=parent.config)

    def _exporter(self, grades: type) -> Any:
        """Return what makes a page; `grades` is where it has its points from."""
        exporter = self.exporter_class(parent=self, config=self.config)
        exporter._preprocessors = []
        for step in map(class_of, self.preprocessors):
            exporter.register_preprocessor(grades if issubclass(step, GetGrades) else step, True)
        return exporter

    def feedback(self, student: str) -> Path:
        """Return the folder of a student's feedback."""
        return Path(self._format_dest(self.assignment, student))

    def make(
        self,
        student: str,
        notebooks: Mapping[str, NotebookNode],
        files: Path,
        tell: str,
        note: str = "",
        handed_in: str = "",
        counts: bool = True,
    ) -> None:
        """Make the pages of a try; the folder of feedback is replaced as a whole.

        Parameters
        ----------
        student : str
        notebooks : mapping
            Graded, by name.
        files : path
            The folder with the other files of the try.
        tell : str
            What is told: see :mod:`~lxmls_grading.watch.pages`.
        note : str
            A sentence on which try counts.
        handed_in : str
            When, for a receipt.
        counts : bool
            Whether the gradebook has this try, and not another one.

        Raises
        ------
        OSError
            If it cannot be written; what was there before stays.
        """
        pages = {
            name: self._page(student, name, notebook, tell, note, handed_in, counts)
            for name, notebook in notebooks.items()
        }

        def fill(new: Path) -> None:
            exclude = [*self.coursedir.ignore, "*.ipynb", *ACTIVE_FILES]
            for path in plain_files(files, exclude, self.log):
                copy = new / os.path.relpath(path, files)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(read_plain(path, MAX_FILE_BYTES))
            for name, page in pages.items():
                _write_page(new / f"{name}.html", page)

        folder = self.feedback(student)
        replace_folder(folder, fill)
        if self.coursedir.groupshared:
            share_folder(folder)

    def _page(
        self,
        student: str,
        name: str,
        notebook: NotebookNode,
        tell: str,
        note: str,
        handed_in: str,
        counts: bool,
    ) -> str:
        if tell == NOTHING:
            return receipt(notebook, name, handed_in, note)
        resources = ResourcesDict()
        resources["metadata"] = ResourcesDict(name=name, path="")
        resources["unique_key"] = name
        resources["nbgrader"] = {
            "student": student,
            "assignment": self.assignment,
            "notebook": name,
            "db_url": self.coursedir.db_url,
        }
        if tell == POINTS:
            exporter = self.official if counts else self.of_try
            page, _ = exporter.from_notebook_node(notebook, resources)
        else:
            page, _ = self.without_points.from_notebook_node(notebook, resources)
            page = hide_points(page)
        return add_note(page, note)

    def notice(self, student: str, names: list[str], files: Path, text: str) -> None:
        """Release pages with a text for a try that is not graded yet; ``feedback/`` stays.

        Parameters
        ----------
        student : str
        names : list of str
            Of the notebooks.
        files : path
            The folder with the files of the try.
        text : str

        Raises
        ------
        ExchangeError, OSError
            If that is not possible.
        """
        step = self.notices.feedback_directory
        place = Path(self.notices.format_path(step, student, self.assignment))

        def fill(new: Path) -> None:
            if (files / SECRET_FILE).is_file():
                (new / SECRET_FILE).write_bytes(read_plain(files / SECRET_FILE, MAX_FILE_BYTES))
            for name in names:
                _write_page(new / f"{name}.html", notice(name, text))

        replace_folder(place, fill)
        self._release(self.notices, student, place)

    def release(self, student: str) -> bool:
        """Copy a student's pages to the exchange; return whether they came through it.

        Raises
        ------
        ExchangeError, OSError
            If that is not possible.
        """
        return self._release(self.released, student, self.feedback(student))

    def _release(self, coursedir: CourseDirectory, student: str, folder: Path) -> bool:
        if not (folder / SECRET_FILE).is_file():
            return False
        coursedir.student_id = student
        self.exchange.ReleaseFeedback(
            coursedir=coursedir, authenticator=None, parent=self.parent
        ).start()
        return True


def _write_page(path: Path, page: str) -> None:
    """Write a page that all may read, whatever graders' umask is: in the exchange, students do."""
    path.write_text(page, encoding="utf-8", errors="replace")
    path.chmod(0o644)


def another(coursedir: CourseDirectory, **changes: Any) -> CourseDirectory:
    """Return a course directory like another one, with some changes.

    Parameters
    ----------
    coursedir : CourseDirectory
    **changes
        Values of its traits.
    """
    new = CourseDirectory(parent=coursedir.parent)
    for name in coursedir.trait_names(config=True):
        setattr(new, name, getattr(coursedir, name))
    for name, value in changes.items():
        setattr(new, name, value)
    return new
