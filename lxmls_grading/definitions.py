"""The names that the code of a cell binds and uses, without running it.

IPython's magics and shell lines are no syntax errors here. Code of students is any text: what is
too long, or would take too long, is treated as code of which nothing is known.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Most characters of code that is parsed, of code with magics, and lines of magics in it.
MAX_CODE, MAX_MAGIC_CODE, MAX_MAGICS = 100_000, 20_000, 20

#: A line that may be one of IPython's: a magic, a shell command or a question.
MAGIC = re.compile(r"^\s*[%!?,;/]|=\s*[%!]|\?\s*$", re.MULTILINE)

#: The first line of a cell magic under which the rest of a cell runs as usual.
TRANSPARENT = re.compile(r"\s*%%(time|capture|prun|timeit)\b[^\n]*\n")

#: A line that binds a name, in code that cannot be parsed.
BINDING = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)\s*=(?!=)", re.MULTILINE)

#: What parsing raises for code that is too deep or otherwise odd, besides SyntaxError.
ODD = (ValueError, RecursionError, MemoryError, OverflowError)


@dataclass(frozen=True)
class Code:
    """What is known of a piece of code.

    Attributes
    ----------
    parsed : bool
        Whether it could be parsed. Of other code, lines that look like definitions are read.
    error_line : int, optional
        The line of a syntax error, if that is certain.
    defined, bound, used : frozenset of str
        The names that it binds at its top level without and with imports, and those that it reads.
    key : str
        The same for two pieces of code that differ only in layout; empty if it is not known.
    """

    parsed: bool = False
    error_line: int | None = None
    defined: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    key: str = ""


@lru_cache(maxsize=512)
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
        tree = parse(source)
        return Code(
            parsed=True,
            defined=frozenset(_bound(tree.body, imports=False)),
            bound=frozenset(_bound(tree.body, imports=True)),
            used=frozenset(
                node.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            ),
            key=_key(source, tree),
        )
    except SyntaxError as error:
        names = frozenset(first or second for first, second in BINDING.findall(source))
        return Code(error_line=error.lineno or 1, defined=names, bound=names)
    except ODD:
        return Code()


def parse(source: str) -> ast.Module:
    """Return the syntax tree of IPython's code.

    Raises
    ------
    SyntaxError
        If it is certain that there is an error.
    ValueError
        If there are too many magics to tell.
    """
    if source.lstrip()[:2] == "%%":
        source = TRANSPARENT.sub("\n", source, count=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an invalid escape in a string
        try:
            return ast.parse(source)
        except SyntaxError:
            magics = len(MAGIC.findall(source))
            if not magics:
                raise
        if magics > MAX_MAGICS or len(source) > MAX_MAGIC_CODE:
            raise ValueError("too many magics")
        from IPython.core.inputtransformer2 import TransformerManager  # it is slow to import

        try:
            return ast.parse(TransformerManager().transform_cell(source))
        except RuntimeError as error:  # the manager's own limit
            raise ValueError("too many magics") from error


def _bound(body: Iterable[ast.stmt], imports: bool) -> Iterator[str]:
    """Yield the names that statements bind, those in their blocks included."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            if imports:
                names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
                yield from (name for name in names if name != "*")
            continue
        for target in _targets(node):
            stored = (each for each in ast.walk(target) if isinstance(each, ast.Name))
            yield from (each.id for each in stored if isinstance(each.ctx, ast.Store))
        for block in ("body", "orelse", "finalbody"):
            yield from _bound(getattr(node, block, ()), imports)
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _bound(part.body, imports)


def _targets(node: ast.stmt) -> list[ast.expr]:
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


def _key(source: str, tree: ast.Module) -> str:
    """Return a hash of code without its layout, comments included."""
    comments: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                comments.append(token.string.lstrip("# "))
    except (tokenize.TokenError, SyntaxError):  # there are magics in it
        comments = source.splitlines()
    return hashlib.sha256(f"{ast.dump(tree)} {comments}".encode()).hexdigest()
