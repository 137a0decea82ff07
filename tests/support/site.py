"""The site that `make book` builds, for all tests that look at it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from tests.support.course import ROOT
from tests.support.locks import locked

#: Of this repository, all that a site is made from.
SOURCES = ("docs", "notebooks", "release", "lxmls_nb", "lxmls_grading", "*.md")

#: Where the site is. It stays for the next run, which builds it again where anything has changed.
HOME = ROOT / "build" / "site"


def built_site() -> Path:
    """Return the folder of the site, built from the files and with the packages of now.

    Tests that run side by side wait for one of them to build it.
    """
    with locked(HOME):
        made_from, state = HOME / "made-from", _state()
        if not (made_from.is_file() and made_from.read_text() == state):
            made_from.unlink(missing_ok=True)
            shutil.rmtree(HOME / "html", ignore_errors=True)
            _build(HOME / "html")
            made_from.write_text(state)
    return HOME / "html"


def _build(folder: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-E", "-W", "--keep-going", "-q", "-c", "docs"]
    command += ["-d", str(HOME / "doctrees"), ".", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def _state() -> str:
    """Return a digest of what a site depends on: packages, and files that git knows or would."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *SOURCES]
    listed = subprocess.run(listing, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    found = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for name in sorted({*listed.split("\0")} - {""}):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b"removed"
        found.update(f"{name} {len(content)} ".encode() + content)
    found.update(repr(sorted({f"{d.name} {d.version}" for d in distributions()})).encode())
    return found.hexdigest()
