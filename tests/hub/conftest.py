"""The browser, and the rule that each step of a story starts where the one before it ended."""

from __future__ import annotations

from tests.browser.conftest import (  # noqa: F401 (pytest finds them here by their names)
    browser,
    pytest_runtest_makereport,
    pytest_runtest_setup,
)
