"""What a fork does before it becomes a student kernel."""

from __future__ import annotations

import io
import tarfile

import pytest

from lxmls_grading.intake.working_files import WorkingFiles
from lxmls_grading.kernel import forked


@pytest.mark.parametrize("has_filters", [True, False], ids=["3.11.4", "3.11.2"])
def test_working_files_are_unpacked_by_any_python(tmp_path, monkeypatch, has_filters):
    if not has_filters:
        extractall = tarfile.TarFile.extractall
        # From Python 3.14 on, one filter is there without being asked for.
        options = {"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}
        monkeypatch.setattr(
            tarfile.TarFile, "extractall", lambda archive: extractall(archive, **options)
        )
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.chdir(tmp_path)
    contents = {"data.csv": b"1,2", "images/cat.png": b"cat"}
    forked._unpack(io.BytesIO(WorkingFiles(contents).pack()))
    found = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*.*")}
    assert found == contents


def test_without_working_files_nothing_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    forked._unpack(io.BytesIO(WorkingFiles().pack()))
    assert list(tmp_path.iterdir()) == []
