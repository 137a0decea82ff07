"""Makes what a submission shows passive: text and pictures, in feedback and in the formgrader.

A student decides what stands in markdown cells and, through the kernel, in outputs and in parts of
the metadata. The pages made of them open in the browser of whoever grades, in the formgrader even
with all rights of the Jupyter server. What comes from a submission is therefore cut down to a list
of harmless things, twice:

- :class:`PassiveNotebook` rebuilds outputs and metadata, once, after execution;
- :func:`clean` and :func:`render_markdown` take the place of nbconvert's filters ``clean_html`` and
  ``markdown2html`` when a page is made (``HTMLExporter.filters``).
"""

from __future__ import annotations

import html
import re
from typing import Any

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner
from bs4 import BeautifulSoup
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from pygments.token import STANDARD_TYPES

from lxmls_grading.cells import BASE64, CELL_ID, METADATA_KEY, cause_of
from lxmls_nb.checks.mistakes import KEYS

#: Tags that stay; other tags go, and what they enclose stays.
TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "a", "img"),
    *("b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "small", "mark"),
    *("pre", "code", "kbd", "samp", "var", "blockquote", "details", "summary"),
    *("ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}

#: Attributes that stay, besides class, style and title.
ATTRIBUTES = {
    "a": {"href"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "table": {"border"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
}

#: Tags that go with what they enclose.
EMPTIED = ["script", "style", "template", "noscript", "title", "textarea", "iframe", "object"]

#: Classes that stay: those of highlighted code and of tables. Bootstrap, which both kinds of pages
#: load, lays elements of some classes over the page or makes them react.
CLASSES = {*STANDARD_TYPES.values(), "highlight", "dataframe"}

#: Properties that stay in a style: none that moves or enlarges an element.
STYLES = [
    *("color", "background-color", "font-style", "font-weight", "font-family"),
    *("text-align", "text-decoration", "vertical-align", "white-space", "max-width"),
]

#: Where links go, and pictures come from. No relative link: the formgrader serves the files of a
#: submission, pages with scripts among them, and nothing may be fetched without being asked for.
LINK = re.compile(r"\s*(https?://|mailto:)", re.I)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")

#: Limits of HTML, in characters and in tags and entities: what has more is shown as text, cut off.
#: Looking through 5000 tags takes 5 s at worst. A table of pandas has fewer than 3000.
MAX_HTML, MAX_MARKS = 4_000_000, 5_000
MAX_MARKS_MARKDOWN, MAX_MARKS_NOTEBOOK = 1_000, 20_000

#: Characters of a text and of a picture that stay, and outputs of a cell.
MAX_TEXT, MAX_PICTURE, MAX_OUTPUTS = 100_000, 4_000_000, 100

_PICTURES = {"image/png", "image/jpeg"}
IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,255}")


# --- HTML


def _stays(tag: str, name: str, value: str) -> bool:
    """Whether an attribute stays."""
    if name == "class":
        return all(word in CLASSES or re.fullmatch(r"hl-\w+", word) for word in value.split())
    if name in ("style", "title"):
        return True
    if name not in ATTRIBUTES.get(tag, ()):
        return False
    if name == "href":
        return bool(LINK.match(value))
    return bool(PICTURE.fullmatch(value)) if name == "src" else True


_CLEANER = Cleaner(
    tags=TAGS,
    attributes=_stays,
    protocols={"http", "https", "mailto", "data"},
    strip=True,
    css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
)


def clean(source: Any, max_marks: int = MAX_MARKS) -> str:
    """Return HTML cut down to what is harmless: the filter ``clean_html``.

    Parameters
    ----------
    source : str or bytes
    max_marks : int
        Tags and entities up to which it is looked through.
    """
    text = source.decode(errors="replace") if isinstance(source, bytes) else str(source)
    if len(text) > MAX_HTML or _marks(text) > max_marks:
        return _as_text(text)
    try:
        soup = BeautifulSoup(text, "html.parser")
        for element in soup.find_all(EMPTIED):
            element.decompose()
        return str(_CLEANER.clean(str(soup)))
    except (RecursionError, ValueError, AssertionError):  # what parsers do with the worst of HTML
        return _as_text(text)


def _marks(text: str) -> int:
    return text.count("<") + text.count("&")


def _as_text(text: str) -> str:
    """Return HTML that shows the beginning of a text."""
    return f"<pre>{html.escape(_cut(text, 2000))}</pre>"


def _cut(text: str, length: int = MAX_TEXT) -> str:
    return text if len(text) <= length else f"{text[:length]}\n[… {len(text)} characters in all]"


@pass_context
def render_markdown(context: Any, source: str) -> str:
    """Return markdown as harmless HTML, equations included: the filter ``markdown2html``.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Of the page; it knows the cell.
    source : str
    """
    cell = context.get("cell") or {}
    renderer = IPythonRenderer(
        escape=False, attachments=cell.get("attachments") or {}, exclude_anchor_links=True
    )
    if len(source) > MAX_TEXT:
        return _as_text(source)
    try:
        return clean(MarkdownWithMath(renderer=renderer).render(source), MAX_MARKS_MARKDOWN)
    except Exception:  # a missing attachment, say: the rest of the page is to be shown
        return _as_text(source)


# --- notebooks


class PassiveNotebook(NbGraderPreprocessor):
    """Leave of outputs and metadata what is harmless to show.

    To run after execution and before anything that saves, shows or grades.
    """

    def preprocess(self, nb: NotebookNode, resources):
        """Rebuild outputs and metadata."""
        kept = {key: nb.metadata[key] for key in ("kernelspec", METADATA_KEY) if key in nb.metadata}
        self._marks = 0
        nb.metadata = NotebookNode(kept, language_info=NotebookNode(name="python"))
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell: NotebookNode, resources, index):
        """Rebuild the outputs and the metadata of a cell."""
        cell.metadata = _metadata(cell.metadata)
        if "id" in cell and not CELL_ID.fullmatch(str(cell.id)):
            cell.id = f"cell-{index}"
        if "attachments" in cell:
            cell.attachments = NotebookNode(
                {name: self._data(bundle, _PICTURES) for name, bundle in cell.attachments.items()}
            )
        if cell.cell_type == "code":
            cell.execution_count = _integer(cell.get("execution_count"))
            found = [self._output(output) for output in cell.get("outputs", [])[:MAX_OUTPUTS]]
            cell.outputs = [output for output in found if output is not None]
        return cell, resources

    def _output(self, output: dict) -> NotebookNode | None:
        """Return an output as far as it is harmless, None if nothing is left."""
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return new_output("stream", name=name, text=_text(output.get("text")))
        if kind == "error":
            lines = output.get("traceback")
            return new_output(
                "error",
                ename=_text(output.get("ename")),
                evalue=_text(output.get("evalue")),
                traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
            )
        if kind not in ("display_data", "execute_result"):
            return None
        data = self._data(output.get("data"))
        if not data:
            return None
        count = {"execution_count": _integer(output.get("execution_count"))}
        sizes = _sizes(output.get("metadata"), data)
        return new_output(kind, data, metadata=sizes, **count if kind == "execute_result" else {})

    def _data(self, bundle: Any, kinds: set[str] | None = None) -> NotebookNode:
        """Return what is harmless of the forms that an output or an attachment comes in."""
        kept = NotebookNode()
        for kind, value in bundle.items() if isinstance(bundle, dict) else ():
            value = "".join(value) if isinstance(value, list) and _texts(value) else value
            if not isinstance(value, str) or (kinds and kind not in kinds):
                continue
            if kind == "text/html":
                self._marks += _marks(value)
                kept[kind] = clean(value) if self._marks <= MAX_MARKS_NOTEBOOK else _as_text(value)
            elif kind in _PICTURES:
                if len(value) <= MAX_PICTURE and BASE64.fullmatch(value):
                    kept[kind] = value
            elif kind == "image/svg+xml":  # pages show it as a picture, where scripts don't run
                if len(value) <= MAX_PICTURE:
                    kept[kind] = value
            elif kind in ("text/plain", "text/markdown", "text/latex"):
                kept[kind] = _cut(value)
        return kept


def _metadata(metadata: dict) -> NotebookNode:
    kept = {
        key: metadata[key]
        for key in ("deletable", "editable")
        if metadata.get(key) in (True, False)
    }
    own = metadata.get("nbgrader")
    if isinstance(own, dict) and IDENTIFIER.fullmatch(str(own.get("grade_id"))):
        kept["nbgrader"] = own  # its names go into pages as they are
    tags = metadata.get("tags")
    if isinstance(tags, list):
        kept["tags"] = [tag for tag in tags if IDENTIFIER.fullmatch(str(tag))]
    if cause_of(NotebookNode(metadata=metadata)) in KEYS:
        kept[METADATA_KEY] = NotebookNode(cause=metadata[METADATA_KEY]["cause"])
    return NotebookNode(kept)


def _sizes(metadata: Any, data: dict) -> NotebookNode:
    """Return the sizes and descriptions of pictures: they go into pages without quotes."""
    kept = NotebookNode()
    for kind in data:
        about = metadata.get(kind) if isinstance(metadata, dict) else None
        if isinstance(about, dict):
            sizes = {key: _integer(about.get(key)) for key in ("width", "height")}
            kept[kind] = NotebookNode({key: size for key, size in sizes.items() if size})
            if isinstance(about.get("alt"), str):
                kept[kind].alt = about["alt"][:1000]
    return kept


def _text(value: Any) -> str:
    if isinstance(value, list) and _texts(value):
        value = "".join(value)
    return _cut(value) if isinstance(value, str) else ""


def _texts(values: list) -> bool:
    return all(isinstance(value, str) for value in values)


def _integer(value: Any) -> int | None:
    """Return a number of a cell, or of pixels, None for anything else."""
    return value if type(value) is int and 0 <= value < 10**6 else None
