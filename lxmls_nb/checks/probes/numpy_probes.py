"""Probes of Exercises 2.1 and 2.2, and of dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lxmls_nb.checks.probes.classes import expected, new_object
from lxmls_nb.checks.probes.errors import numbered
from lxmls_nb.checks.probes.running import (
    MAX_ITEMS,
    MAX_NESTING,
    Report,
    plain,
    probe,
    same_but_for_rounding,
)
from lxmls_nb.checks.probes.time_limit import TookTooLong, time_limit


def _copy(arrays: Any) -> Any:
    """Return a copy of nested lists of arrays."""
    if isinstance(arrays, np.ndarray):
        return arrays.copy()
    return [_copy(item) for item in arrays]


def _same(first: Any, second: Any) -> bool:
    """Whether two nested lists of arrays are the same.

    The last digits may differ, as in numbers that were changed and put back.
    """
    if isinstance(first, np.ndarray):
        return isinstance(second, np.ndarray) and same_but_for_rounding(first, second)
    return len(first) == len(second) and all(map(_same, first, second))


def _arrays(value: object, depth: int = 0) -> list[np.ndarray]:
    """Return the arrays in nested lists."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and depth < MAX_NESTING:
        return [array for item in value for array in _arrays(item, depth + 1)]
    return []


def _aliases(result: object, parameters: object) -> bool:
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

    def call(
        self,
        function: Callable[[np.ndarray, np.ndarray], object],
        parameters: Any,
        input: np.ndarray,
        output: np.ndarray,
        read: Callable[[], Any],
    ) -> Any:
        """Call an answer and return its result as plain data.

        Parameters
        ----------
        function : callable
            The answer, called on input and output.
        parameters : nested lists of ndarray
            As they are before the call.
        input, output : ndarray
        read : callable
            Returns the parameters as they are after the call.
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
def dictionary(answer: object) -> Report:
    """Report a dictionary of the student."""
    return {"value": plain(answer)}


@probe
def log_linear_gradients(answer: Any, calls: list[Any]) -> Report:
    """Call ``log_linear_gradients`` on a list of ``[weight, bias, input, output]``.

    Returns
    -------
    dict
        ``results``: of each call; ``changed``: which arguments it changed.
    """
    watch = _Watch()

    def call(weight: np.ndarray, bias: np.ndarray, input: np.ndarray, output: np.ndarray) -> Any:
        pair = [weight.copy(), bias.copy()]
        return watch.call(lambda x, y: answer(*pair, x, y), pair, input, output, lambda: pair)

    results = []
    for number, given in enumerate(calls):
        with numbered(number):
            results.append(call(*given))
    return {"results": results, "changed": watch.changed}


@probe
def function_calls(answer: Any, calls: list[Any]) -> Report:
    """Call a function on a list of arguments that are arrays.

    Returns
    -------
    dict
        ``results``: of each call; ``changed``: the places of arguments that it changed.
    """
    results, changed = [], set()
    for number, given in enumerate(calls):
        arguments = _copy(given)
        with numbered(number):
            results.append(plain(answer(*arguments)))
        changed |= {
            str(place)
            for place, pair in enumerate(zip(given, arguments, strict=True))
            if not _same(*pair)
        }
    return {"results": results, "changed": sorted(changed)}


@probe
def backpropagation(
    answer: Any, geometry: list[int], activation_functions: list[str], calls: list[Any]
) -> Report:
    """Call ``backpropagation`` of one model on a list of ``[parameters, input, output]``.

    Returns
    -------
    dict
        ``results``: of each call; ``changed``: which arguments it changed.
    """
    from lxmls_nb.models import NumpyMLP

    model = new_object(
        answer,
        NumpyMLP,
        geometry=list(geometry),
        activation_functions=list(activation_functions),
        learning_rate=0.1,
    )
    watch = _Watch()
    results = []
    for number, (parameters, input, output) in enumerate(calls):
        model.parameters = _copy(parameters)
        with numbered(number), expected(answer, NumpyMLP):
            results.append(
                watch.call(
                    model.backpropagation, parameters, input, output, read=lambda: model.parameters
                )
            )
    return {"results": results, "changed": watch.changed}


@probe
def timed_backpropagation(
    answer: Any, geometry: list[int], activation_functions: list[str], call: Any, seconds: float
) -> Report:
    """Call ``backpropagation`` once, on ``[parameters, input, output]``, with a limit of time.

    Returns
    -------
    dict
        ``took_too_long``; and ``result``, which is None then.
    """
    try:
        with time_limit(seconds):
            done = backpropagation(answer, geometry, activation_functions, [call])
    except TookTooLong:
        return {"result": None, "took_too_long": True}
    return {"result": done["results"][0], "took_too_long": False}
