"""A copy of what the kit is made of, for tests that change it; and what must not be in a kit."""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path

from lxmls_grading.cells import read_notebook
from tests.support.course import NOTEBOOKS, ROOT, source
from tests.support.submissions import DELIMITER

#: Files and folders that `tools/make_kit.py` and `tools/name_repository.py` read.
FILES = ("README.md", "LICENSE", "pyproject.toml", "constraints.txt", "environment.yml")
FOLDERS = ("source/day2", "release/day2", "notebooks", "lxmls_nb", "tools/kit", "docs/images")

ANSWERS = ROOT / "tests" / "answers" / "day2"

#: What stands in no file of the kit, in capital letters or not.
WORDS = ("BEGIN SOLUTION", "BEGIN HIDDEN", "BEGIN MARK", "lxmls_grading", "right.py")
#: Lines of right answers that say nothing of them: the chapters and given code have these, too.
GIVEN = {
    "weight, bias = self.parameters[-1]",
    "weight, bias = self.parameters[n]",
    "for place in np.ndindex(array.shape):",
    "return 1 / (1 + np.exp(-z))",
    "tilde_z = torch.sigmoid(z)",
    "parameters = list(model.parameters())",
}


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


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def lines_of_sources() -> tuple[set[str], set[str]]:
    """Return the lines of regions of the source notebooks, and all other lines of them."""
    secret, public = set(), set()
    for name in NOTEBOOKS:
        for cell in source(name).cells:
            inside = False
            for line in cell.source.split("\n"):
                if match := DELIMITER.match(line):
                    inside = match[1] == "BEGIN"
                else:
                    (secret if inside else public).add(line.strip())
    return secret, public


def lines_of_answers() -> set[str]:
    """Return the lines in the bodies of functions of all right answers."""
    found = set()
    for path in ANSWERS.glob("*/right.py"):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = range(node.body[0].lineno - 1, node.end_lineno)
                found |= {lines[n].strip() for n in body}
    return {
        line for line in found if not re.match(r"(@|def |class |import |from .* import )", line)
    }


def secrets() -> set[str]:
    """Return all lines that nobody finds in the kit."""
    secret, public = lines_of_sources()
    lines = (secret | lines_of_answers()) - public - GIVEN
    return {line for line in lines if len(line) > 20}


def found_secrets(folder: Path) -> list[str]:
    """Return lines and words in files of a folder that students must not see."""
    lines, found = secrets(), []
    for path in files(folder):
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{path.name}: {word}" for word in WORDS if word.lower() in text.lower()]
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in read_notebook(path).cells)
        shown = {line.strip() for line in text.splitlines()}
        found += [f"{path.name}: {line}" for line in sorted(lines & shown)]
    return found
