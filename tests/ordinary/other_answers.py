"""Answers that do it in another way than the reference solution, right or wrong.

Whether a test cell can run apart is tried with the reference solution. These cells are those where
that is not enough: some other answer would get other points than with stock nbgrader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exercise:
    """A notebook with one answer and its test cells.

    Attributes
    ----------
    reference : str
    tests : mapping of str
        The code of the test cells, by name.
    answers : tuple of str
        Other answers, each of another student.
    together : frozenset of str
        The names of the tests that run together with the student's code; all others run apart.
    waits : mapping of tuple
        By name of a test, the numbers of answers, from 1, for which it waits for a person. There,
        points can be other than with stock nbgrader.
    """

    reference: str
    tests: Mapping[str, str]
    answers: tuple[str, ...]
    together: frozenset[str] = frozenset()
    waits: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


DRAWS_AX = """
import matplotlib.pyplot as plt

def draw(x, y):
    fig, ax = plt.subplots()
    ax.plot(x, y)
    return ax

fig, mine = plt.subplots()
mine.plot([1], [2])
"""

DRAWS_WITH_PYPLOT = """
import matplotlib.pyplot as plt

def draw(x, y):
    plt.plot(x, y)
    return plt.gca()

plt.plot([1], [2])
mine = plt.gca()
"""

DRAWS_WITH_PANDAS = """
import pandas as pd
import matplotlib.pyplot as plt

def draw(x, y):
    return pd.Series(y, index=x).plot()

mine = draw([1], [2])
"""

LEAVES_FIGURES_OPEN = """
%config InlineBackend.close_figures = False
import matplotlib.pyplot as plt

def draw(x, y):
    plt.plot(x, y)
    return plt.gca()

mine = draw([1], [2])
"""

#: Figures are closed after each cell.
FIGURES = Exercise(
    DRAWS_AX,
    {
        "first": "ax = draw([1, 2], [3, 4])\nassert list(ax.lines[0].get_ydata()) == [3, 4]",
        "second": "ax = draw([5, 6], [7, 8])\nassert len(ax.lines) == 1",
        "twice": "draw([1], [1])\nassert len(draw([5, 6], [7, 8]).lines) == 1",
        "last": "assert len(draw([1, 2], [7, 8]).lines) == 1\nassert len(mine.lines) == 1",
    },
    (DRAWS_WITH_PYPLOT, DRAWS_WITH_PANDAS, LEAVES_FIGURES_OPEN),
)

EXERCISES = {"figures": FIGURES}
