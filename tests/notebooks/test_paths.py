"""Three paths through the day: each section is marked, and all times add up."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from lxmls_grading.cells import read_notebook
from tests.notebooks.test_chapters import CHAPTERS
from tests.support.course import NOTEBOOKS, ROOT

PATHS = ("must", "should", "could")
MARK = re.compile(r"\*(must|should|could) · (\d+) minutes?\*")
FILES = {
    **{name: ROOT / "notebooks" / f"{name}.ipynb" for name in CHAPTERS},
    **{name: ROOT / "source" / "day2" / f"{name}.ipynb" for name in NOTEBOOKS},
}
#: Minutes of the must path: three hours.
MUST = 180


def markdown(name: str) -> list[str]:
    cells = read_notebook(FILES[name]).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def sections(name: str) -> list[tuple[str, str]]:
    """Return the heading of each section, and the line below it."""
    return re.findall(r"^## (.+)\n+(.*)", "\n\n".join(markdown(name)), re.MULTILINE)


def minutes(name: str) -> Counter[str]:
    """Return the minutes of each path, added up over the sections."""
    total = Counter()
    for _, line in sections(name):
        path, time = MARK.fullmatch(line).groups()
        total[path] += int(time)
    return total


@pytest.mark.parametrize("name", FILES)
def test_each_section_is_marked(name):
    assert len(sections(name)) >= 3
    assert [heading for heading, line in sections(name) if not MARK.fullmatch(line)] == []


@pytest.mark.parametrize("name", FILES)
def test_the_first_cell_tells_what_the_sections_add_up_to(name):
    row = re.search(r"^\| \*\*Time\*\* \| (.*?) \|$", markdown(name)[0], re.MULTILINE)[1]
    told = re.findall(r"(\d+)(?: minutes)? \((must|should|could)\)", row)
    assert {path: int(time) for time, path in told} == dict(minutes(name))


def rows_of_the_day() -> dict[str, list[str]]:
    """Return the minutes that the table of the day gives, by notebook."""
    text = "\n".join(markdown(CHAPTERS[0]))
    found = {}
    for line in re.findall(r"^\|.*\|$", text, re.MULTILINE):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        link = re.search(r"([\w]+)\.ipynb\)", cells[0])
        name = link[1] if link else CHAPTERS[0] if "this one" in cells[0] else cells[0].strip("*")
        if len(cells) == 5 and name in (*FILES, "together"):
            found[name] = cells[2:]
    return found


def test_the_first_page_of_the_day_has_the_times_of_all_notebooks():
    table = rows_of_the_day()
    together = [int(cell.strip("*")) for cell in table.pop("together")]
    assert set(table) == set(FILES)
    for name, cells in table.items():
        expected = minutes(name)
        assert [int(cell or 0) for cell in cells] == [expected[path] for path in PATHS], name
    totals = sum(map(minutes, FILES), Counter())
    assert together == [totals[path] for path in PATHS]
    assert totals["must"] == MUST


@pytest.mark.parametrize("page", ["docs/students.md", "tools/kit/README.md"])
def test_pages_for_students_have_the_same_times(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for name in FILES:
        row = next(line for line in text.splitlines() if f"{name}.ipynb)" in line and "|" in line)
        told = re.findall(r"(\d+) (must|should|could)", row)
        assert {path: int(time) for time, path in told} == dict(minutes(name)), name
