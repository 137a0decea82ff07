"""A check of Exercise 2.2 at the size of the course's network: is it backpropagation?"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

import numpy as np

from lxmls_nb.checks.comparing import gradient_pairs, numeric_gradient, tolerance
from lxmls_nb.checks.messages import fail, passed, percent, quiet
from lxmls_nb.checks.mistakes.form import OFF_AT_SIZE, TOO_SLOW
from lxmls_nb.checks.numerical import numerical_entries
from lxmls_nb.checks.numpy_checks import backpropagation
from lxmls_nb.checks.problems import make_problem
from lxmls_nb.checks.replies import ask
from lxmls_nb.checks.why import REAL_SIZE


@quiet
def backpropagation_at_size(
    answer: object,
    geometry: Sequence[int] = (5000, 20, 2),
    batch_size: int = 2,
    entries: int = 20,
    seconds: float = 7.0,
    seed: int = 0,
) -> None:
    """Check that ``backpropagation`` works on a network of the course's size, in good time.

    Going back through the layers costs about two forward passes, numerical gradients a forward pass
    or more for each parameter: on a large network, only the first come to an end. The gradients
    are compared with numerical ones in some of their entries.

    Parameters
    ----------
    answer : type
        The class.
    geometry : sequence of int
        Sizes of input, hidden layers and output.
    batch_size : int
        M, the number of examples.
    entries : int
        How many entries of each weight gradient are compared.
    seconds : float
        The processor's time that there is. Explicit loops over all examples, units and inputs
        need a fifth of a second, and central differences half a minute.
    seed : int

    Raises
    ------
    CheckFailed
        If the answer is wrong, or takes too long.
    NotAttempted
        If it is not written yet.
    """
    name = "backpropagation"
    problem = make_problem(geometry, batch_size, seed=seed)
    subject = f"`{name}` ({problem})"
    result = ask(
        "timed_backpropagation",
        name,
        [answer],
        [problem],
        geometry=problem.geometry,
        activation_functions=problem.activation_functions,
        call=[problem.parameters, problem.input, problem.output],
        seconds=seconds,
    )
    if result["took_too_long"]:
        count = sum(array.size for pair in problem.parameters for array in pair)
        raise fail(subject, TOO_SLOW.finding(seconds=seconds, parameters=count))
    layers = list(range(len(problem.parameters)))
    pairs = gradient_pairs(result["result"], problem, name, layers)
    random, worst = np.random.RandomState(seed), 0.0
    for layer in reversed(layers):
        for is_bias in (False, True):
            what = f"the {'bias' if is_bias else 'weight'} gradient of layer {layer + 1}"
            value = pairs[layer][is_bias]
            array = numeric_gradient(value, problem, layer, is_bias, f"{subject}: {what}", pairs)
            size = min(entries, array.size)
            places = random.choice(array.size, size=size, replace=False)
            truth = numerical_entries(problem, layer, is_bias, places)
            off = float(np.abs(array.flat[places] - truth).max() / np.abs(truth).max())
            if not off <= tolerance(problem):
                _look_at_small_network(answer)
                raise fail(
                    f"{subject}: {what} differs from the numerical one",
                    OFF_AT_SIZE.finding(off=percent(off)),
                )
            worst = max(worst, off)
    what = "the gradients agree with the numerical ones, in a sample of their entries"
    passed(name, problem, what, worst, tolerance(problem), REAL_SIZE)


def _look_at_small_network(answer: object) -> None:
    """Fail as the check of a small network does, if it does: there mistakes can be told apart."""
    with contextlib.redirect_stdout(io.StringIO()):
        backpropagation(answer, geometry=[6, 5, 3], layers=[0, 1])
