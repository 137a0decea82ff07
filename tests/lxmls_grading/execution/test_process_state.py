"""Which tests set or look at something that each process has for itself is known by their code."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.cells import read_notebook
from lxmls_grading.execution.process_state import tests_of_one_process as of_one_process
from tests.support.course import ROOT
from tests.support.small_course import marks

ANSWER = """
import math
import numpy as np
import matplotlib.pyplot as plt
def answer(x):
    return x
class Stack:
    pass
value = 3
"""

GIVEN = """
import builtins
def forbid(name):
    setattr(builtins, name, None)
def strictly(function):
    forbid("sum")
    return function
def fix():
    np.random.seed(0)
def double(x):
    return 2 * x
"""


def notebook(*tests: str, given: str = GIVEN):
    cells = [new_code_cell(ANSWER, metadata=marks("answer", False, True))]
    cells += [new_code_cell(given, metadata=marks("given", False, False))]
    cells += [
        new_code_cell(code, metadata=marks(f"test-{number}", True, False))
        for number, code in enumerate(tests)
    ]
    return new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("from unittest.mock import patch\n@patch('a.b')\ndef f(m): pass", "patch"),
        ("from unittest import mock\nmock.patch.object(answer, 'x')", "mock.patch.object"),
        ("import unittest.mock as m\nwith m.patch.dict({}): pass", "m.patch.dict"),
        ("import pytest\npytest.MonkeyPatch()", "pytest.MonkeyPatch"),
        ("import pickle\nassert pickle.loads(pickle.dumps(answer(1))) == 1", "pickle.loads"),
        ("def test_it(monkeypatch):\n    pass", "monkeypatch"),
        ("def test_it(self, *, caplog):\n    pass", "caplog"),
        ("def sum(*a): pass", "sum"),
        ("if answer(1):\n    max = None", "max"),
        ("for input in [1]: pass", "input"),
        ("def f():\n    global len\n    len = None", "len"),
        ("from math import pow", "pow"),
        ("def answer(x): pass", "answer"),
        ("Stack = None", "Stack"),
        ("def double(x): pass", "double"),
        ("np = None", "np"),
        ("del math", "math"),
        ("del value\nassert answer(1) == 1", "value"),
        ("kept = value\nvalue = None\nassert answer(3) == 3\nvalue = kept", "value"),
        ("value = value + 1\nassert answer(1)", "value"),
        ("value += 1\nassert answer(1)", "value"),
        ("assert [value for value in value]\nvalue = 3\nassert answer(1)", "value"),
        ("before = set(globals())\nanswer(1)\nassert set(globals()) == before", "global names"),
        ("assert len(globals().keys()) > 3", "global names"),
        ("globals()['sum'] = None", "globals()['sum']"),
        ("math.sqrt = None", "math.sqrt"),
        ("del np.linalg.inv", "np.linalg.inv"),
        ("import sys\nsys.stdin = None", "sys.stdin"),
        ("setattr(math, 'sqrt', None)", "math"),
        ("import builtins as b\nvars(b)['sum'] = None", "vars(b)['sum']"),
        ("__builtins__['sum'] = None", "__builtins__['sum']"),
        ("numbers = np.random\nnumbers.rand = None", "numbers.rand"),
        ("forbid('sum')", "builtins"),
        ("strictly(answer)(3)", "builtins"),
        ("with np.errstate(all='raise'): answer(1)", "np.errstate"),
        ("import os.path as here\nassert not here.exists('x')", "here.exists"),
        ("from os import environ\nassert 'X' not in environ", "environ"),
        ("from pathlib import Path\nassert not Path('x').exists()", "Path('x').exists"),
        ("from pathlib import Path\nassert not [*Path().iterdir()]", "Path().iterdir"),
        ("import sys\nassert 'numpy' not in sys.modules", "sys.modules"),
        ("import unittest\nwith unittest.TestCase().assertLogs(): answer(1)", "assertLogs"),
        ("import logging\nassert not logging.getLogger().handlers", "handlers"),
        ("from decimal import getcontext as c\nc().prec = 3", "c"),
        ("import torch\n@torch.no_grad()\ndef f(): pass", "torch.no_grad"),
        ("plt.close('all')", "plt.close"),
        ("assert plt.gcf()", "plt.gcf"),
        ("%matplotlib inline\nassert plt.gcf()", "plt.gcf"),
        ("plt.rcParams['x'] = 1", "plt.rcParams"),
        ("import signal\nsignal.alarm(1)", "signal.alarm"),
        ("import random\nrandom.seed(1)\nassert answer(3)", "random numbers"),
        ("import torch\ntorch.manual_seed(1)\nmodel = Stack()", "random numbers"),
        ("np.random.seed(1)", "random numbers"),
        ("np.random.seed(1)\nx = np.random.rand()\nnp.random.seed(1)\nanswer(2)", "random numbers"),
        ("fix()\nassert answer(1)", "random numbers"),
    ],
)
def test_what_concerns_one_process_is_named(code, named):
    (why,) = of_one_process(notebook(code)).values()
    assert named in why


@pytest.mark.parametrize(
    "code",
    [
        "assert answer(3) == 3 and value == 3 and sum([1]) == 1",
        "value = 5\nresult = answer(value)",
        "value = 5\nvalue += 1\ndel value",
        "for value in range(3):\n    assert answer(value) == value",
        "assert value\nassert [value for value in answer(1)] == [1]",
        "assert {value: np for np, value in answer(1)} and all(value > 0 for value in answer(1))",
        "assert [value for value in answer(1) for answer in value]\nassert answer(1)",
        "assert sorted(answer(1), key=lambda value: value) == value",
        "def check(value):\n    value += 1\nother = value\nother += 1",
        "import numpy as np\nimport math\nassert answer(np.pi) == math.pi",
        "assert 'answer' in globals() and globals()['value'] and not globals().get('other')",
        "import timeit\ntimeit.timeit('answer(1)', globals=globals())",
        "import os\nassert os.path.join('a', answer('b')) == 'a/b'",
        "import io, sys\nold, sys.stdout = sys.stdout, io.StringIO()\nanswer(1)\nsys.stdout = old",
        "import unittest\nunittest.TestCase.maxDiff = None",
        "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('error')",
        "s = Stack()\ns.items = [1]\nStack.size = 3\nsetattr(s, 'x', 1)",
        "def check(sum, max=1):\n    list = [sum]\n    return list",
        "class Case:\n    def sum(self): pass",
        "x = np.zeros(3)\nx[0] = 1\nx.flags.writeable = False",
        "x = np.pi\nx = np.zeros(3)\nx[0] = 1",
        "np.random.seed(0)\nx = np.random.rand(3)\nassert answer(x) is x",
        "np.random.seed(0)\nassert answer(np.random.rand(3)).shape == (3,)",
        "import random\nrandom.seed(1)\nfor i in range(3):\n    assert answer(random.random())",
        "rng = np.random.default_rng(0)\nassert answer(rng.normal())",
        "import random\nassert answer(random.choice([1, 2]))",
        "assert isinstance(answer(1), plt.Axes) and plt.cm.viridis",
        "ax = answer(1)\nassert ax.patch.get_facecolor() and ax.patches",
        "from unittest.mock import Mock\nm = Mock()",
        "s = Stack()\nassert s.exists('key') and s.environ",
        "assert double(answer(1)) == 2",
        "import logging\nlogging.getLogger('test').info(answer(1))",
        "this is no Python",
    ],
)
def test_what_may_run_apart_is_not_named(code):
    assert of_one_process(notebook(code)) == {}


def test_attributes_of_attributes_are_no_limit():
    assert of_one_process(notebook(f"assert np{'.a' * 2500}")) == {}


def test_what_a_test_above_defines_is_looked_at_where_it_is_used():
    first = "import os\ndef files():\n    return os.listdir('.')"
    found = of_one_process(notebook(first, "assert not files()", "assert answer(1)"))
    assert [*found] == ["test-0", "test-1"]


def test_another_name_for_something_holds_in_its_cell():
    assert of_one_process(notebook("x = np.pi", "x = [1]\nx[0] = answer(2)")) == {}


@pytest.mark.parametrize("path", sorted((ROOT / "source" / "day2").glob("*.ipynb")))
def test_exercises_of_the_course_run_apart(path):
    assert of_one_process(read_notebook(path)) == {}
