"""The charts of a report: what they show, in elements and in words."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from lxmls_grading.results.histogram import histogram
from lxmls_grading.results.messages import printable
from lxmls_grading.results.outcomes import FAILED, NOT_RUN, PASSED
from lxmls_grading.results.report import templates
from lxmls_grading.results.submissions import Cell, CellKey
from lxmls_grading.results.survey import GradedTest


class Chart(HTMLParser):
    """Elements of a chart: each with its class, its style, and the text in it."""

    def __init__(self, name: str, *values):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], str]] = []
        self.feed(str(getattr(templates().get_template("charts.html").module, name)(*values)))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        style = dict(rule.split(": ") for rule in given.pop("style", "").split("; ") if rule)
        self.elements.append((tag, given | style, ""))

    def handle_data(self, data):
        tag, given, text = self.elements[-1]
        self.elements[-1] = tag, given, text + data.strip()

    def find(self, name: str) -> list[dict[str, str]]:
        return [g | {"text": text} for _, g, text in self.elements if g.get("class", "") == name]

    @property
    def label(self) -> str:
        (found,) = [given for _, given, _ in self.elements if given.get("role") == "img"]
        return found["aria-label"]


def graded_test(name: str, **counts: int) -> GradedTest:
    return GradedTest(Cell(CellKey("exercise_2_1", name), 1, False), Counter(counts))


def test_names_in_charts_are_text():
    names = ["<script>x</script>", 'a" onload="b', "$\\frac{1}{2}$", "nul\x00", "]]>", "{{ 7 }}"]
    tests = [graded_test(name, passed=1) for name in names]
    chart = Chart("outcomes", tests, [PASSED])
    assert [row["text"] for row in chart.find("name")] == [f"2.1 {printable(n)}" for n in names]
    assert {tag for tag, _, _ in chart.elements} == {"div", "span", "i"}
    known = {"class", "role", "aria-label", "width", "left"}
    assert {name for _, given, _ in chart.elements for name in given} == known
    assert all(f"2.1 {printable(name)}: 1 passed" in chart.label for name in names)


def test_outcomes_are_shown_and_told():
    tests = [graded_test("a", passed=1, failed=3), graded_test("b", passed=2, **{NOT_RUN: 0})]
    chart = Chart("outcomes", tests, [PASSED, FAILED, NOT_RUN])
    assert chart.label == "What became of each test. 2.1 a: 1 passed, 3 failed; 2.1 b: 2 passed."
    bars = [given["width"] for _, given, _ in chart.elements if "width" in given]
    assert bars == ["25.00%", "75.00%", "100.00%"]
    assert [share["text"] for share in chart.find("n")] == ["25 %", "100 %"]
    legend = [text for tag, _, text in chart.elements if tag == "i"]
    assert legend == [PASSED, FAILED, NOT_RUN]
    ticks = [(g["left"], text) for tag, g, text in chart.elements if tag == "span" and "left" in g]
    assert ticks == [(f"{tick}%", str(tick)) for tick in (0, 20, 40, 60, 80, 100)]
    assert [axis["text"] for axis in chart.find("axis")] == [
        "submissions (%); at the right, how many passed"
    ]


def test_totals_are_shown_and_told():
    chart = Chart("totals", histogram([0, 1, 8, 8], 8), 8)
    assert "0 to 0.5 points: 1; 1 to 1.5 points: 1; 7.5 to 8 points: 2" in chart.label
    assert "The median is 4.5" in chart.label
    columns = chart.find("column passed")
    assert [c["left"] for c in columns] == [f"{6.25 * place:.2f}%" for place in range(16)]
    assert {c["width"] for c in columns} == {"6.25%"}
    assert [c["height"] for c in columns if c["height"] != "0.00%"] == ["50.00%"] * 2 + ["100.00%"]
    (median,) = chart.find("median late")  # its label stands at the left, within the chart
    assert median["left"] == "56.25%"
    spans = [(given, text) for tag, given, text in chart.elements if tag == "span"]
    assert "median 4.5" in [text for _, text in spans]
    levels = [(given["bottom"], text) for given, text in spans if "bottom" in given]
    assert levels == [("0.00%", "0"), ("50.00%", "1"), ("100.00%", "2")]
    ticks = [text for given, text in spans if "left" in given]
    assert ticks == [str(tick) for tick in range(9)]
    assert [axis["text"] for axis in chart.find("axis")] == ["total (of 8 points)"]
    assert [unit["text"] for unit in chart.find("unit")] == ["submissions"]


@pytest.mark.parametrize(("totals", "most"), [([0], 0), ([3.25], 2), ([12345.0], 1), ([0.1], 0.5)])
def test_a_total_alone_is_in_a_bar(totals, most):
    assert "points: 1." in Chart("totals", histogram(totals, most), most).label


@pytest.mark.parametrize(
    ("number", "most"), [(1, 0), (30, 40), (400, 97.5), (7, 3), (12_000, 0.3), (99, 1e6)]
)
def test_the_axes_hold_everything(number, most):
    totals = [most * place / number for place in range(number)]
    found = histogram(totals, most)
    assert sum(count for _, _, count in found.bars) == number
    assert len(found.bars) <= 20
    assert all(one[1] == other[0] for one, other in zip(found.bars, found.bars[1:], strict=False))
    assert found.end >= most
    assert found.ticks[0] == found.levels[0] == 0
    assert 1 <= len(found.ticks) <= 9
    assert 2 <= len(found.levels) <= 6
    assert found.levels[-1] >= max(count for _, _, count in found.bars)
    steps = {other - one for one, other in zip(found.levels, found.levels[1:], strict=False)}
    assert len(steps) == 1
    assert not re.search(r"\.\d{3}", str(found.ticks))
