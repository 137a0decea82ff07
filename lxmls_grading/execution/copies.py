"""Notices in a trial where a test asks for more than the values that come from an answer.

Apart from the student's process, a test gets lists, arrays and tables as copies. Two places that
hold one list over there hold two here, and what the test changes, the answer does not see. A test
that could tell the difference gives points to answers that it should not, and neither the reference
solution nor a blank notebook shows it: so it runs together.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np

from lxmls_grading.execution.remote import CannotJudge, Remote, remote_type
from lxmls_grading.kernel.wire import ReplyError

#: Types whose values can be changed in place; objects of these packages can, too.
MUTABLE = (list, dict, set, deque, bytearray, np.ndarray)
PACKAGES = ("pandas", "torch", "scipy")

#: Names by which a test asks where a value lies, or whose memory it shares.
PLACES = re.compile(r"\b(?:shares_memory|may_share_memory|data_ptr|untyped_storage)\b|\.base\b")

#: What methods of the student's classes are: one that is inherited is another object here.
FUNCTIONS = ("function", "method", "builtin_function_or_method", "wrapper_descriptor")

#: Most values that are remembered, and operations at which they are looked at.
MAX_VALUES, MAX_LOOKS = 20, 200

#: What takes the place of `is`, and of `id`, in a test that is tried.
SAME, IDENTITY = "_lxmls_nb_same", "id"


class Copies:
    """The values of one test cell that can be changed in place.

    Parameters
    ----------
    describe : callable
        From a value to bytes, which differ if it was changed.
    refuse : callable
        Gets what the test does, as a clause, and raises.
    """

    def __init__(self, describe: Callable[[Any], bytes], refuse: Callable[[str], NoReturn]):
        self.describe, self.refuse = describe, refuse
        self.start_cell()

    def start_cell(self) -> None:
        """Forget the values of another test cell."""
        self.values: list[tuple[Any, bytes]] = []
        self.looks = 0

    def remember(self, value: Any) -> None:
        """Remember a value as it is now, after it came from the student's code or went to it."""
        self.values = [each for each in self.values if each[0] is not value]
        if len(self.values) < MAX_VALUES and next(_mutable_parts(value), None) is not None:
            with suppress(ReplyError, CannotJudge):  # it cannot be described
                self.values.append((value, self.describe(value)))

    def look(self, at_end: bool = False) -> None:
        """Refuse what the test has changed, where the student's code could have seen it.

        At the end of a cell, one value that holds no others could be seen by nobody.
        """
        self.looks += 1
        if not self.values or self.looks > MAX_LOOKS:
            return
        for value, before in self.values:
            is_alone = at_end and len(self.values) == 1 and len([*_mutable_parts(value)]) == 1
            if not is_alone and self._is_changed(value, before):
                self.refuse("changes a value of the answer, of which it has a copy apart")

    def _is_changed(self, value: Any, before: bytes) -> bool:
        try:
            return self.describe(value) != before
        except (ReplyError, CannotJudge):
            return True

    def rewritten(self, tree: ast.Module, source: str) -> ast.Module:
        """Return the code of a test in which `is` tells whether it compares such a value."""
        if PLACES.search(source):
            self.refuse("asks where a value of the answer lies, of which it has a copy apart")
        new: ast.Module = _Same().visit(tree)
        return ast.fix_missing_locations(new)

    def names(self) -> dict[str, Any]:
        """Return what the code of a test that is tried needs."""
        return {SAME: self._same, IDENTITY: self._identity}

    def _same(self, left: Any, right: Any, attributes: bool) -> bool:
        both = (left, right)
        is_copy = left is not None and right is not None and any(map(self._is_copy, both))
        if is_copy or (attributes and all(map(_is_function, both))):
            self.refuse("asks whether a value of the answer is the same object as another")
        return left is right

    def _identity(self, value: Any) -> int:
        if self._is_copy(value):
            self.refuse("asks for the identity of a value of the answer")
        return id(value)

    def _is_copy(self, value: Any) -> bool:
        return any(
            value is part for known, _ in self.values for part in (known, *_mutable_parts(known))
        )


class _Same(ast.NodeTransformer):
    """Calls a function in the place of each `is`."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Is | ast.IsNot):
            return node
        sides = [node.left, node.comparators[0]]
        attributes = ast.Constant(all(isinstance(side, ast.Attribute) for side in sides))
        call = ast.Call(ast.Name(SAME, ast.Load()), [*sides, attributes], [])
        asks_for_both = isinstance(node.ops[0], ast.IsNot)
        new = ast.UnaryOp(ast.Not(), call) if asks_for_both else call
        return ast.copy_location(new, node)


def _is_function(value: Any) -> bool:
    return type(value) is Remote and remote_type(value) in FUNCTIONS


def _mutable_parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield the values in a value, itself included, that can be changed in place."""
    kind = type(value)
    if kind in MUTABLE or kind.__module__.partition(".")[0] in PACKAGES:
        yield value
    if depth < 3 and kind in (list, tuple, deque, dict):
        for part in value.values() if kind is dict else value:
            yield from _mutable_parts(part, depth + 1)
