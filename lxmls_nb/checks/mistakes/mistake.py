"""What a known mistake is: its key, its words, and the numbers that it would give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from lxmls_nb.checks.mistakes.evidence import Gradient, Output, Right

T = TypeVar("T")
E = TypeVar("E")

#: What a mistake would give in the place of a right value: one or several possibilities, or a
#: mapping of what each looks like (``{look}`` in the words) to the possibility.
Possibilities = Sequence[T] | Mapping[str, T]

#: Whether a mistake shows; or, if so, the values that its words need.
Seen = bool | Mapping[str, object]


@dataclass(frozen=True, eq=False)
class Mistake:
    """A known mistake.

    A mistake that shows in what is found apart from numbers has none of the functions; the
    verdict that sees it names it.

    Parameters
    ----------
    key : str
        What tests, reports and ``CheckFailed.cause`` refer to.
    words : str
        What a student reads, a sentence without its end; the values that a finding comes with
        are filled in for what is in braces.
    name : str
        The mistake in a few words that hold for each case of it; by default, the first part of
        `words`. Where a message would explain the mistake again, and in reports on a class.
    lesson : str
        What a teacher says to a class in which it is frequent: a sentence. By default, `words`.
    seen : callable, optional
        Whether the mistake shows in what a student's code gave, where there are no numbers to
        compare with.
    error : callable, optional
        From what is right to the derivatives of the loss with respect to the last z, (M, K), that
        the mistake would give. This function and those that follow compute what the mistake puts
        in the place of a part of the right computation.
    probabilities : callable, optional
        From what is right to what would stand in the place of the softmax's probabilities, (M, K).
    derivative : callable, optional
        From z of a hidden layer to the derivatives of its sigmoid, (M, units).
    weights : callable, optional
        From a gradient to the weights that the error would go through on its way there, by layer.
    derivatives : callable, optional
        From a gradient to the derivatives of sigmoids on the error's way, by layer.
    gradient : callable, optional
        From a gradient to the gradients that would come out.
    layer_input : callable, optional
        From a gradient to what would stand in the place of its layer's input, (M, in).
    log_probabilities : callable, optional
        From the output of a forward pass to the log-probabilities, (M, K), that would come out.
    loss : callable, optional
        From what is right to the losses that would come out.
    """

    key: str
    words: str
    name: str = ""
    lesson: str = ""
    seen: Callable[[Any], Seen] | None = None
    error: Callable[[Right], Possibilities[np.ndarray]] | None = None
    probabilities: Callable[[Right], Possibilities[np.ndarray]] | None = None
    derivative: Callable[[np.ndarray], Possibilities[np.ndarray]] | None = None
    weights: Callable[[Gradient], Possibilities[dict[int, np.ndarray]]] | None = None
    derivatives: Callable[[Gradient], Possibilities[dict[int, np.ndarray]]] | None = None
    gradient: Callable[[Gradient], Possibilities[np.ndarray]] | None = None
    layer_input: Callable[[Gradient], Possibilities[np.ndarray]] | None = None
    log_probabilities: Callable[[Output], Possibilities[np.ndarray]] | None = None
    loss: Callable[[Right], Possibilities[float]] | None = None

    def __post_init__(self) -> None:
        if self.key in MISTAKES:
            raise ValueError(f"there are two mistakes with the key {self.key!r}")
        MISTAKES[self.key] = self

    def in_short(self) -> str:
        """Return the mistake in a few words that hold for each case of it: a clause."""
        return self.name or re.split(": |; |[?]", self.words, maxsplit=1)[0]

    def to_say(self) -> str:
        """Return what a teacher says to a class in which the mistake is frequent: a sentence."""
        text = self.lesson or (self.in_short() if "{" in self.words else self.words)
        text = text if text.endswith((".", "?")) else f"{text}."
        return text[0].upper() + text[1:]

    def finding(self, **values: object) -> Finding:
        """Return the finding of this mistake, with the values that its words need."""
        return Finding(self, values)

    def findings(
        self, compute: Callable[[E], Possibilities[T]] | None, evidence: E
    ) -> Iterator[tuple[Finding, T]]:
        """Yield a finding and what the mistake would give, for each possibility.

        Parameters
        ----------
        compute : callable or None
            One of the functions of this mistake. Where it has none, nothing is yielded.
        evidence
            What the function is called on.
        """
        possibilities = compute(evidence) if compute else []
        if isinstance(possibilities, Mapping):
            for look, value in possibilities.items():
                yield self.finding(look=look), value
        else:
            for value in possibilities:
                yield self.finding(), value


#: All known mistakes, by key. They enter when they are made, so that none can be forgotten.
MISTAKES: dict[str, Mistake] = {}


@dataclass(frozen=True, eq=False)
class Finding:
    """A mistake that was found in an answer, with the values that its words need.

    Attributes
    ----------
    mistake : Mistake
    values : mapping
        What is filled into its words.
    also : tuple of str
        What else is wrong: clauses that follow the mistake's own words.
    """

    mistake: Mistake
    values: Mapping[str, object] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return what a student reads, without the end of the sentence."""
        words = self.mistake.words.format(**self.values)
        return ". Besides, ".join([words, *self.also]).replace("?. Besides", "? Besides")

    def with_also(self, clause: str) -> Finding:
        """Return the same finding, with something else that is wrong besides."""
        return Finding(self.mistake, self.values, (*self.also, clause))


def first_seen(mistakes: Iterable[Mistake], evidence: object) -> Finding | None:
    """Return the finding of the first of these mistakes that shows in what was given, if any."""
    for mistake in mistakes:
        seen = mistake.seen(evidence) if mistake.seen else False
        if isinstance(seen, Mapping):
            return mistake.finding(**seen)
        if seen:
            return mistake.finding()
    return None
