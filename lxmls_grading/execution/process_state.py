"""Tells which tests set or look at something that each process has for itself.

Such are the functions that a test replaces, the modes of NumPy, the files of a folder, pyplot's
figures. A test that runs apart would set and see those of the judge, and not those of the student's
code. The reference solution need not show it: a test that forbids `sum` passes with whatever does
not use it, wherever it runs. So these tests run together, by what their code names.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_answer, is_locked, is_test
from lxmls_grading.definitions import ODD, analyse, bound_names, imports_in, parse_cell
from lxmls_grading.execution.process_names import (
    ARGUMENTS,
    DRAWING,
    METHODS,
    NOT_DRAWING,
    OF_ONE_PROCESS,
    PLAIN_METHODS,
    PLAIN_PYPLOT,
    REPLACED_HERE_TOO,
    SEEDS,
    TESTING,
)

#: Names of Python, which a test of the same name hides from the student's code, too.
PYTHONS = frozenset(name for name in dir(builtins) if not name.startswith("_"))

#: What binds names that hold in it alone.
COMPREHENSION = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

#: What a test defines that others can use.
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def tests_of_one_process(source: NotebookNode) -> dict[str, str]:
    """Return the tests that must run in the student's process, and why.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.

    Returns
    -------
    tests : dict of str
        By name (``grade_id``), a clause whose subject is the cell.
    """
    trees = [(cell, _tree(cell)) for cell in source.cells if cell.cell_type == "code"]
    known: dict[str, str] = {}  # what imports stand for
    helpers: dict[str, Definition] = {}  # what the judge, too, takes from other cells
    theirs: set[str] = set()  # functions, classes and imports that answers can use
    variables: set[str] = set()
    for cell, tree in trees:
        if is_test(cell):
            continue
        known |= _imports(tree)
        variables |= analyse(cell.source).bound
        theirs |= _definitions(tree).keys() | _imports(tree).keys()
        if is_locked(cell) and not is_answer(cell):
            helpers |= _definitions(tree)
    found = {}
    for cell, tree in trees:
        if is_test(cell):
            known |= _imports(tree)
            used = [tree, *_used(tree, helpers)]
            why = _why(cell.source, used, known | _aliases(tree, known), theirs)
            if why := why or _why_variables(tree, variables):
                found[str(grade_id(cell))] = why
            helpers |= _definitions(tree)
    return found


def _why(
    source: str, used: list[ast.Module | Definition], known: Mapping[str, str], theirs: set[str]
) -> str:
    """Return why a test must run in the student's process, or nothing."""
    test, *helpers = used
    if hidden := sorted(_bound(source, test) & PYTHONS):
        return f"gives another meaning to `{hidden[0]}`, which is Python's"
    if hidden := sorted(_bound(source, test) & theirs - _imports(test).keys()):
        return f"gives another meaning to `{hidden[0]}`, which other cells define"
    if _lists_names(test):
        return "lists the global names"
    for tree in used:
        for node in ast.walk(tree):
            if name := _replaced(node, known):
                return f"replaces `{name}`, which concerns its own process alone"
            if name := _looked_at(node, known):
                return f"uses `{name}`, which concerns its own process alone"
    if _seeds_answer(test, known) or any(_is_seeding(each, known) for each in helpers):
        return "seeds random numbers that the answer may draw"
    return ""


def _why_variables(tree: ast.Module, variables: set[str]) -> str:
    """Return why a test that binds variables of other cells must run in the student's process.

    It deletes them, or has read them before, so that it means these, and none of its own: it looks
    whether the answer goes on to use them.
    """
    seen = set()
    for name, context in _uses(tree):
        rebinds = isinstance(context, ast.Store) and name in seen
        if name in variables and (rebinds or isinstance(context, ast.Del)):
            return f"gives another meaning to `{name}`, which other cells define"
        if isinstance(context, ast.Load):
            seen.add(name)
        else:
            variables = variables - {name}  # from here on, it is the test's own
    return ""


def _uses(tree: ast.Module) -> list[tuple[str, ast.expr_context]]:
    """Return the names that a test uses outside of functions, and how, in this order.

    Those that comprehensions bind are names of their own.
    """
    found: list[tuple[tuple[int, int], str, ast.expr_context]] = []
    ends: dict[ast.AST, tuple[int, int]] = {}  # of assignments, which bind at their end
    nodes: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]  # and names that they hide
    while nodes:
        node, hidden = nodes.pop()
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            end = (node.end_lineno or 0, node.end_col_offset or 0)
            ends |= {part: end for target in targets for part in ast.walk(target)}
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            place = (node.lineno, node.col_offset)
            found.append((place, node.target.id, ast.Load()))
        if isinstance(node, ast.Name) and node.id not in hidden:
            place = (node.lineno, node.col_offset)
            if isinstance(node.ctx, ast.Store):
                place = ends.get(node, place)
            found.append((place, node.id, node.ctx))
        nodes += _children(node, hidden)
    return [(name, context) for _, name, context in sorted(found, key=lambda each: each[0])]


def _children(node: ast.AST, hidden: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Yield what is in code outside of functions, each with the names that are hidden there."""
    if isinstance(node, Definition | ast.Lambda):
        return
    first = None
    if isinstance(node, COMPREHENSION):
        first = node.generators[0]
        yield first.iter, hidden  # it is computed before the comprehension begins
        hidden |= bound_names([each.target for each in node.generators])[0]
        yield from ((each, hidden) for each in (first.target, *first.ifs))
    yield from ((each, hidden) for each in ast.iter_child_nodes(node) if each is not first)


def _tree(cell: NotebookNode) -> ast.Module:
    """Return the syntax tree of a cell; an empty one if it is no Python."""
    try:
        return parse_cell(cell.source)
    except (SyntaxError, *ODD):
        return ast.Module([], [])


def _definitions(tree: ast.Module) -> dict[str, Definition]:
    """Return the functions and classes that a cell defines."""
    return {node.name: node for node in tree.body if isinstance(node, Definition)}


def _used(tree: ast.AST, helpers: Mapping[str, Definition]) -> list[Definition]:
    """Return the helpers that code uses, and those that these use in turn."""
    found: dict[str, Definition] = {}
    nodes = [tree]
    while nodes:
        for node in ast.walk(nodes.pop()):
            if isinstance(node, ast.Name) and node.id in helpers and node.id not in found:
                found[node.id] = helpers[node.id]
                nodes.append(helpers[node.id])
    return [*found.values()]


def _bound(source: str, tree: ast.AST) -> frozenset[str]:
    """Return the global names that a test binds, also in its functions, or deletes."""
    declared = (node.names for node in ast.walk(tree) if isinstance(node, ast.Global))
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    deleted = {node.id for node in names if isinstance(node.ctx, ast.Del)}
    return analyse(source).bound.union(deleted, *declared)


# --- what names stand for -------------------------------------------------------------------------


def _imports(tree: ast.AST) -> dict[str, str]:
    """Return what the names that code imports stand for, such as ``numpy.random`` for ``rnd``."""
    return {name: ".".join(filter(None, origin)) for name, origin in imports_in(tree)}


def _aliases(tree: ast.AST, known: Mapping[str, str]) -> dict[str, str]:
    """Return what names stand for to which code assigns imported things: ``rnd = np.random``."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for name in bound_names(node.targets)[0]:
                found.setdefault(name, set()).add(_origin(node.value, known))
    return {name: origins.pop() for name, origins in found.items() if len(origins) == 1}


def _origin(node: ast.AST, known: Mapping[str, str]) -> str:
    """Return what an imported name or an attribute of one stands for; nothing for all else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    match node:
        case ast.Name(id=name):
            origin = known.get(name, "")
        case ast.Call(func=ast.Name(id="vars"), args=[value]):
            origin = _origin(value, known)
            origin = f"{origin}.__dict__" if origin else ""
        case _:
            origin = ""
    return ".".join([origin, *reversed(names)]) if origin else ""


def _is_in(origin: str, names: frozenset[str]) -> bool:
    """Whether something is one of some names, or lies in it."""
    parts = origin.split(".", 6)  # none of the names has more
    return any(".".join(parts[:count]) in names for count in range(1, len(parts) + 1))


# --- what tests do --------------------------------------------------------------------------------


def _replaced(node: ast.AST, known: Mapping[str, str]) -> str:
    """Return what code replaces of something that is imported, or of the global names."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("setattr", "delattr"):
        origin = _origin(node.args[0], known) if node.args else ""
        return ast.unparse(node.args[0]) if _is_replaceable(origin) else ""
    if not isinstance(node, ast.Attribute | ast.Subscript) or isinstance(node.ctx, ast.Load):
        return ""
    if ast.unparse(node.value) in ("globals()", "__builtins__"):
        return ast.unparse(node)
    origin = _origin(node.value, known)
    if isinstance(node, ast.Attribute) and f"{origin}.{node.attr}" in REPLACED_HERE_TOO:
        return ""
    return ast.unparse(node) if _is_replaceable(origin) else ""


def _is_replaceable(origin: str) -> bool:
    return bool(origin) and not _is_in(origin, TESTING)


def _lists_names(tree: ast.AST) -> bool:
    """Whether a test asks for all global names, and not for a single one."""
    calls: set[ast.AST] = {call for call in _calls(tree) if _root(call.func) == "globals"}
    for node in ast.walk(tree) if calls else ():
        match node:
            case ast.Compare(ops=[ast.In() | ast.NotIn()]):
                calls -= {*node.comparators}
            case ast.Subscript() | ast.Attribute(attr="get") | ast.keyword(arg="globals"):
                calls.discard(node.value)
    return bool(calls)


def _looked_at(node: ast.AST, known: Mapping[str, str]) -> str:
    """Return what code names that is of one process alone."""
    if isinstance(node, ast.arg):
        return node.arg if node.arg in ARGUMENTS else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_plain = not node.args and not node.keywords and not _origin(node.func, known)
        return ast.unparse(node.func) if is_plain and node.func.attr in PLAIN_METHODS else ""
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return ""
    origin = _origin(node, known)
    if not origin:
        is_method = isinstance(node, ast.Attribute) and node.attr in METHODS
        return ast.unparse(node) if is_method else ""
    package, _, name = origin.rpartition(".")
    if package in ("matplotlib.pyplot", "pylab"):
        return "" if name in PLAIN_PYPLOT or name[:1].isupper() else ast.unparse(node)
    return ast.unparse(node) if _is_in(origin, OF_ONE_PROCESS) else ""


def _is_seeding(tree: ast.AST, known: Mapping[str, str]) -> bool:
    return any(_origin(node, known) in SEEDS for node in ast.walk(tree))


def _seeds_answer(tree: ast.AST, known: Mapping[str, str]) -> bool:
    """Whether a test seeds random numbers, and does not go on to draw some itself.

    Numbers that it draws are values that the answer gets, as everywhere.
    """
    seeded = False
    for call in _calls(tree):
        origin = _origin(call.func, known)
        if origin in SEEDS:
            seeded = True
        elif _is_in(origin, DRAWING) and origin not in NOT_DRAWING:
            seeded = False
        elif seeded and not origin and _root(call.func) not in PYTHONS | {""}:
            return True
    return seeded


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield calls in the order in which they are done: those among the arguments come first."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    yield from sorted(calls, key=lambda call: (call.end_lineno, call.end_col_offset))


def _root(node: ast.expr) -> str:
    """Return the name that an expression begins with, or nothing."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
