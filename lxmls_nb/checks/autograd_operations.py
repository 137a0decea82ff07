"""The operations of "Build it yourself": what they are compared with, and their likely mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lxmls_nb.checks import autograd_mistakes as mistakes
from lxmls_nb.checks.autograd_graphs import numbers_of
from lxmls_nb.checks.autograd_mistakes import Arrays, WrongWayBack
from lxmls_nb.errors import CheckFailed

TOLERANCE = 1e-6
#: Central differences of a sum of products err by more than that.
OF_DIFFERENCES = 1e-5
#: Inputs above that make `np.exp` overflow, or nearly so.
LARGE = 100.0


@dataclass(frozen=True)
class Operation:
    """What is known of an operation.

    Attributes
    ----------
    cases : tuple of Case
    compared : str
        What is compared.
    why : str
        What is to be learned from it.
    """

    cases: tuple[Case, ...]
    why: str
    compared: str = "value and errors"


@dataclass(frozen=True)
class Case:
    """Inputs of an operation, the error at its result, and how both go wrong.

    Attributes
    ----------
    of : callable
        The operation, of tensors.
    inputs : tuple of ndarray
    error : ndarray
        What arrives at the result.
    wrong_values : tuple of (str, callable)
        Wrong results, and what they come from.
    mistakes : tuple of WrongWayBack
    """

    of: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    error: np.ndarray
    wrong_values: tuple[tuple[str, Callable[..., Any]], ...] = ()
    mistakes: tuple[WrongWayBack, ...] = field(default=())

    def right_value(self) -> np.ndarray:
        """Return PyTorch's result."""
        import torch

        return np.asarray(self.of(*map(torch.tensor, self.inputs)))

    def right_errors(self, error: np.ndarray) -> list[np.ndarray]:
        """Return what PyTorch carries back to each input.

        Parameters
        ----------
        error : ndarray
            What arrives at the result.
        """
        import torch

        tensors = [torch.tensor(array, requires_grad=True) for array in self.inputs]
        found = torch.autograd.grad(self.of(*tensors), tensors, torch.tensor(error))
        return [np.asarray(tensor) for tensor in found]


def agrees(array: Any, truth: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Whether an array has the shape and the numbers of another.

    Parameters
    ----------
    array : array_like
    truth : ndarray
    tolerance : float
        Relative to the largest number, if that is above one.
    """
    if np.shape(array) != truth.shape:
        return False
    largest = max(1.0, float(np.max(np.abs(truth))))
    return bool(np.all(np.abs(np.asarray(array) - truth) <= tolerance * largest))


def judge_value(case: Case, value: Any) -> None:
    """Compare the value of a node with PyTorch's.

    Parameters
    ----------
    case : Case
    value : object
        That of the reader's node.

    Raises
    ------
    CheckFailed
        If it is wrong.
    """
    right = case.right_value()
    value = numbers_of(value, "its value", if_not_finite=None)
    if agrees(value, right):
        return
    for text, wrong in case.wrong_values:
        if agrees(value, np.asarray(wrong(*case.inputs))):
            raise CheckFailed(f"its value is not right: {text}.")
    if np.shape(value) != right.shape:
        raise CheckFailed(
            f"its value has the shape {np.shape(value)}, and {right.shape} is right for "
            f"{_inputs(case)}."
        )
    numbers_of(value, "its value", if_not_finite=_why_not_finite(case))
    raise CheckFailed("its value is not right: compute it first, then the way back.")


def judge_back(case: Case, errors: Sequence[Any], by_nudging: Arrays) -> None:
    """Compare what gets back to each parent with PyTorch's errors, and with differences.

    Parameters
    ----------
    case : Case
    errors : sequence of object
        What the reader's code gives for each parent.
    by_nudging : sequence of ndarray
        The same by central differences; empty for a function that has no parents, but a result.

    Raises
    ------
    CheckFailed
        If it is wrong.
    """
    right = case.right_errors(case.error)
    names = ("`a`", "`b`") if len(right) > 1 else ("its parent",)
    for number, (got, truth) in enumerate(zip(errors, right, strict=True)):
        if got is None and not by_nudging:
            raise CheckFailed("it returns None: is the `return` missing?")
        to = f"what gets back to {names[number]}" if by_nudging else "the result"
        array = numbers_of(got, to, if_not_finite=_why_not_finite(case))
        if not agrees(array, truth):
            raise CheckFailed(f"{to} is not right: {_named(case, array, number, right)}")
    for truth, nudged in zip(right, by_nudging, strict=False):
        if not agrees(nudged, truth, OF_DIFFERENCES):  # the value depends on something else
            raise CheckFailed("nudging its inputs gives other numbers: does it keep old ones?")


def _why_not_finite(case: Case) -> str:
    """Return what may have made numbers infinite, or none at all."""
    if max(float(np.max(np.abs(array))) for array in case.inputs) > LARGE:
        return (
            "where numbers are large: subtract the largest of a row before `np.exp`, as "
            "`logsumexp` of `lxmls_nb.models` does."
        )
    return (
        "(nan or inf): look for a division by zero, the root or the logarithm of a negative "
        "number, or an array that was made but never filled."
    )


def _named(case: Case, got: np.ndarray, number: int, right: Arrays) -> str:
    """Return the likely mistake in what gets back to a parent."""
    truth = right[number]
    value = case.right_value()
    for mistake in case.mistakes:
        if mistake.parent == number:
            wrong = np.asarray(mistake.compute(case.inputs, value, case.error))
            if agrees(got, wrong):
                return mistake.text
    without = case.right_errors(np.ones_like(case.error))
    if agrees(got, -truth):
        return "its sign is wrong."
    if agrees(got, without[number]):
        return (
            "the error that arrives is left out. What gets back is that error times the "
            "derivative, not the derivative alone."
        )
    if len(right) == 2 and agrees(got, right[1 - number]):
        return "it is that of the other parent. Errors come in the order of the parents."
    if np.shape(got) != truth.shape:
        if np.shape(got) == truth.T.shape:
            return f"it has the shape {np.shape(got)}, a transpose of {truth.shape}."
        return (
            f"it has the shape {np.shape(got)}, and the value that it belongs to has "
            f"{truth.shape}: an error has a number for each number of the value."
        )
    if agrees(got, truth.T):
        return "it is transposed."
    if agrees(got, np.zeros_like(truth)):
        return "it is zero."
    ratios = np.asarray(got)[truth != 0] / truth[truth != 0]
    if np.ptp(ratios) < 1e-6:
        return f"it is {ratios[0]:.4g} times what is right."
    return "it is not what PyTorch carries back. Take the derivative anew."


def _inputs(case: Case) -> str:
    return " and ".join(f"shape {array.shape}" for array in case.inputs)


# --- the operations -------------------------------------------------------------------------------


def _normal(seed: int, *shape: int) -> np.ndarray:
    return np.asarray(np.random.RandomState(seed).normal(size=shape))


def _cases(
    of: Callable[..., Any],
    shapes: Sequence[tuple[tuple[int, ...], ...]],
    known: tuple[WrongWayBack, ...],
    wrong_values: tuple[tuple[str, Callable[..., Any]], ...] = (),
    scale: float = 1.0,
) -> tuple[Case, ...]:
    """Return a case for each choice of shapes: those of the inputs, then that of the result."""
    return tuple(
        Case(
            of,
            tuple(
                np.asarray(scale * _normal(10 * number + place, *shape))  # not a number, if ()
                for place, shape in enumerate(ins)
            ),
            _normal(10 * number + 7, *out),
            wrong_values,
            known,
        )
        for number, (*ins, out) in enumerate(shapes)
    )


def _stretched(*shape: int) -> Callable[[Any], Any]:
    return lambda tensor: tensor.expand(*shape)


UNDOING = tuple(
    case
    for out, shape in [((4, 3), (1, 3)), ((4, 3), (4, 3)), ((3, 3), (1, 3)), ((1, 3), (1, 3))]
    for case in _cases(_stretched(*out), [(shape, out)], mistakes.OF_UNDOING)
)

OPERATIONS = {
    "multiply": Operation(
        _cases(lambda a, b: a * b, [((4, 3),) * 3, ((),) * 3, ((2, 2),) * 3], mistakes.OF_MULTIPLY),
        "The node keeps both factors: each is the derivative with respect to the other.",
    ),
    "undo_broadcasting": Operation(
        UNDOING,
        "What was used once for each row gets the errors of all rows: a sum over ways, once more.",
        "errors",
    ),
    "add": Operation(
        _cases(
            lambda a, b: a + b,
            [
                ((4, 3), (4, 3), (4, 3)),
                ((4, 3), (1, 3), (4, 3)),
                ((1, 3), (4, 3), (4, 3)),
                ((3, 3), (1, 3), (3, 3)),
            ],
            (*mistakes.OF_UNDOING, *(replace(each, parent=1) for each in mistakes.OF_UNDOING)),
        ),
        "The gradient of a bias is the sum of the errors of its layer over the batch.",
    ),
    "matmul": Operation(
        _cases(
            lambda a, b: a @ b,
            [((3, 3),) * 3, ((4, 3), (3, 2), (4, 2)), ((1, 5), (5, 2), (1, 2))],
            mistakes.OF_MATMUL,
        ),
        "Backwards it is two products again, with transposes.",
    ),
    "sigmoid": Operation(
        _cases(
            lambda a: a.sigmoid(),
            [((4, 3), (4, 3)), ((1, 2), (1, 2))],
            mistakes.OF_SIGMOID_BACK,
            mistakes.OF_SIGMOID,
        ),
        "The output is all that the way back needs.",
    ),
    "log_softmax": Operation(
        (
            *_cases(
                lambda a: a.log_softmax(dim=1),
                [((4, 3), (4, 3)), ((3, 3), (3, 3)), ((1, 2), (1, 2))],
                mistakes.OF_LOG_SOFTMAX_BACK,
                mistakes.OF_LOG_SOFTMAX,
            ),
            *_cases(
                lambda a: a.log_softmax(dim=1),
                [((2, 3), (2, 3))],
                mistakes.OF_LOG_SOFTMAX_BACK,
                mistakes.OF_LOG_SOFTMAX,
                scale=1000.0,
            ),
        ),
        "Its Jacobian is full, and is never written out.",
    ),
}
