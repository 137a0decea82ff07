"""What an object of the student decides of a test, and what its plain value decides in its place.

An object that claims to be equal to everything would be right everywhere. So an object decides only
what objects of the reference solution decided in the same place; elsewhere, the plain value that it
stands for is compared and calculated with (:mod:`~lxmls_grading.kernel.plain_values`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, NoReturn

from lxmls_grading.execution.plain_operations import (
    changes_as_plain,
    changes_in_place,
    does_the_same,
    has_same_method,
)
from lxmls_grading.execution.remote import NotPlainError, Remote, object_of, remote_type
from lxmls_grading.kernel.objects import OPERATIONS
from lxmls_grading.kernel.shared import is_mutable

#: Classes of values that are objects here only where they are too large to be sent.
LARGE = ("str", "bytes", "list", "tuple", "dict", "set", "frozenset", "int")

#: Values that never change.
FIXED = (int, float, complex, str, bytes)

#: Comparisons that Python asks for in place of others, when the first of two values can't tell.
MIRRORED = {"gt": "lt", "ge": "le"}

#: The name of the file of a test cell in tracebacks.
TEST_FILE = "<test>"


class Deciding:
    """The part of a connection that tells what decides.

    Attributes
    ----------
    decides : frozenset of str, optional
        What objects of the student may decide in the present cell: each statement of it with each
        operation that objects of the reference solution did there in a trial. Elsewhere, an object
        that claims to be equal to everything would be right. None without a trial: all.
    used : set of str
        The same, of the objects that are there now.
    statements : dict of int
        By line of the cell, the first line of its statement.
    refused : NotPlainError, optional
        What an object has tried to decide.
    plain : dict
        The numbers and texts that objects stand for, by the places of these.
    truths : dict
        Whether objects were true when they were asked for nothing else, by their places.
    alone : set of int
        The places of objects that are equal to nothing but themselves.
    """

    def start_decisions(self, decides: Collection[str] | None) -> None:
        """Begin another test cell, in which objects of the student may decide so much."""
        self.decides = None if decides is None else frozenset(decides)
        self.used: set[str] = set()
        self.statements: dict[int, int] = {}
        self.refused: NotPlainError | None = None

    def forget_decisions(self) -> None:
        """Forget what objects stand for: those of another kernel take their place."""
        self.plain: dict[int, Any] = {}
        self.truths: dict[int, set[bool]] = {}
        self.alone: set[int] = set()

    def do(self, operation: str, *given: Any, **named: Any) -> Any:
        """Do an operation on objects of the student; the connection has it."""
        raise NotImplementedError

    def refuse(self, why: str) -> NoReturn:
        """Raise CannotJudge, and remember it; the connection has it."""
        raise NotImplementedError

    def may_decide(self, operation: str) -> bool:
        """Return whether objects of the student may do what decides a test, where the test is now.

        That is to compare themselves with a value of the test, to compute with it, or to have a
        method of that name.
        """
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename != TEST_FILE:
            frame = frame.f_back
        line = self.statements.get(frame.f_lineno, frame.f_lineno)
        decision = f"{line} {MIRRORED.get(operation, operation)}"
        self.used.add(decision)
        return self.decides is None or decision in self.decides

    def decide(self, operation: str, *given: Any) -> Any:
        """Do an operation that decides a test, if the student's object may; else with its value."""
        if self.may_decide(operation):
            return self.do(operation, *given)
        if operation in ("eq", "ne") and self._is_itself_alone(given[0]):
            return NotImplemented  # as its class has it
        if operation == "bool" and (truth := self._truth(given[0])) is not None:
            return truth
        plain = [self.plain_of(each) if type(each) is Remote else each for each in given]
        if type(given[0]) is Remote and changes_in_place(operation, plain[0]):
            if self.do(operation, *given) is not given[0]:
                self.not_plain(given[0])
            return given[0]
        for value, each in zip(plain, given, strict=True):
            if type(each) is Remote:
                is_matrix = ("numpy", "matrix") in each._remote.bases
                if not does_the_same(operation, value, is_matrix):
                    self.not_plain(each)
        return OPERATIONS[operation](*plain)

    def _is_itself_alone(self, value: Any) -> bool:
        """Whether a value is an object of the student that is equal to nothing else."""
        if type(value) is not Remote:
            return False
        place = value._remote.place
        if place not in self.plain and self.do("by_identity", value) is True:
            self.alone.add(place)
        return value._remote.is_class or place in self.alone

    def _truth(self, remote: Remote) -> bool | None:
        """Return whether an object is true, if no code of the student tells; else None."""
        place = remote._remote.place
        truth = None if place in self.plain else self.do("truth", remote)
        if type(truth) is not bool:
            return None
        self.truths.setdefault(place, set()).add(truth)
        return truth

    def plain_of(self, remote: Remote) -> Any:
        """Return the plain value that an object stands for, as a named tuple for a tuple.

        The student's process says so, and does not know what the value is compared to. A number or
        a text stays what it was, and the student's code gets it back instead of the object: else
        the object could be one thing for the test, and hold another for the answer.

        Raises
        ------
        NotPlainError
            If there is none.
        """
        value = self._plain_or_itself(remote)
        if object_of(value) is not None:
            self.not_plain(remote)
        return value

    def _plain_or_itself(self, remote: Remote) -> Any:
        """Return the plain value that an object stands for, or an object if there is none.

        An object that was told to be equal to itself alone has none, and one that was true is no 0.
        """
        place = remote._remote.place
        if place in self.plain:
            return self.plain[place]
        value = self.do("plain", remote)
        if object_of(value) is not None or place in self.alone or remote._remote.is_class:
            return remote
        if isinstance(value, FIXED):
            if self.truths.get(place, set()) - {bool(value)}:
                return remote
            self.plain[place] = value
        return value

    def copied(self, remote: Remote, copy: Callable[[Any], Any]) -> Any:
        """Return a copy of an object of the student, if the reference has a plain value there."""
        value = remote if self.decides is None else self._plain_or_itself(remote)
        if object_of(value) is not None:
            self.refuse("copies an object of the student")
        return copy(value)

    def attribute(self, remote: Remote, name: str) -> Any:
        """Return an attribute of an object of the student.

        A method that only the student's object has could decide anything: a value with a method
        ``equals`` would be equal to everything. In its place comes that of the plain value.
        """
        permitted = self.may_decide(f"attribute {name}")
        found = self.do("getattr", remote, name)
        if type(found) is Remote and not permitted:
            if name.startswith("__") and name in vars(Remote) and name != "__init__":
                return object.__getattribute__(remote, name)  # does what Python's syntax does
            plain = self.plain_of(remote)
            if changes_as_plain(name, plain):
                return partial(self._change, remote, found, name)
            if not has_same_method(name, plain):
                self.not_plain(remote)
            return getattr(plain, name)
        return found

    def _change(self, remote: Remote, method: Remote, name: str, *given: Any, **named: Any) -> Any:
        """Change an object by its method; what comes of it is what the plain value gives."""
        found = getattr(self.plain_of(remote), name)(*given, **named)
        if name == "setdefault" and is_mutable(found):  # the test may go on to change it
            self.not_plain(remote)
        self.do("call", method, *given, **named)
        return found

    def not_plain(self, remote: Remote, expected: str = "") -> NoReturn:
        """Raise NotPlainError, and remember it."""
        expected = expected or "a plain value, such as a number, a text or a list,"
        kind = f"an object of the class {remote_type(remote)[:100]}"
        if remote._remote.bases[:1] in ([("builtins", each)] for each in LARGE):
            kind = f"a value of the class {remote_type(remote)[:100]} that is too large"
        self.refused = NotPlainError(f"{kind} is given where {expected} is expected")
        raise self.refused
