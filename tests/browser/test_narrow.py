"""A narrow screen, 800 pixels wide: JupyterLab cuts no equation."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from playwright.sync_api import expect

from lxmls_grading.cells import read_notebook
from tests.browser.conftest import new_page
from tests.browser.lab import jupyter_lab
from tests.notebooks.test_chapters import CHAPTERS
from tests.support.course import NOTEBOOKS, RELEASE, ROOT
from tests.support.servers import TOKEN

pytestmark = pytest.mark.slow

#: All cells are rendered at once, and not only those in the window.
SETTINGS = {"windowingMode": "none"}

#: Open all hints, and return for each cell which equations are cut, and by how many pixels.
MEASURE = """() => {
  const cut = {};
  document.querySelectorAll('details').forEach(hint => { hint.open = true; });
  for (const cell of document.querySelectorAll('.jp-Notebook .jp-MarkdownCell')) {
    const text = cell.querySelector('.jp-RenderedMarkdown');
    const padding = parseFloat(getComputedStyle(text).paddingRight);
    const end = text.getBoundingClientRect().right - padding;
    for (const equation of text.querySelectorAll('mjx-container')) {
      const drawn = equation.querySelector('mjx-math').getBoundingClientRect();
      const pixels = Math.max(drawn.right - end, equation.scrollWidth - equation.clientWidth);
      const place = cell.dataset.windowedListIndex;
      const spoken = equation.querySelector('math').textContent;
      if (pixels > 1) (cut[place] ??= []).push(`${Math.round(pixels)} px of ${spoken}`);
    }
  }
  return cut;
}"""

#: How many equations a text in Markdown has: those between pairs of one or two dollar signs.
EQUATION = re.compile(r"(\$\$?)[^$]+\1")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab with all chapters and exercises in one folder."""
    root = tmp_path_factory.mktemp("narrow")
    shutil.copytree(ROOT / "notebooks", root / "work")
    shutil.copytree(RELEASE, root / "work", dirs_exist_ok=True)
    settings = root / "home/.jupyter/lab/settings/@jupyterlab/notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps(SETTINGS))
    with jupyter_lab(root / "work", root / "home") as url:
        yield url, root / "work"


@pytest.fixture(scope="module")
def page(browser):
    page = new_page(browser, viewport={"width": 800, "height": 900})
    yield page
    page.context.close()


@pytest.mark.parametrize("name", CHAPTERS + NOTEBOOKS)
def test_no_equation_is_cut(lab, page, name):
    url, folder = lab
    page.goto(f"{url}lab/tree/{name}.ipynb?token={TOKEN}&reset")
    cells = read_notebook(folder / f"{name}.ipynb").cells
    expect(page.locator(".jp-Notebook .jp-MarkdownCell .jp-RenderedMarkdown")).to_have_count(
        sum(cell.cell_type == "markdown" for cell in cells)
    )
    texts = [re.sub("`[^`]*`", "", cell.source) for cell in cells if cell.cell_type == "markdown"]
    equations = sum(len(EQUATION.findall(text)) for text in texts)
    expect(page.locator(".jp-Notebook mjx-container")).to_have_count(equations)
    cut = {cells[int(place)].id: found for place, found in page.evaluate(MEASURE).items()}
    assert cut == {}
