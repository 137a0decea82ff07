"""The typical mistakes with the errors of a network, one layer at a time, as numbers.

What a mistake gives is written down as the true errors, changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

from lxmls_nb.checks.numerical import STEP
from lxmls_nb.checks.problems import Problem, forward
from lxmls_nb.checks.without_points import KnownNumbers
from lxmls_nb.differences import row_derivatives


@dataclass(frozen=True, eq=False)
class Case:
    """A network of two layers and a batch, with the errors of each example by differences.

    Attributes
    ----------
    problem : Problem
    log_tilde_z : ndarray, shape (M, K)
        Log-probabilities.
    weight : ndarray, shape (K, H)
        Of the last layer.
    tilde_z : ndarray, shape (M, H)
        Outputs of the sigmoids.
    at_output, after_linear, before_sigmoid : ndarray
        The derivatives of each example's loss with respect to the last z, (M, K), to the outputs
        of the sigmoids and to what goes into them, (M, H).
    """

    problem: Problem
    log_tilde_z: np.ndarray
    weight: np.ndarray
    tilde_z: np.ndarray
    at_output: np.ndarray
    after_linear: np.ndarray
    before_sigmoid: np.ndarray

    @property
    def indicators(self) -> np.ndarray:
        """Zeros with a one at each example's class, (M, K)."""
        return np.asarray(np.eye(self.weight.shape[0])[self.problem.output])


def make_case(problem: Problem) -> Case:
    """Return a case with its errors, measured by central differences.

    Parameters
    ----------
    problem : Problem
        Of two layers: a sigmoid and a softmax.
    """
    values = forward(problem)
    (weight, bias), output = problem.parameters[1], problem.output

    def of_output(z: np.ndarray) -> np.ndarray:
        return np.asarray(-np.log(softmax(z, axis=-1)[np.arange(len(output)), output]))

    def of_sigmoids(tilde_z: np.ndarray) -> np.ndarray:
        return of_output(tilde_z @ weight.T + bias)

    return Case(
        problem,
        values.log_probabilities,
        weight,
        values.layer_inputs[1],
        row_derivatives(of_output, values.log_probabilities, STEP),
        row_derivatives(of_sigmoids, values.layer_inputs[1], STEP),
        row_derivatives(lambda z: of_sigmoids(expit(z)), values.linear[0], STEP),
    )


ORDER = "the errors belong to other examples: do rows stay in their order"
SIGN = (
    "the sign is opposite: the error is the derivative of the loss itself, and only the update "
    "subtracts"
)
BY_SIZE = (
    "it is divided by the number of examples. The error that comes in is passed on as it is: the "
    "average is taken once, at the output or at the end"
)


def general(truth: Callable[[Case], np.ndarray], sign: str = SIGN) -> Iterator[KnownNumbers[Case]]:
    """Yield the mistakes that can be made with any error.

    Parameters
    ----------
    truth : callable
        From a case to the true errors.
    sign : str
        What a student reads whose errors have the opposite sign.
    """
    yield KnownNumbers(sign, lambda case: -truth(case))
    yield KnownNumbers(
        "rows and columns are swapped: a row for each example is asked for",
        lambda case: truth(case).T,
    )
    yield KnownNumbers(BY_SIZE, lambda case: truth(case) / len(truth(case)))
    yield KnownNumbers(
        "it is multiplied by the number of examples: these are errors of single examples",
        lambda case: truth(case) * len(truth(case)),
    )
    for rows in (np.flipud, lambda a: np.roll(a, 1, axis=0), lambda a: np.roll(a, -1, axis=0)):
        yield KnownNumbers(ORDER, lambda case, rows=rows: rows(truth(case)))  # type: ignore[misc]
    for reduce, what in ((np.mean, "averaged"), (np.sum, "summed")):
        for keep in (False, True):
            yield KnownNumbers(
                f"it is {what} over the examples: each example keeps a row of its own here, and "
                "only gradients add them up",
                lambda case, reduce=reduce, keep=keep: reduce(  # type: ignore[misc]
                    truth(case), axis=0, keepdims=keep
                ),
            )
            yield KnownNumbers(
                f"it is {what} over the units: each unit has an error of its own",
                lambda case, reduce=reduce, keep=keep: reduce(  # type: ignore[misc]
                    truth(case), axis=1, keepdims=keep
                ),
            )


def _with_indicators(case: Case, indicators: np.ndarray) -> np.ndarray:
    """Return the error at the output with other indicators in the place of the right ones."""
    return np.asarray(case.at_output + case.indicators - indicators)


def _with_probabilities(case: Case, other: np.ndarray) -> np.ndarray:
    """Return the error at the output with something else in the place of the probabilities."""
    return np.asarray(case.at_output - np.exp(case.log_tilde_z) + other)


NO_EXP = (
    "logarithms of probabilities stand in the place of probabilities: is `np.exp` missing? What "
    "comes in is log z̃"
)
AT_OUTPUT: tuple[KnownNumbers[Case], ...] = (
    *general(
        lambda case: case.at_output,
        "the sign is opposite: it is probabilities minus indicators, in this order, as the "
        "derivative of the loss (the guide's Algorithm 2.2 has it the other way round)",
    ),
    KnownNumbers(NO_EXP, lambda case: _with_probabilities(case, case.log_tilde_z)),
    KnownNumbers(
        f"{NO_EXP}; and the sign is opposite",
        lambda case: -_with_probabilities(case, case.log_tilde_z),
    ),
    KnownNumbers(
        "these are the probabilities alone: what has to be subtracted at the right class?",
        lambda case: _with_indicators(case, 0 * case.indicators),
    ),
    KnownNumbers(
        "the indicators are added: they are subtracted",
        lambda case: _with_indicators(case, -case.indicators),
    ),
    KnownNumbers(
        "the number of the class is subtracted: it says where the one belongs, as "
        "`index2onehot(output, num_classes)` writes it",
        lambda case: _with_indicators(
            case, np.repeat(case.problem.output[:, None], case.indicators.shape[1], axis=1)
        ),
    ),
    KnownNumbers(
        "one is subtracted at every class: only the right class of each example has a one",
        lambda case: _with_indicators(case, np.ones_like(case.indicators)),
    ),
    *(
        KnownNumbers[Case](
            "the one stands at a class that is not the example's own: classes count from zero",
            lambda case, shift=shift: _with_indicators(  # type: ignore[misc]
                case, np.roll(case.indicators, shift, axis=1)
            ),
        )
        for shift in (1, -1)
    ),
    *(
        KnownNumbers[Case](
            "the indicators belong to other examples: row m has its one at `output[m]`",
            lambda case, rows=rows: _with_indicators(case, rows(case.indicators)),  # type: ignore[misc]
        )
        for rows in (np.flipud, lambda a: np.roll(a, 1, axis=0), lambda a: np.roll(a, -1, axis=0))
    ),
    KnownNumbers(
        "only the right class has an error: the others share in the softmax, so they have one, too",
        lambda case: case.at_output * case.indicators,
    ),
    KnownNumbers(
        "the right class has no error: what is to be subtracted from its probability?",
        lambda case: case.at_output * (1 - case.indicators),
    ),
    KnownNumbers(
        "this is the derivative with respect to the probabilities: the way goes on through the "
        "softmax, to z",
        lambda case: -case.indicators / np.exp(case.log_tilde_z),
    ),
    KnownNumbers(
        "the softmax is taken once more of what are probabilities already",
        lambda case: _with_probabilities(case, softmax(np.exp(case.log_tilde_z), axis=1)),
    ),
    KnownNumbers(
        "the derivative of a sigmoid is multiplied in: for softmax and cross-entropy together, the "
        "error has no such factor",
        lambda case: case.at_output * np.exp(case.log_tilde_z) * (1 - np.exp(case.log_tilde_z)),
    ),
)


def _of_one_class(case: Case, number: int) -> np.ndarray:
    return np.asarray(case.at_output[:, [number]] * case.weight[number])


ONE_CLASS = (
    "only one class sends its error back: a hidden unit gets a share from every class k, and these "
    "add up"
)
AFTER_LINEAR: tuple[KnownNumbers[Case], ...] = (
    *general(lambda case: case.after_linear),
    KnownNumbers(
        "the weights are transposed. Examples are rows here: the error's columns, k, go with the "
        "rows of `weight`",
        lambda case: case.at_output @ case.weight.T,
    ),
    KnownNumbers(
        "these are the weights of the other layer: the error goes back through those that lead to "
        "the output",
        lambda case: case.at_output @ case.problem.parameters[0][0],
    ),
    KnownNumbers(
        "the sum over k is missing: what reaches a hidden unit from all the classes adds up",
        lambda case: case.at_output[:, :, None] * case.weight,
    ),
    KnownNumbers(
        "errors and weights are multiplied number by number: what adds up over k is the matrix "
        "product, `@`",
        lambda case: case.at_output * case.weight,
    ),
    KnownNumbers(ONE_CLASS, lambda case: _of_one_class(case, 0)),
    KnownNumbers(ONE_CLASS, lambda case: _of_one_class(case, -1)),
    KnownNumbers(
        ONE_CLASS,
        lambda case: (
            case.weight[case.problem.output]
            * np.sum(case.at_output * case.indicators, axis=1, keepdims=True)
        ),
    ),
    KnownNumbers(
        "the mean over k is taken, where the sum is asked for",
        lambda case: case.after_linear / len(case.weight),
    ),
    KnownNumbers(
        "the weights are added up without the errors: each is multiplied by the error of its k",
        lambda case: np.repeat(case.weight.sum(axis=0)[None], len(case.tilde_z), axis=0),
    ),
    KnownNumbers(
        "the error comes back as it went in: it goes through the weights",
        lambda case: case.at_output,
    ),
    KnownNumbers(
        "the derivative of the sigmoid is in it already: that is the next step",
        lambda case: case.before_sigmoid,
    ),
)


def _derivative(case: Case) -> np.ndarray:
    """Return the derivatives of the sigmoids, as measured."""
    return np.asarray(case.before_sigmoid / case.after_linear)


BEFORE_SIGMOID: tuple[KnownNumbers[Case], ...] = (
    *general(lambda case: case.before_sigmoid),
    KnownNumbers(
        "the derivative of the sigmoid is missing: the error is the one that came in",
        lambda case: case.after_linear,
    ),
    KnownNumbers(
        "z̃ alone is multiplied in: the derivative of the sigmoid has one more factor",
        lambda case: case.after_linear * case.tilde_z,
    ),
    KnownNumbers(
        "1 − z̃ alone is multiplied in: the derivative of the sigmoid has one more factor",
        lambda case: case.after_linear * (1 - case.tilde_z),
    ),
    KnownNumbers(
        "the sigmoid is applied once more: `tilde_z` is its output already, and the derivative "
        "follows from that",
        lambda case: case.after_linear * expit(case.tilde_z) * expit(-case.tilde_z),
    ),
    KnownNumbers(
        "the sigmoid is applied once more: `tilde_z` is its output already",
        lambda case: case.after_linear * expit(case.tilde_z),
    ),
    KnownNumbers(
        "this is the derivative of the sigmoid alone: it is multiplied by the error that came in",
        _derivative,
    ),
    KnownNumbers(
        "the derivative of the sigmoid is added: errors are multiplied on their way",
        lambda case: case.after_linear + _derivative(case),
    ),
    KnownNumbers(
        "the derivative of the sigmoid is multiplied in twice",
        lambda case: case.before_sigmoid * _derivative(case),
    ),
    KnownNumbers(
        "this is divided by the derivative of the sigmoid: errors are multiplied by it",
        lambda case: case.after_linear / _derivative(case),
    ),
    KnownNumbers(
        "1 + z̃ stands where 1 − z̃ belongs",
        lambda case: case.after_linear * case.tilde_z * (1 + case.tilde_z),
    ),
    KnownNumbers(
        "1 − z̃² is the derivative of tanh, and this is a sigmoid",
        lambda case: case.after_linear * (1 - case.tilde_z**2),
    ),
    KnownNumbers(
        "parentheses are missing: a product is taken before a difference",
        lambda case: case.after_linear * case.tilde_z - case.tilde_z,
    ),
)
