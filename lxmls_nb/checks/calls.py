"""The calls that a check makes of an answer, each of a kind."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum

import numpy as np

from lxmls_nb.checks.problems import Problem, make_problem


class Kind(Enum):
    """How a call differs from the first one; the value goes into messages."""

    FIRST = "for the first time"
    AGAIN = "again"
    OTHER_PARAMETERS = "with other parameters"
    OTHER_BATCH = "on another batch"


@dataclass(frozen=True, eq=False)
class Call:
    """A call of an answer.

    Attributes
    ----------
    kind : Kind
    problem : Problem
        What the answer is called on.
    """

    kind: Kind
    problem: Problem


def repeated_calls(problem: Problem) -> list[Call]:
    """Return a call, and the same again, which only explains what is wrong in the first."""
    return [Call(Kind.FIRST, problem), Call(Kind.AGAIN, problem)]


def related_calls(problem: Problem, batch_size: int, seed: int) -> list[Call]:
    """Return the calls of a full check, one of each kind.

    Parameters
    ----------
    problem : Problem
        That of the first call.
    batch_size : int
        Of the other batch.
    seed : int
        That of `problem`.
    """
    other = make_problem(
        problem.geometry,
        batch_size,
        seed=seed + 1000,
        activation_functions=problem.activation_functions,
    )
    moved = dataclasses.replace(problem, parameters=other.parameters)
    batch = dataclasses.replace(problem, input=other.input, output=other.output)
    return [
        *repeated_calls(problem),
        Call(Kind.OTHER_PARAMETERS, moved),
        Call(Kind.OTHER_BATCH, without_first_class(batch)),
    ]


def nearly(problem: Problem, other: Problem) -> Problem:
    """Return a problem with parameters that go from its own a little towards those of another.

    What is kept from a call on `problem` is wrong there. What is right on `problem` and wrong on
    `other`, since it does not hold for all parameters, is most likely right.
    """
    pairs = zip(problem.parameters, other.parameters, strict=True)
    parameters = [
        [one + 0.01 * (two - one) for one, two in zip(*pair, strict=True)] for pair in pairs
    ]
    return dataclasses.replace(problem, parameters=parameters)


def without_first_class(problem: Problem) -> Problem:
    """Return a problem with the last class in the place of the first, which has no example then.

    It is wrong there to count classes from the lowest label, or to number those that occur, as
    ``np.unique`` does.
    """
    output = np.where(problem.output == 0, problem.geometry[-1] - 1, problem.output)
    return dataclasses.replace(problem, output=output)
