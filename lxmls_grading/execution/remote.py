"""The judge's side of remote objects: they behave as the objects of the student they stand for.

A test cell, which runs in the judge, gets values of plain types as values
(:mod:`~lxmls_grading.kernel.values`). All else is a :class:`Remote`, on which each operation is
done in the student kernel (:mod:`~lxmls_grading.kernel.objects`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lxmls_grading.execution.machinery import CODE, MACHINERY, PROTOCOLS
from lxmls_grading.execution.shared_classes import (
    ARRAYS,
    ONE_OBJECT,
    is_of_pytorch_in_c,
    known_class,
)
from lxmls_nb.checks.probes.running import Reference

if TYPE_CHECKING:
    from lxmls_grading.execution.connection import Connection


class CannotJudge(BaseException):
    """A test does what cannot be done apart from the student's process.

    It is no `Exception`, so that no ``except Exception`` of a test swallows it: nobody gets points
    from a test that could not be carried out. The message is a clause: "inspects the source".
    """


class TooMuch(CannotJudge):
    """What a test does takes too much with a student's objects, but not with the reference's."""


class NotPlainError(AssertionError):
    """An answer is an object of a class of its own where the reference gives a plain value."""


#: The key of an object that has no hash.
UNHASHABLE = object()


class Handle(NamedTuple):
    """What is known here of an object of the student. All of it can be a lie.

    Attributes
    ----------
    connection : Connection
    place : int
        Its number in the student kernel.
    kind : str
        The name of its class.
    bases : list
        Modules and names of the classes that it is derived from, or its class is.
    is_class : bool
    known : list, optional
        The module and name that it has in a library.
    key : object, optional
        A plain value that has the same hash, for dictionaries and sets; or :data:`UNHASHABLE`.
    """

    connection: Connection
    place: int
    kind: str
    bases: list[tuple[str, str]]
    is_class: bool
    known: list[str] | None
    key: Any = None


#: What is looked up in a stand-in itself. All other attributes are the student's, also those which
#: classes have here.
OWN = frozenset(
    {"_remote", "__class__", "__dict__", "__bases__", "__mro_entries__", "__reference__"}
    | {"__torch_function__", "__copy__", "__deepcopy__"}
)


#: The classes of values that stand for an object of the student, too: see
#: :mod:`~lxmls_grading.execution.derived`.
DERIVED_CLASSES = set[type]()


def object_of(value: Any) -> Remote | None:
    """Return the object of the student that a value is or stands for; None for all else."""
    if type(value) is Remote:
        return value
    if type(value) not in DERIVED_CLASSES:
        return None
    found: Remote = object.__getattribute__(value, "_remote_object")
    return found


class Remote:
    """An object of the student, in another process."""

    __slots__ = ("__weakref__", "_remote", "_remote_derived")
    _remote: Handle

    def __init__(self, handle: Handle):
        object.__setattr__(self, "_remote", handle)
        object.__setattr__(self, "_remote_derived", None)  # see `derived`

    def __del__(self) -> None:
        handle = object.__getattribute__(self, "_remote")
        handle.connection.dropped.add(handle.place)

    def __reference__(self) -> Reference:
        """Return what a check of :mod:`lxmls_nb.checks` sends its probe to."""
        return Reference(self._remote.place, self._remote.connection.probe)

    # --- attributes -------------------------------------------------------------------------------

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """A class that the student's class is derived from, for isinstance.

        It is never a tensor's: PyTorch would take the memory of this object for that of a tensor.
        """
        if self._remote.is_class:
            return type
        known = [found for base in self._remote.bases if (found := known_class(*base))]
        known = [found for found in known if not is_of_pytorch_in_c(found)]
        return known[0] if known and known[0] is not object else Remote

    def __getattribute__(self, name: str) -> Any:
        if name in OWN or (name == "__array__" and _makes_array(self)):
            return object.__getattribute__(self, name)
        return self._remote.connection.attribute(self, permitted(self, name))

    def __setattr__(self, name: str, value: Any) -> None:
        do_remotely(self, "setattr", permitted(self, name), value)

    def __delattr__(self, name: str) -> None:
        do_remotely(self, "delattr", permitted(self, name))

    def __dir__(self) -> Any:
        return do_remotely(self, "dir")

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the object."""
        return self._remote.connection.do("call", self, *given, **named)

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return dict(do_remotely(self, "getattr", "__dict__"))

    # --- classes ----------------------------------------------------------------------------------

    def __instancecheck__(self, instance: Any) -> bool:
        known = object_of(instance)
        if known is None:
            return False  # a plain value has a class that is not the student's
        return self._remote.connection.do("isinstance", known, self) is True

    def __subclasscheck__(self, subclass: Any) -> bool:
        return self._remote.connection.do("issubclass", subclass, self) is True

    @property
    def __bases__(self) -> Any:
        if not self._remote.is_class:
            raise AttributeError("__bases__")
        return tuple(found for base in self._remote.bases[1:] if (found := known_class(*base)))

    def __mro_entries__(self, bases: Any) -> Any:
        self._remote.connection.refuse("derives a class from one of the student's")

    # --- containers -------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        iterator = do_remotely(self, "iter")
        if type(iterator) is not Remote:
            raise TypeError("the iterator is a plain value")
        return iterator if iterator is self else _items(iterator)

    def __next__(self) -> Any:
        return do_remotely(self, "next")

    def __len__(self) -> int:
        return int(do_remotely(self, "len"))

    def __contains__(self, item: Any) -> bool:
        if not self._remote.connection.may_decide("contains"):
            return any(each is item or each == item for each in self)
        return do_remotely(self, "contains", item) is True

    def __bool__(self) -> bool:
        if self._remote.is_class or not _decides_truth(self):
            return True
        return self._remote.connection.decide("bool", self) is True

    def __hash__(self) -> int:
        key = self._remote.key
        if key is UNHASHABLE:
            raise TypeError(f"unhashable type: {self._remote.kind!r}")
        return hash(("remote", self._remote.place) if key is None else key)

    def __str__(self) -> str:
        return str(do_remotely(self, "str"))

    def __repr__(self) -> str:
        return str(do_remotely(self, "repr"))

    def __format__(self, specification: str) -> str:
        return str(do_remotely(self, "format", specification))

    def __fspath__(self) -> str:
        return str(do_remotely(self, "fspath"))

    @classmethod
    def __torch_function__(cls, function: Any, _: Any, given: Any = (), named: Any = None) -> Any:
        """Give a function of PyTorch the plain values that objects stand for, such as numbers.

        It gets no copy of a tensor of a student's own class: what the function changes in it, its
        gradient too, would be lost.
        """
        named = {key: _plain(value) for key, value in (named or {}).items()}
        return function(*map(_plain, given), **named)

    def __enter__(self) -> Any:
        return do_remotely(self, "enter")

    def __exit__(self, *error: Any) -> Any:
        if error[0] is None:
            return do_remotely(self, "exit")
        kind = next(each for each in error[0].__mro__ if each.__module__ == "builtins")
        return do_remotely(self, "exit_with", kind.__name__, str(error[1])) is True

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if not ONE_OBJECT.isdisjoint(self._remote.bases):
            whole = np.empty((), object)
            whole[()] = self
            return whole
        found = do_remotely(self, "array")
        return found if dtype is None else found.astype(dtype)

    def __reduce__(self) -> Any:
        self._remote.connection.refuse("copies or pickles an object of the student")

    def __copy__(self) -> Any:
        return self._remote.connection.copied(self, copy.copy)

    def __deepcopy__(self, memo: Any) -> Any:
        return self._remote.connection.copied(self, copy.deepcopy)

    def __await__(self) -> Any:
        self._remote.connection.refuse("awaits an object of the student")


def _plain(value: Any) -> Any:
    """Return the plain value that an object stands for, also those in a list.

    Raises
    ------
    CannotJudge
        If it is a tensor, or holds one.
    """
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if type(value) is not Remote:
        return value
    connection = value._remote.connection
    is_tensor = ("torch", "Tensor") in value._remote.bases
    found = None if is_tensor else connection.plain_of(value)
    if is_tensor or _holds_tensor(found):
        connection.refuse("has a function of PyTorch take an object of the student")
    return found


def _holds_tensor(value: Any) -> bool:
    if type(value) in (list, tuple):
        return any(map(_holds_tensor, value))
    return any((c.__module__, c.__name__) == ("torch", "Tensor") for c in type(value).__mro__)


def _items(iterator: Any) -> Iterator[Any]:
    """Yield the items of an iterator of the student."""
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        yield item


def _makes_array(remote: Remote) -> bool:
    """Whether an object is no sequence from which NumPy makes an array here as it does there.

    That is an array of a class that is derived from NumPy's, such as a matrix, an image, an array
    of pandas, or what a dictionary has as its keys: for NumPy, that is one object.
    """
    bases = object.__getattribute__(remote, "_remote").bases
    return not (ARRAYS | ONE_OBJECT).isdisjoint(bases)


def _decides_truth(remote: Remote) -> bool:
    """Whether an object may be false: functions, modules and most others never are."""
    return remote_type(remote) not in ("function", "builtin_function_or_method", "method", "module")


def remote_type(remote: Remote) -> str:
    """Return the name of the class that a remote object has in its process."""
    return remote._remote.kind


def permitted(remote: Remote, name: str) -> str:
    """Return the name of an attribute that a test can have of an object of the student.

    Raises
    ------
    CannotJudge
        If it leads to the code of the answer, or to Python's machinery.
    AttributeError
        If a library would take the memory of the object by it.
    """
    if name in CODE:
        remote._remote.connection.refuse("looks into the code of the answer, as `inspect` does")
    if name in MACHINERY or name.startswith("_remote"):
        remote._remote.connection.refuse(
            f"reaches for the attribute `{name}`, which is Python's machinery"
        )
    if name.startswith(PROTOCOLS):
        raise AttributeError(name)
    return name


def do_remotely(remote: Remote, operation: str, *given: Any) -> Any:
    """Do an operation on a remote object; see `Connection.do`."""
    return remote._remote.connection.do(operation, remote, *given)


def _forward(operation: str) -> Callable[..., Any]:
    def method(self: Remote, *given: Any) -> Any:
        return do_remotely(self, operation, *given)

    return method


def _decided(operation: str, reflected: bool = False) -> Callable[..., Any]:
    """Return a method that hands a value of the test to the object, and believes what it gives."""

    def method(self: Remote, *given: Any) -> Any:
        both = (*given, self) if reflected else (self, *given)
        return self._remote.connection.decide(operation, *both)

    return method


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Remote, f"__{_name}__", _decided(_name))
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
    setattr(Remote, f"__{_name}__", _decided(_there))
    setattr(Remote, f"__r{_name}__", _decided(_there, reflected=True))
    if _name != "divmod":
        setattr(Remote, f"__i{_name}__", _decided(f"i{_name}"))
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
