"""Which test cells of a notebook run apart from the student's process, and which together with it.

It is decided from the instructor's notebook alone, before any submission is seen: by a tag, by what
is plain from the code, or by a trial with the reference solution
(:mod:`~lxmls_grading.execution.trial`).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_locked

from lxmls_grading.cells import grade_id, is_answer, is_test
from lxmls_grading.definitions import analyse

#: Tags of a test cell that decide for it.
TAGS = {"tests-apart": True, "tests-together": False}


@dataclass(frozen=True)
class TestPlan:
    """How a test cell runs.

    Attributes
    ----------
    apart : bool
        Whether it runs in the judge; else in the student kernel, as in nbgrader.
    why : str
        Why it runs together: a clause whose subject is the cell.
    decides : bool
        Whether an object of the reference solution, and not a plain value, decides a comparison.
    passes : bool
        Whether the reference solution is known to pass the test in this way.
    fault : str
        The error that the reference solution fails with, if it does: a test or a solution is wrong.
    """

    apart: bool = True
    why: str = ""
    decides: bool = True
    passes: bool = False
    fault: str = ""


@dataclass(frozen=True)
class NotebookPlan:
    """How the test cells of a notebook run.

    Attributes
    ----------
    given : str
        Imports, functions and classes of cells that students cannot edit: the judge has them, too.
    names : tuple of str
        What the reference solution defines: there, a name of Python's own is the student's.
    tests : dict of TestPlan
        By name (``grade_id``); a cell that is missing runs apart.
    trial : bool
        Whether this is a trial: what is to be known after it is noted in the test cells.
    """

    given: str = ""
    names: tuple[str, ...] = ()
    tests: Mapping[str, TestPlan] = field(default_factory=dict)
    trial: bool = False

    def of(self, name: str | None) -> TestPlan:
        """Return how the test cell of a name runs."""
        return self.tests.get(name or "", TestPlan())

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NotebookPlan:
        """Return a plan from what :meth:`to_dict` has returned."""
        tests = {name: TestPlan(**test) for name, test in values["tests"].items()}
        return cls(values["given"], tuple(values["names"]), tests, values["trial"])


def plain_plan(source: NotebookNode, default: bool | None = None) -> NotebookPlan | None:
    """Return the plan of a notebook if it can be told without a trial, else None.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.
    default : bool, optional
        Whether all cells run apart, or all together, but for those with a tag.
    """
    tests = {}
    for cell in source.cells:
        if is_test(cell):
            tagged = [TAGS[tag] for tag in cell.metadata.get("tags", []) if tag in TAGS]
            apart = tagged[0] if tagged else default
            if apart is not None:
                why = "" if apart else "has the tag" if tagged else "is configured so"
                tests[str(grade_id(cell))] = TestPlan(apart, why)
            elif calls_checks_alone(cell.source):
                tests[str(grade_id(cell))] = TestPlan(decides=False, passes=True)
            else:
                return None
    return NotebookPlan(given_code(source), defined_names(source), tests)


def defined_names(source: NotebookNode) -> tuple[str, ...]:
    """Return the names that the reference solution defines."""
    found: set[str] = set()
    for cell in source.cells:
        if cell.cell_type == "code" and is_answer(cell):
            found |= analyse(cell.source).defined
    return tuple(sorted(found))


def given_code(source: NotebookNode) -> str:
    """Return the imports, functions and classes of cells that students cannot edit."""
    found = []
    for cell in source.cells:
        locked = is_locked(cell) and not is_answer(cell) and not is_test(cell)
        if cell.cell_type == "code" and locked:
            try:
                tree = ast.parse(cell.source)
            except SyntaxError:  # there are magics in it
                continue
            kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
            found += [ast.unparse(node) for node in tree.body if isinstance(node, kinds)]
    return "\n\n".join(found)


def calls_checks_alone(source: str) -> bool:
    """Return whether a test cell does nothing but call the checks of :mod:`lxmls_nb`.

    Of such a cell it is known that it runs apart, since its checks are made for that.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    for node in tree.body:
        if isinstance(node, ast.Import):
            if not all(alias.name in ("numpy", "lxmls_nb") for alias in node.names):
                return False
        elif isinstance(node, ast.ImportFrom):
            if node.module not in ("lxmls_nb", "lxmls_nb.checks"):
                return False
        elif not isinstance(node, ast.Expr) or not _is_check(node.value):
            return False
    return True


def _is_check(node: ast.expr) -> bool:
    """Whether an expression is a call ``checks.name(...)`` on names and literals."""
    if not (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "checks"
    ):
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    plain = (ast.Name, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.UnaryOp, ast.unaryop)
    parts = [part for value in given for part in ast.walk(value)]
    return all(isinstance(part, (*plain, ast.expr_context)) for part in parts)
