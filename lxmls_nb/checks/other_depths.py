"""Whether the number of layers or classes makes an answer fail: runs on networks of other sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lxmls_nb.checks.comparing import compare_gradients, gradient_pairs
from lxmls_nb.checks.mistakes.array_errors import SHAPE_OF_BOTH
from lxmls_nb.checks.mistakes.contrasts import MORE_CLASSES, SEEDS, SQUARE, with_contrast
from lxmls_nb.checks.mistakes.form import ERROR, STRUCTURE
from lxmls_nb.checks.mistakes.hidden_layers import FIXED_LAYERS
from lxmls_nb.checks.mistakes.python_errors import LIST_INDEX, NO_PLACE
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import Problem, make_problem
from lxmls_nb.errors import CheckFailed, NotAttempted

#: What a failure may be called that the number of layers may explain; None is one without a name.
UNEXPLAINED = (
    ERROR.key,
    LIST_INDEX.key,
    NO_PLACE.key,
    SHAPE_OF_BOTH.key,
    STRUCTURE.key,
    None,
)


@contextmanager
def explain_depth(problem: Problem, name: str, rerun: Callable[[Problem], Any]) -> Iterator[None]:
    """Where an answer fails on a network, find out whether it is right with one hidden layer.

    Parameters
    ----------
    problem : Problem
        What it is run on in the block.
    name : str
        What messages call the answer.
    rerun : callable
        Runs it on another problem and returns what it gives.

    Raises
    ------
    CheckFailed
        If the block raises it.
    """
    try:
        yield
    except NotAttempted:
        raise
    except CheckFailed as failure:
        others, alike = _with_one_hidden_layer(problem)
        if failure.cause not in UNEXPLAINED or not others:
            raise
        # What is wrong with the number of layers is wrong whatever the numbers are.
        if not all(_is_right(each, name, rerun) for each in others):
            raise
        if any(_is_right(each, name, rerun) for each in alike):
            raise
        number = len(problem.geometry) - 2
        hidden = f"{number} hidden layers" if number else "no hidden layer"
        text = str(failure) if str(failure).endswith((".", "?")) else f"{failure}."
        sentence = FIXED_LAYERS.finding(hidden=hidden).sentence()
        raise CheckFailed(f"{text} {sentence}.", FIXED_LAYERS.key) from None


@contextmanager
def explain_classes(problem: Problem, is_right: Callable[[Problem], bool]) -> Iterator[None]:
    """Where an answer fails, and nothing tells why, find out whether it is right with other sizes:
    where all of them differ, or with two classes.

    Parameters
    ----------
    problem : Problem
        What it is run on in the block.
    is_right : callable
        Runs it on another problem, and tells whether what it gives is right.

    Raises
    ------
    CheckFailed
        If the block raises it.
    """
    try:
        yield
    except CheckFailed as failure:
        if failure.cause is not None or isinstance(failure, NotAttempted):
            raise
        geometry, classes = problem.geometry, problem.geometry[-1]
        contrasts = []
        if len(set(geometry)) < len(geometry):
            different = [classes + place for place in reversed(range(len(geometry)))]
            contrasts.append((different, SQUARE.finding()))
        if classes != 2:
            two = [*geometry[:-1], 2]
            contrasts.append((two, MORE_CLASSES.finding(others=2, classes=classes)))

        def draw(sizes: list[int]) -> list[Problem]:
            return [make_problem(sizes, len(problem.output), seed=seed) for seed in SEEDS]

        for sizes, finding in contrasts:
            alike = [problem, *draw(geometry)]  # a later call may have failed
            if all(map(is_right, draw(sizes))) and not any(map(is_right, alike)):
                raise with_contrast(failure, finding) from None
        raise


def _with_one_hidden_layer(problem: Problem) -> tuple[list[Problem], list[Problem]]:
    """Return problems with one hidden layer, and others of this one's sizes.

    There are none if the problem's network has one.
    """
    sizes, functions = problem.geometry, problem.activation_functions
    if len(sizes) == 3:
        return [], []
    hidden = sizes[1] if len(sizes) > 3 else sizes[0] + sizes[1] + 1
    function = functions[0] if len(sizes) > 3 else "sigmoid"
    examples = len(problem.output)
    one_layer, ends = [sizes[0], hidden, sizes[-1]], [function, functions[-1]]
    others = [
        make_problem(one_layer, examples + 1, seed=seed, activation_functions=ends)
        for seed in (1, *SEEDS)
    ]
    alike = [
        make_problem(sizes, examples, seed=seed, activation_functions=functions) for seed in SEEDS
    ]
    return others, [problem, *alike]  # where a later call has failed, it is right


def _is_right(problem: Problem, name: str, rerun: Callable[[Problem], Any]) -> bool:
    """Whether the answer is right on this problem."""
    layers = list(range(len(problem.parameters)))
    try:
        pairs = gradient_pairs(rerun(problem), problem, name, layers)
        truth = numerical_gradients(problem)
        compare_gradients(pairs, truth, problem, name, layers, ["weight", "bias"])
    except CheckFailed:
        return False
    return True
