"""Closes figures of Matplotlib where a test cell ends that runs apart."""

from __future__ import annotations

import sys


def close_figures() -> None:
    """Close figures as the inline backend does after each cell, and show none of them.

    A test cell that runs apart is no cell in the student kernel. Without this, an answer that draws
    with pyplot would go on in the figure of an earlier test. As there, nothing is closed if nothing
    was drawn, if the student has set so, or in another backend.
    """
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is None or not inline.show._draw_called:
        return
    inline.show._to_draw, inline.show._draw_called = [], False
    if inline.InlineBackend.instance().close_figures:
        sys.modules["matplotlib.pyplot"].close("all")
