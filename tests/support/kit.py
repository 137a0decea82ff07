"""A copy of what the kit is made of, for tests that change it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.support.course import ROOT

#: Files and folders that `tools/make_kit.py` and `tools/name_repository.py` read.
FILES = ("README.md", "LICENSE", "pyproject.toml", "constraints.txt", "environment.yml")
FOLDERS = ("source/day2", "release/day2", "notebooks", "lxmls_nb", "tools/kit", "docs/images")


def copy_course(root: Path) -> Path:
    """Copy these into a new folder; return it."""
    root.mkdir()
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, "tools/quiet_pip.py"):
        shutil.copy(ROOT / name, root / name)
    return root


def release_without_nbgrader(root: Path) -> None:
    """Bring the cell for Colab into the released notebooks, where `make release` would.

    Released cells are locked; nothing else about it differs.
    """
    for path in (root / "source" / "day2").glob("*.ipynb"):
        (cell,) = [c for c in json.loads(path.read_text())["cells"] if c["id"] == "colab"]
        cell["metadata"] |= {"deletable": False, "editable": False}
        target = root / "release" / "day2" / path.name
        notebook = json.loads(target.read_text())
        notebook["cells"] = [c for c in notebook["cells"] if c["id"] != "colab"]
        notebook["cells"].insert(1, cell)
        target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
