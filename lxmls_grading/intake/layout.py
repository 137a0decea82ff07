"""What is the same for two cells whose code differs in its layout, or in what does nothing."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from functools import lru_cache

from lxmls_grading.definitions import ODD, bound_names, tree_of


@lru_cache(maxsize=512)
def layout_key(source: str) -> str:
    """Return what is the same for code in another layout, comments included; empty if unknown.

    This takes ten times longer than :func:`analyse`.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    tree = tree_of(source)
    if tree is None:
        return ""
    comments: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                comments.append(token.string.lstrip("# "))
    except (tokenize.TokenError, SyntaxError):  # there are magics in it
        comments = source.splitlines()
    try:
        return hashlib.sha256(f"{ast.dump(tree)} {comments}".encode()).hexdigest()
    except ODD:
        return ""


@lru_cache(maxsize=512)
def statements(source: str) -> tuple[tuple[frozenset[str], str], ...]:
    """Return the names that each statement at the top level of code binds, and what it is.

    That is the same in each layout. There are none in code that cannot be parsed.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    tree = tree_of(source)
    try:
        return tuple(
            (frozenset(bound_names([node])[1]), ast.dump(node))
            for node in (tree.body if tree else ())
        )
    except ODD:
        return ()


@lru_cache(maxsize=512)
def outline(source: str) -> str:
    """Return what is the same for code whose functions do nothing, whatever they do it with.

    Left out are docstrings, ``pass``, exceptions that are raised, and a plain ``return``. It is
    empty for code that cannot be parsed.

    Parameters
    ----------
    source : str
        Code of IPython.
    """
    tree = tree_of(source)
    for node in ast.walk(tree) if tree else ():
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _does_nothing(each)]  # type: ignore[attr-defined]
    try:
        return ast.dump(tree) if tree else ""
    except ODD:
        return ""


def _does_nothing(node: ast.AST) -> bool:
    """Whether a statement gives a function no result."""
    if isinstance(node, ast.Return):
        return node.value is None or ast.unparse(node.value) == "None"
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Pass | ast.Raise)
