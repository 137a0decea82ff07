"""The forms that replies of probes may have: texts, numbers, and lists and fields of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lxmls_nb.checks.probes import running

#: Characters of a text that a reply may bring into a message.
MAX_SHOWN = 400

#: Returns what it is given, in good form; raises Malformed if that cannot be.
Form = Callable[[Any], Any]

#: A reply, a part of one, or the arguments of a probe.
Fields = dict[str, Any]


class Malformed(ValueError):
    """A reply that no honest probe sends."""


def anything(value: object) -> object:
    """Take whatever there is: what looks into it takes care."""
    return value


def text(value: object) -> str:
    """Take a text, shortened and in one line."""
    if not isinstance(value, str):
        raise Malformed("there is no text where one belongs")
    line = " ".join(value[: 2 * MAX_SHOWN].split())
    return "".join(letter for letter in line if letter.isprintable())[:MAX_SHOWN]


def word(value: object) -> str:
    """Take a short text, such as a name."""
    return text(value)[:60]


def flag(value: object) -> bool:
    """Take True or False."""
    if not isinstance(value, bool):
        raise Malformed("there is no truth value where one belongs")
    return value


def data(value: object, depth: int = 0) -> object:
    """Take plain data, as :func:`lxmls_nb.checks.probes.running.plain` returns it."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):  # Python converts larger ones to neither floats nor text
        return value if abs(value) < 2**1000 else float("inf")
    if isinstance(value, str):
        return value[: running.MAX_CHARACTERS]
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufc" or value.size > running.MAX_ELEMENTS:
            raise Malformed(f"an array holds {value.dtype} values, or too many")
        return np.array(value)  # no sub-class of arrays
    if depth > running.MAX_NESTING or not isinstance(value, list | dict):
        raise Malformed("there is data of an unknown kind")
    if len(value) > running.MAX_ITEMS:
        raise Malformed("there are too many values")
    if isinstance(value, list):
        return [data(item, depth + 1) for item in value]
    taken = {
        str(key)[: running.MAX_CHARACTERS]: data(item, depth + 1) for key, item in value.items()
    }
    if set(taken) == {"unsupported"}:  # goes into messages
        return {"unsupported": text(str(taken["unsupported"]))}
    return taken


def fields(value: object, /, **forms: Form) -> Fields:
    """Take a dictionary that has these keys; leave out what else it has."""
    if not isinstance(value, dict):
        raise Malformed(f"there is no dictionary of {', '.join(forms)}")
    missing = [key for key in forms if key not in value]
    if missing:
        raise Malformed(f"{missing[0]} is not there")
    return {key: form(value[key]) for key, form in forms.items()}


def items(form: Form, count: int | None = None) -> Form:
    """Return the form of a list of `count` items, of any number by default."""

    def take(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise Malformed("there is no list where one belongs")
        if count is not None and len(value) != count:
            raise Malformed(f"there are {len(value)} values where {count} belong")
        return [form(item) for item in value]

    return take


def either(*forms: Form) -> Form:
    """Return the form of what has one of several forms."""

    def take(value: object) -> object:
        for form in forms[:-1]:
            try:
                return form(value)
            except Malformed:
                pass
        return forms[-1](value)

    return take


def nothing(value: object) -> None:
    """Take None."""
    if value is not None:
        raise Malformed("there is something where nothing belongs")


def numbers(value: object) -> np.ndarray:
    """Take an array of real numbers, as float64."""
    array = data(value)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise Malformed("there is no array of numbers where one belongs")
    return array.astype(float)


def whole_number(value: object) -> int:
    """Take a whole number that is not negative, such as a size."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise Malformed("there is no size where one belongs")
    return value


def size(value: object) -> int:
    """Take a number of elements, or of a call."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**9:
        raise Malformed("there is no size where one belongs")
    return value


def operand(value: object) -> list[Any]:
    """Take an array's code, shape and kind."""
    code, shape, kind = items(anything, 3)(value)
    return [word(code), tuple(items(size)(shape)[: running.MAX_NESTING]), text(kind)[:1]]


#: What is known of an error.
ERROR_FORM: dict[str, Form] = {
    "type": text,
    "message": text,
    "line": text,
    "operator": text,
    "operands": items(operand),
    "summed": flag,
    "both": word,
    "similar": word,
    "call": size,
    "fault": word,
}
ERROR_DEFAULTS: Fields = {
    "operator": "",
    "operands": [],
    "summed": False,
    "both": "",
    "similar": "",
    "call": 0,
    "fault": "",
}


# --- the form of each probe's result, given the arguments it was run with


def _about_module(value: object) -> Fields:
    names = items(text)
    return fields(value, is_module=flag, initialised=flag, tensors=names, hidden=names)


#: What is known of a module, whether it could be run or not.
MODULE: dict[str, Form] = {
    "shapes": either(nothing, items(items(whole_number))),
    "fitting": flag,
    "about": _about_module,
    "state": items(text),
    "unusual": items(text),
}

#: What is known of the output of a forward pass.
OUTPUT: dict[str, Form] = {"type": text, "is_tensor": flag, "values": data}


def _output(value: object) -> Fields:
    return fields(value, **OUTPUT)


def _calls(arguments: Fields) -> dict[str, Form]:
    return {"results": items(data, len(arguments["calls"])), "changed": items(text)}


def _gradients(count: int, layers: Sequence[Any] | None) -> Form:
    """Return the form of gradients of each call: none where the output has a wrong shape."""
    pair = items(data, 2)
    full = pair if layers is None else items(pair, len(layers))
    return items(either(items(data, 0), full), count)


def _log_linear_module(arguments: Fields) -> dict[str, Form]:
    count = len(arguments["calls"])
    return MODULE | {
        "outputs": items(_output, count),
        "gradients": _gradients(count, None),
        "evaluated": _output,
        "changed": flag,
    }


def _training_step(arguments: Fields) -> dict[str, Form]:
    count = len(arguments["batches"])
    return MODULE | {
        "parameters": items(items(numbers, 2), count + 1),
        "losses": items(data, count),
        "types": items(text, count),
        "events": items(items(text), count),
        "named": items(text),
        "changed": items(text),
    }


def _log_forward(arguments: Fields) -> dict[str, Form]:
    count = len(arguments["calls"])
    return {
        "outputs": items(_output, count),
        "gradients": _gradients(count, arguments["calls"][0][0]),
        "changed": items(text),
        "replaced": flag,
        "state": items(text),
        "unusual": items(text),
    }


FORMS: dict[str, Callable[[Fields], dict[str, Form]]] = {
    "dictionary": lambda arguments: {"value": data},
    "log_linear_gradients": _calls,
    "function_calls": _calls,
    "backpropagation": _calls,
    "timed_backpropagation": lambda arguments: {"result": data, "took_too_long": flag},
    "log_linear_module": _log_linear_module,
    "training_step": _training_step,
    "log_forward": _log_forward,
}
