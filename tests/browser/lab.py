"""A notebook in JupyterLab, as somebody works on it."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from lxmls_grading.cells import read_notebook
from tests.support.servers import TOKEN, jupyter_server

#: JupyterLab asks whether there is to be news: not in a test, where there is no network.
SETTINGS = {"fetchNews": "false", "checkForUpdates": False}
#: What an address of JupyterLab ends with: who may come in, and that nothing opens from before.
QUERY = f"token={TOKEN}&reset"


@contextlib.contextmanager
def jupyter_lab(
    folder: Path, home: Path, nbgrader_config: str = "", python: str | Path = sys.executable
) -> Iterator[str]:
    """Start JupyterLab in a folder, for a user with an empty home; yield its address."""
    (home / ".jupyter").mkdir(parents=True, exist_ok=True)
    (home / ".jupyter" / "nbgrader_config.py").write_text(nbgrader_config)
    settings = home / ".jupyter" / "lab" / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(SETTINGS))
    with jupyter_server(folder, private=home, app="lab", python=python) as url:
        yield url


class Notebook:
    """A notebook that is open in JupyterLab; its cells by their ids."""

    def __init__(self, page: Page, url: str, folder: Path, path: str, query: str = QUERY):
        self.page = page
        self.path = folder / path
        cells = read_notebook(self.path).cells
        self.places = {cell.id: place for place, cell in enumerate(cells)}
        place, _, name = path.rpartition("/")
        page.goto(f"{url}lab/tree/{place}?{query}")
        file = page.locator(".jp-DirListing-item", has_text=name)
        expect(file).to_be_visible()
        self.opened = time.monotonic()
        file.dblclick()
        expect(self.cell("introduction").locator("h1")).to_be_visible()
        # The kernel runs: what is pressed before that can get lost.
        expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle")

    @property
    def seconds(self) -> float:
        """How long ago it was opened: by a double click in the file browser."""
        return time.monotonic() - self.opened

    def cell(self, name: str) -> Locator:
        return self.page.locator(
            f'.jp-Notebook .jp-Cell[data-windowed-list-index="{self.places[name]}"]'
        )

    def output(self, name: str) -> Locator:
        return self.cell(name).locator(".jp-OutputArea")

    def scroll_to(self, name: str) -> Locator:
        """Bring the top of a cell to the top of the window."""
        self.cell(name).evaluate("cell => cell.scrollIntoView({block: 'start'})")
        return self.cell(name)

    def write(self, name: str, code: str) -> None:
        """Replace what is in a cell, as if pasted (typed, the editor would indent on its own)."""
        self.scroll_to(name)
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)

    def run(self, name: str) -> None:
        """Press Shift+Enter in a cell, and wait until it has run."""
        self.scroll_to(name)
        self.cell(name).locator(".cm-content").click()
        prompt = self.cell(name).locator(".jp-InputPrompt")
        before = prompt.inner_text()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            "([prompt, before]) => /\\d/.test(prompt.innerText) && prompt.innerText !== before",
            arg=[prompt.element_handle(), before],
        )

    def run_all(self) -> None:
        """Choose Run → Run All Cells."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    def wait_until_idle(self) -> None:
        """Wait until nothing is running, nor waits to be run."""
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-InputPrompt')]"
            ".some(prompt => prompt.innerText.includes('*'))"
        )

    def save(self) -> None:
        """Press Ctrl+S, and wait until the file is written."""
        before = self.path.stat().st_mtime_ns
        self.page.keyboard.press("Control+S")
        end = time.monotonic() + 60
        while self.path.stat().st_mtime_ns == before or not self.is_whole():
            assert time.monotonic() < end, "the notebook is not saved"
            self.page.wait_for_timeout(100)

    def is_whole(self) -> bool:
        """Whether the file is not just being written."""
        try:
            return bool(read_notebook(self.path))
        except ValueError:
            return False


def exchange_config(exchange: Path) -> str:
    """Make an exchange folder, and return the configuration that names it."""
    exchange.mkdir(parents=True, exist_ok=True)
    exchange.chmod(0o777)  # as nbgrader wants it: students write there
    return (
        "c = get_config()\n"
        f"c.Exchange.root = {str(exchange)!r}\n"
        "c.CourseDirectory.course_id = 'lxmls_nb'\n"
    )


def assignment_list(page: Page, url: str, query: str = QUERY) -> Locator:
    """Open nbgrader's assignment list with its menu."""
    page.goto(f"{url}lab/?{query}")
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Assignment List", exact=True).click()
    return page.locator(".lm-Widget").filter(has=page.locator("#released_assignments_list")).last
