"""The environment that the kit's own command makes, for all tests that use it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.course import ROOT
from tests.support.locks import locked
from tools import make_kit

#: Where the environment is. It stays for the next run, which installs only what has changed.
HOME = ROOT / "build" / "student"


def student_python() -> Path:
    """Return the Python of an environment that `make setup` has made in a copy of the kit.

    Tests that run side by side wait for one of them to make it.
    """
    with locked(HOME):
        made, _ = make_kit.make_kit(output=HOME / "made" / "kit")
        kit = HOME / "kit"
        shutil.rmtree(kit / "lxmls_nb", ignore_errors=True)
        for path in sorted(made.rglob("*")):
            copy_changed(path, kit / path.relative_to(made))
        subprocess.run(["make", "setup", f"PYTHON={sys.executable}"], cwd=kit, check=True)
    return kit / ".venv" / "bin" / "python"


def copy_changed(path: Path, target: Path) -> None:
    """Copy a file unless the same is there: `make` goes by its time."""
    if path.is_file() and not (target.exists() and target.read_bytes() == path.read_bytes()):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
