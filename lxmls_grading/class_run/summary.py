"""What has come of a run, and the exit status that follows from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from lxmls_grading.class_run.points import RunPoints
from lxmls_grading.machine.interrupts import STATUS
from lxmls_grading.reasons import BROKEN_TEST, Reason


@dataclass
class Summary:
    """The results of a run.

    Attributes
    ----------
    graded, skipped, failed : list of str
        Students: graded now, before, and not at all.
    reasons, earlier_reasons : dict
        Lists of reasons by student: those of this run, and those of the students who were skipped.
    overlooked : list of str
        What may be submissions, and lies where no grading looks: a line on each.
    newcomers : list of str
        Students who were not in the gradebook before, though others were.
    points : RunPoints, optional
        The points that were given.
    limits : dict of int
        How many submissions had their limits kept by which of `settings.LAYERS`.
    left : int
        Number of submissions that the run has not reached.
    seconds : float
        How long it took.
    error : str, optional
        Why it has ended early.
    stopped : bool
        Whether Ctrl-C has ended it.
    """

    graded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    reasons: dict[str, list[Reason]] = field(default_factory=dict)
    earlier_reasons: dict[str, list[Reason]] = field(default_factory=dict)
    overlooked: list[str] = field(default_factory=list)
    newcomers: list[str] = field(default_factory=list)
    points: RunPoints | None = None
    limits: dict[str, int] = field(default_factory=dict)
    left: int = 0
    seconds: float = 0.0
    error: str | None = None
    stopped: bool = False

    @property
    def status(self) -> int:
        """The exit status.

        It is about this run: 0 if it has graded all that it had to, 1 if there are reasons or
        something is overlooked, 2 if nothing could run, 130 if Ctrl-C has ended it. What was
        skipped has no part in it.
        """
        if self.stopped:
            return STATUS
        if self.error and not self.graded:
            return 2
        return 1 if self.error or self.reasons or self.left or self.overlooked else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the summary and its status as plain data, for JSON."""
        points = self.points.to_dict() if self.points else None
        plain = asdict(replace(self, points=None))
        for key in ("reasons", "earlier_reasons"):
            own = getattr(self, key).items()
            plain[key] = {name: [each.to_dict() for each in reasons] for name, reasons in own}
        broken = self.broken_tests()
        return plain | {"points": points, "broken_tests": broken, "status": self.status}

    def broken_tests(self) -> list[str]:
        """Return a line on each test that could not be carried out: it is the test's fault."""
        students: Counter[tuple[str, str]] = Counter()
        details: dict[tuple[str, str], str] = {}
        for reasons in self.reasons.values():
            for each in reasons:
                if each.kind == BROKEN_TEST:
                    for cell in each.cells:
                        key = each.notebook or "", cell
                        students[key] += 1
                        details.setdefault(key, each.detail)
        return [
            f"{key[0]}, {key[1]}: {number} of {len(self.graded)} students ({details[key]})"
            for key, number in sorted(students.items())
        ]

    def sentence(self) -> str:
        """Return a line that sums up the run."""
        parts = [f"{len(self.graded)} graded"]
        if self.graded and self.seconds:
            rate = 60 * len(self.graded) / self.seconds
            parts[0] += f" in {self.seconds:.0f} s ({rate:.1f} per minute)"
        if self.skipped:
            earlier = len(self.earlier_reasons)
            more = f" ({earlier} with earlier reasons)" if earlier else ""
            parts.append(f"{len(self.skipped)} unchanged{more}")
        parts += [f"{len(self.reasons)} with reasons"] if self.reasons else []
        parts += [f"{self.left} left"] if self.left else []
        parts += [f"{len(self.overlooked)} overlooked"] if self.overlooked else []
        return ", ".join(parts)
