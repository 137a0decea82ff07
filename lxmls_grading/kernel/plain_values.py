"""The plain value that an object stands for, where its class only derives from that of the value.

A named tuple is equal to the tuple of its fields, a member of an `IntEnum` to its number, and a
list of a student's own class to a list, as long as the class compares as lists do.
"""

from __future__ import annotations

import datetime
import sys
import types
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
    dict: lambda value: dict(dict.items(value)),
}

#: Methods by which a class compares and calculates, besides those with an `r` or an `i` before.
OPERATIONS = frozenset(
    {
        *("eq", "ne", "lt", "le", "gt", "ge", "bool", "len", "iter", "getitem", "contains"),
        *("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul"),
        *("and", "or", "xor", "lshift", "rshift", "neg", "pos", "invert", "abs", "index"),
    }
)
SPECIAL = frozenset(f"__{letter}{name}__" for name in OPERATIONS for letter in ("", "r", "i"))

#: The bit of `type.__flags__` of classes that Python code has defined.
HEAP_TYPE = 1 << 9


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
    if kind in (type({}.keys()), type({}.items())):
        return set(value)
    if kind.__module__.partition(".")[0] in ("pandas", "numpy"):
        return _of_library(value)
    mro = type.__dict__["__mro__"].__get__(kind)  # without asking a metaclass
    for base, plain in BASES.items():
        if base in mro and kind is not base and kind is not bool:
            own = [each for each in mro[: mro.index(base)] if each.__flags__ & HEAP_TYPE]
            return value if any(SPECIAL & vars(each).keys() for each in own) else plain(value)
    return value


def _of_library(value: Any) -> Any:
    """Return what a value of pandas or NumPy is in Python's classes, if it is as exact there."""
    numpy, kind = sys.modules.get("numpy"), type(value).__name__
    if isinstance(value, datetime.datetime) and kind == "Timestamp" and not value.nanosecond:  # type: ignore[attr-defined]
        return value.to_pydatetime()  # type: ignore[attr-defined]
    if isinstance(value, datetime.timedelta) and kind == "Timedelta" and not value.nanoseconds:  # type: ignore[attr-defined]
        return value.to_pytimedelta()  # type: ignore[attr-defined]
    if numpy is not None and type(value) is numpy.matrix:
        return numpy.asarray(value)
    return value
