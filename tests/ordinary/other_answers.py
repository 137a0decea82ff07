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
    together : str
        The names of the tests, with blanks between them, that run together with the student's code;
        all others run apart.
    waits : mapping of tuple
        By name of a test, the numbers of answers, from 1, for which it waits for a person. There,
        points can be other than with stock nbgrader.
    solved : bool
        Whether the reference solution is one.
    """

    reference: str
    tests: Mapping[str, str]
    answers: tuple[str, ...]
    together: str = ""
    waits: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    solved: bool = True


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

SORTS_BY_HAND = """
def my_sort(xs):
    out = []
    for x in xs:
        place = sum(1 for y in out if y < x)
        out.insert(place, x)
    return out
"""

SORTS_BY_CALLING_OTHERS = """
def insert(xs, x):
    return [y for y in xs if y < x] + [x] + [y for y in xs if not y < x]

def my_sort(xs):
    return insert(my_sort(xs[1:]), xs[0]) if xs else []
"""

USES_SORTED = "def my_sort(xs):\n    return sorted(xs)"

PRINTS = """
def my_sort(xs):
    out = list(xs)
    out.sort()
    print(out)
    return out
"""

#: Tests replace what an answer must not use.
FORBIDDEN = Exercise(
    SORTS_BY_HAND,
    {
        "patch": """
from unittest.mock import patch
with patch("builtins.sorted", side_effect=AssertionError("do not use it")):
    assert my_sort([3, 1, 2]) == [1, 2, 3]""",
        "called": """
from unittest import mock as m
with m.patch("builtins.sorted") as forbidden:
    my_sort([2, 1])
assert not forbidden.called""",
        "print": """
import unittest.mock
with unittest.mock.patch("builtins.print") as printed:
    my_sort([2, 1])
printed.assert_not_called()""",
        "shadow": """
def sorted(*given):
    raise AssertionError("do not use it")
try:
    assert my_sort([3, 1, 2]) == [1, 2, 3]
finally:
    del sorted""",
        "assigned": "sorted = None\nassert my_sort([3, 1, 2]) == [1, 2, 3]\ndel sorted",
        "builtins": """
import builtins
old = builtins.sorted
builtins.sorted = None
try:
    assert my_sort([3, 1, 2]) == [1, 2, 3]
finally:
    builtins.sorted = old""",
        "setattr": """
import builtins
kept = sorted
setattr(builtins, "sorted", lambda *given: 1 / 0)
try:
    assert my_sort([3, 1, 2]) == [1, 2, 3]
finally:
    setattr(builtins, "sorted", kept)""",
        "monkeypatch": """
import builtins, pytest
with pytest.MonkeyPatch.context() as change:
    change.setattr(builtins, "sorted", lambda *given: 1 / 0)
    assert my_sort([3, 1, 2]) == [1, 2, 3]""",
        "helper": """
import builtins
def without(name, function, *given):
    kept = getattr(builtins, name)
    setattr(builtins, name, None)
    try:
        return function(*given)
    finally:
        setattr(builtins, name, kept)
assert my_sort([2, 1]) == [1, 2]""",
        "with-the-helper": "assert without('sorted', my_sort, [2, 1]) == [1, 2]",
        "plain": "xs = [2, 1]\nassert my_sort(xs) == [1, 2] and xs == [2, 1]",
        "recursion": """
solve = my_sort
def my_sort(xs):
    raise AssertionError("do not call yourself")
assert solve([3, 1, 2]) == [1, 2, 3]
my_sort = solve""",
    },
    (USES_SORTED, PRINTS, SORTS_BY_CALLING_OTHERS),
    "patch called print shadow assigned builtins setattr monkeypatch helper with-the-helper "
    "recursion",
)

KEEPS_TO_ITSELF = """
import numpy as np

def safe_log(x):
    x = np.asarray(x, float)
    return np.log(np.where(x > 0, x, 1))

def total(n):
    return n * (n + 1) // 2

def third():
    from decimal import Decimal
    return (Decimal(1) / 3).quantize(Decimal("0.001"))

def sample(n, seed):
    return np.random.default_rng(seed).normal(size=n)

def depth(n):
    return n.bit_length()
"""

LEAVES_TRACES = """
import numpy as np

def safe_log(x):
    x = np.asarray(x, float)
    return np.where(x > 0, np.log(x), 0)

def total(n):
    return n + total(n - 1) if n else 0

def third():
    from decimal import Decimal
    return Decimal(1) / 3

def sample(n, seed):
    np.random.seed(seed)
    return np.random.normal(size=n)

def depth(n):
    import decimal, logging, os, sys
    import matplotlib.pyplot as plt
    logging.getLogger("mine").warning("depth")
    os.environ["MINE"] = "1"
    sys.path.append("mine")
    decimal.getcontext().prec = 5
    open("mine.txt", "w").close()
    plt.figure()
    return n.bit_length()
"""

#: Tests set modes of a process, or look for what an answer leaves in it.
MODES = Exercise(
    KEEPS_TO_ITSELF,
    {
        "plain": "assert safe_log([1.0])[0] == 0 and total(100) == 5050",
        "errstate": """
import numpy as np
with np.errstate(all="raise"):
    assert safe_log([0, 1]).tolist() == [0, 0]""",
        "seterr": """
from numpy import seterr
old = seterr(all="raise")
try:
    safe_log([0.0])
finally:
    seterr(**old)""",
        "recursion-limit": """
import sys
old = sys.getrecursionlimit()
sys.setrecursionlimit(300)
try:
    assert total(1000) == 500500
finally:
    sys.setrecursionlimit(old)""",
        "decimal": """
import decimal
with decimal.localcontext() as context:
    context.prec = 3
    assert str(third()) == "0.333"
    context.prec = 6
    assert str(third()) == "0.333" """,
        "seeded": """
import numpy as np
np.random.seed(1)
first = np.random.rand()
np.random.seed(1)
sample(3, 0)
assert np.random.rand() == first""",
        "drawn": """
import numpy as np
np.random.seed(1)
x = np.abs(np.random.rand(3))
assert np.allclose(safe_log(x), np.log(x))""",
        "no-logs": """
import unittest
with unittest.TestCase().assertNoLogs():
    depth(5)""",
        "environment": "import os\ndepth(5)\nassert 'MINE' not in os.environ",
        "path": "import sys\nbefore = list(sys.path)\ndepth(3)\nassert sys.path == before",
        "no-file": "import os\ndepth(3)\nassert not os.path.exists('mine.txt')",
        "imports": "from pathlib import Path\nassert total(4) == 10",
        "no-file-in-folder": "assert not list(Path().glob('mine*'))",
        "precision": "import decimal\ndepth(1)\nassert decimal.getcontext().prec == 28",
        "figures": """
import matplotlib.pyplot as plt
depth(3)
assert not plt.get_fignums()""",
    },
    (LEAVES_TRACES,),
    "errstate seterr recursion-limit decimal seeded no-logs environment path no-file "
    "no-file-in-folder precision figures",
)

COUNTS_BY_HAND = """
def length(a, b):
    return (a * a + b * b) ** 0.5

def letters(text):
    return {c: text.count(c) for c in text}

def total(prices):
    return sum(prices)
"""

IMPORTS_NOTHING = """
def length(a, b):
    return math.sqrt(a * a + b * b)

def letters(text):
    return dict(Counter(text))

def total(prices):
    return np.sum(prices)
"""

USES_HELPERS = """
def length(a, b):
    found = math.hypot(a, b)
    assert near(found * found, a * a + b * b)
    return found

def letters(text):
    return Counter()

def total(p):
    return sum(prices)
"""

IMPORTS_ITS_OWN = """
from math import *
from collections import *

def length(a, b):
    return hypot(a, b)

def letters(text):
    return dict(Counter(text)) if near else {}

def total(prices):
    return math.fsum(prices)
"""

#: Answers rely on what only tests import or define.
BORROWED = Exercise(
    COUNTS_BY_HAND,
    {
        "length": """
import math
from collections import Counter, deque
assert math.isclose(length(3, 4), 5)
SMALL = 1e-9
def near(a, b):
    return abs(a - b) < SMALL
assert near(length(6, 8), 10)""",
        "below": "assert near(length(1, 1), math.sqrt(2))",
        "letters": "assert letters('aab') == {'a': 2, 'b': 1}",
        "total": "prices = [1, 2]\nassert total(prices) == 3",
        "hidden": """
assert length(0, 0) == 0
### BEGIN HIDDEN TESTS
import numpy as np
assert np.isclose(total([2, 2]), 4)
### END HIDDEN TESTS""",
    },
    (IMPORTS_NOTHING, USES_HELPERS, IMPORTS_ITS_OWN),
    waits={"length": (2,), "below": (2,), "total": (2,), "hidden": (1, 2), "letters": (3,)},
)

ROTATES_ARRAYS = """
import numpy as np
import sympy

def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])

def roots(p, q):
    x = sympy.Symbol("x")
    return sympy.solve(x**2 + p * x + q, x)
"""

ROTATES_MATRICES = """
import numpy as np
import sympy

def rotation(degrees):
    angle = np.deg2rad(degrees)
    return np.matrix([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

def roots(p, q):
    root = sympy.sqrt(p**2 - 4 * q)
    return [(root - p) / 2, int((-root - p) / 2)]
"""

ROTATES_THE_OTHER_WAY = """
import numpy as np

def rotation(degrees):
    angle = np.deg2rad(-degrees)
    return np.matrix([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

def roots(p, q):
    return [-p, q]
"""

#: Numbers of other classes than those of the reference solution, and tests that end in something to
#: look at.
CLASSES_OF_NUMBERS = Exercise(
    ROTATES_ARRAYS,
    {
        "product": """
import numpy as np
assert np.allclose(rotation(90) @ np.array([[1], [0]]), [[0], [1]])
assert np.allclose(rotation(30) @ rotation(60), rotation(90))
rotation(0).shape == (2, 2)""",
        "half": "assert np.allclose(rotation(180) / 2, [[-0.5, 0], [0, -0.5]])\n'The end.'",
        "roots": "assert sorted(roots(-5, 6)) == [2, 3]\nassert max(roots(1, -6)) == 2",
        "quiet": "assert len(roots(-5, 6)) == 2\nrotation(0)[0, 0];",
    },
    (ROTATES_MATRICES, ROTATES_THE_OTHER_WAY),
)

COUNTS_LINES = """
class Counts:
    def __init__(self, path):
        self.path = path

    def lines(self):
        with open(self.path) as file:
            return len(file.readlines())

    def __eq__(self, other):
        return self.lines() == other.lines()

counts = Counts("three.txt")
"""

COUNTS_ALWAYS_THREE = """
class Counts:
    def __init__(self, path):
        self.path = path

    def lines(self):
        return 3

counts = Counts("three.txt")
"""

#: The instructor has written no solution.
UNSOLVED = Exercise(
    "raise NotImplementedError()",
    {
        "prepares": """
with open("three.txt", "w") as file:
    file.write("1\\n2\\n3\\n")
with open("two.txt", "w") as file:
    file.write("1\\n2\\n")
assert counts.lines() == 3""",
        "value": "assert Counts('two.txt').lines() == 2",
        "kind": "assert isinstance(counts, Counts) and counts == Counts('three.txt')",
    },
    (COUNTS_LINES, COUNTS_ALWAYS_THREE),
    together="prepares value kind",
    solved=False,
)

EXERCISES = {
    "figures": FIGURES,
    "forbidden": FORBIDDEN,
    "modes": MODES,
    "borrowed": BORROWED,
    "classes-of-numbers": CLASSES_OF_NUMBERS,
    "unsolved": UNSOLVED,
}
