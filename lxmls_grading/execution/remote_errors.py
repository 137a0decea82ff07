"""Errors of the student: they are raised in a test cell, and behave as those that they stand for.

What is raised has to be an error of this process. For a class of errors that the student wrote, it
is one of a class that is made here. Its text comes with it; what else is not there when a test asks
for it, such as a property, is looked up in the error itself, over there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from lxmls_grading.execution.remote import CannotJudge, Remote, do_remotely
from lxmls_grading.execution.shared_classes import known_class


class ErrorClass(type):
    """The class of the classes that stand for a student's own classes of errors."""

    _remote_class: Remote

    def __new__(cls, name: str, bases: Any, namespace: Any, **named: Any) -> Any:
        """Refuse a class that a test derives from one of the student's."""
        of_student = next(base for base in bases if isinstance(base, ErrorClass))
        connection = of_student._remote_class._remote.connection
        connection.refuse("derives a class from one of the student's")

    def __call__(cls, *given: Any, **named: Any) -> Any:
        """Return an error that a test makes: the student's code says what becomes of arguments."""
        original = cls._remote_class
        try:
            original._remote.connection.do("raise", original, *given, **named)
        except BaseException as error:
            if type(error) is cls:
                return error.with_traceback(None)
            raise
        raise TypeError("exceptions must derive from BaseException")

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._remote_class, _visible(name))


def error_class(original: Remote, base: tuple[str, str], name: str, parent: type) -> type:
    """Return a class that stands for a class of errors of the student.

    Parameters
    ----------
    original : Remote
        The class itself.
    base : tuple of str
        Its module and its qualified name.
    name : str
        Its name.
    parent : type
        The class of errors that it is derived from, here.
    """
    own = {"__module__": base[0], "__qualname__": base[1]}
    namespace = {**own, "__slots__": ()} if isinstance(parent, ErrorClass) else {**own, **METHODS}
    made = type.__new__(ErrorClass, name, (parent,), namespace)
    made._remote_class = original
    return made


def parent_of(bases: Iterable[tuple[str, str]], own: Iterable[type[BaseException]]) -> type:
    """Return the class here that a class of errors of the student is derived from.

    Parameters
    ----------
    bases : iterable of tuple
        Modules and names of the classes that it is derived from.
    own : iterable of type
        Classes that stand for others of the student.
    """
    names = {(kind.__module__, kind.__qualname__): kind for kind in own}
    found = (names.get(base) or known_class(*base) for base in bases)
    return next((each for each in found if each and issubclass(each, BaseException)), Exception)


def error_of(about: dict[str, Any]) -> BaseException:
    """Return the error that an operation has raised, to be raised here.

    Parameters
    ----------
    about : dict
        What the student's process tells of it, with parts of the right types.
    """
    kind, text = about["class"], about["text"] or ""
    if type(kind) is Remote or issubclass(kind, KeyboardInterrupt | CannotJudge | GeneratorExit):
        kind = RuntimeError
    try:
        # Only Python's own classes can be trusted with arguments that a student has chosen.
        of_python = kind.__module__ == "builtins" and not isinstance(kind, ErrorClass)
        error = kind(*about["args"]) if of_python else kind.__new__(kind, *about["args"])
    except Exception:
        try:
            error = kind.__new__(kind, text)
            error.args = (text,)
        except Exception:
            error = RuntimeError(text)
    assert isinstance(error, BaseException)
    if isinstance(type(error), ErrorClass):
        object.__setattr__(error, "_remote_error", (about["object"], about["text"]))
    for name, value in about["attributes"].items():
        # Methods keep their meaning: only what an instance has of its own is set.
        if type(name) is str and not name.startswith("_") and not hasattr(BaseException, name):
            with contextlib.suppress(Exception):  # a property of the class here
                object.__setattr__(error, name, value)
    if about["line"]:
        BaseException.add_note(error, about["line"])
    return error


def original_of(value: Any) -> Remote | None:
    """Return what an error, or a class of errors, of the student stands for; None otherwise."""
    if isinstance(value, ErrorClass):
        return value._remote_class
    if isinstance(type(value), ErrorClass):
        return _original(value)
    return None


# --- what such an error has of its own ------------------------------------------------------------


def _original(error: Any) -> Remote:
    original: Remote = object.__getattribute__(error, "_remote_error")[0]
    return original


def _visible(name: str) -> str:
    """Return a name that is looked up over there: what Python itself looks for is here, or not."""
    if name.startswith("__") or name.startswith("_remote"):
        raise AttributeError(name)
    return name


def _attribute(error: Any, name: str) -> Any:
    return getattr(_original(error), _visible(name))


def _str(error: Any) -> str:
    text: str | None = object.__getattribute__(error, "_remote_error")[1]
    if text is None:
        raise TypeError("the text of this error cannot be made")
    return text


def _repr(error: Any) -> str:
    return str(do_remotely(_original(error), "repr"))


def _format(error: Any, specification: str) -> str:
    return str(do_remotely(_original(error), "format", specification))


#: What a class has that stands for one of the student's, if the one it is derived from has it not.
METHODS: dict[str, Any] = {
    "__slots__": ("_remote_error",),
    "__getattr__": _attribute,
    "__str__": _str,
    "__repr__": _repr,
    "__format__": _format,
}
