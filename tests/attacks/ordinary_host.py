"""A notebook with ordinary test cells: most run apart from the student's code, some together."""

from __future__ import annotations

from functools import cache

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

#: Its name, its two answers, and the tests that run together.
NAME, ANSWER, BESIDE = "ordinary_tests", "ordinary-answer", "ordinary-beside"
TOGETHER = ("together-source", "together-magic", "together-points")

RIGHT = """
import numpy as np
import pandas as pd
from math import isclose

def square(x):
    return x * x

def is_square(x):
    return int(x ** 0.5) ** 2 == x

def evens(numbers):
    return {n for n in numbers if n % 2 == 0}

def counted(n):
    return list(range(n))

def table():
    return pd.DataFrame({"n": [1, 4, 9]})

class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def length(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5
"""

#: Of the right form, worth nothing.
WRONG = """
import numpy as np
import pandas as pd
from math import isclose

def square(x):
    return x + x + 1

def is_square(x):
    return False

def evens(numbers):
    return {1}

def counted(n):
    return [n]

def table():
    return pd.DataFrame({"n": [0]})

class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def length(self):
        return 0
"""

TESTS = {
    "apart-equal": """
assert square(3) == 9
### BEGIN HIDDEN TESTS
assert square(12) == 144 and 169 == square(13)
### END HIDDEN TESTS
""",
    "together-source": """
import inspect
assert "square" in inspect.getsource(square)
assert square(6) == 36
""",
    "apart-close": """
assert abs(square(0.5) - 0.25) < 1e-9
### BEGIN HIDDEN TESTS
assert abs(square(1.5) - 2.25) / 2.25 < 1e-9
### END HIDDEN TESTS
""",
    "apart-order": "assert 10 < square(4) < 17 and not square(3) != 9",
    "apart-in": "assert square(3) in [8, 9] and square(2) in {3, 4}",
    "apart-numpy": """
assert np.allclose(square(np.array([1.0, 2.0])), [1, 4])
### BEGIN HIDDEN TESTS
assert np.array_equal(square(np.arange(7)), np.arange(7) ** 2)
### END HIDDEN TESTS
""",
    "apart-numpy-testing": """
import numpy
numpy.testing.assert_allclose(square(numpy.array([1.0, 2.0])), [1, 4])
assert (square(numpy.array([3.0])) == numpy.array([9.0])).all()
""",
    "apart-isclose": "assert isclose(square(0.1), 0.01)",
    "together-magic": "%timeit -n1 -r1 square(2)\nassert square(7) == 49",
    "apart-unittest": """
import io
import unittest
class TestSquare(unittest.TestCase):
    def test_square(self):
        self.assertEqual(square(3), 9)
        self.assertAlmostEqual(square(0.5), 0.25)
suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestSquare)
result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
assert result.wasSuccessful()
""",
    "apart-pytest": """
import pytest
assert square(0.1) == pytest.approx(0.01)
with pytest.raises(TypeError):
    square(None)
""",
    "apart-try": """
try:
    assert square(3) == 9
except Exception:
    raise AssertionError("the square of 3 is 9")
""",
    "apart-frame": """
assert table().equals(pd.DataFrame({"n": [1, 4, 9]}))
pd.testing.assert_frame_equal(table(), pd.DataFrame({"n": [1, 4, 9]}))
""",
    "apart-set": "assert evens({1, 2, 4}) == {2, 4} and evens({6}).issuperset({6})",
    "apart-list": "assert list(counted(3)) == [0, 1, 2] and len(counted(5)) == 5",
    "apart-truth": "assert is_square(9) and not is_square(8)",
    "apart-sum": "assert sum(counted(4)) == 6 and sorted(counted(2)) == [0, 1]",
    "apart-vector": "assert Vector(3, 4).length() == 5 and isinstance(Vector(1, 2), Vector)",
    "apart-points": """
score = 0
if square(2) == 4:
    score += 1
try:
    if square(-3) == 9:
        score += 1
except Exception:
    pass
score
""",
    "together-points": """
import inspect
score = 1 if len(inspect.signature(square).parameters) == 1 and square(8) == 64 else 0
score += 1 if square(9) == 81 else 0
score
""",
    "apart-last": """
### BEGIN HIDDEN TESTS
assert [square(x) for x in range(9)] == [0, 1, 4, 9, 16, 25, 36, 49, 64]
### END HIDDEN TESTS
""",
    "apart-beside": "assert double(4) == 8 and double('a') == 'aa'",
}


def _marks(name: str, grade: bool) -> dict:
    fields = {"grade_id": name, "grade": grade, "solution": not grade, "locked": grade}
    points = {"points": 2} if grade else {}
    return {"nbgrader": {**fields, **points, "task": False, "schema_version": 3}}


@cache
def notebook(released: bool) -> NotebookNode:
    """Return the notebook, the instructor's or what students get (not to be changed)."""
    cells = []
    for name, code in ((ANSWER, RIGHT), (BESIDE, "def double(x):\n    return x + x")):
        stub = "raise NotImplementedError()"
        text = stub if released else f"### BEGIN SOLUTION\n{code.strip()}\n### END SOLUTION"
        cells.append(new_code_cell(text, id=name, metadata=_marks(name, grade=False)))
    for name, code in TESTS.items():
        text = code.strip()
        if released:
            before, _, rest = text.partition("### BEGIN HIDDEN TESTS")
            text = (before + rest.partition("### END HIDDEN TESTS")[2]).strip()
        cells.append(new_code_cell(text, id=name, metadata=_marks(name, grade=True)))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})
