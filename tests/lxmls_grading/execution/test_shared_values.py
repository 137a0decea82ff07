"""A value that can be changed in place is one value for a test and the answer, as beside it."""

from __future__ import annotations

import contextlib

import pytest

from lxmls_grading.execution.failures import FaultyTest
from lxmls_grading.execution.remote import CannotJudge
from lxmls_grading.kernel import shared
from lxmls_grading.kernel.objects import INTERRUPTED
from tests.lxmls_grading.execution.test_hostile_objects import points
from tests.lxmls_grading.execution.test_remote import WORTH, cell, judge, points_beside, student

CHANGING = """
from collections import deque
def table(df):
    df["total"] = df["a"] + 1
    df.drop(index=0, inplace=True)
def series(s):
    s.iloc[0], s.name = 9, "other"
def increase(x): x += 1
def clear(x): x[:] = ""
def update(d): d["new"] = 1
def count(c): c.update("ab")
def fill(d): d["x"].append(1)
def nested(xs):
    xs[0]["a"].append(1)
    xs[1] += 5
def shift(m): m.append(m.pop(0))
def both(a, b):
    a.append(1)
    return b
def itself(xs): xs.append(xs)
def gradient(w): (w ** 2).sum().backward()
class Bag:
    def __init__(self, items): self.items = items
    def add(self, item): self.items.append(item)
    def __iadd__(self, item):
        self.items.append(item)
        return self
    def each(self):
        while self.items:
            yield self.items.pop()
matrix = [[0] * 2] * 2
import numpy as np, torch
class Weights:
    def __init__(self, w): self.w = w
    def increase(self): self.w += 1
    def view(self): return self.w[:]
    def flat(self): return self.w.reshape(-1)
    def detached(self): return self.w.detach()
    def fixed(self):
        view = self.w[:]
        view.flags.writeable = False
        return view
    def array(self): return self.w.detach().numpy()
    def row(self): return np.asmatrix(self.w)[0]
    def layers(self): return np.asmatrix(self.w)[None]
def growing(n):
    x = np.zeros(2)
    for _ in range(n):
        x += 1
        yield x[:]
"""

TESTS = {
    "a frame": "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\ntable(df)\n"
    "assert list(df.columns) == ['a', 'total'] and df.to_numpy().tolist() == [[2, 3]]",
    "a series": "import pandas as pd\ns = pd.Series([1, 2])\nseries(s)\n"
    "assert s.tolist() == [9, 2] and s.name == 'other'",
    "a view of an array": "import numpy as np\na = np.zeros((2, 2))\nrow = a[0]\nincrease(a)\n"
    "assert row.tolist() == [1, 1]",
    "a view of a tensor": "import torch\nt = torch.zeros(2)\npart = t[:1]\nincrease(t)\n"
    "assert part.tolist() == [1] and t.sum() == 2",
    "a gradient": "import torch\nw = torch.ones(2, requires_grad=True)\ngradient(w)\n"
    "assert w.grad.tolist() == [2, 2] and w.tolist() == [1, 1]",
    "an ordered dictionary": "from collections import OrderedDict\nd = OrderedDict(a=2)\n"
    "update(d)\nassert list(d.items()) == [('a', 2), ('new', 1)]",
    "a counter": "from collections import Counter\nc = Counter('a')\ncount(c)\n"
    "assert c == Counter('aab') and type(c) is Counter",
    "a defaultdict": "from collections import defaultdict\nd = defaultdict(list)\nfill(d)\n"
    "assert d == {'x': [1]} and d['y'] == []",
    "values in others": "import numpy as np\na, n = [], np.zeros(1)\nxs = [{'a': a}, n]\n"
    "nested(xs)\nassert a == [1] and n[0] == 5 and xs[0]['a'] is a and xs[1] is n",
    "the order of lists": "a, b = [1], [2]\nm = [a, b]\nshift(m)\n"
    "assert m == [[2], [1]] and a == [1] and m[0] is b",
    "one list twice": "xs = []\nassert both(xs, xs) == [1] and both(b=xs, a=xs) == [1, 1] == xs",
    "a list in itself": "xs = []\nitself(xs)\nassert len(xs) == 1 and xs[0] is xs",
    "a list that is kept": "xs = ['a']\nb = Bag(xs)\nb.add('b')\nassert xs == ['a', 'b']",
    "a list that two keep": "xs = []\na, b = Bag(xs), Bag(items=xs)\na.add(1)\n"
    "assert b.items == [1]",
    "a list that an operator changes": "xs = []\nb = Bag(xs)\nb += 2\nassert xs == [2]",
    "a list that a generator empties": "xs = [1, 2]\neach = Bag(xs).each()\nnext(each)\n"
    "assert xs == [1] and [*each] == [1] and xs == []",
    "a list of the answer": "b = Bag([])\nbefore = b.items\nb.add(1)\nassert before == [1]",
    "a list that is handed back": "b = Bag([1])\nboth(b.items, 0)\nassert b.items == [1, 1]",
    "a view of the answer's array": "w = Weights(np.zeros(2))\nbefore = w.view()\nw.increase()\n"
    "w.increase()\nassert before.tolist() == [2, 2]",
    "a view that is another shape": "w = Weights(np.zeros((2, 2)))\nbefore = w.flat()\n"
    "w.increase()\nassert before.tolist() == [1, 1, 1, 1]",
    "a view of a view": "w = Weights(np.zeros((2, 2))[:1])\nbefore = w.flat()[1:]\n"
    "w.increase()\nassert w.flat().sum() == 2",
    "views of a generator": "assert [x[0] for x in [*growing(3)]] == [3, 3, 3]",
    "a view of the answer's tensor": "w = Weights(torch.zeros(2))\nbefore = w.view()\n"
    "w.increase()\nassert before.tolist() == [1, 1]",
    "a detached tensor": "w = Weights(torch.zeros(2))\nbefore = w.detached()\nw.increase()\n"
    "assert before.tolist() == [1, 1]",
    "an array of a tensor": "w = Weights(torch.zeros(2))\nbefore = w.array()\nw.increase()\n"
    "assert before.tolist() == [1, 1]",
    "a view that the answer keeps": "data = np.zeros((2, 2))\nw = Weights(data[:, 0])\n"
    "w.increase()\nassert data.tolist() == [[1, 0], [1, 0]]",
    "an array that can only be read": "import pytest\na = np.zeros(2)\na.flags.writeable = False\n"
    "with pytest.raises(ValueError, match='read-only'):\n    increase(a)\n"
    "assert a.sum() == 0",
    "a text array that can only be read": "import pytest\na = np.array(['a', 'b'])\n"
    "a.setflags(write=False)\nwith pytest.raises(ValueError):\n    clear(a)",
    "an array of the answer that can only be read": "w = Weights(np.zeros(2))\nr = w.fixed()\n"
    "w.increase()\nassert r.tolist() == [1, 1] and not r.flags.writeable",
    "a matrix of NumPy": "m = np.asmatrix(np.zeros((2, 2)))\nrow = m[0]\nincrease(m)\n"
    "assert row.tolist() == [[1, 1]] and type(row * m) is np.matrix",
    "a view of the answer's matrix": "w = Weights(np.asmatrix(np.zeros((2, 2))))\n"
    "before = w.view()\nw.increase()\nassert before.tolist() == [[1, 1], [1, 1]]",
    "a row of a matrix of the answer's array": "w = Weights(np.zeros((2, 2)))\nbefore = w.row()\n"
    "w.increase()\nw.increase()\nassert before.tolist() == [[2, 2]]",
    "a matrix with a third dimension": "w = Weights(np.zeros((2, 2)))\nlayers = w.layers()\n"
    "w.increase()\nassert layers.shape == (1, 2, 2) and layers.sum() == 4",
    "rows of a matrix": "matrix[0][0] = 1\nassert matrix == [[1, 0], [1, 0]]",
}


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
def test_a_change_of_the_answer_is_seen_as_beside_it(test):
    assert points_beside(test, student(CHANGING)) == WORTH
    assert points(CHANGING, test, CHANGING) == WORTH


COUNTED = "def bump():\n    global count\n    count += 1\ncount = 0\n"
LOGGED = "log = []\ndef record(x):\n    log.append(x)\n"


@pytest.mark.parametrize(
    ("test", "reference", "other"),
    [
        (
            "assert count == 0\nbump()\nassert count == 1\nbump()\nassert count == 2",
            COUNTED,
            COUNTED,
        ),
        (
            "record(1)\nassert log == [1]\nrecord(2)\nassert log == [1, 2]",
            LOGGED,
            LOGGED.replace("log.append(x)", "global log\n    log = log + [x]"),
        ),
    ],
)
def test_a_name_that_the_answer_binds_anew_is_looked_up_again(test, reference, other):
    assert points_beside(test, student(other)) == WORTH
    assert points(other, test, reference) == WORTH


def test_a_value_stays_what_it_is_while_the_answer_does_not_run():
    """A hostile process could tell another one each time."""
    names = student("a = 3")
    told = judge(names)

    def ask(parts, honest=told.connection.ask):
        names["a"] += 1
        return honest(parts)

    told.connection.ask = ask
    assert told.run(cell("assert a == 4\nassert a == 4")).outputs == []


def test_what_nobody_can_reach_any_more_is_forgotten():
    names = student(f"{CHANGING}\ndef total(xs): return sum(xs)\ndef new(n): return [n]")
    beside = judge(names)
    test = "for n in range(50):\n    assert total([n]) == n and new(n) == [n] and Bag([n])"
    assert beside.run(cell(test)).outputs == []
    assert len(beside.connection.shared.values) < 4


def test_views_are_forgotten_with_what_they_are_views_of():
    """Only what the answer holds of its own is followed, and what the test holds."""
    names = student(f"""{CHANGING}
def fresh(n): return np.arange(n + 2).reshape(1, -1)
def part(n): return torch.zeros(3, n + 1)[:, 0]
def three(n):
    x = np.zeros(9)
    return [x[:3], x[3:6], x[6:]]
w = Weights(np.zeros(3))
""")
    beside = judge(names)
    test = """
for n in range(30):
    assert fresh(n)[0, 1] == 1 and part(n).sum() == 0 and len(three(n)) == 3
    assert w.view().shape == (3,) and w.flat()[0] == n
    w.increase()"""
    assert beside.run(cell(test)).outputs == []
    assert len(beside.connection.shared.values) < 8


def test_values_that_are_too_many_are_told_in_a_trial(monkeypatch):
    monkeypatch.setattr(shared, "MAX_FOLLOWED", 10)
    test = "lists = [[n] for n in range(20)]\nbags = [Bag(each) for each in lists]\nlen(bags)"
    with pytest.raises(FaultyTest, match="more values than can be followed"):
        judge(student(CHANGING), open=("test",)).run(cell(test))
    graded = judge(student(CHANGING)).run(cell(f"{test}\nbags[19].add(1)\nlists[19][1] + 1"))
    assert graded.outputs[0].data["text/plain"] == "2.0"


def test_rows_that_are_too_many_are_followed_with_what_holds_them(monkeypatch):
    monkeypatch.setattr(shared, "MAX_FOLLOWED", 10)
    answer = "rows = [{'n': n} for n in range(40)]\ndef change(): rows[0]['n'] = rows[39]['n'] = 7"
    test = "found = rows\nlen(found)\nchange()\nassert found[0] == found[39] == {'n': 7} == rows[0]"
    assert judge(student(answer), open=("test",)).run(cell(test)).outputs == []


def test_values_that_are_too_large_are_not_followed(monkeypatch):
    monkeypatch.setattr(shared, "MAX_BYTES", 1000)
    test = "import numpy as np\na = np.zeros(1000)\nb = Bag(a)\nincrease(a)\nassert a.sum() == 1000"
    assert judge(student(CHANGING)).run(cell(test)).outputs == []


def test_a_change_that_cannot_be_told_fails_the_test():
    answer = "def grow(xs): xs.extend('x' * 600_000 for _ in range(2))"
    (output,) = judge(student(answer)).run(cell("xs = []\ngrow(xs)")).outputs
    assert output.evalue.startswith("an argument was changed, and it holds a text")


def _rung(parts):
    raise CannotJudge("takes too long")  # what the alarm raises, in the midst of a message


@pytest.mark.parametrize(
    "lose",
    [lambda reply: [reply[0][:-1], reply[1]], lambda reply: [INTERRUPTED], _rung],
    ids=["a part is lost", "interrupted", "the alarm"],
)
def test_after_a_reply_that_is_not_read_both_sides_begin_anew(lose):
    """The student kernel would name the values in it by numbers that were never heard."""
    beside = judge(student(f"{CHANGING}\nbags = [Bag([1]), Bag([2])]\nfirst = bags[0].items"))
    honest = beside.connection.ask

    def ask(parts):
        reply = honest(parts)
        return lose(reply) if b'"first"' in parts[0] else reply

    beside.connection.ask = ask
    with contextlib.suppress(FaultyTest):
        (lost,) = beside.run(cell("first")).outputs
        assert lost.ename in ("ReplyError", "TimeoutError")
    test = "xs = [3]\nb = Bag(xs)\nb.add(4)\nassert xs == [3, 4] and bags[0].items == [1]"
    assert beside.run(cell(test)).outputs == []


def test_a_change_that_cannot_be_made_hides_no_other():
    answer = "def both(a, xs):\n    a.dtype = 'int64'\n    xs.append(1)\ndef add(xs): xs.append(2)"
    beside = judge(student(answer))
    (failed,) = beside.run(cell("import numpy as np\nxs = []\nboth(np.zeros(2), xs)")).outputs
    assert "has changed its size or its type" in failed.evalue
    assert beside.run(cell("assert xs == [1]\nadd(xs)\nassert xs == [1, 2]")).outputs == []


@pytest.mark.parametrize(
    ("old", "new"),
    [([1], {1}), (__import__("numpy").zeros(2), __import__("numpy").zeros(3))],
)
def test_a_value_of_another_type_or_shape_takes_no_place(old, new):
    with pytest.raises(shared.ReplyError):
        shared.overwrite(old, new)


def test_functions_of_python_can_be_replaced(monkeypatch):
    names = student(CHANGING)
    told = judge(names)

    def ask(parts, honest=told.connection.ask):
        with monkeypatch.context() as patch:
            for name in ("any", "all", "sum", "sorted"):
                patch.setattr(f"builtins.{name}", lambda *given, **named: True)
            return honest(parts)

    told.connection.ask = ask
    test = "xs = ['a']\nb = Bag(xs)\nb.add('b')\nassert xs == ['a', 'b'] and b.items == xs"
    assert told.run(cell(test)).outputs == []
