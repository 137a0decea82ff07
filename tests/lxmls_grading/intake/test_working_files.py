"""The files beside a notebook: the assignment's always, a student's up to limits."""

from __future__ import annotations

import io
import logging
import os
import tarfile
import time
import zipfile

import pytest

from lxmls_grading.intake import working_files
from lxmls_grading.intake.working_files import (
    AssignmentFilesError,
    FileLimits,
    WorkingFiles,
    read_assignment_files,
    read_working_files,
)

LOG = logging.getLogger(__name__)


def write(folder, **files) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def read(folder, assignment=None, **limits) -> WorkingFiles:
    return read_working_files(folder, assignment or {}, FileLimits(**limits), [], LOG)


def test_assignment_gives_its_data_and_modules_but_no_notebooks(tmp_path):
    write(tmp_path, helper_dot_py="x = 1", data__a_dot_csv="1", exercise_dot_ipynb="solution")
    write(tmp_path, _dot_hidden="1")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "helper.pyc").write_bytes(b"1")
    (tmp_path / "link.txt").symlink_to(tmp_path / "helper.py")
    files = read_assignment_files(tmp_path, ["*.log"])
    assert files.keys() >= {"helper.py", "data/a.csv", "link.txt"}
    assert not any(name.endswith(".ipynb") or name.startswith(".") for name in files)
    assert not any("pycache" in name for name in files)


def test_assignment_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(working_files, "MAX_ASSIGNMENT_BYTES", 10)
    write(tmp_path, a="123456", b="123456")
    with pytest.raises(AssignmentFilesError, match="more than"):
        read_assignment_files(tmp_path, [])


def test_instructors_version_of_a_file_counts(tmp_path):
    write(tmp_path, helper_dot_py="student", own_dot_py="own", data="a file, not a folder")
    files = read(tmp_path, {"helper.py": b"course", "data/a.csv": b"1"})
    assert files.contents == {"helper.py": b"course", "data/a.csv": b"1", "own.py": b"own"}
    assert files.left_out == {}


def test_file_below_a_file_of_the_assignment_is_not_there(tmp_path):
    write(tmp_path, data__x="1")
    assert read(tmp_path, {"data": b"1"}).contents == {"data": b"1"}


def test_what_is_left_out_has_a_reason(tmp_path):
    write(tmp_path, a_dot_csv="12345", b_dot_csv="123", c_dot_csv="123", d_dot_exe="1")
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    files = read(tmp_path, patterns=("*.csv",), max_bytes=4, max_total=5)
    assert files.contents == {"b.csv": b"123"}
    assert files.left_out.keys() == {"a.csv", "c.csv", "d.exe"}
    assert "larger than" in files.left_out["a.csv"]
    assert "in all" in files.left_out["c.csv"]
    assert "kind" in files.left_out["d.exe"]


def test_files_beside_a_notebook_in_a_folder_are_where_it_looks_for_them(tmp_path):
    write(tmp_path, day2__work_dot_ipynb="{}", day2__a_dot_csv="1", day2__data__b_dot_csv="2")
    write(tmp_path, notes__c_dot_csv="3", a_dot_txt="4")
    own = {"day2/a.csv", "day2/data/b.csv", "day2/work.ipynb", "notes/c.csv", "a.txt"}
    assert read(tmp_path).contents.keys() == own | {"a.csv", "data/b.csv"}
    write(tmp_path, a_dot_csv="5")
    assert read(tmp_path).contents["a.csv"] == b"5"
    assert read(tmp_path, {"data/b.csv": b"6"}).contents["data/b.csv"] == b"6"


def test_a_file_in_two_places_counts_once(tmp_path):
    write(tmp_path, day2__work_dot_ipynb="", day2__a_dot_csv="1" * 60, day2__b_dot_csv="2" * 40)
    files = read(tmp_path, max_total=100)
    assert files.contents.keys() >= {"a.csv", "b.csv", "day2/a.csv", "day2/b.csv"}
    write(tmp_path, c_dot_csv="3")
    assert "is too much" in str(read(tmp_path, max_total=100).left_out)


def test_a_file_that_is_another_one_beside_each_notebook_is_left_out(tmp_path):
    write(tmp_path, a__work_dot_ipynb="", a__x_dot_csv="1", a__y_dot_csv="3")
    write(tmp_path, b__work_dot_ipynb="", b__x_dot_csv="2", b__y_dot_csv="3")
    files = read(tmp_path)
    assert "x.csv" not in files.contents
    assert "is another file beside each" in files.left_out["x.csv"]
    assert files.contents["y.csv"] == b"3"
    assert (files.contents["a/x.csv"], files.contents["b/x.csv"]) == (b"1", b"2")


@pytest.mark.parametrize("top", ["", "day2/", "a/b/"])
def test_so_are_those_in_a_zip_archive(top, tmp_path):
    names = [f"{top}work.ipynb", f"{top}a.csv", f"{top}data/b.csv", f"{top}.hidden", "../c.csv"]
    with zipfile.ZipFile(tmp_path / "Work.ZIP", "w") as archive:
        for name in [*names, "/d.csv", f"{top}e/", f"{top}large.csv", "other/f.csv"]:
            archive.writestr(name, "x" * (100 if "large" in name else 1))
    files = read(tmp_path, max_bytes=50, patterns=("*.csv",))
    wanted = {"a.csv", "data/b.csv"} | ({"other/f.csv"} if not top else set())
    assert files.contents == dict.fromkeys(wanted, b"x")
    assert "large.csv" in files.left_out


def test_so_they_are_where_windows_has_written_backslashes(tmp_path):
    with zipfile.ZipFile(tmp_path / "work.zip", "w") as archive:
        for name in ("day2\\work.ipynb", "day2\\data\\b.csv"):
            member = zipfile.ZipInfo("x")
            member.filename = name
            archive.writestr(member, "x")
    assert read(tmp_path, patterns=("*.csv",)).contents == {"data/b.csv": b"x"}


def test_an_archive_without_a_notebook_or_that_is_damaged_gives_none(tmp_path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("a.csv", "1")
    (tmp_path / "work.zip").write_bytes(b"PK\x03\x04")
    assert read(tmp_path).contents.keys() == {"data.zip", "work.zip"}


def test_a_large_archive_takes_no_time(tmp_path):
    with zipfile.ZipFile(tmp_path / "work.zip", "w") as archive:
        archive.writestr("work.ipynb", "{}")
        for number in range(9000):
            archive.writestr(f"{number}.csv", "1")
    start = time.monotonic()
    assert len(read(tmp_path).contents) == working_files.MAX_NESTED + 1
    assert time.monotonic() - start < 10


def test_the_time_stamp_is_never_there(tmp_path):
    write(tmp_path, timestamp_dot_txt="1", _dot_ipynb_checkpoints__x="1")
    assert read(tmp_path) == WorkingFiles()


def test_notebooks_of_a_student_are_there_after_all_else(tmp_path):
    write(tmp_path, a_dot_ipynb="1" * 8, b_dot_csv="1" * 8)
    files = read(tmp_path, max_total=10)
    assert [*files.contents] == ["b.csv"]
    assert [*files.left_out] == ["a.ipynb"]
    assert [*read(tmp_path).contents] == ["b.csv", "a.ipynb"]


def test_names_that_are_not_text_can_be_packed_and_reported(tmp_path):
    name = os.fsdecode(b"caf\xe9.csv")
    (tmp_path / name).write_text("1")
    packed = read(tmp_path).pack()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert archive.getnames() == [name]
    (left_out,) = read(tmp_path, patterns=("*.txt",)).left_out
    left_out.encode()
