"""A browser, and the pictures that it takes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.course import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"

#: Where to look for a browser; the environment variable comes first.
VARIABLE = "LXMLS_NB_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

#: For nothing but the pages that the tests open; root has no sandbox of its own.
OPTIONS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--no-first-run",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]

#: A busy machine is slow, not wrong: how long a page may take for one step.
PATIENCE = 90_000  # milliseconds

expect.set_options(timeout=PATIENCE)


def find_chromium() -> str:
    """Return the browser's path; say how to get one where there is none."""
    named = os.environ.get(VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        what = f"{VARIABLE} is {named!r}, which is no program" if named else "no Chromium is found"
        pytest.fail(
            f"{what}. These tests need one: install it (Debian and Ubuntu: apt-get install "
            f"chromium), or name one with the environment variable {VARIABLE}.",
            pytrace=False,
        )
    return found


def pytest_runtest_makereport(item, call):
    """Remember where a story broke off: a module whose `STORY` is true."""
    if call.excinfo and getattr(item.module, "STORY", False):
        item.parent.broken = getattr(item.parent, "broken", item.name)


def pytest_runtest_setup(item):
    """Each step of a story starts where the one before it ended."""
    if broken := getattr(item.parent, "broken", None):
        pytest.fail(f"the step {broken} failed before it", pytrace=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


class Camera:
    """Keeps a picture of each step, numbered, in `build/screenshots`."""

    def __init__(self, story: str):
        self.story = story
        self.number = 0
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for old in SCREENSHOTS.glob(f"{story}-*.png"):
            old.unlink()

    def take(self, page: Page, name: str, **options) -> Path:
        """Take a picture of what is in the window, or of what the options say."""
        self.number += 1
        path = SCREENSHOTS / f"{self.story}-{self.number:02d}-{name}.png"
        page.screenshot(path=path, **options)
        return path


def new_page(browser: Browser, **options) -> Page:
    """Open a window that reaches this machine only."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
    context.set_default_timeout(PATIENCE)
    here = ("http://127.0.0.1", "http://localhost", "file:", "data:", "blob:")
    context.route(lambda url: not url.startswith(here), lambda route: route.abort())
    return context.new_page()
