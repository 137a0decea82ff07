"""The rows that the gradebook has of one submission: read, and put back as they were."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

#: Tables with rows of a submission, each behind those that its rows refer to.
TABLES: tuple[Table, ...] = tuple(
    model.__table__ for model in (SubmittedAssignment, SubmittedNotebook, Grade, Comment)
)

#: The columns that only a person writes, by table.
BY_HAND = {"grade": ("manual_score", "extra_credit"), "comment": ("manual_comment",)}

#: Rows of a submission: by table and id, the values of their columns.
Rows = dict[str, dict[str, dict[str, Any]]]


@contextmanager
def open_gradebook(coursedir: CourseDirectory) -> Iterator[Session]:
    """Open the gradebook of a course, and yield its database session."""
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        yield gradebook.db


def read_rows(session: Session, assignment: str, student: str) -> Rows:
    """Return the rows of a submission; there are none before it is graded for the first time."""
    submitted, notebook, grade, comment = TABLES
    found: Rows = {table.name: {} for table in TABLES}

    def read(table: Table, condition: Any) -> list[str]:
        for row in session.execute(select(table).where(condition)).mappings():
            found[table.name][row["id"]] = dict(row)
        return list(found[table.name])

    ids = select(Assignment.id).where(Assignment.name == assignment).scalar_subquery()
    here = (submitted.c.student_id == student) & (submitted.c.assignment_id == ids)
    if submissions := read(submitted, here):
        notebooks = read(notebook, notebook.c.assignment_id.in_(submissions))
        read(grade, grade.c.notebook_id.in_(notebooks))
        read(comment, comment.c.notebook_id.in_(notebooks))
    return found


def graded_students(session: Session, assignment: str) -> set[str]:
    """Return the students whose submissions have points, 0 included.

    A row of a submission alone may be that of an extension. Where no cell is a test, grading gives
    no points, and the row has to do.
    """

    def names(kind: Any) -> set[tuple[str, str]]:
        cells = select(kind.notebook_id, kind.name).join(Notebook, Notebook.id == kind.notebook_id)
        cells = cells.join(Assignment, Assignment.id == Notebook.assignment_id)
        return {
            (row[0], row[1]) for row in session.execute(cells.where(Assignment.name == assignment))
        }

    query = select(SubmittedAssignment.student_id).distinct()
    query = query.join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
    query = query.where(Assignment.name == assignment)
    if names(GradeCell) - names(SolutionCell):
        notebooks = SubmittedNotebook.assignment_id == SubmittedAssignment.id
        query = query.join(SubmittedNotebook, notebooks)
        query = query.join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        query = query.where(Grade.auto_score.is_not(None) | Grade.manual_score.is_not(None))
    return set(session.scalars(query))


def hash_points(session: Session, assignment: str, student: str | None = None) -> dict[str, str]:
    """Return a hash of the automatic points of each submission, by student.

    By it one sees where the gradebook is another one, such as an older one that was put back.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignment : str
    student : str, optional
        By default all.
    """
    query = select(
        SubmittedAssignment.student_id, Notebook.name, BaseCell.name, Grade.auto_score
    ).select_from(SubmittedAssignment)
    query = query.join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
    query = query.join(
        SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
    ).join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
    query = query.join(Grade, Grade.notebook_id == SubmittedNotebook.id)
    query = query.join(BaseCell, BaseCell.id == Grade.cell_id)
    query = query.where(Assignment.name == assignment)
    if student is not None:
        query = query.where(SubmittedAssignment.student_id == student)
    query = query.order_by(SubmittedAssignment.student_id, Notebook.name, BaseCell.name)
    digests: defaultdict[str, Any] = defaultdict(hashlib.sha256)
    for name, *points in session.execute(query):
        digests[name].update(f"{points}\n".encode())
    return {name: digest.hexdigest()[:32] for name, digest in digests.items()}


def put_back_rows(session: Session, assignment: str, student: str, rows: Rows) -> None:
    """Give a submission the rows that it had: what was added goes, what was changed returns.

    What only a person writes stays if it has changed meanwhile, and waits to be confirmed: they may
    have read another answer. Where a person has written into a new row, all new rows stay, since
    some refer to others.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignment, student : str
    rows : Rows
        What :func:`read_rows` returned before.
    """
    now = read_rows(session, assignment, student)
    added = {name: now[name].keys() - rows[name].keys() for name in now}
    by_hand = (
        now[name][key][column]
        for name, columns in BY_HAND.items()
        for key in added[name]
        for column in columns
    )
    if not any(value is not None for value in by_hand):
        for table in reversed(TABLES):
            for key in added[table.name]:
                session.execute(table.delete().where(table.c.id == key))
    for table in TABLES:
        for key, values in rows[table.name].items():
            present = now[table.name].get(key)
            if present is None:
                session.execute(table.insert().values(values))
                continue
            columns = BY_HAND.get(table.name, ())
            own = {name: present[name] for name in columns if present[name] != values[name]}
            if own and "needs_manual_grade" in values:
                own["needs_manual_grade"] = True
            if present != values | own:
                session.execute(table.update().where(table.c.id == key).values(values | own))
    session.commit()
