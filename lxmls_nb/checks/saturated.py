"""Networks whose hidden layers are large, so that their sigmoids are 0 or 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lxmls_nb.checks.comparing import distance, gradient_pairs, is_real, shape_of
from lxmls_nb.checks.messages import fail
from lxmls_nb.checks.mistakes.extremes import (
    HIDDEN_OVERFLOWS,
    SIGMOID_CUT_OFF,
    SIGMOID_OVERFLOWS,
)
from lxmls_nb.checks.mistakes.not_finite import is_finite
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, forward
from lxmls_nb.checks.replies import ask_network, network_reply, result_of
from lxmls_nb.checks.torch_replies import result_of_torch

#: How far log-probabilities may be off where sigmoids are 0 or 1 but for float32's rounding.
SATURATED = 0.05

#: Where z of a hidden layer is small: its sigmoid is not yet 0 in float32, and below the usual
#: limits of a ``clamp``.
SMALL = -12.0

#: How far the gradient of that layer may be off. In float32, a sigmoid that is computed as
#: 1 - sigmoid(-z) is known to 1 % there.
SMALL_TOLERANCE = 0.25


def saturated_problem(problem: Problem, scale: float) -> Problem:
    """Return a problem whose last layer is large with its hidden layers large in its place."""
    *hidden, last = problem.parameters
    large = [[array * scale for array in pair] for pair in hidden]
    return replace(problem, parameters=[*large, [array / scale for array in last]])


def check_saturated_outputs(answer: object, problem: Problem, scale: float) -> None:
    """Check that sigmoids of large values are 0 or 1 in ``log_forward``.

    Of the values of float32 that are near 0 there, little is certain, so the outputs are compared
    roughly.

    Raises
    ------
    CheckFailed
        If they are not.
    """
    other = saturated_problem(problem, scale)
    reply = network_reply("log_forward", answer, [other])
    values = result_of_torch(reply, "log_forward", other)["outputs"][0]["values"]
    truth = forward(other).log_probabilities
    is_array = is_real(values) and shape_of(values) == truth.shape
    if not is_array or not distance(values, truth) <= SATURATED:
        subject = f"the output of `log_forward` ({other}) is not right with large weights"
        raise fail(subject, SIGMOID_OVERFLOWS.finding())


def small_problem(problem: Problem) -> Problem:
    """Return a problem in which the sigmoids of the first layer are small, with z near `SMALL`."""
    (weight, bias), *others = problem.parameters
    return replace(problem, parameters=[[weight / 10, np.full_like(bias, SMALL)], *others])


def check_small_gradients(answer: object, problem: Problem) -> None:
    """Check that gradients get through small sigmoids in ``log_forward``.

    Raises
    ------
    CheckFailed
        If they don't.
    """
    other = small_problem(problem)
    reply = network_reply("log_forward", answer, [other])
    gradients = result_of_torch(reply, "log_forward", other)["gradients"][0]
    _compare_small(gradients[0][0] if gradients else None, other, "log_forward")


def _compare_small(value: object, problem: Problem, name: str) -> None:
    """Compare the weight gradient of a first layer of small sigmoids, relative to its own size."""
    truth = numerical_gradients(problem, [0])[0][0]
    array = np.zeros(truth.shape)
    if isinstance(value, np.ndarray) and is_real(value) and value.shape == truth.shape:
        array = value
    largest = np.abs(truth).max()
    if not np.abs(array - truth).max() / largest <= SMALL_TOLERANCE:
        subject = f"the weight gradient of layer 1 in `{name}` ({problem}) is not right"
        times = f"{np.abs(array).max() / largest:.2g} times"
        raise fail(subject, SIGMOID_CUT_OFF.finding(times=times))


def check_saturated_gradients(answer: object, problem: Problem, scale: float) -> None:
    """Check that ``backpropagation`` gives numbers where sigmoids are 0 or 1.

    Most of the gradients are nearly 0 there, and are not compared. Those of small sigmoids are.

    Raises
    ------
    CheckFailed
        If some of them are not finite, if an error is raised in their place, or if no gradients
        get through small sigmoids.
    """
    name = "backpropagation"
    other = saturated_problem(problem, scale)
    reply = network_reply(name, answer, [other])
    error = reply.get("error", {"type": "", "message": ""})
    if error["type"] == "FloatingPointError" and "underflow" in error["message"]:
        return  # what becomes 0 there is nearly 0
    # `math.exp` raises an error where NumPy's gives infinity, and so does NumPy's if it is told to.
    if error["type"] in ("OverflowError", "FloatingPointError"):
        place = f" ({error['line']})" if error["line"] else ""
        subject = f"`{name}` ({other}) raised {error['type']}: {error['message']}{place}"
        raise fail(subject, HIDDEN_OVERFLOWS.finding())
    given = result_of(reply, name, [other])["results"][0]
    pairs = gradient_pairs(given, other, name, list(range(len(other.parameters))))
    arrays = [array for pair in pairs for array in pair if is_real(array)]
    if not all(map(is_finite, arrays)):
        subject = f"`{name}` ({other}): a gradient is not right where the hidden layers are large"
        raise fail(subject, HIDDEN_OVERFLOWS.finding())
    ordinary = [*problem.parameters[:-1], other.parameters[-1]]
    small = small_problem(replace(problem, parameters=ordinary))
    given = ask_network(name, answer, [small])["results"][0]
    _compare_small(gradient_pairs(given, small, name, [0])[0][0], small, name)
