"""What is the same for two cells whose code differs in its layout, or in what does nothing."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from functools import lru_cache

from lxmls_grading.definitions import (
    ODD,
    analyse,
    bound_names,
    global_names,
    needed_names,
    tree_of,
    used_names,
)


@lru_cache(maxsize=4096)
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


@lru_cache(maxsize=4096)
def statements_about(
    source: str, names: frozenset[str]
) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return what is the same, in each layout, for the statements that make something of names.

    A plain call of what a name stands for makes nothing of it.

    Parameters
    ----------
    source : str
        Code of IPython.
    names : frozenset of str

    Returns
    -------
    binding : frozenset of bytes
        Of each statement at the top level that binds some of the names.
    others : frozenset of bytes
        Of each other statement that mentions some of them: it may change what they stand for.
    """
    tree = tree_of(source)
    binding, others = set(), set()
    for node in tree.body if tree else ():
        if names & bound_names([node])[1]:
            binding.add(_digest(node))
        elif names & _mentioned(node):
            others.add(_digest(node))
    return frozenset(binding), frozenset(others)


def _mentioned(statement: ast.stmt) -> set[str]:
    """Return the names in a statement, but for those of which it only calls what they stand for."""
    nodes = [*ast.walk(statement)]
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called}


def _digest(node: ast.AST) -> bytes:
    """Return a short digest of code, in place of a text many times as long as the code."""
    try:
        text = ast.dump(node)
    except ODD:
        return b"unknown"
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()


@lru_cache(maxsize=4096)
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


def forget() -> None:
    """Forget what is known of code, which is kept for the cells of one notebook."""
    of_names = (analyse, global_names, needed_names, used_names)
    for function in (*of_names, layout_key, outline, statements_about):
        function.cache_clear()


def _does_nothing(node: ast.AST) -> bool:
    """Whether a statement gives a function no result."""
    if isinstance(node, ast.Return):
        return node.value is None or (
            isinstance(node.value, ast.Constant) and node.value.value is None
        )
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Pass | ast.Raise)
