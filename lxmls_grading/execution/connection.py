"""What the remote objects of a test cell ask the student kernel with."""

from __future__ import annotations

import builtins
import importlib
import sys
import types
import warnings
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from lxmls_grading.execution.remote import (
    SHARED,
    CannotJudge,
    Remote,
    TooMuch,
    known_object,
    remote_type,
)
from lxmls_grading.kernel.values import decode, encode
from lxmls_grading.kernel.wire import ReplyError

#: Most operations of a test cell.
MAX_OPERATIONS = 10_000


class NotPlainError(AssertionError):
    """An answer is an object of a class of its own where the reference gives a plain value."""


class Connection:
    """What a test cell's remote objects ask the student kernel with.

    Parameters
    ----------
    ask : callable
        Sends a message to :meth:`lxmls_grading.kernel.objects.Objects.answer`, returns the reply.
    probe : callable
        ``probe(name, answers, arguments) -> reply`` runs a probe on objects of the student.

    Attributes
    ----------
    decides : bool
        Whether comparisons may be decided by objects of the student: only where they are in a test
        of the reference solution, too. Else an object that claims to be equal to everything
        would be right everywhere.
    used : bool
        Whether a comparison has asked for that.
    """

    def __init__(
        self, ask: Callable[[list[bytes]], list[bytes]], probe: Callable[..., dict[str, Any]]
    ):
        self.ask, self.probe = ask, probe
        self.decides, self.used, self.count = True, False, 0
        self.failed: CannotJudge | None = None
        self.exceptions: dict[int, type[BaseException]] = {}
        self.remotes: dict[int, Remote] = {}

    def start_cell(self, decides: bool) -> None:
        """Count the operations of another test cell."""
        self.count, self.used, self.decides, self.failed = 0, False, decides, None

    def do(self, operation: str, *given: Any, **named: Any) -> Any:
        """Do an operation on objects of the student.

        Raises
        ------
        CannotJudge
            If what is given to it cannot be sent.
        Exception
            Whatever the operation raises there: the same builtin error, or one that stands for an
            error class of the student.
        """
        self.count += 1
        try:
            if self.count > MAX_OPERATIONS:
                raise TooMuch(f"takes more than {MAX_OPERATIONS} steps on the student's objects")
            parts = encode((operation, given, named), refer)
        except ReplyError as error:
            self.failed = CannotJudge(f"hands over a value, and {error}")
            raise self.failed from None
        except CannotJudge as error:
            self.failed = error
            raise
        reply = decode(self.ask(parts), self._resolve)
        if not isinstance(reply, dict) or not {"value", "error"} & reply.keys():
            raise ReplyError("there is neither a value nor an error in it")
        for stream, text in zip((sys.stdout, sys.stderr), reply.get("printed", []), strict=False):
            stream.write(str(text))
        for category, text in reply.get("warnings", []):
            kind = getattr(builtins, str(category), None)
            if isinstance(kind, type) and issubclass(kind, Warning):
                warnings.warn(kind(str(text)), stacklevel=3)
        if "changed" in reply:
            _write_back((given, named), reply["changed"])
        if "error" in reply:
            raise self._error(reply["error"])
        return reply["value"]

    def refuse(self, why: str) -> NoReturn:
        """Raise CannotJudge, and remember it, whatever the test does with it."""
        self.failed = CannotJudge(why)
        raise self.failed

    def compare(self, operation: str, *given: Any) -> Any:
        """Do a comparison, if the student's object may decide it."""
        self.used = True
        if not self.decides:
            remote = next(each for each in given if isinstance(each, Remote))
            raise NotPlainError(
                f"an object of the class {remote_type(remote)} is given where a plain value, such "
                "as a number, a text or a list, is expected"
            )
        return self.do(operation, *given)

    def _resolve(self, tag: str, about: Any) -> Any:
        if tag != "handle":
            raise KeyError(tag)
        bases = [(str(module), str(name)) for module, name in about["bases"]]
        if "name" in about and ("builtins", "BaseException") in bases:
            return self._exception_class(int(about["place"]), str(about["name"]), bases)
        if "module" in about and str(about["module"]).partition(".")[0] in SHARED:
            return _import(str(about["module"]))
        if "name" in about and len(bases) > 0 and bases[0][0].partition(".")[0] in SHARED:
            known = known_object(*bases[0])
            if isinstance(known, type):
                return known
        place = int(about["place"])
        if place not in self.remotes:  # `is` compares what is one object over there
            self.remotes[place] = Remote(self, place, str(about["type"]), bases, "name" in about)
        return self.remotes[place]

    def _exception_class(
        self, place: int, name: str, bases: list[tuple[str, str]]
    ) -> type[BaseException]:
        """Return the class itself if it is one of Python or a library, else one in its place."""
        known = known_object(*bases[0])
        if isinstance(known, type) and issubclass(known, BaseException):
            return known
        if place not in self.exceptions:
            found = (known_object(*base) for base in bases[1:])
            base = next(
                (
                    each
                    for each in found
                    if isinstance(each, type) and issubclass(each, BaseException)
                ),
                Exception,
            )
            own = [
                self.exceptions[other]
                for other, kind in self.exceptions.items()
                if (kind.__module__, kind.__qualname__) in bases[1:]
            ]
            parents = (own[-1],) if own else (base,)
            self.exceptions[place] = type(
                name, parents, {"__module__": bases[0][0], "__qualname__": bases[0][1]}
            )
        return self.exceptions[place]

    def _error(self, about: Any) -> BaseException:
        """Return the error that an operation has raised, to be raised here."""
        kind = about["class"]
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            kind = RuntimeError
        if issubclass(kind, KeyboardInterrupt | CannotJudge | GeneratorExit):
            kind = RuntimeError
        try:
            error = kind(*about["args"])
        except Exception:
            error = Exception.__new__(kind, str(about["text"]))
            error.args = (str(about["text"]),)
        for name, value in about["attributes"].items():
            if name.startswith("_"):
                continue
            try:
                setattr(error, name, value)
            except Exception:  # a property of the class here
                continue
        assert isinstance(error, BaseException)
        if about["line"]:
            error.add_note(str(about["line"]))
        return error


def _write_back(given: Any, changed: Any) -> None:
    """Change containers in place, as the student's code has changed its copies of them."""
    if type(given) is not type(changed):
        return
    if isinstance(given, tuple):
        for old, new in zip(given, changed, strict=False):
            _write_back(old, new)
    elif isinstance(given, list):
        for old, new in zip(given, changed, strict=False):
            _write_back(old, new)
        kept = [
            old if _is_container(old) and type(old) is type(new) else new
            for old, new in zip(given, changed, strict=False)
        ]
        given[:] = kept + changed[len(kept) :]
    elif isinstance(given, dict):
        for key, new in changed.items():
            if key in given and _is_container(given[key]) and type(given[key]) is type(new):
                _write_back(given[key], new)
                changed[key] = given[key]
        given.clear()
        given.update(changed)
    elif isinstance(given, set | deque):
        given.clear()
        given.update(changed) if isinstance(given, set) else given.extend(changed)
    elif isinstance(given, bytearray):
        given[:] = changed
    elif isinstance(given, np.ndarray) and given.shape == changed.shape and given.flags.writeable:
        given[...] = changed


def _is_container(value: Any) -> bool:
    return isinstance(value, list | dict | set | deque | bytearray | np.ndarray | tuple)


def refer(value: Any) -> dict[str, Any]:
    """Return what stands for an object that a test hands over."""
    if type(value) is Remote:
        return {"handle": value._remote[1]}
    if isinstance(value, types.ModuleType) and value.__name__.partition(".")[0] in SHARED:
        return {"known": [value.__name__, ""]}
    name, module = getattr(value, "__name__", None), getattr(value, "__module__", None)
    for known in (module, type(value).__module__):
        if (
            isinstance(known, str)
            and isinstance(name, str)
            and known.partition(".")[0] in SHARED
            and getattr(sys.modules.get(known), name, None) is value
        ):
            return {"known": [known, name]}
    raise CannotJudge(f"hands over {_described(value)} to the student's code")


def _described(value: Any) -> str:
    if isinstance(value, types.FunctionType | types.MethodType):
        return "a function of its own"
    return f"an object of the class {type(value).__name__}"


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CannotJudge(f"needs the module {name}, which is not installed here") from error
