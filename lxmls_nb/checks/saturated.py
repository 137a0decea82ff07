"""Networks whose hidden layers are large, so that their sigmoids are 0 or 1."""

from __future__ import annotations

from dataclasses import replace

from lxmls_nb.checks.comparing import distance, gradient_pairs, is_real, shape_of
from lxmls_nb.checks.messages import fail
from lxmls_nb.checks.mistakes.extremes import HIDDEN_OVERFLOWS, SIGMOID_OVERFLOWS
from lxmls_nb.checks.mistakes.not_finite import is_finite
from lxmls_nb.checks.problems import Problem, forward
from lxmls_nb.checks.replies import network_reply, result_of
from lxmls_nb.checks.torch_replies import result_of_torch

#: How far log-probabilities may be off where sigmoids are 0 or 1 but for float32's rounding.
SATURATED = 0.05


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


def check_saturated_gradients(answer: object, problem: Problem, scale: float) -> None:
    """Check that ``backpropagation`` gives numbers where sigmoids are 0 or 1.

    Most of the gradients are nearly 0 there, and are not compared.

    Raises
    ------
    CheckFailed
        If some of them are not finite, or if an error is raised in their place.
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
