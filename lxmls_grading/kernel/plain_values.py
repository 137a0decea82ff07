"""The plain value that an object stands for, where its class only derives from that of the value.

A named tuple is equal to the tuple of its fields, a member of an `IntEnum` to its number, and a
list of a student's own class to a list, as long as the class compares as lists do.
"""

from __future__ import annotations

import datetime
import sys
import types
from builtins import all, any  # a student's code can replace those of the module
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, UserString, deque
from collections.abc import Callable
from typing import Any

#: What makes a value of exactly this class, by methods that no derived class can replace.
BASES: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    str: lambda value: str.__str__(value)[:],
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    list: lambda value: [*list.__iter__(value)],
    set: lambda value: {*set.__iter__(value)},
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    deque: lambda value: deque(deque.__iter__(value), deque.maxlen.__get__(value)),
    OrderedDict: lambda value: OrderedDict(OrderedDict.items(value)),
    Counter: lambda value: Counter(dict(dict.items(value))),
    dict: lambda value: dict(dict.items(value)),
    UserDict: lambda value: dict(value.data),
    UserList: lambda value: list(value.data),
    UserString: lambda value: str(value.data),
    ChainMap: lambda value: {k: v for each in reversed(value.maps) for k, v in each.items()},
}

#: Those of them that are themselves equal to a plain value.
WRAPPERS = (UserDict, UserList, UserString, ChainMap)

#: Methods by which a class compares and calculates, besides those with an `r` or an `i` before.
OPERATIONS = frozenset(
    {
        *("eq", "ne", "lt", "le", "gt", "ge", "bool", "len", "iter", "getitem", "contains"),
        *("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul"),
        *("and", "or", "xor", "lshift", "rshift", "neg", "pos", "invert", "abs", "index"),
    }
)
SPECIAL = frozenset(f"__{letter}{name}__" for name in OPERATIONS for letter in ("", "r", "i"))

#: Types of the parts of what tells a hash, and most characters of all.
KEYS = (int, float, str)
MAX_KEY = 2000

#: The bits of `type.__flags__` that tell a class that Python code has defined: it is on the heap,
#: and can be changed. Those of Python in C may be on the heap, too.
KIND_OF_CLASS = 1 << 9 | 1 << 8
DEFINED_BY_PYTHON = 1 << 9


def plain_value(value: Any) -> Any:
    """Return the plain value that an object stands for, or the object itself.

    Parameters
    ----------
    value : object
        Of a student.
    """
    kind = type(value)
    if kind is types.MappingProxyType:
        return dict(value)
    if kind is memoryview and value.format == "B":
        return value.tobytes()
    if kind in (type({}.keys()), type({}.items())):
        return set(value)
    if kind.__module__.partition(".")[0] in ("pandas", "numpy"):
        return _of_library(value)
    mro = type.__dict__["__mro__"].__get__(kind)  # without asking a metaclass
    for base, plain in BASES.items():
        place = next((n for n, each in enumerate(mro) if each is base), None)
        if place is not None and (place or base in WRAPPERS) and kind is not bool:
            own = [each for each in mro[:place] if _is_in_python(each)]
            return value if any(SPECIAL & vars(each).keys() for each in own) else plain(value)
    return value


def plain_truth(value: Any) -> Any:
    """Return whether an object is true, or the object itself if a class of Python code tells.

    Parameters
    ----------
    value : object
        Of a student.
    """
    return value if _of_python(value, "__bool__", "__len__") else bool(value)


def is_compared_by_identity(value: Any) -> bool:
    """Return whether an object is equal to itself alone, and to whatever claims to be equal to it.

    Parameters
    ----------
    value : object
        Of a student.
    """
    kind: Any = type(value)
    return kind.__eq__ is object.__eq__ and kind.__ne__ is object.__ne__


def _is_in_python(kind: type) -> bool:
    """Whether a class is defined by Python code, and not by Python or a library in C."""
    return kind.__flags__ & KIND_OF_CLASS == DEFINED_BY_PYTHON


def _of_python(value: Any, *names: str) -> bool:
    """Whether a class of an object that is written in Python has one of some methods."""
    mro = type.__dict__["__mro__"].__get__(type(value))
    own = [each for each in mro if _is_in_python(each)]
    return any(name in vars(each) for each in own for name in names)


def plain_key(value: Any) -> Any:
    """Return what tells the hash of an object that is a number, a text or a tuple of such.

    Parameters
    ----------
    value : object
        Of a student.

    Returns
    -------
    key : object
        The number, the text, or a list for a tuple; None for any other object.
    """
    if not isinstance(value, int | float | str | tuple):
        return None
    try:
        plain = plain_value(value)
        parts = plain if type(plain) is tuple else (plain,)
        fits = all(any(type(part) is kind for kind in KEYS) for part in parts)
        if not fits or hash(value) != hash(plain) or len(repr(plain)) > MAX_KEY:
            return None
    except Exception:  # its class can do anything
        return None
    return list(plain) if type(plain) is tuple else plain


def _of_library(value: Any) -> Any:
    """Return what a value of pandas or NumPy is in a plain class, if it is as exact there."""
    numpy, kind = sys.modules.get("numpy"), type(value).__name__
    if isinstance(value, datetime.datetime) and kind == "Timestamp" and not value.nanosecond:  # type: ignore[attr-defined]
        return value.to_pydatetime()  # type: ignore[attr-defined]
    if isinstance(value, datetime.timedelta) and kind == "Timedelta" and not value.nanoseconds:  # type: ignore[attr-defined]
        return value.to_pytimedelta()  # type: ignore[attr-defined]
    if numpy is not None and type(value) in (numpy.matrix, numpy.memmap):
        return numpy.asarray(value)
    if numpy is not None and type(value) is numpy.ma.MaskedArray:
        return value if numpy.ma.getmaskarray(value).any() else numpy.asarray(value)
    return value
