"""The functions of Python that a remote object cannot answer itself."""

from __future__ import annotations

import contextlib
import json
import types
import typing
from collections.abc import Iterator
from typing import Any

from lxmls_grading.execution.connection import refer
from lxmls_grading.execution.remote import CannotJudge, Remote, do_remotely, object_of, permitted


class _TypeOfType(type):
    def __call__(cls, *given: Any, **named: Any) -> Any:
        if len(given) == 1 and (known := object_of(given[0])) is not None:
            return do_remotely(known, "class")
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
    return do_remotely(value, "callable") is True if type(value) is Remote else callable(value)


def remote_aware_isinstance(value: Any, kind: Any) -> bool:
    """Return whether an object, perhaps a remote one, is an instance of a class or of several."""
    known = object_of(value)
    if known is None:
        return isinstance(value, kind)
    kinds = kind if type(kind) is tuple else (kind,)
    return any(_is_instance(known, each) for each in kinds)


def _is_instance(value: Remote, kind: Any) -> bool:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return any(_is_instance(value, each) for each in typing.get_args(kind))
    origin = typing.get_origin(kind)  # such as that of typing.Iterator
    if isinstance(origin, type) and type(kind).__module__ == "typing":
        kind = origin
    try:
        refer(kind)
    except CannotJudge:  # a class of the test itself
        return isinstance(value, kind)
    return do_remotely(value, "isinstance", kind) is True


def remote_aware_hasattr(value: Any, name: str) -> bool:
    """Return whether an object, perhaps a remote one, has an attribute; it decides nothing else."""
    known = object_of(value)
    if known is None:
        return hasattr(value, name)
    try:
        do_remotely(known, "getattr", permitted(known, name))
    except AttributeError:
        return False
    return True


#: Types that JSON knows: what is derived from them is written as they are.
OF_JSON = tuple(("builtins", name) for name in ("dict", "list", "tuple", "str", "int", "float"))


@contextlib.contextmanager
def json_of_remotes() -> Iterator[None]:
    """Have `json` write objects of the student as the plain values that they are derived from."""
    before = json.JSONEncoder.default

    def default(encoder: json.JSONEncoder, value: Any) -> Any:
        if type(value) is Remote and set(OF_JSON).intersection(value._remote.bases):
            return value._remote.connection.plain_of(value)
        return before(encoder, value)

    json.JSONEncoder.default = default  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        json.JSONEncoder.default = before  # type: ignore[method-assign]


#: What test cells find in place of the functions of Python.
FUNCTIONS: dict[str, Any] = {
    "type": RemoteAwareType,
    "callable": remote_aware_callable,
    "hasattr": remote_aware_hasattr,
    "isinstance": remote_aware_isinstance,
}
