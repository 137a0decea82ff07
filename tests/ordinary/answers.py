"""The answers that the test cells of :mod:`~tests.ordinary.corpus` test: right, wrong, blank."""

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
    "check_age": Answer(
        "class TooYoung(ValueError):\n    code = 400\n    def __init__(self, age):\n"
        "        self._age = age\n    @property\n    def age(self):\n        return self._age\n"
        "    def missing(self, adult=18):\n        return adult - self._age\n"
        "    def __str__(self):\n        return f'{self._age} is too young'\n"
        "    def __repr__(self):\n        return f'TooYoung({self._age})'\n"
        "def check_age(age):\n    if age < 18:\n        raise TooYoung(age)\n    return age",
        "class TooYoung(ValueError):\n    code = 404\n    def __init__(self, years):\n"
        "        self.years = years\n    def missing(self):\n        return 0\n"
        "    def __str__(self):\n        return self.years\n"
        "def check_age(age):\n    if age < 18:\n        raise TooYoung(age)\n    return age",
        f"class TooYoung(ValueError):\n    pass\ndef check_age(age):\n    {STUB}",
    ),
    "cart": Answer(
        "class Cart:\n    def __init__(self, items):\n        self.items = list(items)\n"
        "    def add(self, item):\n        self.items.append(item)\n"
        "    def all(self):\n        return list(self.items)",
        "class Cart:\n    def __init__(self, items):\n        self.items = items\n"
        "    def add(self, item):\n        self.items.append(item)\n"
        "    def all(self):\n        return self.items",
        f"class Cart:\n    def __init__(self, items):\n        {STUB}",
    ),
    "descend": Answer(
        "class Model:\n    def __init__(self, w):\n        self.w = w.copy()\n"
        "    def step(self):\n        self.w -= 1\n        return self.w.sum()",
        "class Model:\n    def __init__(self, w):\n        self.w = w\n"
        "    def step(self):\n        self.w -= 1\n        return self.w.sum()",
        f"class Model:\n    def __init__(self, w):\n        {STUB}",
    ),
    "merge": function("merge(a, b)", "return a + b", "a.update(b)\nreturn a"),
    "take_all": function(
        "take_all(items)",
        "for item in list(items):\n    yield item",
        "while items:\n    yield items.pop(0)",
    ),
    "prefixes": function(
        "prefixes(items)",
        "for n in range(len(items)):\n    yield items[: n + 1]",
        "found = []\nfor item in items:\n    found.append(item)\n    yield found",
    ),
    "add_total": function(
        "add_total(table)",
        "table = table.copy()\ntable['total'] = table['a'] + table['b']\nreturn table",
        "table['total'] = table['a'] + table['b']\nreturn table",
    ),
    "shifted": function("shifted(t)", "return t + 1", "t += 1\nreturn t"),
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
    "grade_letter": function(
        "grade_letter(points, *, best=100)",
        "share = points / best\nreturn 'A' if share >= 0.9 else 'B' if share >= 0.5 else 'C'",
        "return 'A' if points > 50 else 'C'",
    ),
    "total": function(
        "total(path)",
        "with open(path) as file:\n    rows = file.read().split()[1:]\n"
        "return sum(int(row.split(',')[1]) for row in rows)",
        "return 0",
    ),
    "rows": Answer(
        "import csv\nwith open('numbers.csv') as file:\n    rows = list(csv.DictReader(file))",
        "import csv\nwith open('numbers.csv') as file:\n    rows = list(csv.reader(file))",
        STUB,
    ),
    "report": function(
        "report(items)",
        "for name, price in items.items():\n    print(f'{name:<10}{price:>8.2f}')\n"
        "print(f'total {sum(items.values()):.2f}')\nreturn len(items)",
        "print(items)\nreturn 0",
    ),
    "logged": Answer(
        "import functools\ncalls = []\ndef logged(function):\n    @functools.wraps(function)\n"
        "    def inner(*given, **named):\n        calls.append(function.__name__)\n"
        "        return function(*given, **named)\n    return inner\n"
        "@logged\ndef double(x):\n    '''Return twice x.'''\n    return 2 * x",
        "calls = []\ndef logged(function):\n    def inner(*given):\n        return None\n"
        "    return inner\n@logged\ndef double(x):\n    return 2 * x",
        STUB,
    ),
    "timer": Answer(
        "class Timer:\n    def __enter__(self):\n        self.running = True\n        return self\n"
        "    def __exit__(self, kind, error, trace):\n        self.running = False\n"
        "        self.error = kind\n        return kind is KeyError\n",
        "class Timer:\n    running = None\n    def __enter__(self):\n        return None\n"
        "    def __exit__(self, *given):\n        return True\n",
        f"class Timer:\n    def __init__(self):\n        {STUB}\n",
    ),
    "averager": Answer(
        "def averager():\n    numbers = []\n    mean = None\n    while True:\n"
        "        numbers.append((yield mean))\n        mean = sum(numbers) / len(numbers)\n"
        "def countdown(n):\n    while n:\n        yield n\n        n -= 1\n    return 'done'",
        "def averager():\n    while True:\n        yield 0\ndef countdown(n):\n    yield from range(n)",
        f"def averager():\n    {STUB}\ndef countdown(n):\n    {STUB}",
    ),
    "draw_sample": function(
        "draw_sample(n)",
        "return np.random.normal(size=n)",
        "return np.random.uniform(size=n)",
        before="import numpy as np\n",
    ),
    "toss": function(
        "toss(n)",
        "return [random.choice('HT') for _ in range(n)]",
        "return ['H'] * n",
        before="import random\n",
    ),
    "color": Answer(
        "import enum\nfrom typing import NamedTuple\nfrom dataclasses import dataclass, field\n"
        "class Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
        "class Place(NamedTuple):\n    x: int\n    y: int = 0\n"
        "@dataclass(frozen=True, order=True)\nclass Card:\n    rank: int\n    suit: str = 'S'\n"
        "    tags: list = field(default_factory=list, compare=False)",
        "import enum\nfrom typing import NamedTuple\nfrom dataclasses import dataclass\n"
        "class Color(enum.Enum):\n    RED = 'red'\nclass Place(NamedTuple):\n    y: int\n    x: int = 0\n"
        "@dataclass\nclass Card:\n    rank: int\n    suit: str = 'H'",
        STUB,
    ),
    "account": Answer(
        "from abc import ABC, abstractmethod\nclass Base(ABC):\n    @abstractmethod\n"
        "    def fee(self): ...\nclass Account(Base):\n    count = 0\n"
        "    def __init__(self, balance=0):\n        self._balance = balance\n"
        "        Account.count += 1\n    @property\n    def balance(self):\n"
        "        return self._balance\n    @balance.setter\n    def balance(self, value):\n"
        "        if value < 0:\n            raise ValueError(f'{value} is negative')\n"
        "        self._balance = value\n    @staticmethod\n    def valid(number):\n"
        "        return number.isdigit() and len(number) == 4\n    def fee(self):\n        return 1\n"
        "    def __setitem__(self, key, value):\n        setattr(self, key, value)\n"
        "    def __call__(self, amount):\n        self.balance += amount\n        return self\n"
        "    def __hash__(self):\n        return hash(self._balance)\n"
        "    def __iadd__(self, other):\n        self._balance += other\n        return self\n"
        "    def __eq__(self, other):\n        return self._balance == other._balance",
        "class Base:\n    def fee(self): ...\nclass Account(Base):\n    balance = 6\n    count = 0\n"
        "    def __init__(self, balance=0):\n        pass\n    @staticmethod\n"
        "    def valid(number):\n        return True\n    def __call__(self, amount):\n"
        "        return self",
        f"class Base:\n    pass\nclass Account(Base):\n    def __init__(self, balance=0):\n        {STUB}",
    ),
    "scaled": Answer(
        "rate = 3\nhistory = []\ndef scaled(x):\n    history.append(x)\n    return rate * x",
        "rate = 3\nhistory = []\ndef scaled(x):\n    return 3 * x + 1",
        f"rate = None\nhistory = None\ndef scaled(x):\n    {STUB}",
    ),
    "exact": Answer(
        "import datetime, decimal, fractions, pathlib, collections, re\n"
        "birthday = datetime.date(1815, 12, 10)\nprice = decimal.Decimal('1.10')\n"
        "half = fractions.Fraction(1, 2)\nplace = pathlib.PurePosixPath('a/b.txt')\n"
        "counts = collections.Counter('abracadabra')\nqueue = collections.deque([1, 2, 3])\n"
        "table = collections.defaultdict(list, a=[1])\nsteps = range(0, 10, 3)\n"
        "pattern = re.compile(r'\\d+')\nnested = {'a': [1, {'b': (2, 3)}], 'c': None}",
        "import datetime, decimal, fractions, pathlib, collections, re\n"
        "birthday = datetime.date(1815, 12, 11)\nprice = decimal.Decimal('1.1000001')\n"
        "half = fractions.Fraction(2, 3)\nplace = pathlib.PurePosixPath('a/c.txt')\n"
        "counts = collections.Counter('abra')\nqueue = collections.deque([1, 2])\n"
        "table = collections.defaultdict(list, b=[1])\nsteps = range(0, 9, 4)\n"
        "pattern = re.compile(r'x+')\nnested = {'a': [1, {'b': (2, 4)}]}",
        STUB,
    ),
    "parse": function(
        "parse(text)",
        "found = re.match(r'(\\w+)=(\\d+)$', text)\nif not found:\n"
        "    raise ValueError(f'cannot parse {text!r}') from None\n"
        "return {found[1]: int(found[2])}",
        "key, value = text.split('=')\nreturn {key: value}",
        before="import re\n",
    ),
    "lookup": Answer(
        "class NotFound(LookupError):\n    pass\ndef lookup(table, key, default=...):\n"
        "    try:\n        return table[key]\n    except KeyError as error:\n"
        "        if default is not ...:\n            return default\n"
        "        raise NotFound(key) from error",
        "class NotFound(Exception):\n    pass\ndef lookup(table, key, default=None):\n"
        "    return table.get(key, default)",
        f"class NotFound(Exception):\n    pass\ndef lookup(table, key, default=None):\n    {STUB}",
    ),
    "memo": function(
        "fast_fib(n, memo={})",
        "if n in memo:\n    return memo[n]\nif n > 1:\n"
        "    memo[n] = fast_fib(n - 1, memo) + fast_fib(n - 2, memo)\n    return memo[n]\nreturn n",
        "return n + 1",
    ),
    "matrix": Answer(
        "import numpy as np\na = np.array([[2.0, 1.0], [1.0, 3.0]])\nb = np.array([1.0, 2.0])\n"
        "solution = np.linalg.solve(a, b)\nmask = a > 1.5\nwords = np.array(['x', 'yy'])\n"
        "eigen, vectors = np.linalg.eigh(a)\nmean = a.mean()\n"
        "def normalize(x):\n    return x / np.linalg.norm(x, axis=-1, keepdims=True)",
        "import numpy as np\na = np.array([[2.0, 1.0], [1.0, 2.0]])\nb = np.array([1.0, 2.0])\n"
        "solution = b / 2\nmask = a > 5\nwords = np.array(['x'])\n"
        "eigen, vectors = np.ones(2), np.eye(2)\nmean = a.sum()\n"
        "def normalize(x):\n    return x / x.sum()",
        STUB,
    ),
    "symbolic": Answer(
        "import sympy as sp\nx = sp.symbols('x')\nderivative = sp.diff(sp.sin(x) ** 2, x)",
        "import sympy as sp\nx = sp.symbols('x')\nderivative = sp.cos(x) ** 2",
        STUB,
    ),
    "people": Answer(
        "import pandas as pd\npeople = pd.DataFrame({'name': ['Ada', 'Bob', 'Eve'], 'age': [36, None, 29],"
        " 'born': pd.to_datetime(['1815-12-10', '1990-01-01', '2000-02-02'])}).set_index('name')\n"
        "def clean(frame):\n    return frame.dropna().assign(senior=lambda f: f['age'] > 30)\n"
        "adults = people[people['age'] > 30]\nby_decade = people.groupby(people['born'].dt.year // 10)"
        "['age'].agg(['mean', 'count'])",
        "import pandas as pd\npeople = pd.DataFrame({'name': ['Ada'], 'age': [36.5]})\n"
        "def clean(frame):\n    return frame.fillna(0)\nadults = people[:0]\n"
        "by_decade = people.groupby('name')[['age']].max()",
        f"people = adults = by_decade = None\ndef clean(frame):\n    {STUB}",
    ),
    "chart": Answer(
        "import matplotlib.pyplot as plt\nfigure, (left, right) = plt.subplots(1, 2)\n"
        "left.bar(['a', 'b'], [3, 5], color='red')\nleft.set_ylabel('count')\nleft.grid(True)\n"
        "right.scatter([1, 2, 3], [4, 5, 6], label='points')\nright.plot([0, 1], [0, 1], '--', label='line')\n"
        "right.legend(title='Kind')\nright.set_xlim(0, 4)\nright.set_yscale('log')",
        "import matplotlib.pyplot as plt\nfigure, (left, right) = plt.subplots(1, 2)\n"
        "left.bar(['a', 'b'], [1, 2])\nright.plot([0, 1], [0, 1])",
        STUB,
    ),
    "current_plot": function(
        "current_plot()",
        "plt.figure()\nplt.hist([1, 1, 2], bins=2)\nplt.title('ages')",
        "plt.figure()\nplt.plot([1])",
        before="import matplotlib.pyplot as plt\n",
    ),
    "fetch": Answer(
        "import asyncio\nasync def fetch(x):\n    await asyncio.sleep(0)\n    return x + 1",
        "import asyncio\nasync def fetch(x):\n    return x",
        f"async def fetch(x):\n    {STUB}",
    ),
    "triple": Answer(
        'def triple(x):\n    """Return three times x.\n\n    >>> triple(2)\n    6\n    """\n'
        "    return 3 * x",
        "def triple(x):\n    return 2 * x",
        f"def triple(x):\n    {STUB}",
    ),
    "ask": function(
        "ask()", "name = input('Who? ')\nprint('Hi', name)\nreturn name", "return 'nobody'"
    ),
    "choices": Answer(
        "q1 = 'b'\nq2 = ['a', 'c']\nq3 = 0.25\nexplanation = 'Because the mean is robust.'",
        "q1 = 'c'\nq2 = ['a']\nq3 = 0.3\nexplanation = ''",
        "q1 = ...\nq2 = ...\nq3 = ...\nexplanation = None",
    ),
    "query": Answer(
        "query = '''SELECT name FROM people WHERE age > 30 ORDER BY name'''",
        "query = 'SELECT age FROM people'",
        "query = ''",
    ),
    "trained": Answer(
        "import torch\ntorch.manual_seed(0)\nmodel = torch.nn.Linear(2, 1)\n"
        "def loss_of(model, x, y):\n    return ((model(x)[:, 0] - y) ** 2).mean()\n"
        "def step(model, x, y, rate=0.1):\n    loss = loss_of(model, x, y)\n    loss.backward()\n"
        "    with torch.no_grad():\n        for p in model.parameters():\n"
        "            p -= rate * p.grad\n            p.grad = None\n    return loss.item()",
        "import torch\nmodel = torch.nn.Linear(2, 2)\ndef loss_of(model, x, y):\n"
        "    return torch.zeros(())\ndef step(model, x, y, rate=0.1):\n    return 0.0",
        "model = None\ndef loss_of(model, x, y):\n    raise NotImplementedError\n"
        f"def step(model, x, y, rate=0.1):\n    {STUB}",
    ),
}
