"""Only small plain files of a submission are read."""

from __future__ import annotations

import os

import pytest

from lxmls_grading.intake import files


def test_a_file_that_is_exchanged_for_a_link_is_not_read(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (tmp_path / "plain").write_text("plain")
    (tmp_path / "link").symlink_to(secret)
    seen = os.lstat(tmp_path / "plain")
    monkeypatch.setattr(files.os, "lstat", lambda path: seen)
    with pytest.raises(files.UnsafeFileError):
        files.read_plain(tmp_path / "link", 1000)
