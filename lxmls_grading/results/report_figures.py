"""The figures of a report, as SVG that stands in a page: it takes over the page's colours.

Matplotlib writes fixed colours and names. Colours are exchanged for variables of the page's style,
so that figures are read in light and dark; names are made unique in the page.
"""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lxmls_grading.results.gradebook import (
    FAILED,
    NOT_ATTEMPTED,
    NOT_RUN,
    PASSED,
    UNKNOWN,
    printable,
)

#: Colours that stand for variables of the page's style.
INK, LINE, PAPER = "#010101", "#020202", "#030303"
COLORS = {
    PASSED: "#040404",
    FAILED: "#050505",
    NOT_ATTEMPTED: "#060606",
    NOT_RUN: "#070707",
    UNKNOWN: "#080808",
}
VARIABLES = {INK: "--ink", LINE: "--line", PAPER: "--paper"} | {
    color: f"--{state.replace(' ', '-')}" for state, color in COLORS.items()
}

#: Inches. A page shows 96 pixels an inch, and less where there is less room.
WIDTH = 7.0

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: the page's font, to be searched and read aloud
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


def draw_totals(totals: Sequence[float], most: float) -> str:
    """Return the SVG of a histogram of totals.

    Parameters
    ----------
    totals : sequence of float
        At least one.
    most : float
        The points that there are.
    """
    edges = _edges(max(most, *totals))
    counts, _ = np.histogram(totals, edges)
    middle = float(np.median(totals))
    with mpl.rc_context(STYLE):
        figure, axes = _new_figure(2.7)
        axes.grid(axis="y")
        widths = np.diff(edges)
        axes.bar(edges[:-1], counts, widths, align="edge", color=COLORS[PASSED], edgecolor=PAPER)
        axes.axvline(middle, color=INK, linewidth=1.6)
        end = middle > edges[-1] / 2  # the label stays within the figure
        axes.annotate(
            f"median {middle:g}",
            (middle, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if end else 4, 2),
            textcoords="offset points",
            ha="right" if end else "left",
            va="bottom",
        )
        axes.set_xlim(0, edges[-1])
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel=f"total (of {most:g} points)", ylabel="submissions")
        parts = [
            f"{low:g} to {high:g} points: {count}"
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
            if count
        ]
        alt = (
            f"How many submissions have which total. {'; '.join(parts)}. The median is {middle:g}."
        )
        return _svg(figure, "totals", alt)


def _edges(most: float) -> np.ndarray:
    """Return the edges of at most 20 bars, at round numbers."""
    steps = (factor * power for power in (0.1, 1, 10, 100, 1000, 10_000) for factor in (1, 2, 5))
    step = next((step for step in steps if most <= 20 * step), most / 20)
    return step * np.arange(max(1, np.ceil(round(most / step, 6))) + 1)


def draw_tests(titles: Sequence[str], counts: Sequence[Counter[str]]) -> str:
    """Return the SVG of bars that show what became of each test.

    Parameters
    ----------
    titles : sequence of str
    counts : sequence of Counter
        Number of submissions by outcome, of each test.
    """
    titles = [printable(title, 40) for title in titles]
    states = [state for state in COLORS if any(count[state] for count in counts)]
    places = np.arange(len(titles))
    with mpl.rc_context(STYLE):
        figure, axes = _new_figure(0.9 + 0.29 * len(titles))
        left = np.zeros(len(titles))
        shares = np.array([[count[s] / max(1, count.total()) for s in states] for count in counts])
        for column, state in enumerate(states):
            width = 100 * shares[:, column]
            axes.barh(places, width, 0.72, left, color=COLORS[state], edgecolor=PAPER, label=state)
            left += width
        for place, count in enumerate(counts):
            share = 100 * count[PASSED] / max(1, count.total())
            axes.annotate(
                f"{share:.0f} %",
                (1, place),
                xycoords=("axes fraction", "data"),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(places, titles)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(titles) - 0.4, -0.6)  # the first one on top
        axes.set_xlim(0, 100)
        axes.set_xlabel("submissions (%); at the right, how many passed")
        figure.legend(loc="outside upper center", ncols=len(states), handlelength=1)
        parts = [
            f"{title}: {', '.join(f'{count[state]} {state}' for state in states if count[state])}"
            for title, count in zip(titles, counts, strict=True)
        ]
        return _svg(figure, "tests", f"What became of each test. {'; '.join(parts)}.")


def _new_figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot(axisbelow=True)
    axes.patch.set_visible(False)
    return figure, axes


def _svg(figure: Figure, name: str, alt: str) -> str:
    """Return a figure as an element of a page.

    Parameters
    ----------
    figure : Figure
    name : str
        Unique in the page.
    alt : str
        What the figure shows.
    """
    text = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.hashsalt": name}):  # else names in it are drawn at random
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    view = re.search(r'viewBox="([^"]*)"', svg)
    assert view is not None
    _, _, body = svg.partition(">")
    body = re.sub(r'\b(id="|(?:xlink:)?href="#|url\(#)', rf"\g<1>{name}-", body)
    body = body.replace("xlink:href", "href")
    for color, variable in VARIABLES.items():
        body = body.replace(color, f"var({variable})")
    return f'<svg viewBox="{view[1]}" role="img" aria-label="{html.escape(alt)}">{body}'
