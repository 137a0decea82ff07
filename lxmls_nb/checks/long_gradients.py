"""A problem whose gradient is long, and which is otherwise like another one."""

from __future__ import annotations

import numpy as np

from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem

#: The largest value in the gradient of the weight: beyond what gradients are usually clipped at.
LARGEST = 20.0


class LongGradient(Problem):
    """A problem that messages say to have a long gradient."""

    def __str__(self) -> str:
        return f"{super().__str__()} with a long gradient"


def with_long_gradient(problem: Problem) -> Problem:
    """Return a problem of a log-linear model with large features, and small weights in turn.

    Its logits, and with them the loss, are those of the given problem: an answer that is right
    there, and wrong here, does something to gradients that are long.
    """
    factor = LARGEST / float(np.abs(numerical_gradients(problem)[0][0]).max())
    ((weight, bias),) = problem.parameters
    return LongGradient(
        problem.geometry,
        problem.activation_functions,
        [[weight / factor, bias]],
        problem.input * factor,
        problem.output,
    )
