"""The names that the code of a cell binds and uses, without running it.

IPython's magics and shell lines are no syntax errors here. Code of students is any text: what is
too long, or would take too long, is treated as code of which nothing is known.
"""

from __future__ import annotations

import ast
import re
import symtable
import threading
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Most characters of code that is parsed, of code with magics, and lines of magics in it.
MAX_CODE, MAX_MAGIC_CODE, MAX_MAGICS = 100_000, 20_000, 20

#: Lines of IPython's: magics, shell commands and questions, and values that come from one.
MAGIC_LINE = re.compile(r"^([ \t]*)(?:[%!?].*|.*\?[ \t]*)$", re.MULTILINE)
MAGIC_VALUE = re.compile(r"=[ \t]*[%!].*$", re.MULTILINE)

#: The first lines of a cell: magics under which the rest of it runs as usual.
TRANSPARENT = re.compile(r"\A(\s*%%(time|capture|prun)\b[^\n]*\n)+")

#: How a cell begins of which IPython takes something away: prompts, or what indents all of it.
PASTED = re.compile(r"(?:[ \t]*\n)*(?:[ \t]+\S|>>> ?|In \[\d+\]: ?)")

#: What can bind names that nobody sees in the code: functions, and magics.
HIDDEN_BINDERS = frozenset(
    {"exec", "eval", "globals", "locals", "vars", "setattr", "get_ipython", "runpy", "builtins"}
)
BINDING_MAGICS = re.compile(
    r"^[ \t]*%{1,2}(run|load|store|pylab|rerun|recall|macro|edit|cython)\b", re.MULTILINE
)

#: A line that binds a name, in code that cannot be parsed.
BINDING = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)\s*=(?!=)", re.MULTILINE)

#: What parsing raises for code that is too deep or otherwise odd, besides SyntaxError.
ODD = (ValueError, RecursionError, MemoryError, OverflowError)

#: What stands in the blocks of a statement.
BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)

#: Held while code is parsed: Python 3.11 counts the depth of the trees of all threads as one, and
#: raises a SystemError where two of them are made at the same time.
PARSING = threading.Lock()


@dataclass(frozen=True)
class Code:
    """What is known of a piece of code.

    Attributes
    ----------
    parsed : bool
        Whether it could be parsed. Of other code, lines that look like definitions are read.
    defined, bound : frozenset of str
        The names that it binds at its top level, without and with imports.
    """

    parsed: bool = False
    defined: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def analyse(source: str) -> Code:
    """Return what is known of the code of a cell.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    if len(source) > MAX_CODE:
        return Code()
    try:
        defined, bound = bound_names(parse_cell(source).body)
        return Code(parsed=True, defined=frozenset(defined), bound=frozenset(bound))
    except SyntaxError:
        names = frozenset(first or second for first, second in BINDING.findall(source))
        return Code(defined=names, bound=names)
    except ODD:
        return Code()


def parse_cell(source: str) -> ast.Module:
    """Return the syntax tree of a cell, in which nothing takes the place of magics.

    Parameters
    ----------
    source : str
        Code of IPython.

    Raises
    ------
    SyntaxError
        If it is no Python but for its magics.
    ValueError, RecursionError, MemoryError, OverflowError
        If it is too deep or otherwise odd.
    """
    if PASTED.match(source):
        source = _as_python(source)
    if source.lstrip()[:2] == "%%":
        # As many line ends as there were: what is found has to be on its own line.
        source = TRANSPARENT.sub(lambda found: "\n" * found[0].count("\n"), source, count=1)
        if source.lstrip()[:2] == "%%":  # the rest is no Python, or runs elsewhere
            return ast.Module(body=[], type_ignores=[])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an invalid escape in a string
        try:
            return parse(source)
        except SyntaxError:
            if len(source) > MAX_MAGIC_CODE:
                raise
            plain = MAGIC_VALUE.sub("= None", MAGIC_LINE.sub(r"\1pass", source))
            if plain == source:
                raise
            return parse(plain)


def _as_python(source: str) -> str:
    """Return code without the prompts and the indentation that IPython takes away."""
    from IPython.core import inputtransformer2  # it is slow to import

    lines = source.splitlines(keepends=True)
    for step in ("leading_indent", "classic_prompt", "ipython_prompt"):
        lines = getattr(inputtransformer2, step)(lines)
    return "".join(lines)


def parse(source: str) -> ast.Module:
    """Return the syntax tree of Python code, also where other threads parse some.

    Parameters
    ----------
    source : str

    Raises
    ------
    SyntaxError
        If it is no Python.
    ValueError, RecursionError, MemoryError, OverflowError
        If it is too deep or otherwise odd.
    """
    with PARSING:
        return ast.parse(source)


def syntax_error(source: str) -> tuple[int, str] | None:
    """Return the line and message of a syntax error, or None if it is not certain there is one.

    Unlike :func:`analyse`, this knows all of IPython's syntax, and takes its time.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    if analyse(source).parsed or len(source) > MAX_MAGIC_CODE:
        return None
    if len(MAGIC_LINE.findall(source)) + len(MAGIC_VALUE.findall(source)) > MAX_MAGICS:
        return None
    from IPython.core.inputtransformer2 import TransformerManager  # it is slow to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parse(TransformerManager().transform_cell(source))
    except SyntaxError as error:
        blank = source[: len(source) - len(source.lstrip())]  # IPython removes these lines
        return blank.count("\n") + (error.lineno or 1), error.msg
    except (*ODD, RuntimeError):  # the last is the manager's own limit
        pass
    return None


def bound_names(statements: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names that statements bind without and with imports, those in blocks included.

    Parameters
    ----------
    statements : iterable of ast.AST
    """
    defined: set[str] = set()
    imported: set[str] = set()
    nodes = [*statements]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                defined.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Tuple | ast.List):
            nodes += node.elts
        elif isinstance(node, ast.Starred):
            nodes.append(node.value)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            nodes += _targets(node)
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                nodes += getattr(node, block, ())
    return defined, defined | imported - {"*"}


def _targets(node: ast.AST) -> list[ast.expr]:
    """Return what a statement assigns to."""
    match node:
        case ast.Assign():
            return node.targets
        case ast.AnnAssign(target=target, value=ast.expr()):
            return [target]
        case ast.AugAssign(target=target) | ast.For(target=target) | ast.AsyncFor(target=target):
            return [target]
        case ast.With() | ast.AsyncWith():
            return [item.optional_vars for item in node.items if item.optional_vars]
    return []


def imports_in(tree: ast.AST) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the names that code imports, each with the module and the name there.

    Parameters
    ----------
    tree : ast.AST
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, (alias.name if alias.asname else top, "")
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)


def may_bind_unseen(source: str) -> bool:
    """Whether code may bind names at its top level that :func:`analyse` does not find.

    It may be broken here, run other code, or import all that a module has.

    Parameters
    ----------
    source : str
        Code of IPython.

    Examples
    --------
    >>> may_bind_unseen("from shapes import *")
    True
    >>> may_bind_unseen("import shapes")
    False
    """
    tree = tree_of(source)
    if tree is None:
        return bool(source.strip())
    if BINDING_MAGICS.search(source):
        return True
    return any(
        isinstance(node, ast.Global | ast.NamedExpr)
        or (isinstance(node, ast.alias) and node.name in ("*", *HIDDEN_BINDERS))
        or (isinstance(node, ast.Name) and node.id in HIDDEN_BINDERS)
        for node in ast.walk(tree)
    )


@lru_cache(maxsize=4096)
def needed_names(source: str) -> frozenset[str]:
    """Return the names that code changes or reads before it binds them itself.

    Such code needs what they stand for. What functions read when they are called does not count,
    and of branches, one is taken to come after the other.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    tree = tree_of(source)
    statements = tree.body if tree else []
    try:
        return frozenset(needed_by(statements) & bound_names(statements)[1])
    except RecursionError:  # a thousand branches after one another
        return frozenset()


def needed_by(statements: list[ast.stmt]) -> set[str]:
    """Return the names that statements change or read before they bind them themselves.

    Parameters
    ----------
    statements : list of ast.stmt
    """
    needed: set[str] = set()
    _read_first(statements, set(), needed)
    return needed


def _read_first(body: list[ast.stmt], bound: set[str], needed: set[str]) -> None:
    """Go through statements, and add to the names that are bound, and read before that."""
    for node in body:
        needed |= _read_at_once(node) - bound
        if isinstance(node, ast.Expr):
            continue  # it binds nothing
        blocks = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
        blocks += [each.body for each in getattr(node, "handlers", ())]
        blocks += [each.body for each in getattr(node, "cases", ())]
        is_definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if isinstance(node, ast.AugAssign):
            needed |= {each.id for each in [node.target] if isinstance(each, ast.Name)} - bound
        if not is_definition and any(blocks):
            bound |= bound_names(_targets(node))[1]
            for block in blocks:
                _read_first(block, bound, needed)
        bound |= bound_names([node])[1]


def _read_at_once(statement: ast.stmt) -> set[str]:
    """Return the names that a statement reads or deletes by itself, without its blocks."""
    found: set[str] = set()
    own: set[str] = set()  # of comprehensions
    nodes: list[ast.AST] = [statement]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.comprehension):
            own |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        if isinstance(node, ast.arguments):
            nodes += [*node.defaults, *filter(None, node.kw_defaults)]
        elif isinstance(node, ast.Lambda):
            nodes.append(node.args)
        else:
            nodes += [each for each in ast.iter_child_nodes(node) if not isinstance(each, BLOCKS)]
    return found - own


@lru_cache(maxsize=4096)
def global_names(source: str) -> frozenset[str]:
    """Return the global names that code reads, also in functions, without their own.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    tree = tree_of(source)
    try:
        tables = [symtable.symtable(ast.unparse(tree), "<cell>", "exec")] if tree else []
    except (SyntaxError, *ODD):
        return frozenset()
    found: set[str] = set()
    while tables:
        table = tables.pop()
        is_top = table.get_type() == "module"
        found |= {
            each.get_name()
            for each in table.get_symbols()
            if each.is_referenced() and (is_top or each.is_global())
        }
        tables += table.get_children()
    return frozenset(found)


def names_from_elsewhere(source: str) -> frozenset[str]:
    r"""Return the global names that code reads and does not bind itself before that.

    What it binds for its own use, such as the variable of a loop, is not among them.

    Parameters
    ----------
    source : str
        Code of IPython.

    Examples
    --------
    >>> sorted(names_from_elsewhere("for x in data:\n    assert area(x) == sum(y for y in x)"))
    ['area', 'data', 'sum']
    """
    read = global_names(source)
    own = read & analyse(source).bound
    return read - (own - needed_names(source)) if own else read


@lru_cache(maxsize=4096)
def used_names(source: str) -> frozenset[str]:
    """Return the names that code reads, none if it cannot be parsed.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    tree = tree_of(source)
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name)) if tree else ()
    return frozenset(node.id for node in names if isinstance(node.ctx, ast.Load))


def tree_of(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, or None if it cannot be parsed.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    try:
        return parse_cell(source) if len(source) <= MAX_CODE else None
    except (SyntaxError, *ODD):
        return None
