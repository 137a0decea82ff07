"""What was handed in is known by a hash: whatever changes in it is graded again."""

from __future__ import annotations

import logging
import os

import pytest

from lxmls_grading import records
from lxmls_grading.records import digest_source, digest_submission


@pytest.fixture
def digest(tmp_path):
    return lambda: digest_submission(tmp_path, ["*.pyc"], logging.getLogger(__name__))


@pytest.mark.parametrize("size", [10, 12_000_000])
def test_a_change_in_a_file_is_a_change_whatever_its_size(size, tmp_path, digest):
    """Graded are notebooks up to 20 MB, and files of the course up to 100 MB."""
    path = tmp_path / "exercise.ipynb"
    path.write_bytes(b"a")
    os.truncate(path, size)
    time = path.stat().st_mtime_ns
    before = digest()
    (tmp_path / "exercise.pyc").write_bytes(b"is ignored")
    assert digest() == before
    with open(path, "r+b") as file:
        file.write(b"b")
    os.utime(path, ns=(time, time))
    assert digest() != before


def test_beyond_so_many_bytes_sizes_and_times_are_enough(tmp_path, digest, monkeypatch):
    monkeypatch.setattr(records, "MAX_DIGESTED", 5)
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).write_bytes(b"1234")
    before = digest()
    assert digest() == before
    os.utime(tmp_path / "a.ipynb", ns=(0, 0))  # its contents are read
    assert digest() == before
    os.utime(tmp_path / "b.ipynb", ns=(0, 0))
    assert digest() != before


def test_links_are_followed_in_the_source_alone(tmp_path, digest):
    """Grading does so, too: data may lie elsewhere, and be linked in each assignment."""
    (tmp_path / "source" / "data").mkdir(parents=True)
    (tmp_path / "table.csv").write_text("1")
    (tmp_path / "source" / "data" / "table.csv").symlink_to(tmp_path / "table.csv")
    source = tmp_path / "source"
    before, submitted = (
        digest_source(source, []),
        digest_submission(source, [], logging.getLogger()),
    )
    (tmp_path / "table.csv").write_text("2")
    assert digest_source(source, []) != before
    assert digest_submission(source, [], logging.getLogger()) == submitted
    (source / "data" / "gone.csv").symlink_to("nothing")  # grading leaves it out
    (source / "plain.csv").write_text("3")
    after = digest_source(source, [])
    (source / "data" / "table.csv").unlink()
    (source / "data" / "table.csv").write_text("2")  # it is the same, as a file
    assert digest_source(source, []) == after


def test_what_jupyterlab_keeps_in_the_source_is_no_change_of_it(tmp_path):
    (tmp_path / "exercise.ipynb").write_text("1")
    before = digest_source(tmp_path, [".ipynb_checkpoints"])
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "exercise-checkpoint.ipynb").write_text("1")
    assert digest_source(tmp_path, [".ipynb_checkpoints"]) == before
    assert digest_source(tmp_path, []) != before
