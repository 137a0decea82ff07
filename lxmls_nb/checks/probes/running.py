"""How probes are run: they call an answer on given arrays and report what came out.

A probe never judges. It is addressed by name, because in grading it runs in the student's
process while the verdict is passed in another one: what comes in and goes out is plain data, that
is arrays, numbers, strings, and lists and dictionaries of them.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from lxmls_nb.checks.probes.classes import found_instead
from lxmls_nb.checks.probes.errors import describe_error, student_frame
from lxmls_nb.errors import UNWRITTEN, fault_of_stop

#: What a probe reports, by name.
Report = dict[str, Any]

Probe = TypeVar("Probe", bound=Callable[..., Report])

#: Probes by name.
PROBES: dict[str, Callable[..., Report]] = {}

#: Bounds of what a probe reports of an answer's result: items of a list or a dictionary, how deep
#: these are nested, elements of an array, characters of a text and of a key.
MAX_ITEMS, MAX_NESTING, MAX_ELEMENTS, MAX_CHARACTERS, MAX_KEY = 100, 4, 10**6, 1000, 200

#: Types of NumPy's numbers, which are reported by their names.
NUMPY_TYPES = tuple(np.dtype(code).type for code in np.typecodes["AllInteger"] + "efdg?FD")


def probe(function: Probe) -> Probe:
    """Register a probe under its name."""
    PROBES[function.__name__] = function
    return function


class Reference:
    """Stands for an object of the student that lives in another process.

    Parameters
    ----------
    name : str or int
        What the student's code calls it, or a number that the other process has given it.
    send : callable
        ``send(probe_name, names, arguments) -> reply`` runs a probe over there.
    """

    def __init__(
        self, name: str | int, send: Callable[[str, list[str | int], dict[str, Any]], Any]
    ):
        self.name, self.send = name, send

    def __reference__(self) -> Reference:
        """Return this object: a stand-in of another class has a method that makes one."""
        return self


def run(name: str, answers: list[Any], **arguments: Any) -> Any:
    """Run a probe where the answers are, and return its reply.

    Parameters
    ----------
    name : str
        Of the probe.
    answers : list
        What the probe is run on: objects of this process, or a :class:`Reference` each.
    **arguments
        Of the probe.

    Returns
    -------
    reply : dict
        ``{"result": ...}``; or ``{"not_attempted": text, "where": function, "found": names}``, with
        ``fault`` and ``place`` of ``lxmls_nb.errors.fault_of_stop``; or ``{"error": ...}`` if
        the answer raised, see
        :func:`~lxmls_nb.checks.probes.errors.describe_error`. From another process comes whatever
        that process sends.
    """
    if all(hasattr(type(answer), "__reference__") for answer in answers):
        references = [answer.__reference__() for answer in answers]
        return references[0].send(name, [each.name for each in references], arguments)
    return execute(name, answers, arguments)


def execute(name: str, answers: list[Any], arguments: dict[str, Any]) -> Report:
    """Run a probe in this process; see :func:`run`."""
    try:
        # What an answer writes to stderr is shown, but a test cell with stderr would get no point.
        # Warnings are shown too, and are never errors here, whatever an answer has set.
        with (
            contextlib.redirect_stderr(sys.stdout),
            warnings.catch_warnings(),
            np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"),
        ):
            warnings.simplefilter("default")
            return {"result": PROBES[name](*answers, **arguments)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: whatever an answer does is an answer
        report = describe_error(error)
        message = report["message"]
        if isinstance(error, NotImplementedError) and any(text in message for text in UNWRITTEN):
            where = student_frame(error).name
            found = found_instead(answers, name, where)
            fault, place = fault_of_stop(error.__traceback__)
            stop = {"where": where, "found": found, "fault": fault, "place": place}
            return {"not_attempted": message, **stop}
        return {"error": report}


def same_but_for_rounding(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two arrays differ by no more than rounding does where numbers are put back."""
    if first.shape != second.shape or first.dtype != second.dtype or first.dtype.kind != "f":
        return np.array_equal(first, second)
    off = 64 * np.finfo(first.dtype).eps
    return bool(np.allclose(second, first, rtol=off, atol=off * np.abs(first).max(initial=0)))


def plain(value: Any, depth: int = 0) -> Any:
    """Return a student's value as plain data; what has no place there becomes
    ``{"unsupported": type name}``.
    """
    kind = type(value)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu().to_dense()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, np.dtype) or any(value is each for each in NUMPY_TYPES):
        return np.dtype(value).name[:MAX_CHARACTERS]
    if isinstance(value, np.str_):
        return str(value)[:MAX_CHARACTERS]
    if isinstance(value, np.ndarray | np.generic):
        array = np.array(value)
        if array.dtype.kind in "biufc" and array.size <= MAX_ELEMENTS:
            return array
        return {"unsupported": f"{kind.__name__} of {array.dtype}, shape {array.shape}"}
    if type(value) is str:
        return value[:MAX_CHARACTERS]
    if value is None or kind in (bool, int, float):
        return value
    if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and depth < MAX_NESTING:
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict) and len(value) <= MAX_ITEMS and depth < MAX_NESTING:
        return {str(key)[:MAX_KEY]: plain(item, depth + 1) for key, item in value.items()}
    return {"unsupported": kind.__name__}
