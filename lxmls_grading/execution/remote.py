"""The judge's side of remote objects: they behave as the objects of the student they stand for.

A test cell, which runs in the judge, gets values of plain types as values
(:mod:`~lxmls_grading.kernel.values`). All else is a :class:`Remote`, on which each operation is
done in the student kernel (:mod:`~lxmls_grading.kernel.objects`).
"""

from __future__ import annotations

import builtins
import importlib
import sys
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from lxmls_grading.kernel.values import decode, encode
from lxmls_grading.kernel.wire import ReplyError
from lxmls_nb.checks.probes.running import Reference

#: Most operations of a test cell.
MAX_OPERATIONS = 10_000

#: Packages whose classes and functions are the same on both sides, and are handed over by name.
SHARED = frozenset(
    [
        "builtins",
        "numpy",
        "pandas",
        "torch",
        "scipy",
        "math",
        "operator",
        "functools",
        "itertools",
        "collections",
        "random",
        "re",
        "string",
        "statistics",
        "datetime",
        "decimal",
        "fractions",
        "pathlib",
        "typing",
        "abc",
        "numbers",
        "time",
        "copy",
        "json",
        "sklearn",
        "matplotlib",
    ]
)

#: Attributes that lead from an object to the machinery of its process.
MACHINERY = frozenset(
    [
        "__globals__",
        "__code__",
        "__closure__",
        "__builtins__",
        "__subclasses__",
        "__mro__",
        "__base__",
        "__bases__",
        "__reduce__",
        "__reduce_ex__",
        "__getstate__",
        "__setstate__",
        "__loader__",
        "__spec__",
        "__func__",
        "__self__",
        "__wrapped__",
        "__traceback__",
        "__context__",
        "__cause__",
        "__getattribute__",
        "__defaults__",
        "__kwdefaults__",
        "gi_frame",
        "cr_frame",
        "ag_frame",
        "tb_frame",
        "f_globals",
        "f_locals",
        "f_builtins",
        "gi_code",
    ]
)


class CannotJudge(BaseException):
    """A test does what cannot be done apart from the student's process.

    It is no `Exception`, so that no ``except Exception`` of a test swallows it: nobody gets points
    from a test that could not be carried out. The message is a clause: "inspects the source".
    """


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
                raise CannotJudge(
                    f"takes more than {MAX_OPERATIONS} steps on the student's objects"
                )
            parts = encode((operation, given, named), _refer)
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
            known = _known(*bases[0])
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
        known = _known(*bases[0])
        if isinstance(known, type) and issubclass(known, BaseException):
            return known
        if place not in self.exceptions:
            found = (_known(*base) for base in bases[1:])
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


def _refer(value: Any) -> dict[str, Any]:
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


def _known(module: str, name: str) -> Any:
    """Return a class or function of a shared package, or None."""
    if module.partition(".")[0] not in SHARED or "<" in name:
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CannotJudge(f"needs the module {name}, which is not installed here") from error


#: What is looked up in a stand-in itself. All other attributes are the student's, also those which
#: classes have here.
OWN = frozenset(
    {"_remote", "__class__", "__dict__", "__bases__", "__mro_entries__", "__reference__"}
)


class Remote:
    """An object of the student, in another process."""

    __slots__ = ("_remote",)
    _remote: tuple[Connection, int, str, list[tuple[str, str]], bool]

    def __init__(
        self,
        connection: Connection,
        place: int,
        kind: str,
        bases: list[tuple[str, str]],
        is_class: bool,
    ):
        object.__setattr__(self, "_remote", (connection, place, kind, bases, is_class))

    def __reference__(self) -> Reference:
        """Return what a check of :mod:`lxmls_nb.checks` sends its probe to."""
        connection, place = self._remote[:2]
        return Reference(place, connection.probe)

    # --- attributes -------------------------------------------------------------------------------

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """A class that the student's class is derived from, for isinstance."""
        bases, is_class = self._remote[3:]
        if is_class:
            return type
        known = [found for base in bases if isinstance(found := _known(*base), type)]
        return known[0] if known and known[0] is not object else Remote

    def __getattribute__(self, name: str) -> Any:
        if name in OWN:
            return object.__getattribute__(self, name)
        return _do(self, "getattr", _permitted(self, name))

    def __setattr__(self, name: str, value: Any) -> None:
        _do(self, "setattr", _permitted(self, name), value)

    def __delattr__(self, name: str) -> None:
        _do(self, "delattr", _permitted(self, name))

    def __dir__(self) -> Any:
        return _do(self, "dir")

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the object."""
        return self._remote[0].do("call", self, *given, **named)

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return dict(_do(self, "getattr", "__dict__"))

    # --- classes ----------------------------------------------------------------------------------

    def __instancecheck__(self, instance: Any) -> bool:
        if not isinstance(instance, Remote) and type(instance) is not Remote:
            return False  # a plain value has a class that is not the student's
        return self._remote[0].do("isinstance", instance, self) is True

    def __subclasscheck__(self, subclass: Any) -> bool:
        return self._remote[0].do("issubclass", subclass, self) is True

    @property
    def __bases__(self) -> Any:
        _, _, _, bases, is_class = self._remote
        if not is_class:
            raise AttributeError("__bases__")
        return tuple(found for base in bases[1:] if isinstance(found := _known(*base), type))

    def __mro_entries__(self, bases: Any) -> Any:
        self._remote[0].refuse("derives a class from one of the student's")

    # --- containers -------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        iterator = _do(self, "iter")
        if type(iterator) is not Remote:
            raise TypeError("the iterator is a plain value")
        return iterator if iterator._remote[1] == self._remote[1] else _items(iterator)

    def __next__(self) -> Any:
        return _do(self, "next")

    def __len__(self) -> int:
        return int(_do(self, "len"))

    def __contains__(self, item: Any) -> bool:
        return self._remote[0].compare("contains", self, item) is True

    def __bool__(self) -> bool:
        if self._remote[4] or not _decides_truth(self):
            return True
        return self._remote[0].compare("bool", self) is True

    def __hash__(self) -> int:
        return hash(("remote", self._remote[1]))

    def __str__(self) -> str:
        return str(_do(self, "str"))

    def __repr__(self) -> str:
        return str(_do(self, "repr"))

    def __format__(self, specification: str) -> str:
        return str(_do(self, "format", specification))

    def __enter__(self) -> Any:
        return _do(self, "enter")

    def __exit__(self, *error: Any) -> Any:
        if error[0] is None:
            return _do(self, "exit")
        kind = next(each for each in error[0].__mro__ if each.__module__ == "builtins")
        return _do(self, "exit_with", kind.__name__, str(error[1])) is True

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        found = _do(self, "array")
        return found if dtype is None else found.astype(dtype)

    def __reduce__(self) -> Any:
        self._remote[0].refuse("copies or pickles an object of the student")

    def __copy__(self) -> Any:
        self._remote[0].refuse("copies an object of the student")

    def __deepcopy__(self, memo: Any) -> Any:
        self._remote[0].refuse("copies an object of the student")

    def __await__(self) -> Any:
        self._remote[0].refuse("awaits an object of the student")


def _items(iterator: Any) -> Iterator[Any]:
    """Yield the items of an iterator of the student."""
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        yield item


def _decides_truth(remote: Remote) -> bool:
    """Whether an object may be false: functions, modules and most others never are."""
    return remote_type(remote) not in ("function", "builtin_function_or_method", "method", "module")


def remote_type(remote: Remote) -> str:
    """Return the name of the class that a remote object has in its process."""
    return remote._remote[2]


def _permitted(remote: Remote, name: str) -> str:
    if name in MACHINERY or name.startswith("_remote"):
        remote._remote[0].refuse(f"reaches for the attribute `{name}`, which is Python's machinery")
    return name


def _do(remote: Remote, operation: str, *given: Any) -> Any:
    return remote._remote[0].do(operation, remote, *given)


def _forward(operation: str, compares: bool = False) -> Callable[..., Any]:
    def method(self: Remote, *given: Any) -> Any:
        connection = self._remote[0]
        return (connection.compare if compares else connection.do)(operation, self, *given)

    return method


def _reflected(operation: str) -> Callable[..., Any]:
    def method(self: Remote, other: Any) -> Any:
        return self._remote[0].do(operation, other, self)

    return method


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Remote, f"__{_name}__", _forward(_name, compares=True))
for _name in [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "divmod",
    "pow",
]:
    _there = f"{_name}_" if _name in ("and", "or") else _name
    setattr(Remote, f"__{_name}__", _forward(_there))
    setattr(Remote, f"__r{_name}__", _reflected(_there))
    if _name != "divmod":
        setattr(Remote, f"__i{_name}__", _forward(f"i{_name}"))
for _name in [
    "getitem",
    "setitem",
    "delitem",
    "neg",
    "pos",
    "invert",
    "abs",
    "int",
    "float",
    "complex",
    "index",
    "round",
    "reversed",
    "bytes",
]:
    setattr(Remote, f"__{_name}__", _forward(_name))


# --- functions of Python that a stand-in cannot answer itself -------------------------------------


class _TypeOfType(type):
    def __call__(cls, *given: Any, **named: Any) -> Any:
        if len(given) == 1 and type(given[0]) is Remote:
            return _do(given[0], "class")
        return type(*given, **named)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, type)

    def __eq__(cls, other: Any) -> bool:
        return other is type or other is cls

    def __hash__(cls) -> int:
        return hash(type)


class RemoteAwareType(type, metaclass=_TypeOfType):
    """`type` for test cells: of a remote object, the class that it has over there."""


def remote_aware_callable(value: Any) -> bool:
    """Return whether an object, perhaps a remote one, can be called."""
    return _do(value, "callable") is True if type(value) is Remote else callable(value)


def remote_aware_isinstance(value: Any, kind: Any) -> bool:
    """Return whether an object, perhaps a remote one, is an instance of a class or of several."""
    if type(value) is not Remote:
        return isinstance(value, kind)
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return any(_is_instance(value, each) for each in kinds)


def _is_instance(value: Remote, kind: Any) -> bool:
    try:
        _refer(kind)
    except CannotJudge:  # a class of the test itself
        return isinstance(value, kind)
    return _do(value, "isinstance", kind) is True


#: What test cells find in place of the functions of Python.
FUNCTIONS: dict[str, Any] = {
    "type": RemoteAwareType,
    "callable": remote_aware_callable,
    "isinstance": remote_aware_isinstance,
}
