"""Texts of submissions are laid out within bounds of time, and shown as they are beyond them."""

from __future__ import annotations

import time

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lxmls_grading.feedback import renderer
from lxmls_grading.feedback.renderer import SHOWN_PLAIN, Renderer, TooSlow
from tests.lxmls_grading.feedback.test_passive import page

pytestmark = pytest.mark.slow

#: Keep Pygments or mistune busy for minutes and more.
SLOW_CODE = '"1"' + " \n" * 40_000 + '+ "1"'
SLOW_MARKDOWN = r"\begin{a}" * 10_000


@pytest.fixture
def own(monkeypatch):
    """Return a process for this test alone, which has less time than usual."""
    made = Renderer()
    monkeypatch.setattr(renderer, "_renderer", made)
    monkeypatch.setattr(renderer, "TEXT_SECONDS", 1.0)
    renderer._laid_out.cache_clear()
    yield made
    made.close()
    renderer._laid_out.cache_clear()


def seconds(function, *arguments):
    start = time.monotonic()
    return function(*arguments), time.monotonic() - start


@pytest.mark.parametrize(
    ("task", "text", "detail"),
    [("highlight", SLOW_CODE, "ipython3"), ("markdown", SLOW_MARKDOWN, {})],
)
def test_what_takes_too_long_is_ended_and_the_next_text_is_laid_out(own, task, text, detail):
    own.render("markdown", "# a", {}, seconds=60)  # it has started
    start = time.monotonic()
    with pytest.raises(TooSlow):
        own.render(task, text, detail, seconds=1)
    assert time.monotonic() - start < 5
    assert own.render("markdown", "# a", {}, seconds=60) == "<h1>a</h1>\n"


def test_a_process_that_has_ended_is_started_again(own):
    own.render("markdown", "# a", {}, seconds=60)
    own._process.kill()
    own._process.wait()
    assert own.render("markdown", "# b", {}, seconds=60) == "<h1>b</h1>\n"


def test_what_cannot_be_laid_out_is_told(own):
    with pytest.raises(TooSlow):
        own.render("markdown", "![a](attachment:missing.png)", {}, seconds=60)
    assert own.render("markdown", "# b", {}, seconds=60) == "<h1>b</h1>\n"


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
def test_a_page_shows_slow_texts_as_they_are_and_says_so(own, template):
    cells = [
        new_markdown_cell("# A title"),
        new_code_cell(SLOW_CODE),
        new_markdown_cell(f"{SLOW_MARKDOWN}<script>"),
        new_code_cell("answer = 42"),
    ]
    text = page(new_notebook(cells=cells), template)
    assert text.count(SHOWN_PLAIN) == 2
    assert "<h1>A title</h1>" in text
    assert '<span class="n">answer</span>' in text
    assert r"\begin{a}\begin{a}" in text
    assert "&lt;script&gt;" in text


def test_a_page_of_many_slow_texts_has_an_end(own, monkeypatch):
    monkeypatch.setattr(renderer, "PAGE_SECONDS", 2.0)
    cells = [new_code_cell(f"{SLOW_CODE} + {number}") for number in range(30)]
    text, took = seconds(page, new_notebook(cells=cells), "feedback")
    assert text.count(SHOWN_PLAIN) == 30
    assert took < 20


def test_a_text_that_all_pages_have_is_laid_out_once(own, monkeypatch):
    notebook = new_notebook(cells=[new_markdown_cell("the *question*"), new_code_cell("1 + 1")])
    first = page(notebook, "feedback")
    monkeypatch.setattr(own, "render", lambda *_, **__: pytest.fail("it is laid out again"))
    assert page(notebook, "feedback") == first


def test_where_no_process_can_be_started_pages_are_plain(own, monkeypatch):
    monkeypatch.setattr(renderer.sys, "executable", "/no/such/python")
    text = page(new_notebook(cells=[new_markdown_cell("# A title")]), "feedback")
    assert "<pre># A title</pre>" in text
    assert SHOWN_PLAIN in text
