"""What checks show in JupyterLab: cards in light and dark, wide and narrow."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.answers.catalogue import read_answers
from tests.browser.conftest import Camera, new_page
from tests.browser.kit import student_lab
from tests.browser.lab import Notebook
from tests.support.course import source
from tests.support.submissions import reference_answers

pytestmark = pytest.mark.slow
STORY = True  # each step goes on where the one before it ended

NAME = "exercise_2_1"
ANSWER = "log-linear-gradients"
WRONG = next(answer.code for answer in read_answers(NAME, "wrong") if answer.id == "U2")
LOSS, WEIGHT, WHOLE = "test-loss", "test-weight-gradient", "test-whole"
#: What stands for an error of a check, which would be the same again.
ERROR = '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type$="jupyter.error"]'


@pytest.fixture(scope="module")
def day(browser, tmp_path_factory):
    """A student's JupyterLab with an exercise in it."""
    root = tmp_path_factory.mktemp("cards")
    with student_lab(root) as (url, work):
        page = new_page(browser)
        notebook = Notebook(page, url, work, f"day2/{NAME}.ipynb")
        yield SimpleNamespace(page=page, notebook=notebook, camera=Camera("cards"))


def choose_theme(page, name: str) -> None:
    """Choose Settings → Theme."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text=re.compile("^Theme$")).hover()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^{name}$")).click()
    light = str("Dark" not in name).lower()
    expect(page.locator(f'body[data-jp-theme-light="{light}"]')).to_be_attached()


def assert_accessible(page) -> None:
    """Look for what axe-core objects to in the cards alone: the rest is JupyterLab's."""
    found = Axe().run(page, context={"include": [[".lxmls-card"]]}).response["violations"]
    assert [rule["help"] for rule in found] == []


def test_a_cell_that_was_left_out_is_named(day):
    day.notebook.run("imports")
    day.notebook.run("train-given")
    output = day.notebook.output("train-given")
    expect(output.locator(".lxmls-open")).to_contain_text("Not there yet")
    expect(output).to_contain_text("NumpyLogLinear")
    expect(output.locator(ERROR)).to_be_hidden()
    day.camera.take(day.page, "not-there-yet")


def test_not_attempted(day):
    day.notebook.run(ANSWER)
    day.notebook.run(LOSS)
    output = day.notebook.output(LOSS)
    expect(output.locator(".lxmls-open")).to_contain_text("Not attempted yet")
    expect(output.locator(ERROR)).to_be_hidden()


def test_a_mistake_is_amber(day):
    day.notebook.write(ANSWER, WRONG)
    for name in (ANSWER, LOSS, WEIGHT):
        day.notebook.run(name)
    expect(day.notebook.output(LOSS).locator(".lxmls-right")).to_contain_text(
        "So far 1 of 10 points by visible checks"
    )
    card = day.notebook.output(WEIGHT).locator(".lxmls-wrong")
    expect(card).to_contain_text("is the average over the batch missing?")
    expect(day.notebook.output(WEIGHT).locator(ERROR)).to_be_hidden()
    day.notebook.scroll_to(LOSS)
    day.camera.take(day.page, "mistake")
    assert_accessible(day.page)


def test_an_error_of_python_stays_visible(day):
    day.notebook.write(ANSWER, f"{WRONG}\n1 / 0")
    day.notebook.run(ANSWER)
    expect(day.notebook.output(ANSWER).locator(ERROR)).to_be_visible()


def test_passed_is_green_and_counts_points(day):
    day.notebook.write(ANSWER, reference_answers(source(NAME))[ANSWER])
    for name in (ANSWER, LOSS, WEIGHT, "test-bias-gradient", WHOLE):
        day.notebook.run(name)
    card = day.notebook.output(WHOLE).locator(".lxmls-right")
    expect(card).to_contain_text("Why it works")
    expect(card).to_contain_text("So far 6 of 10 points by visible checks; 2 are given")
    expect(day.notebook.output(WHOLE).locator(".lxmls-card")).to_have_count(1)
    day.notebook.scroll_to(LOSS)
    day.camera.take(day.page, "passed")
    assert_accessible(day.page)


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_dark_and_narrow(day, theme):
    choose_theme(day.page, theme)
    for width in (1280, 500):
        day.page.set_viewport_size({"width": width, "height": 900})
        day.notebook.scroll_to(WHOLE)
        card = day.notebook.output(WHOLE).locator(".lxmls-card")
        expect(card).to_be_visible()
        assert card.evaluate("card => card.scrollWidth <= card.clientWidth")
        day.camera.take(day.page, f"{theme.split()[1].lower()}-{width}")
        assert_accessible(day.page)
    day.page.set_viewport_size({"width": 1280, "height": 900})
