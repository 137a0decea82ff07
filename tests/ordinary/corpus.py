"""Test cells of many kinds, each with the answer that it tests: right, wrong and blank."""

from __future__ import annotations

from dataclasses import dataclass

#: What takes the place of an answer in a released notebook.
STUB = 'raise NotImplementedError("not attempted yet")'


@dataclass(frozen=True)
class Answer:
    """An answer: the reference solution, a wrong one, and what is released.

    Attributes
    ----------
    right, wrong, blank : str
        Code.
    """

    right: str
    wrong: str
    blank: str


def function(signature: str, right: str, wrong: str, before: str = "") -> Answer:
    """Return an answer that is the body of a function."""

    def code(body: str) -> str:
        lines = "".join(f"\n    {line}" for line in body.split("\n"))
        return f"{before}def {signature}:{lines}"

    return Answer(code(right), code(wrong), code(STUB))


ANSWERS = {
    "square": function("square(x)", "return x * x", "return x + x + 1"),
    "values": Answer(
        "n = 8\nname = 'ada'\nflag = True\nnothing = None\nratio = 0.5\nprimes = [2, 3, 5]\n"
        "ages = {'ada': 36}\npair = (1, 2)\nletters = {'a', 'b'}\nraw = b'ab'\nz = 1 + 2j",
        "n = 9\nname = 'bob'\nflag = False\nnothing = 0\nratio = 0.25\nprimes = [2, 4]\n"
        "ages = {'ada': 35}\npair = (1, 3)\nletters = {'a'}\nraw = b'a'\nz = 1j",
        STUB,
    ),
    "safe_divide": function(
        "safe_divide(a, b)",
        "if b == 0:\n    raise ZeroDivisionError('b is 0')\nreturn a / b",
        "if b == 0:\n    return None\nreturn a // b - 1",
    ),
    "withdraw": function(
        "withdraw(balance, amount)",
        "if amount > balance:\n    raise Overdrawn(amount)\nreturn balance - amount",
        "return balance - amount - 1",
        before="class Overdrawn(ValueError):\n    def __init__(self, amount):\n"
        "        super().__init__(f'{amount} is too much')\n        self.amount = amount\n",
    ),
    "sort": function("sort_in_place(items)", "items.sort()", "return sorted(items)"),
    "greet": function("greet(name)", "print(f'Hello, {name}!')", "print('Hello')"),
    "count_up": function(
        "count_up(n)", "for i in range(n):\n    yield i", "for i in range(n):\n    yield i + 1"
    ),
    "stack": Answer(
        "class Stack:\n    def __init__(self, items=()):\n        self.items = list(items)\n"
        "    def push(self, item):\n        self.items.append(item)\n"
        "    def pop(self):\n        if not self.items:\n            raise IndexError('empty')\n"
        "        return self.items.pop()\n    def __len__(self):\n        return len(self.items)\n"
        "    def __iter__(self):\n        return iter(self.items)\n"
        "    def __contains__(self, item):\n        return item in self.items\n"
        "    def __getitem__(self, place):\n        return self.items[place]\n"
        "    def __repr__(self):\n        return f'Stack({self.items})'\n"
        "    @property\n    def top(self):\n        return self.items[-1]\n"
        "    @classmethod\n    def empty(cls):\n        return cls()\n",
        "class Stack:\n    def __init__(self, items=()):\n        self.items = []\n"
        "    def push(self, item):\n        self.items.insert(0, item)\n"
        "    def pop(self):\n        return self.items.pop() if self.items else None\n",
        f"class Stack:\n    def __init__(self, items=()):\n        {STUB}\n",
    ),
    "vector": Answer(
        "class Shape:\n    pass\nclass Vector(Shape):\n    def __init__(self, x, y):\n"
        "        self.x, self.y = x, y\n    def __add__(self, other):\n"
        "        return Vector(self.x + other.x, self.y + other.y)\n"
        "    def __mul__(self, factor):\n        return Vector(self.x * factor, self.y * factor)\n"
        "    __rmul__ = __mul__\n    def __eq__(self, other):\n"
        "        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)\n"
        "    def __lt__(self, other):\n        return abs(self) < abs(other)\n"
        "    def __abs__(self):\n        return (self.x ** 2 + self.y ** 2) ** 0.5\n"
        "    def __bool__(self):\n        return bool(self.x or self.y)\n"
        "    def __str__(self):\n        return f'({self.x}, {self.y})'\n",
        "class Shape:\n    pass\nclass Vector:\n    def __init__(self, x, y):\n"
        "        self.x, self.y = y, x\n    def __add__(self, other):\n        return self\n"
        "    def __abs__(self):\n        return 0\n",
        f"class Shape:\n    pass\nclass Vector(Shape):\n    def __init__(self, x, y):\n        {STUB}\n",
    ),
    "point": Answer(
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: float\n    y: float = 0.0",
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: float\n    y: float = 1.0",
        STUB,
    ),
    "center": function(
        "center(x)",
        "return x - x.mean(axis=0)",
        "return x - x.mean()",
        before="import numpy as np\n",
    ),
    "fill": function("fill(x)", "x[:] = 7", "x = 7", before="import numpy as np\n"),
    "frame": Answer(
        "import pandas as pd\ndf = pd.DataFrame({'name': ['a', 'b', 'c'], 'n': [1, 2, 3]})\n"
        "def top(frame, k):\n    return frame.nlargest(k, 'n').reset_index(drop=True)\n"
        "means = df.groupby('name')['n'].mean()",
        "import pandas as pd\ndf = pd.DataFrame({'name': ['a', 'b'], 'n': [1, 5]})\n"
        "def top(frame, k):\n    return frame.head(k)\n"
        "means = df.groupby('name')['n'].sum() * 2",
        f"import pandas as pd\ndf = None\nmeans = None\ndef top(frame, k):\n    {STUB}",
    ),
    "plot": Answer(
        "import matplotlib.pyplot as plt\ndef draw():\n    figure, axes = plt.subplots()\n"
        "    axes.plot([1, 2, 3], [1, 4, 9])\n    axes.set_xlabel('x')\n    axes.set_title('squares')\n"
        "    return axes",
        "import matplotlib.pyplot as plt\ndef draw():\n    figure, axes = plt.subplots()\n"
        "    axes.plot([1, 2, 3], [1, 2, 3])\n    return axes",
        f"import matplotlib.pyplot as plt\ndef draw():\n    {STUB}",
    ),
    "warn": function(
        "old(x)",
        "warnings.warn('use new', DeprecationWarning)\nreturn x",
        "return x + 1",
        before="import warnings\n",
    ),
    "manager": Answer(
        "import contextlib\n@contextlib.contextmanager\ndef opened(name):\n    yield name.upper()\n",
        "import contextlib\n@contextlib.contextmanager\ndef opened(name):\n    yield name\n",
        f"def opened(name):\n    {STUB}",
    ),
    "apply": function("apply(f, x)", "return f(f(x))", "return f(x)"),
    "adder": function("adder(n)", "return lambda x: x + n", "return lambda x: x - n"),
    "write": function(
        "save(text)",
        "with open('out.txt', 'w') as file:\n    file.write(text)",
        "with open('other.txt', 'w') as file:\n    file.write(text)",
    ),
    "builtin": function(
        "sum(numbers)", "total = 0\nfor n in numbers:\n    total += n\nreturn total", "return 0"
    ),
    "tensor": function(
        "relu(x)", "return torch.clamp(x, min=0)", "return x.abs()", before="import torch\n"
    ),
    "module": Answer(
        "import torch\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.linear = torch.nn.Linear(3, 2)\n    def forward(self, x):\n"
        "        return self.linear(x)\n",
        "import torch\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.linear = torch.nn.Linear(3, 4)\n    def forward(self, x):\n"
        "        return self.linear(x)\n",
        STUB,
    ),
    "recursive": function("fib(n)", "return n if n < 2 else fib(n - 1) + fib(n - 2)", "return n"),
}


@dataclass(frozen=True)
class Test:
    """A test cell.

    Attributes
    ----------
    name : str
    answer : str
        A key of :data:`ANSWERS`.
    code : str
    together : bool
        Whether it cannot run apart.
    differs : str
        Why stock nbgrader gives other points, where it does.
    """

    name: str
    answer: str
    code: str
    together: bool = False
    differs: str = ""


def _tests() -> list[Test]:
    found = []
    for block in CELLS.strip("\n").split("\n--- ")[1:]:
        head, _, code = block.partition("\n")
        answer, _, name = head.partition(" ")
        name, _, mark = name.partition(" [")
        found.append(Test(name, answer, code, together=mark.startswith("together")))
    return found


CELLS = """
--- square equal
assert square(3) == 9
--- square not equal
assert square(3) != 7
--- square greater
assert square(4) > 10
--- square with a message
assert square(3) == 9, "the square of 3 is 9"
--- square several lines
for x in range(5):
    assert square(x) == x ** 2
--- square comprehension
assert [square(x) for x in range(4)] == [0, 1, 4, 9]
--- square generator in all
assert all(square(x) == x * x for x in range(10))
--- square map
assert list(map(square, [1, 2, 3])) == [1, 4, 9]
--- square a key function
assert sorted([3, -4, 2], key=square) == [2, 3, -4]
--- square helper in the test
def expected(x):
    return x ** 2
assert square(5) == expected(5)
--- square hidden only
### BEGIN HIDDEN TESTS
assert square(12) == 144
### END HIDDEN TESTS
--- square shown and hidden
assert square(2) == 4
### BEGIN HIDDEN TESTS
assert square(-2) == 4
### END HIDDEN TESTS
--- square math.isclose
import math
assert math.isclose(square(0.1), 0.01)
--- square type of a result
assert type(square(2)) is int
assert isinstance(square(2.0), float) and square(3) == 9
--- square numpy.testing
import numpy as np
np.testing.assert_allclose(square(np.arange(3.0)), [0, 1, 4])
--- square array argument
import numpy as np
assert (square(np.array([1, 2])) == np.array([1, 4])).all()
--- square large numbers
assert square(10 ** 20) == 10 ** 40
--- square raises TypeError
try:
    square("a")
except TypeError:
    pass
else:
    raise AssertionError("a text has no square")
assert square(2) == 4
--- square unittest
import unittest
class TestSquare(unittest.TestCase):
    def test_square(self):
        self.assertEqual(square(3), 9)
        self.assertAlmostEqual(square(0.5), 0.25)
        with self.assertRaises(TypeError):
            square(None)
suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestSquare)
result = unittest.TextTestRunner().run(suite)
assert result.wasSuccessful()
--- square unittest assertions
from unittest import TestCase
t = TestCase()
t.assertEqual(square(4), 16)
t.assertTrue(square(4) == 16)
t.assertIn(square(2), [4])
t.assertIsNotNone(square(1))
--- square pytest.approx
import pytest
assert square(0.1) == pytest.approx(0.01)
--- square pytest.raises
import pytest
with pytest.raises(TypeError):
    square(None)
assert square(1) == 1
--- square partial credit
score = 0
if square(2) == 4:
    score += 1
if square(-3) == 9:
    score += 1
score
--- square partial credit with try
points = 0.0
try:
    if square(3) == 9:
        points += 2
except Exception:
    pass
points
--- square its name
assert square.__name__ == "square" and callable(square)
assert square(2) == 4
--- square the number of arguments [together: inspect]
import inspect
assert len(inspect.signature(square).parameters) == 1
assert square(2) == 4
--- square the source [together: inspect]
import inspect
assert "x * x" in inspect.getsource(square)
--- square timing [together: magic]
%timeit -n1 -r1 square(2)
assert square(2) == 4
--- square shell [together: magic]
!true
assert square(2) == 4
--- square get_ipython [together: IPython]
assert get_ipython() is not None
assert square(3) == 9
--- square globals
assert "square" in globals()
assert globals()["square"](3) == 9
--- square a string comparison
assert str(square(3)) == "9"
--- square formatted
assert f"{square(3):04d}" == "0009"
--- square prints in the test
print("testing")
assert square(3) == 9
--- square stderr in the test
import sys
print("testing", file=sys.stderr)
assert square(3) == 9
--- square assertion helper
def check(condition, message):
    if not condition:
        raise AssertionError(message)
check(square(3) == 9, "no")
--- square a loop with counting
wrong = [x for x in range(-3, 4) if square(x) != x * x]
assert not wrong, f"wrong for {wrong}"
--- square random cases
import random
random.seed(1)
for _ in range(20):
    x = random.randint(-100, 100)
    assert square(x) == x * x
--- values number
assert n == 8
--- values not a number
assert n != 9
--- values truth
assert flag
--- values is True
assert flag is True
--- values None
assert nothing is None
--- values text
assert name == "ada" and name.upper() == "ADA" and len(name) == 3
--- values list
assert primes == [2, 3, 5] and primes[-1] == 5 and sum(primes) == 10
--- values dictionary
assert ages["ada"] == 36 and "bob" not in ages and list(ages) == ["ada"]
--- values tuple
assert pair == (1, 2)
--- values set
assert letters == {"b", "a"} and "a" in letters
--- values bytes
assert raw == b"ab"
--- values complex
assert z.real == 1 and abs(z - (1 + 2j)) < 1e-12
--- values between
assert 0.4 < ratio < 0.6
--- values isinstance
assert isinstance(n, int) and isinstance(primes, list) and isinstance(ages, dict)
assert n == 8
--- values is defined
try:
    n
except NameError:
    raise AssertionError("n is not defined")
assert n == 8
--- values unittest
import unittest
unittest.TestCase().assertTrue(flag)
--- values hash
import hashlib
assert hashlib.sha256(str(n).encode()).hexdigest()[:8] == "2c624232"
--- safe_divide raises
try:
    safe_divide(1, 0)
    raise AssertionError("it should raise")
except ZeroDivisionError:
    pass
assert safe_divide(4, 2) == 2
--- safe_divide pytest.raises with match
import pytest
with pytest.raises(ZeroDivisionError, match="b is 0"):
    safe_divide(1, 0)
--- safe_divide assertRaises
from unittest import TestCase
TestCase().assertRaises(ZeroDivisionError, safe_divide, 1, 0)
--- safe_divide args
try:
    safe_divide(1, 0)
except ArithmeticError as error:
    assert error.args == ("b is 0",)
else:
    assert False
--- withdraw own exception
try:
    withdraw(1, 2)
except Overdrawn as error:
    assert error.amount == 2 and "too much" in str(error)
else:
    assert False, "it should raise"
--- withdraw own exception in pytest.raises
import pytest
with pytest.raises(Overdrawn) as caught:
    withdraw(1, 2)
assert caught.value.amount == 2
--- withdraw base class of an exception
import pytest
assert issubclass(Overdrawn, ValueError)
with pytest.raises(ValueError):
    withdraw(1, 2)
assert withdraw(3, 1) == 2
--- sort changes its argument
items = [3, 1, 2]
assert sort_in_place(items) is None
assert items == [1, 2, 3]
--- greet redirect_stdout
import contextlib, io
out = io.StringIO()
with contextlib.redirect_stdout(out):
    greet("Ada")
assert out.getvalue() == "Hello, Ada!\\n"
--- greet sys.stdout
import io, sys
old, sys.stdout = sys.stdout, io.StringIO()
try:
    greet("Bob")
    text = sys.stdout.getvalue()
finally:
    sys.stdout = old
assert text.strip() == "Hello, Bob!"
--- greet capture magic [together: magic]
%%capture out
greet("Ada")
--- greet mock [together: patches]
from unittest import mock
with mock.patch("builtins.print") as printed:
    greet("Ada")
printed.assert_called_once_with("Hello, Ada!")
--- count_up list
assert list(count_up(3)) == [0, 1, 2]
--- count_up next
numbers = count_up(2)
assert next(numbers) == 0 and next(numbers) == 1
assert next(numbers, None) is None
--- count_up loop
total = 0
for n in count_up(4):
    total += n
assert total == 6
--- count_up generator type [together: types]
import types
assert isinstance(count_up(1), types.GeneratorType) and list(count_up(2)) == [0, 1]
--- stack methods
s = Stack()
s.push(1)
s.push(2)
assert s.pop() == 2 and s.pop() == 1
--- stack attribute
s = Stack([1, 2])
assert s.items == [1, 2]
--- stack length
assert len(Stack([1, 2, 3])) == 3
--- stack iteration
assert [x for x in Stack([1, 2])] == [1, 2]
--- stack contains
assert 2 in Stack([1, 2]) and 3 not in Stack([1, 2])
--- stack item
assert Stack([5, 6])[1] == 6
--- stack property
assert Stack([5, 6]).top == 6
--- stack class method
assert len(Stack.empty()) == 0
--- stack repr
assert repr(Stack([1])) == "Stack([1])"
--- stack raises
try:
    Stack().pop()
except IndexError:
    pass
else:
    raise AssertionError
--- stack hasattr
assert hasattr(Stack([1]), "top") and hasattr(Stack, "empty")
assert hasattr(Stack, "push") and not hasattr(Stack, "nothing")
--- stack isinstance
s = Stack([1])
assert isinstance(s, Stack) and type(s) is Stack and len(s) == 1
--- stack set an attribute
s = Stack()
s.items = [7]
assert s.pop() == 7 and len(s) == 0
--- stack changes a list of it [together: a copy]
s = Stack()
s.items.append(4)
assert s.top == 4
--- stack derived in the test [together: derives]
class Deep(Stack):
    pass
assert len(Deep([1])) == 1
--- stack dir
assert "push" in dir(Stack) and "top" in dir(Stack)
--- vector add
assert Vector(1, 2) + Vector(3, 4) == Vector(4, 6)
--- vector multiply
assert 2 * Vector(1, 2) == Vector(1, 2) * 2 == Vector(2, 4)
--- vector compare
assert Vector(1, 0) < Vector(3, 4)
assert sorted([Vector(3, 4), Vector(1, 0)])[0] == Vector(1, 0)
--- vector abs
assert abs(Vector(3, 4)) == 5
--- vector str
assert str(Vector(1, 2)) == "(1, 2)" and f"{Vector(0, 1)}" == "(0, 1)"
--- vector bool
assert not Vector(0, 0) and Vector(1, 0)
--- vector subclass
assert issubclass(Vector, Shape) and isinstance(Vector(1, 2), Shape)
--- vector not equal to a number
assert Vector(1, 2) != 3 and not Vector(1, 2) == "(1, 2)"
assert Vector(1, 2) == Vector(1, 2)
--- vector class name
assert type(Vector(1, 2)).__name__ == "Vector" and Vector(1, 2).x == 1
--- point dataclass
assert Point(1.0) == Point(1.0, 0.0) and Point(1, 2).y == 2
--- point its fields [together: inspects]
import dataclasses
assert [f.name for f in dataclasses.fields(Point)] == ["x", "y"]
assert Point(1).y == 0
--- center array
import numpy as np
x = np.array([[1.0, 2.0], [3.0, 6.0]])
np.testing.assert_array_almost_equal(center(x), [[-1, -2], [1, 2]])
--- center shape and dtype
import numpy as np
result = center(np.ones((4, 3)) * [1, 2, 3])
assert result.shape == (4, 3) and result.dtype == np.float64 and np.allclose(result, 0)
--- center does not change its argument
import numpy as np
x = np.arange(6.0).reshape(3, 2)
before = x.copy()
result = center(x)
assert np.array_equal(x, before) and np.allclose(result.mean(axis=0), 0)
assert np.isclose(result[0, 0], -2)
--- center np of the answer
assert np.allclose(center(np.array([[0.0, 1.0], [2.0, 5.0]])), [[-1, -2], [1, 2]])
--- fill changes an array
import numpy as np
x = np.zeros(3)
fill(x)
assert (x == 7).all()
--- frame equality
import pandas as pd
pd.testing.assert_frame_equal(df, pd.DataFrame({"name": ["a", "b", "c"], "n": [1, 2, 3]}))
--- frame columns and shape
assert list(df.columns) == ["name", "n"] and df.shape == (3, 2)
--- frame a column
assert df["n"].sum() == 6 and df["name"].tolist() == ["a", "b", "c"]
--- frame function
import pandas as pd
given = pd.DataFrame({"n": [1, 5, 3]})
assert top(given, 2)["n"].tolist() == [5, 3]
--- frame series
assert means["c"] == 3 and means.index.tolist() == ["a", "b", "c"]
--- frame isinstance
import pandas as pd
assert isinstance(df, pd.DataFrame) and len(df) == 3
--- plot labels
axes = draw()
assert axes.get_xlabel() == "x" and axes.get_title() == "squares"
--- plot data
axes = draw()
assert list(axes.lines[0].get_ydata()) == [1, 4, 9]
--- warn pytest.warns
import pytest
with pytest.warns(DeprecationWarning, match="use new"):
    assert old(3) == 3
--- warn catch_warnings
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    old(1)
assert len(caught) == 1 and issubclass(caught[0].category, DeprecationWarning)
--- manager with
with opened("a") as value:
    assert value == "A"
--- apply a lambda [together: callback]
assert apply(lambda x: x + 1, 3) == 5
--- apply a builtin
assert apply(abs, -3) == 3 and apply(str, 1) == "1"
assert apply([1].count, 1) == 0 if False else True
import math
assert apply(math.sqrt, 16) == 2
--- adder a function that is returned
add = adder(3)
assert add(4) == 7 and adder(1)(1) == 2
--- write a file [together: files]
save("hello")
with open("out.txt") as file:
    assert file.read() == "hello"
--- builtin that an answer defines
assert sum([1, 2, 3]) == 6 and sum([]) == 0
--- tensor torch.equal
import torch
assert torch.equal(relu(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))
--- tensor allclose
import torch
x = torch.linspace(-1, 1, 5)
assert torch.allclose(relu(x), x.clamp(min=0)) and relu(x).shape == x.shape
--- module output
import torch
net = Net()
assert net(torch.zeros(5, 3)).shape == (5, 2)
--- module isinstance
import torch
assert isinstance(Net(), torch.nn.Module)
assert Net().linear.out_features == 2
--- module parameters
shapes = [tuple(p.shape) for p in Net().parameters()]
assert shapes == [(2, 3), (2,)]
--- recursive values
assert [fib(n) for n in range(8)] == [0, 1, 1, 2, 3, 5, 8, 13]
"""

TESTS = _tests()
