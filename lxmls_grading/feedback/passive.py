"""Makes what a submission shows passive: text and pictures, in feedback and in the formgrader.

A student decides what stands in markdown cells and, through the kernel, in outputs and in parts of
the metadata. The pages made of them open in the browser of whoever grades, in the formgrader even
with all rights of the Jupyter server. What comes from a submission is therefore cut down to a list
of harmless things, twice:

- :class:`PassiveNotebook` rebuilds outputs and metadata, once, after execution;
- :func:`clean` takes the place of nbconvert's filter ``clean_html`` when a page is made
  (``HTMLExporter.filters``); those in :mod:`~lxmls_grading.feedback.renderer` use it, too.
"""

from __future__ import annotations

import html
import re
from typing import Any

import nh3
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from pygments.token import STANDARD_TYPES

from lxmls_grading.cells import BASE64, CELL_ID, METADATA_KEY, cause_of, noted

#: Tags that stay; other tags go, and what they enclose stays.
TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "a", "img"),
    *("b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "small", "mark"),
    *("pre", "code", "kbd", "samp", "var", "blockquote", "details", "summary"),
    *("ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}

#: Attributes that stay, by tag.
ATTRIBUTES = {
    "*": {"class", "style", "title"},
    "a": {"href"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "table": {"border"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
}

#: Tags that go with what they enclose.
EMPTIED = {"script", "style", "template", "noscript", "title", "textarea", "iframe", "object"}

#: Classes that stay: those of highlighted code and of tables. Bootstrap, which both kinds of pages
#: load, lays elements of some classes over the page or makes them react.
CLASSES = {*STANDARD_TYPES.values(), "highlight", "dataframe"}

#: Properties that stay in a style: none that moves or enlarges an element, or fetches a picture.
STYLES = {
    *("color", "background-color", "font-style", "font-weight", "font-family"),
    *("text-align", "text-decoration", "vertical-align", "white-space", "max-width"),
}

#: Where links go, and pictures come from. No relative link: the formgrader serves the files of a
#: submission, pages with scripts among them, and nothing may be fetched without being asked for.
LINK = re.compile(r"\s*(https?://|mailto:)", re.I)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")

#: Limits of HTML, in characters, most of which are pictures, and in the effort of parsing it: of
#: one piece, which takes a second or two at most, and of all outputs of a notebook. What has more
#: is shown as text.
MAX_HTML, MAX_EFFORT, MAX_EFFORT_NOTEBOOK = 4_000_000, 1e8, 1e9

#: An attribute needs one of these before it. The last stands for characters such as `&lt;`.
SEPARATORS = " \t\n\f\r/\"'&"

#: Tags that are opened again, with their attributes, in all paragraphs that follow until they are
#: closed. HTML that grows by them is shown as text; by escapes and end tags that were left out it
#: becomes up to 6 times longer.
REOPENED = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/]", re.I)
MAX_GROWTH = 10

#: Characters that are shown of a text and of one in place of HTML, characters of a picture that is
#: shown, and outputs of a cell.
SHOWN_TEXT, SHOWN_SOURCE, MAX_PICTURE, MAX_OUTPUTS = 100_000, 2_000, 4_000_000, 100

_PICTURES = {"image/png", "image/jpeg"}
IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,255}")


# --- HTML


def _kept(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value if the attribute stays, else None."""
    if name == "class":
        stays = all(word in CLASSES or re.fullmatch(r"hl-\w+", word) for word in value.split())
    elif name == "href":
        stays = bool(LINK.match(value))
    elif name == "src":
        stays = bool(PICTURE.fullmatch(value))
    else:
        stays = True
    return value if stays else None


_CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=EMPTIED,
    attributes=ATTRIBUTES,
    attribute_filter=_kept,
    filter_style_properties=STYLES,
    url_schemes={"http", "https", "mailto", "data"},
    link_rel=None,
)


def clean(source: str | bytes) -> str:
    """Return HTML cut down to what is harmless: the filter ``clean_html``.

    Parameters
    ----------
    source : str or bytes
    """
    text = source if isinstance(source, str) else source.decode(errors="replace")
    text = text.encode(errors="replace").decode()  # half a pair of surrogates is no text
    if len(text) > MAX_HTML or _effort(text) > MAX_EFFORT:
        return _as_text(text)
    cleaned = _CLEANER.clean(text)
    return cleaned if len(cleaned) <= MAX_GROWTH * len(text) else _as_text(text)


def _effort(text: str) -> float:
    """Return how long a parser may take for HTML at worst, in units of about 10 nanoseconds.

    The HTML standard has a parser compare each tag with those that are open, each attribute with
    those of the same tag, and read on from each of the ampersands in a row.
    """
    tags = text.count("<")
    separators = sum(map(text.count, SEPARATORS))
    reopened = len(text) * tags if REOPENED.search(text) else 0
    return tags**2 + separators**2 / 50 + 2 * reopened


def _as_text(text: str) -> str:
    """Return HTML that shows the beginning of a text."""
    return f"<pre>{html.escape(cut(text, SHOWN_SOURCE))}</pre>"


def cut(text: str, length: int = SHOWN_TEXT) -> str:
    """Return the beginning of a text, and how much there is of it."""
    return text if len(text) <= length else f"{text[:length]}\n[… {len(text)} characters in all]"


# --- notebooks


class PassiveNotebook(NbGraderPreprocessor):
    """Leave of outputs and metadata what is harmless to show.

    To run after execution and before anything that saves, shows or grades.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Rebuild outputs and metadata."""
        kept = {key: nb.metadata[key] for key in ("kernelspec", METADATA_KEY) if key in nb.metadata}
        self._effort = 0.0
        nb.metadata = NotebookNode(kept, language_info=NotebookNode(name="python"))
        nb, resources = super().preprocess(nb, resources)
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Rebuild the outputs and the metadata of a cell."""
        cell.metadata = _metadata(cell)
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

    def _output(self, output: NotebookNode) -> NotebookNode | None:
        """Return an output as far as it is harmless, None if nothing is left."""
        kind = output.get("output_type")
        made: NotebookNode | None = None
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            made = new_output("stream", name=name, text=_text(output.get("text")))
        elif kind == "error":
            lines = output.get("traceback")
            made = new_output(
                "error",
                ename=_text(output.get("ename")),
                evalue=_text(output.get("evalue")),
                traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
            )
        elif kind in ("display_data", "execute_result"):
            data = self._data(output.get("data"))
            if data:
                made = new_output(kind, data, metadata=_sizes(output.get("metadata"), data))
                if kind == "execute_result":
                    made.execution_count = _integer(output.get("execution_count"))
        return made

    def _data(self, bundle: Any, kinds: set[str] | None = None) -> NotebookNode:
        """Return what is harmless of the forms that an output or an attachment comes in."""
        kept = NotebookNode()
        for kind, value in bundle.items() if isinstance(bundle, dict) else ():
            value = "".join(value) if isinstance(value, list) and _texts(value) else value
            if not isinstance(value, str) or (kinds and kind not in kinds):
                continue
            if kind == "text/html":
                self._effort += _effort(value)
                within = self._effort <= MAX_EFFORT_NOTEBOOK
                kept[kind] = clean(value) if within else _as_text(value)
            elif kind in _PICTURES:
                if len(value) <= MAX_PICTURE and BASE64.fullmatch(value):
                    kept[kind] = value
            elif kind == "image/svg+xml":  # pages show it as a picture, where scripts don't run
                if len(value) <= MAX_PICTURE:
                    kept[kind] = value
            elif kind in ("text/plain", "text/markdown", "text/latex"):
                kept[kind] = cut(value)
        return kept


def _metadata(cell: NotebookNode) -> NotebookNode:
    """Return what is harmless of a cell's metadata."""
    kept = {
        key: cell.metadata[key]
        for key in ("deletable", "editable")
        if cell.metadata.get(key) in (True, False)
    }
    own = cell.metadata.get("nbgrader")
    if isinstance(own, dict) and IDENTIFIER.fullmatch(str(own.get("grade_id"))):
        kept["nbgrader"] = own  # its names go into pages as they are
    tags = cell.metadata.get("tags")
    if isinstance(tags, list):
        kept["tags"] = [tag for tag in tags if IDENTIFIER.fullmatch(str(tag))]
    notes = NotebookNode()
    cause, together = cause_of(cell), noted(cell).get("together")
    if cause is not None and IDENTIFIER.fullmatch(cause):
        notes.cause = cause
    if isinstance(together, str):
        notes.together = cut(together)
    if notes:
        kept[METADATA_KEY] = notes
    return NotebookNode(kept)


def _sizes(metadata: Any, data: NotebookNode) -> NotebookNode:
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
    """Return a text, which may come in lines, as far as it is shown; nothing for other values."""
    if isinstance(value, list) and _texts(value):
        value = "".join(value)
    return cut(value) if isinstance(value, str) else ""


def _texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _integer(value: Any) -> int | None:
    """Return a number of a cell, or of pixels, None for anything else."""
    return value if type(value) is int and 0 <= value < 10**6 else None
