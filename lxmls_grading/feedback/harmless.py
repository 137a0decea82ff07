"""Cuts HTML and texts of a submission down to what is harmless to show.

It imports little: the process that lays texts out for pages needs it, too, and starts with it.
"""

from __future__ import annotations

import html
import re

import nh3
from pygments.token import STANDARD_TYPES

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

#: Characters that are shown of a text, and of one in place of HTML.
SHOWN_TEXT, SHOWN_SOURCE = 100_000, 2_000


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
    if len(text) > MAX_HTML or effort(text) > MAX_EFFORT:
        return as_text(text)
    cleaned = _CLEANER.clean(text)
    return cleaned if len(cleaned) <= MAX_GROWTH * len(text) else as_text(text)


def effort(text: str) -> float:
    """Return how long a parser may take for HTML at worst, in units of about 10 nanoseconds.

    The HTML standard has a parser compare each tag with those that are open, each attribute with
    those of the same tag, and read on from each of the ampersands in a row.
    """
    tags = text.count("<")
    separators = sum(map(text.count, SEPARATORS))
    reopened = len(text) * tags if REOPENED.search(text) else 0
    return tags**2 + separators**2 / 50 + 2 * reopened


def as_text(text: str) -> str:
    """Return HTML that shows the beginning of a text."""
    return f"<pre>{html.escape(cut(text, SHOWN_SOURCE))}</pre>"


def cut(text: str, length: int = SHOWN_TEXT) -> str:
    """Return the beginning of a text, and how much there is of it."""
    return text if len(text) <= length else f"{text[:length]}\n[… {len(text)} characters in all]"
