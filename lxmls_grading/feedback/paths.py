"""Takes the paths of the machine that grades out of what students read."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from functools import cache
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

#: Folders that are the same on every machine, or hold everything.
COMMON = {"", "/", "/usr", "/usr/local", "/tmp", "/home", "/opt"}


@cache
def _folders(course: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Return this machine's folders, the longest first, with their patterns and short names."""
    folders = {os.path.expanduser("~"): "~", course: Path(course).name}
    folders |= {prefix: Path(prefix).name for prefix in (sys.prefix, sys.base_prefix)}
    folders |= {sysconfig.get_path(kind): "site-packages" for kind in ("purelib", "platlib")}
    folders |= {os.path.realpath(folder): short for folder, short in folders.items()}
    known = {folder.rstrip("/"): short.replace("\\", r"\\") for folder, short in folders.items()}
    return [
        # A path begins after another character, or after a colour of a terminal.
        (
            folder,
            re.compile(rf"(^|[^\w.~]|\x1b\[[\d;]*m){re.escape(folder)}(?![\w-]|\.\w)"),
            short,
        )
        for folder, short in sorted(known.items(), key=lambda each: -len(each[0]))
        if folder not in COMMON
    ]


def hide_paths(text: str) -> str:
    """Return a text with this machine's folders shortened: home, course, Python's environment.

    Parameters
    ----------
    text : str
    """
    for folder, pattern, short in _folders(os.getcwd()):  # nbgrader works in the course's folder
        if folder in text:
            text = pattern.sub(rf"\g<1>{short}", text)
    return text


class HidePaths(NbGraderPreprocessor):
    """Shortens the paths of this machine in outputs; to run after ``PassiveNotebook``."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Shorten the paths in the texts of a cell's outputs."""
        for output in cell.get("outputs", []):
            for key in ("text", "evalue"):
                if isinstance(output.get(key), str):
                    output[key] = hide_paths(output[key])
            if "traceback" in output:
                output.traceback = [hide_paths(line) for line in output.traceback]
            for kind, value in output.get("data", {}).items():
                if isinstance(value, str) and not kind.startswith("image/"):
                    output.data[kind] = hide_paths(value)
        return cell, resources
