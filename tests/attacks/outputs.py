"""Attacks on who reads the feedback: script in outputs, texts and metadata."""

from __future__ import annotations

import nbformat

from tests.attacks.attack import Attack, cell_of

#: Script in each of the ways that a page can run it.
MARKUP = """<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)></svg>
<a href="javascript:alert(4)">a</a><iframe srcdoc="<script>alert(5)</script>"></iframe>
<object data="data:text/html,<script>alert(6)</script>"></object><base href="//evil.example/">
<meta http-equiv=refresh content="0;url=javascript:alert(7)"><form action="javascript:alert(8)">
<button formaction="javascript:alert(9)">b</button></form><style>@import "//evil.example";</style>
<svg><animate onbegin=alert(10) attributeName=x></animate><script>alert(11)</script></svg>
<math><a xlink:href="javascript:alert(12)">m</a></math><details ontoggle=alert(13) open></details>
<noscript><p title="</noscript><img src=x onerror=alert(14)>"></noscript><embed src="//evil">
<a href="jav&#x09;ascript:alert(15)">t</a><a href=" java\\nscript:alert(16)">n</a>"""

SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>"
BREAK_OUT = '"></div></pre></textarea></title></style></script><script>alert(1)</script>'


def _markdown(notebook) -> None:
    """Write script into texts: new ones, given ones, attachments."""
    markdown = nbformat.v4.new_markdown_cell(
        MARKUP + '\n\n[link](javascript:alert(1)) ![x](x"onerror="alert(1)) <javascript:alert(2)>'
        "\n\n$\\href{javascript:alert(3)}{x}$ $$\\unicode{<img src=x onerror=alert(4)>}$$\n\n"
        "`</code><script>alert(5)</script>`\n\n```html\n</code></pre><script>alert(6)</script>\n```"
        "\n\n# <script>alert(7)</script>\n\n![a](attachment:x.svg)"
    )
    markdown["attachments"] = {"x.svg": {"image/svg+xml": SVG, "text/html": MARKUP}}
    raw = nbformat.v4.new_raw_cell(MARKUP, metadata={"format": "text/html"})
    raw.metadata["raw_mimetype"] = "text/html"
    notebook.cells += [markdown, raw]
    cell_of(notebook, "introduction").source += MARKUP


def _metadata(notebook) -> None:
    """Write script into whatever metadata a page may show."""
    notebook.metadata["title"] = BREAK_OUT
    notebook.metadata["authors"] = [{"name": BREAK_OUT}]
    notebook.metadata["kernelspec"] = {"name": BREAK_OUT, "display_name": BREAK_OUT}
    notebook.metadata["language_info"] = {
        "name": BREAK_OUT,
        "pygments_lexer": BREAK_OUT,
        "codemirror_mode": BREAK_OUT,
        "mimetype": BREAK_OUT,
    }
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {
            "version_major": 2,
            "version_minor": 0,
            "state": {"a": {"model_name": "HTMLModel", "state": {"value": MARKUP}}},
            "x": "</script><script>alert(1)</script>",
        }
    }
    notebook.metadata["lxmls_nb"] = {
        "reasons": [{"kind": "memory", "text": MARKUP, "cells": [BREAK_OUT]}]
    }
    for cell in notebook.cells:
        cell.metadata["tags"] = [BREAK_OUT, "hide-input"]
        cell.metadata["name"] = cell.metadata["slideshow"] = BREAK_OUT
        cell["id"] = BREAK_OUT
        if cell.metadata.get("nbgrader"):
            cell.metadata.nbgrader["checksum"] = BREAK_OUT
            cell.metadata.nbgrader["comment"] = MARKUP


def _stored(notebook) -> None:
    """Store outputs of every type, as if cells had been run."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.from_dict(
                    {"output_type": "display_data", "data": {"text/html": MARKUP}, "metadata": {}}
                ),
                nbformat.v4.new_output("error", ename=MARKUP, evalue=MARKUP, traceback=[MARKUP]),
            ]


def _slow(notebook) -> None:
    """Add texts in which lexers and parsers search again and again from each place."""
    blanks = " \n" * 40_000
    notebook.cells += [
        nbformat.v4.new_code_cell(f'if False:\n    "1"{blanks}+ "1"'),
        nbformat.v4.new_code_cell("# " + "\\" * 80_000),
        *(
            nbformat.v4.new_markdown_cell(text * 9_000)
            for text in (r"\begin{a}", "$$x\n\n", "[a][")
        ),
    ]


ATTACKS = [
    Attack(
        "script-in-displays",
        "A37",
        "HTML, SVG, JavaScript, Markdown, LaTeX and frames displayed",
        f"""
from IPython.display import HTML, SVG, IFrame, Javascript, Latex, Markdown, display

markup, svg = {MARKUP!r}, {SVG!r}
for kind in (HTML, Javascript, Latex, Markdown, SVG):
    display(kind(svg if kind is SVG else markup))
display(IFrame("javascript:alert(1)", 10, 10))
""",
    ),
    Attack(
        "odd-displays",
        "A37",
        "script as data of every type, those included that it is no data of",
        f"""
from IPython.display import display

for mime in ("text/html", "image/svg+xml", "text/markdown", "text/latex", "application/json",
             "application/javascript", "text/vnd.mermaid", "application/pdf", "text/x-unknown",
             "application/vnd.jupyter.widget-view+json"):
    display({{mime: {MARKUP!r}}}, raw=True)
""",
    ),
    Attack(
        "script-in-pictures",
        "A37",
        "pictures whose data and sizes break out of their attribute",
        f"""
from IPython.display import display

out = {BREAK_OUT!r} + "' onerror='alert(1)"
for mime in ("image/png", "image/jpeg", "image/gif", "image/svg+xml"):
    sizes = {{"width": out, "height": out, "alt": out}}
    metadata = {{mime: sizes, "filenames": {{mime: out}}, "needs_background": out}}
    display({{mime: out, "text/plain": out}}, raw=True, metadata=metadata)
""",
    ),
    Attack(
        "script-in-prints",
        "A37",
        "script in prints, results, errors and ANSI codes",
        f"""
import sys

markup = {MARKUP!r} + {BREAK_OUT!r}
print(markup)
print(markup, file=sys.stderr)
print("\\x1b[31m" + markup + "\\x1b[38;5;1;2;3m\\x1b]8;;javascript:alert(1)\\x07link\\x1b]8;;\\x07")
print("\\u202e\\u2066\\x00\\x08\\x0c\\ufffe")

class Shown(Exception):
    def _repr_html_(self):
        return markup

    __repr__ = __str__ = _repr_html_

def log_linear_gradients(weight, bias, input, output):
    raise type(markup[:8], (Shown,), {{}})(markup)

display(Shown())
raise type(markup, (Shown,), {{"__module__": markup}})(markup)
""",
    ),
    Attack(
        "script-in-values",
        "A37",
        "script in values that messages quote",
        f"""
block_equations = {{key: {MARKUP!r} for key in block_equations}}
block_equations["block c"] = type({BREAK_OUT!r}, (), {{}})()
""",
        weak="log-linear-equations",
    ),
    Attack(
        "slow-pages",
        "A37",
        "code and texts that keep whoever lays them out for a page busy for hours",
        change=_slow,
    ),
    Attack("script-in-markdown", "A37", "script in texts and raw cells", change=_markdown),
    Attack("script-in-metadata", "A37", "script in the notebook's metadata", change=_metadata),
    Attack("script-in-stored-outputs", "A37", "script in stored outputs", change=_stored),
    Attack(
        "script-in-code",
        "A37",
        "script in comments and strings of the answer",
        f"# {BREAK_OUT}\nTEXT = '''{BREAK_OUT}\n<!-- <script> -->\n]]>'''\n# \u202e\u2066",
    ),
]
