"""The rows that the gradebook has of one submission: read, and put back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
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


def put_back_rows(
    session: Session, assignment: str, student: str, rows: Rows, written: Rows
) -> None:
    """Give a submission the rows that it had: what was added goes, what was changed returns.

    Rows that somebody else has changed meanwhile stay as they are. Where one of them is new, so do
    all that are new: some of them belong to others.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignment, student : str
    rows : Rows
        What :func:`read_rows` returned before.
    written : Rows
        What it returned after rows were written that shall not stay.
    """
    now = read_rows(session, assignment, student)
    added = {name: now[name].keys() - rows[name].keys() for name in now}
    if all(
        now[name][key] == written[name].get(key) for name, keys in added.items() for key in keys
    ):
        for table in reversed(TABLES):
            for key in added[table.name]:
                session.execute(table.delete().where(table.c.id == key))
    for table in TABLES:
        for key, values in rows[table.name].items():
            present = now[table.name].get(key)
            if present == values or present != written[table.name].get(key):
                continue
            if present is None:
                session.execute(table.insert().values(values))
            else:
                session.execute(table.update().where(table.c.id == key).values(values))
    session.commit()
