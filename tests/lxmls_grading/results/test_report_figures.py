"""Figures of the report."""

from __future__ import annotations

import re

from lxmls_grading.results.gradebook import PASSED, printable
from lxmls_grading.results.report_figures import draw_tests, draw_totals


def test_figures_hold_text_as_text():
    from collections import Counter
    from xml.etree import ElementTree

    names = ["<script>x</script>", 'a" onload="b', "$\\frac{1}{2}$", "nul\x00", "]]>"]
    svg = draw_tests(names, [Counter({PASSED: 1})] * len(names))
    tree = ElementTree.fromstring(svg)  # well-formed without any declaration of names
    assert [printable(name) for name in names] == [
        element.text for element in tree.iter("text") if element.text in map(printable, names)
    ]
    assert "<script" not in svg
    assert not re.search(r"<[^>]* onload=", re.sub(r'"[^"]*"', '""', svg))
    assert "http" not in svg


def test_figures_say_what_they_show():
    svg = draw_totals([0, 1, 8, 8], 8)
    assert "0 to 0.5 points: 1; 1 to 1.5 points: 1; 7.5 to 8 points: 2" in svg
    assert "The median is 4.5" in svg
    for totals, most in (([0], 0), ([3.25], 2), ([12345.0], 1), ([0.1], 0.5)):
        assert "points: 1" in draw_totals(totals, most)
