"""Probes: they run an answer on given arrays and report what came out, as plain data.

A probe never judges. It is addressed by name, because in grading it runs in the student's
process while the verdict is passed in another one: what comes in and goes out is arrays,
numbers, strings, and lists and dictionaries of them.
"""

from __future__ import annotations

import contextlib
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable

import numpy as np

from lxmls_nb.errors import UNWRITTEN

#: Probes by name.
PROBES: dict[str, Callable] = {}

#: Limits of what a probe reports of an answer's result.
MAX_ITEMS, MAX_DEPTH, MAX_SIZE = 100, 4, 10**6


def probe(function: Callable) -> Callable:
    """Register a probe under its name."""
    PROBES[function.__name__] = function
    return function


class Reference:
    """Stands for an object of the student that lives in another process.

    Parameters
    ----------
    name : str
        What the student's code calls it.
    send : callable
        ``send(probe_name, names, arguments) -> reply`` runs a probe over there.
    """

    def __init__(self, name: str, send: Callable):
        self.name, self.send = name, send


def run(name: str, answers: list, **arguments) -> dict:
    """Run a probe where the answers are, and return its reply.

    Returns
    -------
    reply : dict
        ``{"result": ...}``; or ``{"not_attempted": text, "where": function}``; or ``{"error":
        {"type", "message", "line"}}`` if the answer raised.
    """
    if all(isinstance(answer, Reference) for answer in answers):
        return answers[0].send(name, [answer.name for answer in answers], arguments)
    return execute(name, answers, arguments)


def execute(name: str, answers: list, arguments: dict) -> dict:
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
        try:
            message = " ".join(str(error).split())
        except Exception:
            message = "an error that cannot be shown"
        if isinstance(error, NotImplementedError) and any(text in message for text in UNWRITTEN):
            return {"not_attempted": message, "where": _student_frame(error).name}
        return {
            "error": {
                "type": type(error).__name__,
                "message": message if len(message) <= 200 else f"{message[:200]}…",
                "line": _line(error),
            }
        }


def _student_frame(error: BaseException) -> traceback.FrameSummary:
    """Return the place in the student's code that an error comes from, else in ours."""
    frames = traceback.extract_tb(error.__traceback__)
    library = ("lxmls_nb", "site-packages", "lib/python")
    own = [frame for frame in frames if not any(part in frame.filename for part in library)]
    return (own or frames)[-1]


def _line(error: BaseException) -> str:
    """Return the student's line that an error comes from, as ``line 3: code``."""
    frame = _student_frame(error)
    if "lxmls_nb" in frame.filename:
        return ""
    code = frame.line or linecache.getline(frame.filename, frame.lineno or 0)
    return f"line {frame.lineno}: {code.strip()[:120]}"


def plain(value, depth: int = 0):
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
    if isinstance(value, np.str_):
        return str(value)[:1000]
    if isinstance(value, np.ndarray | np.generic):
        array = np.array(value)
        if array.dtype.kind in "biufc" and array.size <= MAX_SIZE:
            return array
        return {"unsupported": f"{kind.__name__} of {array.dtype}, shape {array.shape}"}
    elif value is None or kind in (bool, int, float, str):
        return value if kind is not str else value[:1000]
    elif isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and depth < MAX_DEPTH:
        return [plain(item, depth + 1) for item in value]
    elif isinstance(value, dict) and len(value) <= MAX_ITEMS and depth < MAX_DEPTH:
        return {str(key)[:200]: plain(item, depth + 1) for key, item in value.items()}
    return {"unsupported": kind.__name__}


def _copy(arrays):
    """Return a copy of nested lists of arrays."""
    if isinstance(arrays, np.ndarray):
        return arrays.copy()
    return [_copy(item) for item in arrays]


def _same(first, second) -> bool:
    if isinstance(first, np.ndarray):
        return isinstance(second, np.ndarray) and np.array_equal(first, second)
    return len(first) == len(second) and all(map(_same, first, second))


def _arrays(value, depth: int = 0) -> list:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and depth < MAX_DEPTH:
        return [array for item in value for array in _arrays(item, depth + 1)]
    return []


def _aliases(result, parameters) -> bool:
    """Whether the arrays of a result share memory with those of the parameters."""
    return any(
        np.may_share_memory(array, parameter)
        for array in _arrays(result)
        for parameter in _arrays(parameters)
    )


class _Watch:
    """Notes which of the things handed to an answer it has changed."""

    def __init__(self) -> None:
        self.changed: list[str] = []
        self._given: dict[bytes, np.ndarray] = {}

    def _give(self, array: np.ndarray) -> np.ndarray:
        """Return a copy to hand out: of equal arrays the same one, as in a training."""
        given = self._given.setdefault(array.tobytes(), array.copy())
        if not np.array_equal(given, array):  # an answer has changed it
            given = self._given[array.tobytes()] = array.copy()
        return given

    def call(self, function: Callable, parameters, input: np.ndarray, output: np.ndarray, read):
        """Call an answer and return its result as plain data.

        `read` returns the parameters as they are after the call.
        """
        before = (_copy(parameters), input, output)
        input, output = self._give(input), self._give(output)
        result = function(input, output)
        after = (read(), input, output)
        for name, old, new in zip(("parameters", "input", "labels"), before, after, strict=True):
            if not _same(old, new) and name not in self.changed:
                self.changed.append(name)
        if _aliases(result, after[0]) and "result" not in self.changed:
            self.changed.append("result")
        return plain(result)


@probe
def dictionary(answer) -> dict:
    """Report a dictionary of the student."""
    return {"value": plain(answer)}


@probe
def log_linear_gradients(answer, calls: list) -> dict:
    """Call ``log_linear_gradients`` on a list of ``[weight, bias, input, output]``.

    Returns
    -------
    dict
        ``results``: of each call; ``changed``: which arguments it changed.
    """
    watch = _Watch()
    results = []
    for weight, bias, input, output in calls:
        pair = [weight.copy(), bias.copy()]
        results.append(
            watch.call(
                lambda x, y, pair=pair: answer(pair[0], pair[1], x, y),
                pair,
                input,
                output,
                read=lambda pair=pair: pair,
            )
        )
    return {"results": results, "changed": watch.changed}


@probe
def backpropagation(answer, geometry: list, activation_functions: list, calls: list) -> dict:
    """Call ``backpropagation`` of one model on a list of ``[parameters, input, output]``.

    Returns
    -------
    dict
        ``results``: of each call; ``changed``: which arguments it changed.
    """
    model = answer(
        geometry=list(geometry), activation_functions=list(activation_functions), learning_rate=0.1
    )
    watch = _Watch()
    results = []
    for parameters, input, output in calls:
        model.parameters = _copy(parameters)
        results.append(
            watch.call(
                model.backpropagation, parameters, input, output, read=lambda: model.parameters
            )
        )
    return {"results": results, "changed": watch.changed}
