"""What verdicts share: replies of probes, arrays against the truth, and messages."""

from __future__ import annotations

import functools
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from lxmls_nb.checks.mistakes.gradients import Cause, name_gradient, name_later_call
from lxmls_nb.checks.mistakes.words import CAUSES
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, forward
from lxmls_nb.checks.replies import ask
from lxmls_nb.errors import WIDTH, CheckFailed, NotAttempted, unwritten

#: How far an array may be off, relative to its largest true value. Measured on the problems of
#: the exercises: the truth itself is known to 1e-9 at worst, answers in float64 agree to 1e-9,
#: central differences (h = 1e-5) to 1e-7, float32 to 3e-6; float16 probabilities, the nearest wrong
#: answer, are 2e-4 off.
TOLERANCE = 3e-5

#: Bound of the tolerance where logits are extreme: overflow is looked for there, not precision.
MAX_TOLERANCE = 1e-2

#: What NumPy says of arrays whose shapes don't fit.
SHAPES = re.compile(r"matmul|shapes|broadcast|not aligned|inhomogeneous")

#: Gradients that are smaller all over are compared as if they were of this size: where a model is
#: sure, they are differences of nearly equal probabilities.
FLOOR = 1e-3


def tolerance(problem: Problem) -> float:
    """Return the tolerance for a problem: float32 knows large logits less well."""
    largest = float(np.abs(forward(problem).linear[-1]).max())
    return min(TOLERANCE * max(1.0, largest / 30), MAX_TOLERANCE)


def quiet(check: Callable) -> Callable:
    """Keep warnings about a verdict's own numbers off stderr, whatever an answer has set."""

    @functools.wraps(check)
    def wrapped(*arguments, **options):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return check(*arguments, **options)

    return wrapped


def fail(subject: str, cause: Cause | None = None, otherwise: str = "") -> CheckFailed:
    """Return a failure that says what is wrong and, where known, the likely cause."""
    key, values = cause or (None, {})
    text = CAUSES[key].format(**values) if key else otherwise
    end = "" if text.endswith("?") else "."
    return CheckFailed(f"{subject}: {text}{end}" if text else f"{subject}.", key)


def result_of(reply: dict, name: str) -> dict:
    """Return the result of a probe's reply; raise if there is none."""
    if "not_attempted" in reply:
        raise unwritten(name)
    if "error" in reply:
        error = reply["error"]
        place = f" ({error['line']})" if error.get("line") else ""
        if error["type"] == "ValueError" and SHAPES.search(error["message"]):
            raise CheckFailed(
                f"in `{name}`, shapes don't fit together{place}: print those of both sides. Is a "
                "transpose missing, or one too many?",
                "error",
            )
        raise CheckFailed(f"`{name}` raised {error['type']}: {error['message']}{place}", "error")
    return reply["result"]


def network_result(name: str, answer, calls: list[Problem]) -> dict:
    """Run a probe of a network class on problems of one geometry, and return its result."""
    reply = ask(
        name,
        name,
        [answer],
        geometry=calls[0].geometry,
        activation_functions=calls[0].activation_functions,
        calls=[[call.parameters, call.input, call.output] for call in calls],
    )
    return result_of(reply, name)


def passed(name: str, problem: Problem, what: str, worst: float, allowed: float) -> None:
    """Print what was compared and how close it came."""
    text = (
        f"Passed: `{name}` ({problem}): {what}. Largest relative difference {worst:.0e}, "
        f"allowed {allowed:.0e}."
    )
    print(textwrap.fill(text, WIDTH))


def distance(array: np.ndarray, truth: np.ndarray) -> float:
    """Return how far an array is off, relative to the largest true value."""
    if not np.all(np.isfinite(array)):
        return np.inf
    return float(np.abs(array - truth).max(initial=0) / max(FLOOR, np.abs(truth).max(initial=0)))


def describe(value) -> str:
    """Say what a value is, for a message."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    if isinstance(value, dict) and set(value) == {"unsupported"}:
        return f"of type {value['unsupported']}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "None" if value is None else f"of type {type(value).__name__}"


def numeric(value, shape: tuple[int, ...], subject: str, is_bias: bool = False) -> np.ndarray:
    """Return an array of real numbers of the right shape, as float64; fail otherwise."""
    none = " (is the `return` missing?)" if value is None else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = np.array(float(value))
    if not isinstance(value, np.ndarray):
        expected = "a NumPy array of numbers" if shape else "a number"
        raise fail(f"{subject} is {describe(value)}{none}, not {expected}", ("type", {}))
    if value.dtype.kind == "c" and np.abs(value.imag).max(initial=0) == 0:
        value = value.real
    if value.dtype.kind not in "iuf":
        raise fail(f"{subject} holds {value.dtype} values, not real numbers", ("type", {}))
    if value.shape != shape:
        note = f"{subject} has shape {value.shape} where {shape} is expected"
        if len(shape) == 2 and value.shape == shape[::-1] and value.shape[1] != 1:
            raise fail(note, ("transposed", {}))
        if is_bias:
            raise fail(note, ("bias-shape", {"size": shape[1]}))
        raise fail(note, ("shape", {}))
    return value.astype(float)


def gradient_pairs(result, problem: Problem, name: str, layers: list[int]) -> list:
    """Return the result of `backpropagation` as pairs of arrays; fail if it is not."""
    count = len(problem.parameters)
    subject = f"`{name}` ({problem}) should return {count} pairs"
    if result is None:
        raise fail(f"{subject} but returned None (is the `return` missing?)", ("structure", {}))
    if not isinstance(result, list) or len(result) != count:
        raise fail(f"{subject} but returned {describe(result)}", ("structure", {}))
    for number in layers:
        pair = result[number]
        if pair is None or (isinstance(pair, list) and all(array is None for array in pair)):
            raise NotAttempted(f"`{name}` gives no gradients of layer {number + 1}.")
        if not isinstance(pair, list) or len(pair) != 2:
            raise fail(
                f"{subject}; for layer {number + 1} it returned {describe(pair)}",
                ("structure", {}),
            )
        (first, second), (weight, bias) = pair, problem.parameters[number]
        if shape_of(first) == bias.shape != weight.shape == shape_of(second):
            raise fail(f"{subject}; for layer {number + 1} the bias comes first", ("structure", {}))
    shapes = [[shape_of(a) for a in pair] if isinstance(pair, list) else [] for pair in result]
    right = [[array.shape for array in pair] for pair in problem.parameters]
    if count > 1 and shapes != right and shapes == right[::-1]:
        raise fail(f"`{name}` ({problem})", ("layer-order", {}))
    return result


def compare_gradients(
    pairs: list,
    truth: list,
    problem: Problem,
    name: str,
    layers: list[int],
    quantities: list[str],
) -> float:
    """Compare gradients with the numerical ones, the last layer first.

    Returns
    -------
    worst : float
        The largest distance found.

    Raises
    ------
    CheckFailed
        For the first wrong one, with its likely cause.
    """
    single = len(problem.parameters) == 1
    worst = 0.0
    for number in sorted(layers, reverse=True):
        for quantity in quantities:
            kind = ("weight", "bias").index(quantity)
            layer = "" if single else f" of layer {number + 1}"
            subject = f"`{name}` ({problem}): the {quantity} gradient{layer}"
            right = truth[number][kind]
            shape = shape_of(pairs[number][kind]) or ()
            like_another = len(shape) == 2 and shape[0] == right.shape[0] and shape != right.shape
            if like_another and not single and kind == 0:
                note = f"{subject} has shape {shape} where {right.shape} is expected"
                raise fail(note, ("wrong-input", {}))
            array = numeric(pairs[number][kind], right.shape, subject, kind == 1)
            if not np.all(np.isfinite(array)):
                raise fail(f"{subject} is not right", ("not-finite", {}))
            off = distance(array, right)
            if not off <= tolerance(problem):
                cause: Cause | None
                if not single and number == len(truth) - 1 and _reversed(pairs, truth):
                    cause = ("layer-order", {})
                else:
                    cause = name_gradient(array, right, problem, number, kind == 1)
                after = set(range(number + 1, len(truth)))
                reached = (
                    "; the layers after it are right, so look at how the error gets from there "
                    "to here"
                    if after and after <= set(layers)
                    else ""
                )
                raise fail(
                    f"{subject} differs from the numerical one",
                    cause,
                    otherwise=f"by up to {percent(off)} of its largest value{reached}",
                )
            worst = max(worst, off)
    return worst


def _reversed(pairs: list, truth: list) -> bool:
    """Whether the layers are right, but in reverse order."""
    for pair, right in zip(pairs[::-1], truth, strict=True):
        if not isinstance(pair, list) or len(pair) != 2:  # a layer that is not looked at
            return False
        for array, other in zip(pair, right, strict=True):
            if shape_of(array) != other.shape or distance(array, other) > TOLERANCE:
                return False
    return True


def percent(off: float) -> str:
    """Return a share as a percentage for people."""
    return f"{100 * off:.0f} %" if 0.1 <= off < 100 else f"{100 * off:.2g} %"


def check_unchanged(changed: list[str], problem: Problem, name: str) -> None:
    """Fail if an answer changed what it was given, or handed out the parameters' memory."""
    causes = {
        "parameters": "updates",
        "input": "changes-input",
        "labels": "changes-labels",
        "result": "aliases",
    }
    for what in changed:
        if what in causes:
            raise fail(f"`{name}` ({problem})", (causes[what], {}))


@contextmanager
def explain(result: dict, problem: Problem, name: str) -> Iterator[None]:
    """Where numbers are wrong, look first at what an answer should not do at all."""
    try:
        yield
    except CheckFailed:
        check_unchanged([what for what in result["changed"] if what != "result"], problem, name)
        first, second = (*result["results"], None)[:2]
        if second is not None and not _close(first, second):
            cause = "accumulates" if _grows(first, second, problem) else "random"
            raise fail(f"`{name}` ({problem})", (cause, {})) from None
        raise


def _close(first, second) -> bool:
    """Whether two plain results are the same."""
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_close, first, second))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        if first.shape != second.shape or not is_real(first):
            return True
        return not np.all(np.isfinite(first)) or np.allclose(second, first, rtol=1e-5, atol=1e-12)
    return True


def _grows(first, second, problem: Problem) -> bool:
    """Whether a second call gives what the first one gave, and the last layer's gradient more."""
    arrays = [_flat(first), _flat(second)]
    truth = numerical_gradients(problem)[-1][0]
    return any(
        shape_of(one) == shape_of(two) == truth.shape and distance(two - one, truth) < 1e-3
        for one, two in zip(*arrays, strict=False)
    )


def _flat(value) -> list:
    if isinstance(value, list):
        return [array for item in value for array in _flat(item)]
    return [value] if is_real(value) else []


def later_call(
    array: np.ndarray,
    truth: np.ndarray,
    earlier: list[np.ndarray],
    problem: Problem,
    subject: str,
    place: tuple[int, bool] | None,
) -> None:
    """Fail if a later call is wrong, where the first one was right.

    The second call is the first one again, the third has other parameters, the fourth another
    batch.

    Parameters
    ----------
    array, truth : ndarray
    earlier : list of ndarray
        What was right in the earlier calls.
    problem : Problem
    subject : str
    place : (int, bool), optional
        Layer, and whether it is the bias, of a gradient.
    """
    if distance(array, truth) <= tolerance(problem):
        return
    number = len(earlier) + 1
    cause = name_later_call(array, truth, [a for a in earlier if a.shape == truth.shape])
    if cause is None and number > 2 and place is not None:
        cause = name_gradient(array, truth, problem, *place)
    if cause is None and (number == 2 or (number == 3 and place is not None)):
        cause = ("stale", {})
    which = {2: "again", 3: "with other parameters", 4: "on another batch"}[number]
    raise fail(
        f"{subject} was right in a first call and is wrong when called {which}",
        cause,
        otherwise="what does it take for granted of the first batch?",
    )


def shape_of(value) -> tuple[int, ...] | None:
    """Return the shape of an array, None for anything else."""
    return value.shape if isinstance(value, np.ndarray) else None


def is_real(value) -> bool:
    """Whether a value is an array of real numbers: those of others don't all subtract."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
