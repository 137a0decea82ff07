"""Shows how far a run of grading is."""

from __future__ import annotations

import sys
import textwrap

from tqdm import tqdm

from lxmls_grading.reasons import Reason


class Progress:
    """A bar with counts, rate and time left. Above it, reasons are listed with their students.

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
        # None: there is no bar where there is no terminal, but in a log, say; lines are written.
        self.bar = tqdm(
            total=total, desc=title, unit="submission", disable=True if quiet else None,
            dynamic_ncols=True, smoothing=0.1, file=sys.stderr,
        )  # fmt: skip

    def graded(self, student: str, reasons: list[Reason]) -> None:
        """Show that a submission is done."""
        if reasons:
            self.with_reasons += 1
            for reason in reasons:
                place = f", {reason.notebook}" if reason.notebook else ""
                text = textwrap.shorten(f"{student}{place}: {reason.text}", 300)
                self._write_line("".join(c if c.isprintable() else "?" for c in text))
        self._count(1)

    def skip(self) -> None:
        """Show that a submission was graded before."""
        self.skipped += 1
        self.bar.total -= 1
        self._count(0)

    def _count(self, number: int) -> None:
        if not self.bar.disable:
            self.bar.set_postfix(reasons=self.with_reasons, skipped=self.skipped, refresh=False)
        self.bar.update(number)
        if not number:
            self.bar.refresh()

    def _write_line(self, line: str) -> None:
        if not self.quiet:
            self.bar.write(line, file=sys.stderr)

    def close(self) -> None:
        """End the bar, which stays on the screen."""
        self.bar.close()
