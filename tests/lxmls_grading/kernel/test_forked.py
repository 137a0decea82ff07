"""What a fork does before it becomes a student kernel."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

from lxmls_grading.intake.working_files import WorkingFiles
from lxmls_grading.kernel import forked


@pytest.mark.parametrize("has_filters", [True, False], ids=["3.11.4", "3.11.2"])
def test_working_files_are_unpacked_by_any_python(tmp_path, monkeypatch, has_filters):
    if not has_filters:
        extract = tarfile.TarFile.extract
        # From Python 3.14 on, one filter is there without being asked for.
        options = {"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
        monkeypatch.setattr(tarfile.TarFile, "extract", lambda *given: extract(*given, **options))
    monkeypatch.chdir(tmp_path)
    contents = {"data.csv": b"1,2", "images/cat.png": b"cat"}
    assert forked._unpack(io.BytesIO(WorkingFiles(contents).pack())) == {}
    found = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*.*")}
    assert found == contents


def test_without_working_files_nothing_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    forked._unpack(io.BytesIO(WorkingFiles().pack()))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_made_is_left_out_and_no_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("folder")
    names = ("a.csv", "x" * 300, "folder", "a.csv/b", "../c", "d")
    contents = {name: name[:1].encode() for name in names}
    left_out = forked._unpack(io.BytesIO(WorkingFiles(contents).pack()))
    assert [*left_out] == ["x" * forked.MAX_NAME, "folder", "a.csv/b", "../c"]
    assert all(why.startswith("could not be put there (") for why in left_out.values())
    assert left_out["../c"] == "could not be put there (it lies outside the folder)"
    assert [(tmp_path / name).read_text() for name in ("a.csv", "d")] == ["a", "d"]
    assert not os.path.exists("../c")


def test_an_archive_that_is_broken_stops_no_kernel(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = WorkingFiles({"a.csv": b"1" * 2000, "b.csv": b"2" * 2000}).pack()
    left_out = forked._unpack(io.BytesIO(whole[:4000]))
    assert os.listdir() == ["a.csv"]
    assert [*left_out] == ["b.csv", "what comes after 'b.csv'"]
    assert list(forked._unpack(io.BytesIO(b"no archive"))) == ["what comes after ''"]


def test_no_end_of_names_is_reported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    long = "\udcff" * 300
    contents = {f"{number}{long}": b"" for number in range(500)}
    left_out = forked._unpack(io.BytesIO(WorkingFiles(contents).pack()))
    assert len(left_out) == forked.MAX_NAMED
    assert len(repr(left_out)) < 2**14
