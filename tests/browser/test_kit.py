"""A student's first look at the kit in JupyterLab: what is there, and where links lead."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Camera, new_page
from tests.browser.kit import student_lab
from tests.support.servers import TOKEN

pytestmark = pytest.mark.slow

STORY = True  # each step goes on where the one before it ended


@pytest.fixture(scope="module")
def first_look(browser, tmp_path_factory):
    """JupyterLab in the folder of a kit, from the environment that the kit makes."""
    root = tmp_path_factory.mktemp("kit")
    with student_lab(root) as (url, kit):
        yield SimpleNamespace(url=url, kit=kit, page=new_page(browser), camera=Camera("kit"))


def test_nothing_of_nbgrader_is_for_instructors(first_look):
    page = first_look.page
    page.goto(f"{first_look.url}lab/?token={TOKEN}&reset")
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    entries = page.locator(".lm-Menu .lm-Menu-itemLabel:visible")
    expect(entries.first).to_be_visible()
    first_look.camera.take(page, "menu")
    assert entries.all_inner_texts() == ["Assignment List"]
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    for address, status in (("formgrader", 404), ("formgraders", 404), ("assignments", 400)):
        answer = page.request.get(f"{first_look.url}{address}?token={TOKEN}")
        assert answer.status == status, address


def test_nobody_is_asked_for_anything_at_the_start(first_look):
    expect(first_look.page.locator(".jp-toast-message")).to_have_count(0)


def test_the_kit_is_one_work_space(first_look):
    names = first_look.page.locator(".jp-DirListing-itemName")
    for name in ("day2", "notebooks", "lxmls_nb", "README.md"):
        expect(names.filter(has_text=re.compile(f"^{re.escape(name)}$"))).to_be_visible()
    first_look.camera.take(first_look.page, "folder")


def test_links_lead_from_exercise_to_chapter_and_back(first_look):
    page = first_look.page
    page.goto(f"{first_look.url}lab/tree/day2/exercise_2_2.ipynb?token={TOKEN}")
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect(notebook.locator("h1").first).to_contain_text("Exercise 2.2")
    expect(notebook.get_by_role("strong").filter(has_text="Read first:")).to_be_visible()
    first_look.camera.take(page, "exercise")
    notebook.get_by_role("link", name="Chapter 3", exact=True).click()
    expect(page).to_have_url(re.compile("lab/tree/notebooks/3_backpropagation.ipynb"))
    expect(notebook.locator("h1").first).to_contain_text("3. Backpropagation")
    first_look.camera.take(page, "chapter")
    notebook.get_by_role("link", name="Exercise 2.2", exact=True).first.click()
    expect(page).to_have_url(re.compile("lab/tree/day2/exercise_2_2.ipynb"))
