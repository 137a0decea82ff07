"""The process that lays texts of submissions out for pages: code in colours, markdown as HTML.

Lexers and parsers search a text again and again, and there are texts that keep them busy for hours.
So they run here, where :class:`~lxmls_grading.feedback.renderer.Renderer` can end them. A request
is a line of JSON on standard input, and the reply one on standard output.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from lxmls_grading.feedback.harmless import clean

#: Bytes that this process may take.
MAX_MEMORY = 2**32


def highlight(text: str, language: str) -> str:
    """Return code as HTML, with classes that a style sheet gives colours.

    Parameters
    ----------
    text : str
    language : str
        The name of a lexer of Pygments, or of IPython.
    """
    return str(Highlight2HTML(pygments_lexer=language)(text))


def markdown(text: str, attachments: dict[str, Any]) -> str:
    """Return markdown as harmless HTML, equations included.

    Parameters
    ----------
    text : str
    attachments : dict
        Pictures of the cell.
    """
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    return clean(MarkdownWithMath(renderer=renderer).render(text))


TASKS: dict[str, Callable[..., str]] = {"highlight": highlight, "markdown": markdown}


def main() -> None:
    """Answer requests until there are no more: the HTML, or null where that is not possible."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        task, arguments = json.loads(line)
        found = None
        try:
            found = TASKS[task](*arguments)
        except Exception as error:  # such as a missing attachment: the rest of the page is shown
            print(f"{task}: {error!r}", file=sys.stderr)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
