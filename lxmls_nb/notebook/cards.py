"""What a check reports, as a card for a notebook and as text for everything else."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lxmls_nb.errors import WIDTH


class Kind(Enum):
    """The kinds of cards: a name for the style sheet, and a sign, which tells more than colour."""

    RIGHT = "right", "✓"
    WRONG = "wrong", "!"
    OPEN = "open", "○"
    NOTE = "note", "i"


#: The colours of border, ground and text, in light and in dark surroundings. Text has a contrast
#: of at least 7 : 1, and green and amber differ in lightness, too.
COLOURS = {
    Kind.RIGHT: (("#1b7f4b", "#e9f6ee", "#10331f"), ("#4cc38a", "#0f2a1c", "#d8f3e3")),
    Kind.WRONG: (("#c77700", "#fff4dc", "#432c00"), ("#ffb224", "#3a2600", "#ffe9c2")),
    Kind.OPEN: (("#5f6b85", "#f0f2f6", "#232936"), ("#9aa7c4", "#20242d", "#e3e8f2")),
    Kind.NOTE: (("#2a6fb8", "#e8f1fb", "#102c4a"), ("#6cb0f5", "#11253b", "#dbeafb")),
}

#: JupyterLab would show the error below its card, which has said it already.
STYLE = """
.lxmls-card {border-style: solid; border-width: 0 0 0 .4em; border-radius: .25em;
  padding: .5em .9em; margin: .2em 0; max-width: 46em;
  font-family: var(--jp-content-font-family, sans-serif); line-height: 1.45;
  overflow-wrap: anywhere}
.lxmls-card p {margin: .25em 0}
.lxmls-card.lxmls-card code {color: inherit; font-size: .93em}
.lxmls-card .lxmls-title {font-weight: bold}
.jp-OutputArea-child:has(.lxmls-error) ~ .jp-OutputArea-child:has(
  > [data-mime-type="application/vnd.jupyter.stderr"],
  > [data-mime-type="application/vnd.jupyter.error"]) {display: none}
"""


@dataclass(frozen=True)
class Line:
    """What one check reports, or a remark on it.

    Attributes
    ----------
    text : str
        What is between backticks is code.
    kind : Kind or None
        None for a remark.
    """

    text: str
    kind: Kind | None = None


def as_text(title: str, lines: Sequence[Line]) -> str:
    """Return a card as text, in lines of :data:`WIDTH` columns."""
    texts = [line.text for line in lines]
    return "\n".join(textwrap.fill(text, WIDTH) for text in [f"{title}: {texts[0]}", *texts[1:]])


def as_html(kind: Kind, title: str, lines: Sequence[Line], is_error: bool = False) -> str:
    """Return a card as HTML, with its style.

    Parameters
    ----------
    kind : Kind
    title : str
    lines : sequence of Line
        Those of another kind than the card's get a sign of their own.
    is_error : bool
        Whether an error follows that is the same.
    """
    name, sign = kind.value
    classes = f"lxmls-card lxmls-{name}" + (" lxmls-error" if is_error else "")
    rows = [f'<p class="lxmls-title">{_sign(sign)}{html.escape(title)}</p>']
    for line in lines:
        mark = _sign(line.kind.value[1]) if line.kind and line.kind is not kind else ""
        rows.append(f"<p>{mark}{_text(line.text)}</p>")
    return (
        f"<style>{STYLE}{_colours(kind)}</style>"
        f'<div class="{classes}" role="status">{"".join(rows)}</div>'
    )


def _sign(sign: str) -> str:
    """Return a sign for the eye; for the ear there is the title."""
    return f'<span aria-hidden="true">{sign}</span> '


def _text(text: str) -> str:
    """Return a text as HTML, with what is between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _colours(kind: Kind) -> str:
    """Return the rules for the colours of a kind of cards; dark ones hold in JupyterLab's theme."""
    name = kind.value[0]
    rules = []
    for place, (border, ground, text) in zip(
        ("", 'body[data-jp-theme-light="false"] '), COLOURS[kind], strict=True
    ):
        rules.append(
            f"{place}.lxmls-{name} {{border-color: {border}; background: {ground}; color: {text}}}"
        )
    return "\n".join(rules)
