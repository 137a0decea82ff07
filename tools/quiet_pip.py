"""Run pip with one line that tells what it does now, instead of a thousand lines that stay.

    .venv/bin/python tools/quiet_pip.py install ...

pip hides its progress bars together with these lines (``--quiet``), even if ``--progress-bar on``
asks for them. Here warnings, errors and everything that follows an error are shown whole.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator

#: Lines that tell how far pip is. All other lines are shown.
PROGRESS = re.compile(
    r" *(Attempting|Building|Checking|Collecting|Created|Downloading|Found existing|Getting|"
    r"Installing|Looking in|Obtaining|Preparing|Processing|Requirement already|Resuming|Stored|"
    r"Successfully|Uninstalling|Using cached)\b"
)
#: What ``--progress-bar raw`` prints of a download: bytes that are there, and all of them.
BYTES = re.compile(r"Progress (\d+) of (\d+)$")
ERROR = re.compile(r" *(ERROR|error)\b")


def condense(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    """Yield what to show of the lines that pip prints.

    Parameters
    ----------
    lines : iterable of str

    Yields
    ------
    stays : bool
        Whether the text stays; otherwise the next text takes its place.
    text : str
        Without its end of line.
    """
    failed, task = False, ""
    for line in map(str.rstrip, lines):
        failed = failed or ERROR.match(line) is not None
        if failed:
            yield True, line
        elif found := BYTES.match(line):
            done, total = map(int, found.groups())
            yield False, f"{100 * done // max(total, 1):3d} % {task}"
        elif line.startswith("Successfully installed "):
            yield True, f"Packages installed: {len(line.split()) - 2}"
        elif PROGRESS.match(line):
            task = line.strip()
            yield False, task
        elif line:
            yield True, line


def main(arguments: list[str]) -> int:
    """Run pip; return its exit status."""
    pip_version = tuple(map(int, importlib.metadata.version("pip").split(".")[:2]))
    bar = "raw" if pip_version >= (24, 1) else "off"
    watched = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns - 1
    with subprocess.Popen(
        [sys.executable, "-m", "pip", *arguments, "--progress-bar", bar],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        # What a build has to remark on a package is for its authors; newer pips show it.
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    ) as pip:
        assert pip.stdout is not None
        for stays, text in condense(pip.stdout):
            if watched:
                print(end="\r\033[K")  # to the start of the line, and clear it
            if stays:
                print(text, flush=True)
            elif watched:
                print(text[:width], end="", flush=True)
    if watched:
        print(end="\r\033[K", flush=True)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
