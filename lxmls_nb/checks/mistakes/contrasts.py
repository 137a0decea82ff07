"""Problems that are like one which an answer gets wrong, but for one thing: where it is right on
such a problem, that thing tells what is wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.problems import Problem, make_problem
from lxmls_nb.errors import CheckFailed

#: Examples of a batch in which every class occurs.
EXAMPLES = 7

DEPTH = Mistake(
    "only-one-hidden-layer",
    "it is right with one hidden layer, and wrong with {count}: is the number of layers fixed, or "
    "only one of the layers done as it should be?",
    name="the answer is right with one hidden layer only",
    lesson="Count layers with `len(self.parameters)`: nothing in the code should know how many "
    "there are.",
)
SQUARE = Mistake(
    "square-weights",
    "it is right where all sizes differ, and wrong where they are equal: is a weight told from its "
    "transpose, or a layer from another, by its shape?",
    name="the answer is wrong where sizes are equal",
    lesson="Decide by the place in the network, never by the shape: two sizes may be equal.",
)
ONE_ROW = Mistake(
    "only-several-examples",
    "it is right with {count} examples, and wrong with one: does `squeeze` drop a dimension, or is "
    "something computed over the batch?",
    name="the answer is wrong for a single example",
    lesson="A batch of one is still a batch, of shape (1, I): no `squeeze`, and no shape taken "
    "for granted.",
)
MORE_CLASSES = Mistake(
    "other-number-of-classes",
    "it is right with {others} classes, and wrong with {classes}: is the number of classes fixed, "
    "or a case of two classes taken for granted?",
    name="the answer is right for one number of classes only",
    lesson="The number of classes comes from the parameters: nothing in the code should be made "
    "for two of them.",
)
CLASSES_COUNTED = Mistake(
    "classes-in-batch",
    "it is right where every class is in the batch, and wrong where one is not: is the number of "
    "classes counted in the batch, as by `one_hot` without `num_classes`, `max() + 1` or `unique`?",
    name="the number of classes is counted in the batch",
    lesson="A batch need not hold every class: the number of classes is the number of rows of the "
    "weight.",
)


#: How the numbers of further problems are drawn, two of each kind: an answer that is wrong for some
#: values only, such as large ones, can be right in one draw, and that would tell nothing of sizes.
SEEDS = (11, 12)


def _draw(geometry: list[int], examples: int, *first: int) -> list[Problem]:
    """Return problems of one kind: with the seeds that are given, and with those of all."""
    return [make_problem(geometry, examples, seed=seed) for seed in (*first, *SEEDS)]


def contrasting_problems(
    problem: Problem, is_network: bool
) -> Iterator[tuple[list[Problem], Finding]]:
    """Yield problems that differ in one thing, and what it means if the answer is right there.

    Parameters
    ----------
    problem : Problem
    is_network : bool
        Whether there can be hidden layers.
    """
    geometry, examples = problem.geometry, len(problem.output)
    inputs, hidden, classes = geometry[0], geometry[1:-1], geometry[-1]

    def like(other: list[int], count: int = examples) -> list[Problem]:
        return _draw(other, count, len(other))

    if is_network and len(set(geometry)) < len(geometry):
        sizes = [classes + len(geometry) - 1 - place for place in range(len(geometry))]
        yield like(sizes), SQUARE.finding()
    if is_network and len(hidden) != 1:
        count = f"{len(hidden)}" if hidden else "none"
        yield like([inputs, max(geometry) + 2, classes]), DEPTH.finding(count=count)
    if examples == 1:
        yield like(geometry, EXAMPLES), ONE_ROW.finding(count=EXAMPLES)
    if classes != 3:
        yield (
            like([*geometry[:-1], 3], EXAMPLES),
            MORE_CLASSES.finding(others=3, classes=classes),
        )


def contrasting_batches(problem: Problem) -> Iterator[tuple[list[Problem], list[Problem], Finding]]:
    """Yield problems of a training step on which it is right, others on which it is wrong, and what
    that means.
    """
    size, classes = problem.geometry
    count = len(problem.output)

    def like(number: int) -> list[Problem]:
        return _draw([size, number], count, 5)

    full = make_problem([size, classes], max(EXAMPLES, classes + 2), seed=5)
    if len(set(problem.output.tolist())) < classes:
        first_only = dataclasses.replace(full, output=np.zeros_like(full.output))
        yield [full], [first_only], CLASSES_COUNTED.finding()
    if count == 1:
        yield [full], like(classes), ONE_ROW.finding(count=len(full.output))
    if classes != 3:
        yield like(3), like(classes), MORE_CLASSES.finding(others=3, classes=classes)


def name_contrast(
    problem: Problem, is_right: Callable[[Problem], bool], is_network: bool
) -> Finding | None:
    """Return what the first problem tells on which a forward pass is right, None if there is none.

    Parameters
    ----------
    problem : Problem
        On which it is wrong.
    is_right : callable
        Runs the answer on a problem.
    is_network : bool
        Whether there can be hidden layers.
    """
    # What is wrong with sizes is wrong whatever the numbers are.
    alike = _draw(problem.geometry, len(problem.output))
    for others, finding in contrasting_problems(problem, is_network):
        if all(map(is_right, others)) and not any(map(is_right, alike)):
            return finding
    return None


def name_contrast_of_steps(problem: Problem, is_right: Callable[[Problem], bool]) -> Finding | None:
    """Return what problems tell on which a training step is right, as :func:`name_contrast`."""
    for right, wrong, finding in contrasting_batches(problem):
        if all(map(is_right, right)) and not any(map(is_right, wrong)):
            return finding
    return None


#: Causes that say no more than what was seen, to which a contrast adds something.
SEEN_ONLY = frozenset(
    {
        *("error", "precision", "shape", "product-shapes", "wrong-layer", "element-shapes"),
        *("last-layer", "keepdim", "squeezed", "num-classes", "labels-range", "dimension"),
        *("batch-sizes", "other-loss", "not-log-probabilities", "double-step"),
    }
)


def with_contrast(failure: CheckFailed, found: Finding | None) -> CheckFailed:
    """Return a failure with what a contrast tells, where its cause is not known for sure.

    Parameters
    ----------
    failure : CheckFailed
    found : Finding or None
    """
    if found is None or not needs_contrast(failure):
        return failure
    cause = found.mistake.key if failure.cause in (None, "error", "shape") else failure.cause
    sentence = found.sentence()
    seen = str(failure) if str(failure).endswith((".", "?")) else f"{failure}."
    text = f"{seen} {sentence[0].upper()}{sentence[1:]}"
    return CheckFailed(text if text.endswith("?") else f"{text}.", cause)


def needs_contrast(failure: CheckFailed) -> bool:
    """Whether a failure leaves it open what is wrong."""
    return failure.cause is None or failure.cause in SEEN_ONLY
