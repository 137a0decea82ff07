"""Which operations do the same on a plain value as on the object that stands for it."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import Any

import numpy as np

#: Types whose values can be changed in place.
CONTAINERS = frozenset([list, tuple, dict, set, deque, bytearray, np.ndarray, Counter, OrderedDict])

#: Operations that change their left side, and those that some arrays do in a way of their own.
IN_PLACE = frozenset(
    {
        *("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "imatmul", "ipow"),
        *("iand", "ior", "ixor", "ilshift", "irshift"),
    }
)
ARITHMETIC = frozenset({"mul", "pow", "matmul", "truediv", "floordiv", "mod", "divmod"})

#: Methods that change a container: to change a copy of one would change nothing.
CHANGING = frozenset(
    {
        *("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update"),
        *("setdefault", "popitem", "add", "discard", "appendleft", "popleft", "extendleft"),
        *("fill", "put", "resize", "partition", "itemset"),
        *("subtract", "move_to_end"),
        *("rotate", "difference_update", "intersection_update", "symmetric_difference_update"),
    }
)


def does_the_same(operation: str, value: Any, is_matrix: bool = False) -> bool:
    """Return whether an operation on a plain value is that on the object it stands for.

    Parameters
    ----------
    operation : str
        Such as ``"eq"``.
    value : object
        The plain value.
    is_matrix : bool
        Whether the object is a matrix of NumPy, which multiplies in a way of its own.
    """
    if operation in IN_PLACE:
        return type(value) not in CONTAINERS
    return operation not in ARITHMETIC or not is_matrix


def changes_in_place(operation: str, value: Any) -> bool:
    """Return whether an operation changes the object that a plain value stands for.

    Parameters
    ----------
    operation : str
        Such as ``"iadd"``.
    value : object
        The plain value.
    """
    return operation in IN_PLACE and type(value) in CONTAINERS - {np.ndarray}


def changes_as_plain(name: str, value: Any) -> bool:
    """Return whether a method of a plain value changes it as that of the object would.

    What it gives was in the value, or was given to it.

    Parameters
    ----------
    name : str
        Of the method.
    value : object
        The plain value.
    """
    return name in CHANGING and type(value) in CONTAINERS and hasattr(value, name)


def has_same_method(name: str, value: Any) -> bool:
    """Return whether a method of a plain value does what that of the object would.

    Parameters
    ----------
    name : str
        Of the method.
    value : object
        The plain value.
    """
    return name not in CHANGING and hasattr(value, name)
