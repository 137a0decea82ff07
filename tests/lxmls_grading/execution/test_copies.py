"""In a trial, a test that asks for more than copies of an answer's values cannot run apart."""

from __future__ import annotations

import pytest

from lxmls_grading.execution.failures import FaultyTest
from tests.lxmls_grading.execution.test_remote import cell, judge, student

BAG = """
class Bag:
    def __init__(self, items=()): self.own = list(items)
    def items(self): return list(self.own)
    def __len__(self): return len(self.own)
    def add(self, item): self.own.append(item)
    def me(self): return self
"""

#: What the test does with what the reference solution gives: the answer, the test, and the clause.
NEEDED = {
    "a row": ("m = [[0], [0]]", "m[0][0] = 1\nassert m == [[1], [0]]", "changes a value"),
    "a matrix": (
        "def grid(h, w): return [[0] * w for _ in range(h)]",
        "g = grid(2, 2)\ng[0][0] = 1\nassert g == [[1, 0], [0, 0]]",
        "changes a value",
    ),
    "a deep copy": (
        "import copy\ndef clone(m): return copy.deepcopy(m)",
        "m = [[1]]\nc = clone(m)\nc[0][0] = 9\nassert m[0][0] == 1",
        "changes a value",
    ),
    "a new list in each call": (
        "def fresh(): return []",
        "fresh().append(1)\nassert fresh() == []",
        "changes a value",
    ),
    "a copied row of an array": (
        "def row(a): return a[0].copy()",
        "import numpy as np\na = np.zeros((2, 2))\nrow(a)[0] = 9\nassert a[0, 0] == 0",
        "changes a value",
    ),
    "what an object keeps of an argument": (
        BAG,
        "xs = [1]\nb = Bag(xs)\nxs.append(2)\nassert len(b) == 1",
        "changes a value",
    ),
    "what an object hands out": (
        BAG,
        "b = Bag([1])\nb.items().append(2)\nassert len(b) == 1",
        "changes a value",
    ),
    "is": ("m = [[0], [0]]", "assert m[0] is not m[1]", "the same object"),
    "two calls": ("def fresh(): return []", "assert fresh() is not fresh()", "the same object"),
    "a method of its own": (
        "class A:\n    def f(self): ...\nclass B(A):\n    def f(self): ...",
        "assert B.f is not A.f",
        "a method of the answer",
    ),
    "id": ("m = [[], []]", "assert len({id(row) for row in m}) == 2", "the same object"),
    "memory": (
        "import numpy as np\na = np.zeros(2)\nb = a.copy()",
        "import numpy as np\nassert not np.shares_memory(a, b)",
        "the same object",
    ),
    "a view": (
        "import numpy as np\ndef view(a): return a[:1]",
        "import numpy as np\nassert view(np.zeros(2)).base is not None",
        "the same object",
    ),
    "a counter": (
        "from collections import Counter\ndef f(): return Counter('a')",
        "assert f() is not f()",
        "the same object",
    ),
    "unittest": (
        "def f(): return []",
        "import unittest\nunittest.TestCase().assertIsNot(f(), f())",
        "the same object",
    ),
    "a chain": (
        "def f(): return []",
        "a, b = f(), f()\nassert a is not b is not None",
        "the same object",
    ),
    "the last of many": (
        "rows = [[n] for n in range(25)]\ndef f(n): return rows[n][:]",
        "found = [f(n) for n in range(25)]\nfound[24].append(1)\nassert f(24) == [24]",
        "changes a value",
    ),
}

#: The same for what can be judged with copies.
FINE = {
    "one list that is sorted": ("def f(): return [2, 1]", "r = f()\nr.sort()\nassert r == [1, 2]"),
    "sorted": ("def f(): return [2, 1]", "assert sorted(f()) == [1, 2]\nassert len(f()) == 2"),
    "None": ("def f(): return None", "assert f() is None"),
    "a class of Python": ("def f(): return [1]", "assert type(f()) is list"),
    "an object of a class": (BAG, "b = Bag()\nb.add(1)\nb.add(2)\nassert len(b) == 2"),
    "the same object": (BAG, "b = Bag()\nassert b.me() is b\nassert Bag() is not b"),
    "an argument that the answer changes": (
        "def double(xs): xs *= 2",
        "xs = [1]\ndouble(xs)\nassert xs == [1, 1]\ndouble(xs)\nassert len(xs) == 4",
    ),
    "an argument that grows between calls": (
        "def mean(xs): return sum(xs) / len(xs)",
        "xs = []\nfor n in range(3):\n    xs.append(n)\n    assert mean(xs) == n / 2",
    ),
    "numerical gradients": (
        "def loss(w): return float((w ** 2).sum())",
        "import numpy as np\nw = np.ones(2)\nw[0] += 1e-5\nhigh = loss(w)\nw[0] -= 2e-5\n"
        "assert abs((high - loss(w)) / 2e-5 - 2) < 1e-4",
    ),
    "a type of torch": (
        "import torch\ndef f(): return torch.float32",
        "import torch\nassert f() is torch.float32",
    ),
    "an attribute of its own": (
        "class T:\n    def base(self): return 3",
        "assert T().base() == 3  # not numbers.base",
    ),
    "a function of Python": (
        "class A:\n    f = abs\nclass B(A): pass",
        "assert A.f is B.f\nassert id(3) == id(3)",
    ),
    "large arrays in many calls": (
        "import numpy as np\ndef f(n): return np.zeros((500, 500, 3))",
        "for n in range(50):\n    assert f(n).shape == (500, 500, 3)",
    ),
    "a list of the test's own": (
        "def f(n): return [n]",
        "found = []\nfor n in range(3):\n    found.append(f(n))\nassert found == [[0], [1], [2]]",
    ),
}


def tried(answer: str, test: str) -> list:
    names = student(answer)
    defined = tuple(name for name in names if not name.startswith("__"))
    return judge(names, trial=True, open=("test",), names=defined).run(cell(test)).outputs


@pytest.mark.parametrize("name", NEEDED)
def test_what_needs_the_objects_themselves_is_refused_in_a_trial(name):
    answer, test, clause = NEEDED[name]
    with pytest.raises(FaultyTest, match=clause):
        tried(answer, test)


@pytest.mark.parametrize("name", FINE)
def test_what_copies_suffice_for_is_not(name):
    assert tried(*FINE[name]) == []
