"""The points that a run has given: per exercise, in total, and what has changed since the last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from statistics import mean, median
from typing import Any, NamedTuple

from nbgrader.api import Assignment, GradeCell, Notebook, TaskCell
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.gradebook.rows import Rows, open_gradebook

#: Most lines on changes that are printed; all are in the summary as JSON.
MAX_LINES = 12


class ScoredCell(NamedTuple):
    """A cell that gives points."""

    notebook: str
    name: str
    max_score: float


def read_cells(coursedir: CourseDirectory, assignment: str) -> dict[str, ScoredCell]:
    """Return the cells of an assignment that give points, by their ids in the gradebook."""
    cells = {}
    with open_gradebook(coursedir) as session:
        for kind in (GradeCell, TaskCell):
            query = session.query(kind.id, Notebook.name, kind.name, kind.max_score)
            query = query.join(Notebook, Notebook.id == kind.notebook_id)
            query = query.join(Assignment, Assignment.id == Notebook.assignment_id)
            for key, *values in query.filter(Assignment.name == assignment):
                cells[key] = ScoredCell(*values)
    return cells


@dataclass(frozen=True)
class Points:
    """The points of a submission.

    Attributes
    ----------
    scores : dict
        By cell.
    penalty : float
        For being late.
    waiting : bool
        Whether an answer waits for points by hand.
    """

    scores: dict[ScoredCell, float]
    penalty: float
    waiting: bool

    @property
    def total(self) -> float:
        """Points after the penalty, as nbgrader's own export has them."""
        return max(0.0, sum(self.scores.values()) - self.penalty)

    def of(self, notebook: str) -> float:
        """Return the points of a notebook, before a penalty."""
        return sum(score for cell, score in self.scores.items() if cell.notebook == notebook)


def points_in(rows: Rows, cells: dict[str, ScoredCell]) -> Points | None:
    """Return the points in the rows of a submission, or None if it is not graded yet."""
    scores, waiting, graded = {}, False, False
    for row in rows["grade"].values():
        automatic, manual = row["auto_score"], row["manual_score"]
        graded |= automatic is not None or manual is not None
        if cell := cells.get(row["cell_id"]):
            given = automatic if manual is None else manual
            # As nbgrader has it: extra credit counts where there are points, be it 0.
            scores[cell] = 0.0 if given is None else float(given) + float(row["extra_credit"] or 0)
            waiting |= bool(row["needs_manual_grade"] and (cell.max_score or scores[cell]))
    penalties = [row["late_submission_penalty"] for row in rows["submitted_notebook"].values()]
    return Points(scores, sum(each or 0 for each in penalties), waiting) if graded else None


@dataclass
class RunPoints:
    """The points of all submissions that a run has graded.

    Attributes
    ----------
    cells : dict
        See :func:`read_cells`.
    now, before : dict
        Points by student: those of this run, and those of the students who had some before it.
    renewed : dict
        Points before and now of students who are not graded again, and whose penalty has changed.
    dry : bool
        Whether it is a dry run, so that points would change, and have not.
    """

    cells: dict[str, ScoredCell]
    now: dict[str, Points] = field(default_factory=dict)
    before: dict[str, Points] = field(default_factory=dict)
    renewed: dict[str, tuple[Points, Points]] = field(default_factory=dict)
    dry: bool = False

    def add(self, student: str, before: Rows, after: Rows) -> None:
        """Add a submission by its rows in the gradebook, before it was graded and after."""
        if (points := points_in(after, self.cells)) is not None:
            self.now[student] = points
        if (points := points_in(before, self.cells)) is not None:
            self.before[student] = points

    def add_renewed(self, student: str, penalty: float, after: Rows) -> None:
        """Add a submission that is not graded again, by its earlier penalty and its rows now."""
        if (points := points_in(after, self.cells)) is not None:
            self.renewed[student] = replace(points, penalty=penalty), points

    def statistics(self) -> dict[str, dict[str, float]]:
        """Return for each notebook, and in total, what there is to get and what students got."""
        worth: dict[str, float] = defaultdict(float)
        for cell in sorted(self.cells.values()):
            worth[cell.notebook] += cell.max_score
        rows = {name: [each.of(name) for each in self.now.values()] for name in worth}
        rows["total"] = [each.total for each in self.now.values()]
        worth["total"] = sum(worth.values())
        return {
            name: {"of": worth[name], "mean": round(mean(points), 3), "median": median(points)}
            | {"min": min(points), "max": max(points)}
            for name, points in rows.items()
            if points
        }

    def changed_totals(self) -> dict[str, tuple[float, float]]:
        """Return whose total has changed since the last run, with the old and the new one."""
        both = {name: (before.total, now.total) for name, before, now in self._again()}
        return {name: pair for name, pair in both.items() if pair[0] != pair[1]}

    def changed_cells(self) -> dict[tuple[str, str, float], list[str]]:
        """Return who has how many points more by notebook and cell, or by the penalty."""
        changes = defaultdict(list)
        for name, before, now in self._again():
            for cell, score in now.scores.items():
                if difference := round(score - before.scores.get(cell, 0), 6):
                    changes[cell.notebook, cell.name, difference].append(name)
            if difference := round(before.penalty - now.penalty, 6):
                changes["", "penalty for being late", difference].append(name)
        return dict(sorted(changes.items(), key=lambda each: (-len(each[1]), each[0])))

    def _again(self) -> Iterator[tuple[str, Points, Points]]:
        """Yield who had points before and may have others now, with both."""
        for name in sorted((self.before.keys() & self.now.keys()) | self.renewed.keys()):
            yield name, *(self.renewed.get(name) or (self.before[name], self.now[name]))

    def lines(self) -> list[str]:
        """Return a table of points, and what has changed, for the terminal."""
        return [*self._lines_on_points(), *self._lines_on_changes()]

    def _lines_on_points(self) -> list[str]:
        if not self.now:
            return []
        rows = self.statistics()
        width = max(map(len, rows))
        heads = ("of", "mean", "median", "min", "max")
        lines = [f"{'':{width}}" + "".join(f"{head:>8}" for head in heads)]
        for name, row in rows.items():
            lines.append(f"{name:{width}}" + "".join(f"{_short(row[head]):>8}" for head in heads))
        if waiting := sum(each.waiting for each in self.now.values()):
            lines.append(f"{_students(waiting)} with answers that wait for points by hand")
        return lines

    def _lines_on_changes(self) -> list[str]:
        again = len(list(self._again()))
        new = len(self.now.keys() - self.before.keys())
        first = [f"For the first time: {_students(new)}"] if new and self.dry else []
        if not again:
            return first
        cells = [
            f"  {f'{notebook} ' if notebook else ''}{cell}: {_students(len(names))} "
            f"{'+' if difference > 0 else ''}{_short(difference)}"
            for (notebook, cell, difference), names in self.changed_cells().items()
        ]
        totals = [
            f"  {''.join(c if c.isprintable() else '?' for c in name)}: "
            f"{_short(old)} -> {_short(new)}"
            for name, (old, new) in self.changed_totals().items()
        ]
        if not cells and not totals:
            none = "No points would change" if self.dry else "No points changed since the last run"
            return [f"{none} ({_students(again)} graded again).", *first]
        if self.dry:  # this is what it is for, so that nobody is left out
            return ["Would change:", *cells, *totals, *first]
        return ["Changed since the last run:", *_shortened(cells), *_shortened(totals)]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, for JSON."""
        changes = [
            {"notebook": notebook, "cell": cell, "difference": difference, "students": names}
            for (notebook, cell, difference), names in self.changed_cells().items()
        ]
        return {
            "statistics": self.statistics(),
            "totals": {name: points.total for name, points in sorted(self.now.items())},
            "changed_totals": {name: list(pair) for name, pair in self.changed_totals().items()},
            "changed_cells": changes,
        }


def _short(number: float) -> str:
    return f"{round(number, 2):.10g}"


def _students(number: int) -> str:
    return f"{number} student{'' if number == 1 else 's'}"


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - MAX_LINES
    return lines if more <= 1 else [*lines[:MAX_LINES], f"  and {more} more (--json lists all)"]
