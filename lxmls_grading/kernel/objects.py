"""The student's side of remote objects: does on objects of the student what a test cell asks for.

Whatever comes back is not trusted by the judge, so that nothing here protects points: for honest
code, it has to do what the operation would do in the same process.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import itertools
import operator
import os
import secrets
import sys
import warnings
from collections.abc import Callable
from typing import Any

from lxmls_grading.kernel.decoding import decode
from lxmls_grading.kernel.figures import close_figures
from lxmls_grading.kernel.plain_values import (
    is_compared_by_identity,
    plain_key,
    plain_truth,
    plain_value,
)
from lxmls_grading.kernel.shared import Content, Followed, Sharing
from lxmls_grading.kernel.values import encode, known_name
from lxmls_grading.kernel.wire import ReplyError
from lxmls_nb.checks.probes.errors import line_of, student_frame

#: Most objects that the judge can hold at a time.
MAX_HANDLES = 20_000

#: Most values that can have numbers while a reply is written.
MAX_NEW = 10_000

#: Most characters printed by one operation that are passed on.
MAX_PRINTED = 100_000

#: Most characters of the text of an error.
MAX_ERROR_TEXT = 20_000

#: The reply of an operation that was interrupted because it took too long.
INTERRUPTED = b"interrupted"

#: What the judge can ask for, besides the names and classes that :class:`Objects` knows.
_BY_NAME: dict[str, Callable[..., Any]] = {
    "call": lambda function, *given, **named: function(*given, **named),
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "iter": iter,
    "next": next,
    "reversed": reversed,
    "len": len,
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "bytes": bytes,
    "str": str,
    "repr": repr,
    "format": format,
    "dir": dir,
    "abs": abs,
    "round": round,
    "divmod": divmod,
    "pow": pow,
    "callable": callable,
    "isinstance": isinstance,
    "issubclass": issubclass,
    "enter": lambda manager: manager.__enter__(),
    "exit": lambda manager: manager.__exit__(None, None, None),
    "exit_with": lambda manager, kind, text: _exit_with(manager, getattr(builtins, kind)(text)),
    "raise": lambda kind, *given, **named: _raise(kind(*given, **named)),
    "plain": plain_value,
    "truth": plain_truth,
    "by_identity": is_compared_by_identity,
    "fspath": os.fspath,
    "array": lambda value: __import__("numpy").asarray(value),
}
OPERATIONS = _BY_NAME | {
    name: getattr(operator, name)
    for name in (
        *("getitem", "setitem", "delitem", "contains", "index"),
        *("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "invert"),
        *("add", "sub", "mul", "truediv", "floordiv", "mod", "matmul"),
        *("and_", "or_", "xor", "lshift", "rshift"),
        *("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "imatmul", "ipow"),
        *("iand", "ior", "ixor", "ilshift", "irshift"),
    )
}


class Held:
    """Stands for a value that is sent as a handle though its type is plain."""

    def __init__(self, value: Any):
        self.value = value


class Objects:
    """The objects of a student that the judge holds handles of.

    Parameters
    ----------
    namespace : dict
        Where the student's names are.
    """

    def __init__(self, namespace: dict[str, Any]):
        self.namespace = namespace
        self.held: dict[int, Any] = {}
        self.places: dict[int, int] = {}  # of held objects, by their ids
        self.followed = Followed(lambda value: self._encode(Content(value)))
        self.full = False
        self.found: dict[str, Any] = {}  # by the names that the judge has asked for
        # After another kernel has taken the place of this one, no number may stand for two objects.
        self.numbers = itertools.count(secrets.randbelow(2**40))

    def answer(self, parts: list[bytes]) -> list[bytes]:
        """Do what a message asks for, and return the reply as a message.

        The reply is a dictionary with the ``value``, or the ``error`` that was raised; what was
        ``printed`` to the two streams; the ``warnings``; the numbers of the values that have
        ``changed``, with what is in them; those of all that are ``followed``; whether the kernel is
        ``full``, and cannot follow others that it has; and the names that were ``rebound``.
        """
        reply, changed = self._answered(parts)
        self.full = self.followed.settle(changed)  # nothing here refers to the values any more
        return reply

    def _answered(self, parts: list[bytes]) -> tuple[list[bytes], list[int]]:
        streams = io.StringIO(), io.StringIO()
        reply: dict[str, Any]
        with (
            contextlib.redirect_stdout(streams[0]),
            contextlib.redirect_stderr(streams[1]),
            warnings.catch_warnings(record=True) as caught,
        ):
            warnings.simplefilter("always")
            try:
                operation, given, named, dropped, unshared = decode(parts, self._resolve)
                for place in self.held.keys() & dropped:
                    self.places.pop(id(self.held.pop(place)))
                for number in unshared:
                    self.followed.drop(number)
                reply = {"value": self._sendable(self._do(operation, given, dict(named)))}
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # SystemExit too: whatever an answer does is an answer
                reply = {"error": self._describe(error)}
        changed: list[tuple[int, Any]] = []
        try:
            changed = self.followed.changed()
        except ReplyError as error:
            reply = {"error": self._describe(ValueError(f"an argument was changed, and {error}"))}
        reply["changed"] = Content([Content([n, Content(value)]) for n, value in changed])
        reply["full"] = self.full
        reply["rebound"] = Content(self._rebound())
        reply["printed"] = Content([stream.getvalue()[:MAX_PRINTED] for stream in streams])
        texts = ([_builtin(each.category), str(each.message)[:2000]] for each in caught[:20])
        reply["warnings"] = Content([*map(Content, texts)])
        return self._encode_reply(reply), [number for number, _ in changed]

    def _rebound(self) -> list[str]:
        """Return the names that stand for something else now than when the judge asked."""
        names = [n for n, old in self.found.items() if self.namespace.get(n, self) is not old]
        for name in names:
            del self.found[name]
        return names

    def _encode_reply(self, reply: dict[str, Any]) -> list[bytes]:
        """Return a reply as a message, in which values of the student get numbers."""
        before = [*self.followed.values]
        whole = Content(reply | {"followed": Content(before)})
        try:
            return encode(whole, self.refer, self.places, Sharing(self.followed, True, MAX_NEW))
        except ReplyError:  # the numbers themselves can be what makes it too large
            for number in {*self.followed.values}.difference(before):
                self.followed.drop(number)
            return self._encode(whole)

    def _encode(self, value: Any) -> list[bytes]:
        return encode(value, self.refer, self.places, Sharing(self.followed, True, 0))

    def _sendable(self, value: Any) -> Any:
        """Return a value, or a handle of it if it is too large to be sent."""
        count = len(self.held)
        try:
            self._encode(value)
        except ReplyError:
            while len(self.held) > count:  # what it holds is sent when it is asked for
                self.places.pop(id(self.held.popitem()[1]))
            return Held(value)
        return value

    def _do(self, operation: str, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if operation == "name":
            (name,) = given
            if name not in self.namespace:
                raise NameError(f"name {name!r} is not defined")
            self.found[name] = self.namespace[name]
            return self.namespace[name]
        if operation == "class":
            return type(given[0])
        if operation == "end_cell":
            return close_figures()
        if operation == "begin_anew":
            for number in [*self.followed.values]:
                self.followed.drop(number)
            return None
        if operation == "lend":
            name, statement = given
            if name not in self.namespace:  # what the student has called so stays
                exec(statement, self.namespace)
            return None
        return OPERATIONS[operation](*given, **named)

    def refer(self, value: Any) -> dict[str, Any]:
        """Return a handle of an object: its place here, and what the judge has to know of it."""
        whole = type(value) is Held
        if whole:
            value = value.value
        if id(value) not in self.places:
            if len(self.held) >= MAX_HANDLES and not whole:
                raise ReplyError("it holds too many objects")
            place = self.places[id(value)] = next(self.numbers)
            self.held[place] = value
        kind = type(value)
        about: dict[str, Any] = {"place": self.places[id(value)], "type": _text(kind.__name__)}
        if isinstance(value, type):
            about |= {"name": _text(value.__name__), "bases": _bases(value)}
        else:
            about["bases"] = _bases(kind)
        if known := known_name(value):
            about["known"] = known
        if (key := plain_key(value)) is not None:
            about["key"] = key
        elif kind.__hash__ is None:
            about["unhashable"] = True
        return {"handle": about}

    def _resolve(self, tag: str, content: Any) -> Any:
        if tag == "handle":
            return self.held[content]
        if tag == "builtin":
            return getattr(builtins, content)
        if tag == "shared":
            return self.followed.receive(*content)
        if tag == "known":
            module, name = content
            return getattr(sys.modules[module], name) if name else sys.modules[module]
        raise KeyError(tag)

    def _describe(self, error: BaseException) -> Content:
        """Return an error as plain data, with a handle of its class."""
        try:
            text = str(error)[:MAX_ERROR_TEXT]
        except Exception:
            text = None  # for a test that asks for it, there is none either
        attributes = list(vars(error).items())[:20]
        kind = type(error)
        about = {
            "type": _text(kind.__name__),
            "module": _text(kind.__module__),
            "class": kind,
            "args": Content([self._sendable(value) for value in error.args[:10]]),
            "attributes": Content({str(name): self._sendable(v) for name, v in attributes}),
            "text": text,
            "object": Held(error),
            "line": "" if _is_ours(error) else line_of(error),
        }
        return Content(about)


def _is_ours(error: BaseException) -> bool:
    """Whether an error was raised by this project, as for a name that is not defined."""
    was_raised = error.__traceback__ is not None
    return not was_raised or "lxmls_grading" in student_frame(error).filename


def _exit_with(manager: Any, error: BaseException) -> bool:
    """Let an error pass through a context manager; return whether that suppresses it."""
    return bool(manager.__exit__(type(error), error, None))


def _raise(error: BaseException) -> None:
    raise error


def _text(value: Any) -> str:
    """Return a text of a student's object, at a length that can be shown."""
    return str(value)[:2000]


def _bases(kind: type) -> list[list[str]]:
    """Return the modules and names of the classes that a class is derived from, itself included."""
    mro = type.__dict__["__mro__"].__get__(kind)
    return [[_text(each.__module__), _text(each.__qualname__)] for each in mro[:30]]


def _builtin(category: type) -> str:
    """Return the name of the builtin class that a class of warnings is derived from."""
    return next(
        (each.__name__ for each in category.__mro__ if each.__module__ == "builtins"), "Warning"
    )
