"""Arrays that are views of others: they change when something else does.

``self.w[:]``, ``a.reshape(-1)`` and ``t.detach()`` are new objects each time, to which nobody else
refers; but there are other objects with the same memory.
"""

from __future__ import annotations

import sys
from builtins import any  # a student's code can replace that of the module
from collections.abc import Container, Sequence
from functools import cache
from typing import Any

import numpy as np


def is_array(value: Any) -> bool:
    """Return whether a value is an array or a matrix of NumPy, and of no class derived from these.

    Parameters
    ----------
    value : object
    """
    return type(value) is np.ndarray or type(value) is np.matrix


def _base_count(view: Any) -> int:
    return sys.getrefcount(view.base)


#: What Python counts for an array to which one view of it refers, and nothing else.
ONE_VIEW = _base_count(np.zeros(2)[:])


def memory_of(value: Any) -> Any:
    """Return what views of the same memory have in common; None for a value that is no view.

    Parameters
    ----------
    value : object
        It has to live as long as what is returned is used.
    """
    tensor = _tensor_of(value)
    if tensor is not None:  # all of them can have the memory of another
        return "tensor", tensor.untyped_storage()._cdata
    return id(value.base) if is_array(value) and value.base is not None else None


def has_other_views(views: Sequence[Any], known: Container[int]) -> bool:
    """Return whether something else refers to the memory of some views.

    Parameters
    ----------
    views : sequence of object
        They have the same memory, and nothing but a table refers to each of them.
    known : container of int
        The ids of all to which that table refers.
    """
    tensor = _tensor_of(views[0])
    if tensor is None:
        own = len(views) + (id(views[0].base) in known)
        if _base_count(views[0]) - ONE_VIEW + 1 - own > 0:
            return True
        # Between a row of a matrix and the array of which that is a view, NumPy keeps the matrix.
        return memory_of(views[0].base) is not None and has_other_views([views[0].base], known)
    lone = any(map(_has_lone_base, views))
    return _tensors_with_memory_of(tensor) - len(views) - lone > 0


def _tensor_of(value: Any) -> Any:
    """Return a tensor, or that of which an array is a view; None for anything else.

    What a graph of gradients refers to is left out: it is not changed in place.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    value = value.base if is_array(value) else value
    plain = (
        type(value) in (torch.Tensor, torch.nn.Parameter)
        and value.layout is torch.strided
        and value.grad_fn is None
    )
    return value if plain else None


def _tensors_with_memory_of(tensor: Any) -> int:
    storage = tensor.untyped_storage()
    count = getattr(sys.modules["torch"]._C, "_storage_Use_Count", None)
    return count(storage._cdata) - 1 if count else 1  # the storage counts itself


def _has_lone_base(view: Any) -> bool:
    """Whether a tensor is a view of one to which no Python code refers."""
    tensor = _tensor_of(view)
    return tensor._base is not None and sys.getrefcount(tensor._base) <= _lone_base()


@cache
def _lone_base() -> int:
    return sys.getrefcount(sys.modules["torch"].zeros(2)[1:]._base)
