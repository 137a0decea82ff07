"""Pages made of submissions: nothing active in them, what belongs to the course still there."""

from __future__ import annotations

import base64
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from lxmls_grading.feedback import passive as feedback
from lxmls_grading.feedback.harmless import (
    CLASSES,
    LINK,
    PICTURE,
    SHOWN_TEXT,
    STYLES,
    TAGS,
    clean,
)
from lxmls_grading.feedback.passive import MAX_OUTPUTS, PassiveNotebook
from lxmls_nb.plots import plot_learning_curves
from lxmls_nb.plots.figure import image
from tests.support.course import NOTEBOOKS, release

JS = "document.documentElement.dataset.hacked='{}'"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{JS.format("svg")}"><circle r="9"/></svg>'

#: Pieces of HTML that do something: run a script, fetch, cover the page or take part in it.
ACTIVE = [
    "<script>{js}</script>",
    "<scr<script>ipt>{js}</scr</script>ipt>",
    "<script src=data:text/javascript,{js}></script>",
    "<img src=x onerror={js}>",
    "<img src=x: oNErRoR = '{js}'>",
    "<img/src='x'/onerror='{js}'>",
    '<img src="data:image/png;base64,AA==" onload="{js}">',
    "<img src=https://example.org/seen.png>",
    "<svg onload={js}></svg>",
    "<svg><script>{js}</script></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>",
    "<svg><style><img src=x onerror={js}></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror={js}'>",
    "<noscript><p title='</noscript><img src=x onerror={js}>'>",
    "<textarea><p title='</textarea><img src=x onerror={js}>'></textarea>",
    "<template><img src=x onerror={js}></template>",
    "<title><img src=x onerror={js}></title>",
    "<!--><img src=x onerror={js}>-->",
    "<![CDATA[><img src=x onerror={js}>]]>",
    "<iframe src='javascript:parent.{js}'></iframe>",
    "<iframe srcdoc='<script>parent.{js}</script>'></iframe>",
    "<object data='data:text/html,<script>{js}</script>'></object>",
    "<embed src='data:image/svg+xml,x'>",
    "<base href='https://example.org/'>",
    "<meta http-equiv=refresh content='0;url=https://example.org/'>",
    "<link rel=stylesheet href='data:text/css,body{{display:none}}'>",
    "<style>body {{ display: none }}</style>",
    "<div style='position: fixed; top: 0; left: 0; width: 9999px; z-index: 9999'>cover</div>",
    "<p style='margin: -999px; font-size: 999px; background-image: url(https://a.b/c)'>moved</p>",
    "<div class='navbar-fixed-top modal in'>cover</div>",
    "<a data-toggle=modal data-target='<img src=x onerror={js}>' class=btn>x</a>",
    "<a href='javascript:{js}'>x</a>",
    "<a href=' java\tscript:{js}'>x</a>",
    "<a href='&#106;avascript:{js}'>x</a>",
    "<a href='data:text/html,<script>{js}</script>'>x</a>",
    "<a href='files/page.html'>a page of the submission</a>",
    "<a href='//example.org'>x</a>",
    "<form action='/formgrader/api/assignment/day2/autograde'><button>x</button></form>",
    "<input autofocus onfocus={js}><button onclick={js}>x</button>",
    "<select autofocus onfocus={js}><option>x</select>",
    "<details open ontoggle={js}>x</details>",
    "<video autoplay onerror={js}><source src=x></video><audio src=x onerror={js}>",
    "<body onload={js}><html onmouseover={js}>",
    "<marquee onstart={js}>x</marquee>",
    "<p id=notebook name=score onanimationstart={js} style=animation-name:x>x</p>",
    "<table background='javascript:{js}'><td onclick={js}>x</table>",
]

#: Markdown that does.
ACTIVE_MARKDOWN = [
    "[x](javascript:{js})",
    "[x](  JaVaScRiPt:{js})",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x][y]\n\n[y]: javascript:{js}",
    "![x](https://example.org/seen.png)",
    '![x" onerror="{js}](x)',
    '![x](x "" onerror={js} x="")',
    "<javascript:{js}>",
    "```<img/src=x/onerror={js}>\nx\n```",
    "```mermaid\n<img src=x onerror={js}>\n```",
    "$<img src=x onerror={js}>$",
    "$$<script>{js}</script>$$",
    "\\begin{{x><img src=x onerror={js}>}}\\end{{x><img src=x onerror={js}>}}",
    "# <img src=x onerror={js}> heading",
    "| a |\n|---|\n| <img src=x onerror={js}> |",
    "![x](attachment:evil)",
    "![x](attachment:missing)",
]


def attack(number: int, template: str) -> str:
    return template.format(js=JS.format(number).replace("'", "`"))


def hostile_notebook():
    """Return a notebook that is full of active things, as it may come out of a kernel."""
    pieces = [attack(n, piece) for n, piece in enumerate(ACTIVE)]
    markdown = [attack(100 + n, piece) for n, piece in enumerate(ACTIVE_MARKDOWN)]
    loud = attack(200, "<img src=x onerror={js}>")
    outputs = []
    for piece in pieces:
        outputs.append(new_output("display_data", {"text/html": piece}))
        outputs.append(new_output("display_data", {"text/markdown": piece}))
    for piece in markdown[:-2]:
        outputs.append(new_output("display_data", {"text/markdown": piece}))
    outputs += [
        new_output("stream", name="stdout", text=loud),
        new_output("stream", name="stderr", text=f"\x1b[31m{loud}\x1b[0m"),
        new_output("error", ename=loud, evalue=loud, traceback=[f"\x1b[31m{loud}", loud]),
        new_output("display_data", {"text/plain": loud}),
        new_output("display_data", {"text/latex": f"${loud}$"}),
        new_output("display_data", {"image/svg+xml": SVG}),
        new_output("display_data", {"image/svg+xml": SVG.replace("<svg", loud + "<svg")}),
        new_output("display_data", {"image/png": f'"{loud}'}),
        new_output("display_data", {"image/jpeg": PIXEL}, metadata={"image/jpeg": {"width": loud}}),
        new_output(
            "display_data",
            {"image/png": PIXEL},
            metadata={
                "image/png": {"width": "1 onerror=" + JS.format(201), "alt": f'"{loud}'},
                "filenames": {"image/png": "https://example.org/seen.png"},
            },
        ),
        new_output("display_data", {"text/html": loud}, metadata={"text/html": {"isolated": True}}),
        new_output("display_data", {"application/javascript": JS.format(202)}),
        new_output("display_data", {"application/pdf": loud}),
        new_output("display_data", {"text/vnd.mermaid": loud}),
        new_output(
            "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": loud}}
        ),
        nbformat.from_dict(
            {
                "output_type": "execute_result",
                "data": {"text/plain": "1"},
                "metadata": {},
                "execution_count": loud,
            }
        ),
    ]
    cells = [new_code_cell("1") for _ in outputs]
    for cell, output in zip(cells, outputs, strict=True):
        cell.outputs, cell.execution_count = [output], loud  # as a kernel may report it
    cells += [new_markdown_cell(piece) for piece in [*pieces, *markdown]]
    cells += [new_raw_cell(piece, metadata={"raw_mimetype": "text/html"}) for piece in pieces]
    cells.append(new_code_cell(loud, metadata={"magics_language": f'"{loud}', "tags": [loud]}))
    cells.append(new_code_cell("%%html\n" + loud))
    cells.append(
        new_markdown_cell("x", metadata={"nbgrader": {"grade_id": f'">{loud}', "solution": True}})
    )
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.attachments = {"evil": {f'x"{loud}': "AAAA", "image/svg+xml": f'"{loud}'}}
    cells[0].id = f'">{loud}'
    notebook = new_notebook(
        metadata={
            "title": f"</title>{loud}",
            "language_info": {"name": f'"{loud}', "pygments_lexer": f'ipython"{loud}'},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": loud}}},
        }
    )
    notebook.cells = cells
    return notebook


def passive(notebook):
    """Return a copy of a notebook with its outputs made passive."""
    return PassiveNotebook().preprocess(nbformat.from_dict(notebook), {})[0]


def page(notebook, template: str, stock: bool = False) -> str:
    """Return the page that nbgrader makes of a notebook, as configured here or by itself."""
    config = Config()
    if not stock:
        config.HTMLExporter.sanitize_html = True
        config.HTMLExporter.filters = {
            "clean_html": "lxmls_grading.feedback.harmless.clean",
            "highlight_code": "lxmls_grading.feedback.renderer.highlight_code",
            "markdown2html": "lxmls_grading.feedback.renderer.render_markdown",
        }
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    static = Path(handlers.static_path) / "node_modules/bootstrap/dist/css"
    config.HTMLExporter.extra_template_paths = [str(static)]
    names = {"notebook": "exercise_2_2", "score": 1, "max_score": 2, "late_penalty": 0}
    resources = {"nbgrader": names, "base_url": "", "index": 0, "total": 1}
    return HTMLExporter(config=config).from_notebook_node(notebook, resources)[0]


def powers(text: str) -> Counter:
    """Count what of a page does more than show text and pictures."""
    found: Counter = Counter()
    for element in BeautifulSoup(text, "html.parser").find_all(True):
        if element.name not in TAGS:
            found[element.name] += 1
        for name, value in element.attrs.items():
            value = " ".join(value) if isinstance(value, list) else value
            if name == "style":
                for rule in value.split(";"):
                    prop = rule.partition(":")[0].strip()
                    if prop and prop not in STYLES:
                        found[rule] += 1
            elif name == "class":
                found.update(f".{word}" for word in value.split() if word not in CLASSES)
            elif name == "src":
                if not PICTURE.fullmatch(value):
                    found[value[:80]] += 1
            elif name == "href":
                if not LINK.match(value):
                    found[value[:80]] += 1
            elif name == "id" and re.fullmatch(r"cell-id=[\w-]+", value):
                continue  # nbconvert's own
            elif name not in ("alt", "title", "width", "height", "open"):
                found[name] += 1
    return found


#: What pages have of their own, once for each output or so.
FURNITURE = re.compile(
    r"\.(output\w*|cell|code_cell|text_cell\w*|input\w*|inner_cell|prompt|rendered\w*|border-box-"
    r"sizing|ansi-\w+-fg|hl-\w+)|tabindex|\.?body|\.?html"
)


@pytest.mark.slow
@pytest.mark.parametrize("template", ["feedback", "formgrade"])
def test_a_page_of_a_hostile_submission_is_passive(template):
    empty = powers(page(passive(new_notebook(cells=[new_code_cell("1")])), template))
    text = page(passive(hostile_notebook()), template)
    gained = powers(text) - empty
    assert not [name for name in gained if not FURNITURE.fullmatch(name)], gained


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
def test_the_look_at_pages_sees_active_things(template):
    """Without the steps taken here, pages are full of them."""
    empty = powers(page(new_notebook(cells=[new_code_cell("1")]), template, stock=True))
    notebook = hostile_notebook()
    notebook.cells[0].id = "x"
    for cell in notebook.cells:  # what nbconvert itself refuses
        cell.pop("attachments", None)
        for part in (cell, *cell.get("outputs", [])):
            if "execution_count" in part:
                part.execution_count = None
    notebook.cells = [c for c in notebook.cells if "attachment:" not in c.source]
    gained = powers(page(notebook, template, stock=True)) - empty
    assert gained["onerror"] >= 5


@pytest.mark.parametrize("number", range(len(ACTIVE)))
def test_cleaned_html_is_passive(number):
    cleaned = clean(attack(number, ACTIVE[number]))
    assert not powers(cleaned), cleaned
    assert clean(cleaned) == cleaned


def test_cleaned_html_stays_passive_when_it_is_cleaned_of_a_table_or_a_list():
    for piece in ACTIVE:
        for around in ("<table><tr><td>{}", "<ul><li>{}", "<p title='{}'>", "<b>{}</a></p>"):
            assert not powers(clean(around.format(attack(0, piece)))), piece


def test_what_is_too_large_to_look_through_is_shown_as_text():
    assert clean("<b>x</b>" * 10_000).startswith("<pre>&lt;b&gt;x")
    assert len(clean("<b>" + "x" * 5_000_000)) < 5_000


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 20_000,  # each looks through all that are open
        "&" * 100_000,
        f"<p {' '.join(map(str, range(100_000)))}>",  # each attribute is compared with all others
        # Paragraphs open these again: a million tags, and a text of 9 million characters.
        "<p>" + "".join(f"<b title={n}>" for n in range(1000)) + "</p>" + "<p>x" * 1000,
        f"<p><b title={'x' * 90_000}></p>" + "<p>x" * 100,
        f"<p><a/href=https://{'x' * 90_000}></p>" + "<p>x" * 100,
    ],
    ids=["nested", "ampersands", "attributes", "reopened", "long", "link"],
)
def test_html_that_grows_or_takes_long_is_shown_as_text(text):
    cleaned = clean(text)
    assert cleaned.startswith("<pre>" + text[0].replace("&", "&amp;").replace("<", "&lt;"))
    assert len(cleaned) < 12_000


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: red; position: fixed", "color:red"),
        ("p\\6fsition: fixed; c\\6flor: red", "color:red"),
        ("color: red/*;*/;/**/position: fixed", "color:red"),
        ("color: red;}position: fixed{", "color:red"),
        ("font-family: 'a\nb'; position: fixed", ""),
        ("background: url(https://a.b/c); max-width: 100%", "max-width:100%"),
        ("list-style-image: url(https://a.b/c)", ""),
        ("@import url(https://a.b/c); color: red", "color:red"),
        ("@media all { position: fixed }", ""),
        ("--x: url(https://a.b/c); text-align: right", "text-align:right"),
        # What would end a string stays escaped.
        ("font-family: 'a\\5c '; color: ';position:fixed;x:'", None),
    ],
)
def test_styles_keep_what_moves_nothing(style, kept):
    (element,) = BeautifulSoup(clean(f'<p style="{style}">x</p>'), "html.parser").find_all("p")
    if kept is None:
        kept = 'font-family:"a\\\\";color:";position:fixed;x:"'
    assert element["style"] == kept


#: As large as pandas shows them.
LARGE_TABLE = "<table>" + ("<tr>" + "<td>0.5</td>" * 20 + "</tr>") * 60 + "</table>"


def test_half_a_pair_of_surrogates_is_no_reason_to_stop():
    assert clean("<b>\ud800</b>") == "<b>?</b>"


@pytest.mark.slow
def test_many_tables_and_long_lists_stay():
    """A table of pandas has fewer than 3000 tags."""
    outputs = [new_output("display_data", {"text/html": LARGE_TABLE}) for _ in range(20)]
    (cell,) = passive(new_notebook(cells=[new_code_cell("1", outputs=outputs)])).cells
    for output in cell.outputs:
        assert output.data["text/html"].count("<td>0.5</td>") == 1200
    text = "- a point, with `code` & [a link](https://lxmls.it.pt)\n" * 300
    made = page(new_notebook(cells=[new_markdown_cell(text)]), "feedback")
    assert len(BeautifulSoup(made, "html.parser").select("#notebook li > a")) == 300


def test_html_of_a_notebook_takes_a_bounded_time(monkeypatch):
    monkeypatch.setattr(feedback, "MAX_EFFORT_NOTEBOOK", 2e7)
    outputs = [new_output("display_data", {"text/html": LARGE_TABLE}) for _ in range(20)]
    (cell,) = passive(new_notebook(cells=[new_code_cell("1", outputs=outputs)])).cells
    starts = [output.data["text/html"][:6] for output in cell.outputs]
    assert starts == ["<table"] * 3 + ["<pre>&"] * 17


def test_outputs_stay_small():
    text = "x" * 10**6
    cell = new_code_cell("1", outputs=[new_output("stream", text=text)] * 300)
    (made,) = passive(new_notebook(cells=[cell])).cells
    assert len(made.outputs) <= MAX_OUTPUTS
    assert all(len(output.text) < 2 * SHOWN_TEXT for output in made.outputs)


CURVES = plot_learning_curves({"Mine & yours": [50.0, 75.0]})
FIGURE = image(CURVES, "Accuracy on the test set: Mine & yours.")

TABLE = """<style scoped>.dataframe tbody tr th { vertical-align: top; }</style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>loss</th>
</tr></thead><tbody><tr><th>0</th><td>0.69</td></tr></tbody></table>"""

TEXT = """## A heading

Words with *stress*, `code`, a [link](https://lxmls.it.pt), $z < 3 \\& \\alpha$ and

$$\\frac{\\partial F}{\\partial W} = \\sum_m e_m x_m^\\top$$

<details>
<summary>A hint</summary>

It unfolds: **look**.

</details>

```python
x = [1 for _ in "abc" if 1 < 2]
```

- one
- two

| a | b |
|---|---|
| 1 | 2 |
"""


@pytest.mark.slow
@pytest.mark.parametrize("template", ["feedback", "formgrade"])
def test_what_belongs_to_the_course_stays(template):
    html_output = new_output("display_data", {"text/html": FIGURE, "text/plain": "Figure"})
    table = new_output("execute_result", {"text/html": TABLE, "text/plain": "loss"})
    png = new_output("display_data", {"image/png": PIXEL}, metadata={"image/png": {"width": 300}})
    bar = new_output("stream", name="stdout", text="100%|██████████| 10/10 [00:01<00:00]\n")
    colours = new_output("stream", name="stdout", text="\x1b[32mgreen\x1b[0m")
    failed = new_output("error", ename="X", evalue="y", traceback=["Not yet right: 1 < 2"])
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "VBox()"}
    outputs = [html_output, table, png, bar, colours, failed, new_output("display_data", widget)]
    notebook = new_notebook(
        cells=[new_code_cell("x < 1", outputs=outputs), new_markdown_cell(TEXT)]
    )
    soup = BeautifulSoup(page(passive(notebook), template), "html.parser")
    figure, picture = soup.select("#notebook img")
    assert figure["alt"].startswith("Accuracy on the test set")
    assert "Mine & yours" in figure["alt"]
    original = re.search(r'src="([^"]+)"', FIGURE)
    assert original
    assert figure["src"] == original[1]
    assert "max-width" in figure["style"]
    assert picture["src"].endswith(PIXEL)
    assert picture["width"] == "300"
    assert [cell.text for cell in soup.select("table.dataframe td")] == ["0.69"]
    text = soup.select_one("#notebook").text
    for words in ("10/10 [00:01<00:00]", "Not yet right: 1 < 2", "VBox()", "$z < 3 \\& \\alpha$"):
        assert words in text, words
    assert "$$\\frac{\\partial F}{\\partial W} = \\sum_m e_m x_m^\\top$$" in text
    assert "vertical-align" not in text
    assert soup.select("span.ansi-green-fg")
    assert soup.select_one("details > summary").text == "A hint"
    assert soup.select_one("details strong").text == "look"
    assert soup.select_one("#notebook a[href='https://lxmls.it.pt']").text == "link"
    assert soup.select("h2")
    assert soup.select("li")
    assert soup.select(".highlight .k")


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_text_of_the_exercises_loses_nothing(name):
    """The words that a reader sees are those that nbgrader's own page has."""
    notebook = release(name)
    plain = HTMLExporter(exclude_anchor_links=True, template_name="classic")
    before = BeautifulSoup(plain.from_notebook_node(notebook)[0], "html.parser")
    after = BeautifulSoup(page(passive(notebook), "formgrade"), "html.parser")
    select = ".text_cell_render"
    wanted = [" ".join(cell.text.split()) for cell in before.select(select)]
    assert [" ".join(cell.text.split()) for cell in after.select(select)] == wanted
    depths = [
        [len(hint.find_parents("details")) for hint in each.select("details")]
        for each in (after, before)
    ]
    assert depths[0] == depths[1]
    assert max(depths[0]) > 1, "hints hold the next ones"


def test_grading_metadata_stays():
    notebook = passive(release("exercise_2_1"))
    for cell, before in zip(notebook.cells, release("exercise_2_1").cells, strict=True):
        assert cell.metadata.get("nbgrader") == before.metadata.get("nbgrader")
        assert cell.metadata.get("tags") == before.metadata.get("tags")
        assert cell.source == before.source
        assert cell.id == before.id
    nbformat.validate(notebook)


@pytest.mark.parametrize("cause", ["sum", "my-own", "made up", ["sum"], None])
def test_only_keys_of_mistakes_stay_noted(cause):
    cell = new_code_cell("1", metadata={"lxmls_nb": {"cause": cause, "more": "text"}})
    notebook, _ = PassiveNotebook().preprocess(new_notebook(cells=[cell]), {})
    noted = {"lxmls_nb": {"cause": cause}} if cause in ("sum", "my-own") else {}
    assert notebook.cells[0].metadata == noted


def test_why_a_test_ran_together_stays_noted_as_text():
    cells = [new_code_cell("1", metadata={"lxmls_nb": {"together": why}}) for why in ("uses x", [])]
    notebook, _ = PassiveNotebook().preprocess(new_notebook(cells=cells), {})
    assert [each.metadata for each in notebook.cells] == [{"lxmls_nb": {"together": "uses x"}}, {}]
