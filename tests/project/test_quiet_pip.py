"""What `make setup` shows of pip: one line that changes, and errors whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.course import ROOT
from tools.quiet_pip import condense


def stays(*lines):
    return [text for stays, text in condense(lines) if stays]


def test_progress_does_not_stay():
    lines = [
        "Looking in indexes: https://example.org/simple",
        "Collecting numpy>=2.1 (from lxmls-nb==0.1.0)",
        "  Obtaining dependency information for numpy>=2.1 from https://example.org",
        "  Downloading numpy-2.4.6-cp311.whl (18.2 MB)",
        "Requirement already satisfied: scipy in ./.venv/lib",
        "Installing collected packages: numpy, lxmls-nb",
        "  Attempting uninstall: numpy",
        "    Found existing installation: numpy 2.3.0",
        "      Successfully uninstalled numpy-2.3.0",
    ]
    shown = list(condense([f"{line}\n" for line in lines]))
    assert shown == [(False, line.strip()) for line in lines]
    assert stays("Successfully installed lxmls-nb-0.1.0 numpy-2.4.6\n") == ["Packages installed: 2"]


def test_a_download_tells_how_far_it_is():
    lines = ["  Downloading torch.whl (888.1 MB)", "Progress 0 of 200", "Progress 150 of 200"]
    assert [text for _, text in condense(lines)][1:] == [
        "  0 % Downloading torch.whl (888.1 MB)",
        " 75 % Downloading torch.whl (888.1 MB)",
    ]


def test_warnings_and_unknown_lines_stay():
    lines = ["WARNING: Retrying after connection broken", "INFO: pip is looking at versions of x"]
    assert stays(*lines) == lines


def test_after_an_error_everything_stays():
    lines = [
        "  error: subprocess-exited-with-error",
        "  ╰─> [2 lines of output]",
        "      Building an extension",
        "      Progress 1 of 2",
        "",
        "ERROR: Failed to build one",
    ]
    assert stays("Collecting one", *lines) == lines


@pytest.mark.slow
def test_an_error_of_pip_is_shown_whole_and_decides():
    command = [sys.executable, str(ROOT / "tools/quiet_pip.py"), "install"]
    done = subprocess.run(
        [*command, "--no-index", "--find-links", "tests", "there-is-no-such-package"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert "ERROR: No matching distribution found for there-is-no-such-package" in done.stdout
    assert "Looking in" not in done.stdout
