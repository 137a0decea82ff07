"""The errors of a network one at a time, painted on its graph: a ladder up to backpropagation.

It carries no points. Each rung is a function of the student's that computes the errors of one layer
from those of the layer after it. The figure shows them on a small network: green where they are
right, red at the first layer where they are not, and hidden after that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lxmls_nb.checks.comparing import TOLERANCE, distance, is_real, numeric
from lxmls_nb.checks.ladder_mistakes import (
    AFTER_LINEAR,
    AT_OUTPUT,
    BEFORE_SIGMOID,
    Case,
    make_case,
)
from lxmls_nb.checks.messages import percent, quiet
from lxmls_nb.checks.problems import Problem, make_problem
from lxmls_nb.checks.without_points import KnownNumbers, results_of, suspected, tell
from lxmls_nb.errors import CheckFailed, NotAttempted
from lxmls_nb.guesses import Guesses, Refuted
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report

if TYPE_CHECKING:
    from lxmls_nb.plots.figure import DescribedFigure, UndrawnFigure

#: The network of the figure. Its weights are square, so that a transpose too many can be seen.
PICTURE = Problem(
    geometry=[2, 3, 3],
    activation_functions=["sigmoid", "softmax"],
    parameters=[
        [np.array([[1.0, -0.5], [0.5, 0.4], [-1.0, 0.8]]), np.array([[0.2, -0.3, 0.1]])],
        [
            np.array([[1.2, -0.7, 0.5], [-0.4, 0.9, 1.6], [0.3, 1.4, -1.1]]),
            np.array([[0.1, -0.2, 0.3]]),
        ],
    ],
    input=np.array([[1.0, 2.0]]),
    output=np.array([1]),
)

#: Geometry and number of examples of further networks. Of the first, all sizes differ.
OTHERS = (([6, 4, 3], 5), ([3, 3, 3], 3), ([4, 2, 5], 1), ([5, 6, 2], 7), ([4, 4, 4], 6))


@dataclass(frozen=True)
class Rung:
    """A function that computes the errors of one layer.

    Attributes
    ----------
    name : str
        Of the function.
    what : str
        What messages call the errors.
    place : (str, int)
        Kind and layer of the errors in the figure.
    arguments : callable
        What the function is called on.
    truth : callable
    suspects : sequence of KnownNumbers
    why : str
        Why it works, which a right answer is told.
    """

    name: str
    what: str
    place: tuple[str, int]
    arguments: Callable[[Case], list[Any]]
    truth: Callable[[Case], np.ndarray]
    suspects: Sequence[KnownNumbers[Case]]
    why: str


RUNGS = (
    Rung(
        "error_at_output",
        "e²",
        ("e", 2),
        lambda case: [case.log_tilde_z, case.problem.output],
        lambda case: case.at_output,
        AT_OUTPUT,
        "Why it works: more z for the right class lowers the loss, more for any other raises it, "
        "the more the more probable that class is.",
    ),
    Rung(
        "error_after_linear",
        "the error after the linear layer",
        ("e~", 1),
        lambda case: [case.at_output, case.weight],
        lambda case: case.after_linear,
        AFTER_LINEAR,
        "Why it works: the error goes back through the weights that the values came through, and "
        "what meets at a hidden unit adds up.",
    ),
    Rung(
        "error_before_sigmoid",
        "e¹",
        ("e", 1),
        lambda case: [case.after_linear, case.tilde_z],
        lambda case: case.before_sigmoid,
        BEFORE_SIGMOID,
        "Why it works: a sigmoid works on each unit by itself, so each error is multiplied by "
        "the slope of its own unit. That is one step of the recursion: each layer takes the same.",
    ),
)

SHARED = (
    "Yours is divided by the number of examples, so it belongs to the average loss of the batch. "
    "That is fine: do not divide again later."
)


@cache
def _cases() -> list[Case]:
    """Return the cases, that of the figure last: with one example, rows and columns look alike."""
    others = [
        make_problem(geometry, size, seed=40 + n) for n, (geometry, size) in enumerate(OTHERS)
    ]
    return [make_case(problem) for problem in (*others, PICTURE)]


@quiet
def error_ladder(
    error_at_output: object = None,
    error_after_linear: object = None,
    error_before_sigmoid: object = None,
) -> UndrawnFigure:
    """Tell how far up the ladder errors are right, and paint them on a small network.

    Nothing here raises, and there are no points. Each function is called on true errors of the
    layer after it, so that a mistake counts where it is made.

    Parameters
    ----------
    error_at_output : callable, optional
        From log-probabilities (M, K) and classes (M,) to the derivatives of each example's loss
        with respect to the last z, (M, K). Divided by M they are accepted, too.
    error_after_linear : callable, optional
        From those and the weights (K, H) to the derivatives with respect to the outputs of the
        hidden units, (M, H).
    error_before_sigmoid : callable, optional
        From those and the outputs of the hidden units (M, H) to the derivatives with respect to
        what goes into their sigmoids, (M, H).

    Returns
    -------
    figure : UndrawnFigure
    """
    from lxmls_nb.plots.figure import UndrawnFigure  # matplotlib is slow to start

    painted: dict[tuple[str, int, int], object] = {}
    for rung in RUNGS:
        painted |= {(*rung.place, unit): None for unit in range(3)}
    functions = (error_at_output, error_after_linear, error_before_sigmoid)
    climbed: list[Rung] = []
    remark = ""
    try:
        for rung, function in zip(RUNGS, functions, strict=True):
            if function is None:
                break
            with_figure = _with_figure(function, rung)
            remark = _compare(function, rung, with_figure) or remark
            painted |= _painted(with_figure, rung, is_right=True)
            climbed.append(rung)
    except CheckFailed as failure:
        if not isinstance(failure, NotAttempted):
            painted |= _painted(with_figure, RUNGS[len(climbed)], is_right=False)
        tell(failure)
    else:
        if climbed:
            listed = ", then ".join(rung.what for rung in climbed)
            text = f"{listed}: as measured, in {len(_cases())} networks of different sizes."
            report(Kind.RIGHT, "Right", f"{text} {remark}".strip(), climbed[-1].why)
        else:
            report(Kind.OPEN, "Your turn", "write the first function, and give it to this check.")
    return UndrawnFigure(lambda: _draw(painted))


def _draw(painted: Guesses) -> DescribedFigure:
    """Return the figure of the small network, with the student's numbers."""
    from lxmls_nb.plots.graphs import plot_network

    return plot_network(
        PICTURE.parameters,
        PICTURE.activation_functions,
        PICTURE.input,
        PICTURE.output,
        guesses=painted,
    )


def _with_figure(function: object, rung: Rung) -> Any:
    """Return what a function gives for the network of the figure, None where it raises."""
    try:
        (result,) = results_of(function, rung.name, [rung.arguments(_cases()[-1])], [PICTURE])
    except CheckFailed:
        return None
    return result


def _painted(value: Any, rung: Rung, is_right: bool) -> dict[tuple[str, int, int], object]:
    """Return the student's numbers for the figure.

    Of errors that are wrong, those are shown as wrong that differ at all, and all of them where
    they differ with other networks only. Where there are no numbers, what stands there is none.
    """
    places = [(*rung.place, unit) for unit in range(3)]
    truth = rung.truth(_cases()[-1]).ravel()
    if not is_real(value) or np.size(value) != truth.size:
        return dict.fromkeys(places, "no number")
    numbers = np.ravel(value).astype(float)
    if is_right:
        return dict(zip(places, map(float, numbers), strict=True))
    differ = ~np.isclose(numbers, truth, rtol=1e-4, atol=1e-9)
    differ |= not differ.any()
    return {
        place: Refuted(number) if wrong else float(number)
        for place, number, wrong in zip(places, numbers, differ, strict=True)
    }


def _compare(function: object, rung: Rung, with_figure: Any) -> str:
    """Compare the errors of one layer with the measured ones; return a remark, if there is one.

    Raises
    ------
    CheckFailed
        If they are not right, or the function raises.
    """
    cases = _cases()
    calls = [rung.arguments(case) for case in cases]
    try:
        results = results_of(function, rung.name, calls, [case.problem for case in cases])
    except CheckFailed:
        # The network of the figure has square weights: what fails elsewhere may show there.
        is_right = suspected([KnownNumbers("", rung.truth)], [with_figure], cases[-1:])
        if not is_right and (found := suspected(rung.suspects, [with_figure], cases[-1:])):
            _fail_as(rung, found, ". With other sizes this raises an error")
        raise
    truths = [rung.truth(case) for case in cases]
    if _agree(results, truths):
        return ""
    if rung is RUNGS[0] and _agree(results, [truth / len(truth) for truth in truths]):
        return SHARED
    if found := _suspected(rung, results, cases):
        _fail_as(rung, found)
    for case, result, truth in zip(cases, results, truths, strict=True):
        where = f"`{rung.name}` ({case.problem}): the result"
        off = distance(numeric(result, truth.shape, where), truth)
        if off > TOLERANCE:
            if not np.isfinite(off):
                raise CheckFailed(f"{where} has values that are not finite.")
            right = np.isclose(result, truth, rtol=1e-4, atol=1e-9)
            raise CheckFailed(
                f"{where} is not {rung.what}: {right.sum()} of {right.size} numbers are right, and "
                f"the others are off by up to {percent(off)} of the largest."
            )
    return ""


def _suspected(rung: Rung, results: list[Any], cases: list[Case]) -> KnownNumbers[Case] | None:
    """Return the likely mistake; in the errors of an average loss, too, which are accepted."""
    found = suspected(rung.suspects, results, cases)
    if found is None and rung is RUNGS[0]:
        pairs = zip(results, cases, strict=True)
        of_sums = [r * len(case.problem.output) if is_real(r) else r for r, case in pairs]
        found = suspected(rung.suspects, of_sums, cases)
    return found


def _agree(results: Sequence[Any], truths: Sequence[np.ndarray]) -> bool:
    """Whether all results are right."""
    return all(
        is_real(result) and result.shape == truth.shape and distance(result, truth) <= TOLERANCE
        for result, truth in zip(results, truths, strict=True)
    )


def _fail_as(rung: Rung, suspect: KnownNumbers[Case], more: str = "") -> None:
    end = "" if suspect.words.endswith("?") and not more else "."
    raise CheckFailed(f"`{rung.name}`, {rung.what}: {suspect.words}{more}{end}")
