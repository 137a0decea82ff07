"""Shows how far a run of grading is."""

from __future__ import annotations

import sys
import textwrap
import time

from lxmls_grading.machine.bars import tqdm
from lxmls_grading.reasons import BROKEN_TEST, Reason

#: Seconds after which the bar names the student whose submission runs for the longest time.
LONG = 15


class Progress:
    """A bar with counts, rate and time left. Above it, reasons are listed with their students.

    It names what takes long: the submission that has been running for more than :data:`LONG`
    seconds, else the slowest cell so far.

    Parameters
    ----------
    total : int
        Number of submissions.
    title : str
    quiet : bool
        Whether to show nothing.
    """

    def __init__(self, total: int, title: str, quiet: bool = False):
        self.quiet, self.with_reasons, self.skipped = quiet, 0, 0
        self.running: dict[str, float] = {}  # when each student's submission started
        self.broken: set[tuple[str | None, tuple[str, ...]]] = set()  # tests that were named
        self.slowest = 0.0, ""
        # None: there is no bar where there is no terminal, but in a log, say; lines are written.
        self.bar = tqdm(
            total=total, desc=title, unit="submission", disable=True if quiet else None,
            dynamic_ncols=True, smoothing=0.1, file=sys.stderr,
        )  # fmt: skip

    def start(self, student: str) -> None:
        """Note that a submission runs from now on."""
        self.running[student] = time.monotonic()

    def executed(self, student: str, seconds: float, notebook: str, cell: str) -> None:
        """Note that a submission has run, and which of its cells took the longest time."""
        self.running.pop(student, None)
        self.slowest = max(self.slowest, (seconds, f"{student}, {notebook}, {cell}"))

    def tell(self, line: str) -> None:
        """Show a line above the bar."""
        self._write_line(_printable(line))

    def tick(self) -> None:
        """Show the time, and what takes long."""
        self._count(0)

    def graded(self, student: str, reasons: list[Reason]) -> None:
        """Show that a submission is done. A test that could not be run is named once."""
        self.running.pop(student, None)
        if reasons:
            self.with_reasons += 1
            for reason in reasons:
                if reason.kind == BROKEN_TEST:
                    if (reason.notebook, reason.cells) in self.broken:
                        continue
                    self.broken.add((reason.notebook, reason.cells))
                place = f", {reason.notebook}" if reason.notebook else ""
                text = textwrap.shorten(f"{student}{place}: {reason.full_text}", 300)
                self._write_line(_printable(text))
        self._count(1)

    def skip(self) -> None:
        """Show that a submission was graded before."""
        self.skipped += 1
        self.bar.total -= 1
        self._count(0)

    def _count(self, number: int) -> None:
        if not self.bar.disable:
            self.bar.set_postfix_str(self._postfix(), refresh=False)
        self.bar.update(number)
        if not number:
            self.bar.refresh()

    def _postfix(self) -> str:
        """Return what stands behind the bar."""
        parts = [f"{self.with_reasons} with reasons"] if self.with_reasons else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        now = time.monotonic()
        start, student = min(
            ((start, student) for student, start in self.running.copy().items()),
            default=(now, ""),
        )
        seconds, cell = self.slowest
        if now - start > LONG:
            parts.append(f"{_printable(student)} runs for {now - start:.0f} s")
        elif seconds >= 1:
            parts.append(f"slowest: {_printable(cell)}, {seconds:.0f} s")
        return "; ".join(parts)

    def _write_line(self, line: str) -> None:
        if not self.quiet:
            self.bar.write(line, file=sys.stderr)

    def close(self) -> None:
        """End the bar, which stays on the screen."""
        self.bar.close()


def _printable(text: str) -> str:
    """Return a text whose other characters are question marks."""
    return "".join(c if c.isprintable() else "?" for c in text)
