"""Where the reference gives a plain value, what is equal to it by the same rules is as right."""

from __future__ import annotations

import pandas
import pytest
import torch

from lxmls_grading.execution.failures import FaultyTest
from lxmls_grading.execution.plan import TestPlan
from lxmls_grading.kernel import objects
from lxmls_grading.kernel.objects import OPERATIONS
from tests.lxmls_grading.execution.test_remote import (
    WORTH,
    cell,
    decided,
    judge,
    points_apart,
    points_beside,
    student,
)

NAMED = "from collections import namedtuple\nPoint = namedtuple('Point', 'x y')\n"

#: The test, the reference solution's value, and the code of another answer.
EQUAL = {
    "a named tuple": ("assert f() == (1, 2)", "(1, 2)", f"{NAMED}def f(): return Point(1, 2)"),
    "on the right": ("assert (1, 2) == f()", "(1, 2)", f"{NAMED}def f(): return Point(1, 2)"),
    "in a list": ("assert f() == [(1, 2)]", "[(1, 2)]", f"{NAMED}def f(): return [Point(1, 2)]"),
    "a defaultdict": (
        "assert f() == {'a': 1}",
        "{'a': 1}",
        "from collections import defaultdict\n"
        "def f():\n    d = defaultdict(lambda: 0)\n    d['a'] += 1\n    return d",
    ),
    "a series with categories": (
        "assert f()['b'] == 2 and f().sum() == 3 and list(f().index) == ['a', 'b']",
        "__import__('pandas').Series([1, 2], ['a', 'b'])",
        "import pandas as pd\ndef f(): return pd.Series([1, 2], pd.CategoricalIndex(['a', 'b']))",
    ),
    "an array of one complex number": (
        "assert f() == 1 + 2j and abs(f().imag - 2) < 1e-9",
        "1 + 2j",
        "import numpy as np\ndef f(): return np.array(1 + 2j)",
    ),
    "a masked array without a mask": (
        "assert f().mean() == 2 and f()[0] == 1",
        "__import__('numpy').array([1.0, 3.0])",
        "import numpy as np\ndef f(): return np.ma.array([1.0, 3.0])",
    ),
    "an array of pandas": (
        "import numpy as np\nassert np.array(f(), float).sum() == 3",
        "[1, 2]",
        "import pandas as pd\ndef f(): return pd.array([1, 2], dtype='Float64')",
    ),
    "an image": (
        "import numpy as np\nassert np.asarray(f()).shape == (2, 4, 3)",
        "__import__('numpy').zeros((2, 4, 3))",
        "from PIL import Image\ndef f(): return Image.new('RGB', (4, 2))",
    ),
    "a parameter": (
        "import torch\nw = f()\nassert torch.equal(w, torch.ones(2)) and w.sum() == 2\n"
        "assert torch.stack([w, w]).shape == (2, 2) and w.abs().max() == 1 and len(w) == 2\n"
        "assert torch.isfinite(input=w).all() and isinstance(w, torch.Tensor)",
        "__import__('torch').ones(2)",
        "import torch\ndef f(): return torch.nn.Parameter(torch.ones(2))",
    ),
    "a named tuple of PyTorch": (
        "import torch\nassert f() == (torch.tensor(3.0), torch.tensor(1))",
        "tuple(map(__import__('torch').tensor, (3.0, 1)))",
        "import torch\ndef f(): return torch.max(torch.tensor([1.0, 3.0]), 0)",
    ),
    "some numbers of a library": (
        "x = f()\nassert sorted(x) == [2, 3] and max(x) == 3 and min(x) == 2 and x[0] >= x[1]",
        "[__import__('sympy').Integer(3), __import__('sympy').Integer(2)]",
        "import sympy\ndef f(): return [3, sympy.Integer(2)]",
    ),
    "changes of a dictionary of its own": (
        "d = f()\nd.update(b=2)\nassert d.pop('a') == 1 and d == {'b': 2}\nd.clear()\nassert not d",
        "{'a': 1}",
        "class Own(dict): pass\ndef f(): return Own(a=1)",
    ),
    "changes of a list of its own": (
        "x = f()\nx.append(4)\nx.remove(1)\nx.sort(reverse=True)\n"
        "assert x == [4, 2] and x.pop() == 2 and len(x) == 1",
        "[1, 2]",
        "class Own(list): pass\ndef f(): return Own([1, 2])",
    ),
    "keys": ("assert f() & {'a'} == {'a'}", "{'a'}", "def f(): return {'a': 1}.keys()"),
    "an enumeration": (
        "assert f() == 200",
        "200",
        "from http import HTTPStatus\ndef f(): return HTTPStatus.OK",
    ),
    "a proxy": (
        "assert f() == {'a': 1}",
        "{'a': 1}",
        "import types\ndef f(): return types.MappingProxyType({'a': 1})",
    ),
    "a list of its own": (
        "assert f() + [3] == [1, 2, 3]",
        "[1, 2]",
        "class Own(list): pass\ndef f(): return Own([1, 2])",
    ),
    "a text of its own": (
        "assert f().startswith('a')\nassert f() == 'ab'",
        "'ab'",
        "class Own(str): pass\ndef f(): return Own('ab')",
    ),
    "a dictionary of its own": (
        "assert f().get('b') is None",
        "{'a': 1}",
        "class Own(dict): pass\ndef f(): return Own(a=1)",
    ),
    "a wrapped dictionary": (
        "d = f()\nassert {'a': 1} == d == {'a': 1} and list(d.items()) == [('a', 1)]\n"
        "assert d | {'b': 2} == {'a': 1, 'b': 2} and d.get('b') is None and d['a'] == 1",
        "{'a': 1}",
        "from collections import UserDict\ndef f(): return UserDict(a=1)",
    ),
    "a wrapped list": (
        "x = f()\nassert x == [1, 2] and x + [3] == [1, 2, 3] and x[:1] == [1] and 2 in x\n"
        "assert x.index(2) == 1",
        "[1, 2]",
        "from collections import UserList\nclass Own(UserList): pass\ndef f(): return Own([1, 2])",
    ),
    "a wrapped list that is empty": (
        "assert not f()",
        "[]",
        "from collections import UserList\ndef f(): return UserList()",
    ),
    "a key of a dictionary": (
        "assert {200: 'fine'}[f()] == 'fine' and f() in {200} and {f(): 1} == {200: 1}",
        "200",
        "from http import HTTPStatus\ndef f(): return HTTPStatus.OK",
    ),
    "a tuple in a set": (
        "assert {(1, 2), (3, 4)} == {f(), (3, 4)} and {(1, 2): 5}.get(f()) == 5",
        "(1, 2)",
        f"{NAMED}def f(): return Point(1, 2)",
    ),
    "a set of tuples": (
        "assert f() == {(1, 2)} and (1, 2) in f()",
        "{(1, 2)}",
        f"{NAMED}def f(): return {{Point(1, 2)}}",
    ),
    "a dictionary of members": (
        "assert f()[200] == 1 and f() == {200: 1}",
        "{200: 1}",
        "from http import HTTPStatus\ndef f(): return {HTTPStatus.OK: 1}",
    ),
    "what JSON writes": (
        'import json\nassert json.dumps(f(), sort_keys=True) == \'{"a": 1, "b": [2]}\'',
        "{'b': [2], 'a': 1}",
        "class Own(dict):\n    def __missing__(self, key): return 0\nclass Items(list): pass\n"
        "def f(): return Own(a=1, b=Items([2]))",
    ),
    "a time of pandas": (
        "import datetime\nassert f() == datetime.datetime(2024, 1, 2)",
        "__import__('datetime').datetime(2024, 1, 2)",
        "import pandas as pd\ndef f(): return pd.Timestamp(2024, 1, 2)",
    ),
    "a member for functions in C": (
        "import copy, datetime, decimal, math, numpy as np\nn = f()\n"
        "assert np.allclose(n, 3) and np.array([n]).dtype == np.array([3]).dtype\n"
        "assert datetime.timedelta(n).days == decimal.Decimal(n) == math.gcd(n, 6) == 3\n"
        "assert np.sqrt(n) == 3**0.5 and copy.deepcopy([n]) == [3] and isinstance(n, int)",
        "3",
        "import enum\nclass Three(enum.IntEnum):\n    three = 3\ndef f(): return Three.three",
    ),
    "a text for functions in C": (
        "import io, json, re\nt = f()\nassert re.match('a', t) and json.loads(json.dumps(t)) == t\n"
        "assert 'xaby'.split(t) == ['x', 'y'] and t in 'cab' and int(t, 16) == 171\n"
        "assert io.StringIO(t).read() == 'ab' and f'{t:>3}' == ' ab' and t.upper() == 'AB'",
        "'ab'",
        "import enum\nclass Text(enum.StrEnum):\n    ab = 'ab'\ndef f(): return Text.ab",
    ),
    "one member": (
        "x, y = f(), f()\nassert x is y and len({id(each) for each in [x, y]}) == 1",
        "3",
        "import enum\nclass Three(enum.IntEnum):\n    three = 3\ndef f(): return Three.three",
    ),
    "what libraries make another of": (
        "import dataclasses\n@dataclasses.dataclass\nclass Holds:\n    it: tuple\n"
        "assert dataclasses.asdict(Holds(f())) == {'it': (1, 2)}",
        "(1, 2)",
        f"{NAMED}def f(): return Point(1, 2)",
    ),
    "a long text": (
        "import re\nassert f() in {'ab' * 500: 1} and re.fullmatch('(ab)+', f())",
        "'ab' * 500",
        "class Own(str): pass\ndef f(): return Own('ab' * 500)",
    ),
    "a mean": (
        "import statistics\nassert statistics.mean([f(), f()]) == 0.5",
        "0.5",
        "class Own(float): pass\ndef f(): return Own(0.5)",
    ),
    "a number for PyTorch": (
        "import torch\nassert torch.zeros(f()).shape == (2,) and (torch.ones(2) * f()).sum() == 4",
        "2",
        "class Own(int): pass\ndef f(): return Own(2)",
    ),
    "a named tuple in a pattern": (
        "match f():\n    case (a, b): assert (a, b) == (1, 2)\n    case _: raise AssertionError",
        "(1, 2)",
        f"{NAMED}def f(): return Point(1, 2)",
    ),
    "an ordered dictionary of its own": (
        "d = f()\nd.move_to_end('a')\nassert d.popitem(last=False) == ('b', 2) and len(d) == 1",
        "__import__('collections').OrderedDict(a=1, b=2)",
        "from collections import OrderedDict\nclass Own(OrderedDict): pass\n"
        "def f(): return Own(a=1, b=2)",
    ),
    "a counter of its own": (
        "c = f()\nassert c == {'a': 2, 'b': 1} and c.most_common(1) == [('a', 2)]\n"
        "c.subtract('aa')\nassert c['a'] == 0 and c['x'] == 0",
        "__import__('collections').Counter('aab')",
        "from collections import Counter\nclass Own(Counter): pass\ndef f(): return Own('aab')",
    ),
    "a deque of its own": (
        "d = f()\nd.rotate(1)\nd.append(4)\nassert list(d) == [1, 2, 4] and d.maxlen == 3 and d",
        "__import__('collections').deque([1, 2, 3], 3)",
        "from collections import deque\nclass Own(deque): pass\ndef f(): return Own([1, 2, 3], 3)",
    ),
    "dictionaries in a chain": (
        "assert f() == {'a': 1, 'b': 2} and f() | {'a': 3} == {'a': 3, 'b': 2}",
        "{'a': 1, 'b': 2}",
        "from collections import ChainMap\ndef f(): return ChainMap({'a': 1}, {'a': 5, 'b': 2})",
    ),
    "changes in place": (
        "x = y = f()\nx += [3]\nx *= 2\nassert x is y and y == [1, 3, 1, 3] == x",
        "[1]",
        "class Own(list): pass\ndef f(): return Own([1])",
    ),
    "changes in place of a dictionary": (
        "x = f()\nx |= {'b': 2}\nassert x.setdefault('c', 3) == 3 and x.setdefault('a', 5) == 1\n"
        "assert x == {'a': 1, 'b': 2, 'c': 3}",
        "{'a': 1}",
        "from collections import defaultdict\n"
        "def f():\n    d = defaultdict(lambda: 0)\n    d['a'] += 1\n    return d",
    ),
    "copies": (
        "import copy\nx = f()\ny, z = copy.copy(x), copy.deepcopy([x])\ny.append(2)\n"
        "z[0].append(3)\nassert x == [1] and y == [1, 2] and z == [[1, 3]]",
        "[1]",
        "class Own(list): pass\ndef f(): return Own([1])",
    ),
    "what is always true": (
        "import unittest\nassert f() and f() != 5 and f() != 'x'\nif not f(): raise ValueError\n"
        "unittest.TestCase().assertTrue(f())\n"
        "assert hasattr(f(), '__iter__') and list(f()) == [1]\n"
        "assert not hasattr(f(), 'shape')",
        "[1]",
        "def f(): yield 1",
    ),
    "a class": (
        "assert type(f()) != str and type(f()) not in (dict, set)",
        "[1]",
        "class Own(list): pass\ndef f(): return Own([1])",
    ),
    "a path": (
        "import os\nassert f() and os.path.basename(f()) == 'b.txt'\n"
        "assert os.fspath(f()) == 'a/b.txt'",
        "'a/b.txt'",
        "from pathlib import Path\ndef f(): return Path('a/b.txt')",
    ),
    "a dictionary in an array": (
        "import numpy as np\nassert np.array([f(), {'b': 2}]).tolist() == [{'a': 1}, {'b': 2}]\n"
        "assert np.ndim(f()) == 0 and np.array_equal(f(), {'a': 1})",
        "{'a': 1}",
        "class Own(dict): pass\ndef f(): return Own(a=1)",
    ),
    "numbers that are more exact": (
        "import numpy as np\nx = f()\nnp.testing.assert_allclose(x, [0.5, 1.5])\n"
        "assert x[1] > 1 and x.sum() == 2 and x.mean() == 1 and (x * 2).tolist() == [1, 3]",
        "__import__('numpy').array([0.5, 1.5])",
        "import numpy as np\ndef f(): return np.array([0.5, 1.5], dtype=np.longdouble)",
    ),
    "a missing value": (
        "import pandas as pd\nassert pd.isna(f()) and pd.isna([f()]).all() and f() != 5",
        "None",
        "import pandas as pd\ndef f(): return pd.NaT",
    ),
    "a view of bytes": (
        "assert f() == b'ab' and f()[0] == 97 and bytes(f()) == b'ab' and f()[1:] == b'b'",
        "b'ab'",
        "def f(): return memoryview(b'ab')",
    ),
    "complex numbers that are not finite": (
        "import numpy as np\nx, y = f()\nassert x.real == 1 and np.isnan(x.imag)\n"
        "assert y.real == 2 and np.isinf(y.imag)",
        "__import__('numpy').array([complex(1, float('nan')), complex(2, float('inf'))])",
        "import numpy as np\ndef f(): return np.array([1, 2]) + 1j * np.array([0, 0]) + [\n"
        "    complex(0, np.nan), complex(0, np.inf)]",
    ),
    "complex tensors": (
        "import torch\nx = f()\nassert torch.equal(x.real, torch.ones(2)) and x.abs().sum() > 2\n"
        "torch.testing.assert_close(x, torch.ones(2) + 1j, check_dtype=False)",
        "__import__('torch').ones(2) + 1j",
        "import torch\ndef f(): return (torch.ones(2).to(torch.complex128) - 1j).conj()",
    ),
    "methods of Python's own names": (
        "x = f()\nassert x.__len__() == 2 and hasattr(x, '__iter__')\n"
        "assert list(x.__iter__()) == [1, 2]",
        "[1, 2]",
        "def f(): return {0: 1, 1: 2}.values()",
    ),
    "an array of pandas in arithmetic": (
        "import numpy as np\nx = f()\nassert (x == np.array([1, 2])).all() and (x + 1).sum() == 5",
        "__import__('numpy').array([1, 2])",
        "import pandas as pd\ndef f(): return pd.Series([1, 2], dtype='Int64').array",
    ),
    "a matrix": (
        "import numpy as np\nassert np.allclose(f(), np.eye(2))\nassert (f() == np.eye(2)).all()",
        "__import__('numpy').eye(2)",
        "import numpy as np\ndef f(): return np.matrix(np.eye(2))",
    ),
    "products of matrices": (
        "import numpy as np\np, q = f()\na = np.array([[1, 2], [3, 4]])\n"
        "assert np.allclose(p @ q @ a, a) and np.allclose(a.T @ p, a.T) and (q / 2).sum() == 1",
        "(__import__('numpy').eye(2), __import__('numpy').eye(2))",
        "import numpy as np\ndef f(): return np.matrix(np.eye(2)), np.asmatrix(np.eye(2))",
    ),
    "the bytes of a matrix": (
        "import hashlib\nassert hashlib.sha1(f()).digest() == hashlib.sha1(bytes(32)).digest()",
        "__import__('numpy').zeros((2, 2))",
        "import numpy as np\ndef f(): return np.matrix(np.zeros((2, 2)))",
    ),
}

#: Answers that decide by themselves what they are equal to, or are something else.
WRONG = {
    "a list from which anything can be removed": (
        "x = f()\nx.remove(7)\nassert len(x) == 0",
        "[7]",
        "class Own(list):\n    def remove(self, value): self.clear()\ndef f(): return Own([1])",
    ),
    "a list that gives away what is right": (
        "x = f()\nassert x.pop() == 3 and x.pop(0) == 1",
        "[1, 2, 3]",
        "class Own(list):\n    def pop(self, *place): return 1 if place else 3\n"
        "def f(): return Own([0, 0])",
    ),
    "no leaf": (
        "w = f()\nassert w.requires_grad and w.is_leaf and w.grad_fn is None",
        "__import__('torch').ones(2, requires_grad=True)",
        "import torch\ndef f(): return torch.ones(2, requires_grad=True) * 1",
    ),
    "no hash": (
        "assert {f(): 1} and f() in {f()}",
        "'a'",
        "class Own:\n    def __eq__(self, other): return True\ndef f(): return Own()",
    ),
    "another value": ("assert f() == (1, 3)", "(1, 3)", f"{NAMED}def f(): return Point(1, 2)"),
    "its own equality": (
        "assert f() == 5",
        "5",
        "class Own(int):\n    def __eq__(self, other): return True\ndef f(): return Own(4)",
    ),
    "its own metaclass": (
        "assert f() == 5",
        "5",
        "class Meta(type):\n    __eq__ = int.__eq__\n    __hash__ = type.__hash__\n"
        "class Own(int, metaclass=Meta):\n    def __eq__(self, other): return True\n"
        "def f(): return Own(4)",
    ),
    "the equality of a class beside it": (
        "assert f() == 5",
        "5",
        "class All:\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "class Own(All, int): pass\ndef f(): return Own(4)",
    ),
    "its own hash": (
        "assert {5: 'x'}.get(f()) == 'x'",
        "5",
        "class Own(int):\n    def __hash__(self): return hash(5)\ndef f(): return Own(4)",
    ),
    "its own equality in a wrapper": (
        "assert f() == [5]",
        "[5]",
        "from collections import UserList\nclass Own(UserList):\n"
        "    def __eq__(self, other): return True\ndef f(): return Own([4])",
    ),
    "keys as an array": (
        "import numpy as np\nassert np.array_equal(f(), [0, 2])",
        "[0, 2]",
        "def f(): return {0: 0, 2: 0}.keys()",
    ),
    "what JSON cannot write": (
        "import json\nassert json.dumps(f()) == '{\"a\": 1}'",
        "{'a': 1}",
        "from collections import UserDict\ndef f(): return UserDict(a=1)",
    ),
    "a product of a matrix": (
        "assert (f() * f() == 1).all()",
        "__import__('numpy').ones((2, 2))",
        "import numpy as np\ndef f(): return np.matrix(np.ones((2, 2)))",
    ),
    "its own operator": (
        "assert f() % 1 == 'zz'",
        "'zz%.0s'",
        "class Own(str):\n    def __mod__(self, other): return 'zz'\ndef f(): return Own('a')",
    ),
    "its own items": (
        "assert f() == [1]",
        "[1]",
        "class Own(list):\n    def __iter__(self): return iter([1])\ndef f(): return Own([4])",
    ),
    "its own method": (
        "assert f().startswith('b')",
        "'b'",
        "class Own(str):\n    def startswith(self, text): return True\ndef f(): return Own('a')",
    ),
    "a method that changes it": (
        "x = f()\nx.append(1)\nassert x == [1]",
        "[]",
        "class Own(list):\n    def append(self, item): pass\ndef f(): return Own()",
    ),
}


#: Objects that only their own code can use.
GIVEN_BACK = {
    "a named tuple": (
        "p = f()\nassert p[0] == 1 and g(p) == 3",
        f"{NAMED}def f(): return Point(1, 2)\ndef g(p): return p.x + p.y",
    ),
    "a member": (
        "assert g(f()) == 3",
        "import enum\nclass Own(enum.IntEnum):\n    three = 3\n"
        "def f(): return Own.three\ndef g(n): return int(n.name == 'three') * 3",
    ),
}


@pytest.mark.parametrize("name", GIVEN_BACK)
def test_an_answer_gets_back_its_own_object(name):
    test, answer = GIVEN_BACK[name]
    reference = "def f(): return (1, 2)\ndef g(p): return 3"
    plan = TestPlan(decides=decided(test, reference, names=("f", "g")), passes=True)
    tests = {"test": plan}
    assert points_apart(test, student(answer), names=("f", "g"), tests=tests) == WORTH


def points(test: str, value: str, answer: str) -> float:
    reference = f"def f(): return {value}"
    assert points_apart(test, student(reference), names=("f",)) == WORTH
    plan = TestPlan(decides=decided(test, reference, names=("f",)), passes=True)
    return points_apart(test, student(answer), names=("f",), tests={"test": plan})


@pytest.mark.parametrize("name", EQUAL)
def test_what_compares_as_the_plain_value_gets_the_points_of_one_process(name):
    test, _, answer = EQUAL[name]
    assert points(*EQUAL[name]) == points_beside(test, student(answer)) == WORTH


@pytest.mark.parametrize("name", WRONG)
def test_what_decides_by_itself_gets_none(name):
    assert points(*WRONG[name]) == 0


W = """
import torch
class Own(torch.nn.Parameter): pass
w = Own(torch.tensor([-1.0, 2.0]))
"""

#: What PyTorch does with a tensor, and changes in it.
CHANGES = {
    "in place": "torch.nn.functional.relu(w, inplace=True)\nassert w[0] == -1",
    "into itself": "torch.neg(w, out=w)",
    "of a list": "torch._foreach_add_([w], 1)",
    "a gradient": "torch.mul(w, 2).sum().backward()\nassert w.grad is None",
    "another gradient": "torch.autograd.grad(torch.clone(w).sum(), [w])",
}


@pytest.mark.parametrize("code", CHANGES.values(), ids=CHANGES)
def test_pytorch_gets_no_copy_of_a_tensor_of_a_class_of_its_own(code):
    with pytest.raises(FaultyTest, match="has a function of PyTorch take an object"):
        judge(student(W)).run(cell(f"import torch\n{code}"))


@pytest.mark.parametrize("before", ["", "with torch.no_grad():\n    "], ids=["", "without grad"])
@pytest.mark.parametrize("code", CHANGES.values(), ids=CHANGES)
def test_a_parameter_is_one_apart(code, before):
    answer = "import torch\nw = torch.nn.Parameter(torch.tensor([-1.0, 2.0]))"
    test = "import torch\n" + before + code.replace("\n", "\n    " if before else "\n")
    assert points_apart(test, student(answer)) == points_beside(test, student(answer))


MODEL = """
import torch
model = torch.nn.Linear(2, 1)
def train():
    model(torch.ones(2)).backward()
    with torch.no_grad():
        model.weight -= model.weight.grad
def total(): return float(model.weight.sum())
def fresh(n): return torch.nn.Parameter(torch.zeros(n))
"""


def test_the_parameters_of_a_module_are_the_values_that_it_has():
    beside = judge(student(MODEL))
    test = """
import torch
w = model.weight
before = w.clone()
train()
assert torch.equal(w, before - 1) and w.grad.tolist() == [[1, 1]] and isinstance(w, torch.Tensor)
assert [p.shape for p in model.parameters()] == [(1, 2), (1,)] and model.weight is w
model.weight = torch.nn.Parameter(torch.full((1, 2), 3.0))
assert total() == 6 and type(model.weight) is torch.nn.Parameter and model.weight.requires_grad
for n in range(30):
    assert len(fresh(n + 1)) == n + 1"""
    assert beside.run(cell(test)).outputs == []
    assert len(beside.connection.shared.values) < 8


@pytest.mark.parametrize(
    "change",
    [
        "with torch.no_grad():\n    model.weight.fill_(1)",
        "torch.nn.init.ones_(model.weight)",
        "model.weight.requires_grad_(False)",
        "model.weight.grad = None\nmodel.weight.sum().backward()",
        "s = torch.optim.SGD(model.parameters(), lr=1)\nmodel(torch.ones(2)).backward()\ns.step()",
        "p = [*model.parameters()]\ns = torch.optim.SGD(p, lr=1)\n(p[0] + p[1]).sum().backward()\n"
        "s.step()",
    ],
)
def test_a_trial_notices_what_a_test_changes_of_a_module(change):
    test = f"import torch\nw = model.weight\n{change}\nassert total() is not None"
    told = judge(student(MODEL), open={"test"})
    with pytest.raises(FaultyTest, match="has a copy apart"):
        told.run(cell(test))


def test_pytorch_takes_numbers_for_what_they_are():
    answer = "from http import HTTPStatus\ndef f(): return HTTPStatus.OK"
    test = "import torch\nassert torch.add(torch.ones(1), f()) == 201"
    assert points(test, "200", answer) == points_beside(test, student(answer)) == WORTH


def test_pytorch_never_takes_an_object_for_a_tensor():
    """It would read the memory of the stand-in, and the process could end."""
    told = judge(student(W))
    for code in ("t.copy_(w)", "t + w", "torch.stack([w])", "t.add_(w)", "t[0] = w", "t.matmul(w)"):
        with pytest.raises(FaultyTest, match="PyTorch take an object"):
            told.run(cell(f"import torch\nt = torch.zeros(2)\n{code}"))
    told.run(cell("kept = w"))
    assert not isinstance(told.namespace["kept"], torch.Tensor)
    told = judge(student("import torch\ng = torch.Generator()\nm = torch.nn.Linear(1, 1)"))
    (failed,) = told.run(cell("import torch\nkept = g, m\ntorch.rand(2, generator=g)")).outputs
    assert failed.ename == "NotPlainError"
    generator, module = told.namespace["kept"]
    assert not isinstance(generator, torch.Generator)
    assert isinstance(module, torch.nn.Module)


def test_a_number_stays_what_it_was(monkeypatch):
    """A hostile process could tell another one each time."""
    test = "a, b = f()\nassert a * b == 21\nassert 1 < a < 21 and 1 < b < 21"
    told = [21, 1, 2, 2]
    monkeypatch.setitem(OPERATIONS, "plain", lambda value: told.pop(0))
    monkeypatch.setattr(objects, "plain_key", lambda value: None)
    answer = "class Own(int): pass\ndef f(): return Own(1), Own(2)"
    assert points(test, "(3, 7)", answer) == 0
    assert told == [2, 2]


@pytest.mark.parametrize(
    ("asked", "one", "other", "right", "wrong"),
    [
        ("by_identity", "assert a != 21 and b != 21", "assert a * b == 21", (3, 7), (1, 21)),
        ("truth", "assert a and b", "assert a + b == 21", (3, 18), (0, 21)),
    ],
)
def test_an_object_is_not_one_thing_now_and_another_later(
    monkeypatch, asked, one, other, right, wrong
):
    """A hostile process could tell of a number that it is equal to none, or always true."""
    monkeypatch.setitem(OPERATIONS, asked, lambda value: True)
    monkeypatch.setattr(objects, "plain_key", lambda value: None)
    answer = f"class Own(int): pass\ndef f(): return tuple(map(Own, {wrong}))"
    for test in (f"{one}\n{other}", f"{other}\n{one}"):
        assert points(f"a, b = f()\n{test}", str(right), answer) == 0


def test_what_changes_in_place_is_itself_afterwards(monkeypatch):
    """Else a hostile process could forget what a test adds to it, and be another object."""
    test = "x = f()\nx += [2]\nassert x == [1, 2]"
    answer = "class Own(list): pass\nother = Own([1, 2])\ndef f(): return Own([1])"
    names = student(answer)
    monkeypatch.setitem(OPERATIONS, "iadd", lambda value, added: names["other"])
    plan = TestPlan(decides=decided(test, "def f(): return [1]", names=("f",)), passes=True)
    assert points_apart(test, names, names=("f",), tests={"test": plan}) == 0


def test_the_answer_gets_back_what_the_test_saw():
    test = "c = f()\nassert c != 'hello' and c.isalpha()\nassert g(c) == 'hello'"
    answer = (
        "class Own(str): pass\ndef f():\n    c = Own('abc')\n    c.t = 'hello'\n    return c\n"
        "def g(c): return c.t"
    )
    plan = TestPlan(decides=(), passes=True)
    assert points_apart(test, student(answer), names=("f", "g"), tests={"test": plan}) == 0


#: Values of pandas: what is sent is the same value.
TABLES = {
    "two keys": "two_keys",
    "two functions": "df.groupby('a').agg({'v': ['mean', 'max']})",
    "a wide table": "two_keys.unstack()",
    "a column of categories": "df.assign(a=df.a.astype('category'))",
    "an index of categories": "df.set_index(pd.CategoricalIndex(df.a, ['y', 'x'], ordered=True))",
    "bins": "pd.cut(df.v, [0, 1.5, 4])",
    "an index of bins": "df.groupby(pd.cut(df.v, [0, 1.5, 4]), observed=True).size()",
    "an index of months": "pd.Series([1], index=pd.PeriodIndex(['2020-01'], freq='M'))",
    "quarters": "pd.Series(pd.period_range('2020', periods=2, freq='Q'))",
    "durations": "pd.Series([1], index=pd.to_timedelta(['1D']))",
    "integers": "pd.Series([1, 2], dtype='Int64')",
    "missing integers": "pd.Series([1, None], dtype='Int64')",
    "missing truth values": "pd.DataFrame({'a': pd.array([True, None])})",
    "missing texts": "pd.DataFrame({'a': pd.array(['x', None]), 'b': ['x', None]})",
    "an index with a missing number": "pd.Series([1, 2], pd.Index([1.5, None], dtype='Float64'))",
    "missing values among others": "pd.Series([1, pd.NA, pd.NaT, None, 'a'], dtype=object)",
    "a time zone": "pd.Series(pd.to_datetime(['2020-06-01', None]).tz_localize('Europe/Lisbon'))",
    "an index with a time zone": "pd.Series([1], index=[pd.Timestamp('2020', tz='UTC')])",
    "an offset": "pd.Series([pd.Timestamp('2020-01-01 00:00+02:00')])",
    "no rows": "df[:0]",
    "a range of bins": "pd.Series(1, pd.interval_range(0, 4))",
    "the same name twice": "pd.DataFrame([[1, 2]], columns=['a', 'a'])",
}

#: What stays an object of the student.
OBJECTS = {
    "many categories": "pd.Series(range(9000), dtype='category')",
    "categories that are tuples": "pd.Series([(1, 2)], dtype='category')",
    "a time zone of a file": "pd.Series([pd.Timestamp('2020', tz='dateutil/Europe/Lisbon')])",
}

DF = """
import pandas as pd
df = pd.DataFrame({"a": ["x", "x", "y"], "b": [1, 2, 1], "v": [1.0, 2.0, 3.0]})
two_keys = df.groupby(["a", "b"])["v"].sum()
"""


@pytest.mark.parametrize("code", TABLES.values(), ids=TABLES)
def test_a_value_of_pandas_is_the_same_value_apart(code):
    names = student(DF)
    told = judge(student(f"{DF}\nresult = {code}"))
    assert told.run(cell("kept = result")).outputs == []
    kept, value = told.namespace["kept"], eval(code, names)
    assert type(kept) is type(value)
    compare = "assert_frame_equal" if value.ndim == 2 else "assert_series_equal"
    getattr(pandas.testing, compare)(kept, value)


@pytest.mark.parametrize("code", OBJECTS.values(), ids=OBJECTS)
def test_a_value_of_pandas_that_cannot_be_sent_is_an_object(code):
    test = "assert len(result) > 0 and result.shape[0] == len(result)"
    assert points_apart(test, student(f"{DF}\nresult = {code}")) == WORTH


@pytest.mark.parametrize("kind", ["Iterator", "abc.Iterator", "typing.Iterator"])
def test_abstract_classes_are_asked_for_over_there(kind):
    imports = "import typing\nfrom collections import abc\nfrom collections.abc import Iterator\n"
    test = f"{imports}assert isinstance(Count(), {kind})"
    either = f"{imports}assert isinstance(Count(), typing.Union[int, abc.Iterator])"
    half = "class Count:\n    def __iter__(self): return iter([])\n"
    whole = f"{half}    def __next__(self): raise StopIteration\n"
    assert points_apart(test, student(whole), names=("Count",)) == WORTH
    assert points_apart(test, student(half), names=("Count",)) == 0
    assert points_apart(either, student(whole), names=("Count",)) == WORTH
    assert points_apart(either, student(half), names=("Count",)) == 0
