"""A path of temporary files that is too long for sockets ends in a sentence, before anything."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from lxmls_grading.machine.temporary_folder import TemporaryFolderError, check_temporary_folder
from tests.support.conversion import hand_in
from tests.support.course import ROOT


def long_folder(parent, length: int):
    """Return a folder whose path has so many bytes."""
    folder = parent
    while (left := length - len(os.fsencode(folder)) - 1) > 0:
        folder = folder / ("x" * (left if left < 100 else 90))
    folder.mkdir(parents=True)
    assert len(os.fsencode(folder)) == length
    return folder


def test_the_longest_path_still_has_room_for_sockets(monkeypatch):
    for length, right in ((71, True), (72, False), (200, False)):
        monkeypatch.setattr(tempfile, "tempdir", "/" + "x" * (length - 1))
        if right:
            check_temporary_folder()
        else:
            with pytest.raises(TemporaryFolderError, match=f"{length} bytes.*TMPDIR"):
                check_temporary_folder()
    monkeypatch.setattr(tempfile, "tempdir", "/" + "é" * 40)
    with pytest.raises(TemporaryFolderError, match="81 bytes"):
        check_temporary_folder()


def test_no_folder_at_all_is_a_sentence(monkeypatch):
    def none():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(TemporaryFolderError, match="set TMPDIR"):
        check_temporary_folder()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "status"), [("lxmls_grading.cli grade", 2), ("nbgrader autograde", 1)]
)
def test_nothing_starts(course, tmp_path, command, status):
    (course / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    hand_in(course, "ada")
    folder = long_folder(tmp_path, 150)
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "day2"],
        cwd=course,
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert f"too many for sockets in it ({folder}): set TMPDIR" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (course / "autograded").exists()
    assert not (course / ".lxmls_nb").exists()
    assert list(folder.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("own_warm_process")
def test_in_the_longest_that_is_accepted_sockets_can_be_made(tmp_path_factory):
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        folder = long_folder(type(tmp_path_factory.getbasetemp())(short), 71)
        code = (
            "from multiprocessing import connection\n"
            "from lxmls_grading.execution.hub import warm_for_workers\n"
            "connection.Listener(family='AF_UNIX').close()\n"
            "with warm_for_workers(): pass\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"TMPDIR": str(folder)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
