"""The check of a loss whose examples have weights, and of its gradients; it carries no points.

The truth comes from central differences of the weighted loss. So does what a mistake would give:
most put other numbers in the place of the examples' shares of the loss.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from scipy.special import softmax

from lxmls_nb.checks.comparing import distance, is_real, numeric, numeric_gradient, tolerance
from lxmls_nb.checks.messages import describe, hint_on, percent, quiet
from lxmls_nb.checks.mistakes.array_errors import FLAT_ROW, KEEPDIMS
from lxmls_nb.checks.mistakes.fit import fits
from lxmls_nb.checks.numerical import STEP, gradient_of
from lxmls_nb.checks.problems import Problem, forward, make_problem
from lxmls_nb.checks.without_points import KnownNumbers, results_of, suspected, tell
from lxmls_nb.errors import CheckFailed
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report

NAME = "weighted_gradients"

#: Features, classes, examples and scale of the parameters. In the second all sizes are equal.
SIZES = ((5, 3, 7, 1.0), (4, 4, 4, 1.0), (3, 2, 6, 1.0), (6, 4, 1, 1.0), (4, 3, 5, 1000.0))

#: What the function returns, in this order.
PARTS = ("loss", "weight gradient", "bias gradient")

WHY = (
    "Why it works: the share of an example, its weight among all the weights, multiplies its loss, "
    "and so it multiplies its error. Everything after the error is as before."
)


@dataclass(frozen=True, eq=False)
class Weighted:
    """A problem, and a weight for each of its examples.

    Attributes
    ----------
    problem : Problem
    weights : ndarray, shape (M,)
    """

    problem: Problem
    weights: np.ndarray
    _known: dict[bytes, list[np.ndarray]] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.problem)

    def parts(self, shares: np.ndarray) -> list[np.ndarray]:
        """Return the loss and both gradients where the examples have these shares of the loss.

        They are measured by central differences.

        Parameters
        ----------
        shares : ndarray, shape (M,)
            What each example's loss is multiplied by, before they are added up.
        """
        key = shares.tobytes()
        if key not in self._known:
            [pair], output = self.problem.parameters, self.problem.output
            step = STEP / max(1.0, float(np.abs(pair[0]).max()))

            def loss(weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
                found = forward(self.problem, [[weight, bias]]).log_probabilities
                total: np.ndarray = -(found[..., np.arange(len(output)), output] @ shares)
                return total

            self._known[key] = [
                np.array(loss(*pair)),
                gradient_of(lambda weight: loss(weight, pair[1]), pair[0], step),
                gradient_of(lambda bias: loss(pair[0], bias), pair[1], step),
            ]
        return self._known[key]


Shares = Callable[[Weighted], np.ndarray]


def _shares(case: Weighted) -> np.ndarray:
    return np.asarray(case.weights / case.weights.sum())


def _equal(case: Weighted) -> np.ndarray:
    return np.full(len(case.weights), 1 / len(case.weights))


IGNORED = "the weights are ignored, as in the plain mean"

#: Where the weights are, by the parts that they are missing from.
ON_SOME = {
    (1, 2): "on the loss alone: they belong on the errors, too",
    (0,): "on the gradients alone: they belong on the loss, too",
    (2,): "on the weight gradient, but not on the bias gradient",
    (1,): "on the bias gradient, but not on the weight gradient",
}

#: Other numbers in the place of the shares, and what is then wrong.
OTHER_SHARES: tuple[tuple[str, Shares], ...] = (
    (IGNORED, _equal),
    (
        "it is divided by the number of examples, in the place of the sum of the weights",
        lambda case: case.weights / len(case.weights),
    ),
    ("it is not divided by the sum of the weights", lambda case: case.weights),
    (
        "the weights are divided by the largest of them, in the place of their sum",
        lambda case: case.weights / case.weights.max(),
    ),
    (
        "the weights are divided by the largest of them, and then by the number of examples",
        lambda case: case.weights / case.weights.max() / len(case.weights),
    ),
    (
        "it is divided by the sum of the weights and by the number of examples: the sum alone "
        "makes an average of it",
        lambda case: _shares(case) / len(case.weights),
    ),
    (
        "it is divided by the sum of the weights twice",
        lambda case: _shares(case) / case.weights.sum(),
    ),
    (
        "the weights are ignored, and yet it is divided by their sum",
        lambda case: np.ones(len(case.weights)) / case.weights.sum(),
    ),
    (
        "the weights count twice: do they multiply errors and inputs, or the loss and its error?",
        lambda case: case.weights**2 / case.weights.sum(),
    ),
    (
        "the weights count twice: do they multiply errors and inputs, or the loss and its error?",
        lambda case: _shares(case) ** 2,
    ),
    (
        "the weights are squared",
        lambda case: case.weights**2 / np.sum(case.weights**2),
    ),
    (
        "the weights count twice, and it is divided by the number of examples",
        lambda case: case.weights**2 / len(case.weights),
    ),
    ("the softmax of the weights is taken: they are no logits", lambda c: softmax(c.weights)),
    ("the weights belong to other examples", lambda case: _shares(case)[::-1].copy()),
    (
        "it is divided by the weights: they multiply",
        lambda case: (1 / case.weights) / np.sum(1 / case.weights),
    ),
    (
        "the weights are looked up by class: there is one for each example",
        lambda case: case.weights[case.problem.output] / case.weights.sum(),
    ),
)


def _across(case: Weighted, part: int, scale: np.ndarray) -> np.ndarray:
    """Return a gradient whose errors are multiplied by the weights along the classes."""
    array = case.parts(_equal(case))[part] * len(case.weights)
    along = case.weights * scale
    return np.asarray(array * (along[:, None] if part == 1 else along))


def suspects(part: int) -> Iterator[KnownNumbers[Weighted]]:
    """Yield the mistakes that can be made in a part.

    Parameters
    ----------
    part : int
        Index into `PARTS`: the loss, or one of the gradients.
    """
    for words, shares in OTHER_SHARES:
        yield KnownNumbers(words, lambda case, shares=shares: case.parts(shares(case))[part])  # type: ignore[misc]
    for words, shares in (("", _shares), *OTHER_SHARES):
        yield KnownNumbers(
            f"the sign is opposite{'; besides, ' if words else ''}{words}",
            lambda case, shares=shares: -case.parts(shares(case))[part],  # type: ignore[misc]
        )


ACROSS = (
    "the weights run along the classes, which the shapes allow where there are as many classes as "
    "examples: make a column of them, `example_weights[:, None]`"
)


#: The code of the numbers of one dimension, in the words of `KEEPDIMS` and `FLAT_ROW`.
FLAT = re.compile(r"`(.+?)` \(\d+,\) (?:has lost|counts as)")

#: What takes a sum, or the like, over a dimension.
REDUCTION = re.compile(r"\b(?:logsumexp|(?:nan)?sum|a?max|mean|logaddexp\.reduce)\(")

#: What to do where a number for each example meets an array with a row for each: if the numbers are
#: weights, and if it is not known whether they are weights or a sum.
COLUMN = (
    "a number for each example, (M,), and a row for each, as in (M, K), don't go together as they "
    "are. Make a column of the numbers: `example_weights[:, None]`."
)
ROW = (
    "a number for each example, (M,), and a row for each, as in (M, K), don't go together as they "
    "are. A sum over the classes keeps its column with `keepdims=True`; the weights become one by "
    "`example_weights[:, None]`."
)


@cache
def _cases() -> list[Weighted]:
    """Return the cases. The fourth is a batch of one."""
    cases = []
    for seed, (features, classes, size, scale) in enumerate(SIZES, start=60):
        random = np.random.RandomState(seed)
        problem = make_problem([features, classes], size, scale, seed)
        cases.append(Weighted(problem, random.uniform(0.2, 4.0, size)))
    return cases


@quiet
def weighted_gradients(answer: object) -> None:
    """Tell whether a function gives the loss of weighted examples, and its gradients.

    Nothing here raises, and there are no points.

    Parameters
    ----------
    answer : callable
        ``answer(weight, bias, input, output, example_weights)`` returns the loss, the gradient of
        the weight, (K, I), and that of the bias, (1, K).
    """
    cases = _cases()
    calls = [
        [*case.problem.parameters[0], case.problem.input, case.problem.output, case.weights]
        for case in cases
    ]
    try:
        results = results_of(answer, NAME, calls, [case.problem for case in cases])
        remark = _compare(results, cases)
    except CheckFailed as failure:
        is_of_rows = failure.cause in (KEEPDIMS.key, FLAT_ROW.key)
        tell(_of_rows(failure) if is_of_rows else failure)
        return
    text = f"`{NAME}`: loss and gradients are as measured, on {len(cases)} problems of all sizes."
    report(Kind.RIGHT, "Right", f"{text} {remark}".strip(), WHY)


def _of_rows(failure: CheckFailed) -> CheckFailed:
    """Say what to do where a number for each example has met an array with a row for each.

    Those numbers are the weights, or a sum over the classes: their code tells, if it is known.
    """
    found = FLAT.match(str(failure).removeprefix(f"{failure.subject}: "))
    code = found[1] if found else ""
    is_of_weights = "weights" in code
    if REDUCTION.search(code) and ("axis" in code or not is_of_weights):
        return failure
    return CheckFailed(f"{failure.subject}: {COLUMN if is_of_weights else ROW}")


def _compare(results: Sequence[Any], cases: Sequence[Weighted]) -> str:
    """Compare what was returned with the truth; return a remark, if there is one.

    Raises
    ------
    CheckFailed
        If it is not right.
    """
    read = [_read(result, case) for result, case in zip(results, cases, strict=True)]
    truths = [case.parts(_shares(case)) for case in cases]
    wrong = [
        part
        for part in range(3)
        if any(
            not _is_right(given[part], truth[part], case)
            for given, truth, case in zip(read, truths, cases, strict=True)
        )
    ]
    if not wrong:
        flat = any(np.ndim(result[2]) == 1 for result in results)
        return "A bias gradient of shape (K,) is accepted; the bias has (1, K)." if flat else ""
    found = {part: _explain(part, read, cases) for part in wrong}
    raise CheckFailed(f"`{NAME}`: {_sentence(found, read, truths, cases)}")


def _is_right(array: np.ndarray, truth: np.ndarray, case: Weighted) -> bool:
    return distance(array, truth) <= tolerance(case.problem)


def _explain(part: int, read: list[list[np.ndarray]], cases: Sequence[Weighted]) -> str:
    """Return the likely mistake in a part, "" if none is known."""
    some = [number for number, case in enumerate(cases) if len(case.weights) > 1]
    some = [n for n in some if np.abs(cases[n].problem.parameters[0][0]).max() < 100]
    given = [read[number][part] for number in some]
    chosen = [cases[number] for number in some]
    if found := suspected(suspects(part), given, chosen):
        return found.words
    square = [n for n, case in enumerate(chosen) if len(set(case.problem.geometry)) == 1]
    for n in square if part else []:
        total = chosen[n].weights.sum()
        if any(
            fits(given[n], _across(chosen[n], part, np.array(scale)), 1e-4)
            for scale in (1 / total, 1 / len(chosen[n].weights), 1.0)
        ):
            return ACROSS
    return ""


def _sentence(
    found: dict[int, str],
    read: list[list[np.ndarray]],
    truths: list[list[np.ndarray]],
    cases: Sequence[Weighted],
) -> str:
    """Return what is wrong with which of the parts."""
    where = ON_SOME.get(tuple(found))
    if where and all(text == IGNORED for text in found.values()):
        return f"the weights are {where}."
    said = []
    for text in dict.fromkeys(found.values()):  # each once, in order
        parts = [part for part, other in found.items() if other == text]
        subject = f"{_listed(parts)} {'are' if len(parts) > 1 else 'is'} not right yet"
        text = text or _how_far(parts, read, truths, cases)
        said.append(f"{subject}: {text}{'' if text.endswith('?') else '.'}")
    if right := [part for part in range(3) if part not in found]:
        said.append(f"{_listed(right)} {'are' if len(right) > 1 else 'is'} right.")
    return " ".join(text[0].upper() + text[1:] if n else text for n, text in enumerate(said))


def _listed(parts: Sequence[int]) -> str:
    if len(parts) == len(PARTS):
        return "the loss and both gradients"
    return " and ".join(f"the {PARTS[part]}" for part in parts)


def _how_far(
    parts: Sequence[int],
    read: list[list[np.ndarray]],
    truths: list[list[np.ndarray]],
    cases: Sequence[Weighted],
) -> str:
    """Return how far off some parts are, where it is not known why."""
    off, case = max(
        (
            (distance(given[part], truth[part]), case)
            for part in parts
            for given, truth, case in zip(read, truths, cases, strict=True)
        ),
        key=lambda each: each[0],
    )
    if not np.isfinite(off):
        return f"there are values that are not finite ({case}): does an exponential overflow?"
    return f"off by up to {percent(off)} of the largest value ({case})"


def _read(value: Any, case: Weighted) -> list[np.ndarray]:
    """Return the three parts as arrays of the right shapes.

    Raises
    ------
    CheckFailed
        If they are not there.
    """
    where = f"`{NAME}` ({case.problem})"
    if not isinstance(value, list) or len(value) != 3:
        raise CheckFailed(
            f"{where} returned {describe(value)}{hint_on(value)}: three things are expected, in "
            "this order: the loss, the weight gradient, the bias gradient."
        )
    loss, weight, bias = value
    if is_real(loss) and loss.size == len(case.weights) > 1:
        raise CheckFailed(
            f"{where}: the loss is no number: these are the losses of the examples. Add up each "
            "one's share."
        )
    if is_real(loss) and loss.size == 1:
        loss = loss.reshape(())
    problem = case.problem
    return [
        numeric(loss, (), f"{where}: the loss"),
        numeric_gradient(weight, problem, 0, False, f"{where}: the weight gradient"),
        numeric_gradient(bias, problem, 0, True, f"{where}: the bias gradient"),
    ]
