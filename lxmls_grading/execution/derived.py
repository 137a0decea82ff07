"""Numbers, texts and tuples of a student's own classes, where the reference has plain ones.

To functions that are written in C, such as those of `re`, `math` and NumPy, the stand-in of a
member of an `IntEnum` is no number, and that of a named tuple no tuple. So where the reference
solution has no such objects, those of others come as objects of a class of this process that
derives from the plain type, too, and have the plain value. For all that plain values have not, they
ask the object over there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxmls_grading.execution.machinery import PROTOCOLS
from lxmls_grading.execution.remote import DERIVED_CLASSES, Remote, do_remotely, object_of

#: What a trial notes where an object of the reference solution is of such a class.
DERIVED = "a class derived from a plain one"

#: Attributes of a plain value that are asked of the object over there, or that are Python's own.
NOT_PLAIN = frozenset(
    {
        *("__new__", "__init__", "__init_subclass__", "__subclasshook__", "__class__", "__dir__"),
        *("__getattribute__", "__setattr__", "__delattr__", "__reduce__", "__reduce_ex__"),
        *("__getnewargs__", "__getstate__", "__doc__", "__repr__", "__str__", "__format__"),
    }
)


def derived(remote: Remote, value: Any) -> Any:
    """Return what stands for an object of the student that has a plain value.

    That is one object as long as the object of the student is one here, for `is`, and since each
    would be a copy of the value.

    Parameters
    ----------
    remote : Remote
        The object.
    value : int, float, str or tuple
        Of exactly one of these types.
    """
    made = object.__getattribute__(remote, "_remote_derived")
    if made is None:
        made = type(value).__new__(CLASSES[type(value)], value)
        object.__setattr__(made, "_remote_object", remote)
        object.__setattr__(remote, "_remote_derived", made)
    return made


def _plain(value: Any) -> Any:
    """Return the plain value, and note that the test has seen it: the answer gets it back."""
    base: Any = type(value).__base__
    remote = _object(value)
    plain = base.__getitem__(value, slice(None)) if base in (str, tuple) else base.__pos__(value)
    if base is not tuple:
        remote._remote.connection.plain[remote._remote.place] = plain
    return plain


def _object(value: Any) -> Remote:
    found = object_of(value)
    assert found is not None
    return found


def _as_plain(name: str) -> Callable[..., Any]:
    def method(self: Any, *given: Any, **named: Any) -> Any:
        others = (_plain(each) if type(each) in DERIVED_CLASSES else each for each in given)
        return getattr(_plain(self), name)(*others, **named)

    return method


def _remotely(operation: str) -> Callable[..., Any]:
    def method(self: Any, *given: Any) -> Any:
        return do_remotely(_object(self), operation, *given)

    return method


def _attribute(self: Any, name: str) -> Any:
    if name == "__class__":
        return type(self).__base__  # whatever the object says
    if name.startswith(PROTOCOLS):
        raise AttributeError(name)
    if name in vars(type(self)):
        return object.__getattribute__(self, name)
    if hasattr(type(self).__base__, name):
        return getattr(_plain(self), name)
    return getattr(_object(self), name)


def _new(kind: type, *given: Any, **named: Any) -> Any:
    """Return a plain value where a library makes another one of the class, such as a mean."""
    base: Any = kind.__base__
    if base is tuple and len(given) > 1:  # of the fields of a named tuple
        return given
    return base(*given, **named)


def _refused(self: Any, *given: Any) -> Any:
    _object(self)._remote.connection.refuse("pickles an object of the student")


def _class(base: type) -> type:
    names = {name for name in vars(base) if name.startswith("__")} - NOT_PLAIN
    own: dict[str, Any] = {name: _as_plain(name) for name in names}
    for operation in ("repr", "str", "format", "setattr", "delattr", "dir"):
        own[f"__{operation}__"] = _remotely(operation)
    own |= {"__new__": _new, "__getattribute__": _attribute, "__reduce_ex__": _refused}
    own |= {"__copy__": lambda self: self, "__deepcopy__": lambda self, memo: self}
    return type(f"Derived{base.__name__.title()}", (base,), own)


#: The classes of such values, by the plain types.
CLASSES = {base: _class(base) for base in (int, float, str, tuple)}
DERIVED_CLASSES.update(CLASSES.values())
