"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os

import pytest

from lxmls_nb.files import atomic_path


@pytest.mark.parametrize(
    ("number", "named"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EPIPE, False)]
)
def test_the_error_of_a_full_disk_names_the_file(number, named, tmp_path):
    path = tmp_path / "points.json"
    with pytest.raises(OSError, match=os.strerror(number)) as caught, atomic_path(path):
        raise OSError(number, os.strerror(number))
    assert caught.value.filename == (str(path) if named else None)
    assert [*tmp_path.iterdir()] == []


def test_a_name_that_is_told_stays(tmp_path):
    other = OSError(errno.ENOSPC, "full", "other.txt")
    with pytest.raises(OSError, match="other"), atomic_path(tmp_path / "points.json"):
        raise other
