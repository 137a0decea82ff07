"""Lays texts of submissions out for pages, and gives up on those that take too long."""

from __future__ import annotations

import html
import json
import os
import select
import subprocess
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from lxmls_grading.feedback.harmless import SHOWN_TEXT, cut

#: Where this package is.
PACKAGES = Path(__file__).parents[2]

#: Seconds that one text may take, and all texts of a page together. A page of the course takes a
#: tenth of a second.
TEXT_SECONDS, PAGE_SECONDS = 3.0, 10.0

#: Seconds that the process has to start.
START_SECONDS = 60.0

#: Texts whose HTML is kept: all pages of a class have the same questions.
KEPT = 2000

#: What stands below a text that is shown as it is.
SHOWN_PLAIN = "Shown as it is: this text would take too long, or is too long, to be laid out."


class TooSlow(Exception):
    """A text takes too long, or cannot be laid out at all."""


class Renderer:
    """A process that lays texts out, started when it is needed, and again after it was ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def render(self, task: str, *arguments: Any, seconds: float) -> str:
        """Return a text as HTML.

        Parameters
        ----------
        task : str
            One of :data:`lxmls_grading.feedback.rendering.TASKS`.
        *arguments
            Of the task.
        seconds : float
            How long it may take.

        Raises
        ------
        TooSlow
            If it takes longer, or does not work.
        """
        with self._lock:
            try:
                if self._process is None or self._process.poll() is not None:
                    self._start()
                found = self._ask([task, arguments], seconds)
            except OSError as error:
                self.close()
                raise TooSlow(str(error)) from None
        if not isinstance(found, str):
            raise TooSlow("it cannot be laid out")
        return found

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> None:
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lxmls_grading.feedback.rendering"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The formgrader's working folder is the course, where a file could be called json.py.
            env={**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": str(PACKAGES)},
        )
        self._read(START_SECONDS)

    def _ask(self, request: Any, seconds: float) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return self._read(seconds)

    def _read(self, seconds: float) -> Any:
        """Return the next reply.

        Raises
        ------
        OSError
            If it does not come in time, or never.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        pipe, reply, end = self._process.stdout.fileno(), b"", time.monotonic() + seconds
        while not reply.endswith(b"\n"):
            if not select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("it takes too long")
            part = os.read(pipe, 2**16)
            if not part:
                raise BrokenPipeError("the process has ended")
            reply += part
        return json.loads(reply)


_renderer = Renderer()


@lru_cache(maxsize=KEPT)
def _laid_out(task: str, text: str, detail: str, seconds: float) -> str:
    return _renderer.render(task, text, json.loads(detail), seconds=seconds)


def _within_page(context: Context, task: str, text: str, detail: Any) -> str | None:
    """Return a text as HTML, or None where the text or its page takes too long."""
    if len(text) > SHOWN_TEXT:
        return None
    resources = context.get("resources")
    left = PAGE_SECONDS
    if isinstance(resources, dict):
        left = resources.setdefault("lxmls_nb_seconds_left", PAGE_SECONDS)
    if left <= 0:
        return None
    start = time.monotonic()
    try:
        return _laid_out(task, text, json.dumps(detail), TEXT_SECONDS)
    except TooSlow:
        if isinstance(resources, dict):
            resources["lxmls_nb_seconds_left"] = left - (time.monotonic() - start)
        return None


def _plain(text: str, classes: str = "") -> str:
    """Return HTML that shows a text as it is, and says so."""
    shown = f'<div class="{classes}"><pre>{html.escape(cut(text))}</pre></div>'
    return f"{shown}<p><em>{SHOWN_PLAIN}</em></p>"


@pass_context
def highlight_code(
    context: Context, source: str, language: str | None = None, metadata: object = None
) -> str:
    """Return code as HTML with colours: nbconvert's filter of that name, within bounds of time.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Of the page; it knows the notebook.
    source : str
    language : str, optional
        By default that of the notebook.
    metadata : object
        Of the cell; it changes nothing.
    """
    if not language:
        about = (context.get("nb") or {}).get("metadata", {}).get("language_info", {})
        language = about.get("pygments_lexer") or about.get("name") or "ipython3"
    found = _within_page(context, "highlight", source, str(language))
    return found if found is not None else _plain(source, " highlight")


@pass_context
def render_markdown(context: Context, source: str) -> str:
    """Return markdown as harmless HTML: nbconvert's ``markdown2html``, within bounds of time.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Of the page; it knows the cell.
    source : str
    """
    cell = context.get("cell") or {}
    found = _within_page(context, "markdown", source, cell.get("attachments") or {})
    return found if found is not None else _plain(source)
