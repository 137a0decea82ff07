"""Test cells of many kinds, each with the answer that it tests: right, wrong and blank.

The cells are in ``cells/``, a file for each notebook, where the tests follow their answer. A line
``--- answer name`` begins a cell. In brackets follow why it runs together with the answer, why
stock nbgrader gives other points, and the cell that must run before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.ordinary.answers import ANSWERS

CELLS = Path(__file__).parent / "cells"

#: The line that begins a cell.
HEAD = re.compile(r"^--- (?P<answer>\w+) (?P<name>[^\[\n]+?)(?P<marks>(?: \[.*\])?)$", re.MULTILINE)
MARK = re.compile(r"\[(\w+): ([^\]]+)\]")


@dataclass(frozen=True)
class Test:
    """A test cell.

    Attributes
    ----------
    notebook : str
        The notebook that it is in.
    answer : str
        A key of :data:`ANSWERS`.
    name : str
    code : str
    together : str
        Why it cannot run apart, if it cannot.
    stock_fault : str
        What is wrong with the points that stock nbgrader gives, where it gives others.
    after : str
        The name of a test that must run before it.
    """

    __test__ = False

    notebook: str
    answer: str
    name: str
    code: str
    together: str = ""
    stock_fault: str = ""
    after: str = ""

    @property
    def id(self) -> str:
        """Its ``grade_id``."""
        return re.sub(r"\W+", "-", f"{self.answer} {self.name}").strip("-")

    @property
    def generated(self) -> bool:
        """Whether nbgrader writes the code when it releases the notebook."""
        return "AUTOTEST" in self.code


def _tests() -> list[Test]:
    found = []
    for path in sorted(CELLS.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        heads = list(HEAD.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        for head, end in zip(heads, ends, strict=True):
            marks = dict(MARK.findall(head["marks"]))
            assert head["answer"] in ANSWERS, head[0]
            assert marks.keys() <= {"together", "stock", "after"}, head[0]
            code = text[head.end() : end].strip("\n")
            found.append(
                Test(
                    path.stem,
                    head["answer"],
                    head["name"],
                    code,
                    marks.get("together", ""),
                    marks.get("stock", ""),
                    marks.get("after", ""),
                )
            )
    order = list(dict.fromkeys((test.notebook, test.answer) for test in found))
    return sorted(found, key=lambda test: order.index((test.notebook, test.answer)))


TESTS = _tests()
