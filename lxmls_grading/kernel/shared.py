"""Values that can be changed in place, of which judge and student kernel have one each.

A list that a test hands over is copied. So that it stays one list nevertheless, both sides know it
by a number: where the student's code changes its copy, then or at any later time, the judge hears
what is in it now; where it is handed over or returned once more, it is the same list again. So it
is with a list of the student that a test gets. A value that only one side can reach any more is
forgotten, as Python's counts of references tell.
"""

from __future__ import annotations

import marshal
import sys
import zlib
from builtins import any, sorted, sum  # a student's code can replace those of the module
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lxmls_grading.kernel.views import has_other_views, is_array, memory_of
from lxmls_grading.kernel.wire import ReplyError

#: Types whose values can be changed in place, and those of libraries, by package.
CONTAINERS = (
    *(list, dict, set, deque, bytearray, Counter, OrderedDict, defaultdict),
    *(np.ndarray, np.matrix),
)
OF_LIBRARIES = (
    *(("pandas", "DataFrame"), ("pandas", "Series")),
    *(("torch", "Tensor"), ("torch.nn", "Parameter")),
)

#: Those of them that are written fast, if what they hold is of such types, too.
PLAIN = (list, dict, set, bytearray)

#: Most values that a student kernel follows between two operations, and bytes of all of them.
MAX_FOLLOWED, MAX_BYTES = 500, 2**26

#: What Python counts for a value that a table alone refers to.
_table = {0: object()}
UNUSED = sys.getrefcount(_table[0])


def is_mutable(value: Any) -> bool:
    """Return whether a value is of a type that is sent as a value, and can be changed in place."""
    kind = type(value)
    return any(kind is each for each in CONTAINERS) or any(
        kind is vars(sys.modules.get(package, object)).get(name) for package, name in OF_LIBRARIES
    )


class Content:
    """Stands for what is in a value, where the value alone would be sent as its number.

    Parameters
    ----------
    value : object
    """

    def __init__(self, value: Any):
        self.value = value


class Shared:
    """Values by their numbers.

    Parameters
    ----------
    step : int
        1 on the judge's side and -1 on the student's, so that they give different numbers.
    """

    def __init__(self, step: int):
        self.step, self.last = step, 0
        self.values: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}  # by the ids of values

    def number(self, value: Any) -> int:
        """Return the number of a value, which gets one if it has none."""
        known = self.numbers.get(id(value))
        if known is not None:
            return known
        self.last += self.step
        self.add(self.last, value)
        return self.last

    def add(self, number: int, value: Any) -> None:
        """Add a value that has its number from the other side."""
        self.values[number] = value
        self.numbers[id(value)] = number

    def drop(self, number: int) -> None:
        """Forget a value, if it is there."""
        if number in self.values:
            del self.numbers[id(self.values[number])]
            del self.values[number]

    def drop_unused(self) -> list[int]:
        """Forget the values that nothing but this table refers to, and return their numbers.

        A view of what something else refers to is not forgotten.
        """
        gone = []
        views = _Views(self)
        for number in reversed([*self.values]):  # what is in a value was there before it
            if self._is_unused(number) and not views.are_seen(number):
                self.drop(number)
                gone.append(number)
        return gone

    def _is_unused(self, number: int) -> bool:
        return sys.getrefcount(self.values[number]) <= UNUSED


class _Views:
    """Tells which of the values of a table are views of what others refer to."""

    def __init__(self, table: Shared):
        self.table = table
        self.seen: dict[Any, bool] = {}  # by memory

    def are_seen(self, number: int) -> bool:
        """Return whether something refers to the memory of a value that is unused itself."""
        memory = memory_of(self.table.values[number])
        if memory is None:
            return False
        if memory not in self.seen:
            unused = [
                self.table.values[each]
                for each in self.numbers.get(memory, [])
                if self.table._is_unused(each)
            ]
            self.seen[memory] = has_other_views(unused, self.table.numbers)
        return self.seen[memory]

    @cached_property
    def numbers(self) -> dict[Any, list[int]]:
        """The numbers of views by their memory."""
        found: dict[Any, list[int]] = {}
        for number, value in self.table.values.items():
            if (memory := memory_of(value)) is not None:
                found.setdefault(memory, []).append(number)
        return found


class Sharing(NamedTuple):
    """How values of a table are sent.

    Attributes
    ----------
    table : Shared
    knows : bool
        Whether the other side knows already what is in them.
    most : float
        Values that have no number get one as long as the table has fewer than these.
    """

    table: Shared
    knows: bool
    most: float

    def known(self, value: Any) -> int | None:
        """Return the number of a value for which that number is enough, or None."""
        return self.table.numbers.get(id(value)) if self.knows else None

    def new(self, value: Any) -> int | None:
        """Return a number under which to send what is in a value, or None."""
        return self.table.number(value) if len(self.table.values) < self.most else None


class Followed(Shared):
    """The values that a student kernel follows: it notices what has changed in them.

    Parameters
    ----------
    encode : callable
        From a value to a message with what is in it.
    """

    def __init__(self, encode: Callable[[Any], list[bytes]]):
        super().__init__(-1)
        self.encode = encode
        self.states: dict[int, Any] = {}

    def state(self, value: Any) -> tuple[int, Any, Any]:
        """Return what differs if something in a value does: first its size in bytes."""
        kind = type(value)
        if is_array(value) and value.dtype.kind in "biuf":
            content = zlib.crc32(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
            return value.nbytes, content, (value.shape, value.dtype.str)
        if any(kind is each for each in PLAIN):
            try:
                written = marshal.dumps(value, 2)  # ten times as fast
                return len(written), written, tuple(map(self.numbers.get, map(id, _parts(value))))
            except ValueError:  # it holds what is not of Python's own types
                pass
        message = self.encode(value)
        return sum(map(len, message)), message, ()

    def within(self) -> set[int]:
        """Return the numbers of the values that are in others: these differ where those do."""
        found = (
            self.numbers.get(id(part)) for value in self.values.values() for part in _parts(value)
        )
        return {number for number in found if number is not None}

    def receive(self, number: int, value: Any) -> Any:
        """Return the value of this number, with what a message says is in it."""
        old = self.values.get(number)
        state = self.state(value)
        if old is None or type(old) is not type(value):
            self.drop(number)
            self.add(number, value)
            old = value
        elif state != self.states.get(number):
            overwrite(old, value)
        self.states[number] = state
        return old

    def changed(self) -> list[tuple[int, Any]]:
        """Return the values that have changed, with their numbers.

        Raises
        ------
        ReplyError
            If one of them cannot be sent any more; it is forgotten.
        """
        found = []
        for number, value in [*self.values.items()]:
            try:
                if self.state(value) != self.states.get(number):
                    self.encode(value)
                    found.append((number, value))
            except ReplyError:
                self.drop(number)
                raise
        return found

    def settle(self, changed: list[int]) -> bool:
        """Note the values as they are, and forget those that need not or cannot be followed.

        Returns
        -------
        full : bool
            Whether they are too many, or too large.
        """
        self.drop_unused()
        within = self.within() if len(self.values) > MAX_FOLLOWED else set()
        order = sorted(self.values, key=lambda number: number not in within)
        gone = order[: max(0, len(order) - MAX_FOLLOWED)]  # what is in others, and then the oldest
        for number in gone:
            self.drop(number)
        if gone:  # what holds them has another state without their numbers
            changed = [*self.values]
        self.states = {n: s for n, s in self.states.items() if n in self.values}
        for number in [n for n in self.values if n not in self.states or n in changed]:
            self.states[number] = self.state(self.values[number])
        size = sum(state[0] for state in self.states.values())
        for number in [*self.values]:
            if size > MAX_BYTES:
                size -= self.states.pop(number)[0]
                self.drop(number)
                gone.append(number)
        return not within.issuperset(gone)


def _parts(value: Any) -> Iterable[Any]:
    """Return what is in a list or a dictionary."""
    kind = type(value)
    return value if kind in (list, deque) else value.values() if issubclass(kind, dict) else ()


def overwrite(old: Any, new: Any) -> None:
    """Put into a value what is in another one of its type.

    Raises
    ------
    ReplyError
        If that cannot be done.
    """
    kind = type(old)
    if kind is not type(new):
        raise ReplyError("a value has changed its type")
    try:
        if kind in (list, bytearray):
            old[:] = new
        elif kind in (set, deque):
            old.clear()
            old.update(new) if kind is set else old.extend(new)
        elif issubclass(kind, dict):
            old.clear()
            old.update(new)
        elif is_array(old):
            if (old.size, old.dtype) != (new.size, new.dtype):
                raise ReplyError("an array has changed its size or its type")
            old.shape = new.shape
            _overwrite_array(old, new)
        elif kind.__name__ in ("Tensor", "Parameter"):
            _overwrite_tensor(old, new)
        else:
            kind.__init__(old, new)  # the one way of pandas that changes all that is in it
    except ReplyError:
        raise
    except Exception as error:
        raise ReplyError(f"a {kind.__name__} cannot be changed: {error}"[:300]) from None


def _overwrite_array(old: Any, new: Any) -> None:
    """Change an array in place, also a view that can only be read, of what was changed."""
    fixed = not old.flags.writeable
    if fixed:
        old.flags.writeable = True
    try:
        np.copyto(old, new)
    finally:
        if fixed:
            old.flags.writeable = False


def _overwrite_tensor(old: Any, new: Any) -> None:
    """Change a tensor in place, with the tensors that share its memory, and its gradient."""
    if (old.shape, old.dtype) != (new.shape, new.dtype):
        old.data = new.detach()
    else:
        old.detach().copy_(new.detach())
    if old.is_leaf:
        old.requires_grad_(new.requires_grad)
        old.grad = new.grad
