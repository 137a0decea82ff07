"""Writes what belongs together to the gradebook in one transaction.

nbgrader opens the gradebook anew for each step of grading, and commits after each cell. For a
submission of four notebooks these are a hundred transactions, each with its locks and its writes to
the disk, and whoever reads meanwhile sees half a submission.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy.orm import Session, scoped_session, sessionmaker

_stock_init, _stock_close = Gradebook.__init__, Gradebook.close

#: Seconds that SQLite waits for another process which writes to the gradebook. Of its own it waits
#: for five, and a submission may take that long on a machine that is busy.
DATABASE_TIMEOUT = 120

#: The gradebook that a thread writes to in one transaction, and its address.
_shared = threading.local()


class LateCommitSession(Session):
    """A session of the database whose commits are made all at once, at the end."""

    def commit(self) -> None:
        """Send what was changed to the database, where other connections don't see it yet."""
        self.flush()
        self.expire_all()  # as after a commit: sums are computed anew

    def commit_all(self) -> None:
        """Commit."""
        super().commit()


def patient(db_url: str) -> str:
    """Return a database's address with which SQLite waits longer for others that write to it."""
    if db_url.startswith("sqlite:") and "?" not in db_url:
        return f"{db_url}?timeout={DATABASE_TIMEOUT}"
    return db_url


def _init(self: Gradebook, db_url: str, *options: Any, **more: Any) -> None:
    """Open a gradebook, as ``Gradebook.__init__``: within a transaction, the one that is open.

    The formgrader, too, waits for a transaction to end.
    """
    shared, db_url = getattr(_shared, "gradebook", None), patient(db_url)
    if shared is None or db_url != _shared.db_url:
        _stock_init(self, db_url, *options, **more)
    else:
        vars(self).update(vars(shared))


def _close(self: Gradebook) -> None:
    """Close a gradebook, as ``Gradebook.close``, but for the one that a transaction keeps open."""
    shared = getattr(_shared, "gradebook", None)
    if shared is None or self.db is not shared.db:
        _stock_close(self)
    else:
        self.db.expunge_all()  # as after a close: what was changed without a commit is lost


#: What is replaced: an owner, a name, and what takes its place.
TRANSACTION_PATCHES: list[tuple[Any, str, Any]] = [
    (Gradebook, "__init__", _init),
    (Gradebook, "close", _close),
]


@contextmanager
def one_transaction(db_url: str, course_id: str) -> Iterator[None]:
    """Let all that this thread writes to a gradebook become one transaction.

    All is committed at the end, or nothing if an exception is raised. Other writers wait meanwhile.

    Parameters
    ----------
    db_url, course_id : str
        As nbgrader's ``Gradebook`` takes them.

    Raises
    ------
    sqlalchemy.exc.SQLAlchemyError
        If the database cannot be written.
    """
    with Gradebook(db_url, course_id) as gradebook:
        gradebook.db.remove()
        sessions = sessionmaker(class_=LateCommitSession, bind=gradebook.engine, future=True)
        gradebook.db = scoped_session(sessions)
        _shared.gradebook, _shared.db_url = gradebook, patient(db_url)
        try:
            yield
            gradebook.db().commit_all()
        finally:
            _shared.gradebook = None
