"""Which names the code of a cell binds, and which it reads."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

#: Cell magics under which a cell defines what it would define without them.
TRANSPARENT = re.compile(r"\A(\s*%%(time|capture|prun)\b[^\n]*\n)+")

#: Statements and expressions that wait.
AWAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)

#: What makes a list, set or dictionary, and has names of its own.
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)

#: Characters of a cell that is looked at: longer ones hold data, mostly.
MAX_LENGTH = 50_000


@dataclass(frozen=True)
class Definition:
    """A function or class that a cell defines.

    Attributes
    ----------
    code : str
        What it is made of, without comments and blanks.
    reads : frozenset of str
        The names of the notebook that its body looks up when it is called.
    """

    code: str
    reads: frozenset[str]


@dataclass(frozen=True)
class Value:
    """What a cell binds by assignments and imports.

    Attributes
    ----------
    code : frozenset of str
        The statements of the cell that it is made by, without comments and blanks.
    reads : frozenset of str
        The names from outside of the cell that are read for it.
    uses : frozenset of str
        The names that the cell itself binds and reads for it.
    """

    code: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()

    def __or__(self, other: Value) -> Value:
        """Return what is made by both."""
        return Value(self.code | other.code, self.reads | other.reads, self.uses | other.uses)


@dataclass(frozen=True)
class CellNames:
    """The names of the notebook that a cell uses.

    Attributes
    ----------
    values : dict of str to Value
        What it binds by assignments and imports, by name.
    definitions : dict of str to Definition
        The functions and classes that it defines, by name.
    read : frozenset of str
        The names from outside that it reads, its definitions included.
    code : str
        All of it, without comments and blanks.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    read: frozenset[str] = frozenset()
    code: str = ""

    @property
    def bound(self) -> frozenset[str]:
        """Those that the cell binds."""
        return frozenset([*self.values, *self.definitions])


@lru_cache(maxsize=500)
def names_of(source: str) -> CellNames:
    """Return the names that a cell binds and reads; none if it is not Python, or very long.

    Parameters
    ----------
    source : str
        The cell's text. Lines for IPython, such as ``%time``, may be among it.
    """
    try:
        if len(source) > MAX_LENGTH:
            return CellNames()
        tree = ast.parse(python_of(source))
        texts = [ast.unparse(node) for node in tree.body]
        used = [_names_in(node, text) for node, text in zip(tree.body, texts, strict=True)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return CellNames()
    values: dict[str, Value] = {}
    definitions: dict[str, Definition] = {}
    read: set[str] = set()
    for node, text, (looked_up, bound) in zip(tree.body, texts, used, strict=True):
        behind = _behind(looked_up, values, definitions)
        read |= behind.reads
        code = _code(text)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            definitions[node.name] = Definition(code, frozenset(looked_up))
            bound.discard(node.name)
        for name in [*bound, *(_changed(node) & values.keys())]:
            values[name] = values.get(name, Value()) | behind | Value(frozenset([code]))
    return CellNames(values, definitions, frozenset(read - definitions.keys()), ast.dump(tree))


def _behind(
    looked_up: Iterable[str], values: Mapping[str, Value], definitions: Mapping[str, Definition]
) -> Value:
    """Return what stands behind the names that a statement reads.

    What an earlier statement of the cell has bound stands for that statement and what was read for
    it, and one of its functions for its code and what its body reads.
    """
    found = Value()
    left, seen = list(looked_up), set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in definitions:
            found |= Value(frozenset([definitions[name].code]))
            left += definitions[name].reads
        elif name in values:
            found |= values[name] | Value(uses=frozenset([name]))
        else:
            found |= Value(reads=frozenset([name]))
    return found


def _code(text: str) -> str:
    """Return what a statement is made of, without its comments, blanks and docstrings."""
    node = ast.parse(text).body[0]
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = each.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                each.body = each.body[1:] or [ast.Pass()]
    return ast.dump(node)


def _changed(node: ast.stmt) -> set[str]:
    """Return the names whose items or attributes a statement sets."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute | ast.Subscript) and isinstance(each.ctx, ast.Store):
            found.add(root_name(each))
    return found


def root_name(node: ast.expr) -> str:
    """Return the name that a chain of attributes and items starts with, or an empty string."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def python_of(source: str) -> str:
    """Return a cell's text as Python, with lines for IPython as calls where IPython is there."""
    source = TRANSPARENT.sub("", source, count=1)
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return source
    code: str = TransformerManager().transform_cell(source)
    return code


def _names_in(node: ast.stmt, text: str) -> tuple[set[str], set[str]]:
    """Return the names of the notebook that a statement reads, and those that it binds."""
    # Python has no tables for `await` outside of a function, which IPython allows: there, it reads.
    if any(isinstance(each, AWAITING) for each in ast.walk(node)):
        node = _WithoutAwait().visit(ast.parse(text))
        text = ast.unparse(node)
    # Newer Pythons compile them into their surroundings, and list their names among the cell's.
    if any(isinstance(each, COMPREHENSIONS) for each in ast.walk(node)):
        text = ast.unparse(_AsGenerators().visit(ast.parse(text)))
    table = symtable.symtable(text, "cell", "exec")
    gone = _unbound(node)
    symbols = list(table.get_symbols())
    read = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    bound = {each.get_name() for each in symbols if each.is_assigned() or each.is_imported()}
    for child in table.get_children():
        for symbol in _symbols_below(child):
            if symbol.is_global() and symbol.is_referenced():
                read.add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                bound.add(symbol.get_name())
    return read, bound - gone


def _unbound(node: ast.AST) -> set[str]:
    """Return the names that a statement takes away: by `del`, and those of errors it handles."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Del):
            found.add(each.id)
        elif isinstance(each, ast.ExceptHandler) and each.name:
            found.add(each.name)
    return found


class _WithoutAwait(ast.NodeTransformer):
    """Takes `await` away where it stands outside of a function."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return node

    def visit_Await(self, node: ast.Await) -> ast.expr:
        return cast(ast.expr, self.visit(node.value))

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.For:
        self.generic_visit(node)
        return ast.copy_location(ast.For(**dict(ast.iter_fields(node))), node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.With:
        self.generic_visit(node)
        return ast.copy_location(ast.With(**dict(ast.iter_fields(node))), node)


class _AsGenerators(ast.NodeTransformer):
    """Makes comprehensions into generators, which look up and bind the same names."""

    def visit_ListComp(self, node: ast.ListComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    def visit_SetComp(self, node: ast.SetComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    def visit_DictComp(self, node: ast.DictComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        # From Python 3.15 on, `{**each for ...}` has a key alone.
        parts = [each for each in (node.key, node.value) if each is not None]
        return ast.GeneratorExp(ast.Tuple(parts, ast.Load()), node.generators)


def _symbols_below(table: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    yield from table.get_symbols()
    for child in table.get_children():
        yield from _symbols_below(child)
