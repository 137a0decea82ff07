"""Which test cells of a notebook run apart from the student's process, and which together with it.

It is decided from the instructor's notebook alone, before any submission is seen: by a tag, by what
is plain from the code, or by a trial with the reference solution
(:mod:`~lxmls_grading.execution.trial`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import carries_points, grade_id, is_answer, is_locked, is_test
from lxmls_grading.definitions import analyse, imports_in, parse
from lxmls_grading.kernel.foreign import find_command, is_python, kernel_name, language_of

#: Tags of a test cell that decide for it.
TAGS = {"tests-apart": True, "tests-together": False}

#: Names that are never lent: what they stand for is not at hand in a student's process.
OURS = frozenset({"checks", "lxmls_nb", "lxmls_grading", "*"})


@dataclass(frozen=True)
class TestPlan:
    """How a test cell runs.

    Attributes
    ----------
    apart : bool
        Whether it runs in the judge; else in the student kernel, as in nbgrader.
    why : str
        Why it runs together: a clause whose subject is the cell.
    decides : tuple of str, optional
        What objects of the reference solution, and not plain values, decide there; see
        :class:`~lxmls_grading.execution.connection.Connection`. None if that is not known.
    passes : bool
        Whether the reference solution is known to pass the test in this way.
    fault : str
        The error that the reference solution fails with, if it does: a test or a solution is wrong.
    """

    apart: bool = True
    why: str = ""
    decides: tuple[str, ...] | None = None
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
        What the reference solution defines, and what cells do that students can edit: these names
        are the student's, also where Python, a given cell or another test has them.
    imports : dict of tuple
        What it imports, by name: the module, and the name there or an empty string.
    tests : dict of TestPlan
        By name (``grade_id``); a cell that is missing runs apart.
    trial : bool
        Whether this is a trial: what is to be known after it is noted in the test cells.
    open : tuple of str
        The tests of which a trial is to find out whether they can run apart.
    language : str
        The language of the notebook, where that is not Python: all runs in a kernel of its own.
    command : tuple of str
        What starts that kernel; nothing if it is not installed.
    lent : dict of dict
        The imports of tests that students can read, by the name of the test: a statement by the
        name that it binds. An answer without an import of its own finds them in its process, and so
        does a test that runs together.
    """

    given: str = ""
    names: tuple[str, ...] = ()
    tests: Mapping[str, TestPlan] = field(default_factory=dict)
    trial: bool = False
    open: tuple[str, ...] = ()
    imports: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    language: str = ""
    command: tuple[str, ...] = ()
    lent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, name: str | None) -> TestPlan:
        """Return how the test cell of a name runs."""
        return self.tests.get(name or "", TestPlan())

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NotebookPlan:
        """Return a plan from what :meth:`to_dict` has returned."""
        tests = {
            name: TestPlan(**test | {"decides": _tuple(test["decides"])})
            for name, test in values["tests"].items()
        }
        imports = {name: tuple(place) for name, place in values["imports"].items()}
        names, command = tuple(values["names"]), tuple(values["command"])
        own = {"names": names, "tests": tests, "imports": imports, "command": command}
        own["open"] = tuple(values["open"])
        return cls(**values | own)


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def plain_plan(source: NotebookNode, default: bool | None = None) -> NotebookPlan | None:
    """Return the plan of a notebook if it can be told without a trial, else None.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.
    default : bool, optional
        Whether all cells run apart, or all together, but for those with a tag.
    """
    language = language_of(source)
    if not is_python(language):
        return foreign_plan(source, language)
    tests = {}
    for cell in source.cells:
        if is_test(cell):
            tagged = tagged_apart(cell)
            apart = default if tagged is None else tagged
            if apart is not None:
                why = "" if apart else "is configured so" if tagged is None else "has the tag"
                tests[str(grade_id(cell))] = TestPlan(apart, why)
            elif calls_checks_alone(cell.source):
                tests[str(grade_id(cell))] = TestPlan(decides=(), passes=True)
            else:
                return None
    return bare_plan(source, tests)


def tagged_apart(cell: NotebookNode) -> bool | None:
    """Return whether a tag lets a test cell run apart, or together; None if it has neither tag."""
    return next((TAGS[tag] for tag in cell.metadata.get("tags", []) if tag in TAGS), None)


def foreign_plan(source: NotebookNode, language: str) -> NotebookPlan:
    """Return the plan of a notebook in another language than Python: all of it runs together."""
    name = kernel_name(source)
    why = f"is in {language}, in the kernel `{name}`"
    tests = {str(grade_id(cell)): TestPlan(False, why) for cell in source.cells if is_test(cell)}
    return NotebookPlan(tests=tests, language=language, command=find_command(name))


def bare_plan(source: NotebookNode, tests: dict[str, TestPlan]) -> NotebookPlan:
    """Return a plan with what is known of a notebook besides its tests."""
    own = [
        cell.source
        for cell in source.cells
        if cell.cell_type == "code"
        and not is_test(cell)
        and (is_answer(cell) or not is_locked(cell))
    ]
    defined = frozenset().union(*(analyse(code).defined for code in own))
    imports = {name: place for code in own for name, place in imported(code) if name not in defined}
    return NotebookPlan(given_code(source), tuple(sorted(defined)), tests, imports=imports)


def imported(code: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the names that code imports, each with the module and the name there."""
    try:
        tree = parse(code)
    except SyntaxError:  # there are magics in it
        return
    yield from imports_in(tree)


def given_code(source: NotebookNode) -> str:
    """Return the imports, functions and classes of cells that students cannot edit."""
    found = []
    for cell in source.cells:
        locked = is_locked(cell) and not is_answer(cell) and not is_test(cell)
        if cell.cell_type == "code" and locked:
            try:
                tree = parse(cell.source)
            except SyntaxError:  # there are magics in it
                continue
            kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
            found += [ast.unparse(node) for node in tree.body if isinstance(node, kinds)]
    return "\n\n".join(found)


def lent_imports(released: NotebookNode) -> dict[str, dict[str, str]]:
    """Return the imports of tests that no given cell has; see :attr:`NotebookPlan.lent`.

    Parameters
    ----------
    released : NotebookNode
        The notebook as students get it, without hidden tests: what is lent enters their process.
    """
    given = {name for name, _ in imported(given_code(released))}
    found = {}
    for cell in filter(is_test, released.cells):
        try:
            body = parse(cell.source).body
        except SyntaxError:  # there are magics in it
            continue
        named = {name: code for code in _single_imports(body) for name, _ in imported(code)}
        if lent := {name: code for name, code in named.items() if name not in given | OURS}:
            found[str(grade_id(cell))] = lent
    return found


def _single_imports(body: list[ast.stmt]) -> Iterator[str]:
    """Yield a statement for each name that the imports among some statements bind."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (ast.unparse(ast.Import([alias])) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            one = (ast.ImportFrom(node.module, [alias], node.level) for alias in node.names)
            yield from map(ast.unparse, one)


def calls_checks_alone(source: str) -> bool:
    """Return whether a test cell does nothing but call the checks of :mod:`lxmls_nb`.

    Of such a cell it is known that it runs apart, since its checks are made for that.
    """
    try:
        tree = parse(source)
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


def is_given_check(cell: NotebookNode, plan: NotebookPlan) -> bool:
    """Return whether a cell that students cannot edit does nothing but call checks, for no points.

    A student kernel has no verdicts: such a cell is run where tests that run apart are.
    """
    if cell.cell_type != "code" or not is_locked(cell) or carries_points(cell):
        return False
    if not calls_checks_alone(cell.source) or dict(imported(cell.source)):
        return False
    known = dict(imported(plan.given)) | dict(plan.imports)
    return known.get("checks") == ("lxmls_nb", "checks")


def _is_check(node: ast.expr) -> bool:
    """Whether an expression is a call ``checks.name(...)`` on names, literals and the like."""
    if not (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "checks"
    ):
        return False
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    return all(_is_check(value) or _is_plain(value) for value in values)


def _is_plain(node: ast.expr) -> bool:
    """Whether an expression is a name or a literal, with checks in its lists at most."""
    if isinstance(node, ast.List | ast.Tuple):
        return all(_is_check(each) or _is_plain(each) for each in node.elts)
    plain = (ast.Name, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.UnaryOp, ast.unaryop)
    return all(isinstance(part, (*plain, ast.expr_context)) for part in ast.walk(node))
