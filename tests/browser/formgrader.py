"""The formgrader, as an instructor works in it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

#: How long one press of a button may take, in milliseconds: it may run a whole class.
GRADING = 240_000
#: Until then, what is typed is replaced by what the page asks the server for.
READY = "() => window.formgrader?.grades?.loaded && window.formgrader.comments?.loaded"


def press(page: Page, row: Locator, button: str) -> None:
    """Press a button of the formgrader, and close the message that it went well."""
    row.locator(f".{button} a").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".modal-title")).to_have_text("Success", timeout=GRADING)
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_have_count(0)


def grade_by_hand(page: Page, cell: str, points: str, remark: str) -> None:
    """Give an answer its points and a remark; each is saved when its field is left."""
    page.wait_for_function(READY)
    grade, comment = page.locator(f"input.score#{cell}"), page.locator(f"#{cell}-comment")
    for saved, field, text in (("grade", grade, points), ("comment", comment, remark)):
        with page.expect_response(f"**/formgrader/api/{saved}/*") as response:
            field.fill(text)
            field.blur()
        assert response.value.ok, response.value.status_text
