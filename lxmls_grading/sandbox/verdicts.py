"""Keeps out of the sandbox what tells which answers to this project's own checks are right.

A kernel needs the probes of :mod:`lxmls_nb.checks` and no verdict: those are passed outside. Their
files, which compute right values and know the mistakes, would be seen in the folder of installed
packages.
"""

from __future__ import annotations

import importlib.util
import os
import site
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

#: What is seen of the folder ``lxmls_nb/checks``: all that it takes to import it, and the probes.
SEEN = ("__init__.py", "personal_numbers.py", "predictions.py", "probes")


def check_folders(shown: Iterable[Path]) -> list[Path]:
    """Return the folders that hold checks, by each name that they have in a sandbox.

    Parameters
    ----------
    shown : iterable of Path
        Folders that are seen in the sandbox. A link among them is a second name for its target.

    Returns
    -------
    folders : list of Path
        Where checks are installed, in a version that is not the one in use, too; and where Python
        keeps them compiled.
    """
    found = {Path(os.path.realpath(folder)) for folder in _installed() if os.path.isdir(folder)}
    views = [(each, Path(os.path.realpath(each))) for each in shown]
    names = [
        view / folder.relative_to(real)
        for folder in found
        for view, real in views
        if folder.is_relative_to(real)
    ]
    return sorted({Path(name) for name in names})


def _installed() -> Iterator[str]:
    """Yield the places where Python looks for checks."""
    import lxmls_nb

    folders = [os.path.dirname(os.path.dirname(lxmls_nb.__file__)), *site.getsitepackages()]
    for folder in [*folders, site.getusersitepackages(), *sys.path]:
        checks = os.path.join(os.path.abspath(folder), "lxmls_nb", "checks")
        yield checks
        compiled = os.path.dirname(importlib.util.cache_from_source(f"{checks}/__init__.py"))
        if os.path.dirname(compiled) != checks:  # else it is hidden with them
            yield compiled


def only_probes(folder: Path) -> list[str]:
    """Return options of bubblewrap that hide a folder of checks, all but :data:`SEEN`."""
    options = ["--tmpfs", str(folder)]
    for name in SEEN:
        options += ["--ro-bind-try", f"{folder}/{name}", f"{folder}/{name}"]
    return options
