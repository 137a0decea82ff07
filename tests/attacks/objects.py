"""Attacks on remote objects: what an answer gives to an ordinary test cell that runs apart."""

from __future__ import annotations

from tests.attacks import ordinary_host
from tests.attacks.attack import Attack


def _attack(identity: str, description: str, code: str, **options) -> Attack:
    options |= {"notebook": ordinary_host.NAME, "unprotected": ordinary_host.TOGETHER}
    return Attack(identity, "", description, code, not_faulty=True, **options)


#: An object that says of itself what a test wants to hear.
LIAR = """
class Liar:
    def _lie(self, *arguments, **options):
        return True

    def _zero(self, *arguments, **options):
        return 0.0

    def _self(self, *arguments, **options):
        return self

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _lie
    __sub__ = __rsub__ = __mod__ = __truediv__ = __rtruediv__ = _zero
    __add__ = __radd__ = __mul__ = __rmul__ = __abs__ = __neg__ = __round__ = __call__ = _self
    __hash__ = lambda self: 9
    all = any = equals = issuperset = issubset = startswith = isclose = length = _lie
    def __getattr__(self, name): return self._lie

def all_are(make):
    global square, is_square, evens, counted, table, Vector
    square = is_square = evens = counted = table = Vector = lambda *given, **named: make()
"""

#: Has the student kernel answer operations of tests with `forged(operation, given)`.
FORGE = """
import json
from lxmls_grading.kernel import objects as _objects

def answer_with(forged):
    honest = _objects.Objects.answer
    def answer(self, parts):
        operation = json.loads(parts[0])["tuple"][0]
        found = forged(operation, parts)
        return honest(self, parts) if found is None else found
    _objects.Objects.answer = answer

def reply(value, **more):
    tree = {"value": value, "printed": {"list": ["", ""]}, "warnings": {"list": []}} | more
    return [json.dumps({"dict": [[k, v] for k, v in tree.items()]}).encode(), b""]

def handle(place, bases, **more):
    return {"handle": {"place": place, "type": "T", "bases": bases} | more}
"""

ATTACKS = [
    _attack("remote-liar", "an object that lies in each operation", LIAR + "all_are(Liar)"),
    _attack(
        "remote-liar-is-the-answer",
        "the names of functions are objects that lie",
        LIAR + "square = is_square = evens = counted = table = Vector = Liar()",
    ),
    _attack(
        "remote-class-lies",
        "objects whose __class__ is int, float, set, list, ndarray, DataFrame in turn",
        LIAR
        + """
import itertools
kinds = itertools.cycle([int, float, bool, set, list, np.ndarray, pd.DataFrame])

class Pretends(Liar):
    @property
    def __class__(self): return next(kinds)
    columns = index = shape = dtypes = property(lambda self: Liar())
    def __iter__(self): return iter([])
    def __len__(self): return 3
    def __float__(self): return 0.25

all_are(Pretends)
""",
    ),
    _attack(
        "remote-subclasses",
        "objects of classes derived from plain types, whose methods lie",
        LIAR
        + """
lies = {name: value for name, value in vars(Liar).items() if not name.startswith("__dict")
        and name not in ("__getattr__", "__weakref__", "__module__", "__doc__", "__call__")}
Int, Float, Set, List, Str = (
    type(kind.__name__, (kind,), dict(lies)) for kind in (int, float, set, list, str))
class Frame(pd.DataFrame):
    equals = lambda self, other: True
    __eq__ = lambda self, other: True
class Array(np.ndarray):
    __eq__ = __le__ = __lt__ = lambda self, other: True
    __array_ufunc__ = lambda self, *arguments, **options: True
    __array_function__ = lambda self, *arguments, **options: True
    all = lambda self, *arguments: True

def square(x):
    return np.zeros(2).view(Array) if isinstance(x, np.ndarray) else Float(1) if isinstance(
        x, float) else Int(1)

is_square = lambda x: Int(1)
evens = lambda numbers: Set()
counted = lambda n: List([n])
table = lambda: Frame({"n": [0]})
Vector.length = lambda self: Float(0)
""",
    ),
    _attack(
        "remote-metaclass",
        "classes of classes whose __instancecheck__, __eq__ and __bool__ lie",
        """
class Meta(type):
    __instancecheck__ = __subclasscheck__ = __eq__ = __bool__ = lambda cls, *other: True
    __ne__ = __lt__ = __gt__ = lambda cls, other: True
    __sub__ = lambda cls, other: 0
    __hash__ = type.__hash__
    length = issuperset = equals = lambda cls, *given: True
    __call__ = lambda cls, *given, **named: cls

class square(metaclass=Meta): pass
is_square = evens = counted = table = Vector = square
""",
    ),
    _attack(
        "remote-addresses",
        "arrays at addresses of the memory of whoever asks",
        """
import ctypes
truth = np.array([1.0, 4.0])

class Address:
    def __init__(self, n=2): self.n = n
    @property
    def __array_interface__(self):
        return {"shape": (self.n,), "typestr": "<f8", "version": 3,
                "data": (truth.__array_interface__["data"][0], False)}
    __cuda_array_interface__ = __array_interface__
    def __array__(self, *arguments, **options): raise TypeError
    _as_parameter_ = 8
    def __eq__(self, other): return True
    __lt__ = __sub__ = __eq__

square = lambda x: Address(10 ** 9)
evens = counted = table = lambda *given: Address(1)
""",
    ),
    _attack(
        "remote-np-rebound",
        "np, pd and isclose are objects of the student's own",
        """
class Accepts:
    def __getattr__(self, name): return Accepts()
    def __call__(self, *given, **named): return True
    __name__ = "numpy"
    __module__ = "numpy"

np = pd = Accepts()
isclose = lambda *given, **named: True
square = table = lambda *given: 0
""",
    ),
    _attack(
        "remote-np-is-a-module",
        "np and pd are modules of the student's own, in sys.modules too",
        """
import sys, types

for name in ("numpy", "pandas", "math", "pytest", "unittest"):
    fake = types.ModuleType(name)
    fake.allclose = fake.array_equal = fake.isclose = fake.array = lambda *given, **named: True
    fake.testing = fake
    fake.arange = fake.DataFrame = fake.assert_frame_equal = fake.approx = fake.allclose
    sys.modules[name] = fake
import numpy as np, pandas as pd
from math import isclose
square = table = lambda *given: 0
""",
        keeps="none",
    ),
    _attack(
        "remote-np-patched",
        "functions of numpy, pandas, pytest, unittest, math and json are replaced",
        """
import json, math, pytest, unittest, sys
yes = lambda *given, **named: True
np.allclose = np.array_equal = np.testing.assert_allclose = np.isclose = math.isclose = yes
pd.testing.assert_frame_equal = pd.DataFrame.equals = pytest.approx = yes
unittest.TestCase.assertEqual = unittest.TestCase.assertAlmostEqual = yes
unittest.TestResult.wasSuccessful = yes
isclose = math.isclose
json.loads = yes
""",
        keeps="none",
    ),
    _attack(
        "remote-builtins",
        "functions of Python are replaced: in builtins, and as names of the notebook",
        """
import builtins

yes = lambda *given, **named: True
for name in ("all", "any", "abs", "sum", "max", "min", "sorted", "len", "isinstance", "list"):
    globals()[name] = yes
    if name not in ("isinstance", "len", "list", "max", "min"):
        setattr(builtins, name, yes)
print = range = set = type = callable = getattr = yes
""",
    ),
    _attack(
        "remote-needed-builtins",
        "functions are replaced that IPython needs to run a cell, with Python 3.14 or with any",
        """
import builtins

yes = lambda *given, **named: True
for name in ("max", "min", "next", "zip", "enumerate", "hasattr", "repr", "id"):
    setattr(builtins, name, yes)
""",
        keeps="none",
    ),
    _attack(
        "remote-reduce",
        "objects that run code when they are copied, pickled, printed or compared",
        """
class Runs:
    def _run(self, *given):
        open("@MARK@", "w").write("ran")
        return True
    def __reduce__(self): return (eval, ("open('@MARK@', 'w').write('ran')",))
    __reduce_ex__ = lambda self, protocol: self.__reduce__()
    __getstate__ = __setstate__ = __deepcopy__ = __copy__ = _run
    __str__ = __repr__ = lambda self: self._run() or ""
    __eq__ = __lt__ = __format__ = __hash__ = _run

square = is_square = evens = counted = table = lambda *given: Runs()
""",
    ),
    _attack(
        "remote-endless",
        "iteration, length, comparison and attributes without end",
        """
class Endless:
    def __iter__(self): return self
    def __next__(self): return Endless()
    def __len__(self): return 2 ** 62
    def __eq__(self, other): return self == other
    def __getattr__(self, name): return getattr(Endless(), name)
    def __getitem__(self, place): return Endless()
    def __float__(self): return float(Endless())
    def __bool__(self): return bool(Endless())
    def __array__(self, *given, **named): return np.asarray(Endless())

square = is_square = evens = counted = table = lambda *given: Endless()
""",
    ),
    _attack(
        "remote-endless-loops",
        "operations that never return",
        """
import time

class Slow:
    def wait(self, *given):
        while True: time.sleep(0.01)
    __iter__ = __next__ = __len__ = __eq__ = __float__ = __bool__ = __array__ = wait
    __sub__ = __gt__ = __lt__ = __hash__ = wait

def slow(*given): return Slow()
counted = evens = slow
is_square = table = square = Slow().wait
""",
    ),
    _attack(
        "remote-a-bit-slow",
        "each of many calls takes almost as long as a call may take",
        """
import time

def counted(n):
    while True:
        time.sleep(2)
        yield 0
""",
    ),
    _attack(
        "remote-million",
        "lists of a million objects, and iterators of new ones",
        """
class One:
    __slots__ = ()

def counted(n):
    return [One() for _ in range(10 ** 6)]

def evens(numbers):
    while True:
        yield One()

square = lambda x: tuple(One() for _ in range(50_000))
table = lambda: {One(): [One()] for _ in range(50_000)}
""",
    ),
    _attack(
        "remote-large-values",
        "values that are as large as they can be, in each reply",
        """
import warnings

def square(x):
    print("text" * 25_000)
    for _ in range(30): warnings.warn("w" * 10_000)
    return 10 ** 100_000 if isinstance(x, int) else np.zeros(2 ** 22)

counted = lambda n: range(10 ** 15)
evens = lambda numbers: {k * (2 ** 61 - 1) for k in range(30_000)}
table = lambda: pd.DataFrame({"n": range(10 ** 6)})
is_square = lambda x: "x" * 400_000
""",
    ),
    _attack(
        "remote-forged-classes",
        "handles that call themselves dangerous classes, modules and functions",
        FORGE
        + """
names = iter([("subprocess", "Popen"), ("pathlib", "Path"), ("numpy", "memmap"), ("os", "system"),
              ("torch.package", "PackageImporter"), ("builtins", "type"), ("pandas", "read"),
              ("numpy.f2py.__main__", ""), ("json.tool", ""), ("collections", "_sys.exit"),
              ("pandas", "HDFStore"), ("builtins", "exec"), ("builtins", "SystemExit")] * 1000)

def forged(operation, parts):
    if operation in ("name", "call", "getattr"):
        module, name = next(names)
        bases = [[module, name], ["builtins", "object"]]
        return reply(handle(5, bases, name=name, known=[module, name]))

answer_with(forged)
""",
        keeps="none",
    ),
    _attack(
        "remote-forged-truth",
        "replies that say yes to whatever is asked",
        FORGE
        + """
def forged(operation, parts):
    if operation in ("name", "call", "getattr", "iter"):
        return reply(handle(5, [["__main__", "T"], ["builtins", "object"]]))
    return reply(0.0 if "sub" in operation else True)

answer_with(forged)
""",
        keeps="none",
    ),
    _attack(
        "remote-forged-errors",
        "errors that call themselves what would end a test, skip it, or end the judge",
        FORGE
        + """
kinds = iter(["KeyboardInterrupt", "SystemExit", "GeneratorExit", "CannotJudge", "FaultyTest",
              "MemoryError", "StopIteration", "BaseExceptionGroup", "RecursionError"] * 1000)

def forged(operation, parts):
    name = next(kinds)
    bases = [["builtins", name], ["lxmls_grading.execution.remote", "CannotJudge"],
             ["builtins", "BaseException"]]
    error = {"class": handle(5, bases, name=name), "object": handle(6, bases),
             "args": {"list": [1]}, "text": "", "line": "",
             "attributes": {"dict": [["add_note", 1], ["cause", "x"], ["code", 0]]}}
    pairs = {"dict": [[k, v] for k, v in error.items()]}
    found = json.loads(reply(None)[0])
    found["dict"][0] = ["error", pairs]
    return [json.dumps(found).encode(), b""]

answer_with(forged)
""",
        keeps="none",
    ),
    _attack(
        "remote-forged-rubbish",
        "replies that are malformed, so that the test looks faulty",
        FORGE
        + """
import itertools
rubbish = itertools.cycle([[], [b""], [b"{", b""], [b"null", b""], [b"[" * 10 ** 5, b""],
                           [b"x" * 10 ** 6, b""], [b"interrupted"], reply({"no such": 1})])
answer_with(lambda operation, parts: next(rubbish))
""",
        keeps="none",
    ),
    _attack(
        "remote-exceptions",
        "exceptions that lie: by their names, classes, texts and comparisons",
        """
import itertools, time, unittest

class CannotJudge(BaseException): pass
class Odd(Exception):
    __class__ = property(lambda self: AssertionError)
    def __eq__(self, other): return True
    def __str__(self):
        while True: time.sleep(0.01)
    __repr__ = __str__
class Named(Exception):
    def __str__(self): return "x" * 10 ** 7
Named.__name__ = Named.__qualname__ = "Assertion\\x00Error"

errors = itertools.cycle([CannotJudge("is wrong"), SystemExit(0), KeyboardInterrupt(), Odd(),
    Named(), unittest.SkipTest("later"), ExceptionGroup("g", [AssertionError()]), GeneratorExit(),
    StopIteration(9), OSError(Odd(), Odd(), Odd())])

def fails(*given): raise next(errors)
square = is_square = evens = counted = table = Vector = fails
""",
    ),
    _attack(
        "remote-skips",
        "exceptions by which test frameworks skip a test",
        """
import unittest
import pytest

def square(x):
    if x is None:
        raise TypeError
    raise unittest.SkipTest("not today")

def is_square(x): pytest.skip("not today", allow_module_level=True)
""",
    ),
    _attack(
        "remote-changes-arguments",
        "replies that change what a test has handed over, then and later",
        FORGE
        + """
import itertools, re
seen = {1}

def forged(operation, parts):
    if operation == "call":
        seen.update(map(int, re.findall(r'"shared": .(-?[0-9]+)', parts[0].decode())))
        contents = itertools.cycle([{"list": [9] * 50}, {"set": [2, 4]}, {"same": min(seen)}])
        changed = {"list": [{"list": [n, next(contents)]} for n in sorted(seen)]}
        return reply({"set": [2, 4]}, changed=changed, followed={"list": [*seen, 7]})

answer_with(forged)
""",
        keeps="none",
    ),
    _attack(
        "remote-keeps-arguments",
        "keeps what a test hands over, and changes it whenever it is asked for something else",
        """
kept = []

def keep(*given, **named):
    for each in kept:
        each.clear() if hasattr(each, "clear") else each.fill(0)
    kept.extend(each for each in given if isinstance(each, (list, dict, set, np.ndarray)))
    return kept and kept[-1]

square = is_square = evens = counted = table = Vector = keep
""",
    ),
    _attack(
        "remote-callbacks",
        "looks through what a test hands over for a way into its process",
        """
import gc, sys

def square(x):
    for each in (x, type(x), *gc.get_referrers(x)):
        for name in ("__globals__", "__code__", "__func__", "__self__", "gi_frame", "f_back"):
            if hasattr(each, name): print(name, getattr(each, name))
    frame = sys._getframe()
    while frame is not None:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if isinstance(value, (str, bytes)) and len(value) > 30: print(name, value)
        frame = frame.f_back
    return 0
""",
    ),
    _attack(
        "remote-sees-expected-values",
        "objects that note what they are compared with, and give it the next time",
        """
seen = []

class Notes:
    def note(self, other=None):
        seen.append(other)
        return NotImplemented
    __eq__ = __ne__ = __lt__ = __gt__ = __sub__ = __rsub__ = __contains__ = note
    __hash__ = None
    def __getattr__(self, name): return lambda *given: seen.extend(given)

def square(x):
    return seen[-1] if seen else Notes()
is_square = evens = counted = table = square
""",
    ),
    _attack(
        "remote-dies-when-asked",
        "a process that ends in the midst of an operation",
        """
import os

class Dies:
    __eq__ = __sub__ = __lt__ = __iter__ = lambda self, *other: os._exit(0)

def square(x): return Dies()
def evens(numbers): os._exit(0)
""",
        keeps="none",
    ),
]
