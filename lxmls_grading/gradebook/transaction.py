"""Writes what belongs together to the gradebook in one transaction.

nbgrader opens the gradebook anew for each step of grading, and commits after each cell. For a
submission of four notebooks that makes about a hundred transactions, each with its locks and its
writes to the disk, and whoever reads meanwhile sees half a submission. Here all of these share one
connection, and each of nbgrader's own transactions is a savepoint in that connection's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, InvalidEntry
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

_stock_init, _stock_close = Gradebook.__init__, Gradebook.close

#: Seconds that SQLite waits for another process which writes to the gradebook. By default it waits
#: for five, and a submission may take that long on a machine that is busy.
DATABASE_TIMEOUT = 120

#: What is said where SQLite has undone a transaction, as it does on a full disk.
LOST = "the database has undone the transaction, after an error"


class TransactionLostError(SQLAlchemyError):
    """What was written so far is undone, and nothing more may be written."""


@dataclass
class Transaction:
    """What a thread writes together.

    Attributes
    ----------
    engine : sqlalchemy.Engine
    place : str
        Which database it is; see :func:`place_of`.
    sessions : sessionmaker
        Makes sessions on the one connection.
    courses : set of str
        Those that are known to be in the database.
    afterwards : list of callable
        What is done when all is committed.
    """

    engine: Engine
    place: str
    sessions: sessionmaker[Session]
    courses: set[str]
    afterwards: list[Callable[[], None]] = field(default_factory=list)


class _Present(threading.local):
    """The transaction that a thread is in, if it is in one."""

    transaction: Transaction | None = None


_present = _Present()


def patient(db_url: str) -> str:
    """Return a database's address with which SQLite waits longer for others that write to it."""
    if db_url.startswith("sqlite:") and "?" not in db_url:
        return f"{db_url}?timeout={DATABASE_TIMEOUT}"
    return db_url


def place_of(db_url: str) -> str:
    """Return which database an address leads to, however it is spelled: for SQLite, the file."""
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite" and url.database:
        return str(Path(url.database).resolve())
    return db_url


def _init(
    self: Gradebook, db_url: str, course_id: str = "default_course", authenticator: Any = None
) -> None:
    """Open a gradebook as ``Gradebook.__init__`` does, within a transaction on its connection.

    Every program, the formgrader too, waits longer for its turn.
    """
    db_url, present = patient(db_url), _present.transaction
    if present is None or place_of(db_url) != present.place:
        _stock_init(self, db_url, course_id, authenticator)
        return
    self.engine, self.db = present.engine, scoped_session(present.sessions)
    self.course_id, self.authenticator = course_id, authenticator
    if course_id not in present.courses:
        self.check_course(course_id=course_id)
        present.courses.add(course_id)


def _close(self: Gradebook) -> None:
    """Close a gradebook, as ``Gradebook.close``, but no connection of a transaction."""
    present = _present.transaction
    if present is None or self.engine is not present.engine:
        _stock_close(self)
    else:
        self.db.remove()


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
    RuntimeError
        If this thread is in a transaction already.
    sqlalchemy.exc.SQLAlchemyError
        If the database cannot be written.
    """
    if _present.transaction is not None:
        raise RuntimeError("this thread is in a transaction already")
    with Gradebook(db_url, course_id) as gradebook:
        engine: Engine = gradebook.engine
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "sqlite":
                # Python's module would begin one with the first change, and none for a savepoint.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                connection.exec_driver_sql("SAVEPOINT whole")
                event.listen(connection, "savepoint", _check_open)
            sessions = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")
            present = Transaction(engine, place_of(db_url), sessions, {course_id})
            _present.transaction = present
            try:
                yield
            except Exception as error:
                if (cause := _cause(error)) is error:
                    raise
                raise cause from cause.__cause__
            finally:
                _present.transaction = None
            if engine.dialect.name == "sqlite":
                _end_whole(connection)
        for action in present.afterwards:
            action()


def _check_open(connection: Connection, _: str) -> None:
    """Let no savepoint begin where SQLite has undone the transaction: it would be one by itself."""
    dbapi_connection: Any = connection.connection.dbapi_connection
    if not dbapi_connection.in_transaction:
        raise TransactionLostError(LOST)


def _end_whole(connection: Connection) -> None:
    """Make sure that what is committed is all that was written since the beginning."""
    try:
        connection.exec_driver_sql("RELEASE whole")
    except OperationalError as error:
        raise TransactionLostError(LOST) from error


def _cause(error: BaseException) -> BaseException:
    """Return the error of the database that undid a transaction.

    Savepoints that are gone then, and nbgrader's ``InvalidEntry``, hide it.
    """
    while (hidden := error.__context__) is not None and (
        "no such savepoint" in str(error)
        or (isinstance(error, InvalidEntry) and isinstance(hidden, OperationalError))
    ):
        error = hidden
    return error


def in_transaction() -> bool:
    """Whether this thread writes in one transaction, in which nobody else changes a row."""
    return _present.transaction is not None


def after_commit(action: Callable[[], None]) -> None:
    """Do something when what was written is committed: now, or at the end of a transaction.

    What is to be done then is done in the order of the calls, up to the first that fails. What was
    committed stays.
    """
    if _present.transaction is None:
        action()
    else:
        _present.transaction.afterwards.append(action)
