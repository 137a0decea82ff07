"""Tasks in the chapters: a reader predicts something, and a check tells whether it comes out so.

They carry no points, and nothing here raises: whatever a reader writes, a card tells what to do.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lxmls_nb.guesses import WITHIN, agrees
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report

#: The wrong guesses at each task so far, by what the task is about. Each new one opens a hint.
_wrong: dict[str, list[str]] = {}

#: Factors by which guesses are off where a step of the way is forgotten, and what they are called.
FACTORS = {
    2.0: "2",
    0.5: "1/2",
    3.0: "3",
    1 / 3: "1/3",
    4.0: "4",
    0.25: "1/4",
    10.0: "10",
    0.1: "1/10",
}


class _NoAnswer(Exception):
    """A guess is no answer to the question: a word where a number is asked for. It is no try."""


def prediction(
    guess: Any,
    measured: Any,
    about: str,
    hints: Sequence[str] = (),
    because: str = "",
    choices: Sequence[str] | None = None,
    within: float = WITHIN,
    arguments: Sequence[Any] = (),
) -> None:
    """Tell whether a prediction comes true.

    Each new wrong guess gets a remark on how it is wrong, and the next hint; when there are no more
    hints, the answer with its reason follows. What is no answer at all uses no hint up.

    Parameters
    ----------
    guess : object
        What the reader predicts: a number, an array or a list of numbers, a shape, a word, True or
        False. None while there is no prediction. A function is called on `arguments`, and what it
        returns is the prediction: that is a line of code as an answer.
    measured : object
        What the program gives.
    about : str
        What is predicted, in a few words that a sentence can begin with: ``"The loss"``.
    hints : sequence of str
        Whole sentences, the weakest first.
    because : str
        Why the answer is what it is: a sentence or two.
    choices : sequence of str, optional
        The words to choose from, where the answer is a word.
    within : float
        How far a number may be off, as a part of the largest number in `measured`.
    arguments : sequence of object
        What `guess` is called on if it is a function. It gets copies of arrays.

    Examples
    --------
    >>> prediction(None, 0.25, about="The slope at zero")
    Your turn: The slope at zero: write what you expect in the cell above, in the place of
    `None`, and run both cells.
    >>> prediction(-0.25, 0.25, about="The slope at zero", hints=["Does the curve rise or fall?"])
    Not yet: The slope at zero: the size is right, the sign is not. Hint: Does the curve rise or
    fall?
    >>> prediction(0.25, 0.25, about="The slope at zero", because="The curve rises there.")
    Right: The slope at zero: 0.25. The curve rises there.
    """
    measured, problem = _plain(measured), ""
    if callable(guess) and not isinstance(guess, type):
        guess, problem = _called(guess, arguments)
    else:
        guess = _plain(guess)
    if _is_open(guess) and not problem:
        text = (
            "write what you expect in the cell above, in the place of `None`, and run both cells."
        )
        if choices:
            text = f"{text} Choose from {_listed(choices)}."
        report(Kind.OPEN, "Your turn", f"{about}: {text}")
        return
    try:
        problem = problem or _problem(guess, measured, choices, within)
    except _NoAnswer as error:
        report(Kind.WRONG, "Not yet", f"{about}: {error}")
        return
    if not problem:
        report(Kind.RIGHT, "Right", f"{about}: {_written(measured)}. {because}".strip())
        return
    tried = _wrong.setdefault(about, [])
    if (written := f"{_short(guess)} {problem}") not in tried:
        tried.append(written)
    place = tried.index(written)
    if place < len(hints):
        report(Kind.WRONG, "Not yet", f"{about}: {problem} Hint: {hints[place]}")
    else:
        answer = f"The answer is {_written(measured)}. {because}".strip()
        report(Kind.WRONG, "Not yet", f"{about}: {problem} {answer}")


def _called(guess: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Any, str]:
    """Return what a function of the reader's returns, and what is wrong if it does not return."""
    try:
        result = guess(
            *(np.copy(each) if isinstance(each, np.ndarray) else each for each in arguments)
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, too: it would end the notebook's kernel
        return None, f"your code stops with {type(error).__name__}: {error}."
    if result is None:
        return None, "your function returns nothing: did you forget `return`?"
    return _plain(result), ""


def _is_open(guess: Any) -> bool:
    """Whether there is no guess yet, or not at all of the numbers that are asked for."""
    if isinstance(guess, list | tuple):
        return any(each is None for each in guess)
    return guess is None


def _plain(value: Any) -> Any:
    """Return tensors as arrays, arrays of one number as that number, and the rest as it is."""
    if type(value) in (list, tuple) and any(hasattr(each, "detach") for each in value):
        return type(value)(map(_plain, value))
    if hasattr(value, "detach"):
        try:
            value = value.detach().cpu().to_dense().double().numpy()
        except Exception:  # a tensor without numbers, such as one on `meta`
            return value
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


def _problem(guess: Any, measured: Any, choices: Sequence[str] | None, within: float) -> str:
    """Return how a guess is wrong, in a sentence; an empty text if it is right."""
    if choices or isinstance(measured, str):
        return _problem_of_word(guess, measured, choices)
    if isinstance(measured, bool):
        if isinstance(guess, bool):
            return "" if guess is measured else "it is the other way round."
        raise _NoAnswer(f"the answer is True or False, and yours is {_short(guess)}.")
    if _is_shape(measured):
        return _problem_of_shape(guess, tuple(measured))
    return _problem_of_numbers(guess, measured, within)


def _problem_of_word(guess: Any, measured: str, choices: Sequence[str] | None) -> str:
    if isinstance(guess, type):
        guess = guess.__name__
    elif not isinstance(guess, str):
        guess = _short(guess).rpartition(".")[2]  # such as torch.float64
        if _word(guess) != _word(measured):
            raise _NoAnswer(f"the answer is a word in quotes, and yours is {guess}.")
    if _word(guess) == _word(measured):
        return ""
    if choices and _word(guess) not in map(_word, choices):
        raise _NoAnswer(f"choose from {_listed(choices)}.")
    return f"`{guess}` is not what comes out."


def _word(text: str) -> str:
    """Return what tells a word from others: neither its case nor how its parts are joined."""
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())


def _problem_of_shape(guess: Any, measured: tuple[int, ...]) -> str:
    if isinstance(guess, numbers.Integral) and not isinstance(guess, bool):
        guess = (int(guess),)
    if not isinstance(guess, list | tuple) or not _is_shape(tuple(guess)):
        raise _NoAnswer(f"the answer is a shape such as `(2, 3)`, and yours is {_short(guess)}.")
    guess = tuple(int(size) for size in guess)
    if guess == measured:
        return ""
    if len(guess) != len(measured):
        return f"it has {_count(len(measured), 'dimension')}, and yours has {len(guess)}."
    if sorted(guess) == sorted(measured):
        return "the sizes are right, their order is not."
    return f"`{guess}` is not the shape that comes out."


def _problem_of_numbers(guess: Any, measured: Any, within: float) -> str:
    single = isinstance(measured, numbers.Real)
    wanted = "a number" if single else "numbers"
    try:
        values = np.asarray(guess, dtype=float)
    except Exception:  # an object of the reader's may raise anything
        raise _NoAnswer(f"the answer is {wanted}, and yours is {_short(guess)}.") from None
    truth = np.asarray(measured, dtype=float)
    if single and values.size == 1:
        values = values.reshape(())
    if values.shape != truth.shape:
        if values.shape == truth.shape[::-1]:
            return f"it has the shape {truth.shape}, and yours is its transpose."
        if single:
            raise _NoAnswer(f"the answer is {wanted}, and yours has the shape {values.shape}.")
        if values.size != truth.size:
            return f"it has the shape {truth.shape}, and yours has {values.shape}."
        values = values.reshape(truth.shape)
    if not np.isfinite(values).all() and np.isfinite(truth).all():
        return "it is finite, and yours is not."
    if agrees(values, truth, within):
        return ""
    if agrees(-values, truth, within):
        return "the size is right, the sign is not."
    if truth.ndim == 2 and truth.shape[0] == truth.shape[1] and agrees(values.T, truth, within):
        return "these are the right numbers, with rows and columns swapped."
    if single:  # a factor would tell the answer
        return "that is too large." if float(values) > float(truth) else "that is too small."
    for factor, name in FACTORS.items():
        if agrees(values, factor * truth, within):
            return f"yours are {name} times what comes out."
    right = int(np.sum(np.abs(values - truth) <= within * np.max(np.abs(truth)) + 1e-9))
    return f"{right} of {truth.size} numbers are right."


def _is_shape(value: Any) -> bool:
    """Whether a value is the shape of an array: a tuple of whole numbers."""
    return isinstance(value, tuple) and all(
        isinstance(size, numbers.Integral) and not isinstance(size, bool) for size in value
    )


def _written(value: Any) -> str:
    """Return an answer as a sentence shows it."""
    if isinstance(value, bool | str):
        return str(value)
    if _is_shape(value):
        return f"`{tuple(int(size) for size in value)}`"
    if isinstance(value, numbers.Integral):
        return str(value)
    if isinstance(value, numbers.Real):
        return f"{float(value):.3g}"
    rows = np.array2string(np.asarray(value, dtype=float), precision=3, separator=", ")
    return f"`{' '.join(rows.split())}`"


def _short(value: Any) -> str:
    """Return how a guess is written, cut short: an object of the reader's may not tell."""
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) < 60 else f"{text[:57]}…"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
