"""What a class got wrong, by mistake: whatever the tests, notebooks and numbers it shows in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxmls_grading.results.messages import in_general, is_comparison, printable
from lxmls_grading.results.outcomes import PARTLY, TestResult
from lxmls_grading.results.submissions import CellKey
from lxmls_nb.checks.mistakes import MISTAKES

#: Example answers of a mistake that are kept.
EXAMPLES = 3

#: Characters of what a mistake is called where that comes from a message.
MAX_NAME = 120

#: Causes that tell what was seen, not why: what is wrong stands in the message.
SEEN_ONLY = frozenset({"answer", "error", "shape", "structure", "type"})


@dataclass
class ClassMistake:
    """A mistake that a class has made.

    Attributes
    ----------
    name : str
        The mistake, in a few words that hold for each case of it.
    lesson : str
        What to say to the class: a sentence. Empty where nothing is known.
    example : str
        The message that the first of the students got.
    lost : dict
        Points by student.
    tests : set
        Those that it shows in.
    answers : list of str
        Different answers with it, without what tells whose they are.
    """

    name: str
    lesson: str
    example: str
    lost: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    tests: set[CellKey] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)

    @property
    def each(self) -> float:
        """The points that it has cost a student, on average."""
        return self.total / len(self.lost)

    @property
    def is_same_for_all(self) -> bool:
        """Whether it has cost each student the same."""
        return max(self.lost.values()) - min(self.lost.values()) < 1e-9

    @property
    def total(self) -> float:
        """The points that it has cost the class."""
        return sum(self.lost.values())


class ClassMistakes:
    """Counts the failures of a class by mistake.

    Failures with the same cause are one mistake. Where no check has named a cause, or one that
    tells no more than what was seen, those are one whose messages differ in numbers alone; where an
    assertion has no message, or only that of a comparison, those of the same test.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], ClassMistake] = {}

    def add(
        self, student: str, test: CellKey, title: str, result: TestResult, lost: float
    ) -> ClassMistake:
        """Count a test that has failed.

        Parameters
        ----------
        student : str
        test : CellKey
        title : str
            What the test is called in a report.
        result : TestResult
        lost : float
            The points that it has cost.

        Returns
        -------
        mistake : ClassMistake
            The mistake that it belongs to.
        """
        message = printable(result.message)
        known = MISTAKES.get(result.cause or "")
        if result.cause == PARTLY:
            key: tuple[str, ...] = (PARTLY, *test)
            name = f"partly right: {title}"
        elif result.cause is None and is_comparison(result.message):
            key = ("comparison", *test)
            name = f"{printable(in_general(message), MAX_NAME)}, in {title}"
        elif known is not None and known.key not in SEEN_ONLY:
            key, name = (known.key,), known.in_short()
        else:
            said = f": {known.words}." if known else ""  # at the end of a message
            name = printable(in_general(message.removesuffix(said), result.cause), MAX_NAME)
            key = (result.cause or "", name)
            if result.cause and known is None:  # of a check of the course's own: one mistake
                key = (result.cause,)
        lesson = ""
        if known is not None:
            lesson = known.lesson if known.key in SEEN_ONLY else known.to_say()
        mistake = self._found.setdefault(key, ClassMistake(name, lesson, message))
        mistake.lost[student] += lost
        mistake.tests.add(test)
        return mistake

    def most_costly(self) -> list[ClassMistake]:
        """Return the mistakes that have cost points, those that cost the class most first."""
        costly = [mistake for mistake in self._found.values() if mistake.total > 0]
        return sorted(costly, key=lambda each: (-each.total, -len(each.lost), each.name))


def add_examples(mistake: ClassMistake, answers: Iterable[str]) -> None:
    """Keep answers as examples of a mistake: few, which differ in more than blanks."""
    known = {"".join(answer.split()) for answer in mistake.answers}
    for answer in answers:
        bare = "".join(answer.split())
        if bare and bare not in known and len(mistake.answers) < EXAMPLES:
            known.add(bare)
            mistake.answers.append(answer)
