"""A student's JupyterLab: that of the kit, in the environment which its README's command makes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.browser.lab import jupyter_lab
from tests.support.student_environment import student_python
from tools import make_kit


@contextlib.contextmanager
def student_lab(root: Path, nbgrader_config: str = "") -> Iterator[tuple[str, Path]]:
    """Unpack the kit into a new folder, and start its JupyterLab there.

    Parameters
    ----------
    root : Path
        Where the folder and the student's home are made.
    nbgrader_config : str

    Yields
    ------
    url : str
    work : Path
        The folder of the kit.
    """
    work, _ = make_kit.make_kit(output=root / "work")
    with jupyter_lab(work, root / "home", nbgrader_config, python=student_python()) as url:
        yield url, work
