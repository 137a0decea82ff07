"""Replies of the student kernel: each part is of exactly the type that it has to be.

What comes in is not trusted, and an object of the student in the place of a text could do anything.
"""

from __future__ import annotations

from typing import Any

from lxmls_grading.execution.remote import Remote
from lxmls_grading.kernel.plain_values import MAX_KEY
from lxmls_grading.kernel.wire import ReplyError


def checked(reply: Any) -> dict[str, Any]:
    """Return a reply if its parts are of exactly the types that they have to be.

    Parameters
    ----------
    reply : object

    Raises
    ------
    ReplyError
        If it is no reply.
    """
    if type(reply) is not dict or not {"value", "error"} & reply.keys():
        raise ReplyError("there is neither a value nor an error in it")
    printed, warned = (reply.get(name) for name in ("printed", "warnings"))
    if type(printed) is not list or type(warned) is not list or len(printed) != 2:
        raise ReplyError("it does not tell what was printed")
    if not all(type(pair) is list and len(pair) == 2 for pair in warned):
        raise ReplyError("a warning is malformed")
    for text in (*printed, *(part for pair in warned for part in pair)):
        text_in(text)
    changed, followed, rebound = (reply.get(n, []) for n in ("changed", "followed", "rebound"))
    if not type(changed) is type(followed) is type(rebound) is list:
        raise ReplyError("it does not tell what was changed")
    if not all(type(pair) is list and len(pair) == 2 for pair in changed):
        raise ReplyError("a change is malformed")
    if not all(type(number) is int for number in (*followed, *(pair[0] for pair in changed))):
        raise ReplyError("a number of a value is none")
    if "error" in reply:
        error = reply["error"]
        types = {"args": list, "attributes": dict, "object": Remote, "line": str}
        if type(error) is not dict or not {"class", "text", *types} <= error.keys():
            raise ReplyError("an error is malformed")
        if not all(type(error[name]) is kind for name, kind in types.items()):
            raise ReplyError("an error is malformed")
        if error["text"] is not None:
            text_in(error["text"])
        kind = type(error["class"])  # what an object claims to be is not asked
        if kind is not Remote and not issubclass(kind, type):
            raise ReplyError("an error has no class")
    return reply


def text_in(value: Any) -> str:
    """Return a text if it is one: an object that looks like one can do anything.

    Parameters
    ----------
    value : object

    Raises
    ------
    ReplyError
        If it is none.
    """
    if type(value) is not str:
        raise ReplyError(f"a {type(value).__name__} is no text")
    return value


def key_in(value: Any) -> Any:
    """Return what has the hash of an object, of plain types.

    Parameters
    ----------
    value : object

    Raises
    ------
    ReplyError
        If it is of another type, or too long: each object that it stands for has it.
    """
    parts = value if type(value) is list else [value]
    if len(parts) > MAX_KEY or any(type(p) is str and len(p) > MAX_KEY for p in parts):
        raise ReplyError("a key is too long")
    if not all(type(part) in (int, float, str) for part in parts):
        raise ReplyError("a key is no plain value")
    return tuple(value) if type(value) is list else value
