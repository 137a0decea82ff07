"""nbgrader's own example course and fixtures, as its installed package ships them.

They are read from there; nothing of them is kept here. Points may differ only where stock nbgrader
is at fault: see :data:`STOCK_FAULTS`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbgrader

from tests.support.both_ways import Graded, grade_both, release

NBGRADER = Path(nbgrader.__file__).parent
GUIDE = NBGRADER / "docs" / "source" / "user_guide"
FILES = NBGRADER / "tests" / "apps" / "files"
MORE_FILES = NBGRADER / "tests" / "preprocessors" / "files"

#: Submissions are compared with what nbgrader releases, with its own stubs and header.
CONFIG = """
c.ClearSolutions.pop("code_stub")
c.ClearSolutions.pop("text_stub")
c.IncludeHeaderFooter.header = "{header}"
c.ExecuteApart.timeout = 10
"""

#: Notebooks of one assignment: the source, and what students hand in, as nbgrader's tests do.
FIXTURES = {
    "submitted-unchanged": (
        "submitted-unchanged",
        "submitted-changed",
        "submitted-cheat-attempt",
        "submitted-cheat-attempt-alternative",
        "submitted-grade-cell-changed",
        "submitted-locked-cell-changed",
    ),
    "autotest-simple": ("autotest-simple-unchanged", "autotest-simple-changed"),
    "autotest-hashed": ("autotest-hashed-unchanged", "autotest-hashed-changed"),
    "autotest-multi": ("autotest-multi-unchanged", "autotest-multi-changed"),
    "autotest-hidden": (
        "autotest-hidden-unchanged",
        "autotest-hidden-changed-wrong",
        "autotest-hidden-changed-right",
    ),
    "test": ("test", "test-with-output"),
    "test-hidden-tests": ("test-hidden-tests",),
    "open_relative_file": ("open_relative_file",),
    "validating-environment-variable": ("validating-environment-variable",),
    "timeout": ("timeout",),
    "side-effects": ("side-effects",),
}

#: The same, of the files with which nbgrader tests its preprocessors.
MORE_FIXTURES = {
    "submitted-unchanged": (
        "submitted-unchanged",
        "submitted-changed",
        "submitted-grade-cell-changed",
        "submitted-locked-cell-changed",
        "submitted-grade-cell-type-changed",
        "submitted-answer-cell-type-changed",
    ),
    "test": ("test",),
}

#: What is wrong with stock nbgrader where it grades others, by the notebook that was handed in.
STOCK_FAULTS = {
    "submitted-grade-cell-type-changed": "it gives up a submission if a cell's type was changed",
    "submitted-answer-cell-type-changed": "it gives up a submission if a cell's type was changed",
}


@dataclass(frozen=True)
class Comparison:
    """A course that was graded both ways.

    Attributes
    ----------
    name : str
    ours, stock : Graded
    submitted : dict of str
        The names of the files that were handed in, by student and notebook.
    """

    name: str
    ours: Graded
    stock: Graded
    submitted: dict[tuple[str, str], str]

    def keys(self) -> list[tuple[str, str, str]]:
        """Return student, notebook and cell of all that was handed in."""
        all_keys = self.ours.points.keys() | self.stock.points.keys()
        return sorted(key for key in all_keys if key[:2] in self.submitted)

    def differing(self) -> list[tuple[str, str, str]]:
        """Return the cells that get other points without a reason."""
        return [key for key in self.keys() if not self._same(key) and not self._fault(key)]

    def _same(self, key: tuple[str, str, str]) -> bool:
        return self.ours.points.get(key) == self.stock.points.get(key)

    def _fault(self, key: tuple[str, str, str]) -> str:
        return STOCK_FAULTS.get(self.submitted[key[:2]], "")

    def table(self) -> str:
        """Return the points of all cells as a table, with a count at its end."""
        lines = [f"nbgrader's own {self.name}: points here/with stock nbgrader"]
        for key in self.keys():
            pair = f"{show(self.ours.points.get(key))}/{show(self.stock.points.get(key))}"
            fault = "" if self._same(key) else f"(stock: {self._fault(key)})"
            note = "<-- NOT EXPLAINED" if key in self.differing() else fault
            handed_in = self.submitted[key[:2]]
            lines.append(f"  {key[0]:10} {handed_in:36} {key[2]:28} {pair:>8} {note}".rstrip())
        same = sum(map(self._same, self.keys()))
        lines += [
            f"{len(self.keys())} cells: {same} with the same points, "
            f"{len(self.keys()) - same - len(self.differing())} with others for a listed fault, "
            f"{len(self.differing())} with others without a reason."
        ]
        return "\n".join(lines)


def show(points: float | None) -> str:
    """Return points as text; a dash for none, as of an answer that a person grades."""
    return "-" if points is None else f"{points:g}"


def example_course(root: Path) -> Comparison:
    """Grade the example course of the user guide."""
    shutil.copytree(GUIDE / "source", root / "source")
    shutil.copytree(GUIDE / "submitted", root / "submitted")
    handed_in = {
        (path.parts[-3], path.stem): path.stem
        for path in (root / "submitted").glob("*/ps1/*.ipynb")
    }
    return _compare(root, "ps1", handed_in, header="source/header.ipynb")


def fixtures(root: Path, folder: Path, notebooks: dict[str, tuple[str, ...]]) -> Comparison:
    """Grade the notebooks of nbgrader's tests; the first student hands in the first of each."""
    source = root / "source" / "fixtures"
    source.mkdir(parents=True)
    handed_in = {}
    for name, submitted in notebooks.items():
        shutil.copy(folder / f"{name}.ipynb", source)
        for number, each in enumerate(submitted):
            handed_in[f"student-{number}", name] = each
            place = root / "submitted" / f"student-{number}" / "fixtures"
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / f"{each}.ipynb", place / f"{name}.ipynb")
    for path in (FILES / "data.txt", FILES / "jupyter.png"):
        shutil.copy(path, source)
    shutil.copy(FILES / "autotests.yml", root)
    return _compare(root, "fixtures", handed_in)


def _compare(
    root: Path, assignment: str, handed_in: dict[tuple[str, str], str], header: str = ""
) -> Comparison:
    release(root, assignment, config=CONFIG.format(header=header))
    ours, stock = grade_both(root, assignment)
    return Comparison(root.name, ours, stock, handed_in)


def all_comparisons(folder: Path) -> Iterator[Comparison]:
    """Grade all that nbgrader ships."""
    yield example_course(folder / "example course")
    yield fixtures(folder / "fixtures", FILES, FIXTURES)
    yield fixtures(folder / "fixtures of preprocessors", MORE_FILES, MORE_FIXTURES)
