"""The site in light and dark: nothing that axe-core objects to."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Camera, new_page
from tests.support.site import built_site

pytestmark = pytest.mark.slow

PAGES = {
    "chapter": "notebooks/3_backpropagation.html",
    "exercise": "release/day2/exercise_2_2.html",
    "api": "docs/api/checks.html",
}


#: Playwright advises against waiting for a quiet network, which at times it does not notice.
DRAWN = """async () => {
  await document.fonts.ready;
  if (window.MathJax) await MathJax.startup.promise;
  return true;
}"""


@pytest.fixture(scope="module")
def site():
    """The site as `make book` builds it."""
    return built_site()


@pytest.fixture(scope="module")
def camera():
    return Camera("site")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_accessible(browser, site, camera, name, scheme):
    page = new_page(browser, color_scheme=scheme)
    page.goto((site / PAGES[name]).as_uri())
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_function(DRAWN)
    assert (page.locator("mjx-container").count() > 0) == (name != "api")
    assert page.locator("mjx-merror").count() == 0
    camera.take(page, f"{name}-{scheme}")
    assert violations(page) == []
    page.context.close()
