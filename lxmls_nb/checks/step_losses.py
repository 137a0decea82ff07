"""The loss that a training step of Exercise 2.3 returned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lxmls_nb.checks.comparing import is_real
from lxmls_nb.checks.messages import describe, fail, hint_on
from lxmls_nb.checks.mistakes.form import RETURN
from lxmls_nb.checks.mistakes.steps import LOSS_AFTER, name_step_loss
from lxmls_nb.checks.problems import Problem, cross_entropy, forward

#: What makes a number of a tensor or an array that holds one.
ITEM = ": `.item()` makes a number of it"


def about_loss(loss: object, case: Problem) -> str:
    """Return what the returned loss tells where a step is wrong."""
    right = float(cross_entropy(forward(case).log_probabilities, case.output))
    if not isinstance(loss, float):
        return "the loss tells nothing more"
    if abs(loss - right) <= 1e-4 * max(1e-2, abs(right)):
        return "the loss that it returned is right, so look at what comes after it"
    return f"the loss that it returned is {loss:.4g}, and {right:.4g} is right"


def as_number(loss: object) -> float | None:
    """Return a loss as a number, be it Python's or NumPy's; None if it is none."""
    if isinstance(loss, np.ndarray) and is_real(loss) and loss.ndim == 0:
        return float(loss)
    return loss if isinstance(loss, float) else None


def compare_loss(
    loss: object,
    type_name: str,
    case: Problem,
    after: list[np.ndarray],
    subject: str,
    loss_of: Callable[[Problem], float | None],
) -> None:
    """Compare the loss that a step returned with that before the step.

    Parameters
    ----------
    loss : object
        What was returned, as plain data.
    type_name : str
        The name of its type.
    case : Problem
        With the parameters before the step.
    after : list of ndarray
        The parameters after it.
    subject : str
        What messages call the step.
    loss_of : callable
        From another problem in the place of this step's to the loss that the answer returns.

    Raises
    ------
    CheckFailed
        If it is another number, or none.
    """
    given = as_number(loss) if type_name != "Tensor" else None
    if given is None:
        what = describe(loss) if type_name != "Tensor" else "a tensor"
        note = ITEM if type_name == "Tensor" else hint_on(loss)
        raise fail(f"{subject} returned {what}{note}", RETURN.finding())
    right = float(cross_entropy(forward(case).log_probabilities, case.output))
    if not abs(given - right) <= 1e-4 * max(1e-2, abs(right)):
        later = cross_entropy(forward(case, [after]).log_probabilities, case.output)
        found = (
            LOSS_AFTER.finding()
            if np.isclose(given, later)
            else name_step_loss(given, case, loss_of)
        )
        times = f"{given / right:.4g} times" if right else ""
        raise fail(
            f"{subject} made the right step and returned {given:.7g}, where the mean cross-entropy "
            f"before the step is {right:.7g}",
            found,
            otherwise=f"it is {times} that",
        )
    if type_name == "ndarray":  # whose number is right
        raise fail(f"{subject} returned an array of no dimension{ITEM}", RETURN.finding())
