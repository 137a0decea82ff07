"""What a student kernel has in the place of the verdicts of checks, which it must not hold.

Notebooks call checks without points, too, and students call them in cells of their own. Nothing of
that may fail because grading passes verdicts elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from lxmls_nb.checks.probes import running
from lxmls_nb.errors import CheckFailed, unwritten

#: The package whose modules are missing.
CHECKS = "lxmls_nb.checks"


def ask(probe: str, name: str, answers: list[Any], problems: Any = (), **arguments: Any) -> Any:
    """Run a probe, as :func:`lxmls_nb.checks.ask` does, without a name for what is wrong.

    Checks that a notebook defines itself call it.

    Raises
    ------
    CheckFailed
        If the answer raised.
    NotAttempted
        If the answer is not written yet.
    """
    reply = running.run(probe, answers, **arguments)
    if "not_attempted" in reply:
        where = reply["where"]
        raise unwritten(where, [each for each in reply["found"] if each != where])
    if "error" in reply:
        error = reply["error"]
        raise CheckFailed(f"`{name}` raised {error['type']}: {error['message']}")
    return reply["result"]


#: The test of a notebook that imports it knows it by this name, as it does the one outside.
ask.__module__ = f"{CHECKS}.replies"


def _absent(module: str, name: str) -> Callable[..., None]:
    """Return a function in the place of what a module defines, which is known by the same name."""

    def absent(*arguments: object, **options: object) -> None:
        print(f"`{name}` is not here: where notebooks are graded, checks run elsewhere.")

    absent.__module__, absent.__name__, absent.__qualname__ = module, name, name
    return absent


class AbsentChecks(MetaPathFinder, Loader):
    """Finds modules of checks that no other finder has found, because their files are not seen.

    Whatever such a module is asked for is a function that does nothing but say so.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a module of checks; None for any other."""
        return ModuleSpec(name, self, is_package=True) if name.startswith(f"{CHECKS}.") else None

    def exec_module(self, module: ModuleType) -> None:
        """Let a module make each of its names when it is first used."""

        def find(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            is_ask = (module.__name__, name) == (ask.__module__, ask.__name__)
            found = ask if is_ask else _absent(module.__name__, name)
            setattr(module, name, found)
            return found

        vars(module)["__getattr__"] = find
