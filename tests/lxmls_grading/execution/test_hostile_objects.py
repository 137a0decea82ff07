"""Objects and names of students that lie: they decide nothing that an honest one could not.

Whole submissions of this kind are in ``tests/attacks``.
"""

from __future__ import annotations

import json
import sys
import types

import pytest

from lxmls_grading.execution import connection
from lxmls_grading.execution import plan as plans
from lxmls_grading.execution.connection import Connection
from lxmls_grading.execution.failures import FaultyTest
from lxmls_grading.execution.judge import Judge
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.remote import CannotJudge, NotPlainError, Remote
from lxmls_grading.kernel.objects import Objects
from lxmls_grading.kernel.values import encode
from lxmls_grading.kernel.wire import ReplyError
from tests.attacks.objects import LIAR
from tests.lxmls_grading.execution.test_remote import WORTH, cell, decided, judge, student

SQUARE = "def square(x): return x * x"


def points(answer: str, test: str, reference: str, **options) -> float:
    """Return what an answer gets for a test that is planned by a trial of a reference solution."""
    imports = dict(plans.imported(reference))
    decides = decided(test, reference, imports=imports, **options)
    test_plan = plans.TestPlan(decides=decides, passes=True)
    plan = {"imports": imports, "tests": {"test": test_plan}} | options
    assert _points(reference, test, plan) == WORTH
    return _points(answer, test, plan)


def _points(answer: str, test: str, plan: dict) -> float:
    for output in judge(student(answer), **plan).run(cell(test)).outputs:
        if output.output_type == "error":
            return 0.0
        if output.output_type == "execute_result":
            return float(output.data["text/plain"])
    return WORTH


TESTS = {
    "abs(square(3) - 9) < 1e-9": SQUARE,
    "9 - square(3) == 0": SQUARE,
    "square(3) % 9 == 0": SQUARE,
    "divmod(square(3), 9) == (1, 0)": SQUARE,
    "not square(3) - 9": SQUARE,
    "square(3).__eq__(9)": SQUARE,
    "square(3) in [9]": SQUARE,
    "square(3) in {9: 1}": SQUARE,
    "round(square(3)) == 9": SQUARE,
    "square([3]).issuperset({1})": "def square(x): return {1, 2}",
    "square('a').startswith('h')": "def square(x): return 'hello'",
    "square([3]).count(1) == 1": "def square(x): return [1]",
    "9 in square(3)": "def square(x): return [9]",
    "{9}.issubset(square(3))": "def square(x): return {9}",
    "all(a == b for a, b in zip(square(3), [9, 9], strict=True))": "def square(x): return (9, 9)",
    "__import__('math').isclose(square(3), 9)": SQUARE,
    "__import__('numpy').allclose(square(3), 9)": SQUARE,
    "__import__('numpy').testing.assert_allclose(square(3), 9) is None": SQUARE,
    "__import__('pytest').approx(9) == square(3)": SQUARE,
    "square(3) == __import__('pytest').approx(9)": SQUARE,
    "__import__('unittest').TestCase().assertTrue(square(3)) is None": "square = lambda x: True",
}


@pytest.mark.parametrize("test", TESTS)
def test_an_object_that_lies_passes_no_test(test):
    for lie in ("all_are(Liar)", "square = Liar()"):
        assert points(f"{LIAR}\n{lie}", f"assert {test}", TESTS[test]) == 0


def test_an_object_that_lies_passes_no_test_that_expects_a_failure():
    """Whatever the test does with the error that is raised for it."""
    test = "try:\n    assert square(3) == 8\nexcept AssertionError:\n    pass"
    assert points(SQUARE, test, SQUARE) == WORTH
    assert points(f"{LIAR}\nsquare = Liar()", test, SQUARE) == 0


def test_objects_decide_only_in_the_statements_where_those_of_the_reference_do():
    reference = (
        "class V:\n    def __init__(self, x): self.x = x\n"
        "    def __eq__(self, other): return type(other) is V and self.x == other.x\n"
        "    def norm(self): return abs(self.x)"
    )
    test = "assert V(1) == V(1)\nassert V(-2).norm() == 2"
    assert points(reference, test, reference) == WORTH
    lie = reference.replace("return abs(self.x)", "return V(0)").replace(
        "type(other) is V and self.x == other.x", "True"
    )
    assert points(lie, test, reference) == 0


def test_message_below_a_condition_belongs_to_its_statement():
    reference = "class V:\n    def __eq__(self, other): return True"
    test = "assert (\n    V() == 3\n), (\n    'message'\n)"
    assert points(reference, test, reference) == WORTH
    plan = {"tests": {"test": plans.TestPlan(decides=decided(test, reference), passes=True)}}
    wrong = judge(student("class V:\n    def __eq__(self, other): return False"), **plan)
    assert wrong.run(cell(test)).outputs[0].evalue == "message"


def test_iterators_and_counters_are_as_good_as_lists_and_dictionaries():
    """Where the reference gives a list, and a test takes it as one."""
    listed = "def f(): return [1, 2]"
    for other in ("return iter([1, 2])", "yield 1\n    yield 2", "return {1: 0, 2: 0}.keys()"):
        answer = f"def f():\n    {other}"
        assert points(answer, "assert 1 in f() and list(f()) == [1, 2]", listed) == WORTH
    counted = "def f(): return {'a': 2}"
    for kind in ("Counter", "OrderedDict", "defaultdict"):
        start = "int, " if kind == "defaultdict" else ""
        answer = f"from collections import {kind}\ndef f(): return {kind}({start}{{'a': 2}})"
        assert points(answer, "assert f() == {'a': 2} and f()['a'] == 2", counted) == WORTH


# --- names ---------------------------------------------------------------------------------------

NUMPY = f"import numpy as np\nfrom math import isclose\n{SQUARE}"
FAKE = "class Fake:\n    def __getattr__(self, name): return lambda *a, **k: True\n"


@pytest.mark.parametrize(
    "fake",
    [
        f"{FAKE}np = Fake()",
        f"{FAKE}np = Fake\nFake.allclose = lambda *a: True",
        f"{FAKE}np = Fake()\nFake.__name__ = Fake.__module__ = 'numpy'",
        "import types\nnp = types.ModuleType('numpy')\nnp.allclose = lambda *a: True",
        "def isclose(a, b): return True",
        "isclose = lambda a, b: True\nisclose.__module__ = 'math'\nisclose.__name__ = 'isclose'",
    ],
)
def test_rebound_imports_decide_nothing(fake):
    wrong = f"import numpy as np\nfrom math import isclose\ndef square(x): return 0\n{fake}"
    name = "isclose" if "isclose" in fake else "np.allclose"
    assert points(wrong, f"assert {name}(square(2), 4)", NUMPY) == 0


@pytest.mark.parametrize(
    ("answer", "test", "passes"),
    [
        ("import numpy as np", "assert np.__name__ == 'numpy'", True),
        ("import pandas as np", "assert np.__name__ == 'numpy'", False),
        ("np = 3", "assert np.__name__ == 'numpy'", False),
        ("", "assert np.__name__ == 'numpy'", False),
        ("import numpy as np", "assert 'np' in globals()", True),
        ("", "assert 'np' in globals()", False),
        ("import numpy as np", "try:\n    np\nexcept NameError:\n    raise AssertionError", True),
        ("", "try:\n    np\nexcept NameError:\n    raise AssertionError", False),
        ("np = None", "assert np is not None", False),
        ("from math import sqrt as isclose\nimport numpy as np", "assert isclose(1, 1)", False),
    ],
)
def test_a_test_about_an_import_sees_the_student_s(answer, test, passes):
    assert points(f"{answer}\n{SQUARE}", test, NUMPY) == (WORTH if passes else 0)


def test_builtins_are_python_s_where_the_reference_does_not_define_them():
    names = "".join(f"\n{name} = lambda *a, **k: True" for name in ("abs", "all", "len", "sum"))
    wrong = f"def square(x): return 0{names}"
    assert points(wrong, "assert abs(square(3) - 9) < 1 and len([1]) == 1", SQUARE) == 0
    assert points(wrong, "assert all(square(x) == x * x for x in range(3))", SQUARE) == 0


@pytest.mark.parametrize("given", ["def mean(x): return 2", "from statistics import mean"])
def test_what_an_answer_defines_is_not_what_a_given_cell_has(given):
    plan = {"given": given, "names": ("mean",)}
    right, test = "def mean(x): return 2", "assert mean([1, 3]) == 2"
    assert points(right, test, right, **plan) == WORTH
    assert points("", test, right, **plan) == 0


def test_what_an_answer_defines_is_not_what_an_earlier_test_has():
    names: dict = {}
    both = judge(names, names=("total",))
    both.run(cell("total = 10\nkept = 3"))
    assert both.run(cell("assert total == 10")).outputs[0].ename == "NameError"
    assert both.run(cell("assert kept == 3")).outputs == []


def test_plan_knows_names_and_imports_of_cells_that_students_can_edit():
    from nbformat.v4 import new_code_cell, new_notebook

    def marked(code, **fields):
        marks = {"grade": False, "solution": False, "locked": False, "grade_id": code[:3]}
        return new_code_cell(code, metadata={"nbgrader": marks | fields})

    source = new_notebook(
        cells=[
            new_code_cell("import numpy as np\nplain = 1"),
            marked("import os\ndef given(): pass", locked=True),
            marked("import math as m\nfrom math import pi, sin\nm = 3\nown = 2", solution=True),
            marked("import json\ntested = 1", grade=True, locked=True),
        ]
    )
    plan = plans.bare_plan(source, {})
    assert plan.names == ("m", "own", "plain")
    assert plan.imports == {"np": ("numpy", ""), "pi": ("math", "pi"), "sin": ("math", "sin")}
    assert plans.NotebookPlan.from_dict(json.loads(json.dumps(plan.to_dict()))).names == plan.names


# --- replies -----------------------------------------------------------------------------------


def forged(value, **more):
    """Return a connection whose replies all have a value, given as the tree that is sent."""
    tree = {"value": value, "printed": {"list": ["", ""]}, "warnings": {"list": []}} | more
    parts = [json.dumps({"dict": [[k, v] for k, v in tree.items()]}).encode(), b""]
    return Connection(lambda _: parts, lambda *_: {})


def handle(module: str, name: str, base: str = "object") -> dict:
    bases = [[module, name], ["builtins", base]]
    return {"handle": {"place": 1, "type": "type", "name": name, "bases": bases}}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *(("subprocess", "Popen"), ("os", "system"), ("numpy", "memmap"), ("pathlib", "Path")),
        *(("torch.package", "PackageImporter"), ("collections", "_sys.exit"), ("json", "codecs")),
        *(("random", "SystemRandom"), ("numpy", "os.system"), ("numpy.f2py.__main__", "")),
    ],
)
def test_a_name_that_is_sent_gives_no_class_that_does_harm(module, name):
    import numpy  # noqa: F401 (so that its classes are there)

    assert type(forged(handle(module, name)).do("name", "x")) is Remote


def test_classes_of_plain_values_are_themselves():
    import numpy as np

    assert forged(handle("builtins", "int")).do("name", "x") is int
    assert forged(handle("numpy", "float32")).do("name", "x") is np.float32


def test_an_address_of_memory_is_never_read():
    address = {"dict": [["shape", {"tuple": [9]}], ["typestr", "<f8"], ["version", 3]]}
    address["dict"] += [["data", {"tuple": [4096, True]}]]
    link = forged(address)
    about = {"place": 1, "type": "T", "bases": [["__main__", "T"]]}
    found = link._resolve("handle", about)
    for name in ("__array_interface__", "__array_struct__", "__cuda_array_interface__"):
        with pytest.raises(AttributeError):
            getattr(found, name)
    assert found.shape == {"shape": (9,), "typestr": "<f8", "version": 3, "data": (4096, True)}


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "GeneratorExit"])
def test_an_error_that_would_end_the_judge_is_another(kind):
    bases = [["builtins", kind], ["builtins", "BaseException"]]
    about = {"class": {"handle": {"place": 1, "type": "type", "name": kind, "bases": bases}}}
    about |= {
        "args": {"list": []},
        "attributes": {"dict": [["add_note", 1]]},
        "object": {"handle": {"place": 2, "type": kind, "bases": bases}},
        "text": "x",
        "line": "y",
    }
    link = forged(None, error={"dict": [[k, v] for k, v in about.items()]})
    with pytest.raises(RuntimeError):
        link.do("name", "x")


def test_what_is_printed_is_bounded(capsys):
    link = forged(1, printed={"list": ["x" * 400_000, ""]})
    for _ in range(9):
        link.do("name", "x")
    assert len(capsys.readouterr().out) == connection.MAX_PRINTED


def test_slow_answers_are_not_the_fault_of_a_test():
    link = forged(1)
    link.seconds = -1.0
    tried = NotebookPlan(tests={"test": plans.TestPlan(passes=True)})
    output = Judge(link, tried).run(cell("try:\n    x\nexcept BaseException:\n    pass")).outputs[0]
    assert output.ename == "TimeoutError"


def test_endless_iteration_is_not_the_fault_of_a_test(monkeypatch):
    monkeypatch.setattr(connection, "MAX_OPERATIONS", 50)
    endless = "def f():\n    while True: yield object()"
    tried = judge(student(endless), tests={"test": plans.TestPlan(passes=True)})
    output = tried.run(cell("assert list(f()) == [1]")).outputs[0]
    assert output.ename == "TimeoutError"


def test_objects_that_nothing_refers_to_are_given_back():
    names = student("class Thing: pass\ndef make(): return Thing()")
    objects = Objects(names)
    link = Connection(objects.answer, lambda *_: {})
    make = link.do("name", "make")
    kept = make()
    for _ in range(300):
        make()
    assert len(objects.held) < 10
    assert make() is not kept
    assert kept._remote.place in objects.held


def test_an_object_can_hold_more_objects_than_can_be_held(monkeypatch):
    from lxmls_grading.kernel import objects

    monkeypatch.setattr(objects, "MAX_HANDLES", 20)
    names = "class Thing:\n    def __init__(self, n): self.n = n\n"
    names += "things = [Thing(n) for n in range(100)]"
    test = "assert len(things) == 100 and sum(x.n for x in things) == 4950 == sum(range(100))"
    for _ in range(2):
        assert judge(student(names)).run(cell(test)).outputs == []


def test_places_of_another_kernel_are_no_objects():
    first, second = (Objects(student("thing = object()")) for _ in range(2))
    link = Connection(first.answer, lambda *_: {})
    thing = link.do("name", "thing")
    link.ask = second.answer
    link.forget()
    with pytest.raises(ValueError, match="KeyError"):
        str(thing)
    assert link.do("name", "thing") is not thing


@pytest.mark.parametrize(
    "name", ["__globals__", "__code__", "gi_frame", "__subclasses__", "f_back"]
)
def test_machinery_is_refused_in_both_directions(name):
    with pytest.raises(FaultyTest, match=r"machinery|looks into the code"):
        judge(student(SQUARE)).run(cell(f"square.{name}"))
    with pytest.raises(CannotJudge):
        encode([test_places_of_another_kernel_are_no_objects], connection.refer)


# --- what a value could tell a test to do --------------------------------------------------


@pytest.mark.parametrize(
    "test",
    [
        "eval(f())",
        "exec(f())",
        "import pickle\npickle.loads(f())",
        "open(f()).read()",
        "open(f(), 'w')",
        "import pathlib\npathlib.Path(f()).read_text()",
        "import subprocess\nsubprocess.run([f()])",
        "import os\nos.system(f())",
        "import os\nos.listdir(f())",
        "import os\nos.remove(f())",
        "import sqlite3\nsqlite3.connect(':memory:').execute(f())",
        "import doctest\ndoctest.run_docstring_examples(type('F', (), {'__doc__': f()}), {})",
        "import socket\nsocket.create_connection((f(), 80))",
        "import tempfile\ntempfile.mkdtemp(f())",
        "import ctypes\nctypes.CDLL(f())",
        "try:\n    eval(f())\nexcept BaseException:\n    pass",
    ],
)
def test_what_could_reach_beyond_the_judge_is_refused(test, tmp_path, monkeypatch):
    import pickle

    monkeypatch.chdir(tmp_path)
    evil = "import collections\n" + (
        f"def f(): return {pickle.dumps(__import__('collections').Counter())!r}"
        if "pickle" in test
        else "def f(): return '>>> 1\\n1\\n'"
        if "doctest" in test
        else "def f(): return '1'"
    )
    with pytest.raises(FaultyTest):
        judge(student(evil)).run(cell(test))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "test",
    [
        "import collections\nP = collections.namedtuple('P', 'a b')\nassert P(*f()).a == 1",
        "import dataclasses\n@dataclasses.dataclass\nclass P:\n    a: int\n    b: int\np = P(*f())",
        "import json\nassert json.loads(str(f())) == [1, 2]",
        "import pickle\nassert pickle.loads(pickle.dumps(f())) == [1, 2]",
        "import copy, re, hashlib, itertools, tomllib\nassert copy.deepcopy(f()) == [1, 2]",
        "import zoneinfo\nassert zoneinfo.ZoneInfo('Europe/Lisbon') and f()[0] == 1",
        "import unittest, io\nclass T(unittest.TestCase):\n    def test(self): self.fail('no')\n"
        "suite = unittest.defaultTestLoader.loadTestsFromTestCase(T)\n"
        "assert not unittest.TextTestRunner(io.StringIO()).run(suite).wasSuccessful()",
    ],
)
def test_what_libraries_do_for_themselves_is_not(test):
    assert judge(student("def f(): return [1, 2]")).run(cell(test)).outputs == []


class Leftover:
    """Refers to itself, and removes its file whenever Python finds that nobody needs it."""

    def __init__(self, path):
        path.touch()
        self.path, self.itself = path, self

    def __del__(self):
        self.path.unlink()


def test_what_is_cleaned_up_meanwhile_is_not_the_test_s(tmp_path):
    """As the manager of an earlier kernel is, which removes its connection file."""
    import gc
    import os
    import tempfile

    def watch(phase, info):  # as Dask does
        os.listdir(tmp_path)

    Leftover(tmp_path / "left")
    folder = tempfile.TemporaryDirectory(dir=tmp_path)
    folder.itself = folder  # type: ignore[attr-defined]
    del folder
    gc.callbacks.append(watch)
    gc.disable()
    try:
        found = judge(student("def f(): return 1")).run(cell("import gc\ngc.collect()\nassert f()"))
    finally:
        gc.enable()
        gc.callbacks.remove(watch)
    assert found.outputs == []
    assert list(tmp_path.iterdir()) == []


def test_what_another_thread_does_meanwhile_is_not_the_test_s(tmp_path):
    """As Dask's looks at the memory of its process; a thread that the test starts is the test's."""
    import threading

    begin, ended = threading.Event(), threading.Event()
    seen = []

    def look():
        begin.wait(20)
        try:
            seen.append(list(tmp_path.iterdir()))
        finally:
            ended.set()

    thread = threading.Thread(target=look)
    thread.start()
    begin_and_wait = "import mine\nmine.begin.set()\nmine.ended.wait(20)\nassert f()"
    module = types.ModuleType("mine")
    module.begin, module.ended, module.look = begin, ended, look  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "mine", module)
        found = judge(student("def f(): return 1")).run(cell(begin_and_wait))
        thread.join()
        assert (found.outputs, seen) == ([], [[]])
        own = "import threading, mine\nthread = threading.Thread(target=mine.look)\nthread.start()"
        with pytest.raises(FaultyTest, match="looks into a folder"):
            judge(student("def f(): return 1")).run(cell(f"{own}\nthread.join()\nassert f()"))


@pytest.mark.parametrize("key", [{"list": [1]}, [[1]], None, [True], {"same": 1}])
def test_a_key_that_is_no_plain_value_is_refused(key):
    about = {"place": 1, "type": "T", "bases": [["builtins", "int"]], "key": key}
    with pytest.raises(ReplyError):
        forged({"handle": about}).do("name", "x")


def test_what_has_a_plain_value_is_no_class_of_an_error():
    about = {"place": 1, "type": "T", "bases": [["__main__", "T"]]}
    parts = {"class": {"handle": about | {"name": "T", "key": 5}}, "text": "x", "line": ""}
    parts |= {"args": {"list": []}, "attributes": {"dict": []}, "object": {"handle": about}}
    link = forged(None, error={"dict": [[k, v] for k, v in parts.items()]})
    link.start_cell(())
    with pytest.raises(ReplyError, match="malformed"):
        link.do("name", "x")


def test_a_plain_value_is_none_that_stands_for_another_object():
    about = {"type": "T", "bases": [["__main__", "T"], ["builtins", "int"]]}
    link = forged({"handle": about | {"place": 2, "key": 5}})
    link.start_cell(())
    with pytest.raises(NotPlainError):
        link.plain_of(link._resolve("handle", about | {"place": 1}))
    assert link.plain == {}


def test_objects_that_tell_one_hash_decide_nothing():
    about = {"type": "T", "bases": [["builtins", "int"]], "key": 9}
    forgeries = [{"handle": about | {"place": place}} for place in (1, 2)]
    with pytest.raises(ReplyError, match="takes part in its own message"):
        forged({"set": forgeries}).do("name", "x")


@pytest.mark.parametrize(
    "more",
    [
        {"changed": {"list": [{"list": [7, {"list": []}]}]}},
        {"changed": {"list": [{"list": ["a", {"list": []}]}]}},
        {"changed": {"list": [7]}},
        {"changed": 7},
        {"followed": {"list": ["a"]}},
        {"changed": {"list": [{"list": [1, {"set": []}]}]}},
    ],
)
def test_a_change_of_what_is_not_there_is_refused(more):
    link, items = forged(None, **more), [1, 2]
    with pytest.raises(ReplyError):
        link.do("name", items)
    assert items == [1, 2]


@pytest.mark.parametrize("value", [{"same": 7}, {"shared": [7, {"list": []}]}, {"same": [1]}])
def test_a_number_of_a_value_that_the_test_did_not_give_is_refused(value):
    with pytest.raises(ReplyError):
        forged(value).do("name", [1, 2])


def test_an_answer_that_makes_a_list_too_deep_does_not_blame_the_test():
    answer = "def f(xs): xs.append(xs)"
    tried = NotebookPlan(tests={"test": plans.TestPlan(passes=True)})
    test = "xs = []\ntry:\n    f(xs)\n    f(xs)\nexcept BaseException:\n    pass"
    (output,) = judge(student(answer), tests=tried.tests).run(cell(test)).outputs
    assert output.ename == "TimeoutError"
