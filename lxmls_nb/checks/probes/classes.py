"""What a student has written in the place of the class, or of the method, that is asked for."""

from __future__ import annotations

import contextlib
import difflib
import inspect
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

from lxmls_nb.checks.probes.errors import FAULT, line_of


def missing_method(answer: Any, base: type, names: Sequence[str]) -> dict[str, Any] | None:
    """Return what a class lacks, None if it has all that it needs.

    Parameters
    ----------
    answer : object
        What should be a class. Anything else has all that it needs: calling it tells.
    base : type
        The class of the scaffold: what is found only there, or not at all, is missing.
    names : sequence of str
        Of the methods.

    Returns
    -------
    report : dict or None
        ``missing``: the first such method; ``methods``: those that the student's classes define
        and the scaffold does not know, or that method itself if it is written outside its class.
        A class that defines none of its own is only not written yet, and has no report.
    """
    if not isinstance(answer, type):
        return None
    own = [each for each in answer.__mro__ if each not in base.__mro__]
    methods = [
        name
        for each in own
        for name, value in vars(each).items()
        if inspect.isfunction(value) and (name in names or not hasattr(base, name))
    ]
    for name in names:
        if getattr(answer, name, None) is getattr(base, name, None):
            if is_outside(answer, name):
                return {"missing": name, "methods": [name]}
            if methods:
                return {"missing": name, "methods": [each for each in methods if each not in names]}
    return None


def is_outside(answer: type, name: str) -> bool:
    """Return whether a method is written beside its class, or within another of its methods.

    That is what one step of indentation too few, or too many, makes of it.
    """
    module = sys.modules.get(answer.__module__)
    beside = getattr(module, name, None)
    if is_written(beside) and beside.__module__ == answer.__module__:
        return True
    methods = [each for each in vars(answer).values() if inspect.isfunction(each)]
    return any(
        isinstance(inner, types.CodeType) and inner.co_name == name != each.__name__
        for each in methods
        for inner in each.__code__.co_consts
    )


def is_written(value: object) -> bool:
    """Return whether something is a function that does not stand for an answer not yet there."""
    if not isinstance(value, types.FunctionType):
        return False
    return NotImplementedError.__name__ not in value.__code__.co_names


def found_instead(answers: Sequence[object], name: str, where: str) -> list[str]:
    """Return what the author of answers may have written in another place or under another name.

    Parameters
    ----------
    answers : sequence of object
        Functions, or classes whose method `name` was looked for.
    name : str
        What is not written.
    where : str
        The function or method that says so.

    Returns
    -------
    names : list of str
        `where` alone, if that is written outside of its class. Else those of methods of a class, or
        of functions and classes that were defined beside it.
    """
    if any(isinstance(answer, type) and is_outside(answer, where) for answer in answers):
        return [where]
    return [each for answer in answers for each in _otherwise_named(answer, name)]


def _otherwise_named(answer: object, name: str) -> list[str]:
    """Return what may have been written under another name than that of an answer."""
    if not isinstance(answer, type):
        space = getattr(answer, "__globals__", {})
        module = getattr(answer, "__module__", None)
        functions = [
            key
            for key, value in list(space.items())
            if value is not answer and is_written(value) and value.__module__ == module
        ]
        return _near(name, functions, 0.75)
    own = [kind for kind in answer.__mro__ if not kind.__module__.startswith(("lxmls_nb", "torch"))]
    bases = [kind for kind in answer.__mro__ if kind not in own]
    given = {key for kind in bases for key in vars(kind)} | {name}
    methods = [
        key
        for kind in own
        for key, value in vars(kind).items()
        if key not in given and is_written(value)
    ]
    near = _near(name, methods, 0.6)
    if near or (methods and not any(name in vars(kind) for kind in own)):
        return near or methods[:3]
    beside: list[type] = bases[0].__subclasses__() if bases and bases[0] is not object else []
    others = [
        kind.__name__
        for kind in beside
        if kind.__name__ != answer.__name__
        and kind.__module__ == answer.__module__
        and is_written(vars(kind).get(name))
    ]
    return _near(answer.__name__, others, 0.65)


def _near(name: str, names: list[str], cutoff: float) -> list[str]:
    """Return the name that is most similar, whether letters are capitals or not, if one is."""
    by_letters = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), by_letters, n=1, cutoff=cutoff)
    return [by_letters[each] for each in near]


def new_object(answer: Any, base: type, *arguments: Any, **options: Any) -> Any:
    """Make an object of a student's class, with :func:`expected` about what may be wrong with it.

    Parameters
    ----------
    answer : object
        What should be a class.
    base : type
        What it should build on.
    *arguments, **options
        What it is called with.
    """
    try:
        return answer(*arguments, **options)
    except TypeError as error:
        if not line_of(error):  # the call itself was refused
            note(error, _why_refused(answer, base))
        raise


def _why_refused(answer: Any, base: type) -> str:
    if not isinstance(answer, type):
        return "a function" if inspect.isfunction(answer) else "an object"
    if not issubclass(answer, base):
        return "base"
    return "arguments" if _has_own_init(answer, base) else ""


def _has_own_init(answer: type, base: type) -> bool:
    return any("__init__" in vars(each) for each in answer.__mro__ if each not in base.__mro__)


@contextlib.contextmanager
def expected(answer: Any, base: type) -> Iterator[None]:
    """Note on an error that leaves this block what is wrong with the class that it comes from.

    Here, that is an object which lacks what the class should inherit (``"base"``), or what the
    ``__init__`` of `base` gives it (``"init"``). :func:`new_object` notes why none can be made:
    ``"a function"`` or ``"an object"`` stands in the place of the class, it does not build on
    `base` (``"base"``), or its own ``__init__`` takes other arguments (``"arguments"``).

    Parameters
    ----------
    answer : object
        What should be a class.
    base : type
        What it should build on.
    """
    try:
        yield
    except AttributeError as error:
        if isinstance(answer, type) and type(error.obj) is answer and error.name is not None:
            note(error, _why_lacking(answer, base, error.name))
        raise


def _why_lacking(answer: type, base: type, name: str) -> str:
    init = vars(base).get("__init__")
    set_by_init = inspect.isfunction(init) and name in init.__code__.co_names
    if not issubclass(answer, base):
        return "base" if set_by_init or hasattr(base, name) else ""
    return "init" if set_by_init and _has_own_init(answer, base) else ""


def note(error: Exception, fault: str) -> None:
    """Note on an error what is wrong behind it, for whoever describes it."""
    with contextlib.suppress(Exception):  # an error of a student's can refuse it
        setattr(error, FAULT, fault)
