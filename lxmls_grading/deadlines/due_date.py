"""Says in released notebooks until when they are to be handed in."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum

from lxmls_grading.deadlines.times import zone_of

#: Id of the cell that is made where a notebook does not begin with a text.
DUE_DATE_CELL = "due-date"


class ShowDueDate(NbGraderPreprocessor):
    """Add the due date, where one is set, to the first cell of a notebook.

    It must be the last step of ``c.GenerateAssignment``: the gradebook's copy of a cell is that of
    the source, which has no date in it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        zone_of(self)  # a wrong zone is told before nbgrader removes the earlier release

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook with its due date."""
        due = None if self._without_gradebook() else _due_date(resources["nbgrader"])
        if due is not None:
            _add(nb, f"**Hand in by {in_words(due, zone_of(self))}.**")
        return nb, resources

    def _without_gradebook(self) -> bool:
        """Whether this is ``nbgrader generate_assignment --no-db``, which is to make none."""
        step = self
        while step is not None and not hasattr(step, "no_database"):
            step = step.parent
        return bool(step is not None and step.no_database)


def _due_date(names: dict[str, str]) -> datetime | None:
    with Gradebook(names["db_url"]) as gradebook:
        try:
            due: datetime | None = gradebook.find_assignment(names["assignment"]).duedate
        except MissingEntry:
            return None
        return due


def _add(notebook: NotebookNode, line: str) -> None:
    first = notebook.cells[0] if notebook.cells else None
    if first is not None and first.source.endswith(line):  # nbgrader reads its configuration twice
        return
    if first is None or first.cell_type != "markdown" or _is_answer(first):
        notebook.cells.insert(0, new_markdown_cell(line, id=DUE_DATE_CELL))
        return
    first.source = f"{first.source.rstrip()}\n\n{line}"
    marks = first.metadata.get("nbgrader", {})
    if "checksum" in marks:
        marks["checksum"] = compute_checksum(first)


def _is_answer(cell: NotebookNode) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return bool(marks.get("solution") or marks.get("grade") or marks.get("task"))


def in_words(time: datetime, zone: tzinfo) -> str:
    """Return a time of the gradebook for students: its day, and the hour in the course's zone.

    Parameters
    ----------
    time : datetime
        In UTC and without a zone.
    zone : tzinfo

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> in_words(datetime(2026, 7, 3, 17), ZoneInfo("Europe/Lisbon"))
    'Friday, 3 July 2026, 18:00 (Europe/Lisbon, UTC+01:00)'
    >>> in_words(datetime(2026, 7, 3, 17), ZoneInfo("UTC"))
    'Friday, 3 July 2026, 17:00 (UTC)'
    """
    there = time.replace(tzinfo=UTC).astimezone(zone)
    offset = there.strftime("%z")
    name = str(zone)
    where = name if name == "UTC" else f"{name}, UTC{offset[:3]}:{offset[3:5]}"
    return f"{there:%A}, {there.day} {there:%B %Y, %H:%M} ({where})"
