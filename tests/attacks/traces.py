"""Looks at graded notebooks and feedback: secrets, hidden tests, script, size, reasons."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup

from lxmls_grading.reasons import reasons_of
from tests.attacks.attack import Attack, host
from tests.support.submissions import DELIMITER

#: Attributes that hold an address.
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data", "srcdoc", "poster"}

#: Addresses that run code.
SCRIPTED = r"(java|vb)script:|data:(text/html|image/svg|application|text/xml)"

#: Elements that run code, or load a page, by themselves.
ACTIVE = ("script", "iframe", "object", "embed", "base", "form", "applet", "frame", "animate")


@dataclass
class Traces:
    """What a submission has left in what is shown.

    Attributes
    ----------
    graded, page : bool
        Whether there is a graded notebook, and a feedback page.
    secrets : list of str
        What of the host is in the outputs or on the page.
    hidden, hidden_on_page : list of str
        Lines of hidden tests in the outputs of the graded notebook, and on the page.
    active : list of str
        Elements and attributes of the page that run code.
    size : int
        Bytes of graded notebook and page, the larger one.
    """

    graded: bool = False
    page: bool = False
    secrets: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    hidden_on_page: list[str] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    size: int = 0


def reasons_in(path: Path) -> list[str]:
    """Return the kinds of reasons that a graded notebook holds."""
    try:
        return [reason.kind for reason in reasons_of(nbformat.read(path, as_version=4))]
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return []


@cache
def hidden_lines(name: str) -> set[str]:
    """Return the lines of a notebook's hidden tests that stand nowhere else in it."""
    hidden, public = set(), set()
    for cell in host(name).cells:
        region = None
        for line in cell.source.split("\n"):
            match = DELIMITER.match(line)
            if match:
                region = match[2] if match[1] == "BEGIN" else None
            elif region == "HIDDEN TESTS":
                hidden.add(_flat(line))
            else:
                public.add(_flat(line))
    shown = "\n".join(public)
    return {line for line in hidden if len(line) > 20 and line not in shown}


def _flat(text: str) -> str:
    return " ".join(text.split())


def traces(attack: Attack, graded: Path, page: Path, honest: Path, secret: str) -> Traces:
    """Look at the graded notebook and the feedback of an attack.

    Parameters
    ----------
    attack : Attack
    graded, page : Path
        Either may be missing.
    honest : Path
        The page of a student who has not tried anything: what is active there is the page's own.
    secret : str
        What must not be shown.
    """
    found = Traces(graded=graded.is_file(), page=page.is_file())
    outputs = on_page = ""
    if found.graded:
        found.size = graded.stat().st_size
        outputs = _outputs(graded)
    if found.page:
        text = page.read_text(errors="replace")
        found.size = max(found.size, len(text))
        on_page = html.unescape(re.sub("<[^>]*>", "", text))
        own = _own_parts(honest) if honest.is_file() else frozenset()
        found.active = sorted(set(active_parts(text)) - own)
    found.secrets = [word for word in (secret,) if word in outputs + on_page]
    lines = hidden_lines(attack.notebook)
    found.hidden = sorted(line for line in lines if line in _flat(outputs))
    found.hidden_on_page = sorted(line for line in lines if line in _flat(on_page))
    return found


@cache
def _own_parts(honest: Path) -> frozenset[str]:
    return frozenset(active_parts(honest.read_text()))


def _outputs(path: Path) -> str:
    """Return the outputs of a graded notebook, those of tests included, as one text."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # whatever nbformat says of it
        return str(error)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return "\n".join(_strings(output) for cell in cells for output in cell.outputs)


def _strings(value) -> str:
    """Return all strings of nested lists and dictionaries, with line ends as they print."""
    if isinstance(value, dict | list):
        return "\n".join(map(_strings, value.values() if isinstance(value, dict) else value))
    return str(value).replace("\\n", "\n").replace('\\"', '"')


def active_parts(text: str) -> list[str]:
    """Return what of a page runs code: elements, handlers, addresses that are script."""
    parts = []
    for element in BeautifulSoup(text, "html.parser").find_all(True):
        if element.name in ACTIVE or (
            element.name == "meta" and str(element.get("http-equiv", "")).lower() == "refresh"
        ):
            parts.append(_flat(str(element))[:300])
        for name, value in element.attrs.items():
            address = re.sub(r"[\s\x00-\x20]", "", str(value)).lower()
            if name.lower().startswith("on") or name.lower() == "srcdoc":
                parts.append(f"<{element.name} {name}={str(value)[:80]}>")
            elif name.lower() in ADDRESSES and re.match(SCRIPTED, address):
                if element.name == "img" and address.startswith("data:image/svg"):
                    continue  # what runs in a page of its own does not as a picture
                parts.append(f"<{element.name} {name}={address[:80]}>")
    return parts
