"""What a dry run writes to in place of the course: a copy of the gradebook, and a folder."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url


class NoDryRunError(RuntimeError):
    """The gradebook cannot be copied."""


@contextlib.contextmanager
def scratch_copy(coursedir: CourseDirectory) -> Iterator[Path]:
    """Let this process use a copy of the gradebook, until the block ends.

    Parameters
    ----------
    coursedir : CourseDirectory
        Its ``db_url`` is that of the copy inside the block.

    Yields
    ------
    folder : Path
        An empty folder, for whatever else is written. It is removed with the copy.

    Raises
    ------
    NoDryRunError
        If the gradebook is no file of SQLite, or cannot be read.
    """
    url = make_url(coursedir.db_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise NoDryRunError(
            f"a dry run works on a copy of the gradebook, which must be a file of SQLite: "
            f"{url.render_as_string()} is none"
        )
    with tempfile.TemporaryDirectory(prefix="lxmls-nb-dry-") as folder:
        copy = Path(folder, "gradebook.db")
        try:
            with (
                contextlib.closing(sqlite3.connect(_read_only(url.database), uri=True)) as own,
                contextlib.closing(sqlite3.connect(copy)) as other,
            ):
                own.backup(other)
        except sqlite3.Error as error:
            raise NoDryRunError(f"the gradebook {url.database} cannot be read: {error}") from error
        before, coursedir.db_url = coursedir.db_url, f"sqlite:///{copy}"
        scratch = Path(folder, "scratch")
        scratch.mkdir()
        try:
            yield scratch
        finally:
            coursedir.db_url = before


def _read_only(database: str) -> str:
    return f"{Path(database).absolute().as_uri()}?mode=ro"
