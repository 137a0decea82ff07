"""What an inspection has found."""

from __future__ import annotations

from dataclasses import dataclass

from traitlets import TraitError


@dataclass(frozen=True)
class Finding:
    """The result of an inspection.

    Attributes
    ----------
    what : str
        A line on what was found.
    repair : str
        The command that repairs it, or what to do; empty where nothing is wrong.
    advice : bool
        Whether grading works without the repair.
    """

    what: str
    repair: str = ""
    advice: bool = False

    @property
    def mark(self) -> str:
        """How the finding is marked on the terminal."""
        if not self.repair:
            return "ok"
        return " ?" if self.advice else "!!"


def wrong_setting(error: TraitError) -> Finding:
    """Return the finding on a setting whose value its class refuses."""
    return Finding(f"settings: {error}", "mend it in nbgrader_config.py")
