"""What the remote objects of a test cell ask the student kernel with."""

from __future__ import annotations

import contextlib
import math
import sys
import time
import types
import warnings
import weakref
from collections.abc import Callable, Collection
from typing import Any, NoReturn

import numpy as np

from lxmls_grading.execution.copies import Copies
from lxmls_grading.execution.decisions import Deciding
from lxmls_grading.execution.derived import CLASSES, DERIVED, derived
from lxmls_grading.execution.remote import (
    UNHASHABLE,
    CannotJudge,
    Handle,
    Remote,
    TooMuch,
    object_of,
)
from lxmls_grading.execution.remote_errors import error_class, error_of, original_of, parent_of
from lxmls_grading.execution.replies import checked, key_in, text_in
from lxmls_grading.execution.shared_classes import SHARED, known_class
from lxmls_grading.kernel.decoding import decode
from lxmls_grading.kernel.objects import INTERRUPTED
from lxmls_grading.kernel.shared import Shared, Sharing, is_mutable, overwrite
from lxmls_grading.kernel.values import encode, known_name
from lxmls_grading.kernel.wire import ReplyError

#: Most operations of a test cell, objects of the student that are held at a time, and error classes
#: of the student.
MAX_OPERATIONS, MAX_OBJECTS, MAX_ERROR_CLASSES = 10_000, 50_000, 200

#: Most characters of what the student's code prints in a test cell, and warnings of one operation.
MAX_PRINTED, MAX_WARNINGS = 1_000_000, 20

#: Operations after which names of the student may stand for something else. To look at a value
#: changes none: else a hostile process could tell another one each time.
RUNNING = frozenset({"call", "next"})

#: Most names of a student that stand for something else at a time.
MAX_REBOUND = 1000


class Connection(Deciding):
    """What a test cell's remote objects ask the student kernel with.

    Parameters
    ----------
    ask : callable
        Sends a message to :meth:`lxmls_grading.kernel.objects.Objects.answer`, returns the reply.
    probe : callable
        ``probe(name, answers, arguments) -> reply`` runs a probe on objects of the student.
    seconds : float
        How long a test cell may wait for the student's code, all calls together.

    Attributes
    ----------
    failed : CannotJudge, optional
        Why the cell could not be carried out.
    copies : Copies, optional
        In a trial, what notices that the test needs more than copies of values.
    dropped : set of int
        Objects that nothing here refers to any more, which the student kernel has yet to hear.
    shared : Shared
        The values that can be changed in place, of which the student kernel has one, too.
    unshared : set of int
        Those of them that nothing here refers to any more, as with `dropped`.
    rebound : set of str
        Names of the student that stand for something else now than when they were looked up.
    in_step : bool
        Whether both sides know the same values by their numbers: the last reply, not an interrupted
        one, was read, and all that it tells was done.
    received : dict
        Values of this kind that are new in the present reply, by their numbers.
    """

    def __init__(
        self,
        ask: Callable[[list[bytes]], list[bytes]],
        probe: Callable[..., dict[str, Any]],
        seconds: float = math.inf,
    ):
        self.ask, self.probe, self.seconds = ask, probe, seconds
        self.decoding = False
        self.forget()
        self.start_cell(None)

    def start_cell(self, decides: Collection[str] | None, watch: bool = False) -> None:
        """Count the operations of another test cell; watch, in a trial, what it does to copies."""
        self.count, self.waited, self.printed = 0, 0.0, 0
        self.start_decisions(decides)
        self.failed: CannotJudge | None = None
        self.copies: Copies | None = None
        if watch:
            self.copies = Copies(lambda v: b"".join(encode(v, refer)), self.refuse)

    def tell(self, operation: str, *given: str) -> None:
        """Tell the student kernel something, and hear no more than what has changed there."""
        self._get_in_step()
        with contextlib.suppress(CannotJudge):  # it is remembered
            self._share(self._reply(self._message(operation, given, {})))

    def forget(self) -> None:
        """Forget all objects: those of another kernel take their place."""
        self.exceptions: dict[int, type[BaseException]] = {}
        self.remotes = weakref.WeakValueDictionary[int, Remote]()
        self.dropped: set[int] = set()
        self.forget_decisions()
        self.shared, self.unshared = Shared(1), set[int]()
        self.received: dict[int, Any] = {}
        self.rebound = set[str]()
        self.in_step = True

    def _get_in_step(self) -> None:
        """Begin anew with values that can be changed in place, if a reply was not taken as a whole.

        It may have given numbers to values, which the student kernel would go on to name.
        """
        if not self.in_step:
            self.shared, self.unshared = Shared(1), set()
            self._share(self._reply(self._message("begin_anew", (), {})))

    def do(self, operation: str, *given: Any, **named: Any) -> Any:
        """Do an operation on objects of the student.

        Raises
        ------
        CannotJudge
            If what is given to it cannot be sent, or it is one too many.
        ReplyError
            If the reply is malformed.
        Exception
            Whatever the operation raises there: the same builtin error, or one that stands for an
            error class of the student.
        """
        self.count += 1
        if operation == "call":  # see `plain_of`
            given = (given[0], *map(self._handed, given[1:]))
            named = {name: self._handed(value) for name, value in named.items()}
        if self.count > MAX_OPERATIONS:
            self.fail(TooMuch(f"takes more than {MAX_OPERATIONS} steps on the student's objects"))
        if self.waited > self.seconds:
            self.fail(TooMuch(f"waits for the student's code longer than {self.seconds:g} s"))
        if self.copies:
            self.copies.look()
        self._get_in_step()
        reply = self._reply(self._message(operation, given, named))
        self._show(reply)
        self._share(reply)
        if operation in RUNNING:
            self.rebound.update(map(text_in, reply.get("rebound", [])[:MAX_REBOUND]))
            if len(self.rebound) > MAX_REBOUND:
                raise ReplyError("it binds too many names anew")
        if self.copies:
            handed = (*given[1:], *named.values())
            self.copies.called(given[0], handed, reply.get("value"), bool(reply.get("changed")))
        if "error" in reply:
            raise error_of(reply["error"])
        return reply["value"]

    def _message(self, operation: str, given: tuple[Any, ...], named: Any) -> list[bytes]:
        """Return the message that asks for an operation, and tells what is not needed any more."""
        self.unshared.update(self.shared.drop_unused())
        gone = tuple(self.dropped), tuple(self.unshared)
        request = operation, given, tuple(named.items()), *gone
        try:
            parts = encode(request, refer, sharing=Sharing(self.shared, False, math.inf))
        except ReplyError as error:
            self.fail(TooMuch(f"hands over a value, and {error}"))
        except CannotJudge as error:
            self.fail(error)
        self.dropped.difference_update(gone[0])
        self.unshared.difference_update(gone[1])
        return parts

    def _share(self, reply: dict[str, Any]) -> None:
        """Change the values that the student's code has changed, and forget what it cannot see.

        One that cannot be changed keeps none of the others from it.
        """
        unchanged: ReplyError | None = None
        for number, value in self.received.items():
            self.shared.add(number, value)
        for number, content in reply.get("changed", []):
            try:
                if number not in self.shared.values:
                    raise ReplyError("it changes what is not there")
                overwrite(self.shared.values[number], content)
            except ReplyError as error:
                unchanged = error
        for number in {*self.shared.values}.difference(reply.get("followed", []), self.received):
            self.shared.drop(number)
        self.received = {}
        if unchanged is not None:
            raise unchanged
        self.in_step = True
        if reply.get("full") is True and self.copies:
            self.refuse("uses more values than can be followed apart")

    def _reply(self, parts: list[bytes]) -> dict[str, Any]:
        """Return the reply to a message. No object in it can be asked before it is complete."""
        if self.decoding:
            raise ReplyError("an object of the student takes part in its own message")
        start, self.decoding, self.received = time.monotonic(), True, {}
        self.in_step = False  # until all that is in the reply has its place
        try:
            answer = self.ask(parts)
            if answer == [INTERRUPTED]:
                raise TimeoutError(f"your code took longer than {self.seconds:g} s")
            return checked(decode(answer, self._resolve))
        finally:
            self.decoding = False
            self.waited += time.monotonic() - start

    def _show(self, reply: dict[str, Any]) -> None:
        """Print what the student's code has printed, and warn as it has warned."""
        for stream, text in zip((sys.stdout, sys.stderr), reply["printed"], strict=True):
            stream.write(text[: max(0, MAX_PRINTED - self.printed)])
            self.printed += len(text)
        for category, text in reply["warnings"][:MAX_WARNINGS]:
            kind = known_class("builtins", category)
            if kind is not None and issubclass(kind, Warning):
                warnings.warn(kind(text), stacklevel=4)

    def fail(self, error: CannotJudge) -> NoReturn:
        """Raise an error, and remember it, whatever the test does with it."""
        self.failed = error
        raise error from None

    def refuse(self, why: str) -> NoReturn:
        """Raise CannotJudge, and remember it."""
        self.fail(CannotJudge(why))

    def _handed(self, value: Any) -> Any:
        known = object_of(value)
        return value if known is None else self.plain.get(known._remote.place, value)

    def _resolve(self, tag: str, about: Any) -> Any:
        if tag == "same":
            return self.received[about] if about in self.received else self.shared.values[about]
        if tag == "shared":
            return self._received(*about)
        if tag != "handle":
            raise KeyError(tag)
        bases = [(text_in(module), text_in(name)) for module, name in about["bases"]]
        place, is_class = about["place"], "name" in about
        if type(place) is not int:
            raise ReplyError("a place is no number")
        if is_class and ("builtins", "BaseException") in bases:
            return self._exception_class(place, text_in(about["name"]), bases)
        if is_class and (same := _same_class(bases[0])):
            return same
        remote = self.remotes.get(place)
        if remote is None:  # `is` compares what is one object over there
            if len(self.remotes) >= MAX_OBJECTS:
                raise ReplyError("there are too many objects")
            known = [text_in(part) for part in about["known"]] if about.get("known") else None
            key = key_in(about["key"]) if "key" in about else None
            key = UNHASHABLE if about.get("unhashable") is True else key
            handle = Handle(self, place, text_in(about["type"]), bases, is_class, known, key)
            remote = self.remotes[place] = Remote(handle)
        self.dropped.discard(place)
        key = remote._remote.key
        if type(key) not in CLASSES:
            return remote
        self.used.add(DERIVED)
        plain_alone = self.decides is not None and DERIVED not in self.decides
        return derived(remote, key) if plain_alone else remote

    def _received(self, number: int, value: Any) -> Any:
        """Note a value of the student that can be changed in place, and has a number there."""
        known = number in self.shared.values or number in self.received
        if number >= 0 or known or not is_mutable(value):
            raise ReplyError("a value has a number that it cannot have")
        self.received[number] = value
        return value

    def _exception_class(
        self, place: int, name: str, bases: list[tuple[str, str]]
    ) -> type[BaseException]:
        """Return the class itself if it is one of Python or a library, else one in its place."""
        known = known_class(*bases[0])
        if known is not None and issubclass(known, BaseException):
            return known
        if place not in self.exceptions:
            if len(self.exceptions) >= MAX_ERROR_CLASSES:
                raise ReplyError("there are too many classes of errors")
            original = Remote(Handle(self, place, "type", bases, True, None))
            parent = parent_of(bases[1:], self.exceptions.values())
            self.exceptions[place] = error_class(original, bases[0], name, parent)
        return self.exceptions[place]


def _same_class(base: tuple[str, str]) -> type | None:
    """Return a class of the student if it is the same here, and harmless whoever calls it."""
    known = known_class(*base)
    same = base[0] == "builtins" or (known is not None and issubclass(known, np.generic))
    return known if same else None


def refer(value: Any) -> dict[str, Any]:
    """Return what stands for an object that a test hands over."""
    original = object_of(value)
    original = original_of(value) if original is None else original
    if original is not None:
        return {"handle": original._remote.place}
    known = known_name(value)
    if known is not None and known[0].partition(".")[0] in SHARED:
        return {"known": known}
    raise CannotJudge(f"hands over {_described(value)} to the student's code")


def _described(value: Any) -> str:
    if isinstance(value, types.FunctionType | types.MethodType):
        return "a function of its own"
    return f"an object of the class {type(value).__name__}"
