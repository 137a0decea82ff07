"""The three paths through the day: each section has a mark, and all times add up."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from lxmls_grading.cells import read_notebook
from tests.support.course import ROOT

PATHS = ("must", "should", "could")
DAY = "1_computation_graphs"

#: How long a path takes, in the introduction of a notebook.
TIME = r"(\d+)(?: minutes)? \((must|should|could)\)"

#: The notebooks that have marks.
MARKED = ("1_computation_graphs", "2_chain_rule", "3c_bug_hunt")


def place(name: str) -> Path:
    folder = "source/day2" if name.startswith("exercise") else "notebooks"
    return ROOT / folder / f"{name}.ipynb"


def prose(name: str) -> str:
    cells = read_notebook(place(name)).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def times(name: str) -> Counter[str]:
    """Return the minutes that the introduction of a notebook has for each path."""
    row = re.search(r"^\| \*\*Time\*\* \| about (.*) \|$", prose(name), re.M)
    assert row, f"{name} has no time"
    assert re.fullmatch(rf"{TIME}(, {TIME}){{0,2}}", row[1]), row[1]
    return Counter({path: int(minutes) for minutes, path in re.findall(TIME, row[1])})


def table() -> dict[str, list[int]]:
    """Return the rows of the day's first page: the minutes of each path, by notebook."""
    rows = {}
    for line in prose(DAY).splitlines():
        found = re.fullmatch(r"\| ([^|]+) \|[^|]*\|((?: (?:\**\d+\**)? ?\|){3})", line)
        if found:
            link = re.search(r"(\w+)\.ipynb", found[1])
            minutes = [int(each.strip(" *") or 0) for each in found[2].split("|")[:3]]
            rows[link[1] if link else DAY if "this one" in found[1] else "together"] = minutes
    return rows


@pytest.mark.parametrize("name", MARKED)
def test_each_section_has_a_mark_and_the_times_add_up(name):
    marked: Counter[str] = Counter()
    for section in re.split(r"^## ", prose(name), flags=re.M)[1:]:
        title, _, first = section.partition("\n\n")
        mark = re.match(r"\*(must|should|could) · (\d+) minutes?\*(\n|$)", first)
        assert mark, f"{title} has no mark"
        assert (mark[2] == "1") == ("minute*" in mark[0]), title
        marked[mark[1]] += int(mark[2])
    assert marked == times(name)


@pytest.mark.parametrize("name", MARKED)
def test_the_first_page_of_the_day_has_the_same_times(name):
    assert table()[name] == [times(name)[path] for path in PATHS]


def test_the_first_page_adds_up_to_three_hours_of_what_one_must_do():
    rows = table()
    together = rows.pop("together")
    assert [sum(column) for column in zip(*rows.values(), strict=True)] == together
    assert together[0] == 180
    assert {each.stem for each in (ROOT / "notebooks").glob("*.ipynb")} <= set(rows)
    assert {each.stem for each in (ROOT / "source" / "day2").glob("*.ipynb")} <= set(rows)
