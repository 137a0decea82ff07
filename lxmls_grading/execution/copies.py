"""Notices in a trial where a test asks for more than the values that come from an answer.

Apart from the student's process, a test gets lists, arrays and tables as copies. What the answer
changes in its own is told (:mod:`lxmls_grading.kernel.shared`), but what the test changes, the
answer does not see before it gets the list once more, and not all of them are followed. A test that
could tell the difference gives points to answers that it should not, and neither the reference
solution nor a blank notebook shows it: so it runs together.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np

from lxmls_grading.execution.remote import CannotJudge, Remote, TooMuch, remote_type
from lxmls_grading.kernel.wire import ReplyError

#: Types whose values can be changed in place, and those of libraries, by package.
MUTABLE = (list, dict, set, deque, bytearray, np.ndarray)
OF_LIBRARIES = {"pandas": ("DataFrame", "Series"), "torch": ("Tensor", "Parameter")}

#: Functions that ask whether two values are one, and attributes that tell where one lies.
SAME_FUNCTIONS = ("assertIs", "assertIsNot", "is_", "is_not", "shares_memory", "may_share_memory")
PLACES = ("base", "flags", "data_ptr", "untyped_storage")

#: Types of the methods of a student's class: one that is inherited is another object here.
METHODS = ("function", "method")

#: Most values that are remembered, operations at which they are looked at, and elements of one.
MAX_VALUES, MAX_LOOKS, MAX_ELEMENTS = 20, 200, 100_000

#: What takes the place of `is`, and what a value is handed to whose identity counts.
SAME, TOLD = "_lxmls_nb_same", "_lxmls_nb_told"


class Copies:
    """The values of one test cell that can be changed in place.

    Parameters
    ----------
    encode : callable
        From a value to bytes, which differ if it was changed.
    refuse : callable
        Gets what the test does, as a clause, and raises.
    """

    def __init__(self, encode: Callable[[Any], bytes], refuse: Callable[[str], NoReturn]):
        self.encode, self.refuse = encode, refuse
        self.values: list[tuple[Any, bytes]] = []
        self.looks = 0

    def remember(self, value: Any) -> None:
        """Remember a value as it is now, after it came from the student's code or went to it."""
        self.forget(value)
        parts = [*_mutable_parts(value)]
        if not parts or sum(map(_size, parts)) > MAX_ELEMENTS:
            return
        with suppress(ReplyError):  # it cannot be encoded
            self.values.append((value, self._encoded(value)))
            del self.values[:-MAX_VALUES]

    def forget(self, value: Any) -> None:
        """Forget a value that the student's code can no longer see."""
        self.values = [each for each in self.values if each[0] is not value]

    def called(self, callee: Any, given: tuple[Any, ...], result: Any, changed: bool) -> None:
        """Remember what a call was given, and what it gave.

        A function that changes no argument, and gives numbers or texts alone, keeps none of them.
        """
        is_pure = type(callee) is Remote and remote_type(callee) == "function" and not changed
        is_plain = type(result) is not Remote and next(_mutable_parts(result), None) is None
        if changed:
            for value, _ in [*self.values]:
                self.remember(value)
        for value in given:
            self.forget(value) if is_pure and is_plain else self.remember(value)
        self.remember(result)

    def look(self, at_end: bool = False) -> None:
        """Refuse what the test has changed, where the student's code could have seen it.

        At the end of a cell, one value that holds no others could be seen by nobody.
        """
        self.looks += 1
        if not self.values or self.looks > MAX_LOOKS:
            return
        for value, before in self.values:
            is_alone = at_end and len(self.values) == 1 and len([*_mutable_parts(value)]) == 1
            if not is_alone and self._encoded(value) != before:
                self.refuse("changes a value of the answer, of which it has a copy apart")

    def _encoded(self, value: Any) -> bytes:
        try:
            return self.encode(value)
        except TooMuch:
            raise
        except CannotJudge as error:  # it holds an object of the test
            raise ReplyError(str(error)) from None

    def rewritten(self, tree: ast.Module) -> ast.Module:
        """Return the code of a test, in which what asks for identity tells of what value."""
        new: ast.Module = _Telling().visit(tree)
        return ast.fix_missing_locations(new)

    def names(self) -> dict[str, Any]:
        """Return what the code of a test that is tried needs."""
        return {SAME: self._same, TOLD: self._told}

    def identity(self, value: Any) -> int:
        """Return the identity of a value, in the place of `id`."""
        return id(self._told(value))

    def _same(self, left: Any, right: Any, both_attributes: bool) -> bool:
        if left is not None and right is not None:
            self._told(left)
            self._told(right)
            if both_attributes and _is_method(left) and _is_method(right):
                self.refuse("asks whether a method of the answer is the same as another")
        return left is right

    def _told(self, value: Any) -> Any:
        for known, _ in self.values:
            if any(value is part for part in (known, *_mutable_parts(known))):
                self.refuse("asks whether a value of the answer is the same object as another")
        return value


class _Telling(ast.NodeTransformer):
    """Hands values whose identity counts to a function."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if not any(isinstance(each, ast.Is | ast.IsNot) for each in node.ops):
            return node
        if len(node.ops) > 1:
            node.left = _told(node.left)
            node.comparators = [*map(_told, node.comparators)]
            return node
        sides = [node.left, *node.comparators]
        attributes = ast.Constant(all(isinstance(side, ast.Attribute) for side in sides))
        call = ast.Call(ast.Name(SAME, ast.Load()), [*sides, attributes], [])
        negated = isinstance(node.ops[0], ast.IsNot)
        return ast.copy_location(ast.UnaryOp(ast.Not(), call) if negated else call, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in SAME_FUNCTIONS:
            node.args = [*map(_told, node.args[:2]), *node.args[2:]]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr in PLACES and isinstance(node.ctx, ast.Load):
            node.value = _told(node.value)
        return node


def _told(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Starred | ast.Constant):
        return node
    return ast.copy_location(ast.Call(ast.Name(TOLD, ast.Load()), [node], []), node)


def _is_method(value: Any) -> bool:
    return type(value) is Remote and remote_type(value) in METHODS


def _mutable_parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield the values in a value, itself included, that can be changed in place."""
    if type(value) is Remote:
        return
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if issubclass(kind, MUTABLE) or kind.__name__ in OF_LIBRARIES.get(package, ()):
        yield value
    if depth < 3 and issubclass(kind, list | tuple | deque | dict):
        for part in value.values() if issubclass(kind, dict) else value:
            yield from _mutable_parts(part, depth + 1)


def _size(value: Any) -> int:
    """Return how many elements a value has, as far as that is told at once."""
    size = getattr(value, "size", 0)
    size = size() if callable(size) else size
    return int(np.prod(size)) if isinstance(size, int | tuple) else len(value)
