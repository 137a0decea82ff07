"""What a check reports, as HTML and as text."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from lxmls_nb.notebook.cards import COLOURS, Kind, Line, as_html, as_text
from tests.support.colours import contrast


@pytest.mark.parametrize("kind", Kind)
def test_colours_can_be_read_in_light_and_dark(kind):
    for border, ground, text in COLOURS[kind]:
        assert contrast(ground, text) >= 7
        assert contrast(ground, border) >= 3  # what is no text


def test_each_kind_has_a_sign_of_its_own():
    """Who sees no colours tells them apart."""
    assert len({kind.value[1] for kind in Kind}) == len(Kind)


def test_card_says_the_same_as_its_text():
    lines = [Line("`f` is <right>", Kind.RIGHT), Line("Why & how.")]
    page = BeautifulSoup(as_html(Kind.RIGHT, "Passed", lines), "html.parser")
    card = page.find("div")
    assert card["role"] == "status"
    assert card.find("code").text == "f"
    for sign in card.find_all(attrs={"aria-hidden": "true"}):
        sign.extract()
    assert re.sub(r"\s+", " ", card.get_text(" ")).strip() == "Passed f is <right> Why & how."
    assert as_text("Passed", lines) == "Passed: `f` is <right>\nWhy & how."


def test_lines_of_another_kind_have_their_sign():
    lines = [Line("wrong", Kind.WRONG), Line("right", Kind.RIGHT), Line("remark")]
    paragraphs = BeautifulSoup(as_html(Kind.WRONG, "Not yet right", lines), "html.parser")("p")
    assert [each.text for each in paragraphs] == [
        "! Not yet right",
        "wrong",
        "✓ right",
        "remark",
    ]


def test_text_has_short_lines():
    assert all(len(line) <= 92 for line in as_text("T", [Line("word " * 60)] * 2).splitlines())
