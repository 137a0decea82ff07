"""Feedback pages that all can read: what nbgrader's template leaves out.

A language, a landmark, links that can be told from text, and colours with enough contrast, as the
guidelines for accessible pages ask for. tests/browser has axe-core look at a page.
"""

from __future__ import annotations

from typing import Any

from nbconvert.exporters import HTMLExporter
from nbformat.notebooknode import NotebookNode

STYLE = """<style>
a { color: #23527c; text-decoration: underline; }
div.nbgrader_cell .panel-heading a { color: #fff; }
td, th { padding-right: 0.8em; }
.highlight .c1 { color: #336969; }
.highlight .ow { color: #8811cc; }
</style>
"""


class FeedbackExporter(HTMLExporter):
    """Makes the page of a notebook's feedback."""

    def from_notebook_node(  # type: ignore[override]  # nbconvert's base returns a notebook
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page, mended, and the resources."""
        page, resources = super().from_notebook_node(nb, resources, **options)
        return mend(page), resources


def mend(page: str) -> str:
    """Return a page of nbgrader's template with what it leaves out.

    What is replaced is always the template's: tags of students are escaped or removed.
    """
    page = page.replace("<html>", '<html lang="en">', 1)
    page = page.replace("</head>", f"{STYLE}</head>", 1)
    page = page.replace(
        '<div class="panel-heading">', '<div class="panel-heading" role="banner">', 1
    )
    return page.replace("<th></th>", "<td></td>")  # the empty head of a table in Markdown
