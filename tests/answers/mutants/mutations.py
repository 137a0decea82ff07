"""Makes mutants: a piece of code with one small change each, as a slip of the hand makes them."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

#: Operators, each with those that are written in its place.
OPERATORS: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.Gt: [ast.GtE, ast.Lt, ast.Eq],
    ast.Lt: [ast.LtE, ast.Gt, ast.Eq],
    ast.Eq: [ast.NotEq],
}

#: Functions and types, each with those that are written in its place.
NAMES = {
    "mean": ["sum", "max"],
    "sum": ["mean", "max"],
    "exp": ["log"],
    "logsumexp": ["np.max", "np.sum"],
    "log_softmax": ["softmax", "sigmoid"],
    "sigmoid": ["tanh", "relu"],
    "nll_loss": ["cross_entropy"],
    "len": ["max"],
    "float32": ["float64", "int64"],
    "int64": ["int32", "float32"],
}


@dataclass(frozen=True)
class Mutant:
    """A mutant of a piece of code.

    Attributes
    ----------
    code : str
        The whole of it.
    change : str
        The lines that differ, with ``-`` before old ones and ``+`` before new ones, and those
        between them after a space. They are lines of Python's own formatting (:func:`ast.unparse`),
        without indentation: how the code is laid out doesn't matter.
    """

    code: str
    change: str


def mutants(code: str, first: int = 1, last: int | None = None) -> list[Mutant]:
    """Return all mutants of a piece of code; no two are the same.

    Parameters
    ----------
    code : str
    first, last : int
        The lines that may change.
    """
    tree = ast.parse(code)
    original = ast.unparse(tree)
    seen = {original}
    found = []
    for _ in _mutated(tree, range(first, (last or len(code.splitlines())) + 1)):
        mutated = ast.unparse(tree)
        if mutated not in seen:
            seen.add(mutated)
            found.append(Mutant(mutated, _change(original, mutated)))
    return found


def _change(old: str, new: str) -> str:
    """Return the lines that differ, and those between them."""
    lines = list(difflib.ndiff(old.splitlines(), new.splitlines()))
    changed = [n for n, line in enumerate(lines) if line[0] in "+-"]
    between = lines[changed[0] : changed[-1] + 1]
    return "\n".join(line[0] + line[2:].strip() for line in between if line[0] != "?")


def _mutated(tree: ast.AST, lines: range) -> Iterator[None]:
    """Change a tree in place, once for each mutant, and back again."""
    for parent in ast.walk(tree):
        local = _local_names(parent)
        for name, value in ast.iter_fields(parent):
            if not isinstance(value, list):
                if isinstance(value, ast.expr) and value.lineno in lines:
                    for new in _replacements(value, parent):
                        setattr(parent, name, new)
                        yield
                    setattr(parent, name, value)
                continue
            for place, item in enumerate(value):
                if getattr(item, "lineno", None) not in lines:
                    continue
                movable = getattr(value[min(place + 1, len(value) - 1)], "lineno", None) in lines
                for new in _item_replacements(value, place, parent, name, movable):
                    setattr(parent, name, new)
                    yield
                setattr(parent, name, value)
        if local:
            yield from _renamed(parent, local, lines)


def _item_replacements(
    items: list, place: int, parent: ast.AST, name: str, movable: bool
) -> Iterator[list]:
    """Return lists that replace one whose item at a place changes, goes, or moves back by one."""
    item, before, after = items[place], items[:place], items[place + 1 :]
    if isinstance(item, ast.expr):
        for new in _replacements(item, parent):
            yield [*before, new, *after]
    swapped = [*before, *after[:1], item, *after[1:]]
    if isinstance(item, ast.stmt):
        yield [*before, *after] or [ast.Pass()]
        if after and movable:
            yield swapped
    elif isinstance(item, ast.keyword):
        yield [*before, *after]
    elif isinstance(parent, ast.Tuple | ast.List | ast.Call) and len(items) > 1:
        if after and movable:
            yield swapped
        if isinstance(getattr(parent, "ctx", None), ast.Store):
            return
        yield [*before, *after]
    if isinstance(parent, ast.For) and name == "body" and not after:
        yield [*items, ast.Break()]


def _replacements(node: ast.expr, parent: ast.AST) -> Iterator[ast.AST]:
    """Return what is written in the place of an expression."""
    if isinstance(node, ast.BinOp):
        for operator in OPERATORS.get(type(node.op), []):
            yield ast.BinOp(node.left, operator(), node.right)
        if not isinstance(node.op, ast.Add | ast.Mult):
            yield ast.BinOp(node.right, node.op, node.left)
        yield node.left
        yield node.right
        if isinstance(node.op, ast.MatMult):
            yield ast.BinOp(_attribute(node.left, "T"), node.op, node.right)
            yield ast.BinOp(node.left, node.op, _attribute(node.right, "T"))
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare):
        for operator in OPERATORS.get(type(node.ops[0]), []):
            yield ast.Compare(node.left, [operator()], node.comparators)
        yield ast.Constant(True)
        yield ast.Constant(False)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_constants(node.value, parent))
    elif isinstance(node, ast.Dict):
        yield from _other_dictionaries(node)
    elif isinstance(node, ast.Slice):
        yield ast.Slice(None, node.upper)
        yield ast.Slice(node.lower, None)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        if not isinstance(parent, ast.Call) or parent.func is not node:
            yield node.value
        for new in NAMES.get(node.attr, []):
            yield _named(new) if "." in new else ast.Attribute(node.value, new, node.ctx)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from map(_named, NAMES.get(node.id, []))
    elif isinstance(node, ast.Call) and not isinstance(parent, ast.Expr):
        yield from node.args[:1]
        if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
            yield node.func.value
    yield from _negated(node, parent)


def _negated(node: ast.expr, parent: ast.AST) -> Iterator[ast.AST]:
    """Return an expression with the other sign, where it is assigned or returned."""
    is_whole = isinstance(parent, ast.Assign | ast.Return | ast.Tuple | ast.List)
    loaded = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    simple = ast.Tuple | ast.List | ast.Dict | ast.Constant | ast.UnaryOp
    if is_whole and loaded and not isinstance(node, simple):
        yield ast.UnaryOp(ast.USub(), node)
    if isinstance(parent, ast.Return):
        yield ast.Constant(None)


def _other_constants(value: object, parent: ast.AST) -> list:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, str) and not isinstance(parent, ast.Expr):
        return [f"{value}s"]
    return []


def _other_dictionaries(node: ast.Dict) -> Iterator[ast.AST]:
    """Return a dictionary with the value of a key exchanged for the next one, or without it."""
    for place in range(len(node.keys)):
        next_one = node.values[(place + 1) % len(node.values)]
        values = [*node.values[:place], next_one, *node.values[place + 1 :]]
        yield ast.Dict(node.keys, values)
        rest = [n for n in range(len(node.keys)) if n != place]
        yield ast.Dict([node.keys[n] for n in rest], [node.values[n] for n in rest])


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "torch")


def _local_names(node: ast.AST) -> list[str]:
    """Return the names of a function's arguments and variables, in the order of the code."""
    if not isinstance(node, ast.FunctionDef):
        return []
    names = [argument.arg for argument in node.args.args]
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names.append(each.id)
    return list(dict.fromkeys(names))


def _renamed(function: ast.AST, names: list[str], lines: range) -> Iterator[None]:
    """Change each variable that a function reads, in place, to the one after it and before it."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Name) or node.id not in names or node.lineno not in lines:
            continue
        if isinstance(node.ctx, ast.Load) and node.id != "self":
            old, place = node.id, names.index(node.id)
            for step in (1, -1):
                node.id = names[(place + step) % len(names)]
                yield
            node.id = old


def _attribute(node: ast.expr, name: str) -> ast.Attribute:
    return ast.Attribute(node, name, ast.Load())


def _named(name: str) -> ast.AST:
    return ast.parse(name, mode="eval").body
